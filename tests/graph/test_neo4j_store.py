"""What is Neo4j's own: its outages, its locks, its plans, and what an architect sees in it."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import neo4j as driver
import pytest

from graph import neo4j_store
from graph.model import EdgeKey
from graph.neo4j_schema import CONSTRAINTS, INDEXES, collisions
from graph.neo4j_store import Neo4jStore
from graph.neo4j_transaction import Neo4jTransaction
from graph.store import AccessDenied, BatchTooLarge, StoreUnavailable, WriterLost
from inventory.again import Again
from tests.graph.changes import LOG, changes, edge, edges, item, node, nodes, put, record, records, reference, run_row
from tests.graph.conftest import START
from tests.servers.neo4j_server import Neo4jServer
from tests.servers.process import await_condition, free_port, require_tools

LEASE = timedelta(seconds=15)
PASSWORD = "a-quite-secret-word"
PROJECT = Path(__file__).parents[2]
pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server of our own: it asks for a password, gives a transaction little memory, and may be killed."""
    require_tools()
    settings = "db.memory.transaction.max=24m\n"
    server = Neo4jServer(tmp_path_factory.mktemp("guarded"), password=PASSWORD, settings=settings)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def store(neo4j, clock):
    neo4j.wipe()
    with closing(Neo4jStore(neo4j.uri, clock=clock)) as opened:
        yield opened


@pytest.fixture
def asking(neo4j):
    """Cypher as an architect types it."""
    quiet = {"notifications_min_severity": "OFF"}
    with driver.GraphDatabase.driver(neo4j.uri, **quiet) as connected, connected.session(database="neo4j") as session:
        yield lambda text, **values: [dict(row) for row in session.run(text, values)]


def full():
    """A difference with something of everything."""
    return changes(
        nodes=nodes(node("a"), node("b")),
        catalogue=nodes(item("s")),
        edges=edges(edge("a", "INSTALLED", "s"), edge("a", "CONNECTS_TO", "b")),
        records=records(record("a"), record("b")),
        bodies={("glpi/a", "core"): b"{}", ("glpi/b", "core"): None},
        held={("glpi/a", "|host|a")},
        released={("glpi/b", "|host|b")},
        references={"glpi/a": (reference("a", "|host|b"),)},
        removed={"id-c"},
        continued={"id-c": "id-a"},
        erased={edge("b", "INSTALLED", "s").key},
        markers={("glpi", 0): 1},
        runs=put(lambda run: run.id, run_row("run-1")),
    )


def blocked(asking):
    return asking("SHOW TRANSACTIONS YIELD status WHERE status STARTS WITH 'Blocked' RETURN count(*) AS n")[0]["n"]


def test_nobody_at_the_address_is_unavailable():
    with pytest.raises(StoreUnavailable, match="does not answer"):
        Neo4jStore(f"bolt://127.0.0.1:{free_port()}")


def test_a_wrong_address_is_no_outage():
    with pytest.raises(AccessDenied, match="ftp"):
        Neo4jStore("ftp://127.0.0.1:1")


@pytest.mark.parametrize("auth", [None, ("neo4j", "a-wrong-secret")])
def test_a_refused_user_is_told_so_without_the_password(guarded, auth):
    with pytest.raises(AccessDenied, match="refuses the user") as refused:
        Neo4jStore(guarded.uri, auth=auth)
    assert "a-wrong-secret" not in str(refused.value)


def test_after_an_outage_the_same_store_goes_on_with_all_that_was_written(guarded):
    with closing(Neo4jStore(guarded.uri, auth=("neo4j", PASSWORD))) as store:
        writer = store.acquire("one", LEASE)
        store.transact(writer, lambda tx: tx.write(changes(nodes=nodes(node("a")))))

        guarded.kill()
        with pytest.raises(StoreUnavailable):
            store.assets()
        with pytest.raises(StoreUnavailable):
            store.transact(writer, lambda tx: tx.write(changes(1, nodes=nodes(node("b")))))
        guarded.start()

        store.transact(writer, lambda tx: tx.write(changes(1, nodes=nodes(node("b")))))
        assert [found.name for found in store.assets()] == ["a", "b"]
        store.release(writer)


def test_what_does_not_fit_into_the_servers_memory_is_too_large_and_writes_nothing(guarded):
    with closing(Neo4jStore(guarded.uri, auth=("neo4j", PASSWORD))) as store:
        writer = store.acquire("large", LEASE)
        bodies = {("glpi/large", f"s{n}"): os.urandom(1 << 20) for n in range(40)}
        large = changes(records=records(record("large")), bodies=bodies)
        large.expected = store.positions(large.log)

        with pytest.raises(BatchTooLarge):
            store.transact(writer, lambda tx: tx.write(large))
        assert store.transact(writer, lambda tx: tx.records(["glpi/large"])) == {}
        store.release(writer)


