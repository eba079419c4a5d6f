"""Questions to the SQLite graph."""

import json
import sqlite3
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Literal

from graph.metamodel import LISTED, UNLISTED
from graph.model import Change, Edge, GraphStatus, Holders, Node, RecordRow, Relationship, RunRow
from graph.outline import Outline
from graph.sqlite_outline import OF_LANDSCAPE, outline_from
from graph.sqlite_questions import holders_of, identifiers_of, records_of, status_of
from graph.sqlite_schema import NODE, RECORD, Row, array, catalogue_of, edge_of, node_of, record_of
from graph.sqlite_selection import SqliteSelecting, described_by, in_order
from graph.store import SHARED_SHOWN
from graph.values import pages, sequence_of, time_text, unpack, when

PAGE = 2000
_LISTED = "NOT IN ('{}')".format("', '".join(sorted(UNLISTED)))
_CATALOGUE = "id, kind, name, properties"
_SEVERAL = """
    (SELECT count(DISTINCT asset_id) FROM holds JOIN records ON records.key = record
    WHERE identifier = identifiers.key) > 1
"""
"""Of an identifier: records of several assets hold it."""


class SqliteReader(SqliteSelecting):
    """See `GraphReader`."""

    def node(self, node_id: str) -> Node | None:
        with self._reading() as connection:
            return _node(connection, node_id)

    def assets(
        self,
        *,
        kinds: Collection[str] = (),
        text: str = "",
        name: str = "",
        sources: Collection[str] = (),
        retired: bool = False,
        after: str = "",
        limit: int = 100,
    ) -> list[Node]:
        last_name, _, last = after.partition("\x00")
        question = f"""
            SELECT {NODE} FROM {{}} WHERE (name, id) > (?1, ?2)
            AND ({"kind IN (SELECT value FROM json_each(?3))" if kinds else f"kind {_LISTED} AND ?3 = '[]'"})
            AND (?4 = '' OR instr(folded, ?4)) AND (?8 = '' OR folded = ?8) AND (?5 OR retired_at IS NULL)
            AND {described_by("?6")}
            ORDER BY name, id LIMIT ?7
        """
        folded = text.casefold(), name.casefold()
        values = (last_name, last, array(kinds), folded[0], int(retired), array(sources), limit, folded[1])
        with self._reading() as connection:
            start = in_order(connection, kinds or LISTED)
            return [node_of(row) for row in connection.execute(question.format(start), values)]

    def relationships(
        self, node_id: str, *, types: Collection[str] = (), after: str = "", limit: int = 1000
    ) -> list[Relationship]:
        question = """
            SELECT * FROM (
                SELECT *, 'out' AS direction, target_id AS other FROM edges WHERE source_id = ?1
                UNION ALL SELECT *, 'in', source_id FROM edges WHERE target_id = ?1)
            WHERE (?2 = '[]' OR type IN (SELECT value FROM json_each(?2))) AND (type, direction, other) > (?3, ?4, ?5)
            ORDER BY type, direction, other LIMIT ?6
        """
        cursor = after.split("\x00") if after else ["", "", ""]
        with self._reading() as connection:
            rows = connection.execute(question, (node_id, array(types), *cursor, limit)).fetchall()
            others = _nodes(connection, [row[-1] for row in rows])
        return [Relationship(edge_of(row[:-2]), row[-2], others[row[-1]]) for row in rows]

    def describing(self, asset_id: str) -> list[tuple[RecordRow, dict[str, bytes]]]:
        question = f"SELECT {RECORD} FROM records WHERE asset_id = ? ORDER BY key"
        with self._reading() as connection:
            rows = [record_of(row) for row in connection.execute(question, (asset_id,))]
            bodies = connection.execute(
                "SELECT record, section, body FROM bodies WHERE record IN (SELECT value FROM json_each(?))",
                (array([row.key for row in rows]),),
            )
            found: dict[str, dict[str, bytes]] = {row.key: {} for row in rows}
            for record, section, body in bodies:
                found[record][section] = unpack(body)
        return [(row, found[row.key]) for row in rows]

    def catalogue(self, kind: str) -> Iterator[Node]:
        condition = "kind = ? AND EXISTS (SELECT 1 FROM edges WHERE target_id = catalogue.id)"
        return map(catalogue_of, self._pages(_CATALOGUE, "catalogue", ("id",), condition, (kind,)))

    def havers(self, relation: str, catalogue_ids: Collection[str]) -> Iterator[tuple[str, Node]]:
        wanted = array(catalogue_ids)
        condition = "target_id IN (SELECT value FROM json_each(?)) AND type = ?"
        pairs = self._pages(
            "target_id, source_id", "edges INDEXED BY edges_by_target", ("target_id", "source_id"), condition,
            (wanted, relation),
        )  # fmt: skip
        page: list[Row] = []
        for pair in pairs:
            page.append(pair)
            if len(page) == PAGE:
                yield from self._with_nodes(page)
                page = []
        yield from self._with_nodes(page)

    def _with_nodes(self, pairs: list[Row]) -> list[tuple[str, Node]]:
        with self._reading() as connection:
            found = _nodes(connection, {asset for _, asset in pairs})
        return [(item, found[asset]) for item, asset in pairs if asset in found]

    def network(self, types: Collection[str]) -> tuple[list[Node], list[Edge]]:
        with self._reading() as connection:
            nodes = connection.execute(
                f"SELECT {NODE} FROM nodes WHERE retired_at IS NULL AND kind {OF_LANDSCAPE} ORDER BY id"
            )
            edges = (
                "SELECT * FROM edges WHERE type IN (SELECT value FROM json_each(?)) ORDER BY source_id, type, target_id"
            )
            return [node_of(row) for row in nodes], [edge_of(row) for row in connection.execute(edges, (array(types),))]

    def outline(self, types: Collection[str], ids: Collection[str] | None = None) -> Outline:
        with self._reading() as connection:
            return outline_from(connection, types, ids)

    def runs(self, *, source: str = "", after: str = "", limit: int = 100) -> list[RunRow]:
        ended, _, last = after.partition("\x00")
        cursor = (str(time_text(when(ended))), last) if after else ("~", "~")
        question = """
            SELECT * FROM runs WHERE (?1 = '' OR source = ?1) AND (ended, id) < (?2, ?3)
            ORDER BY ended DESC, id DESC LIMIT ?4
        """
        with self._reading() as connection:
            rows = connection.execute(question, (source, *cursor, limit)).fetchall()
        return [_run(row) for row in rows]

    def nodes(self, ids: Collection[str]) -> dict[str, Node]:
        with self._reading() as connection:
            return _nodes(connection, ids)

    def edges_of(
        self, ids: Collection[str], direction: Literal["out", "in"] = "out", types: Collection[str] = ()
    ) -> Iterator[Edge]:
        end = "source_id" if direction == "out" else "target_id"
        typed = "AND type IN (SELECT value FROM json_each(?))" if types else "AND ? = '[]'"
        for some in pages(sorted(ids), PAGE):
            with self._reading() as connection:
                question = f"SELECT * FROM edges WHERE {end} IN (SELECT value FROM json_each(?)) {typed}"
                found = connection.execute(question, (array(some), array(types))).fetchall()
            yield from map(edge_of, found)

    def records(self, keys: Collection[str]) -> dict[str, RecordRow]:
        with self._reading() as connection:
            return records_of(connection, keys)

    def identifiers(self, records: Collection[str]) -> dict[str, frozenset[str]]:
        with self._reading() as connection:
            return identifiers_of(connection, records)

    def holders(self, identifiers: Collection[str], limit: int) -> dict[str, Holders]:
        with self._reading() as connection:
            return holders_of(connection, identifiers, limit)

    def unseen(self, source: str, before: datetime, limit: int) -> list[str]:
        question = """
            SELECT native_key FROM records WHERE source = ? AND live AND last_seen < ? AND sequence < ?
            ORDER BY native_key LIMIT ?
        """
        with self._reading() as connection:
            rows = connection.execute(question, (source, time_text(before), sequence_of(before), limit))
            return [key for (key,) in rows]

    def shared(self) -> Iterator[tuple[str, dict[str, str]]]:
        for (key,) in self._pages("key", "identifiers", ("key",), f"holders > 1 AND {_SEVERAL}", ()):
            with self._reading() as connection:
                found = _described(connection, "holds", key)
            yield key, found

    def ambiguous(self, few: int) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
        asked = f"referrers > 0 AND holders > 1 AND (holders > ? OR {_SEVERAL})"
        for (key,) in self._pages("key", "identifiers", ("key",), asked, (few,)):
            with self._reading() as connection:
                referring, holding = (_described(connection, table, key) for table in ("refers", "holds"))
            yield key, referring, holding

    def changes(
        self,
        *,
        after: int = 0,
        before: int = 0,
        asset_ids: Collection[str] = (),
        newest_first: bool = False,
        limit: int = 1000,
    ) -> list[Change]:
        mine = "asset_id IN (SELECT value FROM json_each(?3))" if asset_ids else "?3 = '[]'"
        question = f"""
            SELECT asset_id, what, event_ids, detail, number, recorded_at FROM changes
            WHERE number > ?1 AND (?2 = 0 OR number < ?2) AND {mine}
            ORDER BY number {"DESC" if newest_first else ""} LIMIT ?4
        """
        with self._reading() as connection:
            rows = connection.execute(question, (after, before, array(asset_ids), limit)).fetchall()
        return [
            Change(asset, what, tuple(json.loads(ids)), unpack(detail).decode(), number, when(at))
            for asset, what, ids, detail, number, at in rows
        ]

    def touched(self, after: int) -> frozenset[str]:
        with self._reading() as connection:
            rows = connection.execute("SELECT DISTINCT asset_id FROM changes WHERE number > ?", (after,))
            return frozenset(asset for (asset,) in rows)

    def change_at(self, moment: datetime) -> int:
        question = "SELECT coalesce(max(number), 0) FROM changes WHERE recorded_at <= ?"
        with self._reading() as connection:
            return int(connection.execute(question, (time_text(moment),)).fetchone()[0])

    def note(self, name: str) -> str:
        with self._reading() as connection:
            row = connection.execute("SELECT value FROM state WHERE name = ?", (f"note {name}",)).fetchone()
        return str(row[0]) if row else ""

    def status(self) -> GraphStatus:
        with self._reading() as connection:
            return status_of(connection)

    def everything(self) -> tuple[Iterator[Node], Iterator[Edge]]:
        return self._all_nodes(), map(edge_of, self._pages("*", "edges", ("source_id", "type", "target_id"), "1", ()))

    def _all_nodes(self) -> Iterator[Node]:
        yield from map(node_of, self._pages(NODE, "nodes", ("id",), "1", ()))
        used = "EXISTS (SELECT 1 FROM edges WHERE target_id = catalogue.id)"
        yield from map(catalogue_of, self._pages(_CATALOGUE, "catalogue", ("id",), used, ()))

    def _pages(
        self, columns: str, table: str, key: tuple[str, ...], condition: str, values: tuple[object, ...]
    ) -> Iterator[Row]:
        """Rows in order of their key, which is the first of the columns, a page at a time."""
        last: Row = ("",) * len(key)
        names, marks = ", ".join(key), ", ".join("?" * len(key))
        question = f"SELECT {columns} FROM {table} WHERE {condition} AND ({names}) > ({marks}) ORDER BY {names} LIMIT ?"
        while True:
            with self._reading() as connection:
                rows = connection.execute(question, (*values, *last, PAGE)).fetchall()
            yield from rows
            if len(rows) < PAGE:
                return
            last = rows[-1][: len(key)]


