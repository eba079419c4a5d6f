"""Events become the graph: the one writer's loop. Any number of processes run it; all but one stand by."""

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import TypeVar

from events.codec import DecodeError, decode
from events.deadletters import dead_letter
from events.log import RECORDS, RUNS, EventLog, LogUnavailable, Message, StoredMessage, TopicPartition
from events.models import RecordObserved, record_key
from graph.store import BatchTooLarge, Clock, GraphStore, PositionsDiffer, StoreUnavailable, Writer, WriterLost
from inventory.batch import Batch
from inventory.fold import Arrived, Confirmed
from inventory.reading import fault

TOPICS = (RECORDS, RUNS)
LEASE = timedelta(seconds=15)
MAX_BATCH_BYTES = 4 * 1024 * 1024
BACK_OFF = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between tries during an outage; the last repeats."""

OnWait = Callable[[str, float], None]
Positions = dict[TopicPartition, int]
_T = TypeVar("_T")


class LogReplaced(Exception):
    """The graph was built from another log; going on would skip or repeat everything."""


class StandBy(Exception):
    """Another process writes; nothing is wrong."""


class Consumer:
    """Reads the log from where the graph stands and applies it, batch by batch, each in one transaction (law 7).

    An outage of log or store, and another writer, are waited out; `on_wait` is told why and for how many seconds.
    PositionLost and LogReplaced are raised: waiting does not cure them.
    """

    def __init__(
        self,
        log: EventLog,
        store: GraphStore,
        *,
        owner: str,
        clock: Clock = lambda: datetime.now(UTC),
        on_wait: OnWait = lambda _reason, _seconds: None,
        max_bytes: int = MAX_BATCH_BYTES,
    ) -> None:
        self._log, self._store, self._owner, self._clock = log, store, owner, clock
        self._on_wait, self._max_bytes = on_wait, max_bytes
        self._writer: Writer | None = None
        self._renewed = clock()
        self.heartbeat = clock()

    def catch_up(self, stop: threading.Event | None = None) -> int:
        """Apply what the log holds as of now; returns how many messages that were. Ends early when `stop` is set."""
        stop = stop or threading.Event()
        ends = self._wait_out(stop, lambda: self._log.ends(TOPICS))
        applied = 0
        while ends is not None and not stop.is_set():
            positions = self._wait_out(stop, self._positions)
            if positions is None or all(positions[at] >= end for at, end in ends.items()):
                break
            applied += self._wait_out(stop, lambda: self._step(timeout=0.2)) or 0
        return applied

    def run(self, stop: threading.Event) -> None:
        """Apply what comes, until `stop` is set."""
        while not stop.is_set():
            self._wait_out(stop, lambda: self._step(timeout=1.0))
        self.release()

    def release(self) -> None:
        """Let another process become the writer at once."""
        if self._writer is not None:
            self._store.release(self._writer)
            self._writer = None

    def _wait_out(self, stop: threading.Event, work: Callable[[], _T]) -> _T | None:
        """The result of `work`, tried until it succeeds; None only when `stop` was set meanwhile."""
        for seconds in chain(BACK_OFF, repeat(BACK_OFF[-1])):
            self.heartbeat = self._clock()
            if stop.is_set():
                return None
            try:
                return work()
            except (LogUnavailable, StoreUnavailable) as outage:
                self._pause(stop, str(outage), seconds)
            except StandBy as other:
                self._pause(stop, str(other), LEASE.total_seconds() / 5)
            except (WriterLost, PositionsDiffer) as lost:
                self._writer = None
                self._pause(stop, str(lost) or "another inventory process has taken over", BACK_OFF[0])
        return None

    def _pause(self, stop: threading.Event, reason: str, seconds: float) -> None:
        self._on_wait(reason, seconds)
        stop.wait(seconds)

    def _hold(self) -> Writer:
        """The right to write, taken or kept. Raises StandBy."""
        now = self._clock()
        if self._writer is None:
            self._writer = self._store.acquire(self._owner, LEASE)
            self._renewed = now
            if self._writer is None:
                raise StandBy("another inventory process writes; this one stands by")
        elif now - self._renewed > LEASE / 3:
            self._store.renew(self._writer, LEASE)
            self._renewed = now
        return self._writer

    def _positions(self) -> Positions:
        """The next offset of every partition, from the store alone."""
        identity = self._log.identity
        stored = self._store.positions(identity)
        if not stored and self._store.logs():
            raise LogReplaced(
                f"the graph was built from another log than the one configured now ({identity}): that was recreated or "
                "copied. Bring the old log back, or configure an empty graph, which is then built from this log"
            )
        places = [TopicPartition(topic, n) for topic in TOPICS for n in range(self._log.partitions(topic))]
        return {at: stored.get(at, 0) for at in places}

    def _step(self, timeout: float) -> int:
        """Read and apply once; returns how many messages."""
        writer = self._hold()
        positions = self._positions()
        messages = self._log.read(positions, timeout=timeout, max_bytes=self._max_bytes)
        if messages:
            with _nothing_collected():
                self._apply(writer, positions, messages)
        return len(messages)

    def _apply(self, writer: Writer, before: Positions, messages: Sequence[StoredMessage]) -> Positions:
        """Apply these messages; halves them where the store cannot take them at once. Returns the positions reached."""
        batch, dead, after = self._read(before, messages)
        if dead:
            self._log.append(dead)
        try:
            while not self._store.transact(writer, batch.apply):
                self._hold()
        except BatchTooLarge as too_large:
            if len(messages) == 1:
                return self._set_aside(writer, before, messages[0], f"the graph store cannot take it: {too_large}")
            half = len(messages) // 2
            middle = self._apply(writer, before, messages[:half])
            return self._apply(self._hold(), middle, messages[half:])
        return after

    def _read(
        self, before: Positions, messages: Sequence[StoredMessage], refused: str = ""
    ) -> tuple[Batch, list[Message], Positions]:
        """Decode; what cannot be read becomes a dead letter that still confirms its record."""
        arrived: list[Arrived] = []
        confirmed: list[Confirmed] = []
        dead: list[Message] = []
        after = dict(before)
        for message in messages:
            after[message.at] = message.offset + 1
            try:
                item = _arrived(message, refused)
            except DecodeError as error:
                dead.append(dead_letter(message, str(error)))
                if error.record and error.sequence is not None:
                    origin = f"{message.at.topic}/{message.at.partition}@{message.offset}"
                    confirmed.append(Confirmed(error.record, error.sequence, origin))
            else:
                arrived.append(item)
        log = self._log.identity
        batch = Batch(arrived, confirmed, log=log, expected=_plain(before), positions=_plain(after))
        return batch, dead, after

    def _set_aside(self, writer: Writer, before: Positions, message: StoredMessage, reason: str) -> Positions:
        """One message that is too large for the store goes to the dead letters, or waiting would never end."""
        batch, dead, after = self._read(before, [message], reason)
        self._log.append(dead)
        self._store.transact(writer, batch.apply)
        return after


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """A batch is a million objects that live until it is written: the collector would walk them again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _arrived(message: StoredMessage, refused: str) -> Arrived:
    event = decode(message)
    if isinstance(event, RecordObserved) and (reason := refused or fault(event)):
        raise DecodeError(reason, record=record_key(event.source, event.native_key), sequence=event.sequence)
    return Arrived(event, _id(message), message.at.partition, message.value)


def _plain(positions: Positions) -> dict[tuple[str, int], int]:
    return {(at.topic, at.partition): offset for at, offset in positions.items()}


def _id(message: StoredMessage) -> str:
    return next((value.decode() for name, value in message.headers if name == "ce_id"), "")
