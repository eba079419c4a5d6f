"""The schedule runs what is configured, and one source's failure harms no other."""

import threading
from datetime import UTC, datetime

import pytest
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from services import schedule
from services.settings import Settings


@pytest.fixture
def settings():
    sources = [
        {"type": "local", "name": "often", "schedule": "every 5 minutes"},
        {"type": "local", "name": "nightly", "schedule": "15 2 * * *"},
        {"type": "local", "name": "by-hand"},
    ]
    return Settings.model_validate({"sources": sources})


def test_only_sources_with_a_schedule_are_run_in_utc(settings):
    jobs = {job.id: job for job in schedule.make(settings, lambda _: None).get_jobs()}

    assert set(jobs) == {"often", "nightly"}
    assert isinstance(jobs["often"].trigger, IntervalTrigger)
    assert isinstance(jobs["nightly"].trigger, CronTrigger)
    assert str(jobs["nightly"].trigger.timezone) == "UTC"


def test_a_source_that_fails_harms_no_other(settings):
    ran = {"often": threading.Event(), "nightly": threading.Event()}

    def run(source):
        ran[source.name].set()
        if source.name == "often":
            raise ValueError("this one fails")

    scheduler = schedule.make(settings, run)
    scheduler.start()
    try:
        for name in ("often", "nightly"):
            scheduler.modify_job(name, next_run_time=datetime.now(UTC))
            assert ran[name].wait(timeout=30)
    finally:
        scheduler.shutdown()
