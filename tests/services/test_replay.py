"""How far back a graph that is built from a log tells the past, whatever interrupts the building."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from events.codec import encode
from events.log import RUNS, Message
from events.models import Section
from events.sqlite_log import SqliteLog
from inventory.kept import BEGINS
from services.consumer import BUILDING
from services.copying import exact_from
from tests.inventory.test_batch import START, marker, observed
from tests.services.graphs import Landscape, later

RECORDS = 12


class Interrupted(SqliteLog):
    """Tells the one who reads to stop after each time."""

    stop = None

    def read(self, positions, *, timeout, max_bytes):
        found = super().read(positions, timeout=timeout, max_bytes=max_bytes)
        if self.stop is not None:
            self.stop.set()
        return found


@pytest.fixture
def old(tmp_path):
    """A log in which each record is said on the first day, and once more on a later one."""
    log = SqliteLog(tmp_path / "log.db", partitions=2)
    city = Landscape(tmp_path / "old", log)
    city.say(*(later(observed(f"a/{n}", 10 + n, Section(name="x"), first=0), days=0) for n in range(RECORDS)))
    for n in range(RECORDS):
        city.say(later(observed(f"a/{n}", 100 + n, Section(name="y"), first=0), days=n + 1))
    yield city
    city.close()


def begins(city):
    return datetime.fromisoformat(city.store.note(BEGINS))


def build(folder, path, *, restarting=False):
    """Since when the past is told by a graph of that log; `restarting`: built by a process that dies all the time."""
    city = Landscape(folder, Interrupted(path))
    ends, processes = sum(city.log.ends(["landkarte.records"]).values()), 0
    while restarting and sum(city.store.positions(city.log.identity).values()) < ends:
        city.log.stop, processes = threading.Event(), processes + 1
        with city.consumer(max_bytes=600) as consumer:
            consumer.catch_up(city.log.stop)
    city.log.stop = None
    city.apply()
    assert processes > 3 or not restarting
    found = begins(city)
    city.close()
    return found


def test_a_restart_while_building_from_a_compacted_log_claims_no_past_that_is_gone(tmp_path, old):
    old.log.compact()
    path = tmp_path / "log.db"

    undisturbed = build(tmp_path / "one", path)
    assert undisturbed == START + timedelta(days=RECORDS)
    assert build(tmp_path / "two", path, restarting=True) == undisturbed


@pytest.mark.usefixtures("old")
def test_a_restart_while_building_from_a_whole_log_costs_none_of_the_past(tmp_path):
    assert build(tmp_path / "one", tmp_path / "log.db", restarting=True) == START


def without_time(event):
    """The message of an event whose time nobody can read."""
    message = encode(event.event)
    headers = tuple((name, b"no time" if name == "ce_time" else value) for name, value in message.headers)
    return replace(message, headers=headers)


def test_a_message_without_a_readable_time_says_nothing_of_the_past(tmp_path):
    city = Landscape(tmp_path / "one", SqliteLog(tmp_path / "log.db", partitions=1))
    city.log.append([without_time(observed("a/1", 9, Section(name="x")))])
    city.apply()
    assert city.store.note(BEGINS) == ""

    city.apply(later(observed("a/1", 10, Section(name="x"), first=0), days=3))
    assert begins(city) == START + timedelta(days=3)
    city.close()


def test_a_marker_without_a_readable_time_behind_a_gap_does_not_count(tmp_path):
    log = SqliteLog(tmp_path / "log.db", partitions=1)
    log.append([encode(marker("a", 0, 11).event), without_time(marker("a", 0, 12))])
    log.compact()

    assert exact_from(log) is None
    log.close()


def test_an_inventory_that_waited_for_the_first_event_tells_the_past_from_there(tmp_path):
    city = Landscape(tmp_path / "one")
    with city.consumer() as consumer:
        assert consumer.catch_up() == 0
        city.say(later(observed("a/1", 10, Section(name="x"), first=0), days=3))
        assert consumer.catch_up() == 1

    assert begins(city) == START + timedelta(days=3)
    city.close()


class Expired(SqliteLog):
    """Retention has taken all that stood in the topic of reports."""

    def read(self, positions, *, timeout, max_bytes):
        left = {at: position for at, position in positions.items() if at.topic != RUNS}
        return super().read(left, timeout=timeout, max_bytes=max_bytes)


def test_a_topic_that_has_expired_altogether_keeps_nobody_from_catching_up(tmp_path, monkeypatch):
    monkeypatch.setattr("events.log.SILENT_SECONDS", 0.01)
    city = Landscape(tmp_path / "one", Expired(tmp_path / "log.db", partitions=2))
    city.log.append([Message(RUNS, b"run", (), b"{}", 0)])

    assert city.apply(observed("a/1", 10, Section(name="x"), first=0)) == 1
    assert city.names() == ["x"]
    assert city.store.note(BUILDING) == ""
    city.close()
