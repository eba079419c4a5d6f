"""The graph as it was known at a moment: the journal undone, from now back to it.

What changed since is set back in a scratch store; everything else is read from the graph itself. So the cost is that of
the assets that changed, not of the whole.
"""
# ruff: noqa: ARG002 - what is not kept is refused whatever is asked

import heapq
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from graph.metamodel import CATALOGUE
from graph.model import (
    Change,
    Edge,
    GraphStatus,
    Holders,
    Node,
    RecordRow,
    Relationship,
    RunRow,
)
from graph.model import node_id as id_of
from graph.outline import Outline
from graph.store import EVERY_ASSET, GraphReader, GraphStore, Selection
from inventory.heard import Heard, heard_by
from inventory.kept import NotKept, check_kept, forgotten
from inventory.set_back import SetBack

PAGE = 1000


def open_past(reader: GraphReader, scratch: GraphStore, moment: datetime) -> "Past":
    """The graph as it was known at the moment. `scratch` is an empty store of its own. Raises BeforeThePast."""
    check_kept(reader, moment)
    past = Past(reader, scratch, moment)
    check_kept(reader, moment)  # entries that were dropped meanwhile are not undone
    return past


class Past:
    """A `GraphReader` of a moment. Records and identifiers are not journaled: asking for them raises NotKept.

    `number`: the last entry of the journal that was known then. `changed`: how many assets were set back, which is what
    the answer costs. `head`: the entry up to which that is done.

    Threads may share it while it is not refreshed.
    """

    def __init__(self, base: GraphReader, scratch: GraphStore, moment: datetime) -> None:
        self._base, self._scratch, self.moment = base, scratch, moment
        self.number = base.change_at(moment) or forgotten(base)
        self._back = SetBack(base, scratch, self.number)
        self._ids = self._back.ids

    @property
    def changed(self) -> int:
        return len(self._ids)

    @property
    def head(self) -> int:
        return self._back.head

    def refresh(self) -> None:
        """Set back what has changed since the last look; while nobody reads it."""
        self._back.refresh()

    def node(self, node_id: str) -> Node | None:
        """An id that was part of another asset then finds that, whatever it leads to now."""
        found = self._base.node(node_id)
        if node_id not in self._ids and (found is None or found.id not in self._ids):
            return found
        own = self._scratch.nodes([node_id]).get(node_id)
        return own or self._went_on_as(node_id) or self._described_by(node_id) or self._set_back_as(found)

    def _went_on_as(self, node_id: str) -> Node | None:
        """The asset that an id went on as, where that is the last that the journal told of it by then."""
        last = next(iter(self.changes(asset_ids=[node_id], newest_first=True, limit=1)), None)
        return self.node(json.loads(last.detail)["continued"]) if last and last.what == "continued" else None

    def _described_by(self, record_id: str) -> Node | None:
        """The asset that a record with this id described then; what it describes now is set back as well."""
        after = ""
        while page := self._scratch.assets(retired=True, after=after, limit=PAGE):
            for node in page:
                if any(id_of(claim.record) == record_id for claim in node.claims.get("kind", ())):
                    return node
            after = f"{page[-1].name}\x00{page[-1].id}"
        return None

    def _set_back_as(self, now: Node | None) -> Node | None:
        """What an id that leads there now led to, as far as anything tells: a record's that was not live then."""
        return self._scratch.nodes([now.id]).get(now.id) if now else None

    def nodes(self, ids: Collection[str]) -> dict[str, Node]:
        wanted = set(ids)
        return self._base.nodes(wanted - self._ids) | self._scratch.nodes(wanted & self._ids)

    def edges_of(self, ids: Collection[str], direction: str = "out", types: Collection[str] = ()) -> Iterator[Edge]:
        if direction == "out":
            yield from self._base.edges_of(set(ids) - self._ids, types=types)
            yield from self._scratch.edges_of(set(ids) & self._ids, types=types)
        else:
            yield from (e for e in self._base.edges_of(ids, "in", types) if e.key.source_id not in self._ids)
            yield from self._scratch.edges_of(ids, "in", types)

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
        def walk(reader: GraphReader) -> Iterator[Node]:
            cursor = after
            while page := reader.assets(
                kinds=kinds, text=text, name=name, sources=sources, retired=retired, after=cursor, limit=limit
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
        """Also what only such assets have now that are set back: `spread` tells how many had it then."""
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

    def spread(self, relation: str, selection: Selection = EVERY_ASSET) -> dict[str, int]:
        same = self._base.spread(relation, self._unchanged(selection))
        return dict(Counter(same) + Counter(self._scratch.spread(relation, selection)))

    def tally(self, properties: Sequence[str], selection: Selection = EVERY_ASSET) -> dict[tuple[str, ...], int]:
        same = self._base.tally(properties, self._unchanged(selection))
        return dict(Counter(same) + Counter(self._scratch.tally(properties, selection)))

    def holding(
        self,
        relation: str,
        catalogue_id: str,
        selection: Selection = EVERY_ASSET,
        *,
        after: str = "",
        limit: int = 1000,
    ) -> list[Node]:
        same = self._base.holding(relation, catalogue_id, self._unchanged(selection), after=after, limit=limit)
        back = self._scratch.holding(relation, catalogue_id, selection, after=after, limit=limit)
        return _in_order(same, back)[:limit]

    def valued(
        self, values: Mapping[str, str], selection: Selection = EVERY_ASSET, *, after: str = "", limit: int = 1000
    ) -> list[Node]:
        same = self._base.valued(values, self._unchanged(selection), after=after, limit=limit)
        return _in_order(same, self._scratch.valued(values, selection, after=after, limit=limit))[:limit]

    def _unchanged(self, selection: Selection) -> Selection:
        """Those that were not set back."""
        return replace(selection, without=selection.without | self._ids)

    def network(self, types: Collection[str]) -> tuple[list[Node], list[Edge]]:
        nodes, edges = self._base.network(types)
        old_nodes, old_edges = self._scratch.network(types)
        same = [node for node in nodes if node.id not in self._ids]
        drawn = [edge for edge in edges if edge.key.source_id not in self._ids]
        by_id, by_key = (lambda node: node.id), (lambda edge: edge.key)
        return sorted([*same, *old_nodes], key=by_id), sorted([*drawn, *old_edges], key=by_key)

    def outline(self, types: Collection[str], ids: Collection[str] | None = None) -> Outline:
        then = self._base.outline(types, ids).without(self._ids)
        return then.with_all_of(self._scratch.outline(types, ids))

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

    def unseen(self, source: str, before: datetime, limit: int) -> list[str]:
        raise NotKept(_RECORDS)

    def note(self, name: str) -> str:
        return self._base.note(name)

    def heard(self) -> Heard:
        """When each source had last been heard of."""
        return heard_by(self, self.moment, self._base.status().last_seen)

    def status(self) -> GraphStatus:
        """Counts of the catalogue are those of now. Of a source that is `unclear`, `last_seen` is the moment."""
        now = self._base.status()
        heard = heard_by(self, self.moment, now.last_seen)
        counts, relationships = self._back.difference()
        counts.update(now.counts)
        return replace(
            now,
            counts={kind: count for kind, count in sorted(counts.items()) if count > 0},
            relationships=now.relationships + relationships,
            journal=self.number,
            last_change=self.moment if self.number else None,
            last_seen=dict.fromkeys(heard.unclear, self.moment) | dict(heard.at),
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


def _in_order(*pages: list[Node]) -> list[Node]:
    return list(heapq.merge(*pages, key=lambda node: (node.name, node.id)))


def _distinct(nodes: Iterator[Node]) -> Iterator[Node]:
    last = ""
    for node in nodes:
        if node.id != last:
            yield node
        last = node.id
