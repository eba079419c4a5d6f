"""The schedule: configured sources by cron or interval, in UTC, one run of each at a time."""

from collections.abc import Callable
from functools import partial

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from services.settings import Settings, SourceSettings, parse_schedule

MISFIRE_GRACE_SECONDS = 3600
"""A run that is late by up to an hour still takes place; APScheduler's own limit is one second."""
_log = structlog.get_logger()


def make(settings: Settings, run: Callable[[SourceSettings], None]) -> BackgroundScheduler:
    """A scheduler, not started, with a job for each source that has a schedule."""
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": MISFIRE_GRACE_SECONDS}
    scheduler = BackgroundScheduler(timezone="UTC", job_defaults=defaults)
    for source in settings.sources:
        if source.schedule:
            scheduler.add_job(partial(_run, run, source), _trigger(source.schedule), id=source.name, name=source.name)
    return scheduler


def _run(run: Callable[[SourceSettings], None], source: SourceSettings) -> None:
    """One source's failure is logged and harms no other; it is tried again at its next time."""
    try:
        run(source)
    except Exception as error:
        _log.error("run failed", source=source.name, error=f"{type(error).__name__}: {error}")
        raise


def _trigger(text: str) -> CronTrigger | IntervalTrigger:
    parsed = parse_schedule(text)
    return IntervalTrigger(**parsed, timezone="UTC") if isinstance(parsed, dict) else parsed
