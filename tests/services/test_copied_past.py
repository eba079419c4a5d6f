"""A copy of a log that was compacted says since when its past is exact: it has no gaps to show it."""

from datetime import datetime, timedelta

import pytest

from events.log import RECORDS, LogUnavailable
from events.models import Section
from events.sqlite_log import SqliteLog
from graph.sqlite_store import SqliteStore
from inventory.kept import BEGINS, BeforeThePast
from inventory.past import open_past
from services import copying
from services.copying import copy, exact_from
from services.replay import is_of_a_copy
from tests.events.conftest import read_all
from tests.inventory.test_batch import START, observed
from tests.services.graphs import Landscape, later

DAYS = 5
EXACT = START + timedelta(days=DAYS - 1)


def say(city, day):
    city.say(later(observed("a/1", 100 + day, Section(name=f"day {day}"), first=0), days=day))


@pytest.fixture
def old(tmp_path, monkeypatch):
    """One server with another name each day, of which compaction has left the last; and many that never change."""
    monkeypatch.setattr(copying, "BATCH_BYTES", 2000)
    city = Landscape(tmp_path / "old", SqliteLog(tmp_path / "log.db", partitions=2))
    city.say(*(later(observed(f"b/{n}", 10 + n, Section(name=f"b{n}"), first=0), days=0) for n in range(20)))
    for day in range(DAYS):
        say(city, day)
    city.log.compact()
    yield city
    city.close()


@pytest.fixture
def build(tmp_path):
    """The graph of a log, made by an inventory."""
    built = []

    def one(name, log):
        built.append(Landscape(tmp_path / name, log))
        built[-1].apply()
        return built[-1]

    yield one
    for city in built:
        city.close()


def begins(city):
    return datetime.fromisoformat(city.store.note(BEGINS))


def tellings(log):
    return [message for message in read_all(log, [RECORDS]) if is_of_a_copy(message)]


def names_at(city, moment, folder):
    scratch = SqliteStore(folder / f"{moment:%d}.db")
    try:
        return {node.name for node in open_past(city.store, scratch, moment).assets()}
    finally:
        scratch.close()


def test_a_graph_of_the_copy_tells_the_past_as_far_as_the_log_and_refuses_the_rest(tmp_path, old, build):
    new = SqliteLog(tmp_path / "new.db", partitions=2)
    assert copy(old.log, new, tmp_path).exact_from == EXACT

    city = build("new", new)
    assert begins(city) == EXACT
    assert "day 4" in names_at(city, EXACT, tmp_path)
    with pytest.raises(BeforeThePast, match="the journal begins at 2026-01-05 00:00 UTC"):
        names_at(city, START + timedelta(days=2), tmp_path)
    assert city.store.status().counts == {"Server": 21}
    assert sum(new.ends(["landkarte.deadletters"]).values()) == 0


def test_a_copy_of_a_copy_says_it_too(tmp_path, old, build):
    new, newer = (SqliteLog(tmp_path / f"{name}.db", partitions=2) for name in ("new", "newer"))
    copy(old.log, new, tmp_path)
    new.compact()

    assert copy(new, newer, tmp_path).exact_from == EXACT
    assert begins(build("newer", newer)) == EXACT
    new.close()


@pytest.mark.parametrize("batches", [1, 2, 3])
def test_a_copy_that_was_stopped_says_it_already_and_says_it_once(tmp_path, old, build, batches):
    new, copied = SqliteLog(tmp_path / "new.db", partitions=2), []

    def stop_after(count):
        copied.append(count)
        if len(copied) == batches:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(old.log, new, tmp_path, stop_after)
    assert exact_from(new) == EXACT
    assert copy(old.log, new, tmp_path).before == sum(copied)
    assert len(tellings(new)) == 1
    assert copy(old.log, new, tmp_path).before == len(read_all(old.log))
    assert begins(build("new", new)) == EXACT


class Failing(SqliteLog):
    """Loses its connection once something was stored."""

    fails = True

    def append(self, messages):
        super().append(messages)
        if self.fails:
            self.fails = False
            raise LogUnavailable("the cable was pulled")


def test_what_was_said_of_the_past_and_not_noted_is_taken_for_no_others(tmp_path, old, build):
    new = Failing(tmp_path / "new.db", partitions=2)
    with pytest.raises(LogUnavailable):
        copy(old.log, new, tmp_path)
    assert len(tellings(new)) == 1

    assert copy(old.log, new, tmp_path).before == 0
    copied = sorted(message.value for message in read_all(new) if not is_of_a_copy(message))
    assert copied == sorted(message.value for message in read_all(old.log))
    assert begins(build("new", new)) == EXACT


def test_a_graph_that_was_built_hears_of_what_was_lost_before_the_copy_went_on(tmp_path, old, build):
    new = SqliteLog(tmp_path / "new.db", partitions=2)
    copy(old.log, new, tmp_path)
    city = build("new", new)
    for day in (DAYS, DAYS + 1):
        say(old, day)
    old.log.compact()

    copy(old.log, new, tmp_path)
    city.apply()
    assert begins(city) == START + timedelta(days=DAYS + 1)
