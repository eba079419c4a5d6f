"""The durable queue between the collectors of one source and the log: it numbers, remembers, and sends in order."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from events.codec import encode_checked
from events.database import errors_of, open_database
from events.log import EventLog, Message
from events.models import Draft, Problem, RecordWithdrawn, RunCompleted, RunReport
from events.outbox_errors import OutboxFull, OutboxUnavailable, text_of
from events.outbox_events import Numbering, confirmed, news
from events.outbox_queue import SCHEMA, Queue, Queued, lease_of
from events.runs import MAX_SHRINK, Held, Run, Status, is_held, why_held
from events.sizes import size_of

Clock = Callable[[], datetime]
APPLICATION_ID = 0x4C4B4F33  # "LKO3"; the last letter is the schema's version
LIMIT_BYTES = 2 * 1024**3
COMMIT_BYTES = 4 * 1024 * 1024
COMMIT_SECONDS = 1.0
"""A commit waits for the disk: so many bytes, or so much time, share one."""
SEND_BYTES = 4 * 1024 * 1024
"""How much is read into memory and given to the log at once; a single larger message comes all the same."""
BUSY_SECONDS = 10.0
REPEAT_AFTER = timedelta(days=7)
"""What did not change is said again after so long, so that whoever could not take it then has it now."""


class Outbox:
    """One source's queue, in one SQLite file; one process at a time has it, by a lease that ends with the process.

    What was put is durable after `commit`, `end`, `drain` and `close`, and every few megabytes; a kill before that
    loses it, and the run has no marker then. `put` and `drain` may run in different threads; should the disk fail a
    `drain`, the next `commit` says that what was put is lost.
    Raises OutboxBusy while another has it, after `patience` seconds; FileDamaged for a file that is no outbox, else
    OutboxUnavailable.
    Should the file be lost, numbering goes on from the clock, and every record counts as observed for the first time.
    It knows what it sent, and sends what did not change again only after `repeat_after`; a second outbox for the same
    source would not know what the first one sent since.
    """

    def __init__(
        self,
        path: Path,
        source: str,
        *,
        clock: Clock = lambda: datetime.now(UTC),
        limit_bytes: int = LIMIT_BYTES,
        repeat_after: timedelta = REPEAT_AFTER,
        patience: float = 0.0,
    ) -> None:
        self._path, self._source, self._clock, self._limit = path, source, clock, limit_bytes
        self._repeat_after = repeat_after // timedelta(microseconds=1)
        self._lock, self._draining = threading.RLock(), threading.Lock()
        self._run: Run | None = None
        self._closed = False
        with errors_of(path, text_of(OutboxUnavailable)):
            self._lease = lease_of(path, source, patience)
            with ExitStack() as undo:
                undo.callback(self._lease.close)
                self._db = open_database(path, SCHEMA, application_id=APPLICATION_ID, busy_seconds=BUSY_SECONDS)
                undo.callback(self._db.close)
                self._queue, last = self._claim()
                undo.pop_all()
        self._numbering = Numbering(source, clock, last)
        self._uncommitted, self._committed_at = 0, time.monotonic()
        self._undone = ""

    def begin(
        self, run: str, collector: str, rank: int, ranks: Mapping[str, int] | None = None, *, above: int = 0
    ) -> None:
        """Start a run; one that was not ended is forgotten, and leaves no marker. Ranks: 0 to 100.

        `above`: a sequence that another outbox of the source has used; what is put now is numbered higher.
        """
        with self._lock:
            self._numbering.last = max(self._numbering.last, above)
            self._run = Run(run, collector, rank, ranks or {}, self._clock(), self._numbering.next())

    def put(self, draft: Draft) -> None:
        """Queue the sections of a draft that say something new, or that they are confirmed; all of it, or nothing.

        Raises ValueError naming the section that cannot be sent (MessageTooLarge is one), OutboxFull,
        OutboxUnavailable. After any of them the run cannot end as complete (law 4).
        """
        with self._lock, self._noting_loss(), self._errors():
            run = self._current()
            if not draft.sections:
                raise ValueError(
                    f"{self._source}/{draft.native_key}: has no section, so that nothing would be said of it"
                )
            first = self._queue.first_observed(draft.native_key) or self._clock()  # one for all sections, for good
            said = list(news(self._queue, self._numbering, run, draft, first, self._repeat_after))
            messages = [encode_checked(event) for event, _ in said]
            messages = messages or [encode_checked(confirmed(self._numbering, run, draft))]
            self._check_room()
            for event, mark in said:
                self._queue.remember(event, mark)
            for message in messages:
                self._queue.add(message)
            run.emitted += 1
            self._commit_if_due(messages)

    def withdraw(self, native_key: str, reason: str) -> None:
        """Queue that the source takes back all it said of the thing. Needs no run, and is durable on return."""
        with self._lock, self._noting_loss(), self._errors():
            event = RecordWithdrawn(**self._numbering.stamp(), native_key=native_key, reason=reason)
            message = encode_checked(event)
            self._check_room()
            self._queue.add(message)
            self._queue.forget_sections(native_key)
            self._commit()

    def end(
        self,
        status: Status,
        *,
        seen: int,
        skipped: int = 0,
        failed: int = 0,
        problems: Sequence[Problem] = (),
        max_shrink: float = MAX_SHRINK,
    ) -> RunReport:
        """Queue the run's report and, if it is complete, the marker that retires what it has not seen; then commit.

        `emitted` counts the drafts put. A complete run that lost more than the share `max_shrink` of what the last one
        emitted is held: its report says so, and its marker waits for `agree`. A later complete run, held or not, takes
        its place; partial and failed ones leave it. Raises RuntimeError for a complete run that has lost something, see
        `put`.
        """
        with self._lock, self._errors():
            run = self._current()
            if status == "complete" and run.lost:
                raise RuntimeError(f"run {run.name} cannot be complete: {run.lost}")
            before = self._queue.last_complete()
            held = status == "complete" and is_held(run.emitted, before, max_shrink)
            if held:
                problems = (why_held(self._source, run.emitted, before or 0, max_shrink), *problems)
            counts = {"seen": seen, "skipped": skipped, "failed": failed}
            report = run.report(self._numbering.stamp(), "held" if held else status, counts, problems)
            self._queue.add(encode_checked(report))
            if held:
                self._queue.hold(Held(report, run.first))
            elif status == "complete":
                self._complete(report, run.first)
            self._commit()
            self._run = None
            return report

    def agree(self) -> RunReport | None:
        """Queue the marker of the held run, durably: what it has not seen is retired. Needs no run.

        Gives the run's report, now complete, which takes the place of the held one; None where no run is held.
        """
        with self._lock, self._errors():
            held = self._queue.held()
            if held is None:
                return None
            report = held.agreed(self._numbering.next(), self._clock())
            self._queue.add(encode_checked(report))
            self._complete(report, held.first)
            self._commit()
            return report

    def commit(self) -> None:
        """Return once all that was put is on the disk. Raises OutboxUnavailable where some of it cannot be any more."""
        with self._lock, self._errors():
            self._commit()
            undone, self._undone = self._undone, ""
        if undone:
            raise OutboxUnavailable(f"{self._path}: what was put before is lost: {undone}; say it again")

    def drain(self, log: EventLog, enough: Callable[[], bool] = lambda: False) -> int:
        """Send all that is queued, in order, or until it is `enough`; gives how many messages the log acknowledged.

        A marker is sent when everything before it is acknowledged, to every partition the log has then. What is
        acknowledged is deleted; a crash in between sends it again, with the same sequences. Raises what `log.append`
        raises, and loses nothing by it.
        """
        sent = 0
        with self._draining:
            self.goes_to(log)
            while not enough() and (batch := self._next_batch()):
                messages = [message for queued in batch for message in queued.messages(log)]
                log.append(messages)
                sent += len(messages)
                with self._lock, self._errors(undoing=True):
                    self._queue.delete_up_to(batch[-1].id)
                    self._commit()
        return sent

    def goes_to(self, log: EventLog) -> bool:
        """Note the log; True for another one than before, to which all is said again. Raises LogUnavailable.

        What is queued already stays as it is: asked before a run, nothing of that run is missing there. Who cannot ask
        says all again, see `repeat`.
        """
        identity = log.identity
        with self._lock, self._errors(undoing=True):
            another = self._queue.goes_to(identity)
            if another:
                self._queue.forget_sent()
            self._commit()
            return another

    def repeat(self, *, complete: int | None = None) -> None:
        """Say everything again with the next run, changed or not.

        `complete`: how many records the source's last complete run emitted, where it was not this outbox's.
        """
        with self._lock, self._errors():
            self._queue.forget_sent()
            if complete is not None:
                self._queue.completed(complete)
            self._commit()

    def last_said(self) -> datetime:
        """When this outbox last said anything; 1970 for never."""
        with self._lock:
            return datetime.fromtimestamp(self._numbering.last / 1e6, UTC)

    def depth(self) -> int:
        """How many messages wait; a marker counts once."""
        with self._lock, self._errors():
            return self._queue.depth()

    def close(self) -> None:
        """Commit, and let another process have the source; does nothing the second time."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                with self._errors():
                    self._commit()
            finally:
                self._db.close()
                self._lease.close()

    def _claim(self) -> tuple[Queue, int]:
        queue = Queue(self._db)
        owner, last = queue.claim(self._source, f"process {os.getpid()} since {self._clock():%Y-%m-%d %H:%M} UTC")
        if owner != self._source:
            raise ValueError(f"{self._path} is the outbox of {owner}, not of {self._source}; name another file")
        return queue, last

    @contextmanager
    def _errors(self, *, undoing: bool = False) -> Iterator[None]:
        """After an error of SQLite all that was not committed is gone, which the run must know.

        So must who put it: by that error, or where another one meets it (`undoing`), when it is committed.
        """
        with errors_of(self._path, text_of(OutboxUnavailable), text_of(OutboxFull)):
            try:
                yield
            except sqlite3.Error as error:
                if self._run:
                    self._run.lost = self._run.lost or str(error)
                self._undone = str(error) if undoing and self._uncommitted else ""
                self._uncommitted = 0
                self._queue.rollback()
                raise

    @contextmanager
    def _noting_loss(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if self._run:
                self._run.lost = self._run.lost or str(error)
            raise

    def _current(self) -> Run:
        if self._run is None:
            raise RuntimeError(f"outbox of {self._source}: begin a run first")
        return self._run

    def _complete(self, report: RunReport, first: int) -> None:
        self._queue.add_marker(
            RunCompleted(**self._numbering.stamp() | {"sequence": first}, run=report.run, partition=0)
        )
        self._queue.completed(report.emitted)

    def _check_room(self) -> None:
        if self._queue.bytes >= self._limit:
            raise OutboxFull(
                f"outbox {self._path} holds {self._queue.bytes:,} bytes that wait for the log, of {self._limit:,} "
                "allowed: bring the log back, and it empties by itself"
            )

    def _commit_if_due(self, messages: Sequence[Message]) -> None:
        self._uncommitted += sum(size_of(message) for message in messages)
        if self._uncommitted >= COMMIT_BYTES or time.monotonic() - self._committed_at >= COMMIT_SECONDS:
            self._commit()

    def _commit(self) -> None:
        self._queue.commit(self._numbering.last)
        self._uncommitted, self._committed_at = 0, time.monotonic()

    def _next_batch(self) -> list[Queued]:
        with self._lock, self._errors(undoing=True):
            self._commit()
            return self._queue.next_batch(SEND_BYTES)
