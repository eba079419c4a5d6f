"""Each kind of edit past the events, in both stores: found by the check as what it is, and set right by a rebuild."""

import sqlite3
import threading

import pytest
from neo4j import GraphDatabase

from events.models import Identifier, Section
from graph.neo4j_store import Neo4jStore
from inventory.findings import MISSING, OTHER, UNCLAIMED
from tests.inventory.facts import DEBIAN, facts
from tests.inventory.feeding import program, said, system, to
from tests.inventory.test_batch import observed, withdrawn
from tests.services.graphs import Landscape, found_in

BOOKWORM = system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12")
BUSTER = system("Debian GNU/Linux 10 (buster)", name="debian", version="10")
LOST = "node without record"


def events():
    """An application on two servers, one of which follows cycles, on a host nobody knows; and a server that went."""
    names = (Identifier(scheme="hostname", value="one"), Identifier(scheme="serial", value="Dell\tS1"))
    has = (BOOKWORM, program("tar", "1"))
    one = Section(name="one", identifiers=names, properties={"memory_mib": 8}, relations=has)
    needs = [to("RUNS_ON", "Server", "one"), to("RUNS_ON", "Server", "two"), to("DEPENDS_ON", "Server", "unseen")]
    yield from facts(DEBIAN)
    yield observed("a/1", 20, one, first=0)
    yield said("a", "Server", "two", BUSTER, at=21)
    yield said("b", "Application", "desk", *needs, at=22)
    yield said("a", "Server", "gone", at=23)


class InSqlite:
    """`edit` runs statements on the file, with the ids of nodes by their names."""

    store = None

    def __init__(self, tmp_path, _server):
        self.path = tmp_path / "one" / "graph.db"

    def edit(self, statement, ids):
        with sqlite3.connect(self.path) as db:
            for one in filter(str.strip, statement.split(";")):
                db.execute(one, {name: ids[name] for name in ids if f":{name}" in one})


class InNeo4j:
    def __init__(self, _path, server):
        server.wipe()
        self.uri, self.store = server.uri, Neo4jStore(server.uri)

    def edit(self, statement, ids):
        with GraphDatabase.driver(self.uri) as driver:
            for one in filter(str.strip, statement.split(";")):
                driver.execute_query(one, ids)


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=pytest.mark.servers)], scope="module")
def city(request, tmp_path_factory):
    """One for all: after each edit a rebuild has set it right."""
    kind, server = (InSqlite, None) if request.param == "sqlite" else (InNeo4j, request.getfixturevalue("neo4j"))
    folder = tmp_path_factory.mktemp("edits")
    hand = kind(folder, server)
    found = Landscape(folder / "one")
    if hand.store:
        found.store.close()
        found.store = hand.store
    found.hand, found.kind = hand, request.param
    found.apply(*events())
    found.apply(withdrawn("a/Server:gone", 24))
    yield found
    found.close()


def ids_of(city):
    """Ids by a word of the name: debian 12 and 10 are the systems, c12 and c10 their cycles."""
    nodes = [node for node in city.store.everything()[0] if node.kind not in {"LifecycleTable", "Product"}]
    names = {"Debian GNU/Linux 12 (bookworm)": "debian12", "Debian GNU/Linux 10 (buster)": "debian10", "tar 1": "tar"}
    names |= {"Debian 12": "c12", "Debian 10": "c10"}
    return {names.get(node.name, node.name): node.id for node in nodes if " " not in names.get(node.name, node.name)}


