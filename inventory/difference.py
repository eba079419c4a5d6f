"""The difference that changed records make: read around them, resolve, merge, draw, compare with the graph as read."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from events.models import CURATION, Section
from graph.model import Changes, Edge, EdgeKey, Node, Part, Properties, RecordRow, ReferenceRow
from graph.transaction import Transaction
from graph.values import pages
from inventory.clusters import Regrouped, regroup, returning
from inventory.drawing import Drawing, put_edges
from inventory.fold import Folded
from inventory.journal import write_journal
from inventory.merge import Said, aged, held, merge, references, sections_of
from inventory.neighbourhood import Neighbourhood

TOGETHER = 16
"""Assets that are written at once, while the next ones are merged: some thousand relationships."""
_PREFIX = f"{CURATION}/"


def curation_of(record: str) -> str:
    """The key of the record in which persons say something about this one."""
    return _PREFIX + record


def described_by(key: str) -> str:
    """The record that a record of curation is about; any other is about itself."""
    return key.removeprefix(_PREFIX)


def with_curated(tx: Transaction, folded: Mapping[str, Folded]) -> dict[str, Folded]:
    """The records that changed, and those live ones about which a person said something new, for the same reasons."""
    changed = {key: item for key, item in folded.items() if item.changed and item.after.source != CURATION}
    about = {described_by(k): i for k, i in folded.items() if i.changed and i.after.source == CURATION}
    stored = tx.records(about.keys() - folded.keys())
    for key, item in about.items():
        known = folded.get(key) or (Folded(stored[key], stored[key]) if key in stored else None)
        if known is not None and (known.after.live or key in changed):
            changed[key] = replace(known, causes=(*known.causes, *item.causes))
    return changed


def put_records(changes: Changes, folded: Mapping[str, Folded], owners: Mapping[str, str]) -> None:
    """The rows of the batch's records, and of those in reach whose asset is another now."""
    for key, item in folded.items():
        row = replace(item.after, asset_id=owners.get(described_by(key), item.after.asset_id))
        if row != item.before:
            changes.records[key] = row
        changes.bodies.update({(key, section): body for section, body in item.bodies.items()})


