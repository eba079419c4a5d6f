"""What is pushed to this process by agents and by others' collectors: on the disk before it is answered, then sent.

Nobody sees everything here, so that absence retires nothing: a source that is pushed to ends a run of an hour as
partial. Only who pushes a run of its own may end that as complete, and names it by its id until then: of two who push
at the same time none takes the other's end for its own.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial

import structlog

from events.log import LogUnavailable, PositionLost
from events.models import Draft, RunReport
from events.outbox import Clock, Outbox
from events.outbox_errors import OutboxUnavailable
from graph.store import AccessDenied, GraphStore, StoreUnavailable
from inventory.reading import fault_of
from services import bootstrap
from services.collecting import BACK_OFF, Job, OnWait, drain, end
from services.collectors.base import Report, told
from services.collectors.pushed import PUSHED
from services.hearing import Hearing
from services.pushes import Push, Refused, Taken, WrongRun
from services.running import job_of, know_log
from services.settings import Settings, SourceSettings
from services.silence import Withdrawing
from services.upkeep import withdraw_unseen

PERIOD = timedelta(hours=1)
LOOK_SECONDS = 1.0
"""How long what was accepted may wait until it is sent, and the end of an hour until it is noticed."""
OUTAGES = (LogUnavailable, StoreUnavailable, AccessDenied, OutboxUnavailable, PositionLost)
"""What passes, or is mended while the service runs: it is told in one line, and tried again."""
_log = structlog.get_logger()


class IntakeClosed(OutboxUnavailable):
    """Nothing is accepted: it was closed, or cannot send any more."""


class Intake:
    """One source that is pushed to; any number of threads may push. It has the source's outbox until `stop`.

    Raises OutboxBusy, OutboxUnavailable, FileDamaged when opened.
    """

    def __init__(
        self,
        settings: Settings,
        source: SourceSettings,
        store: GraphStore,
        on_wait: OnWait,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self.source, self._store, self._on_wait, self._clock = source, store, on_wait, clock
        self._log = cache(lambda: bootstrap.open_log(settings))  # opened once it answers
        self._lock, self._stop, self._news = threading.RLock(), threading.Event(), threading.Event()
        self._outbox: Outbox = bootstrap.open_outbox(settings, source.name, clock, patience=bootstrap.PATIENCE)
        self._hearing = Hearing(bootstrap.outbox_folder(settings) / f"{source.name}.heard")
        self._withdrawing = Withdrawing(self._outbox, self._lock, self._stop)
        self._fault = self._closed = self._theirs = ""
        self._knows_log = False
        self._ended: RunReport | None = None
        self._kept_up = datetime.min.replace(tzinfo=UTC)
        self.job: Job = job_of(settings, source)
        self._begin()
        self._thread = threading.Thread(target=self._work, name=f"intake {source.name}", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    @property
    def fault(self) -> str:
        """Why it can take nothing any more until the process is started again; empty while it can."""
        return self._fault

    def push(self, push: Push) -> Taken:
        """Return once all that can be said is on the disk; what cannot is added to `push.refused`. One push at a time.

        A push that names no run is taken too while somebody's run is open: what it saw was seen, and what is refused of
        it lets that run end as partial. Raises WrongRun; OutboxUnavailable: then any of it may have been accepted, and
        saying it again is harmless.
        """
        with self._lock:
            self._check(push)
            if push.begin:
                self._begin_theirs()
            accepted, run = self._take(push), self._theirs
            status = self._finish(complete=push.end == "complete") if push.end else ""
        self._news.set()
        self._tell(accepted, push.refused)
        return Taken(accepted, run if push.begin or push.run else "", status)

    def refuse(self, item: str, reason: str, *, run: str = "", counted: bool = True) -> None:
        """Note what was not accepted, and why: in the log, and in the report of the run that it says it belongs to."""
        problem = told(item, reason)
        _log.warning("refused", source=self.source.name, item=problem.item, reason=problem.reason)
        with self._lock:
            if counted and run in {"", self._theirs}:
                self._report.seen()
                self._report.failed(problem.item, problem.reason)

    def stop(self) -> None:
        """End the run, send what can be sent at once, and let go of the outbox; the rest waits in it."""
        self._stop.set()
        self._news.set()
        if self._thread.ident is not None:
            self._thread.join()
        with self._telling("what waits is sent after the next start"), closing(self._outbox):
            with self._lock:
                self._closed = "the service is being stopped"
                if self._report.counts:
                    self._end()
            self._save_hearing()
            if self._log.cache_info().currsize:
                with closing(self._log()) as log:
                    self._outbox.drain(log)

    def _check(self, push: Push) -> None:
        if reason := self._fault or self._closed:
            raise IntakeClosed(f"{self.source.name}: {reason}")
        again = "begin one (begin=true), and push everything again"
        if push.run and push.run != self._theirs:
            raise WrongRun(f"{self.source.name}: run {push.run!r} is not open{self._how_ended(push.run)}; {again}")
        if push.end and self._theirs and not (push.run or push.begin):
            raise WrongRun(
                f"{self.source.name}: a run is open, and only who names it may end it: "
                "say run=ID, with the `run` that begin=true was answered with, or begin another one (begin=true)"
            )
        if push.end == "complete" and not (self._theirs or push.begin):
            raise WrongRun(
                f"{self.source.name}: no run was begun here (the service may have been started since); {again}"
            )

    def _how_ended(self, run: str) -> str:
        if self._ended is not None and self._ended.run == run:
            return f" any more: it ended as {self._ended.status}"
        return " (another one may have begun since, or the service was started again)"

    def _take(self, push: Push) -> int:
        """Into the outbox, and what is refused into the report, before anybody can end the run."""
        accepted = sum(self._put(item, draft, push.refused) for item, draft in push.said)
        push.refused.report(self._report, self.source.name)
        self._outbox.commit()
        return accepted

    def _put(self, item: str, draft: Draft, refused: Refused) -> bool:
        try:
            if fault := fault_of(draft):
                raise ValueError(fault)  # noqa: TRY301 - as the outbox raises it
            self._outbox.put(draft)
        except ValueError as error:
            refused.add(item, partial(str, error))
            return False
        self._withdrawing.spoken(draft.native_key)
        self._report.seen()
        self._report.counts["emitted"] += 1
        return True

    def _tell(self, accepted: int, refused: Refused) -> None:
        for problem in refused.told:
            _log.warning("refused", source=self.source.name, item=problem.item, reason=problem.reason)
        _log.info("accepted", source=self.source.name, records=accepted, refused=refused.number)

    def _begin(self) -> None:
        self._report, self._theirs = Report(), ""
        self.job = replace(self.job, planned=self._clock())
        self._outbox.begin(self.job.run_id, self.job.collector.name, self.job.rank, self.job.ranks)

    def _begin_theirs(self) -> None:
        """A run that lasts until it is ended, or another is begun; what came before belongs to the one before."""
        if self._report.counts:
            self._end()
        self._begin()
        self._theirs = self.job.run_id

    def _finish(self, *, complete: bool) -> str:
        status = self._end(complete=complete).status
        self._begin()
        return status

    def _end(self, *, complete: bool = False) -> RunReport:
        job = replace(self.job, complete=complete)
        try:
            report = end(job, self._outbox, self._report, emitted=self._report.counts["emitted"] > 0)
        except RuntimeError as error:  # the outbox has lost something of it, so that it is not complete
            self._report.failed(self.source.name, str(error))
            report = end(job, self._outbox, self._report, emitted=self._report.counts["emitted"] > 0)
        self._ended = report
        return report

    def _work(self) -> None:
        """Send what comes, end each hour's run and look after the source, until `stop`; an outage is waited out."""
        tries = 0
        while not self._stop.is_set():
            try:
                self._news.wait(LOOK_SECONDS)
                self._news.clear()
                self._look()
                tries = 0
            except OUTAGES as outage:
                pause = BACK_OFF[min(tries, len(BACK_OFF) - 1)]
                tries += 1
                _log.warning("tried again", source=self.source.name, reason=str(outage), seconds=pause)
                self._stop.wait(pause)
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody may believe that this goes on
                self._fault = f"what was accepted cannot be sent: {type(error).__name__}: {error}"
                _log.error("intake stopped", source=self.source.name, reason=self._fault)
                return

    def _look(self) -> None:
        if not self._knows_log:
            know_log(self._outbox, self.source.name, self._log, _log.info)
            self._knows_log = True
        self._end_hour()
        drain(self._outbox, self._log, self._on_wait, self._stop)
        self._keep_up()

    def _end_hour(self) -> None:
        with self._lock:
            if self._report.counts and not self._theirs and self._clock() - self.job.planned >= PERIOD:
                self._end()
                self._begin()

    def _keep_up(self) -> None:
        """Once an hour, take back what was silent for too long: the outbox is here, so nobody else can (law 4).

        Silent is who was not heard for `retire_after` of the time in which one could be heard: while the service was
        down, or could accept nothing, nobody was silent.
        """
        now = self._clock()
        self._hearing.heard(now)
        if now - self._kept_up < PERIOD:
            return
        self._kept_up = now
        self._save_hearing()
        before = self.source.retired_before(now)
        if before is None:
            return
        before = self._hearing.count_back(before)
        self._hearing.forget(before)
        with self._telling("left for the next hour"):
            if self._store.unseen(self.source.name, before, 1):
                self._withdraw(before)

    def _withdraw(self, before: datetime) -> None:
        with self._withdrawing as outbox:
            done = withdraw_unseen(self.source, before, outbox, self._log(), self._store)
        if self._withdrawing.done or done.left:
            _log.info("withdrawn", source=self.source.name, records=self._withdrawing.done, left=done.left)

    def _save_hearing(self) -> None:
        with self._telling("tried again in an hour"):
            self._hearing.save()

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        """An outage inside is told, with what becomes of it, and harms nothing else."""
        try:
            yield
        except (*OUTAGES, OSError) as outage:
            _log.warning(what, source=self.source.name, reason=str(outage))


@contextmanager
def receiving(
    settings: Settings, store: GraphStore, on_wait: OnWait, clock: Clock = lambda: datetime.now(UTC)
) -> Iterator[dict[str, Intake]]:
    """While it is entered, an intake for each configured source that is pushed to. Raises what `Intake` raises."""
    with ExitStack() as opened:
        found = {}
        for source in settings.sources:
            if source.type in PUSHED:
                found[source.name] = Intake(settings, source, store, on_wait, clock)
                found[source.name].start()
                opened.callback(found[source.name].stop)
        yield found