def _described(connection: sqlite3.Connection, table: str, identifier: str) -> dict[str, str]:
    """Records that hold an identifier, or refer to it, with the assets they describe; the first of them."""
    question = f"""
        SELECT DISTINCT record, asset_id FROM {table} JOIN records ON records.key = record
        WHERE identifier = ? ORDER BY record LIMIT ?
    """
    return dict(connection.execute(question, (identifier, SHARED_SHOWN)))


def _run(row: Row) -> RunRow:
    run_id, source, collector, status, started, ended, seen, emitted, skipped, failed, problems = row
    return RunRow(
        run_id, source, collector, status, when(started), when(ended), seen, emitted, skipped, failed, problems
    )


def _node(connection: sqlite3.Connection, node_id: str) -> Node | None:
    found = _nodes(connection, [node_id])
    if node_id in found:
        return found[node_id]
    row = connection.execute("SELECT asset_id FROM records WHERE id = ?", (node_id,)).fetchone()
    return _nodes(connection, [row[0]]).get(row[0]) if row else None


def _nodes(connection: sqlite3.Connection, ids: Collection[str]) -> dict[str, Node]:
    wanted = (array(ids),)
    one_of = "WHERE id IN (SELECT value FROM json_each(?))"
    found = [node_of(row) for row in connection.execute(f"SELECT {NODE} FROM nodes {one_of}", wanted)]
    found += [catalogue_of(row) for row in connection.execute(f"SELECT {_CATALOGUE} FROM catalogue {one_of}", wanted)]
    return {node.id: node for node in found}
