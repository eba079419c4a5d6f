"""The schedule runs what is configured, and one source's failure harms no other."""

import os
import queue
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog.testing
from apscheduler.events import EVENT_JOB_EXECUTED
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from events.models import CURATION, Section
from events.outbox import Outbox
from graph.sqlite_store import SqliteStore
from graph.store import StoreUnavailable, lease_note
from services import bootstrap, curating, schedule
from services import scheduling as scheduling_module
from services import turn as turn_module
from services.collecting import run_id
from services.curating import Note
from services.scheduling import scheduling, took_place
from services.settings import Settings, load, load_source
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


def work(run=lambda *_: True, done=lambda *_: False, upkeep=list, send=lambda: None):
    return schedule.Work(run, done, upkeep, send)


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


def run_whole(scheduler, name):
    """Start it now; returns when it has ended, with all its tries."""
    told = queue.Queue()
    scheduler.add_listener(told.put, EVENT_JOB_EXECUTED)
    at_once(scheduler, name)
    while told.get(timeout=30).job_id != name:
        pass


def test_only_sources_with_a_schedule_are_run_in_utc(settings, turn):
    jobs = {job.id: job for job in schedule.make(settings, work(), turn).get_jobs()}

    assert set(jobs) == {"often", "nightly", schedule.UPKEEP, schedule.SENDING}
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


def test_a_run_that_waited_too_long_for_the_others_is_left_out(settings, turn, monkeypatch):
    started, ran, told = threading.Event(), [], []
    release = threading.Event()

    def run(source, _planned):
        ran.append(source.name)
        started.set()
        assert release.wait(30)
        return True

    monkeypatch.setattr(schedule, "_log", SimpleNamespace(warning=lambda _, **more: told.append(more["job"])))
    what = work(run)
    one_at_once = settings.model_copy(update={"runs_at_once": 1})
    with running(one_at_once, what, turn) as scheduler:
        at_once(scheduler, "often")
        assert started.wait(30)
        at_once(scheduler, "nightly")
        later = datetime.now(UTC) + timedelta(hours=2)
        waiting = scheduler._lookup_executor("default")
        await_condition(lambda: waiting._instances["nightly"], seconds=30, what="the other one to wait")
        monkeypatch.setattr(schedule, "datetime", SimpleNamespace(now=lambda _: later))
        release.set()
        await_condition(lambda: told, seconds=30, what="a word about it")
    assert (ran, told) == (["often"], ["nightly"])


def test_no_try_is_made_when_the_next_planned_time_has_come(turn):
    tries = []
    source = {"type": "local", "name": "one", "schedule": "every 1 minute", "retries": 9, "retry_seconds": 61}

    with running(Settings.model_validate({"sources": [source]}), work(lambda *_: tries.append(1)), turn) as scheduler:
        run_whole(scheduler, "one")
    assert len(tries) == 1


def test_a_run_is_given_up_after_its_retries(turn):
    tries = []
    source = {"type": "local", "name": "one", "schedule": "15 2 * * *", "retries": 1, "retry_seconds": 0.01}

    with running(Settings.model_validate({"sources": [source]}), work(lambda *_: tries.append(1)), turn) as scheduler:
        run_whole(scheduler, "one")
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


@pytest.mark.parametrize(("hour", "started"), [(2, {"half"}), (3, {"half", "nightly"}), (4, {"half"})])
def test_what_was_planned_within_the_hour_begins_with_the_turn(store, monkeypatch, hour, started):
    """Nobody ran it: the one that should have was killed."""
    now = datetime(2026, 11, 25, hour, 10, tzinfo=UTC)
    monkeypatch.setattr(schedule, "datetime", SimpleNamespace(now=lambda _: now))
    times = {"half": "*/30 * * * *", "nightly": "15 2 * * *", "exact": "10 * * * *"}
    sources = [{"type": "local", "name": name, "schedule": cron} for name, cron in times.items()]
    settings = Settings.model_validate({"sources": sources})
    scheduler = schedule.make(settings, work(), Turn(store, "this one"))
    moved = []
    monkeypatch.setattr(scheduler, "modify_job", lambda name, next_run_time: moved.append((name, next_run_time)))

    schedule.make_up(settings, scheduler)

    assert set(moved) == {(name, now) for name in started}


def test_an_interval_stays_at_its_times_after_a_run_that_was_made_up_for():
    trigger = schedule.trigger_of("every 6 hours")
    made_up = datetime(2026, 11, 25, 12, 59, 59, 995_000, tzinfo=UTC)

    for before in (made_up, datetime(2026, 11, 25, 12, tzinfo=UTC)):
        assert trigger.get_next_fire_time(before, made_up) == datetime(2026, 11, 25, 18, tzinfo=UTC)
    at = datetime(2026, 11, 25, 18, tzinfo=UTC)
    assert trigger.get_next_fire_time(None, at) == at


def test_what_was_missed_begins_once_with_each_turn_and_again_where_it_failed(store, monkeypatch):
    began, clock = queue.Queue(), [0.0]
    failing = iter([True])
    monkeypatch.setattr(turn_module, "now", lambda: clock[0])
    for name in ("ASK_SECONDS", "RENEW_SECONDS"):
        monkeypatch.setattr(turn_module, name, 0.01)
    asked = queue.Queue()
    hold = store.hold

    def held(*of):
        asked.put(1)
        return hold(*of)

    monkeypatch.setattr(store, "hold", held)

    def begins():
        began.put(1)
        if next(failing, False):
            raise RuntimeError("the scheduler has a fault")

    turn = Turn(store, "this one", begins)
    turn.start()
    assert began.get(timeout=30)  # which failed
    assert began.get(timeout=30)
    for _ in range(10):
        assert asked.get(timeout=30)
    assert began.empty()

    clock[0] += turn_module.LEASE.total_seconds()  # the graph was away for so long
    assert began.get(timeout=30)
    turn.stop()


