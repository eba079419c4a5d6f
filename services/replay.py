"""A log that is read from its beginning, in the order of the sources' clocks, so that the past comes out as it was."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from events.log import RECORDS, Positions, StoredMessage, TopicPartition
from inventory.kept import BEGINS
from services.receiving import Received

COPIED_BY = "copy-log"
"""The source of what is said of a log that is a copy."""
GAPS = "gaps"
"""The note of a graph that is being built: in which partitions of the records something was missing so far."""
SPAN = timedelta(hours=1)
"""What the journal of a rebuilt graph tells apart."""
_COPIED = f"{COPIED_BY}:".encode()
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
    """When its source said it, from its header; the beginning of time where it does not tell, or is no source's."""
    return _UNKNOWN if is_of_a_copy(message) else _read_time(dict(message.headers).get("ce_time", b""))


def is_of_a_copy(message: StoredMessage) -> bool:
    """Whether it says since when the past is exact in a log that is a copy (`LogCopied`)."""
    return message.key.startswith(_COPIED) and message.at.topic == RECORDS


def later(messages: Sequence[StoredMessage], noted: Callable[[str], str]) -> dict[str, str]:
    """What a graph that was built notes of the past: a copy may have gone on meanwhile, and lost more."""
    told = [_exact_from(message) for message in messages if is_of_a_copy(message)]
    return {BEGINS: max(*told, _read_time(noted(BEGINS).encode())).isoformat()} if told else {}


class Reach:
    """How far back a log that is read from its beginning tells the past: compaction leaves gaps in the offsets.

    Behind a gap the first message of a key may follow others that are gone: a marker does, and a record that was first
    observed earlier. From the latest such message on, everything is as it was. A copy has no gaps, and says from when
    on it is exact. `gaps`: partitions in which an earlier reader, who did not come to the end, found gaps; its keys are
    not known any more, and each may be such a one.
    """

    def __init__(self, gaps: Collection[int] = ()) -> None:
        self._seen: set[int] = set()
        self.gaps = set(gaps)
        self._latest: datetime | None = None

    def note(self, messages: Sequence[StoredMessage], positions: Positions) -> datetime | None:
        """Take these into account, which stand at `positions`; gives the latest such time so far, if any."""
        expected = dict(positions)
        for message in messages:
            if message.at.topic != RECORDS:
                continue
            if message.offset > expected.get(message.at, 0):
                self.gaps.add(message.at.partition)
            expected[message.at] = message.offset + 1
            if is_of_a_copy(message):
                self._latest = max(self._latest or _UNKNOWN, _exact_from(message))
            behind_a_gap = message.at.partition in self.gaps
            if behind_a_gap and hash(message.key) not in self._seen and _said_before(message):
                self._latest = max(self._latest or time_of(message), time_of(message))
            self._seen.add(hash(message.key))
        return self._latest


class History:
    """Since when the journal of a graph that is being built tells the past as it was, as the graph notes it.

    It is kept with every batch, so that a process that goes on with the building claims no more than the one before.
    `ends`: what the log has now; behind that the past is told as it comes.
    """

    def __init__(self, noted: Callable[[str], str], ends: Positions) -> None:
        self._ends = ends
        begins = noted(BEGINS)
        self._begins = datetime.fromisoformat(begins) if begins else None
        self._reach = Reach(json.loads(noted(GAPS) or "[]"))

    def done(self, positions: Positions, *, idle: bool) -> bool:
        """Whether the graph, which stands there, has caught up; and anything was said yet of which the time is known.

        `idle`: the log has given nothing more.
        """
        reached = idle or all(positions.get(at, 0) >= end for at, end in self._ends.items())
        return reached and self._begins is not None

    def note(self, messages: Sequence[StoredMessage], positions: Positions) -> dict[str, str]:
        """Take these into account, which stand at `positions`; gives the notes to write with what they say."""
        gap = self._reach.note(messages, positions)
        told = [time for time in map(time_of, messages) if time != _UNKNOWN]
        first = self._begins or min(told, default=None)
        self._begins = max(filter(None, (first, gap)), default=None)
        begins = {BEGINS: self._begins.isoformat()} if self._begins else {}
        return begins | {GAPS: json.dumps(sorted(self._reach.gaps))}


def _exact_from(message: StoredMessage) -> datetime:
    return _read_time(dict(message.headers).get("ce_exactfrom", b""))


def _said_before(message: StoredMessage) -> bool:
    """Of one whose time nobody can read that is not known, nor would it help to know."""
    headers, time = dict(message.headers), time_of(message)
    if b"completed" in headers.get("ce_type", b""):
        return time != _UNKNOWN
    first = headers.get("ce_firstobserved")
    return first is not None and _read_time(first) + SPAN < time


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
