"""Events become the graph: the one writer's loop. Any number of processes run it; all but one stand by."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import TypeVar

from events.log import EventLog, LogUnavailable, StoredMessage, up_to
from graph.model import Changes
from graph.store import LEASE, BatchTooLarge, Clock, GraphStore, PositionsDiffer, StoreUnavailable, Writer, WriterLost
from inventory import again
from inventory.batch import Batch, nothing_collected
from inventory.judging import Policy
from services import replay, retention
from services.following import Follower
from services.positions import TOPICS, is_behind, plain, positions_of
from services.publishing import Publisher
from services.receiving import Positions, Received, Receiver, receive
from services.sweeping import OnSwept, set_right
from services.trend import Keeper

MAX_BATCH_BYTES = 4 * 1024 * 1024
BACK_OFF = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between tries during an outage; the last repeats."""
BUILDING = "building"
"""The note of a graph that has not yet caught up with its log for the first time."""

OnWait = Callable[[str, float], None]
_T = TypeVar("_T")


class StandBy(Exception):
    """Another process writes; nothing is wrong."""


class Consumer:
    """Reads the log from where the graph stands and applies it, batch by batch, each in one transaction (law 7).

    An outage of log or store, and another writer, are waited out; `on_wait` is told why and for how many seconds.
    PositionLost and LogReplaced are raised: waiting does not cure them.
    """

    def __init__(  # noqa: PLR0913 - what the settings say, by name
        self,
        log: EventLog,
        store: GraphStore,
        *,
        owner: str,
        clock: Clock = lambda: datetime.now(UTC),
        on_wait: OnWait = lambda _reason, _seconds: None,
        max_bytes: int = MAX_BATCH_BYTES,
        publish: bool = True,
        journal_days: int = 0,
        policy: Policy | None = None,
    ) -> None:
        self._log, self._store, self._owner, self._clock = log, store, owner, clock
        self._on_wait, self._max_bytes, self._journal_days = on_wait, max_bytes, journal_days
        self._receiver = Receiver(log, store, max_bytes)
        self._publisher = Publisher(log, store) if publish else None
        self._follower = Follower(store, log.identity, lambda: plain(self._positions()), clock)
        self._keeper = Keeper(store, policy or Policy(), clock)
        self._writer: Writer | None = None
        self._building: replay.History | None = None
        self._tidied: datetime | None = None
        self._renewed = self.heartbeat = clock()

    def catch_up(self, stop: threading.Event | None = None) -> int:
        """Apply what the log holds as of now; returns how many messages that were. Ends early when `stop` is set."""
        stop = stop or threading.Event()
        self._wait_out(stop, self._hold)
        ends = self._wait_out(stop, lambda: self._log.ends(TOPICS)) or {}
        applied, idle = 0, False
        while self._wait_out(stop, lambda idle=idle: self._is_behind(ends, idle=idle)):  # type: ignore[misc]
            fresh = self._wait_out(stop, lambda: self._step(timeout=0.2)) or 0
            applied, idle = applied + fresh, not fresh
        self._wait_out(stop, self._tidy_up)
        self._receiver.forget()
        return applied

    def run(self, stop: threading.Event) -> None:
        """Apply what comes, until `stop` is set."""
        while not stop.is_set():
            idle = self._wait_out(stop, lambda: self._step(timeout=1.0)) == 0
            self._wait_out(stop, lambda idle=idle: self._tidy_up(idle=idle))  # type: ignore[misc]
        self.release()

    def rebuild(self, stop: threading.Event, swept: OnSwept = lambda _stray: None) -> int:
        """Read the log again up to where the graph stands, then look at every record once more; gives the changes made.

        Takes the right to write from whoever has it. Answers go on meanwhile; what is right already stays untouched.
        What was not applied yet is applied in the end. `swept` is told what no entry of the journal tells.
        Raises RulesTooNew, LogReplaced before anything is taken.
        """
        before = self._store.status().journal
        self._wait_out(stop, self._take_over)
        goal = self._wait_out(stop, self._positions) or {}
        positions = dict.fromkeys(goal, 0)
        self._wait_out(stop, lambda: set_right(self._store, self._keep_writing, swept))
        self._wait_out(stop, lambda: self._read_again(stop, positions, goal))
        if not stop.is_set():
            self._wait_out(stop, lambda: self._look_again(self._hold(), swept))
            self.catch_up(stop)
        return self._store.status().journal - before

    def release(self) -> None:
        """Let another process become the writer at once."""
        self._receiver.forget()
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
            writer = self._store.acquire(self._owner, LEASE)
            if writer is None:
                raise StandBy("another inventory process writes; this one stands by")
            self._settle(writer)
            self._writer, self._renewed = writer, now
        elif now - self._renewed > LEASE / 3:
            self._store.renew(self._writer, LEASE)
            self._renewed = now
        return self._writer

    def _take_over(self) -> None:
        again.check_rules(self._store.note(again.RULES_NOTE))
        self._positions()  # of another log nothing is rebuilt, and nobody is thrown out for it
        writer = self._store.acquire(self._owner, LEASE, take_over=True)
        self._begin()
        self._writer, self._renewed = writer, self._clock()

    def _settle(self, writer: Writer) -> None:
        """What a new writer does first: see that the graph follows this version's rules. Raises RulesTooNew."""
        self._begin()
        if not again.check_rules(self._store.note(again.RULES_NOTE)):
            self._look_again(writer)

    def _begin(self) -> None:
        """Forget what an earlier writer knew: others may have written since."""
        self._receiver.forget()
        self._follower.forget()
        self._keeper.forget()
        if self._publisher:
            self._publisher.forget()
        applied = any(self._store.positions(self._log.identity).values())
        building = not applied or self._store.note(BUILDING)
        self._building = replay.History(self._store.note, self._log.ends(TOPICS)) if building else None

    def _look_again(self, writer: Writer, swept: OnSwept = lambda _stray: None) -> None:
        """Every record once more, page by page; goes on where an earlier process stopped."""
        positions = plain(self._positions())
        work = again.Again(self._log.identity, positions, self._clock(), self._store.note(again.NOTE))
        done = False
        while not done:
            done = self._store.transact(writer, work.apply)
            for stray in work.unjournaled:
                swept(stray)
            work.move_on()
            self.heartbeat = self._clock()

    def _read_again(self, stop: threading.Event, positions: Positions, goal: Positions) -> None:
        """Apply once more what stands between these; `positions` goes along, so that an outage costs one batch."""
        for messages in up_to(self._log, positions, goal, max_bytes=self._max_bytes, meanwhile=self._keep_writing):
            self._apply(self._keep_writing(), self._positions(), [receive(message) for message in messages], again=True)
            positions.update({message.at: message.offset + 1 for message in messages})
            if stop.is_set():
                return

    def _keep_writing(self) -> Writer:
        """Say, in work that takes long, that this process lives and writes."""
        self.heartbeat = self._clock()
        return self._hold()

    def _tidy_up(self, *, idle: bool = True) -> None:
        """End the first building once it is read to its end; draw what follows from it; drop what need not be kept."""
        if self._building and self._building.done(self._positions(), idle=idle):
            self._note({BUILDING: "", replay.GAPS: ""})
            self._building = None
        if idle and not self._building:
            self._follower.follow(self._keep_writing)
            self._note(self._keeper.notes())
        now = self._clock()
        if not self._building and (self._tidied is None or now - self._tidied > retention.EVERY):
            self._drop(now)
            self._tidied = now

    def _drop(self, now: datetime) -> None:
        """Where changes are published, that is done before, so that nothing is dropped that was not."""
        self._publish()
        forget, notes = retention.drop(self._store, self._journal_days, now)
        self._note(notes | (self._publisher.notes() if self._publisher else {}), forget)

    def _note(self, notes: dict[str, str], forget: int = 0) -> None:
        if notes:
            at = plain(self._positions())
            changes = Changes(self._log.identity, at, at, notes=notes, forget=forget)
            self._store.transact(self._hold(), lambda tx: tx.write(changes))

    def _positions(self) -> Positions:
        return positions_of(self._log, self._store)

    def _is_behind(self, ends: Positions, *, idle: bool) -> bool:
        return is_behind(self._log, self._positions(), ends, idle=idle, meanwhile=self._keep_writing)

    def _step(self, timeout: float) -> int:
        """Read and apply once; returns how many messages."""
        with nothing_collected():
            return self._read_and_apply(timeout)

    def _read_and_apply(self, timeout: float) -> int:
        self._hold()
        positions = self._positions()
        received = self._receiver.read(positions, timeout)
        applied = 0
        for group in replay.in_order(received, self._log.ends(TOPICS)) if self._building else [received]:
            if group:
                positions = self._apply(self._hold(), positions, group)
                applied += len(group)
        if received or (self._publisher and not self._publisher.begun):
            self._publish()
        return applied  # what was read and not applied yet is read again

    def _publish(self) -> None:
        if self._publisher:
            self._store.renew(self._hold(), LEASE)  # one that was frozen finds out before it publishes
            self._publisher.publish(self._keep_writing)

    def _apply(
        self, writer: Writer, before: Positions, received: Sequence[Received], *, again: bool = False
    ) -> Positions:
        """Apply these messages; halves them where the store cannot take them at once. Returns the positions reached.

        `again`: the graph contains them already, and its positions stay.
        """
        batch, after = self._batch(before, received, again=again)
        if not again:
            self._set_aside(received)
        try:
            while not self._store.transact(writer, batch.apply):
                self._hold()
        except BatchTooLarge as too_large:
            if len(received) == 1:
                refused = receive(received[0].message, f"the graph store cannot take it: {too_large}")
                if received[0].dead or not refused.dead:
                    raise
                return self._apply(writer, before, [refused], again=again)
            half = len(received) // 2
            middle = self._apply(writer, before, received[:half], again=again)
            return self._apply(self._hold(), middle, received[half:], again=again)
        return after

    def _batch(self, before: Positions, received: Sequence[Received], *, again: bool) -> tuple[Batch, Positions]:
        """What they say, to be applied, and the positions behind it."""
        messages = [item.message for item in received]
        after = before if again else {**before, **{message.at: message.offset + 1 for message in messages}}
        batch = Batch(
            [item.arrived for item in received if item.arrived],
            [item.confirmed for item in received if item.confirmed],
            log=self._log.identity,
            expected=plain(before),
            positions=plain(after),
            notes={} if again else self._history(messages, before),
            again=again,
        )
        return batch, after

    def _set_aside(self, received: Sequence[Received]) -> None:
        """What cannot be read goes to the dead letters, before anything is committed that steps over it."""
        dead = [item.dead for item in received if item.dead]
        if dead:
            self._log.append(dead)

    def _history(self, messages: Sequence[StoredMessage], before: Positions) -> dict[str, str]:
        """What is noted of the past, above all while the graph is built."""
        if self._building is None:
            return replay.later(messages, self._store.note)
        return {BUILDING: self._log.identity} | self._building.note(messages, before)
