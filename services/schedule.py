"""The schedule: configured sources by cron or interval, in UTC, one run of each at a time; and upkeep every hour."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from services.settings import Settings, SourceSettings
from services.times import parse_schedule
from services.turn import LEASE, Turn
from services.upkeep import Done

GRACE = timedelta(hours=1)
"""A run that is late by up to an hour still takes place; APScheduler's own limit is one second."""
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
"""From here intervals are counted, so that a restart postpones nothing and all schedulers mean the same times."""
UPKEEP, SENDING = "(upkeep)", "(sending)"
"""The ids of their jobs, which no source can have."""
SEND_SECONDS, UPKEEP_SECONDS = 30, 3600
"""How often it is tried to send what waits, and to do what is due."""
_log = structlog.get_logger()


@dataclass(frozen=True)
class Work:
    """What the schedule does. `run`: one run of a source, planned for a time; whether it can be used.

    `done`: whether a run of a source that was planned for a time took place already, here or elsewhere, and can be
    used. `send`: what waits on this computer to be sent.
    """

    run: Callable[[SourceSettings, datetime], bool]
    done: Callable[[SourceSettings, datetime], bool]
    upkeep: Callable[[], Iterable[Done]]
    send: Callable[[], None]
    stop: threading.Event = field(default_factory=threading.Event)


def make(settings: Settings, work: Work, turn: Turn) -> BackgroundScheduler:
    """A scheduler, not started, with a job for each source that has a schedule; upkeep hourly, sending all the time."""
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": int(GRACE.total_seconds())}
    sources = planned(settings)
    threads = {"default": ThreadPoolExecutor(len(sources) + 2)}  # each may wait for its turn
    scheduler = BackgroundScheduler(timezone="UTC", job_defaults=defaults, executors=threads)
    slots = threading.Semaphore(settings.runs_at_once)
    for source in sources:
        job = partial(_run, source, work, turn, slots)
        scheduler.add_job(job, trigger_of(source.schedule), id=source.name, name=source.name)
    for name, job, seconds in (
        (UPKEEP, partial(_upkeep, work, turn), UPKEEP_SECONDS),
        (SENDING, partial(_told, SENDING, work.send), SEND_SECONDS),
    ):
        often = IntervalTrigger(seconds=seconds, timezone="UTC")
        scheduler.add_job(job, often, id=name, name=name, next_run_time=datetime.now(UTC))
    scheduler.add_listener(partial(_left_out, turn), EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED)
    return scheduler


def _left_out(turn: Turn, event: JobEvent) -> None:
    """Tell what did not begin; not where nothing begins but waits for the turn."""
    if turn.mine() and event.job_id != SENDING:
        missed = event.code == EVENT_JOB_MISSED
        why = "it would be too late" if missed else "the one before is under way still"
        _log.warning("left out", job=event.job_id, reason=why)


def planned(settings: Settings) -> list[SourceSettings]:
    """The sources that have a schedule."""
    return [source for source in settings.sources if source.schedule]


def make_up(settings: Settings, scheduler: BackgroundScheduler) -> None:
    """Start what was planned within `GRACE`: nobody may have run it while it was nobody's turn, or no graph was there.

    A run that took place all the same is not repeated.
    """
    now = datetime.now(UTC)
    for source in planned(settings):
        if planned_for(trigger_of(source.schedule), now) < now:
            scheduler.modify_job(source.name, next_run_time=now)


class Grid(IntervalTrigger):  # type: ignore[misc] # APScheduler 3 has no types
    """An interval that is counted from its start, and not from when a run began: made up for, it stays at its times."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The next of its times after the previous one, or from now on."""
        after = now if previous_fire_time is None else previous_fire_time + timedelta(milliseconds=1)
        found: datetime | None = super().get_next_fire_time(None, after)
        return found


def trigger_of(text: str) -> BaseTrigger:
    """The trigger of a schedule. Raises ValueError."""
    parsed = parse_schedule(text)
    return Grid(**parsed, start_date=EPOCH, timezone="UTC") if isinstance(parsed, dict) else parsed


def planned_for(trigger: BaseTrigger, now: datetime) -> datetime:
    """The time that a run which starts now was planned for: the last one within `GRACE`, else now."""
    found, following = now, trigger.get_next_fire_time(None, now - GRACE)
    while following is not None and following <= now:
        found, following = following, trigger.get_next_fire_time(following, following)
    return found


def _upkeep(work: Work, turn: Turn) -> None:
    if turn.wait(LEASE.total_seconds()):
        _told(UPKEEP, lambda: _tell(work.upkeep()))


def _tell(what: Iterable[Done]) -> None:
    """Tell what was done and what was left."""
    for done in what:
        if done.withdrawn:
            _log.info("withdrawn", source=done.source, records=done.withdrawn)
        if done.ended or done.carried:
            _log.info("corrections", ended=done.ended, carried=done.carried)
        if done.left:
            _log.warning("left for the next upkeep", source=done.source, reason=done.left)


def _told(what: str, act: Callable[[], None]) -> None:
    """Act; what fails is told, and comes round again."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - an outage or a fault of ours: the schedule goes on
        _log.error(f"{what.strip('()')} failed", error=f"{type(error).__name__}: {error}")


def _run(source: SourceSettings, work: Work, turn: Turn, slots: threading.Semaphore) -> None:
    """One planned run, tried again while it fails, up to the next planned time. One source's failure harms no other.

    One that stands by waits as long as the lease of one that died may last, and then does what that one did not.
    """
    trigger = trigger_of(source.schedule)
    at = planned_for(trigger, datetime.now(UTC))
    if not turn.wait(2 * LEASE.total_seconds()):
        _log.info("left to whose turn it is", source=source.name, planned=at.isoformat())
        return
    following = trigger.get_next_fire_time(at, at)
    for tried in range(source.retries + 1):
        with slots:
            if work.stop.is_set() or not turn.mine() or _is_late(source, at, tried) or _try(source, work, at):
                return
        pause = timedelta(seconds=source.retry_seconds) * 2**tried
        again = datetime.now(UTC) + pause
        if tried == source.retries or (following is not None and again >= following):
            break
        _log.warning("run failed; it is tried again", source=source.name, at=again.isoformat(timespec="seconds"))
        if work.stop.wait(pause.total_seconds()):
            return
    _log.error("run failed", source=source.name, planned=at.isoformat(), tries=tried + 1)


def _is_late(source: SourceSettings, at: datetime, tried: int) -> bool:
    """Whether a first try has waited too long for the others that may run at the same time."""
    late = tried == 0 and datetime.now(UTC) - at > GRACE
    if late:
        _log.warning("left out", job=source.name, reason="it waited too long for others; see runs_at_once")
    return late


def _try(source: SourceSettings, work: Work, at: datetime) -> bool:
    try:
        return work.done(source, at) or work.run(source, at)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this source's alone: told, and tried again
        _log.error("the run could not take place", source=source.name, error=f"{type(error).__name__}: {error}")
        return False
