"""The log's port: what `KafkaLog` and `SqliteLog` both promise. `tests/events/test_log_contract.py` runs on both."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

RECORDS = "landkarte.records"
RUNS = "landkarte.runs"
DEADLETTERS = "landkarte.deadletters"
CHANGES = "landkarte.changes"
TOPICS = (RECORDS, RUNS, DEADLETTERS, CHANGES)
COMPACTED = frozenset({RECORDS})
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
"""The largest value of one message, before compression."""
SILENT_SECONDS = 30.0
"""How long a log that has more may give nothing."""
TURN_SECONDS = 3.0
"""How long it is waited for at once, so that who reads can say meanwhile that it lives."""


class TopicPartition(NamedTuple):
    """One ordered sequence of messages."""

    topic: str
    partition: int


Positions = Mapping[TopicPartition, int]
"""The offset of the next message to read, for each partition."""
Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes for a topic. `placement` is an exact partition (markers) or a text whose hash chooses one."""

    topic: str
    key: bytes
    headers: Headers
    value: bytes
    placement: str | int


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as the log gives it back, with where it stands."""

    at: TopicPartition
    offset: int
    key: bytes
    headers: Headers
    value: bytes


class LogUnavailable(Exception):
    """The log cannot be reached now; the same call may succeed later. Text: which log, why."""


class PositionLost(Exception):
    """A position lies outside what the log holds: it was recreated, copied or cut off. Waiting does not help."""


class MessageTooLarge(ValueError):
    """A message's value exceeds `MAX_MESSAGE_BYTES`; text names its key and size."""


class EventLog(Protocol):
    """An append-only log in partitions; every message is read at least once, in order within its partition.

    Compacted topics (`COMPACTED`) may drop a message once a later one with the same key stands in the same partition:
    offsets then have gaps, which `read` steps over. Calls other than `close` raise `LogUnavailable` during an outage.
    Opening creates the topics with their settings where they are missing.
    """

    @property
    def identity(self) -> str:
        """Names this very log: differs once a topic was recreated, or for a copy of the log."""

    def partitions(self, topic: str) -> int:
        """How many partitions the topic has; they are numbered from 0."""

    def append(self, messages: Sequence[Message]) -> None:
        """Return once all are durable, in their order per partition.

        Raises LogUnavailable: then any of them may have been stored. Raises MessageTooLarge before storing any.
        """

    def read(self, positions: Positions, *, timeout: float, max_bytes: int) -> list[StoredMessage]:
        """Messages from `positions` on, of these partitions only, in order within each; empty after `timeout` s.

        Stops at about `max_bytes` of keys, headers and values, but gives at least one message where there is one. Keeps
        no state of its own between calls: the same positions give the same messages. Raises PositionLost.
        """

    def ends(self, topics: Sequence[str]) -> dict[TopicPartition, int]:
        """For each partition the offset the next message will get."""

    def close(self) -> None:
        """Release connections; does nothing the second time."""


def partition_of(placement: str | int, partitions: int) -> int:
    """The partition of a message: the same in every log with the same number of partitions."""
    if isinstance(placement, int):
        return placement
    return zlib.crc32(placement.encode()) % partitions


def up_to(
    log: EventLog,
    positions: Positions,
    ends: Positions,
    *,
    max_bytes: int,
    meanwhile: Callable[[], object] = lambda: None,
) -> Iterator[list[StoredMessage]]:
    """What stands between `positions` and `ends`, which the log had already, batch by batch in bounded memory.

    Raises LogUnavailable, also where the log gives nothing though it is not read to its ends; PositionLost. Where all
    of a topic that is not compacted has expired there is nothing, and that is told by asking twice. `meanwhile` is
    called every few seconds while nothing comes.
    """
    at = {place: position for place, position in positions.items() if position < ends.get(place, 0)}
    while at:
        batch = _patiently(log, at, max_bytes, meanwhile)
        if not batch:
            _check_expired(at, ends)
            return
        at |= {message.at: message.offset + 1 for message in batch}
        at = {place: position for place, position in at.items() if position < ends[place]}
        if within := [message for message in batch if message.offset < ends[message.at]]:
            yield within


def _patiently(log: EventLog, at: Positions, max_bytes: int, meanwhile: Callable[[], object]) -> list[StoredMessage]:
    """What comes next; nothing where nothing came in twice the time that a log may be silent."""
    turn = min(TURN_SECONDS, SILENT_SECONDS)
    for _ in range(round(2 * SILENT_SECONDS / turn)):
        if batch := log.read(at, timeout=turn, max_bytes=max_bytes):
            return batch
        meanwhile()
    return []


def _check_expired(at: Positions, ends: Positions) -> None:
    for place, position in at.items():
        if position > 0 or place.topic in COMPACTED:
            raise LogUnavailable(
                f"the log gives nothing from {position} of {place.topic}/{place.partition} on, though it ends at "
                f"{ends[place]}; try again"
            )


def lag(log: EventLog, positions: Positions, topics: Sequence[str]) -> int:
    """How many offsets lie between `positions` and the end; an upper bound of messages in a compacted topic."""
    return sum(max(0, end - positions.get(at, 0)) for at, end in log.ends(topics).items())
