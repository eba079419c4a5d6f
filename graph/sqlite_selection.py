"""Questions to the SQLite graph about a selection of assets: how many there are, and which have something."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache

from graph.metamodel import SOUGHT
from graph.model import Node
from graph.sqlite_counts import spread_among, spread_of
from graph.sqlite_schema import NODE, Row, array, index_of, node_of, value_of
from graph.store import EVERY_ASSET, Selection
from graph.values import text_of, value_text, values_of

Reading = Callable[[], AbstractContextManager[sqlite3.Connection]]
_ONE_OF = "IN (SELECT value FROM json_each({}))"
_NONE = '""'
_LIVE = f"nodes.retired_at IS NULL AND nodes.kind {_ONE_OF.format(':kinds')}"
_THROUGH_ALL = """nodes AS named INDEXED BY nodes_by_name
    CROSS JOIN edges INDEXED BY edges_by_target ON source_id = named.id CROSS JOIN nodes ON nodes.id = named.id"""
_NAMED = "json_each(:among) AS wanted CROSS JOIN nodes ON nodes.id = wanted.value"
FEW = 2000
"""Assets that are rather read and put in order than found by going through all."""
_COLUMNS = ", ".join(f"nodes.{column}" for column in NODE.split(", "))


class SqliteSelecting:
    """See `GraphReader`. `reading` gives a connection that sees one state of the graph while it is held."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def spread(self, relation: str, selection: Selection = EVERY_ASSET) -> dict[str, int]:
        """As it is kept, where kinds alone decide. Else those asked for are counted, or the others where they are less.

        So it costs little to leave some out, or to ask for a source that describes nearly all.
        """
        with self._reading() as connection:
            if not selection.narrowed:
                return dict(spread_of(connection, relation, selection.asked))
            if _are_named(selection):
                question = f"SELECT nodes.id FROM {_NAMED} WHERE {_selected(selection)}"
                named = [node for (node,) in connection.execute(question, _values(selection))]
                return dict(spread_among(connection, relation, named))
            ids: dict[int, list[str]] = {0: [], 1: []}
            question = f"SELECT id, {_narrowed(selection)} FROM {_scanned(bool(selection.sources))} WHERE {_LIVE}"
            for node, chosen in connection.execute(question, _values(selection)):
                ids[chosen].append(node)
            if len(ids[1]) <= len(ids[0]):
                return dict(spread_among(connection, relation, ids[1]))
            return dict(spread_of(connection, relation, selection.asked) - spread_among(connection, relation, ids[0]))

    def tally(self, properties: Sequence[str], selection: Selection = EVERY_ASSET) -> dict[tuple[str, ...], int]:
        names = {f"name{number}": name for number, name in enumerate(properties)}
        columns = ", ".join(["kind", *(f"properties -> :{name}" for name in names)])
        table = self._tallied(selection, properties)
        question = f"SELECT {columns}, count(*) FROM {table} WHERE {_selected(selection)} GROUP BY {columns}"
        rows = self._asked(question, selection, **names)
        found = Counter[tuple[str, ...]]()
        for kind, *values, count in rows:
            found[kind, *map(_text, values)] += count
        return dict(found)

    def _tallied(self, selection: Selection, properties: Sequence[str]) -> str:
        if _are_named(selection):
            return _NAMED
        with self._reading() as connection:
            return _scanned(bool(properties or selection.sources) and not are_few(connection, selection.asked))

    def holding(
        self,
        relation: str,
        catalogue_id: str,
        selection: Selection = EVERY_ASSET,
        *,
        after: str = "",
        limit: int = 1000,
    ) -> list[Node]:
        """Few that have it are put in order; else all assets are gone through in order, until there are enough."""
        having = {"relation": relation, "item": catalogue_id}
        if _are_named(selection):
            start, first = "nodes CROSS JOIN edges ON source_id = nodes.id", "nodes"
        elif self._are_few(having):
            start, first = "edges INDEXED BY edges_by_target CROSS JOIN nodes ON nodes.id = source_id", "nodes"
        else:
            start, first = _THROUGH_ALL, "named"
        asked = f"{start} WHERE type = :relation AND target_id = :item AND {_selected(selection)}"
        return self._page(asked, first, selection, after, limit, having)

    def _are_few(self, having: dict[str, str]) -> bool:
        question = "SELECT coalesce(sum(assets), 0) FROM had WHERE relation = :relation AND item = :item"
        with self._reading() as connection:
            return int(connection.execute(question, having).fetchone()[0]) <= FEW

    def valued(
        self, values: Mapping[str, str], selection: Selection = EVERY_ASSET, *, after: str = "", limit: int = 1000
    ) -> list[Node]:
        """By an index, where one is of a value that is asked for; else assets are gone through in order."""
        best = next((name for name in SOUGHT if values.get(name)), None)
        asked, more = [_selected(selection)], dict[str, str]()
        for number, (name, text) in enumerate(sorted(values.items())):
            value = value_of(name) if name == best else f"coalesce(properties -> :name{number}, '{_NONE}')"
            asked.append(f"{value} {_ONE_OF.format(f':value{number}')}")
            more[f"name{number}"] = name
            more[f"value{number}"] = array([text_of(value) for value in values_of(text)])
        if _are_named(selection):
            start = _NAMED
        else:
            with self._reading() as connection:
                start = f"nodes INDEXED BY {index_of(best)}" if best else in_order(connection, selection.asked)
        return self._page(f"{start} WHERE {' AND '.join(asked)}", "nodes", selection, after, limit, more)

    def _page(
        self, asked: str, first: str, selection: Selection, after: str, limit: int, more: Mapping[str, object]
    ) -> list[Node]:
        """Those behind the cursor; `first`: the table by whose order they come."""
        question = f"""
            SELECT {_COLUMNS} FROM {asked} AND ({first}.name, {first}.id) > (:after_name, :after_id)
            ORDER BY {first}.name, {first}.id LIMIT :limit
        """
        name, _, last = after.partition("\x00")
        rows = self._asked(question, selection, after_name=name, after_id=last, limit=limit, **more)
        return [node_of(row) for row in rows]

    def _asked(self, question: str, selection: Selection, **more: object) -> list[Row]:
        with self._reading() as connection:
            return connection.execute(question, _values(selection) | more).fetchall()


