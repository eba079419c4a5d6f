"""The schedule runs what is configured, and one source's failure harms no other."""

import os
import queue
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import structlog.testing
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from events.models import CURATION, Section
from graph.sqlite_store import SqliteStore
from graph.store import lease_note
from services import bootstrap, curating, schedule
from services import turn as turn_module
from services.curating import Note
from services.scheduling import scheduling
from services.settings import Settings, load
from services.turn import Turn
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


@pytest.fixture
def store(tmp_path):
    with closing(SqliteStore(tmp_path / "turn.db")) as found:
        yield found


@pytest.fixture
def turn(store):
    mine = Turn(store, "this one")
    mine.start()
    yield mine
    mine.stop()


def work(run=lambda *_: True, done=lambda *_: False, upkeep=list):
    return schedule.Work(run, done, upkeep)


@contextmanager
def running(settings, what, turn):
    scheduler = schedule.make(settings, what, turn)
    scheduler.start()
    try:
        yield scheduler
    finally:
        what.stop.set()
        scheduler.shutdown()


def at_once(scheduler, name):
    scheduler.modify_job(name, next_run_time=datetime.now(UTC))


def test_only_sources_with_a_schedule_are_run_in_utc(settings, turn):
    jobs = {job.id: job for job in schedule.make(settings, work(), turn).get_jobs()}

    assert set(jobs) == {"often", "nightly", schedule.UPKEEP}
    assert isinstance(jobs["often"].trigger, IntervalTrigger)
    assert isinstance(jobs["nightly"].trigger, CronTrigger)
    assert str(jobs["nightly"].trigger.timezone) == "UTC"


@pytest.mark.parametrize(
    ("text", "now", "planned"),
    [
        ("15 2 * * *", "2026-11-25T02:15:00.004", "2026-11-25T02:15"),
        ("15 2 * * *", "2026-11-25T03:14:59", "2026-11-25T02:15"),
        ("*/5 * * * *", "2026-11-25T02:19:59", "2026-11-25T02:15"),
        ("every 6 hours", "2026-11-25T06:00:01", "2026-11-25T06:00"),
        ("every 6 hours", "2026-11-25T08:00", "2026-11-25T08:00"),  # no planned time within the last hour: by hand
    ],
)
def test_a_run_names_the_time_it_was_planned_for_and_every_scheduler_means_the_same(text, now, planned):
    found = schedule.planned_for(schedule.trigger_of(text), datetime.fromisoformat(now).replace(tzinfo=UTC))

    assert found == datetime.fromisoformat(planned).replace(tzinfo=UTC)


def test_a_source_that_fails_harms_no_other(settings, turn):
    ran = {"often": threading.Event(), "nightly": threading.Event()}

    def run(source, _planned):
        ran[source.name].set()
        if source.name == "often":
            raise ValueError("this one fails")
        return True

    with running(settings, work(run), turn) as scheduler:
        for name in ("often", "nightly"):
            at_once(scheduler, name)
            assert ran[name].wait(timeout=30)


def test_a_run_that_fails_is_tried_again_as_the_same_run_until_it_succeeds(turn):
    planned, done = [], threading.Event()
    source = {"type": "local", "name": "one", "schedule": "15 2 * * *", "retries": 5, "retry_seconds": 0.01}

    def run(_source, at):
        planned.append(at)
        if len(planned) == 3:
            done.set()
        return len(planned) == 3

    with running(Settings.model_validate({"sources": [source]}), work(run), turn) as scheduler:
        at_once(scheduler, "one")
        assert done.wait(30)
    assert len(planned) == 3
    assert len(set(planned)) == 1


def test_a_run_is_given_up_after_its_retries(turn):
    tries, told = [], queue.Queue()
    source = {"type": "local", "name": "one", "schedule": "15 2 * * *", "retries": 1, "retry_seconds": 0.01}

    with running(Settings.model_validate({"sources": [source]}), work(lambda *_: tries.append(1)), turn) as scheduler:
        scheduler.add_listener(told.put, EVENT_JOB_EXECUTED)
        at_once(scheduler, "one")
        while told.get(timeout=30).job_id != "one":
            pass
    assert len(tries) == 2


