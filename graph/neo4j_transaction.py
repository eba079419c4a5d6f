"""One transaction of the writer on Neo4j. Values travel as parameters; labels and types come from the metamodel."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from itertools import groupby, islice
from typing import Any

from neo4j import ManagedTransaction

from graph.metamodel import CATALOGUE_RELATIONS, KINDS, RELATIONS
from graph.model import Changes, Edge, EdgeKey, Holders, Node, RecordRow, ReferenceRow, node_id
from graph.neo4j_schema import (
    catalogue_map,
    edge_map,
    edge_of,
    node_map,
    node_of,
    pack,
    place,
    record_map,
    record_of,
    reference_map,
    reference_of,
    run_map,
    time_text,
    unpack,
)
from graph.store import PositionsDiffer

ROWS = 5000
"""Rows of one UNWIND: enough to be quick, few enough for the planner's and the driver's memory."""
_OLD_LABELS = ":".join(sorted(kind.label for kind in KINDS.values() if kind.group != "catalogue"))


class Neo4jTransaction:
    """See `Transaction`."""

    def __init__(self, tx: ManagedTransaction, clock: Callable[[], datetime]) -> None:
        self._tx, self._clock = tx, clock

    def records(self, keys: Collection[str]) -> dict[str, RecordRow]:
        rows = self._read("UNWIND $rows AS key MATCH (r:Record {key: key}) RETURN r", keys)
        return {row["r"]["key"]: record_of(row["r"]) for row in rows}

    def bodies(self, records: Collection[str]) -> dict[str, dict[str, bytes]]:
        found: dict[str, dict[str, bytes]] = {}
        question = "UNWIND $rows AS key MATCH (:Record {key: key})-[:HAS_SECTION]->(b:Body) RETURN key, b"
        for row in self._read(question, records):
            found.setdefault(row["key"], {})[row["b"]["section"]] = unpack(bytes(row["b"]["body"]))
        return found

    def identifiers(self, records: Collection[str]) -> dict[str, frozenset[str]]:
        question = """
            UNWIND $rows AS key MATCH (:Record {key: key})-[:HOLDS]->(i:Identifier)
            RETURN key AS one, collect(i.key) AS many
        """
        return self._grouped(question, records)

    def holders(self, identifiers: Collection[str], limit: int) -> dict[str, Holders]:
        question = """
            UNWIND $rows AS key MATCH (i:Identifier {key: key}) WHERE i.holders > 0
            RETURN key, i.holders AS count,
            CASE WHEN i.holders <= $limit THEN [(r:Record)-[:HOLDS]->(i) | r.key] ELSE [] END AS records
        """
        rows = self._read(question, identifiers, limit=limit)
        return {row["key"]: Holders(row["count"], frozenset(row["records"])) for row in rows}

    def references(self, records: Collection[str]) -> dict[str, tuple[ReferenceRow, ...]]:
        question = """
            UNWIND $rows AS key MATCH (:Record {key: key})-[f:REFERS]->(i:Identifier)
            RETURN key, i.key AS identifier, properties(f) AS told ORDER BY key, f.number
        """
        found: dict[str, list[ReferenceRow]] = {}
        for row in self._read(question, records):
            found.setdefault(row["key"], []).append(reference_of(row["key"], row["identifier"], row["told"]))
        return {record: tuple(rows) for record, rows in found.items()}

    def referrers(self, identifiers: Collection[str]) -> dict[str, frozenset[str]]:
        question = """
            UNWIND $rows AS key MATCH (r:Record)-[:REFERS]->(:Identifier {key: key})
            RETURN key AS one, collect(DISTINCT r.key) AS many
        """
        return self._grouped(question, identifiers)

    def reference_counts(self, identifiers: Collection[str]) -> dict[str, int]:
        question = """
            UNWIND $rows AS key MATCH (i:Identifier {key: key}) WHERE i.referrers > 0 RETURN key, i.referrers AS count
        """
        return {row["key"]: row["count"] for row in self._read(question, identifiers)}

    def nodes(self, ids: Collection[str]) -> dict[str, Node]:
        rows = self._read("UNWIND $rows AS id MATCH (n:Asset {id: id}) RETURN n", ids)
        return {row["n"]["id"]: node_of(row["n"]) for row in rows}

    def catalogue_edges(self, asset_ids: Collection[str]) -> dict[EdgeKey, Edge]:
        question = f"""
            UNWIND $rows AS id MATCH (:Asset {{id: id}})-[e:{"|".join(sorted(CATALOGUE_RELATIONS))}]->(c:Catalogue)
            RETURN id AS source, type(e) AS type, c.id AS target, properties(e) AS told
        """
        return self._edges(self._read(question, asset_ids))

    def edges(self, keys: Collection[EdgeKey]) -> dict[EdgeKey, Edge]:
        found: dict[EdgeKey, Edge] = {}
        for relation, some in _by_type(keys):
            question = f"""
                UNWIND $rows AS row MATCH (:Asset {{id: row[0]}})-[e:{relation}]->(:{_target(relation)} {{id: row[2]}})
                RETURN row[0] AS source, row[1] AS type, row[2] AS target, properties(e) AS told
            """
            found |= self._edges(self._read(question, [list(key) for key in some]))
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
        return [row["key"] for row in found]

    def members(self, asset_ids: Collection[str]) -> dict[str, frozenset[str]]:
        question = """
            UNWIND $rows AS id MATCH (r:Record {asset_id: id}) WHERE r.live RETURN id AS one, collect(r.key) AS many
        """
        return self._grouped(question, asset_ids)

    def write(self, changes: Changes) -> None:
        self._write_positions(changes)
        self._write_graph(changes)
        self._write_records(changes)
        self._write_names(changes)
        self._write_journal(changes)

    def _read(self, question: str, values: Iterable[object], **more: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - query parameters
        for page in _pages(values):
            for row in self._tx.run(question, rows=page, **more):
                yield dict(row)

    def _many(self, statement: str, rows: Iterable[object], **more: Any) -> None:  # noqa: ANN401 - query parameters
        for page in _pages(rows):
            self._tx.run(statement, rows=page, **more).consume()

    def _grouped(self, question: str, values: Iterable[object]) -> dict[str, frozenset[str]]:
        return {row["one"]: frozenset(row["many"]) for row in self._read(question, values)}

    def _edges(self, rows: Iterable[dict[str, Any]]) -> dict[EdgeKey, Edge]:
        edges = (edge_of(row["source"], row["type"], row["target"], row["told"]) for row in rows)
        return {edge.key: edge for edge in edges}

    def _write_positions(self, changes: Changes) -> None:
        """The writer's node is locked by now, so nobody else changes what is compared here."""
        question = "MATCH (p:Position {log: $log}) RETURN p.topic AS topic, p.partition AS partition, p.next AS next"
        rows = self._tx.run(question, log=changes.log)
        stored = {(row["topic"], row["partition"]): row["next"] for row in rows}
        expected = {at: after for at, after in changes.expected.items() if at in stored or after}
        if stored != expected:
            raise PositionsDiffer(f"positions of log {changes.log}: {stored} are stored, {expected} were expected")
        self._many(
            "UNWIND $rows AS row MERGE (p:Position {key: row.key}) SET p = row",
            [
                {"key": f"{changes.log}|{topic}|{n}", "log": changes.log, "topic": topic, "partition": n, "next": after}
                for (topic, n), after in sorted(changes.positions.items())
            ],
        )
        self._many(
            "UNWIND $rows AS row MERGE (m:Marker {key: row.key}) SET m = row",
            [
                {"key": place(source, part), "source": source, "partition": part, "sequence": sequence}
                for (source, part), sequence in sorted(changes.markers.items())
            ],
        )

    def _write_graph(self, changes: Changes) -> None:
        for relation, keys in _by_type(changes.erased):
            self._many(
                f"UNWIND $rows AS row MATCH (:Asset {{id: row[0]}})-[e:{relation}]->(:{_target(relation)} "
                "{id: row[2]}) DELETE e",
                [list(key) for key in keys],
            )
        self._many(
            "UNWIND $rows AS id MATCH (n:Asset {id: id}) OPTIONAL MATCH (:Record)-[d:DESCRIBES]->(n) DELETE d, n",
            sorted(changes.removed),
        )
        self._write_nodes(changes)
        for relation, keys in _by_type(changes.edges):
            rows = [[key.source_id, key.target_id, edge_map(changes.edges[key])] for key in keys]
            self._many(
                f"UNWIND $rows AS row MATCH (a:Asset {{id: row[0]}}) MATCH (b:{_target(relation)} {{id: row[1]}}) "
                f"MERGE (a)-[e:{relation}]->(b) SET e = row[2]",
                rows,
            )

    def _write_nodes(self, changes: Changes) -> None:
        """Assets lose the label of another kind where they have become one of this."""
        for kind, nodes in _by_kind(changes.nodes.values()):
            self._many(
                f"UNWIND $rows AS row MERGE (n:Asset {{id: row.id}}) "
                f"FOREACH (_ IN CASE WHEN n.kind <> $kind THEN [1] ELSE [] END | REMOVE n:{_OLD_LABELS}) "
                f"SET n = row, n:{kind}",
                [node_map(node) for node in nodes],
                kind=kind,
            )
        for kind, nodes in _by_kind(changes.catalogue.values()):
            self._many(
                f"UNWIND $rows AS row MERGE (n:Catalogue {{id: row.id}}) ON CREATE SET n = row, n:{kind}",
                [catalogue_map(node) for node in nodes],
            )

    def _write_records(self, changes: Changes) -> None:
        self._many(
            """
            UNWIND $rows AS row MERGE (r:Record {key: row.key}) SET r = row
            WITH r, row OPTIONAL MATCH (r)-[d:DESCRIBES]->(old:Asset)
            FOREACH (_ IN CASE WHEN old.id <> row.asset_id OR NOT row.live THEN [1] ELSE [] END | DELETE d)
            WITH r, row WHERE row.live MATCH (a:Asset {id: row.asset_id}) MERGE (r)-[:DESCRIBES]->(a)
            """,
            [record_map(row, node_id(key)) for key, row in sorted(changes.records.items())],
        )
        gone = [f"{record}#{section}" for (record, section), body in changes.bodies.items() if body is None]
        self._many("UNWIND $rows AS key MATCH (b:Body {key: key}) DETACH DELETE b", sorted(gone))
        self._many(
            """
            UNWIND $rows AS row MATCH (r:Record {key: row.record}) MERGE (b:Body {key: row.key})
            SET b.section = row.section, b.body = row.body MERGE (r)-[:HAS_SECTION]->(b)
            """,
            [
                {"key": f"{record}#{section}", "record": record, "section": section, "body": pack(body)}
                for (record, section), body in sorted(changes.bodies.items())
                if body is not None
            ],
        )
        self._many(
            "UNWIND $rows AS row MATCH (r:Record {asset_id: row[0]}) WHERE NOT r.live SET r.asset_id = row[1]",
            [list(pair) for pair in sorted(changes.continued.items())],
        )

    def _write_names(self, changes: Changes) -> None:
        """Who holds and who refers to an identifier, with the counts that stand on the identifier."""
        holders = Counter(identifier for _, identifier in changes.held)
        holders.subtract(identifier for _, identifier in changes.released)
        referrers = Counter(row.identifier for rows in changes.references.values() for row in rows)
        old = self.references(changes.references.keys())
        referrers.subtract(row.identifier for rows in old.values() for row in rows)
        self._many(
            """
            UNWIND $rows AS row MERGE (i:Identifier {key: row[0]})
            SET i.holders = coalesce(i.holders, 0) + row[1], i.referrers = coalesce(i.referrers, 0) + row[2]
            """,
            [[name, holders[name], referrers[name]] for name in sorted(holders.keys() | referrers.keys())],
        )
        pair = "MATCH (r:Record {key: row[0]}) MATCH (i:Identifier {key: row[1]})"
        released = [list(pair) for pair in sorted(changes.released)]
        self._many(
            "UNWIND $rows AS row MATCH (:Record {key: row[0]})-[h:HOLDS]->(:Identifier {key: row[1]}) DELETE h",
            released,
        )
        self._many(
            f"UNWIND $rows AS row {pair} CREATE (r)-[:HOLDS]->(i)", [list(held) for held in sorted(changes.held)]
        )
        self._many("UNWIND $rows AS key MATCH (:Record {key: key})-[f:REFERS]->() DELETE f", sorted(old))
        self._many(
            f"UNWIND $rows AS row {pair} CREATE (r)-[f:REFERS]->(i) SET f = row[2]",
            [
                [record, row.identifier, reference_map(number, row)]
                for record, rows in sorted(changes.references.items())
                for number, row in enumerate(rows)
            ],
        )
        empty = sorted(name for name in holders.keys() | referrers.keys() if holders[name] < 0 or referrers[name] < 0)
        self._many(
            """
            UNWIND $rows AS key MATCH (i:Identifier {key: key}) WHERE i.holders = 0 AND i.referrers = 0 DELETE i
            """,
            empty,
        )

    def _write_journal(self, changes: Changes) -> None:
        self._many(
            "UNWIND $rows AS row MERGE (r:Run {id: row.id}) SET r = row", [run_map(r) for r in changes.runs.values()]
        )
        if not changes.journal:
            return
        found = self._tx.run("MATCH (w:Writer) RETURN w.journal AS last, w.recorded_at AS latest").single(strict=True)
        now = max(str(time_text(self._clock())), found["latest"] or "")
        rows = [
            {
                "number": number,
                "recorded_at": now,
                "asset_id": change.asset_id,
                "what": change.what,
                "event_ids": list(change.event_ids),
                "detail": pack(change.detail.encode()),
            }
            for number, change in enumerate(changes.journal, start=(found["last"] or 0) + 1)
        ]
        self._many("UNWIND $rows AS row CREATE (c:Change) SET c = row", rows)
        self._tx.run("MATCH (w:Writer) SET w.journal = $last, w.recorded_at = $now", last=rows[-1]["number"], now=now)


def _pages(values: Iterable[object]) -> Iterator[list[object]]:
    rest = iter(values)
    while page := list(islice(rest, ROWS)):
        yield page


def _target(relation: str) -> str:
    return "Catalogue" if relation in CATALOGUE_RELATIONS else "Asset"


def _by_type(keys: Iterable[EdgeKey]) -> Iterator[tuple[str, list[EdgeKey]]]:
    """Keys by their type, which must be one of the metamodel's: it becomes part of a statement."""
    for relation, some in groupby(sorted(keys, key=lambda key: (key.type, key)), key=lambda key: key.type):
        assert relation in RELATIONS, relation
        yield relation, list(some)


def _by_kind(nodes: Iterable[Node]) -> Iterator[tuple[str, list[Node]]]:
    for kind, some in groupby(sorted(nodes, key=lambda node: (node.kind, node.id)), key=lambda node: node.kind):
        assert kind in KINDS, kind
        yield kind, list(some)
