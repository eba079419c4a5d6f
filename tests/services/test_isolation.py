"""A scheduled run has a process of its own: whatever becomes of it, its report tells, and nobody else is harmed."""

import subprocess
import sys
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import psutil
import pytest
import structlog.testing

from events.codec import decode
from events.log import RECORDS, RUNS
from events.outbox_errors import OutboxBusy
from services import bootstrap
from services.api.metrics import render
from services.api.state import State
from services.isolation import collect_in_worker, run_isolated
from services.sending import Sender
from services.settings import load
from tests.events.conftest import read_all
from tests.servers.process import await_condition, free_port
from tests.services.conftest import COMMAND
from tests.services.third_party import third_party

__all__ = ["third_party"]
SCHEDULER = """
import json, sys, threading
from datetime import UTC, datetime
from services.isolation import collect_in_worker
from services.settings import Settings
settings = Settings(**json.load(sys.stdin))
collect_in_worker(settings, settings.sources[0], datetime.now(UTC), threading.Event())
"""
"""A scheduler that can be killed."""
PLANNED = datetime(2026, 11, 25, 2, 15, tzinfo=UTC)


@pytest.fixture
def city(tmp_path, third_party):
    assert third_party.is_dir()
    return City(tmp_path)


class City:
    def __init__(self, folder):
        self.folder, self.stop = folder, threading.Event()

    def settings(self, *sources):
        place = f"sqlite:///{self.folder}"
        return load(None, log=f"{place}/log.db", graph=f"{place}/graph.db", data_dir=self.folder, sources=list(sources))

    def run(self, kind, **source):
        found = self.settings({"type": kind, "name": kind, **source})
        with closing(bootstrap.open_store(found)) as store:
            return run_isolated(found, store, found.sources[0], PLANNED, Sender(found, self.stop), self.stop)

    def waits(self, reason, _seconds):
        pytest.fail(f"it waits: {reason}")

    def reports(self):
        return sorted(self.said(RUNS), key=lambda report: report.sequence)

    def said(self, topic):
        with closing(bootstrap.open_log(self.settings())) as log:
            return [decode(message) for message in read_all(log, [topic])]


def test_a_run_collects_and_sends_and_names_the_time_it_was_planned_for(city):
    assert city.run("fine")

    (report,) = city.reports()
    assert (report.run, report.status, report.emitted) == ("fine@2026-11-25T02:15:00.000000+00:00", "complete", 1)
    assert {event.native_key for event in city.said(RECORDS) if hasattr(event, "native_key")} == {"1"}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("crash", "ended by SIGSEGV"),
        ("leave", "exit code 0"),
        ("eat", "more memory than memory_mib"),
        ("fault", "KeyError in landkarte_odd.py"),
        ("gone", "nobody answers"),
    ],
)
def test_a_run_that_fails_is_reported_and_the_next_source_runs(city, kind, reason):
    assert not city.run(kind, memory_mib=400)
    assert city.run("fine")

    failed, good = city.reports()
    assert (failed.source, failed.status, good.status) == (kind, "failed", "complete")
    assert reason in failed.problems[0].reason
    assert failed.run == f"{kind}@2026-11-25T02:15:00.000000+00:00"
    assert "geheim" not in failed.problems[0].reason


def test_metrics_tell_of_the_last_run_and_of_the_last_good_one(city):
    city.run("fine")
    city.run("gone")
    apply(city)
    found = city.settings({"type": "gone", "name": "gone"}, {"type": "fine", "name": "never"})

    with closing(bootstrap.open_log(found)) as log, closing(bootstrap.open_store(found)) as store:
        figures = dict(line.rsplit(" ", 1) for line in render(State(found, log, store)).decode().splitlines())
        (last, _) = store.runs()

    assert figures['landkarte_source_failed{source="fine"}'] == "0.0"
    assert figures['landkarte_source_failed{source="gone"}'] == "1.0"
    assert float(figures['landkarte_source_run_duration_seconds{source="gone"}']) == pytest.approx(
        (last.ended - last.started).total_seconds()
    )
    assert 'landkarte_source_last_success_seconds{source="fine"}' in figures
    assert not [name for name in figures if name.startswith("landkarte_source_last_success") and "gone" in name]
    assert not [name for name in figures if "never" in name]


