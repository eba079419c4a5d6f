"""What every graph store promises (`graph.store`), on each of them."""

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from graph.model import Change, Claim, EdgeKey, Holders, node_id
from graph.outline import Outline, OutlineEdge, OutlineNode
from graph.store import PositionsDiffer, SchemaDiffers, WriterLost
from tests.graph.changes import LOG, changes, edge, edges, item, node, nodes, record, records, reference, run_row
from tests.graph.conftest import START

LEASE = timedelta(seconds=15)


@pytest.fixture
def writer(store):
    return store.acquire("one", LEASE)


@pytest.fixture
def write(store, writer):
    """Write a difference that follows the one before."""
    at = 0

    def one(**parts):
        nonlocal at
        store.transact(writer, lambda tx: tx.write(changes(at, **parts)))
        at += 1

    return one


def ask(store, writer, question):
    return store.transact(writer, question)


def test_an_empty_graph_answers_everything(store, writer):
    assert store.node("x") is None
    assert store.assets() == []
    assert store.network(["DEPENDS_ON"]) == ([], [])
    assert store.positions(LOG) == {}
    assert store.logs() == []
    assert [list(part) for part in store.everything()] == [[], []]
    assert store.status().counts == {}
    assert ask(store, writer, lambda tx: tx.records(["x"])) == {}


def test_one_holds_a_named_lease_until_it_ends_or_is_let_go(store, clock):
    assert store.hold("schedule", "one", LEASE)
    assert not store.hold("schedule", "two", LEASE)
    assert store.hold("another", "two", LEASE)
    clock.pass_by(seconds=10)
    assert store.hold("schedule", "one", LEASE)
    clock.pass_by(seconds=10)
    assert not store.hold("schedule", "two", LEASE)
    clock.pass_by(seconds=6)
    assert store.hold("schedule", "two", LEASE)
    assert not store.hold("schedule", "one", LEASE)
    store.let_go("schedule", "one")
    assert not store.hold("schedule", "one", LEASE)
    store.let_go("schedule", "two")
    assert store.hold("schedule", "one", LEASE)


def test_of_many_who_want_a_named_lease_at_once_one_gets_it(store):
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda number: store.hold("schedule", f"owner {number}", LEASE), range(8)))

    assert sorted(got) == [False] * 7 + [True]


def test_one_writes_until_its_lease_ends(store, clock):
    first = store.acquire("one", LEASE)

    assert store.acquire("two", LEASE) is None
    clock.pass_by(seconds=10)
    store.renew(first, LEASE)
    clock.pass_by(seconds=10)
    assert store.acquire("two", LEASE) is None
    clock.pass_by(seconds=6)
    second = store.acquire("two", LEASE)
    assert second.epoch > first.epoch
    with pytest.raises(WriterLost):
        store.renew(first, LEASE)


def test_a_writer_that_was_overtaken_changes_nothing(store, clock, writer):
    clock.pass_by(seconds=20)
    store.acquire("two", LEASE)

    with pytest.raises(WriterLost):
        store.transact(writer, lambda tx: tx.write(changes(nodes=nodes(node("a")))))
    assert store.assets() == []
    assert store.positions(LOG) == {}


def test_a_released_writer_lets_another_in_at_once(store, writer):
    store.release(writer)

    assert store.acquire("two", LEASE) is not None
    store.release(writer)


def test_positions_are_written_with_the_difference(store, write):
    write(nodes=nodes(node("a")))
    write()

    assert store.positions(LOG) == {("t", 0): 2}
    assert store.positions("another") == {}
    assert store.logs() == [LOG]


def test_other_positions_than_expected_write_nothing(store, writer, write):
    write(nodes=nodes(node("a")))

    with pytest.raises(PositionsDiffer):
        store.transact(writer, lambda tx: tx.write(changes(0, nodes=nodes(node("b")))))
    assert [found.name for found in store.assets()] == ["a"]


def test_work_that_raises_writes_nothing(store, writer):
    def work(tx):
        tx.write(changes(nodes=nodes(node("a"))))
        raise KeyError("stop")

    with pytest.raises(KeyError):
        store.transact(writer, work)
    assert store.assets() == []


