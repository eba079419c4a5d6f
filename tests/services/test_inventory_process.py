"""The inventory's process: rebuild, rules, the journal of a log that is read again, changes for others, retention."""

import sqlite3
import threading
from datetime import timedelta

import pytest

from events.codec import decode
from events.log import CHANGES
from events.models import Identifier, Section
from events.sqlite_log import SqliteLog
from graph.sqlite_store import SqliteStore
from inventory.again import RULES_NOTE, RulesTooNew
from inventory.kept import BEGINS, BeforeThePast
from inventory.merge import RULES
from inventory.past import open_past
from services import retention
from services.answers import end_of
from tests.inventory.feeding import program, said, system, to
from tests.inventory.test_batch import PARTITIONS, START, marker, observed, withdrawn
from tests.services.graphs import Landscape, later


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "one")
    yield found
    found.close()


def some_days():
    """What two sources said on four days: two servers and an application, one is renamed, one withdrawn, one merged."""
    serial = Identifier(scheme="serial", value="Dell\tS1")
    return [
        later(said("a", "Server", "srv1", system("Debian GNU/Linux 11"), program("bash", "5.1"), at=10), days=0),
        later(said("b", "Application", "wohngeld", to("RUNS_ON", "Server", "srv1"), at=11), days=0),
        later(observed("a/1", 12, Section(name="x", identifiers=(serial,))), days=1),
        later(said("a", "Server", "srv1", system("Debian GNU/Linux 12"), at=13), days=1, hours=3),
        later(observed("b/1", 14, Section(name="y", identifiers=(serial,))), days=2),
        later(withdrawn("a/1", 15), days=3),
    ]


def test_a_rebuild_puts_right_what_something_else_changed(city):
    city.apply(*some_days())
    right, at = city.shown(), city.store.positions(city.log.identity)
    with sqlite3.connect(city.folder / "graph.db") as db:
        db.execute("DELETE FROM edges")
        db.execute("UPDATE nodes SET properties = '{\"memory_mib\": 3}'")
        db.execute("DELETE FROM records WHERE source = 'b'")
    assert city.shown() != right

    with city.consumer() as consumer:
        assert consumer.rebuild(_never()) > 0
    assert city.shown() == right
    assert city.store.positions(city.log.identity) == at


def test_a_rebuild_of_a_right_graph_changes_nothing(city):
    city.apply(*some_days())

    with city.consumer() as consumer:
        assert consumer.rebuild(_never()) == 0


def test_a_rebuild_removes_what_nobody_ever_described(city):
    city.apply(*some_days())
    with sqlite3.connect(city.folder / "graph.db") as db:
        db.execute("INSERT INTO nodes SELECT 'stray', kind, 'stray', 'stray', properties, sources, first_seen, NULL, "
                   "rules, claims, since, conflicts FROM nodes WHERE name = 'srv1'")  # fmt: skip

    with city.consumer() as consumer:
        assert consumer.rebuild(_never()) == 1
    assert city.store.node("stray") is None


def test_older_rules_are_replaced_record_by_record(city):
    city.apply(*some_days())
    right = city.shown()
    with sqlite3.connect(city.folder / "graph.db") as db:  # as an older version would have left it
        db.execute("UPDATE nodes SET name = upper(name), rules = 1")
        db.execute("UPDATE state SET value = '1' WHERE name = 'note rules'")

    city.apply()
    assert city.shown() == right
    assert city.store.note(RULES_NOTE) == str(RULES)


def test_a_graph_of_newer_rules_is_not_written(city):
    city.apply(*some_days()[:2])
    with sqlite3.connect(city.folder / "graph.db") as db:
        db.execute("UPDATE state SET value = '99' WHERE name = 'note rules'")
    before = city.shown()

    with pytest.raises(RulesTooNew, match="newer version of landkarte"):
        city.apply(*some_days()[2:])
    assert city.shown() == before


def test_a_graph_built_from_the_whole_log_tells_the_same_past(city, tmp_path):
    for event in some_days():
        city.apply(event)
    other = Landscape(tmp_path / "two", log=SqliteLog(city.folder / "log.db"))
    other.apply()

    for day in range(4):
        moment = end_of(START + timedelta(days=day))
        assert past(other, moment, tmp_path / f"b{day}") == past(city, moment, tmp_path / f"a{day}")
    other.close()


def test_a_compacted_log_says_how_far_its_past_reaches(city, tmp_path):
    for event in some_days():
        city.apply(event)
    city.log.compact()
    other = Landscape(tmp_path / "two", log=SqliteLog(city.folder / "log.db"))
    other.apply()

    gone = end_of(START)  # the first day's word of srv1 was replaced on the second, and compacted away
    with pytest.raises(BeforeThePast, match="begins at 2026-01-02 03:00"):
        past(other, gone, tmp_path / "gone")
    for day in (1, 2, 3):
        moment = end_of(START + timedelta(days=day))
        assert past(other, moment, tmp_path / f"b{day}") == past(city, moment, tmp_path / f"a{day}")
    other.close()


