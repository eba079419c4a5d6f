"""The landscape in outline, from the SQLite graph."""

import json
import re
import sqlite3
from collections.abc import Collection
from functools import lru_cache

from graph.metamodel import LIFECYCLE
from graph.outline import Outline, OutlineEdge, OutlineNode, outline_edge, outline_of
from graph.sqlite_schema import Row, array

OF_LANDSCAPE = "NOT IN ('{}')".format("', '".join(sorted(LIFECYCLE)))
_ONE_OF = "IN (SELECT value FROM json_each({}))"
_WEIGHED = re.compile(r'"(?:strength|alternatives)')


def outline_from(connection: sqlite3.Connection, types: Collection[str], ids: Collection[str] | None) -> Outline:
    """See `GraphReader.outline`."""
    wanted = {"types": array(types), "ids": array(ids or ())}
    some = "" if ids is None else f"{{}} {_ONE_OF.format(':ids')} AND"
    nodes = f"""
        SELECT id, kind, name, CASE kind WHEN 'Cluster' THEN properties ->> 'required' END FROM nodes
        WHERE {some.format("id")} retired_at IS NULL AND kind {OF_LANDSCAPE}
    """
    edges = f"""
        SELECT source_id, type, target_id, properties, claims FROM edges
        WHERE {some.format("source_id")} type {_ONE_OF.format(":types")} ORDER BY source_id, type, target_id
    """
    found = [OutlineNode(node, kind, name, must or 0) for node, kind, name, must in connection.execute(nodes, wanted)]
    return outline_of(found, map(_edge, connection.execute(edges, wanted)))


def _edge(row: Row) -> OutlineEdge:
    source_id, kind, target_id, told, claims = row
    if _WEIGHED.search(told):
        return outline_edge(source_id, kind, target_id, json.loads(told), _records(claims))
    return OutlineEdge(source_id, kind, target_id, claims=_records(claims))  # few say any of it


@lru_cache(maxsize=10_000)  # relationships of one node stand together, and mostly one record claims all of them
def _records(claims: str) -> tuple[str, ...]:
    return tuple(json.loads(claims))