def test_a_node_comes_back_as_it_was_written(store, write):
    retired = node("alt", retired_at=node("a").first_seen)
    endpoint = dataclasses.replace(node("198.18.0.9", "Endpoint"), properties={"scheme": "ip", "value": "198.18.0.9"})
    write(nodes=nodes(node("a"), retired, endpoint))

    assert store.node("id-a") == node("a")
    assert store.node("id-alt") == retired
    assert store.node("id-198.18.0.9") == endpoint


def test_writing_a_node_again_replaces_all_of_it(store, write):
    write(nodes=nodes(node("a")))
    other = dataclasses.replace(node("a", "VirtualMachine"), properties={"cores": 2}, sources=("ocs",))
    write(nodes=nodes(other))

    assert store.node("id-a") == other
    assert store.assets(kinds=["Server"]) == []
    assert store.status().counts == {"VirtualMachine": 1}


def test_assets_are_paged_by_name_without_loss(store, write):
    names = ["b", "a", "Z", "ä", "a1", "é", "\uff21", "\U0001f600", "x" * 600, "x" * 599 + "y"]
    write(nodes=nodes(*(node(name) for name in names)))

    found, after = [], ""
    while page := store.assets(limit=2, after=after):
        found += [one.name for one in page]
        after = f"{page[-1].name}\x00{page[-1].id}"
    assert found == sorted(names)


def test_no_asset_with_a_very_long_name_is_lost_in_paging(store, write):
    names = {"\uff21" * 3000, "\uff21" * 3000 + "\U0001f600", "\uff21" * 3000 + "\uff22"}
    write(nodes=nodes(*(dataclasses.replace(node(str(n)), name=name) for n, name in enumerate(names))))

    found, after = [], ""
    while page := store.assets(limit=1, after=after):
        found += [one.name for one in page]
        after = f"{page[-1].name}\x00{page[-1].id}"
    assert len(found) == len(names)
    assert set(found) == names


def test_assets_of_one_name_are_paged_by_id(store, write):
    same = [dataclasses.replace(node("a"), id=f"id-{n}") for n in range(5)]
    write(nodes=nodes(*same))

    first = store.assets(limit=2)
    rest = store.assets(after=f"{first[-1].name}\x00{first[-1].id}")
    assert [one.id for one in (*first, *rest)] == [one.id for one in same]


def test_assets_are_found_by_part_of_the_name_kind_and_source(store, write):
    other = dataclasses.replace(node("PC", "Client"), sources=("glpi", "ocs"))
    write(nodes=nodes(node("Straße-ÖPNV"), other, node("alt", retired_at=node("a").first_seen), node("x", "Endpoint")))

    assert [one.name for one in store.assets(text="öpnv")] == ["Straße-ÖPNV"]
    assert [one.name for one in store.assets(kinds=["Client"])] == ["PC"]
    assert [one.name for one in store.assets(sources=["ocs", "none"])] == ["PC"]
    assert [one.name for one in store.assets(retired=True)] == ["PC", "Straße-ÖPNV", "alt"]
    assert [one.name for one in store.assets(kinds=["Endpoint"])] == ["x"]


def test_assets_are_found_by_their_whole_name_in_any_case(store, write):
    more = [node(f"PC-1{n}") for n in range(5)]
    write(nodes=nodes(node("PC-1"), dataclasses.replace(node("x"), name="pc-1"), node("Straße"), *more))

    assert [one.name for one in store.assets(name="Pc-1", limit=3)] == ["PC-1", "pc-1"]
    assert [one.name for one in store.assets(name="STRASSE")] == ["Straße"]
    assert [one.name for one in store.assets(name="PC-1", text="x")] == []
    assert [one.id for one in store.assets(name="PC-1", after="PC-1\x00id-PC-1")] == ["id-x"]
    assert store.assets(name="PC") == []


def test_relationships_come_back_as_written_from_both_ends(store, write):
    drawn = edge("a", "CONNECTS_TO", "b", a={"port": 443}, b={"port": 80})
    write(nodes=nodes(node("a"), node("b")), edges=edges(drawn))

    (out,) = store.relationships("id-a")
    (back,) = store.relationships("id-b")
    assert (out.edge, out.direction, out.other) == (drawn, "out", node("b"))
    assert (back.edge, back.direction, back.other) == (drawn, "in", node("a"))