def test_a_day_before_the_first_event_is_refused(city, tmp_path):
    city.apply(*some_days())

    with pytest.raises(BeforeThePast, match="begins at 2026-01-01 00:00"):
        past(city, START - timedelta(days=1), tmp_path / "x")


def test_the_journal_is_kept_as_long_as_configured(city, tmp_path):
    now = START + timedelta(days=3)
    for event in some_days():
        city.apply(event)
    after = city.store.change_at(now - timedelta(days=2))
    clock = iter([now, *[now + timedelta(hours=2)] * 1000])

    city.apply(journal_days=2, clock=lambda: next(clock))
    assert city.store.changes()[0].number == after + 1
    with pytest.raises(BeforeThePast):
        past(city, end_of(START), tmp_path / "x")
    assert past(city, now, tmp_path / "y") == city.shown()


def test_what_is_dropped_leaves_no_claim_to_a_past_that_the_log_had_lost():
    now, exact = START + timedelta(days=9), START + timedelta(days=8)

    class Built:
        """A graph from a log that compaction has left exact since yesterday."""

        def change_at(self, moment):
            return 7 if moment > START else 0

        def note(self, name):
            return exact.isoformat() if name == BEGINS else ""

    assert retention.drop(Built(), 5, now) == (8, {BEGINS: exact.isoformat()})
    assert retention.drop(Built(), 0.5, now) == (8, {BEGINS: (now - timedelta(days=0.5)).isoformat()})
    assert retention.drop(Built(), 30, now) == (0, {})


def test_changes_are_published_once_each_in_order(city):
    events = some_days()
    city.apply(*events[:3])
    city.apply(*events[3:])  # another process

    entries = city.store.changes()
    told = [decode(message) for message in published(city.log)]
    assert [event.sequence for event in told] == [entry.number for entry in entries]
    assert [(event.asset_id, event.what, event.event_ids) for event in told] == [
        (entry.asset_id, entry.what, entry.event_ids) for entry in entries
    ]


def test_changes_are_published_only_where_wanted(city):
    city.apply(*some_days(), publish=False)

    assert published(city.log) == []


def test_a_merge_a_split_and_a_merge_again_leave_one_asset_with_its_first_id(city):
    serial = (Identifier(scheme="serial", value="Dell\tS1"),)
    city.apply(observed("a/1", 10, Section(name="x", identifiers=serial)))
    city.apply(observed("b/1", 11, Section(name="y")))
    first, second = (city.store.assets(text=name)[0].id for name in "xy")
    for sequence, names in ((12, serial), (13, ()), (14, serial)):
        city.apply(observed("b/1", sequence, Section(name="y", identifiers=names)))

    (only,) = city.store.assets()
    assert only.id == first
    assert city.store.node(second).id == first
    assert [change.what for change in city.store.changes(asset_ids=[second])] == [
        "created", "continued", "created", "continued",
    ]  # fmt: skip


def test_a_retired_asset_that_comes_back_has_its_history(city):
    city.apply(observed("a/1", 10, Section(name="x")))
    (asset,) = city.store.assets()
    city.apply(*(marker("a", number, 11) for number in range(PARTITIONS)))
    assert city.store.assets() == []

    city.apply(observed("a/1", 12, Section(name="x")))
    assert [node.id for node in city.store.assets()] == [asset.id]
    assert [change.what for change in city.store.changes(asset_ids=[asset.id])] == ["created", "retired", "returned"]


def past(city, moment, folder):
    folder.mkdir()
    scratch = SqliteStore(folder / "past.db")
    try:
        return city.shown(open_past(city.store, scratch, moment))
    finally:
        scratch.close()


def published(log):
    (at,) = [at for at in log.ends([CHANGES]) if at.partition == 0]
    return log.read({at: 0}, timeout=0, max_bytes=1 << 24)


def _never():
    return threading.Event()


def test_what_is_said_again_counts_though_its_content_is_not_read_again(city):
    """The rank changes and the content does not; then it changes and changes back within one batch."""
    first, other = Section(name="x", properties={"memory_mib": 8}), Section(name="y", properties={"memory_mib": 9})
    names = {"identifiers": (Identifier(scheme="serial", value="Dell\tS1"),)}
    first, other = first.model_copy(update=names), other.model_copy(update=names)
    city.apply(observed("a/1", 10, first, rank=40), observed("b/1", 11, other, rank=50))
    assert city.names() == ["y"]

    city.apply(observed("a/1", 12, first, rank=60))
    assert city.names() == ["x"]
    city.apply(observed("a/1", 13, other, rank=60), observed("a/1", 14, first, rank=60))
    assert (city.names(), city.store.assets()[0].properties) == (["x"], {"memory_mib": 8})
