"""A scheduled run in a process of its own, bounded in time and memory; then, here, what it said is sent.

The outbox belongs to one process at a time: first this one asks what the log knows, then the worker collects, then this
one sends what it can; what cannot be sent waits in the outbox, and keeps nobody from collecting. What the worker could
not report of its end is reported here.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from events.models import Problem, RunReport
from events.outbox import Outbox
from graph.store import GraphStore
from services import bootstrap
from services.collecting import run_id
from services.collectors import BrokenCollector
from services.collectors.base import SourceUnavailable
from services.running import job_of, knowing_log
from services.sending import Sender
from services.settings import ConfigurationError, Settings, SourceSettings
from services.worker import REPORTED

LOOK_SECONDS = 0.5
"""How often it is looked at a worker that runs."""
GRACE_SECONDS = 10.0
"""How long a worker that is told to end may take before it is killed."""
RUNS_LOOKED_AT = 1000
_log = structlog.get_logger()


@dataclass(frozen=True)
class Ended:
    """How a worker ended. `why`: what befell it, where it could not report that itself."""

    report: RunReport | None = None
    why: str = ""


def run_isolated(
    settings: Settings,
    store: GraphStore,
    source: SourceSettings,
    planned: datetime,
    sender: Sender,
    stop: threading.Event,
) -> bool:
    """Collect in a worker and send; whether the run can be used. Ends early, losing nothing, when `stop` is set.

    Raises OutboxBusy (somebody collects the source by hand), OutboxUnavailable, StoreUnavailable.
    """
    with knowing_log(settings, source.name, _log.info, bootstrap.PATIENCE) as (outbox, _):
        if said_elsewhere(store, outbox, source.name):
            outbox.repeat(complete=last_complete(store, source.name))
    unusable = why_unusable(settings, source)
    ended = Ended(why=unusable) if unusable else collect_in_worker(settings, source, planned, stop)
    if ended.why:
        with closing(bootstrap.open_outbox(settings, source.name, patience=bootstrap.PATIENCE)) as outbox:
            _report(outbox, source, planned, ended.why)
    sender.send_of(source.name)
    return ended.report is not None and ended.report.status != "failed"


def why_unusable(settings: Settings, source: SourceSettings) -> str:
    """Why the source cannot be collected at all: its type is broken, or a key is not there; "" where it can."""
    try:
        job_of(settings, source)
    except (BrokenCollector, ConfigurationError, SourceUnavailable) as error:
        return str(error)
    return ""


def said_elsewhere(store: GraphStore, outbox: Outbox, source: str) -> bool:
    """Whether another computer has collected the source since: what this outbox remembers is not what was said last."""
    last = store.runs(source=source, limit=1)
    return bool(last) and last[0].ended > outbox.last_said()


def last_complete(store: GraphStore, source: str) -> int | None:
    """How many records the source's last complete run emitted, wherever it was; None: none is known."""
    runs = store.runs(source=source, limit=RUNS_LOOKED_AT)
    return next((run.emitted for run in runs if run.status == "complete"), None)


def collect_in_worker(settings: Settings, source: SourceSettings, planned: datetime, stop: threading.Event) -> Ended:
    """Start a worker, and see to it that it ends: by itself, after `timeout_seconds`, or when `stop` is set."""
    told: bytes | None = _told(settings, source, planned)
    late = time.monotonic() + source.timeout_seconds
    with subprocess.Popen(
        [sys.executable, "-m", "services.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as worker:
        try:
            while True:
                try:
                    answer, _ = worker.communicate(told, timeout=LOOK_SECONDS)
                    return _ended(source, worker.returncode, answer)
                except subprocess.TimeoutExpired:
                    told = None  # it is given once
                    if stop.is_set():
                        return Ended(why="ended, because the schedule was stopped")
                    if time.monotonic() > late:
                        return Ended(
                            why=f"ended: it collected for longer than timeout_seconds = {source.timeout_seconds:g}"
                        )
        finally:
            _end(worker)


def _told(settings: Settings, source: SourceSettings, planned: datetime) -> bytes:
    """What the worker reads. The settings of a source say where its secrets are; the graph's password may be in it."""
    graph = {"graph", "graph_user", "graph_password_file"}
    its = settings.model_dump(mode="json", include={"log", "data_dir", "person_key", *graph})
    if settings.graph_password is not None:
        its["graph_password"] = settings.graph_password.get_secret_value()  # through a pipe, which shows it to nobody
    its["sources"] = [source.model_dump(mode="json")]
    told = {
        "settings": its,
        "planned": planned.isoformat(),
        "memory_mib": source.memory_mib,
        "scheduler": os.getpid(),
    }
    return json.dumps(told).encode()


def _ended(source: SourceSettings, code: int, answer: bytes) -> Ended:
    if code == 0 and answer:
        return Ended(RunReport.model_validate_json(answer))
    if code == REPORTED:
        return Ended()
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        hint = f"; did it need more than memory_mib = {source.memory_mib}?" if -code == signal.SIGKILL else ""
        return Ended(why=f"the collector's process was ended by {name}{hint}")
    return Ended(
        why=f"the collector's process ended with exit code {code} before its run did; the log has its last words"
    )


def _end(worker: subprocess.Popen[bytes]) -> None:
    """End the worker and all that it started, which are one group of processes: asked first, then killed."""
    if worker.poll() is None:
        _signal(worker, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            worker.wait(GRACE_SECONDS)
    _signal(worker, signal.SIGKILL)


def _signal(worker: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # the whole group has ended
        os.killpg(worker.pid, number)


def _report(outbox: Outbox, source: SourceSettings, planned: datetime, why: str) -> None:
    """The run's report in the worker's place. It holds no record, so that its rank means nothing."""
    outbox.begin(run_id(source.name, planned), source.type, source.rank or 0)
    outbox.end("failed", seen=0, failed=1, problems=(Problem(item=source.name, reason=why),))
