"""What was silent for too long is taken back, while agents go on reporting; our own downtime is not their silence."""

import json
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from events.models import Draft
from services import bootstrap
from services.hearing import EPOCH, GAP, Hearing
from services.intake import Intake
from services.pushes import Push
from services.settings import load

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)


class Station:
    """An intake whose thread is not started: hours pass as they are told to."""

    def __init__(self, folder, retire_after="10 days"):
        place = f"sqlite:///{folder}"
        self.settings = load(
            None, log=f"{place}/log.db", graph=f"{place}/graph.db", data_dir=folder,
            sources=[{"type": "agents", "name": "fleet", "retire_after": retire_after, "max_shrink": 1}],
        )  # fmt: skip
        self.now = START
        self.log, self.store = bootstrap.open_log(self.settings), bootstrap.open_store(self.settings)
        self.open()

    def open(self):
        (source,) = self.settings.sources
        self.intake = Intake(self.settings, source, self.store, lambda *_: None, lambda: self.now)
        self.intake._keep_up()  # as its thread does first

    def hear(self, *keys):
        drafts = [Draft(native_key=key, kind="Server", sections={"core": {"name": key}}) for key in keys]
        self.intake.push(Push([(draft.native_key, draft) for draft in drafts]))
        self.apply()

    def up(self, time, *heard):
        """Hours pass, at the end of each of which `heard` report."""
        for _ in range(int(time / HOUR)):
            self.now += HOUR
            self.mark()
            if heard:
                self.hear(*heard)

    def mark(self):
        """A second passes as far as the service can tell: it comes round all the time."""
        self.intake._hearing._until = max(self.intake._hearing._until, self.now - GAP)
        self.intake._keep_up()

    def down(self, time):
        self.intake.stop()
        self.now += time
        self.open()

    def apply(self):
        self.intake._outbox.drain(self.log)
        consumer = bootstrap.make_consumer(self.settings, self.log, self.store, lambda *_: None)
        consumer.catch_up()
        consumer.release()

    def live(self):
        self.apply()
        return {node.name for node in self.store.assets()}

    def close(self):
        self.intake.stop()
        self.store.close()
        self.log.close()


@pytest.fixture
def station(tmp_path):
    found = Station(tmp_path)
    with closing(found):
        yield found


def test_who_is_silent_while_the_service_runs_is_taken_back(station):
    station.hear("pc-1", "pc-2")
    station.up(9 * DAY, "pc-2")
    assert station.live() == {"pc-1", "pc-2"}

    station.up(2 * DAY, "pc-2")
    assert station.live() == {"pc-2"}


def test_nobody_is_silent_while_the_service_is_down(station):
    station.hear("pc-1")
    station.up(2 * DAY)
    station.down(40 * DAY)
    station.up(7 * DAY)
    assert station.live() == {"pc-1"}  # 2 and 7 of the 10 days

    station.up(2 * DAY)
    assert station.live() == set()


def test_restarts_do_not_begin_the_count_anew(station):
    station.hear("pc-1")
    for _ in range(12):
        station.up(DAY)
        station.down(timedelta(minutes=30))
    assert station.live() == set()


def test_nobody_is_silent_while_the_service_can_accept_nothing(station):
    """Its thread waits for the outbox or the log, and does not come round."""
    station.hear("pc-1")
    station.now += 40 * DAY
    station.intake._keep_up()
    station.up(9 * DAY)
    assert station.live() == {"pc-1"}

    station.up(2 * DAY)
    assert station.live() == set()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"until": 5, "pauses": []}', '{"until": "x", "pauses": []}', None])
def test_without_a_readable_note_silence_counts_from_now_on(station, text):
    station.hear("pc-1")
    station.up(9 * DAY)
    station.intake.stop()
    path = bootstrap.outbox_folder(station.settings) / "fleet.heard"
    path.unlink() if text is None else path.write_text(text)
    station.open()
    station.up(9 * DAY)
    assert station.live() == {"pc-1"}

    station.up(2 * DAY)
    assert station.live() == set()


def test_what_spoke_while_it_was_looked_for_is_not_taken_back_and_did_not_wait(station, monkeypatch):
    """The log is being read for so long; an agent that reports meanwhile has its answer."""
    station.hear("pc-1", "pc-2")
    unseen, said = station.store.unseen, []

    def slowly(source, before, limit):
        found = unseen(source, before, limit)
        if limit > 1 and not said:
            agent = threading.Thread(target=lambda: said.append(station.intake.push(push_of("pc-1"))))
            agent.start()
            agent.join(20)
            assert said
        return found

    monkeypatch.setattr(station.store, "unseen", slowly)
    station.up(11 * DAY)

    assert len(said) == 1
    assert station.live() == {"pc-1"}


def push_of(key):
    return Push([(key, Draft(native_key=key, kind="Server", sections={"core": {"name": key}}))])


def test_an_agent_does_not_wait_for_all_that_is_withdrawn(station, monkeypatch):
    station.hear(*(f"pc-{number}" for number in range(300)))
    outbox, begun, done, before = station.intake._outbox, threading.Event(), [], []
    withdraw = outbox.withdraw

    def noting(key, reason):
        withdraw(key, reason)
        done.append(key)
        begun.set()

    def report():
        begun.wait(60)
        station.intake.push(push_of("new"))
        before.append(len(done))

    monkeypatch.setattr(outbox, "withdraw", noting)
    agent = threading.Thread(target=report)
    agent.start()
    station.up(11 * DAY)
    agent.join(60)

    assert len(done) == 300
    assert before[0] < 150
    assert station.live() == {"new"}


def test_a_pause_moves_the_moment_back_by_its_length(tmp_path):
    hearing = Hearing(tmp_path / "note")
    hearing.heard(START)
    hearing._pauses.clear()
    for hours in (1, 30, 31):  # up to 1, down to 10, up to 30
        now = START + hours * HOUR
        if hours > 1:
            hearing._until = now - (9 * HOUR if hours == 30 else 0 * HOUR)
        else:
            hearing._until = now
        hearing.heard(now)

    assert hearing.count_back(START + 30.5 * HOUR) == START + 30.5 * HOUR
    assert hearing.count_back(START + 30 * HOUR) == START + 30 * HOUR
    assert hearing.count_back(START + 29 * HOUR) == START + 20 * HOUR
    assert hearing.count_back(START + 22 * HOUR) == START + 13 * HOUR


def test_never_heard_before_is_long_ago(tmp_path):
    hearing = Hearing(tmp_path / "note")
    hearing.heard(START)
    assert hearing.count_back(START - DAY) == EPOCH


def test_the_note_stays_small_though_the_service_starts_again_and_again(tmp_path):
    path, now = tmp_path / "note", START
    for _ in range(500):
        hearing = Hearing(path)
        for minutes in (10, 4, 4, 4):
            now += timedelta(minutes=minutes)
            hearing.heard(now)
        hearing.save()

    assert len(json.loads(path.read_text())["pauses"]) == 1
