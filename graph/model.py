"""What the store keeps and gives back: plain values, the same for Neo4j and SQLite."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

Scalar = str | int | float | bool
Properties = dict[str, Scalar]
Positions = Mapping[tuple[str, int], int]
"""The offset of the next message to read, by (topic, partition)."""


def node_id(text: str) -> str:
    """The id of a node from what it is: the first 32 hex digits of SHA-256. A record's and its asset's are the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class EdgeKey(NamedTuple):
    """The identity of a relationship: there is one of a type between two nodes, however many claim it."""

    source_id: str
    type: str
    target_id: str


class Claim(NamedTuple):
    """What one record says of one property."""

    record: str
    value: Scalar


Claims = Mapping[str, tuple[Claim, ...]]


@dataclass(frozen=True, slots=True)
class Node:
    """An asset, an Endpoint or a catalogue node.

    `sources`: who claims it now, sorted; empty for catalogue and Endpoint.
    `claims`: for each property, and for `name` and `kind`, who claims what, the winner first.
    `since`: when each of these became what it is; history, like `first_seen` of an edge.
    `conflicts`: values of each scheme of which an asset has one, where its records name several.
    """

    id: str
    kind: str
    name: str
    properties: Properties
    sources: tuple[str, ...] = ()
    first_seen: datetime | None = None
    retired_at: datetime | None = None
    rules: int = 0
    claims: Claims = field(default_factory=dict)
    since: Mapping[str, datetime] = field(default_factory=dict)
    conflicts: Claims = field(default_factory=dict)


class Edge(NamedTuple):
    """A relationship. `claims`: what each record that claims it says of it, by record key, never empty.

    `properties` is the winner of the claims. `since` is kept from when the relationship was drawn.
    """

    key: EdgeKey
    properties: Properties
    claims: Mapping[str, Properties]
    since: datetime

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources whose records claim it, sorted."""
        return tuple(sorted({record.split("/", 1)[0] for record in self.claims}))


class SectionMark(NamedTuple):
    """A section without its body: it stands in the record's row, so that an unchanged run rewrites no body."""

    sequence: int
    changed: int
    hash: str
    event_id: str


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record without the bodies of its sections, which the store keeps apart, compressed.

    `sequence` is the highest of its sections' and of dead letters that confirm it.
    `asset_id`: the asset it describes; for a record that is not live the one that went on from it, if any.
    `ranks`: trust in groups of properties where it is not `rank`.
    """

    key: str
    source: str
    native_key: str
    kind: str
    partition: int
    rank: int
    sequence: int
    withdrawn: int
    live: bool
    run: str
    first_observed: datetime
    last_seen: datetime
    asset_id: str
    sections: Mapping[str, SectionMark]
    ranks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """One relation that a live record claims to something it names by an identifier, and what is drawn for it."""

    record: str
    relation: str
    direction: Literal["out", "in"]
    identifier: str
    kind: str
    properties: Properties
    drawn: EdgeKey | None = None


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds an identifier: how many live records, and their keys, empty where they are more than was asked for."""

    count: int
    records: frozenset[str]


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as its report told it; `problems` is JSON text."""

    id: str
    source: str
    collector: str
    status: str
    started: datetime
    ended: datetime
    seen: int
    emitted: int
    skipped: int
    failed: int
    problems: str


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of the journal: what became of one node, and because of which events.

    `what`: created, changed, retired, returned, continued (its id went on as another), removed (an Endpoint's).
    `detail` is JSON text with everything that is needed to undo it: properties before and after,
    relationships drawn and erased.
    """

    asset_id: str
    what: str
    event_ids: tuple[str, ...]
    detail: str
    number: int = 0
    recorded_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Part:
    """Nodes and relationships to write, by id and key.

    `drawn`: those of `edges` that the transaction has seen not to be there yet; may be left out.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    catalogue: dict[str, Node] = field(default_factory=dict)
    edges: dict[EdgeKey, Edge] = field(default_factory=dict)
    drawn: set[EdgeKey] = field(default_factory=set)


@dataclass(slots=True)
class Changes(Part):
    """The difference one batch makes; written in one transaction together with `positions`.

    Every mapping and list says what to put or remove by key; whatever is not mentioned stays as it is.
    `bodies` are by (record, section), None to remove; `references` replace all of a record's; `held` and `released` are
    (record, identifier).
    `recorded_at`: when what it says came to be known; now where it is later, or nothing is said.
    `notes`: what the inventory remembers of its own work, by name.
    `mended` catalogue nodes are to be as they stand here; `dropped` ones go, with all their relationships.
    `forget`: entries of the journal below that number are dropped.
    """

    log: str
    expected: Positions
    positions: Positions
    recorded_at: datetime | None = None
    records: dict[str, RecordRow] = field(default_factory=dict)
    bodies: dict[tuple[str, str], bytes | None] = field(default_factory=dict)
    held: set[tuple[str, str]] = field(default_factory=set)
    released: set[tuple[str, str]] = field(default_factory=set)
    references: dict[str, tuple[ReferenceRow, ...]] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    continued: dict[str, str] = field(default_factory=dict)
    mended: dict[str, Node] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    erased: set[EdgeKey] = field(default_factory=set)
    markers: dict[tuple[str, int], int] = field(default_factory=dict)
    runs: dict[str, RunRow] = field(default_factory=dict)
    journal: list[Change] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    forget: int = 0


@dataclass(frozen=True, slots=True)
class Relationship:
    """An edge seen from one of its ends, with the node at the other."""

    edge: Edge
    direction: Literal["out", "in"]
    other: Node


@dataclass(frozen=True, slots=True)
class GraphStatus:
    """How far the graph is: positions by log; counts by kind of live assets and used catalogue nodes; the journal."""

    positions: Mapping[str, Positions]
    counts: Mapping[str, int]
    relationships: int
    journal: int
    last_change: datetime | None
    last_seen: Mapping[str, datetime]
    schema: int
    writer: str
