"""One batch of events becomes one difference of the graph, over what the transaction it is given can read."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from events.models import RunReport, Section
from graph.model import Changes, Edge, EdgeKey, Node, Positions, RecordRow, ReferenceRow, RunRow
from graph.store import Transaction
from inventory.clusters import Regrouped, regroup, returning
from inventory.drawing import Drawing, put_edges
from inventory.fold import Arrived, Confirmed, Folded, fold, markers_of, retire, touched
from inventory.journal import write_journal
from inventory.merge import Merged, Said, held, merge, references
from inventory.neighbourhood import Neighbourhood

RETIRED_AT_ONCE = 500
"""How many records one transaction retires; a run that ends more is applied in several, its marker with the last."""


class Batch:
    """Events read from one log between two positions; `apply` is called until it says it is finished."""

    def __init__(
        self,
        arrived: Collection[Arrived],
        confirmed: Collection[Confirmed],
        *,
        log: str,
        expected: Positions,
        positions: Positions,
    ) -> None:
        self.arrived, self.confirmed = arrived, confirmed
        self.log, self.expected, self.positions = log, expected, positions

    def apply(self, tx: Transaction) -> bool:
        """Write the difference. False where a marker has more to retire: then positions stand still; apply it again."""
        markers = markers_of(self.arrived)
        folded, floor, finished = self._fold(tx, markers)
        changes = Changes(self.log, self.expected, self.positions if finished else self.expected)
        changes.runs = {item.event.run: _run(item.event) for item in self.arrived if isinstance(item.event, RunReport)}
        if finished:
            changes.markers = {at: floor[at] for at in markers}
        changed = {key: item for key, item in folded.items() if item.changed}
        owners: Mapping[str, str] = {}
        if changed:
            times = [item.event.time for item in self.arrived] + [item.after.last_seen for item in changed.values()]
            owners = _Difference(tx, changes, changed, max(times)).find()
        _put_records(changes, folded, owners)
        tx.write(changes)
        return finished

    def _fold(
        self, tx: Transaction, markers: Mapping[tuple[str, int], Arrived]
    ) -> tuple[dict[str, Folded], dict[tuple[str, int], int], bool]:
        """The batch's records, the highest marker of each place they stand in, and whether all was retired."""
        rows = tx.records(touched(self.arrived, self.confirmed))
        places = {(item.event.source, item.partition) for item in self.arrived} | markers.keys()
        places |= {(row.source, row.partition) for row in rows.values()}
        floor = {**dict.fromkeys(places, 0), **tx.markers(places)}
        for at, item in markers.items():
            floor[at] = max(floor[at], item.event.sequence)
        folded = fold(self.arrived, self.confirmed, rows, floor)
        finished = True
        for at, item in markers.items():
            below = tx.records_below(*at, floor[at], RETIRED_AT_ONCE)
            finished = finished and len(below) < RETIRED_AT_ONCE
            gone = tx.records([key for key in below if key not in folded])
            folded.update({key: retire(row, item) for key, row in gone.items()})
        return folded, floor, finished


