"""Messages of the log as events; what cannot be read becomes a dead letter that still confirms its record."""

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from events.codec import DecodeError, decode, record_of
from events.deadletters import dead_letter
from events.log import EventLog, Message, StoredMessage, TopicPartition
from events.models import GraphChanged, LogCopied, RecordObserved, record_key
from events.sizes import size_of
from graph.model import RecordRow
from graph.store import GraphStore
from inventory.fold import Arrived, Confirmed, digest
from inventory.reading import fault

KNOWN = 4
"""How many times `max_bytes` are read at once where nearly all is known already."""
LINGER_SECONDS = 0.05
"""How long to wait for more of these."""
Positions = dict[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Received:
    """A message with the event it is; or with its dead letter, and the record that this confirms, if it names one.

    One about the log itself has neither: see `services.replay`.
    """

    message: StoredMessage
    arrived: Arrived | None = None
    dead: Message | None = None
    confirmed: Confirmed | None = None


@dataclass(frozen=True, slots=True)
class _Batch:
    """What stands behind `positions`. `more`: the log had more to give."""

    positions: Positions
    received: list[Received]
    more: bool

    @property
    def after(self) -> Positions:
        return self.positions | {item.message.at: item.message.offset + 1 for item in self.received}


class Receiver:
    """Reads the log, `max_bytes` of what is new at once and some more of what is not; the next while that is applied.

    An unchanged record costs little, and each transaction its share: a complete run mostly says what is known.
    """

    def __init__(self, log: EventLog, store: GraphStore, max_bytes: int) -> None:
        self._log, self._store, self._max_bytes = log, store, max_bytes
        self._thread = ThreadPoolExecutor(1, "receiver")
        self._ahead: tuple[Positions, Future[_Batch]] | None = None

    def read(self, positions: Positions, timeout: float) -> list[Received]:
        """As `EventLog.read`, and decoded. Raises LogUnavailable, PositionLost, StoreUnavailable."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == positions:
            batch = ahead[1].result()
        else:
            _wait_for(ahead)
            batch = self._read(positions, timeout)
        if batch.more:
            named = records_of(item.message for item in batch.received)
            self._ahead = batch.after, self._thread.submit(self._read, batch.after, timeout, named)
        return batch.received

    def forget(self) -> None:
        """Drop what was read ahead: the graph may have changed."""
        ahead, self._ahead = self._ahead, None
        _wait_for(ahead)

    def _read(self, positions: Positions, timeout: float, changing: Collection[str] = ()) -> _Batch:
        """`changing`: records whose rows are being written just now, so that nobody may go by the stored ones."""
        batch, wait = _Batch(positions, [], more=True), timeout
        while batch.more and self._has_room(batch.received):
            messages = self._log.read(batch.after, timeout=wait, max_bytes=self._max_bytes)
            known = self._store.records(_with_content(messages) - set(changing))
            received = batch.received + [receive(message, known=known) for message in messages]
            batch = _Batch(positions, received, more=sum(map(size_of, messages)) >= self._max_bytes)
            wait = min(timeout, LINGER_SECONDS)
        return batch

    def _has_room(self, received: Iterable[Received]) -> bool:
        everything = new = 0
        for item in received:
            size = size_of(item.message)
            everything += size
            new += 0 if item.arrived and item.arrived.unread else size
        return new < self._max_bytes and everything < KNOWN * self._max_bytes


def _wait_for(ahead: tuple[Positions, Future[_Batch]] | None) -> None:
    """Whether it succeeded is of no matter: who reads there again will see."""
    if ahead is not None:
        ahead[1].exception()


def receive(message: StoredMessage, refused: str = "", known: Mapping[str, RecordRow] | None = None) -> Received:
    """Decode it. `refused`: why its record cannot be taken, though it can be read.

    `known`: rows of records; what says the same as these is not read again, which a complete run mostly is.
    """
    try:
        return Received(message, _arrived(message, refused, known or {}))
    except DecodeError as error:
        confirmed = None
        if error.record and error.sequence is not None:
            origin = f"{message.at.topic}/{message.at.partition}@{message.offset}"
            confirmed = Confirmed(error.record, error.sequence, origin)
        return Received(message, dead=dead_letter(message, str(error)), confirmed=confirmed)


def records_of(messages: Iterable[StoredMessage]) -> set[str]:
    """Keys of the records that these name."""
    return {record for record, _ in map(record_of, messages) if record}


def _with_content(messages: Iterable[StoredMessage]) -> set[str]:
    """Keys of the records of which a section is said."""
    return {record for record, section in map(record_of, messages) if record and section}


def _arrived(message: StoredMessage, refused: str, known: Mapping[str, RecordRow]) -> Arrived | None:
    named = digest(message.value)
    unread = _says_the_same(message, named, known)
    event = decode(message, content=not unread)
    if isinstance(event, GraphChanged):
        raise DecodeError("the graph's own changes are no record")
    if isinstance(event, LogCopied):
        return None
    if isinstance(event, RecordObserved) and (reason := refused or fault(event)):
        raise DecodeError(reason, record=record_key(event.source, event.native_key), sequence=event.sequence)
    return Arrived(event, _id(message), message.at.partition, message.value, named, unread)


def _says_the_same(message: StoredMessage, named: str, known: Mapping[str, RecordRow]) -> bool:
    """The kind too, since it decides what a section may say."""
    record, section = record_of(message)
    row = known.get(record or "")
    if row is None or dict(message.headers).get("ce_kind") != row.kind.encode():
        return False
    mark = row.sections.get(section or "")
    return mark is not None and mark.hash == named


def _id(message: StoredMessage) -> str:
    return next((value.decode() for name, value in message.headers if name == "ce_id"), "")
