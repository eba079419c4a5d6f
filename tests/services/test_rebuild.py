"""`rebuild`: the whole log once more, however slowly it comes, by nobody whose rules are older, and what is new too."""

import json
import sqlite3
import threading

import pytest

from events.deadletters import dead_letter
from events.log import RECORDS, StoredMessage, TopicPartition
from events.models import Section
from events.sqlite_log import SqliteLog
from graph.store import LEASE
from inventory.again import RULES_NOTE, RulesTooNew
from inventory.past import BEGINS
from services import bootstrap
from services.cli import service
from services.cli.output import Format
from tests.inventory.test_batch import observed
from tests.services.graphs import Landscape


class Hesitant(SqliteLog):
    """Gives nothing each second time, as a busy broker does."""

    hesitates, asked = False, 0

    def read(self, positions, *, timeout, max_bytes):
        self.asked += 1
        if self.hesitates and self.asked % 2:
            return []
        return super().read(positions, timeout=timeout, max_bytes=max_bytes)


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "one", Hesitant(tmp_path / "log.db", partitions=2))
    found.apply(*(observed(f"a/{n}", 10 + n, Section(name=f"srv{n}"), first=0) for n in range(20)))
    yield found
    found.close()


def rebuild(city, **more):
    with city.consumer(**more) as consumer:
        return consumer.rebuild(threading.Event())


def edit(city, *statements):
    """As a hand in the database would."""
    with sqlite3.connect(city.folder / "graph.db") as db:
        for statement in statements:
            db.execute(statement)


def test_a_log_that_hesitates_is_read_again_to_the_end(city):
    right = city.shown()
    edit(city, "DELETE FROM records")
    city.log.hesitates, city.log.asked = True, 0

    rebuild(city, max_bytes=500)
    assert city.shown() == right
    assert len(city.store.records([f"a/{n}" for n in range(20)])) == 20


def test_older_rules_rebuild_nothing_and_take_the_writing_from_nobody(city):
    edit(city, "UPDATE state SET value = '99' WHERE name = 'note rules'", "UPDATE nodes SET name = 'better'")
    with city.consumer() as other:
        city.store.acquire("another", LEASE)
        with pytest.raises(RulesTooNew, match="newer version of landkarte"):
            other.rebuild(threading.Event())

        assert city.store.status().writer == "another"
    assert city.store.note(RULES_NOTE) == "99"
    assert set(city.names()) == {"better"}


def test_a_rebuild_applies_what_was_not_applied_yet(city):
    city.say(observed("a/99", 99, Section(name="late"), first=0))
    right = city.names()

    assert rebuild(city) == 1
    assert city.names() == sorted([*right, "late"])


def test_a_rebuild_of_an_empty_graph_builds_it_with_its_past(city, tmp_path):
    new = Landscape(tmp_path / "new", SqliteLog(city.folder.parent / "log.db"))

    assert rebuild(new) == 20
    assert new.shown() == city.shown()
    assert new.store.note(BEGINS) == city.store.note(BEGINS) != ""
    new.close()


def test_dead_letters_of_a_log_that_hesitates_are_listed_to_the_last(city, monkeypatch, capsys):
    for offset in range(30):
        stored = StoredMessage(TopicPartition(RECORDS, 0), offset, b"k", (), b"nonsense" * 100)
        city.log.append([dead_letter(stored, "no event")])
    city.log.hesitates, city.log.asked = True, 0
    monkeypatch.setattr(bootstrap, "open_log", lambda _settings: city.log)
    monkeypatch.setattr(service, "READ_BYTES", 1000)
    monkeypatch.chdir(city.folder)

    service.list_dead(Format.JSON)
    assert len(json.loads(capsys.readouterr().out)) == 30
