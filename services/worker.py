"""The process in which one scheduled run collects: its crash, its memory and its time are nobody else's.

It reads what to run from stdin (JSON), collects into the source's outbox, and writes the run's report to stdout. It
sends nothing: waiting for the log is not the collector's time. Its parent is `services.isolation`.
"""

import json
import os
import resource
import signal
import sys
import threading
import time
from contextlib import closing
from datetime import datetime

import structlog

from events.database import FileDamaged
from events.models import RunReport
from events.outbox import Outbox
from events.outbox_errors import OutboxUnavailable
from services import bootstrap, logs
from services.collecting import Job, collect, crash
from services.collectors.base import SourceUnavailable
from services.collectors.files import MIB
from services.running import job_of
from services.settings import Settings

REPORTED = 3
UNREPORTED = 4
"""Exit codes: the run failed, and the outbox has its report, or could not take it."""
LOOK_SECONDS = 1.0
"""How often a worker looks whether its scheduler is still there."""


def main() -> None:
    """Run what stdin says; what the collector prints goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logs.set_up()
    told = json.load(sys.stdin)
    threading.Thread(target=end_with, args=(told["scheduler"],), name="end", daemon=True).start()
    limit = told["memory_mib"] * MIB
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    report = run(Settings(**told["settings"]), datetime.fromisoformat(told["planned"]))
    with answers:
        answers.write(report.model_dump_json())


def end_with(scheduler: int) -> None:
    """End this process, and all that it has started, once the scheduler with that process id is gone.

    One that was killed ends nobody, and a collector that hangs would hold the source's outbox for ever.
    """
    while os.getppid() == scheduler:
        time.sleep(LOOK_SECONDS)
    os.killpg(0, signal.SIGKILL)


def run(settings: Settings, planned: datetime) -> RunReport:
    """Collect the one source that is configured. A failed run is logged, and exits with one of the codes above."""
    job = job_of(settings, settings.sources[0], planned)
    try:
        with closing(bootstrap.open_outbox(settings, job.source, patience=bootstrap.PATIENCE)) as outbox:
            return _collect(job, outbox)
    except (OutboxUnavailable, FileDamaged) as error:
        structlog.get_logger().error("run failed", source=job.source, reason=str(error))
        raise SystemExit(UNREPORTED) from None


def _collect(job: Job, outbox: Outbox) -> RunReport:
    try:
        return collect(job, outbox)
    except OutboxUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - `collect` has reported it, whatever it was
        known = isinstance(error, SourceUnavailable)
        structlog.get_logger().error("run failed", source=job.source, reason=str(error) if known else crash(error))
        raise SystemExit(REPORTED) from None


if __name__ == "__main__":
    main()
