"""Questions that the writer's transaction and the readers of the graph in Neo4j both ask."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from neo4j import ManagedTransaction

from graph.metamodel import RELATIONS
from graph.model import GraphStatus, Holders, RecordRow
from graph.neo4j_cypher import ROWS
from graph.neo4j_schema import key_of, record_of
from graph.store import SCHEMA_VERSION
from graph.values import pages, time_of, when


def asked(tx: ManagedTransaction, question: str, values: Iterable[object], **more: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - query parameters
    """The rows of a question about any number of values, a page of them at a time."""
    for page in pages(values, ROWS):
        for row in tx.run(question, rows=page, **more):
            yield dict(row)


def grouped(rows: Iterable[dict[str, Any]]) -> dict[str, frozenset[str]]:
    return {row["one"]: frozenset(row["many"]) for row in rows}


def named(identifiers: Collection[str]) -> list[object]:
    """Each identifier with the key that its index takes."""
    return [[key_of(identifier), identifier] for identifier in identifiers]


def records_of(tx: ManagedTransaction, keys: Collection[str]) -> dict[str, RecordRow]:
    rows = asked(tx, "UNWIND $rows AS key MATCH (r:Record {key: key}) RETURN r", keys)
    return {row["r"]["key"]: record_of(row["r"]) for row in rows}


def identifiers_of(tx: ManagedTransaction, records: Collection[str]) -> dict[str, frozenset[str]]:
    question = """
        UNWIND $rows AS key MATCH (:Record {key: key})-[:HOLDS]->(i:Identifier)
        RETURN key AS one, collect(coalesce(i.text, i.key)) AS many
    """
    return grouped(asked(tx, question, records))


def holders_of(tx: ManagedTransaction, identifiers: Collection[str], limit: int) -> dict[str, Holders]:
    question = """
        UNWIND $rows AS row MATCH (i:Identifier {key: row[0]}) WHERE i.holders > 0
        RETURN row[1] AS identifier, i.holders AS count,
        CASE WHEN i.holders <= $limit THEN [(r:Record)-[:HOLDS]->(i) | r.key] ELSE [] END AS records
    """
    rows = asked(tx, question, named(identifiers), limit=limit)
    return {row["identifier"]: Holders(row["count"], frozenset(row["records"])) for row in rows}


def status_of(tx: ManagedTransaction) -> GraphStatus:
    """How far the graph is, and what it holds: several statements, of which each sees what is committed then."""
    positions: dict[str, dict[tuple[str, int], int]] = {}
    for row in tx.run("MATCH (p:Position) RETURN p.log AS log, p.topic AS topic, p.partition AS n, p.next AS next"):
        positions.setdefault(row["log"], {})[(row["topic"], row["n"])] = row["next"]
    counts = {row["kind"]: row["n"] for row in tx.run("""
        MATCH (n:Asset) WHERE n.retired_at IS NULL AND n.kind IS NOT NULL  // one that is being removed has none
        RETURN n.kind AS kind, count(*) AS n
        UNION ALL MATCH (n:Catalogue) WHERE EXISTS { ()-->(n) } RETURN n.kind AS kind, count(*) AS n
    """)}  # fmt: skip
    relationships = sum(
        tx.run(f"MATCH ()-[e:{relation}]->() RETURN count(e) AS n").single(strict=True)["n"] for relation in RELATIONS
    )
    writer = tx.run("MATCH (w:Writer) RETURN w.owner AS owner, w.journal AS journal, w.recorded_at AS at").single()
    seen = tx.run("MATCH (r:Record) RETURN r.source AS source, max(r.last_seen) AS at")
    return GraphStatus(
        positions=positions,
        counts={kind: counts[kind] for kind in sorted(counts)},
        relationships=relationships,
        journal=(writer["journal"] or 0) if writer else 0,
        last_change=time_of(writer["at"]) if writer else None,
        last_seen={row["source"]: when(row["at"]) for row in seen},
        schema=SCHEMA_VERSION,
        writer=(writer["owner"] or "") if writer else "",
    )
