"""Who says so: of each property and relationship the claim that won, since when, last confirmed when; the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from graph.model import Edge, Node, RecordRow, Scalar
from graph.store import GraphReader
from inventory.kept import NotKept
from inventory.merge import trust


@dataclass(frozen=True, slots=True)
class ClaimTold:
    """A claim. `confirmed`: when its record was last seen; None in the past, which does not keep it."""

    record: str
    source: str
    value: Scalar | dict[str, Scalar]
    confirmed: datetime | None


@dataclass(frozen=True, slots=True)
class PropertyTold:
    """A property with the claim that won and those that lost."""

    name: str
    value: Scalar
    since: datetime | None
    won: ClaimTold
    lost: tuple[ClaimTold, ...]


class Witnesses:
    """The records behind an asset and its relationships, read at once."""

    def __init__(self, reader: GraphReader, node: Node, edges: Sequence[Edge]) -> None:
        self._node = node
        wanted = {claim.record for claims in node.claims.values() for claim in claims}
        wanted |= {record for edge in edges for record in edge.claims}
        self._rows = _rows(reader, wanted)

    def properties(self) -> list[PropertyTold]:
        """The name and kind first, then the properties by name."""
        order = {"name": 0, "kind": 1}
        names = sorted(self._node.claims, key=lambda name: (order.get(name, 2), name))
        return [self._property(name) for name in names]

    def claims(self, edge: Edge) -> list[ClaimTold]:
        """Who claims a relationship, what each says of it, the most trusted first."""
        known = [record for record in edge.claims if record in self._rows]
        ordered = sorted(known, key=lambda record: trust(self._rows[record]))
        rest = sorted(edge.claims.keys() - self._rows.keys())
        return [self._told(record, dict(edge.claims[record])) for record in (*ordered, *rest)]

    def _property(self, name: str) -> PropertyTold:
        won, *lost = [self._told(claim.record, claim.value) for claim in self._node.claims[name]]
        value = self._node.claims[name][0].value
        return PropertyTold(name, value, self._node.since.get(name), won, tuple(lost))

    def _told(self, record: str, value: Scalar | dict[str, Scalar]) -> ClaimTold:
        row = self._rows.get(record)
        return ClaimTold(record, record.split("/", 1)[0], value, row.last_seen if row else None)


def _rows(reader: GraphReader, records: set[str]) -> Mapping[str, RecordRow]:
    try:
        return reader.records(records)
    except NotKept:
        return {}