def test_of_two_schedulers_one_runs_and_the_other_takes_over_when_it_ends(settings, store):
    first, second = Turn(store, "first"), Turn(store, "second")
    first.start()
    assert first.wait(30)
    second.start()
    ran = queue.Queue()

    with running(settings, work(lambda source, _: ran.put(("second", source.name)) or True), second) as scheduler:
        at_once(scheduler, "often")
        assert not second.mine()
        first.stop()
        assert ran.get(timeout=60) == ("second", "often")
    second.stop()


def test_who_stands_by_from_the_beginning_says_so(store):
    first, second = Turn(store, "first"), Turn(store, "second")
    first.start()
    assert first.wait(30)

    with structlog.testing.capture_logs() as said:
        second.start()
        await_condition(lambda: said, seconds=30, what="a word of the second")
    second.stop()
    first.stop()
    assert said[0]["event"] == "the schedule runs elsewhere; standing by"


def test_what_the_one_before_has_done_is_not_done_again(settings, store):
    first, second = Turn(store, "first"), Turn(store, "second")
    first.start()
    assert first.wait(30)
    second.start()
    asked, ran = threading.Event(), []

    with running(settings, work(lambda *_: ran.append(1), lambda *_: asked.set() or True), second) as scheduler:
        at_once(scheduler, "often")
        first.stop()
        assert asked.wait(60)
    second.stop()
    assert ran == []


def test_a_turn_that_was_not_begun_can_be_stopped(store):
    Turn(store, "never").stop()

    assert store.hold("schedule", "another", turn_module.LEASE)


def test_told_to_end_while_it_starts_the_schedule_lets_go_of_the_lease(store, monkeypatch, tmp_path):
    """SIGTERM may come between any two lines."""
    settings = load(None, data_dir=tmp_path, log=f"sqlite:///{tmp_path}/log.db", graph=f"sqlite:///{tmp_path}/turn.db")

    def told(*_):
        await_condition(lambda: bool(store.note(lease_note("schedule"))), seconds=30, what="the lease to be taken")
        raise SystemExit(0)

    monkeypatch.setattr(BackgroundScheduler, "start", told)
    with pytest.raises(SystemExit), scheduling(settings, store, lambda *_: None):
        pytest.fail("it was told to end before")

    assert store.hold("schedule", "the next", turn_module.LEASE)


def test_a_turn_that_cannot_be_renewed_ends_before_another_may_begin(store, monkeypatch):
    mine = Turn(store, "this one")
    mine.start()
    assert mine.wait(30)
    passed = time.monotonic() + turn_module.LEASE.total_seconds()

    monkeypatch.setattr(turn_module.time, "monotonic", lambda: passed)

    assert not mine.mine()
    mine.stop()


def test_upkeep_is_done_at_start_up_and_every_hour_whatever_it_raises(settings, turn):
    failed = queue.Queue()

    def upkeep():
        raise OSError("the log is away")

    what = work(upkeep=upkeep)
    scheduler = schedule.make(settings, what, turn)
    scheduler.add_listener(failed.put, EVENT_JOB_ERROR)
    assert scheduler.get_job(schedule.UPKEEP).trigger.interval == timedelta(hours=1)
    scheduler.start()
    try:
        assert failed.get(timeout=30).job_id == schedule.UPKEEP
        at_once(scheduler, schedule.UPKEEP)
        assert failed.get(timeout=30).job_id == schedule.UPKEEP
    finally:
        scheduler.shutdown()


def test_upkeep_tells_what_it_did_and_what_it_left(settings, turn):
    done = [Done("quiet"), Done("a", 3), Done("b", 0, "busy"), Done(CURATION, ended=1)]
    scheduler = schedule.make(settings, work(upkeep=lambda: done), turn)
    assert turn.wait(30)

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
            scheduler.terminate()
    assert scheduler.returncode == 0
    assert city.names() == ["srv"]
    city.close()
