"""The graph as it was known at a moment: the journal undone, from now back to it.

What changed since is set back in a scratch store; everything else is read from the graph itself. So the cost is that of
the assets that changed, not of the whole.
"""
# ruff: noqa: ARG002 - what is not kept is refused whatever is asked

import heapq
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from graph.metamodel import CATALOGUE, CATALOGUE_RELATIONS
from graph.model import (
    Change,
    Changes,
    Edge,
    EdgeKey,
    GraphStatus,
    Holders,
    Node,
    RecordRow,
    Relationship,
    RunRow,
)
from graph.store import GraphReader, GraphStore
from graph.values import pages
from inventory.journal import undo

BEGINS = "past"
"""The note that says since when the journal tells the past as it was."""
TOGETHER = 100
"""Assets set back at once."""
PAGE = 1000
_LOG = "past"


class BeforeThePast(Exception):
    """The moment lies before what the journal still tells; the text says since when it does."""


class NotKept(Exception):
    """What is asked is not in the journal, so that no moment of the past can tell it."""


def open_past(reader: GraphReader, scratch: GraphStore, moment: datetime) -> "Past":
    """The graph as it was known at the moment. `scratch` is an empty store of its own. Raises BeforeThePast."""
    begins = reader.note(BEGINS)
    if not begins or moment < datetime.fromisoformat(begins):
        since = f"begins at {datetime.fromisoformat(begins):%Y-%m-%d %H:%M} UTC" if begins else "is empty"
        raise BeforeThePast(
            f"what was known at {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC is not kept: the journal {since}"
        )
    return Past(reader, scratch, moment)


