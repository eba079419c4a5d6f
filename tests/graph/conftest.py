"""Both stores behind one fixture, so that the contract is tested on each."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graph.neo4j_store import Neo4jStore
from graph.sqlite_store import SqliteStore
from graph.store import GraphStore

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=pytest.mark.servers)])
def open_store(request, tmp_path: Path, clock: Clock) -> Iterator[Callable[[], GraphStore]]:
    """Gives another object on the same, at first empty, graph with each call."""
    opened: list[GraphStore] = []
    server = request.getfixturevalue("neo4j") if request.param == "neo4j" else None
    if server is not None:
        server.wipe()

    def again() -> GraphStore:
        store = Neo4jStore(server.uri, clock=clock) if server else SqliteStore(tmp_path / "graph.db", clock=clock)
        opened.append(store)
        return store

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], GraphStore]) -> GraphStore:
    return open_store()
