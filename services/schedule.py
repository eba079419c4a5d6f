"""The schedule: configured sources by cron or interval, in UTC, one run of each at a time; and upkeep every hour."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from services.settings import Settings, SourceSettings, parse_schedule
from services.upkeep import Done

MISFIRE_GRACE_SECONDS = 3600
"""A run that is late by up to an hour still takes place; APScheduler's own limit is one second."""
UPKEEP = "(upkeep)"
"""The id of its job, which no source can have."""
_log = structlog.get_logger()


def make(
    settings: Settings, run: Callable[[SourceSettings], None], upkeep: Callable[[], Iterable[Done]]
) -> BackgroundScheduler:
    """A scheduler, not started, with a job for each source that has a schedule, and upkeep at once and hourly."""
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": MISFIRE_GRACE_SECONDS}
    scheduler = BackgroundScheduler(timezone="UTC", job_defaults=defaults)
    for source in settings.sources:
        if source.schedule:
            scheduler.add_job(partial(_run, run, source), _trigger(source.schedule), id=source.name, name=source.name)
    hourly = IntervalTrigger(hours=1, timezone="UTC")
    scheduler.add_job(partial(_keep_up, upkeep), hourly, id=UPKEEP, next_run_time=datetime.now(UTC))
    return scheduler


def _keep_up(upkeep: Callable[[], Iterable[Done]]) -> None:
    """Tell what was done and what was left; what fails is tried again in an hour."""
    try:
        for done in upkeep():
            if done.withdrawn:
                _log.info("withdrawn", source=done.source, records=done.withdrawn)
            if done.ended or done.carried:
                _log.info("corrections", ended=done.ended, carried=done.carried)
            if done.left:
                _log.warning("left for the next upkeep", source=done.source, reason=done.left)
    except Exception as error:
        _log.error("upkeep failed", error=f"{type(error).__name__}: {error}")
        raise


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
