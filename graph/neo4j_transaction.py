"""One transaction of the writer on Neo4j: what it may ask. What it writes: `graph.neo4j_writer`."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from neo4j import ManagedTransaction

from graph.metamodel import CATALOGUE_RELATIONS, RELATIONS
from graph.model import Changes, Edge, EdgeKey, Holders, Node, Part, RecordRow, ReferenceRow
from graph.neo4j_cypher import by_ends, types
from graph.neo4j_questions import asked, grouped, holders_of, identifiers_of, named, records_of
from graph.neo4j_schema import edge_of, edges_of, node_of, place, reference_of
from graph.neo4j_strays import strays_from
from graph.neo4j_sweeping import sweep
from graph.neo4j_writer import DifferenceWriter
from graph.stray import Stray
from graph.values import unpack

_BETWEEN = types(RELATIONS.keys() - CATALOGUE_RELATIONS)
"""Relationships of assets and Endpoints with each other."""


class Neo4jTransaction:
    """See `Transaction`. The writer's node is locked before it is made, so nobody else changes what is read here."""

    def __init__(self, tx: ManagedTransaction, clock: Callable[[], datetime]) -> None:
        self._tx, self._clock = tx, clock

    def records(self, keys: Collection[str]) -> dict[str, RecordRow]:
        return records_of(self._tx, keys)

    def bodies(self, records: Collection[str]) -> dict[str, dict[str, bytes]]:
        found: dict[str, dict[str, bytes]] = {}
        question = "UNWIND $rows AS key MATCH (:Record {key: key})-[:HAS_SECTION]->(b:Body) RETURN key, b"
        for row in self._read(question, records):
            found.setdefault(row["key"], {})[row["b"]["section"]] = unpack(bytes(row["b"]["body"]))
        return found

    def identifiers(self, records: Collection[str]) -> dict[str, frozenset[str]]:
        return identifiers_of(self._tx, records)

    def holders(self, identifiers: Collection[str], limit: int) -> dict[str, Holders]:
        return holders_of(self._tx, identifiers, limit)

    def references(self, records: Collection[str]) -> dict[str, tuple[ReferenceRow, ...]]:
        question = """
            UNWIND $rows AS key MATCH (:Record {key: key})-[f:REFERS]->(i:Identifier)
            RETURN key, coalesce(i.text, i.key) AS identifier, properties(f) AS told ORDER BY key, f.number
        """
        found: dict[str, list[ReferenceRow]] = {}
        for row in self._read(question, records):
            found.setdefault(row["key"], []).append(reference_of(row["key"], row["identifier"], row["told"]))
        return {record: tuple(rows) for record, rows in found.items()}

    def referrers(self, identifiers: Collection[str]) -> dict[str, frozenset[str]]:
        question = """
            UNWIND $rows AS row MATCH (r:Record)-[:REFERS]->(:Identifier {key: row[0]})
            RETURN row[1] AS one, collect(DISTINCT r.key) AS many
        """
        return grouped(self._read(question, named(identifiers)))

    def reference_counts(self, identifiers: Collection[str]) -> dict[str, int]:
        question = """
            UNWIND $rows AS row MATCH (i:Identifier {key: row[0]}) WHERE i.referrers > 0
            RETURN row[1] AS identifier, i.referrers AS count
        """
        return {row["identifier"]: row["count"] for row in self._read(question, named(identifiers))}

    def nodes(self, ids: Collection[str]) -> dict[str, Node]:
        rows = self._read("UNWIND $rows AS id MATCH (n:Asset {id: id}) RETURN n", ids)
        return {row["n"]["id"]: node_of(row["n"]) for row in rows}

    def catalogue_edges(self, asset_ids: Collection[str]) -> dict[EdgeKey, Edge]:
        question = f"""
            UNWIND $rows AS id MATCH (:Asset {{id: id}})-[e:{types(CATALOGUE_RELATIONS)}]->(c:Catalogue)
            RETURN id, collect([type(e), c.id, properties(e)]) AS edges
        """
        return {edge.key: edge for edge in edges_of(self._read(question, asset_ids))}

    def edges(self, keys: Collection[EdgeKey]) -> dict[EdgeKey, Edge]:
        found: dict[EdgeKey, Edge] = {}
        for match, rows in by_ends(keys):
            question = f"{match} RETURN row[0] AS id, collect([row[1], row[2], properties(e)]) AS edges"
            found |= {edge.key: edge for edge in edges_of(self._read(question, rows))}
        return found

    def markers(self, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
        by_place = {place(*key): key for key in keys}
        question = "UNWIND $rows AS key MATCH (m:Marker {key: key}) RETURN key, m.sequence AS sequence"
        return {by_place[row["key"]]: row["sequence"] for row in self._read(question, by_place.keys())}

    def records_below(self, source: str, partition: int, sequence: int, limit: int) -> list[str]:
        question = """
            MATCH (r:Record {place: $place}) WHERE r.live AND r.sequence < $sequence
            RETURN r.key AS key ORDER BY key LIMIT $limit
        """
        found = self._tx.run(question, place=place(source, partition), sequence=sequence, limit=limit)
        return sorted(row["key"] for row in found)

    def members(self, asset_ids: Collection[str]) -> dict[str, frozenset[str]]:
        question = """
            UNWIND $rows AS id MATCH (r:Record {asset_id: id}) WHERE r.live RETURN id AS one, collect(r.key) AS many
        """
        return grouped(self._read(question, asset_ids))

    def live_records(self, after: str, limit: int) -> list[str]:
        question = "MATCH (r:Record) WHERE r.key > $after AND r.live RETURN r.key AS key ORDER BY r.key LIMIT $limit"
        return [row["key"] for row in self._tx.run(question, after=after, limit=limit)]

    def asset_ids(self, after: str, limit: int) -> list[str]:
        question = """
            MATCH (n:Asset) WHERE n.id > $after RETURN n.id AS id ORDER BY n.id LIMIT $limit
        """
        return [row["id"] for row in self._tx.run(question, after=after, limit=limit)]

    def asset_edges(self, after: EdgeKey, limit: int) -> list[Edge]:
        """First whose: so that the server need not look at all the others to put them in order."""
        some = f"""
            MATCH (a:Asset) WHERE a.id >= $source AND EXISTS {{ (a)-[:{_BETWEEN}]->(:Asset) }}
            RETURN a.id AS id ORDER BY id LIMIT $limit
        """
        ids = [row["id"] for row in self._tx.run(some, source=after.source_id, limit=limit + 1)]
        question = f"""
            UNWIND $ids AS id MATCH (:Asset {{id: id}})-[e:{_BETWEEN}]->(b:Asset)
            WITH id, type(e) AS type, b.id AS target, e
            WHERE target IS NOT NULL
            AND (id > $source OR type > $type OR (type = $type AND target > $target))
            RETURN id, type, target, properties(e) AS told ORDER BY id, type, target LIMIT $limit
        """
        cursor: dict[str, Any] = {"source": after.source_id, "type": after.type, "target": after.target_id}
        rows = self._tx.run(question, ids=ids, limit=limit, **cursor)
        return [edge_of(row["id"], row["type"], row["target"], row["told"]) for row in rows]

    def related(self, ids: Collection[str]) -> set[str]:
        question = f"""
            UNWIND $rows AS id MATCH (n:Asset {{id: id}}) WHERE EXISTS {{ (n)-[:{_BETWEEN}]-(:Asset) }} RETURN id
        """
        return {row["id"] for row in self._read(question, ids)}

    def founded(self, ids: Collection[str]) -> dict[str, str]:
        rows = self._read("UNWIND $rows AS id MATCH (r:Record {id: id}) RETURN id, r.kind AS kind", ids)
        return {row["id"]: row["kind"] for row in rows}

    def items(self, ids: Collection[str]) -> dict[str, Node]:
        rows = self._read("UNWIND $rows AS id MATCH (n:Catalogue {id: id}) RETURN n", ids)
        return {row["n"]["id"]: node_of(row["n"]) for row in rows}

    def item_ids(self, after: str, limit: int) -> list[str]:
        question = "MATCH (n:Catalogue) WHERE n.id > $after RETURN n.id AS id ORDER BY n.id LIMIT $limit"
        return [row["id"] for row in self._tx.run(question, after=after, limit=limit)]

    def had(self, ids: Collection[str]) -> set[str]:
        question = "UNWIND $rows AS id MATCH (n:Catalogue {id: id}) WHERE EXISTS { (n)<--() } RETURN id"
        return {row["id"] for row in self._read(question, ids)}

    def strays(self, after: str, limit: int) -> tuple[list[Stray], str]:
        return strays_from(self._tx, after, limit)

    def sweep(self, strays: Iterable[Stray]) -> None:
        sweep(self._tx, strays)

    def recount(self, after: str, limit: int) -> str:
        question = """
            MATCH (i:Identifier) WHERE i.key > $after WITH i ORDER BY i.key LIMIT $limit
            WITH i, COUNT { (i)<-[:HOLDS]-() } AS holders, COUNT { (i)<-[:REFERS]-() } AS referrers
            FOREACH (_ IN CASE WHEN coalesce(i.holders, -1) <> holders OR coalesce(i.referrers, -1) <> referrers
                THEN [1] ELSE [] END | SET i.holders = holders, i.referrers = referrers)
            RETURN coalesce(max(i.key), '') AS last
        """
        return str(self._tx.run(question, after=after, limit=limit).single(strict=True)["last"])

    def write(self, changes: Changes, parts: Iterable[Part] = ()) -> None:
        DifferenceWriter(self._tx, self._clock, changes).write(parts, self.references(changes.references.keys()))

    def _read(self, question: str, values: Iterable[object]) -> Iterator[dict[str, Any]]:
        return asked(self._tx, question, values)