class _Difference:
    """The difference that changed records make. Old state is what the graph holds, so that a stray edit heals too."""

    def __init__(self, tx: Transaction, changes: Changes, folded: Mapping[str, Folded], when: datetime) -> None:
        self.tx, self.changes, self.folded, self.when = tx, changes, folded, when
        self.said: dict[str, Said] = {}
        self.rows: dict[str, RecordRow] = {key: item.after for key, item in folded.items()}
        self.nodes: dict[str, Node] = {}
        self.edges: dict[EdgeKey, Edge] = {}

    def find(self) -> Mapping[str, str]:
        """Fill `changes`; gives the asset of every record in reach."""
        live = {key for key, item in self.folded.items() if item.after.live}
        self._read(live)
        before = self._identifiers_before()
        after = {key: held(self.said[key]) for key in live}
        around = Neighbourhood(self.tx, before, after)
        back = self.tx.nodes(returning(self.folded))
        regrouped = regroup(around, self.folded, {i for i, node in back.items() if node.retired_at is not None})
        self.rows = {**around.rows, **self.rows}
        members = {key for keys in regrouped.members.values() for key in keys}
        self._read(members - self.said.keys())
        self._holdings(before, after)
        self._assets(regrouped)
        self._references(around, regrouped, before, after, members)
        self._repoint(regrouped)
        write_journal(self.changes, self.nodes, self.edges, regrouped)
        return regrouped.owner

    def _read(self, keys: Collection[str]) -> None:
        """The sections of live records: from the batch where it has them, else read from the store."""
        stored = self.tx.bodies(keys)
        for key in keys:
            contents = self.folded[key].contents if key in self.folded else {}
            left = self.rows[key].sections.keys() - contents.keys()
            bodies = {name: body for name, body in stored.get(key, {}).items() if name in left}
            read = {name: Section.model_validate_json(body) for name, body in bodies.items()}
            self.said[key] = Said(self.rows[key], read | contents)

    def _identifiers_before(self) -> dict[str, frozenset[str]]:
        was_live = [key for key, item in self.folded.items() if item.before is not None and item.before.live]
        stored = self.tx.identifiers(was_live)
        return {key: stored.get(key, frozenset()) for key in was_live}

    def _holdings(self, before: Mapping[str, frozenset[str]], after: Mapping[str, frozenset[str]]) -> None:
        for key in self.folded:
            old, new = before.get(key, frozenset()), after.get(key, frozenset())
            self.changes.held |= {(key, identifier) for identifier in new - old}
            self.changes.released |= {(key, identifier) for identifier in old - new}

    def _repoint(self, regrouped: Regrouped) -> None:
        """Records that did not change, but describe another asset than before."""
        for key, asset in regrouped.owner.items():
            if key not in self.folded and self.rows[key].asset_id != asset:
                self.changes.records[key] = replace(self.rows[key], asset_id=asset)

    def _assets(self, regrouped: Regrouped) -> None:
        """Merge the clusters anew."""
        gone = regrouped.continued.keys() | regrouped.retired
        stored = self.tx.nodes(regrouped.members.keys() | gone)
        self.nodes.update(stored)
        merged = [merge(self.said[key] for key in keys) for keys in regrouped.members.values()]
        for item in merged:
            if stored.get(item.node.id) != item.node:
                self.changes.nodes[item.node.id] = item.node
        self._catalogue(merged, gone)
        self.changes.removed |= regrouped.continued.keys()
        self.changes.continued.update(regrouped.continued)
        for old in regrouped.retired & stored.keys():
            self.changes.nodes[old] = replace(stored[old], retired_at=self.when, sources=())

    def _catalogue(self, merged: Iterable[Merged], gone: Collection[str]) -> None:
        merged = list(merged)
        stored = self.tx.catalogue_edges({item.node.id for item in merged} | set(gone))
        self.edges.update(stored)
        said: dict[EdgeKey, dict[str, dict[str, str | int | float | bool]]] = {key: {} for key in stored}
        for item in merged:
            said.update(item.edges)
        put_edges(self.changes, stored, said, self.rows)
        drawn = {key.target_id for key in self.changes.edges.keys() - stored.keys()}
        for item in merged:
            self.changes.catalogue.update({i: node for i, node in item.catalogue.items() if i in drawn})

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
        old = {**dict.fromkeys(concerned, ()), **self.tx.references(concerned)}
        drawing = Drawing(self.tx, around, regrouped, self.rows, old, new, names)
        drawing.draw(self.changes)
        self.nodes.update(drawing.nodes)
        self.edges.update(drawing.edges)


def _put_records(changes: Changes, folded: Mapping[str, Folded], owners: Mapping[str, str]) -> None:
    """The rows of the batch's records, and of those in reach whose asset is another now."""
    for key, item in folded.items():
        row = replace(item.after, asset_id=owners.get(key, item.after.asset_id))
        if row != item.before:
            changes.records[key] = row
        changes.bodies.update({(key, section): body for section, body in item.bodies.items()})


def _run(event: RunReport) -> RunRow:
    problems = [problem.model_dump() for problem in event.problems]
    return RunRow(
        id=event.run,
        source=event.source,
        collector=event.collector,
        status=event.status,
        started=event.started,
        ended=event.time,
        seen=event.seen,
        emitted=event.emitted,
        skipped=event.skipped,
        failed=event.failed,
        problems=json.dumps(problems, ensure_ascii=False),
    )
