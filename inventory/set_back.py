"""Assets as they were at a moment: all that changed since, undone in a scratch store."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import timedelta

from graph.metamodel import CATALOGUE, CATALOGUE_RELATIONS
from graph.model import Change, Changes, Edge, EdgeKey, Node
from graph.store import GraphReader, GraphStore
from graph.values import pages
from inventory.journal import undo

TOGETHER = 100
"""Assets set back at once."""
PAGE = 1000
_LOG = "past"


class SetBack:
    """What changed after entry `number` of the journal, as it was then.

    `ids`: of the assets that were set back, in `scratch`; one that was not there then is missing there. `head`: the
    entry up to which that is done.
    """

    def __init__(self, base: GraphReader, scratch: GraphStore, number: int) -> None:
        self._base, self.scratch, self.number, self.head = base, scratch, number, number
        self.ids: set[str] = set()
        self._now: dict[str, tuple[str, int]] = {}
        """What the graph counts of each, as of the last look: its kind, "" where it is not live; its relationships."""
        self._writes = 0
        writer = scratch.acquire("past", timedelta(days=1))
        assert writer is not None  # nobody else knows the scratch store
        self._writer = writer
        self.refresh()

    def refresh(self) -> None:
        """Set back what has changed since the last look; while nobody reads it."""
        head = self._base.status().journal
        touched = self._base.touched(self.head)
        for ids in pages(sorted(touched & self.ids), TOGETHER):
            self._count(ids, *self._read(ids))
        for ids in pages(sorted(touched - self.ids), TOGETHER):
            self._set_back(ids)
            self.ids.update(ids)
        self.head = head

    def difference(self) -> tuple[Counter[str], int]:
        """How many live nodes of each kind, and how many relationships, were more then than the graph has now."""
        then = self.scratch.status()
        counts = Counter({kind: count for kind, count in then.counts.items() if kind not in CATALOGUE})
        counts.subtract(kind for kind, _ in self._now.values() if kind)
        return counts, then.relationships - sum(number for _, number in self._now.values())

    def _read(self, ids: Collection[str]) -> tuple[dict[str, Node], dict[str, dict[EdgeKey, Edge]]]:
        """What these are now."""
        nodes = self._base.nodes(ids)
        edges: dict[str, dict[EdgeKey, Edge]] = {node: {} for node in ids}
        for edge in self._base.edges_of(ids):
            edges[edge.key.source_id][edge.key] = edge
        return nodes, edges

    def _count(self, ids: Collection[str], nodes: dict[str, Node], edges: dict[str, dict[EdgeKey, Edge]]) -> None:
        for node_id in ids:
            node = nodes.get(node_id)
            self._now[node_id] = (node.kind if node and node.retired_at is None else "", len(edges[node_id]))

    def _set_back(self, ids: Collection[str]) -> None:
        """Read first what these are, then what changed: an entry that comes in between is undone to what it was."""
        nodes, edges = self._read(ids)
        self._count(ids, nodes, edges)
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
        targets = {edge.key.target_id for edge in edges if edge.key.type in CATALOGUE_RELATIONS}
        changes = Changes(_LOG, {(_LOG, 0): self._writes} if self._writes else {}, {(_LOG, 0): self._writes + 1})
        changes.nodes, changes.edges = nodes, {edge.key: edge for edge in edges}
        changes.catalogue = self._base.nodes(targets)
        self._writes += 1
        self.scratch.transact(self._writer, lambda tx: tx.write(changes))