def test_relationships_of_a_node_that_say_the_same_and_others_come_back_as_written(store, writer, write):
    known, new = edge("a", "INSTALLED", "s0"), edge("a", "INSTALLED", "s0", a={}, b={})
    others = [edge("a", "INSTALLED", f"s{n}", **said) for n, said in enumerate([{}, {"b": {}}, {}, {"b": {}}], start=1)]
    write(nodes=nodes(node("a"), node("b")), catalogue=nodes(*(item(f"s{n}") for n in range(5))), edges=edges(known))
    write(edges=edges(new, *others), drawn={one.key for one in others})

    assert ask(store, writer, lambda tx: tx.catalogue_edges(["id-a"])) == edges(new, *others)
    assert store.status().relationships == 5


def test_relationships_are_paged_and_chosen_by_type(store, write):
    made = [edge("a", "INSTALLED", f"s{n}") for n in range(5)] + [
        edge("a", "CONNECTS_TO", "b"),
        edge("b", "CONNECTS_TO", "a"),
    ]
    write(
        nodes=nodes(node("a"), node("b")),
        catalogue=nodes(*(item(f"s{n}") for n in range(5))),
        edges=edges(*made),
    )

    found, after = [], ""
    while page := store.relationships("id-a", limit=2, after=after):
        found += page
        last = page[-1]
        after = f"{last.edge.key.type}\x00{last.direction}\x00{last.other.id}"
    assert {one.edge.key for one in found} == {one.key for one in made}
    assert len(found) == len(made)
    assert {one.other.name for one in store.relationships("id-a", types=["INSTALLED"])} == {f"s{n}" for n in range(5)}


def test_a_relationship_of_a_node_with_itself_is_seen_from_both_ends(store, write):
    drawn = edge("a", "CONNECTS_TO", "a")
    write(nodes=nodes(node("a")), edges=edges(drawn))

    assert [(one.edge, one.direction) for one in store.relationships("id-a")] == [(drawn, "in"), (drawn, "out")]


def test_a_catalogue_node_has_a_relationship_of_its_own(store, writer, write):
    drawn = edge("s", "FOLLOWS", "cycle")
    write(
        nodes=nodes(node("a"), node("cycle", "LifecycleCycle")),
        catalogue=nodes(item("s")),
        edges=edges(edge("a", "INSTALLED", "s"), drawn),
    )

    assert ask(store, writer, lambda tx: tx.edges([drawn.key])) == {drawn.key: drawn}
    assert [(one.edge, one.other) for one in store.relationships("id-s", types=["FOLLOWS"])] == [
        (drawn, node("cycle", "LifecycleCycle"))
    ]
    assert [one.key.type for one in store.everything()[1]] == ["INSTALLED", "FOLLOWS"]
    write(erased={drawn.key})
    assert store.relationships("id-cycle") == []


def test_many_catalogue_nodes_are_asked_for_at_once(store, write, monkeypatch):
    for page in ("graph.sqlite_reader.PAGE", "graph.neo4j_reader.PAGE", "graph.neo4j_selection.PAIRS"):
        monkeypatch.setattr(page, 3)
    made = [edge(f"a{n}", "INSTALLED", f"s{m}") for n in range(8) for m in range(6) if n >= m]
    write(
        nodes=nodes(*(node(f"a{n}") for n in range(8))),
        catalogue=nodes(*(item(f"s{n}") for n in range(6))),
        edges=edges(*made),
    )

    found = [(item_id, haver.id) for item_id, haver in store.havers("INSTALLED", [f"id-s{n}" for n in range(7)])]
    assert sorted(found) == sorted((one.key.target_id, one.key.source_id) for one in made)
    assert [one.name for one in store.catalogue("Software")] == [f"s{n}" for n in range(6)]


def test_an_edge_is_replaced_and_erased_by_its_key(store, writer, write):
    first, second = edge("a", "CONNECTS_TO", "b", a={}), edge("a", "CONNECTS_TO", "b", c={"port": 1})
    write(nodes=nodes(node("a"), node("b")), edges=edges(first))
    write(edges=edges(second))

    assert ask(store, writer, lambda tx: tx.edges([first.key])) == {second.key: second}
    write(erased={first.key})
    assert ask(store, writer, lambda tx: tx.edges([first.key])) == {}
    assert store.status().relationships == 0


def test_a_removed_node_is_gone_and_its_id_finds_the_one_that_went_on(store, write):
    old = node_id("glpi/old")
    write(nodes=nodes(dataclasses.replace(node("old"), id=old)), records=records(record("old", old, live=False)))
    write(removed={old}, nodes=nodes(node("new")), continued={old: "id-new"})

    assert store.node(old).name == "new"
    assert [one.name for one in store.assets()] == ["new"]


def test_records_and_bodies_come_back(store, writer, write):
    one = record("a")
    write(nodes=nodes(node("a")), records=records(one), bodies={(one.key, "core"): b'{"x":1}', (one.key, "net"): b"{}"})
    write(bodies={(one.key, "net"): None})

    assert ask(store, writer, lambda tx: tx.records([one.key, "none"])) == {one.key: one}
    assert ask(store, writer, lambda tx: tx.bodies([one.key])) == {one.key: {"core": b'{"x":1}'}}
    assert store.describing("id-a") == [(one, {"core": b'{"x":1}'})]
    assert ask(store, writer, lambda tx: tx.live_records("", 9)) == [one.key]


def test_holders_are_named_only_up_to_the_limit(store, writer, write):
    some = [record(str(n)) for n in range(4)]
    held = {(one.key, "|host|x") for one in some} | {(some[0].key, "|host|y")}
    write(nodes=nodes(*(node(str(n)) for n in range(4))), records=records(*some), held=held)

    found = ask(store, writer, lambda tx: tx.holders(["|host|x", "|host|y", "|host|z"], 3))
    assert found == {"|host|x": Holders(4, frozenset()), "|host|y": Holders(1, frozenset({some[0].key}))}
    assert ask(store, writer, lambda tx: tx.identifiers([some[0].key])) == {some[0].key: {"|host|x", "|host|y"}}
    write(released={(some[1].key, "|host|x")})
    left = frozenset(one.key for one in some if one is not some[1])
    assert ask(store, writer, lambda tx: tx.holders(["|host|x"], 3)) == {"|host|x": Holders(3, left)}


def test_names_and_identifiers_of_any_length_are_kept(store, writer, write):
    long = "ä" * 10_000
    held, referred = f"server|name|{long}", f"|host|{long}"
    refers = (reference("a", referred),)
    named = dataclasses.replace(node("a"), name=long)
    parts = {"held": {("glpi/a", held)}, "references": {"glpi/a": refers}, "runs": {long: run_row(long)}}
    write(nodes=nodes(named), records=records(record("a")), **parts)

    assert store.assets() == [named]
    assert ask(store, writer, lambda tx: tx.identifiers(["glpi/a"])) == {"glpi/a": {held}}
    assert ask(store, writer, lambda tx: tx.holders([held, referred], 9)) == {held: Holders(1, frozenset({"glpi/a"}))}
    assert ask(store, writer, lambda tx: tx.references(["glpi/a"])) == {"glpi/a": refers}
    assert ask(store, writer, lambda tx: tx.referrers([referred])) == {referred: {"glpi/a"}}
    assert ask(store, writer, lambda tx: tx.reference_counts([referred, held])) == {referred: 1}
    assert [run.id for run in store.runs()] == [long]


def test_references_are_replaced_whole_and_counted(store, writer, write):
    drawn = EdgeKey("id-a", "CONNECTS_TO", "id-b")
    first = (reference("a", "|ip|1", drawn), reference("a", "|ip|2"))
    write(nodes=nodes(node("a"), node("b")), records=records(record("a")), references={"glpi/a": first})

    assert ask(store, writer, lambda tx: tx.references(["glpi/a"])) == {"glpi/a": first}
    assert ask(store, writer, lambda tx: tx.reference_counts(["|ip|1", "|ip|2"])) == {"|ip|1": 1, "|ip|2": 1}
    assert ask(store, writer, lambda tx: tx.referrers(["|ip|1"])) == {"|ip|1": frozenset({"glpi/a"})}
    write(references={"glpi/a": first[1:]})
    assert ask(store, writer, lambda tx: tx.reference_counts(["|ip|1", "|ip|2"])) == {"|ip|2": 1}
    write(references={"glpi/a": ()})
    assert ask(store, writer, lambda tx: tx.references(["glpi/a"])) == {}


def test_records_below_a_marker_are_the_live_ones_of_its_source_and_partition(store, writer, write):
    some = [
        record("low", sequence=5),
        record("lower", sequence=4),
        record("even", sequence=9),
        record("dead", sequence=1, live=False),
        record("elsewhere", sequence=1, partition=1),
        record("other", sequence=1, source="ocs"),
    ]
    write(nodes=nodes(*(node(one.native_key) for one in some)), records=records(*some), markers={("glpi", 0): 9})

    assert ask(store, writer, lambda tx: tx.records_below("glpi", 0, 9, 10)) == ["glpi/low", "glpi/lower"]
    assert ask(store, writer, lambda tx: tx.records_below("glpi", 0, 9, 1)) == ["glpi/low"]
    assert ask(store, writer, lambda tx: tx.markers([("glpi", 0), ("glpi", 1)])) == {("glpi", 0): 9}


def test_unseen_are_the_live_records_of_a_source_neither_seen_nor_confirmed_since(store, write, clock):
    old, cut = clock.now - timedelta(days=40), clock.now - timedelta(days=30)
    last_seen = {"fresh": clock.now, "at the cut": cut}
    found = [
        *(record(name) for name in ("b", "a", "\U0001f600", "\uff21", *last_seen)),  # UTF-16 orders them otherwise
        record("confirmed", sequence=int(clock.now.timestamp() * 1_000_000)),
        record("retired", live=False),
        record("other", source="glpi-2"),
    ]
    rows = [dataclasses.replace(row, last_seen=last_seen.get(row.native_key, old)) for row in found]
    write(nodes=nodes(*(node(row.native_key) for row in rows)), records=records(*rows))

    assert store.unseen("glpi", cut, 100) == ["a", "b", "\uff21", "\U0001f600"]
    assert store.unseen("glpi", cut, 3) == ["a", "b", "\uff21"]
    assert store.unseen("glpi", old, 100) == []
    assert store.unseen("glpi-2", cut, 100) == ["other"]
    assert store.unseen("nobody", cut, 100) == []


def test_catalogue_nodes_are_shared_and_seen_while_somebody_has_them(store, writer, write):
    write(
        nodes=nodes(node("a"), node("b")),
        catalogue=nodes(item("s"), item("t"), item("deb", "OperatingSystem")),
        edges=edges(edge("a", "INSTALLED", "s"), edge("b", "INSTALLED", "s"), edge("a", "HAS_OS", "deb")),
    )

    assert [one.name for one in store.catalogue("Software")] == ["s"]
    assert list(store.havers("INSTALLED", ["id-s", "id-t"])) == [("id-s", node("a")), ("id-s", node("b"))]
    assert ask(store, writer, lambda tx: set(tx.catalogue_edges(["id-a"]))) == {
        EdgeKey("id-a", "INSTALLED", "id-s"),
        EdgeKey("id-a", "HAS_OS", "id-deb"),
    }
    assert store.status().counts == {"OperatingSystem": 1, "Server": 2, "Software": 1}
    write(
        catalogue=nodes(item("s")), erased={EdgeKey("id-a", "INSTALLED", "id-s"), EdgeKey("id-b", "INSTALLED", "id-s")}
    )
    assert list(store.catalogue("Software")) == []


def test_the_network_holds_live_nodes_and_the_types_asked_for(store, write):
    write(
        nodes=nodes(node("a"), node("b"), node("e", "Endpoint"), node("alt", retired_at=node("a").first_seen)),
        edges=edges(edge("a", "DEPENDS_ON", "b"), edge("a", "CONNECTS_TO", "e")),
    )

    found, drawn = store.network(["DEPENDS_ON"])
    assert {one.name for one in found} == {"a", "b", "e"}
    assert [one.key.type for one in drawn] == ["DEPENDS_ON"]


