"""A log that is read from its beginning, in the order of the sources' clocks, so that the past comes out as it was."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from events.log import RECORDS, Positions, StoredMessage, TopicPartition
from services.receiving import Received

SPAN = timedelta(hours=1)
"""What the journal of a rebuilt graph tells apart."""
_UNKNOWN = datetime.min.replace(tzinfo=UTC)


def in_order(received: Sequence[Received], ends: Mapping[TopicPartition, int]) -> Iterator[list[Received]]:
    """Groups of messages of one span each, the earliest first; within a partition nothing changes place.

    Spans after the last one known of some partition are left out, since earlier messages of that may still come;
    unless nothing else is there. `ends`: where each partition ends now.
    """
    messages = [item.message for item in received]
    spans = [(time - _UNKNOWN) // SPAN for time in _times(messages)]
    last = {message.at: (message.offset, spans[n]) for n, message in enumerate(messages) if message.at.topic == RECORDS}
    open_ends = [span for at, (offset, span) in last.items() if offset + 1 < ends.get(at, 0)]
    horizon = min(open_ends, default=None)
    ready = [n for n in range(len(messages)) if horizon is None or spans[n] <= horizon] or range(len(messages))
    for _, numbers in groupby(sorted(ready, key=lambda n: spans[n]), key=lambda n: spans[n]):
        yield [received[n] for n in numbers]


def time_of(message: StoredMessage) -> datetime:
    """When its source said it, from its header; the beginning of time where it does not tell."""
    return _read_time(dict(message.headers).get("ce_time", b""))


class Reach:
    """How far back a log that is read from its beginning tells the past: compaction leaves gaps in the offsets.

    Behind a gap the first message of a key may follow others that are gone: a marker does, and a record that was first
    observed earlier. From the latest such message on, everything is as it was.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._gaps: set[TopicPartition] = set()
        self._latest: datetime | None = None

    def note(self, messages: Sequence[StoredMessage], positions: Positions) -> datetime | None:
        """Take these into account, which stand at `positions`; gives the latest such time so far, if any."""
        expected = dict(positions)
        for message in messages:
            if message.at.topic != RECORDS:
                continue
            if message.offset > expected.get(message.at, 0):
                self._gaps.add(message.at)
            expected[message.at] = message.offset + 1
            if message.at in self._gaps and hash(message.key) not in self._seen and _said_before(message):
                self._latest = max(self._latest or _UNKNOWN, time_of(message))
            self._seen.add(hash(message.key))
        return self._latest


def _said_before(message: StoredMessage) -> bool:
    headers = dict(message.headers)
    if b"completed" in headers.get("ce_type", b""):
        return True
    first = headers.get("ce_firstobserved")
    return first is not None and _read_time(first) + SPAN < time_of(message)


def _read_time(header: bytes) -> datetime:
    try:
        time = datetime.fromisoformat(header.decode(errors="replace"))
    except ValueError:
        return _UNKNOWN
    return time if time.tzinfo else _UNKNOWN


def _times(messages: Sequence[StoredMessage]) -> list[datetime]:
    """Of each message, never falling within its partition: what stands behind was known later."""
    latest: dict[TopicPartition, datetime] = {}
    times = []
    for message in messages:
        latest[message.at] = max(latest.get(message.at, _UNKNOWN), time_of(message))
        times.append(latest[message.at])
    return times
