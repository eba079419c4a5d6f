"""The same graph by the bare driver: `UNWIND ... MERGE`, as anybody would write it first.

The rows come from our own graph, so that they are the same, and lie in files: there are too many to hold.
"""

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self, TextIO

import neo4j

from graph.metamodel import CATALOGUE
from graph.neo4j_cypher import ends
from graph.neo4j_schema import catalogue_map, edge_map, node_map
from graph.store import GraphReader
from graph.values import pages

ROWS = 5000


def dump(reader: GraphReader, folder: Path) -> tuple[int, int]:
    """The graph's nodes and relationships as JSON lines, in order of id and key; gives how many of each.

    Nodes in files by label and kind, relationships in files by type and the kinds of their ends.
    """
    nodes, edges = reader.everything()
    counts, kinds = [0, 0], dict[str, str]()
    with _Files(folder) as files:
        for node in nodes:
            kept = catalogue_map(node) if node.kind in CATALOGUE else node_map(node)
            label = "Catalogue" if node.kind in CATALOGUE else "Asset"
            files.add(f"node-{label}-{node.kind}", {n: v for n, v in kept.items() if v is not None})
            kinds[node.id] = node.kind
            counts[0] += 1
        for edge in edges:
            source, relation, target = edge.key
            name = f"edge-{relation}-{kinds[source]}-{kinds[target]}"
            files.add(name, [source, target, edge_map(edge)])
            counts[1] += 1
    return counts[0], counts[1]


def load(uri: str, folder: Path) -> float:
    """Nodes before relationships, 5,000 rows a transaction, sorted, with a uniqueness constraint on the id.

    Gives the seconds that the driver and the server took; reading the files is not counted.
    """
    with neo4j.GraphDatabase.driver(uri) as driver, driver.session(database="neo4j") as session:
        for label in ("Asset", "Catalogue"):
            session.run(f"CREATE CONSTRAINT IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE").consume()
        session.run("CALL db.awaitIndexes(60)").consume()
        return sum(_many(session, statement, _rows(file)) for file, statement in _statements(folder))


def _statements(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each file, with the statement that writes its rows."""
    for file in sorted(folder.glob("node-*")):
        _, label, kind = file.stem.split("-")
        yield file, f"UNWIND $rows AS row MERGE (n:{label} {{id: row.id}}) SET n = row, n:{kind}"
    for file in sorted(folder.glob("edge-*")):
        _, relation, _, _ = file.stem.split("-")
        source, target = ends(relation)
        statement = (
            f"UNWIND $rows AS row MATCH (a:{source} {{id: row[0]}}) MATCH (b:{target} {{id: row[1]}}) "
            f"MERGE (a)-[e:{relation}]->(b) SET e = row[2]"
        )
        yield file, statement


def _many(session: neo4j.Session, statement: str, rows: Iterable[object]) -> float:
    seconds = 0.0
    for page in pages(rows, ROWS):
        start = time.perf_counter()
        session.execute_write(_run, statement, page)
        seconds += time.perf_counter() - start
    return seconds


def _run(tx: neo4j.ManagedTransaction, statement: str, rows: list[object]) -> None:
    tx.run(statement, rows=rows).consume()


def _rows(file: Path) -> Iterator[object]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


class _Files:
    """Files that are opened as they are needed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._open: dict[str, TextIO] = {}

    def __enter__(self) -> Self:
        return self

    def add(self, name: str, row: object) -> None:
        if name not in self._open:
            self._open[name] = (self._folder / f"{name}.jsonl").open("w", encoding="utf-8")
        self._open[name].write(json.dumps(row) + "\n")

    def __exit__(self, *_error: object) -> None:
        for file in self._open.values():
            file.close()