def test_a_run_that_took_place_is_not_made_up_for_and_one_that_failed_is(tmp_path):
    city = Landscape(tmp_path)
    at = datetime(2026, 11, 25, 2, 15, tzinfo=UTC)
    source = load_source({"type": "local", "name": "one"})
    for status, done in (("failed", False), ("partial", True)):
        with closing(Outbox(tmp_path / "outbox.db", "one")) as outbox:
            outbox.begin(run_id("one", at), "local", 50)
            outbox.end(status, seen=1)
            outbox.drain(city.log)
        city.apply()
        assert took_place(city.store, source, at) is done
    assert not took_place(city.store, source, at + timedelta(days=1))
    city.close()


def test_a_run_is_tried_again_when_the_graph_cannot_tell_whether_it_took_place(turn):
    asked, ran = [], threading.Event()
    source = {"type": "local", "name": "one", "schedule": "15 2 * * *", "retry_seconds": 0.01}

    def done(*_):
        asked.append(1)
        if len(asked) == 1:
            raise StoreUnavailable("the graph is away")
        return False

    with running(
        Settings.model_validate({"sources": [source]}), work(lambda *_: ran.set() or True, done), turn
    ) as scheduler:
        at_once(scheduler, "one")
        assert ran.wait(30)
    assert len(asked) == 2


def test_the_lease_is_kept_until_the_runs_under_way_have_ended(tmp_path, monkeypatch):
    """Else another scheduler would begin the same run beside the one that still ends."""
    settings = load(
        None,
        data_dir=tmp_path,
        log=f"sqlite:///{tmp_path}/log.db",
        graph=f"sqlite:///{tmp_path}/turn.db",
        sources=[{"type": "local", "name": "one", "schedule": "every 1 minute"}],
    )
    began, free = threading.Event(), []

    began, ended, free = threading.Event(), threading.Event(), []
    shutdown = BackgroundScheduler.shutdown

    def run(*arguments):
        began.set()
        assert arguments[-1].wait(60)
        ended.set()
        return True

    def shut_down(scheduler):
        free.append(store.hold("schedule", "another", turn_module.LEASE))
        shutdown(scheduler)
        free.append(store.hold("schedule", "another", turn_module.LEASE))
        assert ended.is_set()

    monkeypatch.setattr(scheduling_module, "run_isolated", run)
    monkeypatch.setattr(BackgroundScheduler, "shutdown", shut_down)
    with closing(bootstrap.open_store(settings)) as store:
        with scheduling(settings, store):
            assert began.wait(90)
        assert free == [False, False]
        assert store.hold("schedule", "another", turn_module.LEASE)


def test_no_error_ends_the_asking_for_the_turn(store, monkeypatch):
    errors = iter([RuntimeError("the driver has a fault")])
    hold = store.hold

    def fails_once(*asked):
        for error in errors:
            raise error
        return hold(*asked)

    monkeypatch.setattr(store, "hold", fails_once)
    monkeypatch.setattr(turn_module, "ASK_SECONDS", 0.01)
    turn = Turn(store, "this one")
    turn.start()

    assert turn.wait(30)
    turn.stop()


def test_a_turn_that_was_not_begun_can_be_stopped(store):
    Turn(store, "never").stop()

    assert store.hold("schedule", "another", turn_module.LEASE)


def test_told_to_end_while_it_starts_the_schedule_lets_go_of_the_lease(store, monkeypatch, tmp_path):
    """SIGTERM may come between any two lines."""
    settings = load(None, data_dir=tmp_path, log=f"sqlite:///{tmp_path}/log.db", graph=f"sqlite:///{tmp_path}/turn.db")

    start = Turn.start

    def told(turn):
        start(turn)
        await_condition(lambda: bool(store.note(lease_note("schedule"))), seconds=30, what="the lease to be taken")
        raise SystemExit(0)

    monkeypatch.setattr(Turn, "start", told)
    with pytest.raises(SystemExit), scheduling(settings, store):
        pytest.fail("it was told to end before")

    assert store.hold("schedule", "the next", turn_module.LEASE)


def test_a_turn_that_cannot_be_renewed_ends_before_another_may_begin(store, monkeypatch):
    mine = Turn(store, "this one")
    mine.start()
    assert mine.wait(30)
    passed = turn_module.now() + turn_module.LEASE.total_seconds()

    monkeypatch.setattr(turn_module, "now", lambda: passed)

    assert not mine.mine()
    mine.stop()


@pytest.mark.parametrize(("name", "what"), [(schedule.UPKEEP, "upkeep"), (schedule.SENDING, "send")])
def test_upkeep_and_sending_begin_at_once_and_come_round_again_whatever_they_raise(settings, turn, name, what):
    asked = queue.Queue()

    def fails():
        asked.put(what)
        raise OSError("the log is away")

    with structlog.testing.capture_logs() as told, running(settings, work(**{what: fails}), turn) as scheduler:
        assert asked.get(timeout=30) == what
        at_once(scheduler, name)
        assert asked.get(timeout=30) == what
    assert {said["error"] for said in told if said["log_level"] == "error"} == {"OSError: the log is away"}


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
