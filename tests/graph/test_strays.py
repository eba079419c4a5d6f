"""What a comparison with the records asks of a store, and how it takes away what it did not write; on each of them."""

from datetime import timedelta

import pytest

from graph import neo4j_strays
from graph.model import node_id
from tests.graph.changes import changes, edge, edges, item, node, nodes, record, records


@pytest.fixture
def writer(store):
    return store.acquire("one", timedelta(seconds=15))


@pytest.fixture
def write(store, writer):
    def one(at=0, **parts):
        store.transact(writer, lambda tx: tx.write(changes(at, **parts)))

    return one


def everything(store):
    """All strays, in pages of one."""
    found, after, more = [], "", True
    while more:
        page, after = store.look(lambda tx, after=after: tx.strays(after, 1))
        found += page
        more = bool(after)
    return found


def test_what_the_store_wrote_is_no_stray(store, write):
    ends = nodes(node("a"), node("b"), node("c", "Endpoint"))
    drawn = edges(edge("a", "CONNECTS_TO", "c"), edge("a", "INSTALLED", "bash", a={"architecture": "x"}))
    write(nodes=ends, catalogue=nodes(item("bash")), edges=drawn, records=records(record("a")))

    assert everything(store) == []
    assert everything(store) == []


def test_looking_needs_no_right_to_write(store, write):
    write(nodes=nodes(node("a")), records=records(record("a")))

    assert store.look(lambda tx: set(tx.records(["glpi/a"]))) == {"glpi/a"}


def test_what_a_record_gives_is_told_from_what_none_gives(store, writer, write):
    write(nodes=nodes(node("a")), records=records(record("a"), record("b", live=False)))
    ids = [node_id("glpi/a"), node_id("glpi/b"), "id-a"]

    assert store.transact(writer, lambda tx: tx.founded(ids)) == dict.fromkeys(ids[:2], "Server")


def test_catalogue_nodes_are_walked_through_mended_and_dropped(store, write):
    drawn = edges(edge("a", "INSTALLED", "bash"), edge("bash", "FOLLOWS", "cycle"))
    some = nodes(item("bash"), item("old"))
    write(nodes=nodes(node("a"), node("cycle", "LifecycleCycle")), catalogue=some, edges=drawn)

    assert store.look(lambda tx: tx.item_ids("", 9)) == ["id-bash", "id-old"]
    assert store.look(lambda tx: tx.item_ids("id-bash", 1)) == ["id-old"]
    assert store.look(lambda tx: tx.items(["id-bash", "id-none"])) == nodes(item("bash"))
    assert store.look(lambda tx: tx.had(["id-bash", "id-old"])) == {"id-bash"}
    other = item("zsh", "OperatingSystem")
    write(1, mended={"id-bash": type(other)("id-bash", other.kind, other.name, other.properties)})
    assert store.nodes(["id-bash"])["id-bash"].kind == "OperatingSystem"
    assert everything(store) == []
    write(2, erased=set(drawn), dropped={"id-bash"})
    assert store.look(lambda tx: tx.item_ids("", 9)) == ["id-old"]


def test_a_removed_cycle_takes_along_what_followed_it(store, write):
    drawn = edges(edge("a", "INSTALLED", "bash"), edge("bash", "FOLLOWS", "cycle"))
    write(nodes=nodes(node("a"), node("cycle", "LifecycleCycle")), catalogue=nodes(item("bash")), edges=drawn)

    write(1, removed={"id-cycle"})
    assert [found.key.type for found in store.everything()[1]] == ["INSTALLED"]


def test_an_unknown_kind_goes_with_its_relationships(store, writer, write, monkeypatch):
    drawn = edges(edge("a", "CONNECTS_TO", "b"))
    write(nodes=nodes(node("a"), node("b", "Printer")), edges=drawn)
    monkeypatch.setattr("graph.neo4j_strays._OWN", {"Asset": {"Server"}, "Catalogue": set()})
    monkeypatch.setattr("graph.sqlite_strays.KINDS", {"Server": 1})
    monkeypatch.setattr(neo4j_strays, "STEPS", tuple(neo4j_strays._steps()))

    (found,) = everything(store)
    assert (found.id, found.kind, found.wanted) == ("id-b", "Printer", "")
    store.transact(writer, lambda tx: tx.sweep([found]))
    assert everything(store) == []
    assert [[one.id for one in store.everything()[0]], list(store.everything()[1])] == [["id-a"], []]
