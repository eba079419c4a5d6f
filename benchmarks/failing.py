"""What stops when something fails, beside Neo4j's own search; single points of failure; the topology and its memory."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

import psutil
from neo4j import GraphDatabase

from benchmarks.figures import Figure, seconds_of, told
from benchmarks.servers import fresh_neo4j
from graph.model import Change, Changes, Edge, EdgeKey, Node, Part, Properties, node_id
from graph.neo4j_store import Neo4jStore
from graph.sqlite_store import SqliteStore
from graph.store import GraphStore
from graph.values import pages
from inventory.impact import impact_of
from inventory.single_points import single_points
from inventory.topology import Topology, followed, load_topology
from services.api.live import EVERY, LiveTopology
from services.sample_city import Size

ASSETS = {Size.SMALL: 2_000, Size.CITY: 100_000, Size.LARGE: 200_000}
SERVICES = 300
ALTERNATIVES = 10
"""One in so many has two that stand in for each other."""
SHOWN, ROUNDS, TOGETHER = 100, 40, 5_000
START = datetime(2026, 1, 1, tzinfo=UTC)
SET, COUNT = "Neo4j's search for the assets", "Neo4j's search for their number alone"
SEARCHES = {
    name: f"MATCH (failed:Asset {{id: $id}}) MATCH (failed)<-[:DEPENDS_ON*1..]-(reached) RETURN {told}"
    for name, told in ((SET, "DISTINCT reached.id"), (COUNT, "count(DISTINCT reached)"))
}
"""Without redundancy, without ways; breadth first, as the planner chooses for what is distinct."""


def run(size: Size, folder: Path) -> Iterator[Figure]:
    """On SQLite and Neo4j; the questions beside Neo4j's own in turn."""
    landscape = Landscape(ASSETS[size])
    with told(f"{ASSETS[size]:,} assets into SQLite and Neo4j"), fresh_neo4j() as server:
        with closing(SqliteStore(folder / "failing.db")) as sqlite:
            landscape.write(sqlite)
            yield from _topology("SQLite", sqlite, most=2)
            yield from _follows("SQLite", sqlite, landscape)
        with closing(Neo4jStore(server.uri)) as store:
            landscape.write(store)
            yield from _topology("Neo4j", store, most=10)
            yield from _follows("Neo4j", store, landscape)
            topology = LiveTopology(store).get()
        yield from _questions(topology, landscape, server.uri)
    seconds, points = seconds_of(lambda: single_points(topology.wiring))
    yield Figure("impact", "single points of failure", len(points), "")
    yield Figure("impact", "all single points of failure", seconds, "s", most=10)


def _topology(name: str, store: GraphStore, *, most: float) -> Iterator[Figure]:
    process = psutil.Process()
    before = process.memory_info().rss
    seconds, topology = seconds_of(lambda: load_topology(store))
    grown = process.memory_info().rss - before
    again, _ = seconds_of(lambda: load_topology(store))
    yield Figure("impact", f"{name}: topology loaded for the first time", seconds, "s")
    yield Figure("impact", f"{name}: topology loaded", again, "s", most=most)
    yield Figure("impact", f"{name}: memory an asset", grown / len(topology.wiring.ids), "bytes")


def _follows(name: str, store: GraphStore, landscape: "Landscape") -> Iterator[Figure]:
    """From the commit of a change to a topology that has it."""
    topology = load_topology(store)
    landscape.change(store)
    seconds, now = seconds_of(lambda: followed(topology, store))
    assert now.outline != topology.outline
    yield Figure("impact", f"{name}: topology follows a change", seconds, "s", most=2 - EVERY)