def test_a_run_that_takes_too_long_is_ended_with_all_that_it_started(city):
    mark = str(city.folder / "started")

    assert not city.run("loop", mark=mark, timeout_seconds=5)

    (report,) = city.reports()
    assert report.problems[0].reason == "ended: it collected for longer than timeout_seconds = 5"
    assert not started_with(mark)


def test_a_run_under_way_is_ended_and_reported_when_the_schedule_stops(city):
    mark = city.folder / "started"
    done = []
    running = threading.Thread(target=lambda: done.append(city.run("loop", mark=str(mark))))
    running.start()
    while not mark.exists():
        assert running.is_alive()
        city.stop.wait(0.05)

    city.stop.set()
    running.join(60)

    assert done == [False]
    found = city.settings()
    with closing(bootstrap.open_outbox(found, "loop")) as outbox, closing(bootstrap.open_log(found)) as log:
        outbox.drain(log)
    assert "the schedule was stopped" in city.reports()[0].problems[0].reason


@pytest.mark.parametrize(
    ("kind", "source", "reason"),
    [
        ("missing", {}, "type 'missing' of landkarte-odd cannot be loaded"),
        ("fine", {"persons": "hash"}, "person_key: fine keeps hashes"),
    ],
)
def test_a_source_that_cannot_be_collected_at_all_is_reported(city, kind, source, reason):
    assert not city.run(kind, **source)

    (report,) = city.reports()
    assert (report.source, report.status, report.collector) == (kind, "failed", kind)
    assert reason in report.problems[0].reason


def test_a_worker_whose_scheduler_was_killed_ends_with_all_that_it_started(city):
    mark = city.folder / "started"
    found = city.settings({"type": "loop", "name": "loop", "mark": str(mark)})
    told = found.model_dump_json(include={"log", "graph", "data_dir", "sources"})
    with subprocess.Popen([sys.executable, "-c", SCHEDULER], stdin=subprocess.PIPE, text=True) as scheduler:
        scheduler.stdin.write(told)
        scheduler.stdin.close()
        await_condition(lambda: started_with(str(mark)), seconds=60, what="the collector to start something")
        (worker,) = psutil.Process(scheduler.pid).children()

        scheduler.kill()

    try:
        await_condition(lambda: gone(worker) and not started_with(str(mark)), seconds=60, what="all of them to end")
    finally:
        for left in [worker, *started_with(str(mark))]:
            with suppress(psutil.NoSuchProcess):
                left.kill()


@pytest.mark.parametrize("arguments", [["schedule"], ["serve", "--port", "PORT"]], ids=["schedule", "serve"])
def test_a_scheduler_that_is_told_to_end_stops_its_schedule_and_lets_go_of_the_lease(city, arguments):
    (city.folder / "landkarte.toml").write_text(
        'log = "sqlite:///log.db"\ngraph = "sqlite:///graph.db"\ndata_dir = "."\n'
    )
    command = [COMMAND, *(str(free_port()) if word == "PORT" else word for word in arguments)]
    said = city.folder / "said"
    with said.open("wb") as file, subprocess.Popen(command, cwd=city.folder, stderr=file) as process:
        try:
            await_condition(lambda: "the schedule runs here" in said.read_text(), seconds=60, what="its turn")
        finally:
            process.terminate()

    assert process.returncode == 0
    with closing(bootstrap.open_store(city.settings())) as store:
        assert store.hold("schedule", "the next", timedelta(seconds=60))  # at once, and not when the lease has ended


def test_a_schedule_that_begins_makes_up_for_what_was_planned_within_the_hour(city):
    planned = (datetime.now(UTC) - timedelta(minutes=2)).replace(second=0, microsecond=0)
    (city.folder / "landkarte.toml").write_text(
        'log = "sqlite:///log.db"\ngraph = "sqlite:///graph.db"\ndata_dir = "."\n'
        f'[[sources]]\ntype = "fine"\nname = "fine"\nschedule = "{planned.minute} {planned.hour} * * *"\n'
    )
    with subprocess.Popen([COMMAND, "schedule"], cwd=city.folder) as process:
        try:
            await_condition(city.reports, seconds=60, what="the run")
        finally:
            process.terminate()

    assert [report.run for report in city.reports()] == [f"fine@{planned.isoformat(timespec='microseconds')}"]


def test_a_run_that_cannot_tell_whether_it_saw_all_is_not_complete(city):
    assert city.run("part")
    assert [(report.status, report.failed) for report in city.reports()] == [("partial", 0)]