@lru_cache(maxsize=10_000)  # the same few values again and again
def _text(value: str | None) -> str:
    return value_text(json.loads(value)) if value else ""


def in_order(connection: sqlite3.Connection, kinds: Collection[str]) -> str:
    """The table `nodes`, with the index by which one comes first to assets of these kinds in order of name and id."""
    return f"nodes INDEXED BY {'nodes_by_kind' if are_few(connection, kinds) else 'nodes_by_name'}"


def are_few(connection: sqlite3.Connection, kinds: Collection[str]) -> bool:
    """Whether few assets are of these kinds."""
    some = f"SELECT 1 FROM nodes INDEXED BY nodes_by_kind WHERE kind {_ONE_OF.format('?')} LIMIT ?"
    counted = connection.execute(f"SELECT count(*) FROM ({some})", (array(sorted(kinds)), FEW + 1))
    return int(counted.fetchone()[0]) <= FEW


def _are_named(selection: Selection) -> bool:
    """Whether it costs less to look each one up."""
    return selection.among is not None and len(selection.among) <= FEW


def _scanned(whole: bool) -> str:
    """The table `nodes`, to go through all of it, or what the index by kind has, which is much less to read."""
    return f"nodes INDEXED BY {'sqlite_autoindex_nodes_1' if whole else 'nodes_by_kind'}"


def _selected(selection: Selection) -> str:
    """The condition on `nodes`; its parameters are `_values`."""
    return f"{_LIVE} AND {_narrowed(selection)}" if selection.narrowed else _LIVE


def _narrowed(selection: Selection) -> str:
    """What decides beside the kind."""
    asked = [described_by(":sources")]
    if selection.among is not None:
        asked.append(f"nodes.id {_ONE_OF.format(':among')}")
    if selection.without:
        asked.append(f"nodes.id NOT {_ONE_OF.format(':without')}")
    return " AND ".join(asked)


def _values(selection: Selection) -> dict[str, object]:
    return {
        "kinds": array(sorted(selection.asked)),
        "sources": array(sorted(selection.sources)),
        "among": array(sorted(selection.among or ())),
        "without": array(sorted(selection.without)),
    }


def described_by(wanted: str) -> str:
    """The condition that one of these sources (a parameter with an array) describes the node; true for none."""
    return (
        f"({wanted} = '[]' OR EXISTS (SELECT 1 FROM json_each(nodes.sources) AS mine, json_each({wanted}) AS wanted "
        "WHERE mine.value = wanted.value))"
    )