def _questions(topology: Topology, landscape: "Landscape", uri: str) -> Iterator[Figure]:
    """In turn, so that what slows the machine slows both."""
    root = topology.outline.nodes[landscape.root]
    failed = Node(root.id, root.kind, root.name, {})
    taken: dict[str, list[float]] = {name: [] for name in ("ours", *SEARCHES)}
    with GraphDatabase.driver(uri) as driver:
        for number in range(ROUNDS + 1):
            seconds, reached = seconds_of(lambda: _asked(topology, failed))
            if number:  # before, servers read their pages and make their plans
                taken["ours"].append(seconds)
            for name, search in SEARCHES.items():
                seconds, _ = seconds_of(lambda search=search: driver.execute_query(search, id=root.id))  # type: ignore[misc]
                if number:
                    taken[name].append(seconds)
    yield Figure("impact", "assets that one failure reaches", reached, "")
    for name, times in taken.items():
        yield Figure("impact", f"{name}, p95", _p95(times), "s")
    for name, least in ((SET, 10), (COUNT, None)):
        yield Figure("impact", f"{name} : ours", _p95(taken[name]) / _p95(taken["ours"]), "times", least=least)


def _asked(topology: Topology, failed: Node) -> int:
    """The totals by kind and result, and the ways to the first."""
    impact = impact_of(topology, [failed])
    assert impact.counts()
    assert all(item.links for item in impact.items(0, SHOWN))
    return impact.total


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


class Landscape:
    """Two halves, of which each asset needs two that are older than it; services are delivered by some of the first."""

    def __init__(self, assets: int) -> None:
        self._chance = random.Random(1)  # noqa: S311 - the same in every run
        self._ids = [node_id(f"failing/{number}") for number in range(assets)]
        self._at = 0
        self.root = self._ids[0]

    def write(self, store: GraphStore) -> None:
        """Into the store, as records would have it."""
        self._chance.seed(1)
        writer = store.acquire("bench", timedelta(days=1))
        assert writer is not None
        services = [node_id(f"service/{number}") for number in range(SERVICES)]
        nodes = {**dict.fromkeys(self._ids, "Application"), **dict.fromkeys(services, "CitizenService")}
        for some in pages(nodes.items(), TOGETHER):
            part = Part(nodes={node: _node(node, kind) for node, kind in some})
            store.transact(writer, lambda tx, p=part: tx.write(Changes("bench", {}, {}), [p]))  # type: ignore[misc]
        for edges in pages(self._edges(services), TOGETHER):
            drawn = {edge.key: edge for edge in edges}
            part = Part(edges=drawn, drawn=set(drawn))
            store.transact(writer, lambda tx, p=part: tx.write(Changes("bench", {}, {}), [p]))  # type: ignore[misc]
        store.release(writer)

    def _edges(self, services: list[str]) -> Iterator[Edge]:
        half = len(self._ids) // 2
        for number, asset in enumerate(self._ids):
            first = number - number % half
            if number > first + 1:
                either = self._chance.randrange(ALTERNATIVES) == 0
                told: Properties = {"alternatives": "either"} if either else {}
                for needed in self._chance.sample(range(first, number), 2):
                    yield _edge(asset, "DEPENDS_ON", self._ids[needed], told)
        for service in services:
            yield _edge(self._chance.choice(self._ids[:half]), "DELIVERS", service, {})

    def change(self, store: GraphStore) -> None:
        """One asset more, that needs the first; with its entry in the journal."""
        self._at += 1
        asset = node_id(f"more/{self._at}")
        edge = _edge(asset, "DEPENDS_ON", self.root, {})
        writer = store.acquire("bench", timedelta(days=1))
        assert writer is not None
        changes = Changes("bench", {}, {}, journal=[Change(asset, "created", (), "{}")], recorded_at=START)
        part = Part(nodes={asset: _node(asset, "Application")}, edges={edge.key: edge}, drawn={edge.key})
        store.transact(writer, lambda tx: tx.write(changes, [part]))
        store.release(writer)


def _node(node: str, kind: str) -> Node:
    return Node(node, kind, f"{kind} {node[:12]}", {"evidence": "observed"}, ("bench",), START)


def _edge(source: str, relation: str, target: str, told: Properties) -> Edge:
    return Edge(EdgeKey(source, relation, target), {"evidence": "observed", **told}, {f"bench/{source}": told}, START)