def test_what_a_collector_prints_harms_no_report(city):
    assert city.run("chatty")
    assert city.reports()[0].status == "complete"


def test_a_source_that_is_collected_by_hand_is_left_alone(city):
    with closing(bootstrap.open_outbox(city.settings(), "fine")), pytest.raises(OutboxBusy, match="is being collected"):
        city.run("fine")


def test_what_another_computer_has_collected_since_is_said_again(city, tmp_path):
    """Its outbox does not know what was said elsewhere, so that a confirmation might confirm what is not there."""
    city.run("fine")
    elsewhere = City(tmp_path / "elsewhere")
    elsewhere.settings = lambda *sources: city.settings(*sources).model_copy(update={"data_dir": tmp_path / "other"})
    apply(city)
    elsewhere.run("fine")
    apply(city)

    city.run("fine")

    kinds = [type(event).__name__ for event in city.said(RECORDS)]
    assert kinds.count("RecordObserved") == 3
    assert kinds.count("RecordConfirmed") == 0
    apply(city)
    city.run("fine")
    kinds = [type(event).__name__ for event in city.said(RECORDS)]
    assert kinds.count("RecordConfirmed") == 1


def test_what_another_computer_saw_in_its_last_complete_run_holds_one_here_that_shrank(city, tmp_path):
    """Each outbox knows of its own runs alone: the first one after a take-over has to be compared too (law 4)."""
    elsewhere = City(tmp_path / "elsewhere")
    elsewhere.settings = lambda *sources: city.settings(*sources).model_copy(update={"data_dir": tmp_path / "other"})
    elsewhere.run("some", hosts=[f"srv-{number}" for number in range(30)])
    apply(city)

    city.run("some", hosts=["srv-0", "srv-1"])

    assert [report.status for report in city.reports()] == ["complete", "held"]


def test_while_the_log_is_away_a_source_is_collected_and_sent_when_it_is_back(city, kafka_away):
    with structlog.testing.capture_logs() as told:
        assert kafka_away.run("some", hosts=["0"])
        assert kafka_away.run("some", hosts=["0", "1"])  # and the next run need not wait either
    assert [said["event"] for said in told if said["log_level"] == "warning"] == ["events wait in the outbox"] * 2

    Sender(city.settings(), city.stop).send()

    assert [report.status for report in city.reports()] == ["complete", "complete"]
    records = [event for event in city.said(RECORDS) if hasattr(event, "native_key")]
    assert sorted((event.native_key, type(event).__name__) for event in records) == [
        ("0", "RecordConfirmed"),  # all is said again once in an outage, and not with each of its runs
        ("0", "RecordObserved"),
        ("1", "RecordObserved"),
    ]
    with closing(bootstrap.open_outbox(city.settings(), "some")) as outbox:
        assert outbox.depth() == 0


def test_what_waits_for_a_log_that_is_away_waits_on(kafka_away):
    kafka_away.run("some", hosts=["0"])
    sender = Sender(kafka_away.settings(), kafka_away.stop)

    sender.send()
    sender.send()

    with closing(bootstrap.open_outbox(kafka_away.settings(), "some")) as outbox:
        assert outbox.depth() == 3


def test_an_outbox_that_cannot_be_used_ends_a_worker_with_its_reason_and_no_traceback(city, capfd):
    found = city.settings({"type": "fine", "name": "fine"})

    with closing(bootstrap.open_outbox(found, "fine")):
        ended = collect_in_worker(found, found.sources[0], PLANNED, city.stop)

    assert (ended.report, "exit code 4" in ended.why) == (None, True)
    said = capfd.readouterr().err
    assert "fine is being collected by" in said
    assert "Traceback" not in said


@pytest.fixture
def kafka_away(city):
    """The same city, whose log does not answer."""
    found = City(city.folder)
    found.settings = lambda *sources: city.settings(*sources).model_copy(update={"log": "kafka://127.0.0.1:1"})
    return found


def apply(city):
    found = city.settings()
    with closing(bootstrap.open_log(found)) as log, closing(bootstrap.open_store(found)) as store:
        consumer = bootstrap.make_consumer(found, log, store, city.waits)
        consumer.catch_up()
        consumer.release()


def started_with(mark):
    return [process for process in psutil.process_iter() if mark in " ".join(arguments(process))]


def gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def arguments(process):
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []
