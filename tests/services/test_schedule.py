"""The schedule runs what is configured, and one source's failure harms no other."""

import os
import queue
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import structlog.testing
from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from events.models import CURATION, Section
from services import bootstrap, curating, schedule
from services.curating import Note
from services.settings import Settings, load
from services.upkeep import Done
from tests.inventory.test_batch import observed
from tests.servers.process import await_condition
from tests.services.graphs import Landscape


@pytest.fixture
def settings():
    sources = [
        {"type": "local", "name": "often", "schedule": "every 5 minutes"},
        {"type": "local", "name": "nightly", "schedule": "15 2 * * *"},
        {"type": "local", "name": "by-hand"},
    ]
    return Settings.model_validate({"sources": sources})


def test_only_sources_with_a_schedule_are_run_in_utc(settings):
    jobs = {job.id: job for job in schedule.make(settings, lambda _: None, list).get_jobs()}

    assert set(jobs) == {"often", "nightly", schedule.UPKEEP}
    assert isinstance(jobs["often"].trigger, IntervalTrigger)
    assert isinstance(jobs["nightly"].trigger, CronTrigger)
    assert str(jobs["nightly"].trigger.timezone) == "UTC"


def test_a_source_that_fails_harms_no_other(settings):
    ran = {"often": threading.Event(), "nightly": threading.Event()}

    def run(source):
        ran[source.name].set()
        if source.name == "often":
            raise ValueError("this one fails")

    scheduler = schedule.make(settings, run, list)
    scheduler.start()
    try:
        for name in ("often", "nightly"):
            scheduler.modify_job(name, next_run_time=datetime.now(UTC))
            assert ran[name].wait(timeout=30)
    finally:
        scheduler.shutdown()


def test_upkeep_is_done_at_start_up_and_every_hour_whatever_it_raises(settings):
    failed = queue.Queue()

    def upkeep():
        raise OSError("the log is away")

    scheduler = schedule.make(settings, lambda _: None, upkeep)
    scheduler.add_listener(failed.put, EVENT_JOB_ERROR)
    assert scheduler.get_job(schedule.UPKEEP).trigger.interval == timedelta(hours=1)
    scheduler.start()
    try:
        assert failed.get(timeout=30).job_id == schedule.UPKEEP
        scheduler.modify_job(schedule.UPKEEP, next_run_time=datetime.now(UTC))
        assert failed.get(timeout=30).job_id == schedule.UPKEEP
    finally:
        scheduler.shutdown()


def test_upkeep_tells_what_it_did_and_what_it_left(settings):
    done = [Done("quiet"), Done("a", 3), Done("b", 0, "busy"), Done(CURATION, ended=1)]
    scheduler = schedule.make(settings, lambda _: None, lambda: done)

    with structlog.testing.capture_logs() as told:
        scheduler.get_job(schedule.UPKEEP).func()

    assert told == [
        {"log_level": "info", "event": "withdrawn", "source": "a", "records": 3},
        {"log_level": "warning", "event": "left for the next upkeep", "source": "b", "reason": "busy"},
        {"log_level": "info", "event": "corrections", "ended": 1, "carried": 0},
    ]


def test_without_a_source_on_schedule_upkeep_alone_ends_corrections(tmp_path):
    city = Landscape(tmp_path)
    city.apply(observed("a/1", 10, Section(name="srv")))
    found = load(None, data_dir=tmp_path)
    with closing(bootstrap.open_outbox(found, CURATION)) as outbox:
        curating.say(curating.pin(city.store, "srv", "name", "other", Note("seen", "me", date(2000, 1, 1))), outbox)
        outbox.drain(city.log)
    city.apply()
    assert city.names() == ["other"]

    files = {"LOG": "sqlite:///log.db", "GRAPH": "sqlite:///graph.db", "DATA_DIR": "."}
    env = os.environ | {f"LANDKARTE_{name}": value for name, value in files.items()}
    command = [Path(sys.executable).parent / "landkarte", "schedule"]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True) as scheduler:
        try:
            assert "no source has a schedule, so none is collected; upkeep is done" in scheduler.stderr.readline()
            await_condition(lambda: city.apply() > 0, seconds=60, what="the correction to end")
        finally:
            scheduler.kill()
    assert city.names() == ["srv"]
    city.close()
