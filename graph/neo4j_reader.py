"""Questions to the graph in Neo4j."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from heapq import merge
from typing import Any, Literal, TypeVar

from neo4j import ManagedTransaction

from graph.metamodel import LIFECYCLE, UNLISTED
from graph.model import Change, Edge, GraphStatus, Holders, Node, RecordRow, Relationship, RunRow
from graph.neo4j_cypher import types as types_of
from graph.neo4j_outline import outline_from
from graph.neo4j_questions import asked, holders_of, identifiers_of, records_of, status_of
from graph.neo4j_schema import change_of, edge_of, edges_of, node_of, record_of, run_of, sort_of
from graph.neo4j_selection import THROUGH_ALL, Neo4jSelecting
from graph.outline import Outline
from graph.store import SHARED_SHOWN
from graph.values import pages, sequence_of, time_text, unpack, when

PAGE = 2000
EDGE_PAGE = 50
"""Assets whose relationships are read at once: a computer has some hundred."""
_T = TypeVar("_T")
_EDGE = "a.id AS source, type(e) AS type, b.id AS target, properties(e) AS told"
"""Of (a)-[e]->(b), without the driver's own object for a relationship, which is slow to make."""
_SEVERAL = "COUNT { MATCH (i)<-[:HOLDS]-(r:Record) RETURN DISTINCT r.asset_id } > 1"
"""Of an identifier: records of several assets hold it."""


