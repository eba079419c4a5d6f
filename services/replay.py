"""A log that is read from its beginning, in the order of the sources' clocks, so that the past comes out as it was."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from events.log import RECORDS, Positions, StoredMessage, TopicPartition

SPAN = timedelta(hours=1)
"""What the journal of a rebuilt graph tells apart."""
_UNKNOWN = datetime.min.replace(tzinfo=UTC)


def in_order(messages: Sequence[StoredMessage], ends: Mapping[TopicPartition, int]) -> Iterator[list[StoredMessage]]:
    """Groups of messages of one span each, the earliest first; within a partition nothing changes place.

    What lies after the last time known of some partition is left out, since earlier messages of that may still come;
    unless nothing else is there. `ends`: where each partition ends now.
    """
    times = _times(messages)
    last = {message.at: (message.offset, times[n]) for n, message in enumerate(messages) if message.at.topic == RECORDS}
    open_ends = [time for at, (offset, time) in last.items() if offset + 1 < ends.get(at, 0)]
    horizon = min(open_ends, default=None)
    ready = [n for n in range(len(messages)) if horizon is None or times[n] <= horizon] or range(len(messages))
    for _, numbers in groupby(sorted(ready, key=lambda n: times[n]), key=lambda n: (times[n] - _UNKNOWN) // SPAN):
        yield [messages[n] for n in numbers]


def time_of(message: StoredMessage) -> datetime:
    """When its source said it, from its header; the beginning of time where it does not tell."""
    text = dict(message.headers).get("ce_time", b"").decode(errors="replace")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return _UNKNOWN
    return time if time.tzinfo else _UNKNOWN


def gap_until(messages: Sequence[StoredMessage], positions: Positions) -> datetime | None:
    """The time of the latest message behind a gap, where compaction took something away; None without gaps."""
    expected, found = dict(positions), list[datetime]()
    for message in messages:
        if message.at.topic == RECORDS and message.offset > expected.get(message.at, 0):
            found.append(time_of(message))
        expected[message.at] = message.offset + 1
    return max(found, default=None)


def _times(messages: Sequence[StoredMessage]) -> list[datetime]:
    """Of each message, never falling within its partition: what stands behind was known later."""
    latest: dict[TopicPartition, datetime] = {}
    times = []
    for message in messages:
        latest[message.at] = max(latest.get(message.at, _UNKNOWN), time_of(message))
        times.append(latest[message.at])
    return times