class Difference:
    """The difference that changed records make. Old state is what the graph holds, so that a stray edit heals too.

    `spoilt`: catalogue nodes that are not what records made them, if anybody has looked; else they stay as they are.
    """

    def __init__(
        self,
        tx: Transaction,
        changes: Changes,
        changed: Mapping[str, Folded],
        folded: Mapping[str, Folded],
        when: datetime,
    ) -> None:
        self.tx, self.changes, self.folded, self.fresh, self.when = tx, changes, changed, folded, when
        self.said: dict[str, Said] = {}
        self.rows: dict[str, RecordRow] = {key: item.after for key, item in changed.items()}
        self.nodes: dict[str, Node] = {}
        self.edges: dict[EdgeKey, Edge] = {}
        self.stored: dict[str, dict[EdgeKey, Edge]] = {}
        self.regrouped = Regrouped()
        self.spoilt: Collection[str] | None = None

    def find(self) -> Mapping[str, str]:
        """Fill `changes` with all but the assets, which `assets` gives; returns the asset of every record in reach."""
        live = {key for key, item in self.folded.items() if item.after.live}
        self._read(live)
        before = self._identifiers_before()
        after = {key: held(self.said[key]) for key in live}
        around = Neighbourhood(self.tx, before, after)
        back = self.tx.nodes(returning(self.folded))
        regrouped = regroup(around, self.folded, {i for i, node in back.items() if node.retired_at is not None})
        self.regrouped = regrouped
        self.rows = {**around.rows, **self.rows}
        members = {key for keys in regrouped.members.values() for key in keys}
        self._read(members - self.said.keys())
        self._holdings(before, after)
        self._read_assets()
        self._gone()
        self._references(around, regrouped, before, after, members)
        self._repoint(regrouped)
        self._read_starts()
        return regrouped.owner

    def assets(self) -> Iterator[Part]:
        """The assets to merge anew with what they have of the catalogue, some at a time; then the journal is written.

        Nothing is read any more: a store may write the ones before meanwhile.
        """
        everything = Part(nodes=dict(self.changes.nodes), edges=dict(self.changes.edges))
        for together in pages(self.regrouped.members.values(), TOGETHER):
            part = self._part(together)
            everything.nodes.update(part.nodes)
            everything.edges.update(part.edges)
            yield part
        write_journal(self.changes, everything, self.nodes, self.edges, self.regrouped)

    def _read_starts(self) -> None:
        """The nodes at which relationships start that changed: the journal names them."""
        starts = {key.source_id for key in (*self.changes.edges, *self.changes.erased)}
        known = self.nodes.keys() | self.changes.nodes.keys() | self.regrouped.members.keys()
        self.nodes.update(self.tx.nodes(starts - known))

    def _read(self, keys: Collection[str]) -> None:
        """Read the sections of live records and of what a person said about them."""
        persons = self._persons({curation_of(key) for key in keys})
        rows = {key: self.rows[key] for key in keys} | persons
        stored = self.tx.bodies({key for key, row in rows.items() if row.sections.keys() - self._contents(key).keys()})
        said = {key: Said(row, self._sections(key, stored.get(key, {}))) for key, row in rows.items()}
        self.said.update({key: replace(said[key], curation=said.get(curation_of(key))) for key in keys})

    def _sections(self, key: str, stored: Mapping[str, bytes]) -> dict[str, Section]:
        """From the batch where it has them, else read from the store."""
        known, contents = self.fresh.get(key), self._contents(key)
        gone = {name for name, body in known.bodies.items() if body is None} if known else set[str]()
        left = stored.keys() - contents.keys() - gone
        return sections_of({name: stored[name] for name in left}) | contents

    def _contents(self, key: str) -> dict[str, Section]:
        known = self.fresh.get(key)
        return known.contents if known else {}

    def _persons(self, keys: Collection[str]) -> dict[str, RecordRow]:
        """The live ones of these records of curation, as they are after the batch."""
        rows = self.tx.records(keys) | {key: self.fresh[key].after for key in keys if key in self.fresh}
        return {key: row for key, row in rows.items() if row.live}

    def _identifiers_before(self) -> dict[str, frozenset[str]]:
        was_live = [k for k, item in self.folded.items() if item.again or (item.before and item.before.live)]
        stored = self.tx.identifiers(was_live)
        return {key: stored.get(key, frozenset()) for key in was_live}

    def _holdings(self, before: Mapping[str, frozenset[str]], after: Mapping[str, frozenset[str]]) -> None:
        for key in self.folded:
            old, new = before.get(key, frozenset()), after.get(key, frozenset())
            self.changes.held |= {(key, identifier) for identifier in new - old}
            self.changes.released |= {(key, identifier) for identifier in old - new}

    def _repoint(self, regrouped: Regrouped) -> None:
        """Records that did not change, but describe another asset than before."""
        rows = {key: self.rows[key] for key in regrouped.owner}
        rows |= {said.curation.row.key: said.curation.row for said in self.said.values() if said.curation}
        for key, row in rows.items():
            asset = regrouped.owner.get(described_by(key), row.asset_id)
            if row.asset_id != asset and key not in self.fresh:
                self.changes.records[key] = replace(row, asset_id=asset)

    def _read_assets(self) -> None:
        """What the graph holds of the assets to merge anew, and of those that go."""
        ids = self.regrouped.members.keys() | self.regrouped.continued.keys() | self.regrouped.retired
        self.nodes.update(self.tx.nodes(ids))
        for key, edge in self.tx.catalogue_edges(ids).items():
            self.stored.setdefault(key.source_id, {})[key] = edge
            self.edges[key] = edge

    def _gone(self) -> None:
        """Assets without records: their ids go on, or they are retired. What they had of the catalogue goes."""
        regrouped = self.regrouped
        self.changes.removed |= regrouped.continued.keys()
        self.changes.continued.update(regrouped.continued)
        for lost in regrouped.retired & self.nodes.keys():
            self.changes.nodes[lost] = replace(self.nodes[lost], retired_at=self.when, sources=())
        for gone in regrouped.continued.keys() | regrouped.retired:
            self.changes.erased |= self.stored.get(gone, {}).keys()

    def _part(self, clusters: Iterable[Collection[str]]) -> Part:
        """These clusters merged, and what differs from the graph. Relationships that go are put into `changes`."""
        part = Part()
        for keys in clusters:
            merged = merge(self.said[key] for key in keys)
            old = self.nodes.get(merged.node.id)
            node = aged(merged.node, old, self.when)
            if old != node:
                part.nodes[node.id] = node
            stored = self.stored.get(node.id, {})
            said: dict[EdgeKey, Mapping[str, Properties]] = {**{key: {} for key in stored}, **merged.edges}
            self.changes.erased |= put_edges(part, stored, said, self.rows)
            new = {key.target_id for key in merged.edges.keys() & part.drawn}
            part.catalogue.update({i: item for i, item in merged.catalogue.items() if i in new})
            if self.spoilt is not None:
                again = new.union(self.spoilt)
                self.changes.mended.update({i: item for i, item in merged.catalogue.items() if i in again})
        return part

    def _references(
        self,
        around: Neighbourhood,
        regrouped: Regrouped,
        before: Mapping[str, frozenset[str]],
        after: Mapping[str, frozenset[str]],
        members: Collection[str],
    ) -> None:
        """Draw anew what the records of changed assets refer to, and what refers to them."""
        concerned = set(members) | self.folded.keys()
        new: dict[str, tuple[ReferenceRow, ...]] = dict.fromkeys(self.folded, ())
        new |= {key: references(self.said[key]) for key in members}
        names = {name for held_by in (*before.values(), *after.values()) for name in held_by}
        names |= {name for held_by in around.identifiers(members).values() for name in held_by}
        new_ones = {key for key, item in self.folded.items() if item.before is None}
        old = {**dict.fromkeys(concerned, ()), **self.tx.references(concerned - new_ones)}
        drawing = Drawing(self.tx, around, regrouped, self.rows, old, new, names)
        drawing.draw(self.changes)
        self.nodes.update(drawing.nodes)
        self.edges.update(drawing.edges)
