"""`rebuild`: the whole log once more, however slowly it comes, by nobody whose rules are older, and what is new too."""

import json
import sqlite3
import threading

import pytest

from events.deadletters import dead_letter
from events.log import RECORDS, StoredMessage, TopicPartition
from events.models import Identifier, Reference, Relation, Section
from events.sqlite_log import SqliteLog
from graph.store import LEASE
from inventory import again
from inventory.again import RULES_NOTE, RulesTooNew
from inventory.kept import BEGINS
from services import bootstrap
from services.cli import service
from services.cli.output import Format
from tests.inventory.test_batch import observed, withdrawn
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


@pytest.fixture
def related(tmp_path):
    """Three servers; the first depends on the second, and on one that nobody has seen."""
    needs = [Relation(type="DEPENDS_ON", to=Reference(scheme="hostname", value=name, kind="Server")) for name in "bx"]
    found = Landscape(tmp_path / "related")
    for name, relations in (("a", needs), ("b", ()), ("c", ())):
        names = (Identifier(scheme="fqdn", value=f"{name}.example.org"), Identifier(scheme="hostname", value=name))
        content = Section(name=name, identifiers=names, relations=tuple(relations))
        found.apply(observed(f"g/{name}", 10 + ord(name), content, first=0))
    yield found
    found.close()


def draw(city, source, target, claims):
    """A relationship as a hand would draw it into the file."""
    ids = {found.name: found.id for found in city.store.assets(kinds=("Server", "Endpoint"))}
    row = (ids[source], "DEPENDS_ON", ids[target], "{}", json.dumps(claims), "2026-01-01T00:00:00.000000+00:00")
    with sqlite3.connect(city.folder / "graph.db") as db:
        db.execute("INSERT OR REPLACE INTO edges VALUES (?, ?, ?, ?, ?, ?)", row)


@pytest.mark.parametrize("claims", [{}, {"g/c": {}}, {"nobody/1": {}}], ids=["nobody's", "a record's", "a stranger's"])
@pytest.mark.parametrize("ends", ["ca", "bc", "cx", "xc"])
def test_a_rebuild_erases_relationships_that_nobody_claims(related, monkeypatch, claims, ends):
    monkeypatch.setattr(again, "EDGES", 1)
    right, journal = related.shown(), related.store.status().journal
    draw(related, *ends, claims)
    assert related.shown() != right

    assert rebuild(related) == 1
    assert related.shown() == right
    (entry,) = related.store.changes(after=journal)
    assert entry.event_ids == (again.CAUSE,)
    assert rebuild(related) == 0


def test_a_rebuild_leaves_a_relationship_to_those_who_claim_it(related):
    right = related.shown()
    draw(related, "a", "b", {"g/a": {}, "g/c": {}})
    assert related.shown() != right

    assert rebuild(related) == 1
    assert related.shown() == right


def test_a_rebuild_erases_what_leads_to_a_retired_asset(related):
    related.apply(withdrawn("g/c", 999))
    right = related.shown()
    (gone,) = [node for node in related.store.assets(retired=True) if node.retired_at]
    with sqlite3.connect(related.folder / "graph.db") as db:
        db.execute("INSERT INTO edges SELECT source_id, type, ?, '{}', '{}', since FROM edges LIMIT 1", (gone.id,))

    assert rebuild(related) == 1
    assert related.shown() == right


def test_a_rebuild_removes_an_endpoint_to_which_nothing_leads(related):
    right = related.shown()
    edit(related, "INSERT INTO nodes SELECT 'stray', kind, 'y', 'y', properties, sources, first_seen, retired_at, "
                  "rules, claims, since, conflicts FROM nodes WHERE kind = 'Endpoint'")  # fmt: skip
    draw(related, "b", "y", {})

    assert rebuild(related) == 2
    assert related.shown() == right
    assert related.store.node("stray") is None


def test_a_rebuild_counts_holders_and_referrers_anew(related):
    edit(related, "UPDATE identifiers SET holders = 7, referrers = 9", "DELETE FROM identifiers WHERE key = '|host|a'")
    counted = "SELECT key, holders, referrers FROM identifiers"

    rebuild(related)
    with sqlite3.connect(related.folder / "graph.db") as db:
        found = {key: (holders, referrers) for key, holders, referrers in db.execute(counted)}
    assert {name: found[f"|host|{name}"] for name in "abcx"} == {"a": (1, 0), "b": (1, 1), "c": (1, 0), "x": (0, 1)}


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
