"""The same graph by the bare driver: `UNWIND ... MERGE`, as anybody would write it first."""

import json
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
    """The graph's nodes and relationships as JSON lines in files by label and type; gives how many of each."""
    nodes, edges = reader.everything()
    counts = [0, 0]
    with _Files(folder) as files:
        for node in nodes:
            kept = catalogue_map(node) if node.kind in CATALOGUE else node_map(node)
            label = "Catalogue" if node.kind in CATALOGUE else "Asset"
            files.add(f"node-{label}-{node.kind}", {n: v for n, v in kept.items() if v is not None})
            counts[0] += 1
        for edge in edges:
            files.add(f"edge-{edge.key.type}", [edge.key.source_id, edge.key.target_id, edge_map(edge)])
            counts[1] += 1
    return counts[0], counts[1]


def load(uri: str, folder: Path) -> None:
    """Nodes before relationships, 5,000 rows a transaction, sorted, with a uniqueness constraint on the id."""
    with neo4j.GraphDatabase.driver(uri) as driver, driver.session(database="neo4j") as session:
        for label in ("Asset", "Catalogue"):
            session.run(f"CREATE CONSTRAINT FOR (n:{label}) REQUIRE n.id IS UNIQUE").consume()
        for file in sorted(folder.glob("node-*")):
            _, label, kind = file.stem.split("-", 2)
            _many(session, f"UNWIND $rows AS row MERGE (n:{label} {{id: row.id}}) SET n = row, n:{kind}", _rows(file))
        for file in sorted(folder.glob("edge-*")):
            relation = file.stem.split("-", 1)[1]
            source, target = ends(relation)
            statement = (
                f"UNWIND $rows AS row MATCH (a:{source} {{id: row[0]}}) MATCH (b:{target} {{id: row[1]}}) "
                f"MERGE (a)-[e:{relation}]->(b) SET e = row[2]"
            )
            _many(session, statement, _rows(file))


def _many(session: neo4j.Session, statement: str, rows: Iterable[object]) -> None:
    for page in pages(rows, ROWS):
        session.execute_write(_run, statement, page)


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
