"""Relationships to what is named by an identifier: drawn to the one asset that owns it, else to an Endpoint."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from graph.model import Changes, Edge, EdgeKey, Node, Part, Properties, RecordRow, ReferenceRow, node_id
from graph.transaction import Transaction
from inventory.clusters import Regrouped
from inventory.merge import trust, win
from inventory.neighbourhood import Neighbourhood

SEVERAL = "several"


@dataclass(slots=True)
class Drawing:
    """The references to draw anew. `old` and `new`: the rows of each record before and after the batch.

    `names`: identifiers that records of changed assets hold, before or after: their owners may have changed.
    `nodes` and `edges`: the Endpoints and relationships as they were found.
    """

    tx: Transaction
    around: Neighbourhood
    regrouped: Regrouped
    rows: Mapping[str, RecordRow]
    old: dict[str, tuple[ReferenceRow, ...]]
    new: dict[str, tuple[ReferenceRow, ...]]
    names: Collection[str]
    drawn: dict[str, tuple[ReferenceRow, ...]] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[EdgeKey, Edge] = field(default_factory=dict)

    def draw(self, changes: Changes) -> None:
        """Put the difference of references, relationships and Endpoints into `changes`."""
        self._add_referrers()
        asked = {row.identifier for rows in (*self.old.values(), *self.new.values()) for row in rows}
        self._load_owners(asked)
        self.drawn = {record: tuple(self._drawn(row) for row in rows) for record, rows in self.new.items()}
        changes.references.update({r: rows for r, rows in self.drawn.items() if rows != self.old.get(r, ())})
        self._edges(changes)
        self._endpoints(changes, asked)

    def _add_referrers(self) -> None:
        """Records whose own asset did not change, but that refer to a name whose owner did."""
        referred = {name for name, count in self.tx.reference_counts(self.names).items() if count}
        self._load_owners(referred)
        moved = {name for name in referred if self.owner_before(name) != self.owner_after(name)}
        found = (
            {record for records in self.tx.referrers(moved).values() for record in records}
            - self.old.keys()
            - self.new.keys()
        )
        rows = self.tx.references(found)
        self.around.load_rows(found)
        self.old.update(rows)
        self.new.update(rows)

    def _load_owners(self, identifiers: Iterable[str]) -> None:
        identifiers = set(identifiers)
        self.around.load(identifiers)
        self.around.load_rows(
            {r for i in identifiers for r in self.around.before(i).records | self.around.after(i).records}
        )

    def owner_before(self, identifier: str) -> str:
        """The asset that owned it, "" for none, SEVERAL for more than one."""
        holders = self.around.before(identifier)
        return _one(holders.count, {self.around.rows[record].asset_id for record in holders.records})

    def owner_after(self, identifier: str) -> str:
        """The asset that owns it now, "" for none, SEVERAL for more than one."""
        holders = self.around.after(identifier)
        return _one(holders.count, {self.asset_of(record) for record in holders.records})

    def asset_of(self, record: str) -> str:
        """The asset that a live record describes after the batch."""
        return self.regrouped.owner.get(record) or self.around.rows[record].asset_id

    def _drawn(self, row: ReferenceRow) -> ReferenceRow:
        owner, subject = self.owner_after(row.identifier), self.asset_of(row.record)
        if owner in {SEVERAL, subject}:  # several: a finding; itself: says nothing
            return replace(row, drawn=None)
        other = owner or node_id(row.identifier)
        ends = (subject, other) if row.direction == "out" else (other, subject)
        return replace(row, drawn=EdgeKey(ends[0], row.relation, ends[1]))

    def _edges(self, changes: Changes) -> None:
        redrawn = self.old.keys() | self.new.keys()
        keys = {row.drawn for rows in (*self.old.values(), *self.drawn.values()) for row in rows if row.drawn}
        self.edges = stored = self.tx.edges(keys)
        said: dict[EdgeKey, dict[str, Properties]] = {
            key: {r: p for r, p in edge.claims.items() if r not in redrawn} for key, edge in stored.items()
        }
        for record, rows in self.drawn.items():
            for row in rows:
                if row.drawn:
                    claims = said.setdefault(row.drawn, {})
                    claims[record] = {**row.properties, **claims.get(record, {})}
        self.around.load_rows({record for claims in said.values() for record in claims if record not in self.rows})
        changes.erased |= put_edges(changes, stored, said, {**self.around.rows, **self.rows})

    def _endpoints(self, changes: Changes, asked: set[str]) -> None:
        """An Endpoint is there while somebody refers to a name that nobody owns."""
        counts = self.tx.reference_counts(asked)
        for rows, step in ((self.old, -1), (self.drawn, 1)):
            for row in (row for many in rows.values() for row in many):
                counts[row.identifier] = counts.get(row.identifier, 0) + step
        self.nodes = there = self.tx.nodes({node_id(identifier) for identifier in asked})
        for identifier in sorted(asked):
            wanted = counts.get(identifier, 0) > 0 and not self.owner_after(identifier)
            endpoint = node_id(identifier)
            if wanted and there.get(endpoint) != (right := _endpoint(endpoint, identifier)):
                changes.nodes[endpoint] = right
            elif endpoint in there and not wanted:
                changes.removed.add(endpoint)


def put_edges(
    changes: Part,
    stored: Mapping[EdgeKey, Edge],
    said: Mapping[EdgeKey, Mapping[str, Properties]],
    rows: Mapping[str, RecordRow],
) -> set[EdgeKey]:
    """Put what differs between the relationships as read and as claimed; gives those that nobody claims any more."""
    erased = set()
    for key, claims in said.items():
        if not claims:
            erased.add(key)
            continue
        old = stored.get(key)
        properties = _won(claims, rows)
        if old is None:
            changes.drawn.add(key)
        elif old.claims == claims and old.properties == properties:
            continue
        since = old.since if old and old.claims else min(rows[record].last_seen for record in claims)
        changes.edges[key] = Edge(key, properties, claims, since)
    return erased


def _won(claims: Mapping[str, Properties], rows: Mapping[str, RecordRow]) -> Properties:
    if len(claims) == 1:  # as with nearly every program of a computer
        return next(iter(claims.values()))
    return win((trust(rows[record]), told) for record, told in claims.items() if told)


def _one(count: int, owners: set[str]) -> str:
    if not count:
        return ""
    return owners.pop() if len(owners) == 1 else SEVERAL


def _endpoint(node: str, identifier: str) -> Node:
    _, scheme, value = identifier.split("|", 2)
    return Node(node, "Endpoint", value, {"scheme": scheme, "value": value})