def test_the_epoch_is_read_after_the_lock_is_taken(store, neo4j, asking):
    writer = store.acquire("one", LEASE)

    with driver.GraphDatabase.driver(neo4j.uri) as other, other.session() as session, ThreadPoolExecutor() as pool:
        overtaking = session.begin_transaction()
        overtaking.run("MATCH (w:Writer) SET w.epoch = w.epoch + 1").consume()
        late = pool.submit(store.transact, writer, lambda tx: tx.write(full()))
        await_condition(lambda: blocked(asking), seconds=30, what="the late writer to wait for the lock")
        overtaking.commit()
        with pytest.raises(WriterLost):
            late.result()
    assert store.assets() == []


def test_a_writer_that_is_killed_in_the_middle_leaves_nothing_and_no_lock(store, neo4j, clock):
    program = (
        "import sys, time; from datetime import timedelta; from graph.neo4j_store import Neo4jStore;"
        "from tests.graph.changes import *; from tests.graph.conftest import START;"
        "store = Neo4jStore(sys.argv[1], clock=lambda: START); writer = store.acquire('one', timedelta(seconds=15));"
        "hang = lambda tx: (tx.write(changes(nodes=nodes(node('a')))), print('written', flush=True), time.sleep(600));"
        "store.transact(writer, hang)"
    )
    command = [sys.executable, "-c", program, neo4j.uri]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "written\n"
        assert store.assets() == []
        process.kill()
    clock.pass_by(seconds=20)

    assert store.acquire("two", LEASE) is not None
    assert store.assets() == []


def test_a_writer_that_froze_is_ended_by_the_server(store, monkeypatch):
    monkeypatch.setattr(neo4j_store, "TRANSACTION_SECONDS", 1.0)
    writer = store.acquire("one", LEASE)

    def work(tx):
        tx.write(full())
        while True:
            tx.records(["glpi/a"])

    with pytest.raises(StoreUnavailable, match="took too long"):
        store.transact(writer, work)
    assert store.assets() == []


def test_taking_the_lease_does_not_wait_for_ever_for_the_one_who_writes(store, monkeypatch):
    monkeypatch.setattr(neo4j_store, "LEASE_SECONDS", 1.0)
    writer = store.acquire("one", LEASE)

    def work(_tx):
        with pytest.raises(StoreUnavailable, match="busy"):
            store.acquire("two", LEASE)

    store.transact(writer, work)


def test_the_network_is_read_while_nobody_writes(store, asking):
    writer = store.acquire("one", LEASE)
    drawn = edge("a", "DEPENDS_ON", "b")
    found = []

    def work(tx):
        tx.write(changes(nodes=nodes(node("a"), node("b")), edges=edges(drawn)))
        reading = threading.Thread(target=lambda: found.append(store.network(["DEPENDS_ON"])))
        reading.start()
        await_condition(lambda: blocked(asking), seconds=30, what="the reader to wait for the writer")
        return reading

    store.transact(writer, work).join()
    assert found == [([node("a"), node("b")], [drawn])]


def test_several_set_the_schema_up_at_once(neo4j, asking):
    asking("MATCH (s:Schema) DELETE s")
    for row in asking("SHOW CONSTRAINTS YIELD name"):
        asking(f"DROP CONSTRAINT {row['name']}")
    for row in asking("SHOW INDEXES YIELD name, type WHERE type = 'RANGE'"):
        asking(f"DROP INDEX {row['name']}")

    with ThreadPoolExecutor(4) as pool:
        for opened in [pool.submit(Neo4jStore, neo4j.uri) for _ in range(4)]:
            opened.result().close()
    unique = asking("SHOW CONSTRAINTS YIELD labelsOrTypes AS of, properties AS by")
    others = asking("SHOW INDEXES YIELD owningConstraint, labelsOrTypes AS of, properties AS by, state, type")
    assert {(row["of"][0], row["by"][0]) for row in unique} == set(CONSTRAINTS.items())
    assert {
        (row["of"][0], row["by"][0], row["state"])
        for row in others
        if row["type"] == "RANGE" and row["owningConstraint"] is None
    } == {(label, name, "ONLINE") for label, names in INDEXES.items() for name in names}


def test_what_a_hand_has_drawn_in_the_browser_is_read_and_erased_by_a_rebuild(store, asking):
    writer = store.acquire("one", LEASE)
    store.transact(writer, lambda tx: tx.write(changes(nodes=nodes(node("a"), node("b")))))
    asking("MATCH (a:Server {name: 'a'}), (b:Server {name: 'b'}) CREATE (a)-[:DEPENDS_ON]->(b)")
    (drawn,) = store.edges_of(["id-a"])
    assert (drawn.key, drawn.claims) == (edge("a", "DEPENDS_ON", "b").key, {})

    work = Again(LOG, {("t", 0): 1}, START)
    while not store.transact(writer, work.apply):
        work.move_on()
    assert asking("MATCH (:Asset)-[e]->() RETURN count(e) AS n") == [{"n": 0}]


def test_wrong_counts_of_holders_and_referrers_are_set_right(store, asking):
    writer = store.acquire("one", LEASE)
    store.transact(writer, lambda tx: tx.write(full()))
    right = asking("MATCH (i:Identifier) RETURN i.key AS key, i.holders AS h, i.referrers AS r ORDER BY key")
    asking("MATCH (i:Identifier) SET i.holders = 7, i.referrers = null")

    assert store.transact(writer, lambda tx: tx.recount("", 9)) == right[-1]["key"]
    found = asking("MATCH (i:Identifier) RETURN i.key AS key, i.holders AS h, i.referrers AS r ORDER BY key")
    assert [row["h"] for row in found] == [max(0, row["h"]) for row in right]
    assert [row["r"] for row in found] == [row["r"] for row in right]


def test_an_architect_reads_kinds_and_properties_as_labels_and_names(store, asking):
    writer = store.acquire("one", LEASE)
    store.transact(writer, lambda tx: tx.write(full()))

    question = """
        MATCH (a:Server {name: 'a'})-[i:INSTALLED]->(s:Software), (r:Record)-[:DESCRIBES]->(a)
        RETURN a.memory_mib AS memory, s.version AS version, i.sources AS sources, r.key AS record
    """
    assert asking(question) == [{"memory": 8, "version": "1", "sources": ["glpi"], "record": "glpi/a"}]


def test_no_property_has_a_name_that_the_store_keeps_for_itself():
    assert collisions() == set()


class Explained:
    """A transaction that notes the plan of each statement before it runs it."""

    def __init__(self, tx):
        self.tx, self.scans = tx, {}

    def run(self, statement, **values):
        plan = self.tx.run(f"EXPLAIN {statement}", **values).consume().plan
        self.scans[statement] = {name for name in operators(plan) if "Scan" in name}
        return self.tx.run(statement, **values)


def operators(plan):
    yield plan["operatorType"].split("@")[0]
    for child in plan.get("children", []):
        yield from operators(child)


def test_no_statement_of_a_batch_looks_at_more_than_it_asks_for(store, neo4j, clock):
    store.acquire("one", LEASE)
    quiet = {"notifications_min_severity": "OFF"}
    with driver.GraphDatabase.driver(neo4j.uri, **quiet) as other, other.session() as session:
        tx = Explained(session.begin_transaction())
        batch = Neo4jTransaction(tx, clock)
        batch.write(full())
        batch.records(["x"]), batch.bodies(["x"]), batch.identifiers(["x"]), batch.holders(["x"], 1)
        batch.referrers(["x"]), batch.reference_counts(["x"]), batch.nodes(["x"]), batch.catalogue_edges(["x"])
        batch.edges([edge("x", "INSTALLED", "y").key, edge("x", "RUNS_ON", "y").key]), batch.markers([("x", 0)])
        batch.records_below("x", 0, 9, 9), batch.live_records("x", 9), batch.asset_ids("x", 9)
        batch.asset_edges(EdgeKey("x", "x", "x"), 9), batch.related(["x"]), batch.recount("x", 9)
        tx.tx.rollback()

    few = ("(p:Position {log", "(w:Writer)")  # labels with a handful of nodes
    scanning = {text: scans for text, scans in tx.scans.items() if scans and not any(part in text for part in few)}
    assert len(tx.scans) > 30
    assert scanning == {}


@pytest.mark.parametrize(
    "question", [("assets",), ("holding", "INSTALLED", "id-s"), ("valued", {"vendor": "Dell"})], ids=lambda one: one[0]
)
def test_a_page_of_many_is_read_in_the_order_of_the_index(store, neo4j, monkeypatch, question):
    monkeypatch.setattr("graph.neo4j_selection.FEW", -1)
    monkeypatch.setattr("graph.neo4j_selection.FEW_OF_KIND", -1)
    asked = []
    monkeypatch.setattr(store, "_rows", lambda cypher, /, **values: asked.append((cypher, values)) or [])
    getattr(store, question[0])(*question[1:], after="a\x00id-a", limit=50)

    with driver.GraphDatabase.driver(neo4j.uri) as connected, connected.session(database="neo4j") as session:
        plan = session.run("EXPLAIN " + asked[-1][0], asked[-1][1]).consume().plan
    assert {"PartialSort", "Limit"} <= set(operators(plan))
    assert not {"Sort", "Top"} & set(operators(plan))


def test_assets_with_a_value_that_many_have_not_are_found_by_its_index(store, neo4j, monkeypatch):
    asked = []
    monkeypatch.setattr(store, "_rows", lambda cypher, /, **values: asked.append((cypher, values)) or [])
    store.valued({"vendor": "Dell", "purchase_date": "2020-01-01"})

    with driver.GraphDatabase.driver(neo4j.uri) as connected, connected.session(database="neo4j") as session:
        plan = session.run("EXPLAIN " + asked[-1][0], asked[-1][1]).consume().plan
    assert "NodeIndexSeek" in set(operators(plan))