DRAWN = (
    "CREATE (:Asset:Server {id: 'hand', kind: 'Server', name: 'hand', sort: 'hand', folded: 'hand', sources: [],"
    " rules: 1, claims: '{}', since: '{}'})"
)
ASSET = (
    "INSERT INTO nodes SELECT 'hand', kind, 'hand', 'hand', properties, '[]', NULL, NULL, rules, '{}', '{}', '{}' "
    "FROM nodes WHERE id = :one"
)
EDGE = "INSERT INTO edges VALUES (%s, '{}', '{}', '2026-01-01T00:00:00.000000+00:00')"
BY = "WHERE source_id = :desk AND target_id = :one"
OF = "MATCH (n:Asset|Catalogue {id: $%s})"
RUNS = "MATCH (:Application {id: $desk})-[e:RUNS_ON]->(:Server {id: $one})"
BOTH = "MATCH (a:Asset|Catalogue {id: $%s}), (b:Asset|Catalogue {id: $%s})"
EDITS = {
    "a node with all that one has": (
        DRAWN,
        ASSET,
        {(LOST, "hand")},
    ),
    "a node as somebody draws one": (
        "CREATE (:Asset:Server {id: 'hand', name: 'hand'})",
        None,
        {("node unknown", "hand")},
    ),
    "a node that is no asset": ("CREATE (:Server {name: 'hand'})", None, {("node unknown", "hand")}),
    "a node without id": ("CREATE (:Asset:Server {name: 'hand'})", None, {("node unknown", "hand")}),
    "a node without label": ("CREATE ({name: 'hand'})", None, {("node unknown", "hand")}),
    "a node of a kind nobody knows": (
        "CREATE (:Gadget {name: 'hand'})",
        ASSET.replace("'hand', kind", "'hand', 'Gadget'"),
        {("node unknown", "hand")},
    ),
    "a node of a kind nobody knows, with relationships": (
        BOTH % ("one", "two") + " CREATE (a)-[:LIKES]->(g:Gadget {name: 'hand'})-[:DEPENDS_ON]->(b)",
        None,
        {("node unknown", "hand"), ("relationship unknown", "one"), ("relationship unknown", "hand")},
    ),
    "another label": (OF % "one" + " REMOVE n:Server SET n:Printer", None, {("labels", "one")}),
    "a label more": (OF % "one" + " SET n:Important", None, {("labels", "one")}),
    "a label of the inventory's": (OF % "one" + " SET n:Note", None, {("labels", "one")}),
    "a label on a record": ("MATCH (r:Record {key: 'a/1'}) SET r:Important", None, {("labels", "")}),
    "another kind": (
        OF % "one" + " SET n.kind = 'Printer'",
        "UPDATE nodes SET kind = 'Printer' WHERE id = :one",
        {("kind", "one")},
    ),
    "a kind nobody knows": (
        OF % "one" + " SET n.kind = 'Gadget'",
        "UPDATE nodes SET kind = 'Gadget' WHERE id = :one",
        {("kind", "one")},
    ),
    "another name": (
        OF % "one" + " SET n.name = 'better'",
        "UPDATE nodes SET name = 'better' WHERE id = :one",
        {("name", "one")},
    ),
    "no name": (OF % "one" + " REMOVE n.name", None, {("name", "one")}),
    "a name that is a number": (OF % "one" + " SET n.name = 5", None, {("name", "one")}),
    "another order": (
        OF % "one" + " SET n.sort = 'z'",
        "UPDATE nodes SET folded = 'z' WHERE id = :one",
        {("form", "one")},
    ),
    "another value": (
        OF % "one" + " SET n.memory_mib = 9",
        """UPDATE nodes SET properties = '{"memory_mib":9}' WHERE id = :one""",
        {("property memory_mib", "one")},
    ),
    "a value more": (
        OF % "one" + " SET n.comment = 'mine'",
        """UPDATE nodes SET properties = '{"comment":"mine","memory_mib":8}' WHERE id = :one""",
        {("property comment", "one")},
    ),
    "a value that is a date": (OF % "one" + " SET n.comment = date()", None, {("property comment", "one")}),
    "a value less": (
        OF % "one" + " REMOVE n.memory_mib",
        "UPDATE nodes SET properties = '{}' WHERE id = :one",
        {("property memory_mib", "one")},
    ),
    "other sources": (
        OF % "one" + " SET n.sources = ['me']",
        """UPDATE nodes SET sources = '["me"]' WHERE id = :one""",
        {("sources", "one")},
    ),
    "sources that are none": (
        OF % "one" + " SET n.sources = 'me'",
        "UPDATE nodes SET sources = 'me' WHERE id = :one",
        {("sources", "one")},
    ),
    "other claims": (
        OF % "one" + " SET n.claims = '{}'",
        "UPDATE nodes SET claims = '{}' WHERE id = :one",
        {("claims of kind", "one"), ("claims of memory_mib", "one"), ("claims of name", "one")},
    ),
    "retired": (
        OF % "one" + " SET n.retired_at = '2026-01-01T00:00:00.000000+00:00'",
        "UPDATE nodes SET retired_at = '2026-01-01T00:00:00.000000+00:00' WHERE id = :one",
        {("retired_at", "one")},
    ),
    "no longer retired": (
        OF % "gone" + " REMOVE n.retired_at",
        "UPDATE nodes SET retired_at = NULL WHERE id = :gone",
        {("not retired", "gone")},
    ),
    "another name of what is retired": (
        OF % "gone" + " SET n.name = 'better'",
        "UPDATE nodes SET name = 'better' WHERE id = :gone",
        {("name", "gone")},
    ),
    "an asset deleted": (
        OF % "two" + " DETACH DELETE n",
        "DELETE FROM edges WHERE :two IN (source_id, target_id); DELETE FROM nodes WHERE id = :two",
        {("node missing", "two"), (MISSING, "desk")},
    ),
    "a relationship": (
        BOTH % ("two", "one") + " CREATE (a)-[:DEPENDS_ON]->(b)",
        EDGE % ":two, 'DEPENDS_ON', :one",
        {(UNCLAIMED, "two")},
    ),
    "a relationship to the catalogue": (
        BOTH % ("two", "tar") + " CREATE (a)-[:INSTALLED]->(b)",
        EDGE % ":two, 'INSTALLED', :tar",
        {(UNCLAIMED, "two")},
    ),
    "a relationship of what is retired": (
        BOTH % ("gone", "tar") + " CREATE (a)-[:INSTALLED]->(b)",
        EDGE % ":gone, 'INSTALLED', :tar",
        {(UNCLAIMED, "gone")},
    ),
    "a relationship between catalogue nodes": (
        BOTH % ("tar", "debian12") + " CREATE (a)-[:DEPENDS_ON]->(b)",
        EDGE % ":tar, 'DEPENDS_ON', :debian12",
        {("relationship unknown", "tar 1")},
    ),
    "a relationship between ends of another sort": (
        BOTH % ("two", "one") + " CREATE (a)-[:INSTALLED]->(b)",
        EDGE % ":two, 'INSTALLED', :one",
        {("relationship unknown", "two")},
    ),
    "a relationship of a type nobody knows": (
        BOTH % ("two", "one") + " CREATE (a)-[:LIKES]->(b)",
        EDGE % ":two, 'LIKES', :one",
        {("relationship unknown", "two")},
    ),
    "a relationship drawn twice": (
        BOTH % ("desk", "one") + " CREATE (a)-[:RUNS_ON]->(b)",
        None,
        {("relationship unknown", "desk")},
    ),
    "a relationship to a record": (
        "MATCH (a:Asset {id: $one}), (b:Record {key: 'a/1'}) CREATE (a)-[:DEPENDS_ON]->(b)",
        None,
        {("relationship unknown", "one")},
    ),
    "a record that describes another": (
        "MATCH (a:Asset {id: $two}), (b:Record {key: 'a/1'}) CREATE (b)-[:DESCRIBES]->(a)",
        None,
        {("relationship unknown", "a/1")},
    ),
    "a relationship erased": (RUNS + " DELETE e", f"DELETE FROM edges {BY}", {(MISSING, "desk")}),
    "a relationship to the catalogue erased": (
        "MATCH (:Server {id: $one})-[e:INSTALLED]->() DELETE e",
        "DELETE FROM edges WHERE source_id = :one AND type = 'INSTALLED'",
        {(MISSING, "one")},
    ),
    "other properties of a relationship": (
        RUNS + " SET e.port = 5",
        f"""UPDATE edges SET properties = '{{"port":5}}' {BY}""",
        {(OTHER, "desk")},
    ),
    "other claims of a relationship": (
        RUNS + " SET e.records = ['me/1']",
        f"""UPDATE edges SET claims = '{{"me/1":{{}}}}' {BY}""",
        {(OTHER, "desk")},
    ),
    "other sources of a relationship": (RUNS + " SET e.sources = ['me']", None, {("form", "desk")}),
    "nothing left of a relationship": (RUNS + " SET e = {}", None, {(OTHER, "desk")}),
    "another catalogue node": (
        OF % "debian12" + " SET n.version = '99'",
        "UPDATE catalogue SET properties = replace(properties, '12', '99') WHERE id = :debian12",
        {("catalogue node differs", "Debian GNU/Linux 12 (bookworm)")},
    ),
    "another name of a catalogue node": (
        OF % "tar" + " SET n.title = 'better'",
        "UPDATE catalogue SET name = 'better' WHERE id = :tar",
        {("catalogue node differs", "tar 1")},
    ),
    "a catalogue node drawn": (
        "CREATE (:Catalogue:Software {id: 'hand', kind: 'Software', title: 'hand', name: 'hand'})",
        """INSERT INTO catalogue VALUES ('hand', 'Software', 'hand', '{"name":"hand"}')""",
        {(LOST, "hand")},
    ),
    "a catalogue node and who has it": (
        OF % "two"
        + " CREATE (n)-[:INSTALLED]->(:Catalogue:Software {id: 'hand', kind: 'Software', title: 'hand', name: 'hand'})",
        """INSERT INTO catalogue VALUES ('hand', 'Software', 'hand', '{"name":"hand"}');"""
        + EDGE % ":two, 'INSTALLED', 'hand'",
        {(LOST, "hand"), (UNCLAIMED, "two")},
    ),
    "another name of an Endpoint": (
        OF % "unseen" + " SET n.name = 'seen'",
        "UPDATE nodes SET name = 'seen' WHERE id = :unseen",
        {("name", "unseen")},
    ),
    "an Endpoint deleted": (
        OF % "unseen" + " DETACH DELETE n",
        "DELETE FROM edges WHERE target_id = :unseen; DELETE FROM nodes WHERE id = :unseen",
        {("node missing", "unseen"), (MISSING, "desk")},
    ),
    "a cycle that is followed": (
        BOTH % ("debian12", "c10") + " CREATE (a)-[:FOLLOWS]->(b)",
        EDGE % ":debian12, 'FOLLOWS', :c10",
        {(UNCLAIMED, "Debian GNU/Linux 12 (bookworm)")},
    ),
    "a cycle that is followed no more": (
        "MATCH (:Catalogue {id: $debian12})-[e:FOLLOWS]->() DELETE e",
        "DELETE FROM edges WHERE source_id = :debian12 AND type = 'FOLLOWS'",
        {(MISSING, "Debian GNU/Linux 12 (bookworm)")},
    ),
    "how a cycle is followed": (
        "MATCH (:Catalogue {id: $debian12})-[e:FOLLOWS]->() SET e.confidence = 0.1",
        "UPDATE edges SET properties = '{}' WHERE source_id = :debian12 AND type = 'FOLLOWS'",
        {(OTHER, "Debian GNU/Linux 12 (bookworm)")},
    ),
}


CASES = [
    *(
        pytest.param("sqlite", edit) for edit, (_, sql, _) in EDITS.items() if sql is not None
    ),  # some it has no room for
    *(pytest.param("neo4j", edit, marks=pytest.mark.servers) for edit in EDITS),
]


@pytest.mark.parametrize(("city", "edit"), CASES, indirect=["city"])
def test_an_edit_is_found_as_what_it_is_and_set_right_by_a_rebuild(city, edit):
    cypher, sql, expected = EDITS[edit]
    statement = cypher if city.kind == "neo4j" else sql
    assert found_in(city.store) == []
    right, journal, swept = city.shown(), city.store.status().journal, []

    city.hand.edit(statement, ids_of(city))
    told = found_in(city.store)
    assert {(found.what, found.name) for found in told} == expected
    assert len(told) == len(expected)

    with city.consumer() as consumer:
        consumer.rebuild(threading.Event(), swept.append)
    assert found_in(city.store) == []
    assert city.shown() == right
    written = city.store.changes(after=journal)
    assert written or swept or "follow" in edit
    assert {entry.asset_id for entry in written} <= {found.id for found in told}
