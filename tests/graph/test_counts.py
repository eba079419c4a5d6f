"""How many live assets have an item: as many as there are, after any history and in every store."""

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.model import Part
from graph.neo4j_store import Neo4jStore
from graph.sqlite_store import SqliteStore
from graph.store import Selection
from inventory.again import recount
from tests.graph.changes import changes, edge, edges, item, node, nodes
from tests.graph.conftest import START

KINDS = ("Server", "Client", "Workload")
names, items = st.sampled_from("abcd"), st.sampled_from("xyz")
keys = st.tuples(names, st.sampled_from(("INSTALLED", "HAS_OS")), items)
steps = st.fixed_dictionaries(
    {
        "put": st.dictionaries(names, st.tuples(st.sampled_from(KINDS), st.booleans()), max_size=3),
        "draw": st.sets(keys, max_size=6),
        "erase": st.sets(keys, max_size=6),
        "remove": st.sets(names, max_size=1),
        "as part": st.booleans(),
    }
)


class History:
    """What a store was told, and what it must count."""

    def __init__(self, store):
        self.store, self.writer, self.at = store, store.acquire("one", timedelta(hours=1)), count()
        self.known, self.drawn = {}, set()

    def write(self, step):
        """Assets are created, changed, retired, returned; relationships drawn, drawn anew, erased; all at once."""
        draw = {key for key in step["draw"] if key[0] in self.known | step["put"]}
        remove = step["remove"] & self.known.keys() - step["put"].keys() - {key[0] for key in draw}
        erase = {key for key in self.drawn - draw if key in step["erase"] or key[0] in remove}
        part = Part(
            nodes=nodes(*(self._node(name, *told) for name, told in step["put"].items())),
            catalogue=nodes(*map(item, "xyz")),
            edges=edges(*(edge(*key) for key in draw)),
            drawn={edge(*key).key for key in draw - self.drawn},
        )
        rest = {} if step["as part"] else {name: getattr(part, name) for name in Part.__slots__}
        change = changes(
            next(self.at), erased={edge(*key).key for key in erase}, removed={f"id-{name}" for name in remove}, **rest
        )
        self.store.transact(self.writer, lambda tx: tx.write(change, [part] if step["as part"] else []))
        self.known = {name: told for name, told in (self.known | step["put"]).items() if name not in remove}
        self.drawn = (self.drawn | draw) - erase

    def _node(self, name, kind, retired):
        return node(name, kind, retired_at=START if retired else None)

    def counted(self, relation, kinds, without=""):
        return Counter(
            f"id-{what}"
            for name, drawn, what in self.drawn
            if drawn == relation and name != without and self.known[name][0] in kinds and not self.known[name][1]
        )

    def check(self):
        assert self.store.status().relationships == len(self.drawn)
        for relation in ("INSTALLED", "HAS_OS"):
            assert self.store.spread(relation) == self.counted(relation, KINDS)
            for kind in KINDS:
                assert self.store.spread(relation, Selection(frozenset({kind}))) == self.counted(relation, {kind})
            without = self.store.spread(relation, Selection(without=frozenset({"id-a"})))
            assert without == self.counted(relation, KINDS, without="a")


def run(store, history):
    told = History(store)
    for step in history:
        told.write(step)
        told.check()
    return told


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, min_size=1, max_size=5))
def test_kept_counts_are_those_that_are_counted_after_any_history(tmp_path_factory, history):
    file = tmp_path_factory.mktemp("graph") / "graph.db"
    with closing(SqliteStore(file)) as store:
        run(store, history)


@pytest.mark.servers
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, min_size=1, max_size=3))
def test_neo4j_counts_what_there_is_after_any_history(neo4j, history):
    neo4j.wipe()
    with closing(Neo4jStore(neo4j.uri)) as store:
        run(store, history)


HISTORY = [
    {
        "put": {"a": ("Server", False), "b": ("Client", False), "c": ("Client", True)},
        "draw": {(name, "INSTALLED", what) for name in "abc" for what in "xy"} | {("a", "HAS_OS", "z")},
        "erase": set(),
        "remove": set(),
        "as part": True,
    }
]
NUMBER = "UPDATE state SET value = 9 WHERE name = 'relationships'"


@pytest.mark.parametrize("damage", ["DELETE FROM had", "UPDATE had SET assets = 9, item = item || 'x'", NUMBER])
def test_counts_that_somebody_has_damaged_are_set_right(tmp_path, damage):
    file = tmp_path / "graph.db"
    with closing(SqliteStore(file)) as store:
        told = run(store, HISTORY)
        with closing(sqlite3.connect(file)) as database, database:
            database.execute(damage)

        after = ""
        while (last := store.transact(told.writer, lambda tx, at=after: recount(tx, after=at))) is not None:
            after = last
        told.check()
