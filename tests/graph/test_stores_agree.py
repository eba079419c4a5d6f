"""The laws on both stores at once: the same events give the same graph in SQLite and in Neo4j."""

from contextlib import closing
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.neo4j_store import Neo4jStore
from tests.inventory.test_batch import Graph, actions, history, latest

pytestmark = pytest.mark.servers


class Neo4jGraph(Graph):
    """The same on the real Neo4j, emptied first."""

    def __init__(self, server):
        server.wipe()
        self.store = Neo4jStore(server.uri)
        self.writer = self.store.acquire("test", timedelta(hours=1))
        self.offset = 0


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions, st.randoms(), st.integers(2, 6))
def test_any_order_gives_neo4j_the_graph_that_sqlite_has(neo4j, tmp_path_factory, acts, rnd, size):
    events = history(acts)
    with closing(Graph(tmp_path_factory.mktemp("graph"))) as expected, closing(Neo4jGraph(neo4j)) as graph:
        expected.feed(latest(events))
        shuffled = events + rnd.sample(events, len(events) // 2)
        rnd.shuffle(shuffled)
        for at in range(0, len(shuffled), size):
            graph.feed(shuffled[at : at + size])

        assert graph.shown() == expected.shown()
