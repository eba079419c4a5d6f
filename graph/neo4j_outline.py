"""The landscape in outline, from the graph in Neo4j."""

from collections.abc import Collection

from neo4j import ManagedTransaction

from graph.metamodel import LIFECYCLE
from graph.neo4j_cypher import types as types_of
from graph.outline import Outline, OutlineNode, outline_edge, outline_of


def outline_from(tx: ManagedTransaction, types: Collection[str], ids: Collection[str] | None) -> Outline:
    """See `GraphReader.outline`. All rows as one: the driver takes long over each."""
    start = "MATCH (a:Asset)" if ids is None else "UNWIND $ids AS id MATCH (a:Asset {id: id})"
    nodes = f"""
        {start} WHERE a.retired_at IS NULL AND NOT a.kind IN $others
        WITH [a.id, a.kind, a.name, CASE a.kind WHEN 'Cluster' THEN coalesce(a.required, 0) ELSE 0 END] AS told
        RETURN collect(told) AS found
    """
    edges = f"""
        {start} MATCH (a)-[e:{types_of(types)}]->(b:Asset) WITH a.id AS source, type(e) AS type, b.id AS target, e
        ORDER BY source, type, target
        WITH [source, type, target, e {{.strength, .alternatives, .alternatives_required}}, e.records] AS told
        RETURN collect(told) AS found
    """
    given: dict[str, object] = {"others": sorted(LIFECYCLE), "ids": sorted(ids or ())}
    drawn, told = (tx.run(question, given).single(strict=True)["found"] for question in (nodes, edges))
    return outline_of((OutlineNode(*row) for row in drawn), (outline_edge(*row) for row in told))