def test_the_outline_holds_what_decides_who_needs_what(store, write):
    one_of = {"strength": "degrades", "alternatives": "either", "alternatives_required": 2, "evidence": "declared"}
    write(
        nodes=nodes(
            dataclasses.replace(node("c", "Cluster"), properties={"required": 2}), node("a"), node("e", "Endpoint"),
            node("alt", retired_at=node("a").first_seen),
        ),
        edges=edges(
            edge("a", "MEMBER_OF", "c", x={}), edge("a", "CONNECTS_TO", "e"),
            edge("a", "DEPENDS_ON", "e", x=one_of, y={})._replace(properties=one_of),
        ),
    )  # fmt: skip

    found = store.outline(["DEPENDS_ON", "MEMBER_OF"])
    assert found.nodes == {
        "id-c": OutlineNode("id-c", "Cluster", "c", 2),
        "id-a": OutlineNode("id-a", "Server", "a"),
        "id-e": OutlineNode("id-e", "Endpoint", "e"),
    }
    assert found.edges == {
        "id-a": [
            OutlineEdge("id-a", "DEPENDS_ON", "id-e", "degrades", "either", 2, ("glpi/x", "glpi/y")),
            OutlineEdge("id-a", "MEMBER_OF", "id-c", claims=("glpi/x",)),
        ]
    }
    assert store.outline(["MEMBER_OF"], ["id-c", "id-alt", "none"]) == Outline({"id-c": found.nodes["id-c"]}, {})
    assert store.outline(["MEMBER_OF"], ["id-a"]).edges == {"id-a": found.edges["id-a"][1:]}
    assert store.outline(["MEMBER_OF"], []) == Outline({}, {})


def test_the_journal_is_numbered_and_its_time_never_falls(store, write, clock):
    write(
        nodes=nodes(node("a")), journal=[Change("id-a", "created", ("e1",), "{}"), Change("id-b", "created", (), "{}")]
    )
    later = clock.now
    clock.pass_by(hours=-1)
    write(journal=[Change("id-a", "changed", ("e2", "e3"), '{"ö":1}')])

    found = store.changes()
    assert [(one.number, one.asset_id, one.what, one.event_ids) for one in found] == [
        (1, "id-a", "created", ("e1",)),
        (2, "id-b", "created", ()),
        (3, "id-a", "changed", ("e2", "e3")),
    ]
    assert [one.recorded_at for one in found] == [later] * 3
    assert store.changes(after=2)[0].detail == '{"ö":1}'
    assert store.status().journal == 3


