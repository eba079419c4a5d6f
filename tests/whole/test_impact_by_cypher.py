"""What a failure affects, beside plain reachability asked of the real Neo4j step by step, which weighs nothing."""

import random

import numpy as np
import pytest
from neo4j import GraphDatabase

from events.codec import encode
from events.sqlite_log import SqliteLog
from graph.metamodel import RELATIONS
from graph.neo4j_store import Neo4jStore
from graph.sqlite_store import SqliteStore
from inventory.failing import Result, fail
from inventory.topology import load_topology
from services.answers import past_of
from tests.inventory.feeding import said, to
from tests.whole.profiles import apply, city, city_jobs, say

pytestmark = pytest.mark.servers
GRAPHS, CITY_ASSETS = 200, 150
_BY = {way: "|".join(r.type for r in RELATIONS.values() if r.failure == way) for way in ("to_source", "to_target")}
STEP = f"""
    UNWIND $ids AS id MATCH (n:Asset {{id: id}})
    CALL (n) {{ MATCH (n)<-[:{_BY["to_source"]}]-(m:Asset) RETURN m.id AS reached
                UNION MATCH (n)-[:{_BY["to_target"]}]->(m:Asset) RETURN m.id AS reached }}
    RETURN DISTINCT reached
"""


def drawn(number, chance, *, redundant):
    """One of many small cities, beside the others and apart from them."""

    def name(what, most):
        return f"g{number}-{what}{chance.randrange(most)}"

    def some(relation, kind, what, most, upto=2, **properties):
        return [to(relation, kind, name(what, most), **properties) for _ in range(chance.randint(0, upto))]

    def weighed():
        if not redundant or chance.random() < 0.5:
            return {}
        return {"alternatives": f"either{chance.randrange(2)}", "alternatives_required": chance.randint(1, 2)}

    for at in range(5):
        hosts = [*some("MEMBER_OF", "Cluster", "c", 2, 1), *some("LOCATED_IN", "Location", "l", 3, 1)]
        yield said("sheet", "Server", f"g{number}-s{at}", *(hosts if redundant else hosts[1:]))
    for at in range(5):
        needs = [to("DEPENDS_ON", "Server", name("s", 5), **weighed()) for _ in range(chance.randint(0, 3))]
        more = some("DEPENDS_ON", "Application", "a", 5)
        more += some("RUNS_ON", "Cluster", "c", 2, 1) if redundant else []
        delivered = some("DELIVERS", "CitizenService", "z", 2, 1)
        yield said("sheet", "Application", f"g{number}-a{at}", *_distinct([*needs, *more, *delivered]))
    for at in range(2):
        yield said("sheet", "Cluster", f"g{number}-c{at}")
        yield said("sheet", "CitizenService", f"g{number}-z{at}")
    for at in range(3):
        yield said("sheet", "Location", f"g{number}-l{at}", *some("LOCATED_IN", "Location", "l", at, 1) if at else ())


def _distinct(relations):
    """One relation between the same two: a record says it once."""
    return list({(relation.type, relation.to.value): relation for relation in relations}.values())


@pytest.fixture(scope="module")
def stores(neo4j, tmp_path_factory):
    """The sample city and all of the small ones, in Neo4j and in SQLite, from one log."""
    folder = tmp_path_factory.mktemp("reach")
    neo4j.wipe()
    log = SqliteLog(folder / "log.db")
    chance = random.Random(7)
    cities = [item for n in range(GRAPHS) for item in drawn(n, chance, redundant=n % 2 == 1)]
    log.append([encode(item.event) for item in cities])
    say(city_jobs(city(folder / "city")), folder, log)
    both = Neo4jStore(neo4j.uri), SqliteStore(folder / "graph.db")
    for store in both:
        apply(log, store)
    yield both
    for store in both:
        store.close()
    log.close()


@pytest.fixture(scope="module")
def reached(neo4j, stores):  # noqa: ARG001 - the graph must be there
    with GraphDatabase.driver(neo4j.uri) as driver:

        def asked(start):
            found, frontier = set(start), list(start)
            while frontier:
                rows = driver.execute_query(STEP, ids=frontier).records
                frontier = [row["reached"] for row in rows if row["reached"] not in found]
                found |= set(frontier)
            return found

        yield asked


RUNS = (Result.UNAFFECTED, Result.RESERVE)


def affected(outcome):
    """What does not go on as before; what only loses its reserve does."""
    return {outcome.wiring.ids[at] for at in np.flatnonzero(~np.isin(outcome.result, RUNS))}


def check_explained(outcome, left):
    """Each that is reached and goes on does so because what it needs can spare some, or goes on as well."""
    wiring = outcome.wiring
    for node in left:
        for link in wiring.into(wiring.numbers([node])).tolist():
            assert wiring.spare[wiring.need[link]] > 0 or outcome.result[wiring.cause[link]] in RUNS


def test_without_redundancy_it_is_what_can_be_reached_and_with_it_less_for_a_reason(stores, reached):
    topology = load_topology(stores[0])
    wiring, chance = topology.wiring, random.Random(3)
    names = {node.name: node.id for node in topology.outline.nodes.values()}
    differing = 0
    for number in range(GRAPHS):
        mine = sorted(node for name, node in names.items() if name.startswith(f"g{number}-"))
        start = chance.sample(mine, chance.randint(1, 2))
        outcome, plain = fail(wiring, start), reached(start)
        left = plain - affected(outcome)
        assert affected(outcome) <= plain
        assert number % 2 or not left
        check_explained(outcome, left)
        differing += bool(left)
    assert differing > GRAPHS // 20  # those with redundancy are not all without any


def test_in_the_sample_city_each_difference_has_its_redundancy(stores, reached):
    topology = load_topology(stores[0])
    nodes = [node for node in topology.outline.nodes.values() if not node.name.startswith("g")]
    with_effects = [node.id for node in nodes if len(topology.wiring.out_of(topology.wiring.numbers([node.id])))]
    chance = random.Random(5)
    differing = 0
    for asset in chance.sample(sorted(with_effects), min(CITY_ASSETS, len(with_effects))):
        outcome, plain = fail(topology.wiring, [asset]), reached([asset])
        assert affected(outcome) <= plain
        check_explained(outcome, plain - affected(outcome))
        differing += plain != affected(outcome)
    assert 0 < differing < len(with_effects) / 2  # most of the city has nothing to spare


def test_both_stores_and_the_past_give_the_same(stores):
    neo4j, sqlite = (load_topology(store) for store in stores)
    assert neo4j.outline == sqlite.outline
    for store in stores:
        with past_of(store, store.changes(newest_first=True, limit=1)[0].recorded_at) as past:
            assert load_topology(past).outline == sqlite.outline
    chance = random.Random(9)
    for start in (chance.sample(neo4j.wiring.ids, 2) for _ in range(100)):
        assert (fail(neo4j.wiring, start).result == fail(sqlite.wiring, start).result).all()