class Neo4jReader(Neo4jSelecting):
    """See `GraphReader`. Neo4j shows each statement what is committed when it runs.

    Where one answer takes several statements, either a mixture does no harm (`status`), or the writer is held up
    meanwhile (`network`).
    """

    def _reading(self, work: Callable[[ManagedTransaction], _T]) -> _T:
        """Run `work` in a read transaction."""
        raise NotImplementedError

    def _reading_still(self, work: Callable[[ManagedTransaction], _T]) -> _T:
        """Run `work` while nobody writes."""
        raise NotImplementedError

    def node(self, node_id: str) -> Node | None:
        question = """
            OPTIONAL MATCH (a:Asset {id: $id}) OPTIONAL MATCH (r:Record {id: $id})
            OPTIONAL MATCH (b:Asset {id: r.asset_id}) OPTIONAL MATCH (c:Catalogue {id: $id})
            RETURN coalesce(a, b, c) AS n
        """
        found = self._rows(question, id=node_id)[0]["n"]
        return None if found is None else node_of(found)

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
            {self._in_order(kinds) if kinds else THROUGH_ALL} WITH n
            WHERE {"n.kind IN $kinds" if kinds else "NOT n.kind IN $unlisted"}
            AND ($text = '' OR n.folded CONTAINS $text) AND ($name = '' OR n.folded = $name)
            AND ($retired OR n.retired_at IS NULL)
            AND ($sources = [] OR any(s IN n.sources WHERE s IN $sources))
            RETURN n ORDER BY n.sort, n.id LIMIT $limit
        """
        cursor = {"sort": sort_of(last_name), "last": last, "limit": limit}
        wanted = {"kinds": list(kinds), "text": text.casefold(), "name": name.casefold(), "sources": list(sources)}
        rows = self._rows(question, **cursor, **wanted, retired=retired, unlisted=sorted(UNLISTED))
        return [node_of(row["n"]) for row in rows]

    def relationships(
        self, node_id: str, *, types: Collection[str] = (), after: str = "", limit: int = 1000
    ) -> list[Relationship]:
        pattern = types_of(types)
        question = f"""
            MATCH (n:Asset|Catalogue {{id: $id}}) CALL (n) {{
                MATCH (n)-[e:{pattern}]->(o) RETURN e, o, 'out' AS direction
                UNION ALL MATCH (n)<-[e:{pattern}]-(o) RETURN e, o, 'in' AS direction
            }}
            WITH e, type(e) AS type, direction, o WHERE type > $type
            OR (type = $type AND (direction > $direction OR (direction = $direction AND o.id > $last)))
            WITH startNode(e) AS a, e, endNode(e) AS b, o, type, direction
            ORDER BY type, direction, o.id LIMIT $limit RETURN {_EDGE}, o, direction
        """
        kind, direction, last = after.split("\x00") if after else ("", "", "")
        rows = self._rows(question, id=node_id, type=kind, direction=direction, last=last, limit=limit)
        return [Relationship(_edge(row), row["direction"], node_of(row["o"])) for row in rows]

    def describing(self, asset_id: str) -> list[tuple[RecordRow, dict[str, bytes]]]:
        question = """
            MATCH (r:Record {asset_id: $id}) OPTIONAL MATCH (r)-[:HAS_SECTION]->(b:Body)
            RETURN r, collect([b.section, b.body]) AS bodies
        """
        found = [
            (record_of(row["r"]), {name: unpack(bytes(body)) for name, body in row["bodies"] if name is not None})
            for row in self._rows(question, id=asset_id)
        ]
        return sorted(found, key=lambda pair: pair[0].key)

    def catalogue(self, kind: str) -> Iterator[Node]:
        question = """
            MATCH (c:Catalogue {kind: $kind}) WHERE c.id > $last AND EXISTS { ()-->(c) }
            RETURN c ORDER BY c.id LIMIT $page
        """
        rows = self._paged(question, lambda row: {"last": row["c"]["id"]}, {"last": ""}, kind=kind)
        return (node_of(row["c"]) for row in rows)

    def network(self, types: Collection[str]) -> tuple[list[Node], list[Edge]]:
        def work(tx: ManagedTransaction) -> tuple[list[Node], list[Edge]]:
            nodes = tx.run(
                "MATCH (n:Asset) WHERE n.retired_at IS NULL AND NOT n.kind IN $others RETURN n ORDER BY n.id",
                others=sorted(LIFECYCLE),
            )
            found = [node_of(row["n"]) for row in nodes]
            question = f"MATCH (a:Asset)-[e:{types_of(types)}]->(b:Asset) RETURN {_EDGE} ORDER BY source, type, target"
            return found, [_edge(dict(row)) for row in tx.run(question)]

        return self._reading_still(work)

    def outline(self, types: Collection[str], ids: Collection[str] | None = None) -> Outline:
        return self._reading_still(lambda tx: outline_from(tx, types, ids))

    def runs(self, *, source: str = "", after: str = "", limit: int = 100) -> list[RunRow]:
        ended, _, last = after.partition("\x00")
        question = """
            MATCH (r:Run) WHERE ($source = '' OR r.source = $source)
            AND ($ended = '' OR r.ended < $ended OR (r.ended = $ended AND r.id < $last))
            RETURN r ORDER BY r.ended DESC, r.id DESC LIMIT $limit
        """
        cursor = str(time_text(when(ended))) if after else ""
        return [run_of(row["r"]) for row in self._rows(question, source=source, ended=cursor, last=last, limit=limit)]

    def nodes(self, ids: Collection[str]) -> dict[str, Node]:
        question = "UNWIND $rows AS id MATCH (n:Asset|Catalogue {id: id}) RETURN n"
        found = self._reading(lambda tx: [node_of(row["n"]) for row in asked(tx, question, ids)])
        return {node.id: node for node in found}

    def edges_of(
        self, ids: Collection[str], direction: Literal["out", "in"] = "out", types: Collection[str] = ()
    ) -> Iterator[Edge]:
        end = "a" if direction == "out" else "b"
        question = f"""
            UNWIND $ids AS id MATCH ({end}:Asset|Catalogue {{id: id}}) MATCH (a)-[e:{types_of(types)}]->(b)
            RETURN {_EDGE}
        """
        for some in pages(sorted(ids), EDGE_PAGE):
            yield from (_edge(row) for row in self._rows(question, ids=some))

    def records(self, keys: Collection[str]) -> dict[str, RecordRow]:
        return self._reading(lambda tx: records_of(tx, keys))

    def identifiers(self, records: Collection[str]) -> dict[str, frozenset[str]]:
        return self._reading(lambda tx: identifiers_of(tx, records))

    def holders(self, identifiers: Collection[str], limit: int) -> dict[str, Holders]:
        return self._reading(lambda tx: holders_of(tx, identifiers, limit))

    def unseen(self, source: str, before: datetime, limit: int) -> list[str]:
        """The index of keys finds the source's records. All that are due are sorted here: see `sort_of`."""
        question = """
            MATCH (r:Record) WHERE r.key STARTS WITH $prefix
            AND r.live AND r.last_seen < $before AND r.sequence < $sequence RETURN r.native_key AS key
        """
        since = {"before": time_text(before), "sequence": sequence_of(before)}
        return sorted(row["key"] for row in self._rows(question, prefix=f"{source}/", **since))[:limit]

    def shared(self) -> Iterator[tuple[str, dict[str, str]]]:
        question = f"""
            MATCH (i:Identifier) WHERE i.key > $last AND i.holders > 1 AND {_SEVERAL}
            WITH i ORDER BY i.key LIMIT $page {_described("HOLDS", "records")}
            RETURN i.key AS key, coalesce(i.text, i.key) AS identifier, records ORDER BY key
        """
        rows = self._paged(question, lambda row: {"last": row["key"]}, {"last": ""}, shown=SHARED_SHOWN)
        return ((row["identifier"], dict(row["records"])) for row in rows)

    def ambiguous(self, few: int) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
        question = f"""
            MATCH (i:Identifier) WHERE i.key > $last AND i.referrers > 0 AND i.holders > 1
            AND (i.holders > $few OR {_SEVERAL})
            WITH i ORDER BY i.key LIMIT $page {_described("REFERS", "referring")} {_described("HOLDS", "holding")}
            RETURN i.key AS key, coalesce(i.text, i.key) AS identifier, referring, holding ORDER BY key
        """
        rows = self._paged(question, lambda row: {"last": row["key"]}, {"last": ""}, few=few, shown=SHARED_SHOWN)
        return ((row["identifier"], dict(row["referring"]), dict(row["holding"])) for row in rows)

    def changes(
        self,
        *,
        after: int = 0,
        before: int = 0,
        asset_ids: Collection[str] = (),
        newest_first: bool = False,
        limit: int = 1000,
    ) -> list[Change]:
        question = f"""
            MATCH (c:Change) WHERE c.number > $after AND ($before = 0 OR c.number < $before)
            {"AND c.asset_id IN $assets" if asset_ids else ""}
            RETURN c ORDER BY c.number {"DESC" if newest_first else ""} LIMIT $limit
        """
        rows = self._rows(question, after=after, before=before, assets=sorted(asset_ids), limit=limit)
        return [change_of(row["c"]) for row in rows]

    def touched(self, after: int) -> frozenset[str]:
        question = "MATCH (c:Change) WHERE c.number > $after RETURN DISTINCT c.asset_id AS id"
        return frozenset(row["id"] for row in self._rows(question, after=after))

    def change_at(self, moment: datetime) -> int:
        question = "MATCH (c:Change) WHERE c.recorded_at <= $at RETURN coalesce(max(c.number), 0) AS number"
        return int(self._rows(question, at=time_text(moment))[0]["number"])

    def note(self, name: str) -> str:
        rows = self._rows("MATCH (n:Note {name: $name}) RETURN n.text AS text", name=name)
        return str(rows[0]["text"]) if rows else ""

    def status(self) -> GraphStatus:
        return self._reading(status_of)

    def everything(self) -> tuple[Iterator[Node], Iterator[Edge]]:
        edges = (self._edges_from(label) for label in ("Asset", "Catalogue"))
        return self._all_nodes(), merge(*edges, key=lambda edge: edge.key)

    def _all_nodes(self) -> Iterator[Node]:
        for label, used in (("Asset", "true"), ("Catalogue", "EXISTS { ()-->(n) }")):
            question = f"MATCH (n:{label}) WHERE n.id > $last AND {used} RETURN n ORDER BY n.id LIMIT $page"
            for row in self._paged(question, lambda row: {"last": row["n"]["id"]}, {"last": ""}):
                yield node_of(row["n"])

    def _edges_from(self, label: str) -> Iterator[Edge]:
        """A page holds the relationships that begin at some nodes, in order of their ids."""
        every = types_of()
        question = f"""
            MATCH (n:{label}) WHERE n.id > $last AND EXISTS {{ (n)-[:{every}]->() }}
            RETURN n.id AS id ORDER BY id LIMIT $page
        """
        edges = f"""
            UNWIND $ids AS id MATCH (:{label} {{id: id}})-[e:{every}]->(b)
            WITH id, type(e) AS type, b.id AS target, properties(e) AS told ORDER BY type, target
            RETURN id, collect([type, target, told]) AS edges ORDER BY id
        """
        last = ""
        while ids := [row["id"] for row in self._rows(question, last=last, page=EDGE_PAGE)]:
            yield from edges_of(self._rows(edges, ids=ids))
            last = ids[-1]

    def _rows(self, question: str, **values: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - query parameters
        return self._reading(lambda tx: [dict(row) for row in tx.run(question, **values)])

    def _paged(
        self,
        question: str,
        cursor: Callable[[dict[str, Any]], dict[str, object]],
        start: dict[str, object],
        **values: object,
    ) -> Iterator[dict[str, Any]]:
        """All rows, a page and a transaction at a time; `cursor` gives what the next page comes after."""
        at = start
        while True:
            rows = self._rows(question, page=PAGE, **values, **at)
            yield from rows
            if len(rows) < PAGE:
                return
            at = cursor(rows[-1])


def _described(relation: str, name: str) -> str:
    """Records with this relation to identifier i, with the assets they describe, under that name; the first of them."""
    return f"""CALL (i) {{ MATCH (i)<-[:{relation}]-(r:Record) WITH DISTINCT r ORDER BY r.key LIMIT $shown
        RETURN collect([r.key, r.asset_id]) AS {name} }}"""


def _edge(row: dict[str, Any]) -> Edge:
    return edge_of(row["source"], row["type"], row["target"], row["told"])
