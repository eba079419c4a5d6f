"""A log moves: what one holds is copied to another, byte for byte, in the same partitions and the same order.

The journal for others (`landkarte.changes`) is not copied: the inventory that reads the new log writes it itself.
Where compaction has left gaps in the old log's offsets the new one has none, so that a message of its own says there
since when the past is exact (`LogCopied`).
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from events.codec import encode
from events.lease import Lease, LeaseHeld
from events.log import DEADLETTERS, RECORDS, RUNS, TOPICS, EventLog, Message, StoredMessage, TopicPartition, up_to
from events.models import LogCopied
from events.sizes import size_of
from services.copy_progress import Progress
from services.replay import COPIED_BY, Reach, is_of_a_copy

COPIED = (RECORDS, RUNS, DEADLETTERS)
BATCH_BYTES = 4 * 1024 * 1024
OnBatch = Callable[[int], None]


class CopyRefused(Exception):
    """These logs cannot be copied so: the text names what, why, and what to do."""


@dataclass(frozen=True)
class Copied:
    """How many messages of each topic were copied now, and how many stood there from an earlier call.

    `exact_from`: compaction has taken something that was said before that time, so that the past is not exact before
    it; None: it is exact from the first event.
    """

    messages: Mapping[str, int]
    before: int
    exact_from: datetime | None


def copy(source: EventLog, target: EventLog, folder: Path, on_batch: OnBatch = lambda _count: None) -> Copied:
    """Copy all that the source holds as of now. Called again it goes on where it was, also after a crash.

    What a crash left unnoted is found in the target; a part of it may be copied twice, which is harmless: a repeated
    message has the sequence it had. `folder` is where the progress is kept. `on_batch` is told how many messages were
    copied, when they are durable. Raises CopyRefused, LogUnavailable, PositionLost.
    """
    _check_pair(source, target)
    with _alone(folder / f"copy-{source.identity}-{target.identity}.json") as path:
        progress = Progress.load(path) or _begin(path, source, target)
        _find_unnoted(progress, source, target)
        before = progress.copied
        if not before:
            _tell(progress, source, target)  # first, so that nobody believes what is copied by then
        counts = Counter(dict.fromkeys(COPIED, 0))
        for batch in up_to(source, progress.read, source.ends(COPIED), max_bytes=BATCH_BYTES):
            target.append([Message(m.at.topic, m.key, m.headers, m.value, m.at.partition) for m in batch])
            progress.note(batch)
            _check_alone(progress, target)
            progress.save()
            counts.update(message.at.topic for message in batch)
            on_batch(len(batch))
        return Copied(counts, before, _tell(progress, source, target))


def exact_from(log: EventLog) -> datetime | None:
    """From when on the log tells the past exactly; None: from its first event. Reads all its records once more."""
    ends = log.ends([RECORDS])
    positions, latest, reach = dict.fromkeys(ends, 0), None, Reach()
    for batch in up_to(log, dict.fromkeys(ends, 0), ends, max_bytes=BATCH_BYTES):
        latest = reach.note(batch, positions)
        positions |= {message.at: message.offset + 1 for message in batch}
    return latest


def _tell(progress: Progress, source: EventLog, target: EventLog) -> datetime | None:
    """Say in the target since when the source tells the past exactly, where it does not say so already."""
    exact, now = exact_from(source), datetime.now(UTC)
    if exact is not None and exact.isoformat() != progress.told:
        stamp = {"source": COPIED_BY, "sequence": int(now.timestamp() * 1e6), "time": now}
        target.append([encode(LogCopied(**stamp, log=source.identity, exact_from=exact))])
        progress.tell(exact.isoformat())
        _check_alone(progress, target)
        progress.save()
    return exact


def _check_pair(source: EventLog, target: EventLog) -> None:
    if source.identity == target.identity:
        raise CopyRefused("both addresses name the same log: there is nothing to copy")
    if not any(source.ends(COPIED).values()):
        raise CopyRefused("the log to copy from holds nothing: is its address right?")
    for topic in COPIED:
        here, there = source.partitions(topic), target.partitions(topic)
        if here != there:
            raise CopyRefused(
                f"{topic} has {here} partitions, and {there} in the log to copy to: a record's marker stands in its "
                "partition, so their number must be the same; name a log that is not there yet, and it is made so"
            )


@contextmanager
def _alone(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        lease = Lease(path.with_suffix(".lease"))
    except LeaseHeld:
        raise CopyRefused("another process copies between these logs; wait until it is done, or stop it") from None
    try:
        yield path
    finally:
        lease.close()


def _begin(path: Path, source: EventLog, target: EventLog) -> Progress:
    """Noted before anything is written: what stands in the target from now on may be ours."""
    there = sum(target.ends(TOPICS).values())
    if there:
        raise CopyRefused(
            f"the log to copy to has {there:,} messages that this copy did not write; name one that is empty or not "
            f"there yet (or, to go on with a copy, the data_dir in which it was begun: here is no {path})"
        )
    progress = Progress(path, dict.fromkeys(source.ends(COPIED), 0), dict.fromkeys(target.ends(COPIED), 0))
    progress.save()
    return progress


def _find_unnoted(progress: Progress, source: EventLog, target: EventLog) -> None:
    """Messages that were written and not noted, since the process died or the log did not answer in between."""
    ends = target.ends(COPIED)
    for at, end in ends.items():
        if end != progress.written[at]:
            _find_in(at, end, progress, source, target)
    progress.save()


def _find_in(at: TopicPartition, end: int, progress: Progress, source: EventLog, target: EventLog) -> None:
    """What stands there must be what would be copied next; where it is that in order, it need not be copied again."""
    window = list(_window(source, at, progress.read[at]))
    known = [_digest(message) for message in window]
    start = {at: progress.written[at]}
    written = (m for batch in up_to(target, start, {at: end}, max_bytes=BATCH_BYTES) for m in batch)
    there = [(_digest(message), is_of_a_copy(message)) for message in written]
    found = [digest for digest, telling in there if digest in known or not telling]
    if end < progress.written[at] or not set(found) <= set(known):
        raise CopyRefused(
            f"{at.topic}/{at.partition} of the log to copy to ends at {end}, after this copy's {progress.written[at]}, "
            "with messages that are not this copy's: something else writes there, or it was cut off; stop that, and "
            "begin again with an empty log"
        )
    if found and found == known[: len(found)]:
        progress.read[at] = window[len(found) - 1].offset + 1
    progress.written[at] = end
    progress.tellings += len(there) - len(found)


def _window(source: EventLog, at: TopicPartition, position: int) -> Iterator[StoredMessage]:
    """The next messages of a partition: more than the batch that was under way may have had."""
    size = 0
    for batch in up_to(source, {at: position}, source.ends([at.topic]), max_bytes=BATCH_BYTES):
        yield from batch
        size += sum(map(size_of, batch))
        if size >= 2 * BATCH_BYTES:
            return


def _check_alone(progress: Progress, target: EventLog) -> None:
    ends = target.ends(COPIED)
    for at, end in ends.items():
        if end != progress.written[at]:
            raise CopyRefused(
                f"something else writes to {at.topic}/{at.partition} of the log to copy to; stop it, and begin again "
                "with an empty log"
            )


def _digest(message: StoredMessage) -> bytes:
    parts: Sequence[object] = (message.key, message.headers, message.value)
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()
