"""Questions that the writer's transaction and the readers of the graph in Neo4j both ask."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from neo4j import ManagedTransaction

from graph.model import Holders, RecordRow
from graph.neo4j_cypher import ROWS
from graph.neo4j_schema import key_of, record_of
from graph.values import pages


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