class Past:
    """A `GraphReader` of a moment. Records and identifiers are not journaled: asking for them raises NotKept.

    `number`: the last entry of the journal that was known then. `changed`: how many assets were set back, which is what
    the answer costs.
    """

    def __init__(self, base: GraphReader, scratch: GraphStore, moment: datetime) -> None:
        self._base, self._scratch, self.moment = base, scratch, moment
        self.number = base.change_at(moment)
        self._ids: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._relationships, self._writes, self._head = 0, 0, self.number
        writer = scratch.acquire("past", timedelta(days=1))
        assert writer is not None  # nobody else knows the scratch store
        self._writer = writer
        self.refresh()

    @property
    def changed(self) -> int:
        return len(self._ids)

    def refresh(self) -> None:
        """Set back what has changed since the last look."""
        head = self._base.status().journal
        for ids in pages(sorted(self._base.touched(self._head) - self._ids), TOGETHER):
            self._set_back(ids)
            self._ids.update(ids)
        self._head = head

    def _set_back(self, ids: Collection[str]) -> None:
        """Read first what these are, then what changed: an entry that comes in between is undone to what it was."""
        nodes = self._base.nodes(ids)
        edges: dict[str, dict[EdgeKey, Edge]] = {node: {} for node in ids}
        for edge in self._base.edges_of(ids):
            edges[edge.key.source_id][edge.key] = edge
        self._counts.subtract(node.kind for node in nodes.values() if node.retired_at is None)
        self._relationships -= sum(map(len, edges.values()))
        for change in self._entries(ids):
            before = undo(change, nodes.get(change.asset_id), edges[change.asset_id])
            nodes = {i: node for i, node in nodes.items() if i != change.asset_id}
            nodes |= {} if before is None else {change.asset_id: before}
        self._write(nodes, [edge for many in edges.values() for edge in many.values()])

    def _entries(self, ids: Collection[str]) -> Iterator[Change]:
        before = 0
        while page := self._base.changes(
            after=self.number, before=before, asset_ids=ids, newest_first=True, limit=PAGE
        ):
            yield from page
            before = page[-1].number

    def _write(self, nodes: dict[str, Node], edges: list[Edge]) -> None:
        self._counts.update(node.kind for node in nodes.values() if node.retired_at is None)
        self._relationships += len(edges)
        targets = {edge.key.target_id for edge in edges if edge.key.type in CATALOGUE_RELATIONS}
        changes = Changes(_LOG, {(_LOG, 0): self._writes} if self._writes else {}, {(_LOG, 0): self._writes + 1})
        changes.nodes, changes.edges = nodes, {edge.key: edge for edge in edges}
        changes.catalogue = self._base.nodes(targets)
        self._writes += 1
        self._scratch.transact(self._writer, lambda tx: tx.write(changes))

    def node(self, node_id: str) -> Node | None:
        if node_id in self._ids:
            return self._scratch.nodes([node_id]).get(node_id)
        found = self._base.node(node_id)
        return self.node(found.id) if found and found.id in self._ids else found

    def nodes(self, ids: Collection[str]) -> dict[str, Node]:
        wanted = set(ids)
        return self._base.nodes(wanted - self._ids) | self._scratch.nodes(wanted & self._ids)

    def edges_of(self, ids: Collection[str], direction: str = "out") -> Iterator[Edge]:
        if direction == "out":
            yield from self._base.edges_of(set(ids) - self._ids)
            yield from self._scratch.edges_of(set(ids) & self._ids)
        else:
            yield from (e for e in self._base.edges_of(ids, "in") if e.key.source_id not in self._ids)
            yield from self._scratch.edges_of(ids, "in")

    def assets(
        self,
        *,
        kinds: Collection[str] = (),
        text: str = "",
        sources: Collection[str] = (),
        retired: bool = False,
        after: str = "",
        limit: int = 100,
    ) -> list[Node]:
        def walk(reader: GraphReader) -> Iterator[Node]:
            cursor = after
            while page := reader.assets(
                kinds=kinds, text=text, sources=sources, retired=retired, after=cursor, limit=limit
            ):
                yield from page
                cursor = f"{page[-1].name}\x00{page[-1].id}"

        unchanged = (node for node in walk(self._base) if node.id not in self._ids)
        both = heapq.merge(unchanged, walk(self._scratch), key=lambda node: (node.name, node.id))
        return list(islice(both, limit))

    def relationships(
        self, node_id: str, *, types: Collection[str] = (), after: str = "", limit: int = 1000
    ) -> list[Relationship]:
        ends = [(edge, "out", edge.key.target_id) for edge in self.edges_of([node_id])]
        ends += [(edge, "in", edge.key.source_id) for edge in self.edges_of([node_id], "in")]
        cursor = tuple(after.split("\x00")) if after else ("", "", "")
        found = {
            (edge.key.type, direction, other): edge
            for edge, direction, other in ends
            if (not types or edge.key.type in types) and (edge.key.type, direction, other) > cursor
        }
        shown = sorted(found)[:limit]
        others = self.nodes({other for _, _, other in shown})
        return [Relationship(found[key], "out" if key[1] == "out" else "in", others[key[2]]) for key in shown]

    def catalogue(self, kind: str) -> Iterator[Node]:
        last = ""
        for node in heapq.merge(self._base.catalogue(kind), self._scratch.catalogue(kind), key=lambda node: node.id):
            if node.id != last:
                yield node
            last = node.id

    def havers(self, relation: str, catalogue_ids: Collection[str]) -> Iterator[tuple[str, Node]]:
        for item, asset in self._base.havers(relation, catalogue_ids):
            if asset.id not in self._ids:
                yield item, asset
        yield from self._scratch.havers(relation, catalogue_ids)

    def spread(
        self,
        relation: str,
        *,
        kinds: Collection[str] = (),
        sources: Collection[str] = (),
        without: Collection[str] = (),
    ) -> dict[str, int]:
        same = self._base.spread(relation, kinds=kinds, sources=sources, without={*without, *self._ids})
        back = self._scratch.spread(relation, kinds=kinds, sources=sources, without=without)
        return dict(Counter(same) + Counter(back))

    def network(self, types: Collection[str]) -> tuple[list[Node], list[Edge]]:
        nodes, edges = self._base.network(types)
        old_nodes, old_edges = self._scratch.network(types)
        same = [node for node in nodes if node.id not in self._ids]
        drawn = [edge for edge in edges if edge.key.source_id not in self._ids]
        by_id, by_key = (lambda node: node.id), (lambda edge: edge.key)
        return sorted([*same, *old_nodes], key=by_id), sorted([*drawn, *old_edges], key=by_key)

    def everything(self) -> tuple[Iterator[Node], Iterator[Edge]]:
        (nodes, edges), (old_nodes, old_edges) = self._base.everything(), self._scratch.everything()
        same = (node for node in nodes if node.id not in self._ids)
        drawn = (edge for edge in edges if edge.key.source_id not in self._ids)
        key = lambda node: (node.kind in CATALOGUE, node.id)  # noqa: E731 - the order of both
        return _distinct(heapq.merge(same, old_nodes, key=key)), heapq.merge(drawn, old_edges, key=lambda e: e.key)

    def runs(self, *, source: str = "", after: str = "", limit: int = 100) -> list[RunRow]:
        return self._base.runs(source=source, after=after or f"{self.moment.isoformat()}\x00~", limit=limit)

    def changes(
        self,
        *,
        after: int = 0,
        before: int = 0,
        asset_ids: Collection[str] = (),
        newest_first: bool = False,
        limit: int = 1000,
    ) -> list[Change]:
        upto = min(before or self.number + 1, self.number + 1)
        return self._base.changes(after=after, before=upto, asset_ids=asset_ids, newest_first=newest_first, limit=limit)

    def touched(self, after: int) -> frozenset[str]:
        raise NotKept("the past is not undone further: ask for an earlier moment")

    def change_at(self, moment: datetime) -> int:
        return min(self.number, self._base.change_at(moment))

    def note(self, name: str) -> str:
        return self._base.note(name)

    def status(self) -> GraphStatus:
        """Counts of the catalogue are those of now."""
        now = self._base.status()
        counts = Counter(now.counts)
        counts.update(self._counts)
        return replace(
            now,
            counts={kind: count for kind, count in sorted(counts.items()) if count > 0},
            relationships=now.relationships + self._relationships,
            journal=self.number,
            last_change=self.moment if self.number else None,
            last_seen={source: min(at, self.moment) for source, at in now.last_seen.items()},
        )

    def records(self, keys: Collection[str]) -> dict[str, RecordRow]:
        raise NotKept(_RECORDS)

    def identifiers(self, records: Collection[str]) -> dict[str, frozenset[str]]:
        raise NotKept(_RECORDS)

    def holders(self, identifiers: Collection[str], limit: int) -> dict[str, Holders]:
        raise NotKept(_RECORDS)

    def shared(self) -> Iterator[tuple[str, dict[str, str]]]:
        raise NotKept(_RECORDS)

    def ambiguous(self, few: int) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
        raise NotKept(_RECORDS)

    def describing(self, asset_id: str) -> list[tuple[RecordRow, dict[str, bytes]]]:
        raise NotKept(_RECORDS)


_RECORDS = "records and their identifiers are kept as they are now alone: ask without a date"


def _distinct(nodes: Iterator[Node]) -> Iterator[Node]:
    last = ""
    for node in nodes:
        if node.id != last:
            yield node
        last = node.id
