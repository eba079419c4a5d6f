"""What stands in the SQLite graph and was not written by the store, or not so: kinds, types, ends, the form of values.

And what a comparison with the records asks besides: a part of the writer's transaction.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable
from typing import Any

from graph.metamodel import CATALOGUE, KINDS, RELATIONS
from graph.model import EdgeKey, Node
from graph.sqlite_questions import asked
from graph.sqlite_schema import NODE, Row, array, catalogue_of, edge_of, edge_row, node_of, node_row
from graph.stray import Stray
from graph.values import text_of

FORM = "form"
_ONE_OF = "IN (SELECT value FROM json_each(?))"
_ITEM = "id, kind, name, properties"
_WANTED = "the store's own form"
_Found = tuple[list[Stray], str]


class SqliteStrays:
    """See `Transaction`."""

    _connection: sqlite3.Connection

    def founded(self, ids: Collection[str]) -> dict[str, str]:
        return dict(asked(self._connection, f"SELECT id, kind FROM records WHERE id {_ONE_OF}", ids))

    def items(self, ids: Collection[str]) -> dict[str, Node]:
        rows = asked(self._connection, f"SELECT {_ITEM} FROM catalogue WHERE id {_ONE_OF}", ids)
        return {row[0]: catalogue_of(row) for row in rows}

    def item_ids(self, after: str, limit: int) -> list[str]:
        question = "SELECT id FROM catalogue WHERE id > ? ORDER BY id LIMIT ?"
        return [item for (item,) in self._connection.execute(question, (after, limit))]

    def had(self, ids: Collection[str]) -> set[str]:
        question = f"SELECT DISTINCT target_id FROM edges WHERE target_id {_ONE_OF}"
        return {item for (item,) in asked(self._connection, question, ids)}

    def strays(self, after: str, limit: int) -> _Found:
        """The cursor: a table, and where in it the last row stood."""
        table, _, rest = after.partition(" ")
        steps: dict[str, Callable[[str, int], _Found]] = {
            "nodes": self._stray_nodes, "catalogue": self._stray_items, "edges": self._stray_edges,
        }  # fmt: skip
        names = list(steps)
        at = names.index(table or names[0])
        found, last = steps[names[at]](rest, limit)
        if last:
            return found, f"{names[at]} {last}"
        return found, f"{names[at + 1]} " if at + 1 < len(names) else ""

    def sweep(self, strays: Iterable[Stray]) -> None:
        for stray in strays:
            if stray.edge:
                self._sweep_edge(stray)
            elif stray.wanted:
                self._reform(stray)
            else:
                self._connection.execute("DELETE FROM edges WHERE ? IN (source_id, target_id)", (stray.id,))
                self._connection.execute(f"DELETE FROM {stray.place} WHERE id = ?", (stray.id,))

    def _stray_nodes(self, after: str, limit: int) -> _Found:
        question = f"SELECT {NODE}, folded FROM nodes WHERE id > ? ORDER BY id LIMIT ?"
        rows = self._connection.execute(question, (after, limit)).fetchall()
        founded = self.founded([row[0] for row in rows if row[1] not in KINDS.keys() - CATALOGUE])
        found = []
        for *row, folded in rows:
            right = _stored(tuple(row))
            if row[1] not in KINDS.keys() - CATALOGUE and row[0] not in founded:
                found.append(_node("nodes", tuple(row)))
            elif other := _differing((*row[:3], folded, *row[3:]), right):
                found.append(_node("nodes", tuple(row), other))
        return found, rows[-1][0] if len(rows) == limit else ""

    def _stray_items(self, after: str, limit: int) -> _Found:
        question = f"SELECT {_ITEM} FROM catalogue WHERE id > ? ORDER BY id LIMIT ?"
        rows = self._connection.execute(question, (after, limit)).fetchall()
        found = []
        for row in rows:
            if row[1] not in CATALOGUE:
                found.append(_node("catalogue", row))
            elif other := _differing(row, _item_row(catalogue_of(row))):
                found.append(_node("catalogue", row, other))
        return found, rows[-1][0] if len(rows) == limit else ""

    def _stray_edges(self, after: str, limit: int) -> _Found:
        """The ends are looked for in the tables that a relationship of the type lies between."""
        ends = ", ".join(
            f"EXISTS (SELECT 1 FROM {table} WHERE id = {end})"
            for end in ("source_id", "target_id")
            for table in ("nodes", "catalogue")
        )
        question = f"""
            SELECT *, {ends}, {_of("name")}, {_of("kind")}
            FROM edges WHERE (source_id, type, target_id) > (?, ?, ?) ORDER BY source_id, type, target_id LIMIT ?
        """
        cursor = json.loads(after or '["", "", ""]')
        rows = self._connection.execute(question, (*cursor, limit)).fetchall()
        found = [stray for row in rows if (stray := _edge(row))]
        return found, array(rows[-1][:3]) if len(rows) == limit else ""

    def _sweep_edge(self, stray: Stray) -> None:
        key = stray.edge
        assert key is not None
        where = "WHERE source_id = ? AND type = ? AND target_id = ?"
        if not stray.wanted:
            self._connection.execute(f"DELETE FROM edges {where}", key)
            return
        row = self._connection.execute(f"SELECT * FROM edges {where}", key).fetchone()
        self._connection.execute("INSERT OR REPLACE INTO edges VALUES (?, ?, ?, ?, ?, ?)", edge_row(edge_of(row)))

    def _reform(self, stray: Stray) -> None:
        columns = NODE if stray.place == "nodes" else _ITEM
        row = self._connection.execute(f"SELECT {columns} FROM {stray.place} WHERE id = ?", (stray.id,)).fetchone()
        right = _stored(row) if stray.place == "nodes" else _item_row(catalogue_of(row))
        self._connection.execute(f"INSERT OR REPLACE INTO {stray.place} VALUES ({', '.join('?' * len(right))})", right)


def _of(column: str) -> str:
    """That of the node at which a relationship starts."""
    return "coalesce({})".format(
        ", ".join(f"(SELECT {column} FROM {table} WHERE id = source_id)" for table in ("nodes", "catalogue"))
    )


def _stored(row: Row) -> Row:
    return node_row(node_of(row))


def _item_row(item: Node) -> Row:
    return item.id, item.kind, item.name, text_of(item.properties)


def _differing(there: Row, right: Row) -> str:
    return ", ".join(str(old) for old, new in zip(there, right, strict=True) if old != new)


def _node(table: str, row: Row, other: str = "") -> Stray:
    """`other`: what is not in the store's form, else all of it is not the store's."""
    node, kind, name, properties = (str(value) for value in row[:4])
    if other:
        return Stray(table, FORM, other, _WANTED, node, kind, name)
    return Stray(table, "node", f"({kind}) {properties}", "", node, kind, name)


def _edge(row: Row) -> Stray | None:
    """What is wrong with a relationship; its row, which tables have its ends, and whose it is."""
    stored, (of_asset, of_item, to_asset, to_item, name, kind) = row[:6], row[6:]
    key = EdgeKey(*stored[:3])
    known = RELATIONS.get(key.type)
    told: dict[str, Any] = {"id": key.source_id, "kind": kind or "", "name": name or "", "edge": key}
    if known is None or not _has(known.sources, of_asset, of_item) or not _has(known.targets, to_asset, to_item):
        return Stray("edges", "relationship", f"{key.type} to {key.target_id}", "", **told)
    right = edge_row(edge_of(stored))
    if right != stored and edge_of(stored).claims:
        return Stray("edges", FORM, _differing(stored, right), _WANTED, **told)
    return None


def _has(kinds: frozenset[str], in_nodes: int, in_catalogue: int) -> bool:
    return bool(in_catalogue if kinds <= CATALOGUE else in_nodes)