def test_runs_are_listed_newest_first_and_paged(store, write, clock):
    rows = [run_row(f"run-{n}", clock.now + timedelta(minutes=n // 2)) for n in range(5)]
    write(runs={one.id: one for one in rows})

    first = store.runs(limit=2)
    rest = store.runs(after=f"{first[-1].ended.isoformat()}\x00{first[-1].id}")
    assert [one.id for one in (*first, *rest)] == ["run-4", "run-3", "run-2", "run-1", "run-0"]
    assert store.runs(source="none") == []
    assert store.runs(limit=1) == [rows[4]]


def test_status_says_how_far_the_graph_is(store, write, clock):
    write(nodes=nodes(node("a")), records=records(record("a")))

    found = store.status()
    assert found.positions == {LOG: {("t", 0): 1}}
    assert found.last_seen == {"glpi": clock.now}
    assert found.writer == "one"


def test_everything_is_all_nodes_and_edges_in_order(store, write):
    made = [edge("b", "CONNECTS_TO", "a"), edge("a", "INSTALLED", "s"), edge("a", "CONNECTS_TO", "b")]
    write(nodes=nodes(node("b"), node("a")), catalogue=nodes(item("s"), item("unused")), edges=edges(*made))

    found, drawn = (list(part) for part in store.everything())
    assert {one.name for one in found} == {"a", "b", "s"}
    assert [one.key for one in drawn] == sorted(one.key for one in made)


def test_another_object_finds_what_one_has_written(open_store, write):
    write(nodes=nodes(node("a")))

    again = open_store()
    assert again.node("id-a") == node("a")
    assert again.positions(LOG) == {("t", 0): 1}


def test_a_reader_sees_the_state_before_a_write_that_has_not_ended(store, open_store, writer):
    reader = open_store()
    seen = []

    def work(tx):
        tx.write(changes(nodes=nodes(node("a"))))
        asking = threading.Thread(target=lambda: seen.append(reader.assets()))
        asking.start()
        asking.join()

    store.transact(writer, work)
    assert seen == [[]]
    assert [one.name for one in reader.assets()] == ["a"]


def test_closing_twice_does_nothing(open_store):
    store = open_store()

    store.close()
    store.close()


@pytest.mark.parametrize(("known", "reason"), [(1, "newer version"), (9, "older version.*anew from the log")])
def test_a_graph_of_another_version_is_left_alone(open_store, monkeypatch, known, reason):
    open_store()
    monkeypatch.setattr("graph.store.SCHEMA_VERSION", known)

    with pytest.raises(SchemaDiffers, match=reason):
        open_store()


def test_nodes_and_their_relationships_are_read_at_once(store, write):
    run, haves = edge("a", "RUNS_ON", "b"), edge("a", "INSTALLED", "s")
    retired = node("old", retired_at=node("a").first_seen)
    write(
        nodes=nodes(node("a"), node("b"), retired), catalogue=nodes(item("s"), item("unused")), edges=edges(run, haves)
    )

    found = store.nodes(["id-a", "id-old", "id-s", "id-unused", "none"])
    assert found == nodes(node("a"), retired, item("s"), item("unused"))
    assert {one.key: one for one in store.edges_of(["id-a", "id-b"])} == edges(run, haves)
    assert list(store.edges_of(["id-b", "none"], "in")) == [run]
    assert {one.key: one for one in store.edges_of(["id-a", "id-b"], types=["RUNS_ON"])} == edges(run)
    assert list(store.edges_of(["id-b"], "in", types=["MEMBER_OF"])) == []


def test_a_node_keeps_who_claims_what_and_since_when(store, write):
    claims = {"memory_mib": (Claim("glpi/a", 8), Claim("ocs/a", 16.5)), "name": (Claim("glpi/a", "a"),)}
    told = dataclasses.replace(
        node("a"),
        claims=claims,
        since={"name": START},
        conflicts={"serial": (Claim("glpi/a", "x"), Claim("ocs/a", "y"))},
    )
    write(nodes=nodes(told))

    assert store.node("id-a") == told


def test_what_several_assets_hold_is_found(store, write):
    one, two, three = record("a"), record("b", source="ocs"), record("c", "id-a", source="ocs")
    held = {(one.key, "|host|x"), (two.key, "|host|x"), (one.key, "|host|y"), (three.key, "|host|y")}
    write(nodes=nodes(node("a"), node("b")), records=records(one, two, three), held=held)

    assert list(store.shared()) == [("|host|x", {one.key: "id-a", two.key: "id-b"})]
    assert store.identifiers([three.key]) == {three.key: {"|host|y"}}
    assert store.holders(["|host|y"], 1) == {"|host|y": Holders(2, frozenset())}
    assert store.records([one.key, "none"]) == {one.key: one}


def test_references_to_what_several_assets_own_are_found(store, write):
    one, two, three = record("a"), record("b"), record("c", asset="id-a")
    held = {(one.key, "|ip|x"), (two.key, "|ip|x"), (one.key, "|ip|y"), (three.key, "|ip|y"), (two.key, "|ip|z")}
    refers = {
        three.key: (reference("c", "|ip|x"), reference("c", "|ip|y"), reference("c", "|ip|z")),
        two.key: (reference("b", "|ip|x"), dataclasses.replace(reference("b", "|ip|x"), relation="DEPENDS_ON")),
    }
    write(nodes=nodes(node("a"), node("b")), records=records(one, two, three), held=held, references=refers)

    several = ("|ip|x", {three.key: "id-a", two.key: "id-b"}, {one.key: "id-a", two.key: "id-b"})
    assert list(store.ambiguous(2)) == [several]
    assert {found for found, _, _ in store.ambiguous(1)} == {"|ip|x", "|ip|y"}  # more hold it than are looked at
    write(released={(two.key, "|ip|x")})
    assert list(store.ambiguous(2)) == []


def test_live_records_and_assets_are_walked_through(store, writer, write):
    some = [record("a"), record("b"), record("c", live=False)]
    write(nodes=nodes(node("a"), node("b"), node("c", retired_at=START)), records=records(*some))

    assert ask(store, writer, lambda tx: tx.live_records("", 1)) == ["glpi/a"]
    assert ask(store, writer, lambda tx: tx.live_records("glpi/a", 9)) == ["glpi/b"]
    assert ask(store, writer, lambda tx: tx.asset_ids("", 9)) == ["id-a", "id-b", "id-c"]
    assert ask(store, writer, lambda tx: tx.asset_ids("id-a", 1)) == ["id-b"]
    assert ask(store, writer, lambda tx: tx.members(["id-a", "id-c"])) == {"id-a": {"glpi/a"}}


def test_relationships_between_assets_are_walked_through_in_order(store, writer, write):
    ends = [node("a"), node("b"), node("c", retired_at=START)]
    between = [edge("a", "CONNECTS_TO", "c"), edge("a", "DEPENDS_ON", "b"), edge("b", "CONNECTS_TO", "a")]
    to_items = edges(edge("a", "INSTALLED", "bash"), edge("b", "INSTALLED", "bash"))
    write(nodes=nodes(*ends), catalogue=nodes(item("bash")), edges=edges(*between) | to_items)

    found, last = [], EdgeKey("", "", "")
    while page := ask(store, writer, lambda tx, after=last: tx.asset_edges(after, 1)):
        found += page
        last = page[-1].key
    assert found == between
    assert ask(store, writer, lambda tx: tx.asset_edges(between[0].key, 9)) == between[1:]


def test_those_that_have_a_relationship_with_an_asset_are_told_from_those_that_have_none(store, writer, write):
    drawn = edges(edge("a", "DEPENDS_ON", "b"), edge("c", "INSTALLED", "bash"))
    write(nodes=nodes(*map(node, "abc")), catalogue=nodes(item("bash")), edges=drawn)

    assert ask(store, writer, lambda tx: tx.related(["id-a", "id-b", "id-c", "id-d"])) == {"id-a", "id-b"}


def test_right_counts_are_left_as_they_are_and_identifiers_walked_through(store, writer, write):
    long = "|host|" + "x" * 9000
    refers = {"glpi/a": (reference("a", "|host|x"), reference("a", "|host|y"))}
    held = {("glpi/a", "|host|x"), ("glpi/b", "|host|x"), ("glpi/b", long)}
    write(nodes=nodes(node("a"), node("b")), records=records(record("a"), record("b")), held=held, references=refers)

    pages, last = 0, ""
    while last := ask(store, writer, lambda tx, after=last: tx.recount(after, 1)):
        pages += 1
    assert pages == 3
    counts = ask(store, writer, lambda tx: tx.reference_counts(["|host|x", "|host|y", long]))
    assert counts == {"|host|x": 1, "|host|y": 1}
    assert {name: one.count for name, one in store.holders(["|host|x", long], 1).items()} == {"|host|x": 2, long: 1}


def entry(asset, what="changed"):
    return Change(asset, what, ("event",), "{}")


def test_the_journal_is_read_from_either_end_by_node_and_by_time(store, write):
    times = [START - timedelta(days=2), START - timedelta(days=1), START + timedelta(days=1)]
    for at, assets in zip(times, (["a"], ["b", "a"], ["c"]), strict=True):
        write(journal=[entry(asset) for asset in assets], recorded_at=at)

    assert [one.number for one in store.changes(after=1, before=4)] == [2, 3]
    assert [one.number for one in store.changes(newest_first=True, limit=2)] == [4, 3]
    assert [one.number for one in store.changes(asset_ids=["a", "c"])] == [1, 3, 4]
    assert store.touched(2) == {"a", "c"}
    assert [store.change_at(at) for at in times[:2]] == [1, 3]
    assert store.change_at(times[0] - timedelta(seconds=1)) == 0
    assert store.changes(after=3)[0].recorded_at == START  # not later than now, whatever a source's clock says


def test_a_journal_never_goes_back_in_time_nor_in_number(store, write):
    write(journal=[entry("a")], recorded_at=START)
    write(journal=[entry("b")], recorded_at=START - timedelta(days=1))
    write(forget=3)
    write(journal=[entry("c")], recorded_at=START)

    assert [(one.number, one.recorded_at) for one in store.changes()] == [(3, START)]


def test_notes_are_kept_under_their_names(store, write):
    write(notes={"a": "1", "b": "2"})
    write(notes={"a": ""})

    assert [store.note(name) for name in "abc"] == ["", "2", ""]


def test_another_may_take_over_from_a_writer_whose_lease_has_not_ended(store, writer):
    assert store.acquire("two", LEASE) is None
    second = store.acquire("two", LEASE, take_over=True)

    with pytest.raises(WriterLost):
        store.renew(writer, LEASE)
    store.renew(second, LEASE)


def test_a_transaction_extends_the_lease(store, clock, writer):
    clock.pass_by(seconds=14)
    store.transact(writer, lambda tx: tx.write(changes(0)), LEASE)
    clock.pass_by(seconds=14)

    assert store.acquire("two", LEASE) is None
