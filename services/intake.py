"""What is pushed to this process by agents and by others' collectors: on the disk before it is answered, then sent.

Nobody sees everything here, so that absence retires nothing: a source that is pushed to ends a run of an hour as
partial. Only who pushes a run of its own may end that as complete.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import structlog

from events.log import LogUnavailable
from events.models import Draft, Problem, RunReport
from events.outbox import Outbox
from events.outbox_errors import OutboxUnavailable
from graph.store import AccessDenied, GraphStore, StoreUnavailable
from inventory.reading import fault_of
from services import bootstrap
from services.collecting import Job, OnWait, drain, end
from services.collectors.base import Report
from services.collectors.pushed import PUSHED
from services.running import job_of, know_log
from services.settings import Settings, SourceSettings
from services.upkeep import withdraw_unseen

PERIOD = timedelta(hours=1)
LOOK_SECONDS = 1.0
"""How long what was accepted may wait until it is sent, and the end of an hour until it is noticed."""
_log = structlog.get_logger()


class IntakeClosed(OutboxUnavailable):
    """Nothing is accepted: it has not been opened, was closed, or cannot send any more."""


class NotBegun(Exception):
    """A run cannot end as complete that was not begun here; the text says what to do."""


class Intake:
    """One source that is pushed to; any number of threads may push. It has the source's outbox until `stop`.

    Raises OutboxBusy, OutboxUnavailable, FileDamaged when opened.
    """

    def __init__(self, settings: Settings, source: SourceSettings, store: GraphStore, on_wait: OnWait) -> None:
        self.source, self._store, self._on_wait = source, store, on_wait
        self._log = cache(lambda: bootstrap.open_log(settings))  # opened once it answers
        self._lock, self._stop, self._news = threading.RLock(), threading.Event(), threading.Event()
        self._outbox: Outbox = bootstrap.open_outbox(settings, source.name)
        self._fault = ""
        self._kept_up = datetime.min.replace(tzinfo=UTC)
        self.job: Job = job_of(settings, source)
        self._begin()
        self._thread = threading.Thread(target=self._work, name=f"intake {source.name}", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def accept(self, said: Sequence[tuple[str, Draft]]) -> list[Problem]:
        """Return once all (item, draft) that can be said are on the disk; gives those that cannot, and why.

        Raises OutboxUnavailable; then any of them may have been accepted, and saying them again is harmless.
        """
        refused = []
        with self._lock:
            self._check_open()
            for item, draft in said:
                try:
                    self._put(draft)
                except ValueError as error:
                    refused.append(Problem(item=item, reason=str(error)))
            self._outbox.commit()
        self._news.set()
        for problem in refused:
            self.refuse(problem.item, problem.reason)
        _log.info("accepted", source=self.source.name, records=len(said) - len(refused))
        return refused

    def _put(self, draft: Draft) -> None:
        if fault := fault_of(draft):
            raise ValueError(fault)
        self._outbox.put(draft)
        self._report.seen()
        self._report.counts["emitted"] += 1

    def refuse(self, item: str, reason: str) -> None:
        """Note what was not accepted, and why: in the run's report, and in the log."""
        _log.warning("refused", source=self.source.name, item=item, reason=reason)
        with self._lock:
            self._report.seen()
            self._report.failed(item, reason)

    def end_run(self, *, complete: bool = False) -> RunReport:
        """End the run with its report, and begin the next one. `complete`: what it did not see is retired (law 4).

        So only a run that was begun here can be complete: another one may have seen a part. Raises NotBegun.
        """
        with self._lock:
            self._check_open()
            if complete and not self._theirs:
                raise NotBegun(
                    f"{self.source.name}: no run was begun here (the service may have been started since); "
                    "begin one, and push everything again"
                )
            report = self._end(complete=complete)
            self._begin()
        self._news.set()
        return report

    def begin_run(self) -> None:
        """Begin a run for who pushes one, which lasts until it is ended; what came before belongs to the one before."""
        with self._lock:
            self._check_open()
            if self._report.counts:
                self._end()
            self._begin()
            self._theirs = True

    def stop(self) -> None:
        """End the run, send what can be sent at once, and let go of the outbox; the rest waits in it."""
        self._stop.set()
        self._news.set()
        self._thread.join()
        with self._lock:
            if self._report.counts:
                self._end()
            self._fault = "the service is being stopped"
        if self._log.cache_info().currsize:
            with suppress(LogUnavailable), closing(self._log()) as log:
                self._outbox.drain(log)
        self._outbox.close()

    def _check_open(self) -> None:
        if self._fault:
            raise IntakeClosed(f"{self.source.name}: {self._fault}")

    def _begin(self) -> None:
        self._report, self._theirs = Report(), False
        self.job = replace(self.job, planned=datetime.now(UTC))
        self._outbox.begin(self.job.run_id, self.job.collector.name, self.job.rank, self.job.ranks)

    def _end(self, *, complete: bool = False) -> RunReport:
        job = replace(self.job, complete=complete)
        return end(job, self._outbox, self._report, emitted=self._report.counts["emitted"] > 0)

    def _work(self) -> None:
        """Send what comes, end each hour's run and look after the source, until `stop`."""
        try:
            know_log(self._outbox, self.source.name, self._log, _log.info)
            while not self._stop.is_set():
                self._news.wait(LOOK_SECONDS)
                self._news.clear()
                self._end_hour()
                drain(self._outbox, self._log, self._on_wait, self._stop)
                self._keep_up()
        except Exception as error:
            self._fault = f"what was accepted cannot be sent: {error}"
            _log.error("intake stopped", source=self.source.name, reason=str(error))
            raise

    def _end_hour(self) -> None:
        with self._lock:
            if self._report.counts and not self._theirs and datetime.now(UTC) - self.job.planned >= PERIOD:
                self._end()
                self._begin()

    def _keep_up(self) -> None:
        """Once an hour, take back what was silent for too long: the outbox is here, so nobody else can (law 4)."""
        now = datetime.now(UTC)
        before = self.source.retired_before(now)
        if before is None or now - self._kept_up < PERIOD:
            return
        self._kept_up = now
        try:
            if self._store.unseen(self.source.name, before, 1):
                with self._lock:  # while nobody is accepted
                    done = withdraw_unseen(self.source, before, self._outbox, self._log(), self._store)
                _log.info("withdrawn", source=self.source.name, records=done.withdrawn, left=done.left)
        except (LogUnavailable, StoreUnavailable, AccessDenied) as outage:
            _log.warning("left for the next hour", source=self.source.name, reason=str(outage))


@contextmanager
def receiving(settings: Settings, store: GraphStore, on_wait: OnWait) -> Iterator[dict[str, Intake]]:
    """While it is entered, an intake for each configured source that is pushed to. Raises what `Intake` raises."""
    with ExitStack() as opened:
        found = {}
        for source in settings.sources:
            if source.type in PUSHED:
                found[source.name] = Intake(settings, source, store, on_wait)
                found[source.name].start()
                opened.callback(found[source.name].stop)
        yield found
