"""Writing a bill of materials needs no more memory for more assets, however much they have."""

import tracemalloc
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from graph.model import Changes, Edge, EdgeKey, Node, node_id
from graph.sqlite_store import SqliteStore
from inventory.judging import Policy
from inventory.lifecycle import load_table
from inventory.matching import Matcher
from services.exports.asking import bill_of
from tests.services.exports.bills import TODAY

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CATALOGUE = [node_id(f"item {number}") for number in range(400)]
PACKAGES = 60


def graph(path, assets):
    store, choice = SqliteStore(path), Random(1)
    changes = Changes(log="l", expected={}, positions={})
    for key in CATALOGUE:
        properties = {"name": f"package {key}", "version": "1.2", "vendor": "Debian", "package_type": "deb"}
        changes.catalogue[key] = Node(key, "Software", key, properties)
    for number in range(assets):
        key = node_id(f"asset {number}")
        changes.nodes[key] = Node(key, "Server", f"srv-{number}", {"vendor": "V", "model": "M"}, ("s",), NOW)
        for item in choice.sample(CATALOGUE, PACKAGES):
            edge = EdgeKey(key, "INSTALLED", item)
            changes.edges[edge] = Edge(edge, {}, {f"s/{number}": {}}, NOW)
    store.transact(store.acquire("test", timedelta(hours=1)), lambda tx: tx.write(changes))
    return store


def written(store, use):
    """What the bill's characters come to, and the memory that was needed at once beside what was there before."""
    matcher = Matcher(load_table())
    tracemalloc.start()
    try:
        size = use(bill_of(store, matcher, Policy(), (), TODAY).parts())
        return size, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def graphs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("memory")
    found = [graph(folder / f"{assets}.db", assets) for assets in (200, 1200)]
    yield found
    for store in found:
        store.close()


def test_six_times_the_assets_need_hardly_more_memory(graphs):
    (small, little), (large, much) = (written(store, lambda parts: sum(map(len, parts))) for store in graphs)

    assert large > 4 * small
    assert much < 1.3 * little


def test_the_measure_sees_what_holds_the_document(graphs):
    (_, little), (_, much) = (written(store, lambda parts: len("".join(parts))) for store in graphs)

    assert much > 1.3 * little
