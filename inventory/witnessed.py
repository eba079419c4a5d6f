"""How each step of an answer is known: declared or observed, by which sources, since when, and last confirmed when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from graph.model import EdgeKey
from graph.outline import ASSUMED, OutlineEdge
from graph.store import GraphReader
from inventory.kept import NotKept


@dataclass(frozen=True, slots=True)
class Witness:
    """`evidence`: declared, observed, or assumed by who asks; "" where nobody says. `confirmed`: None in the past."""

    evidence: str
    sources: tuple[str, ...]
    since: datetime | None
    confirmed: datetime | None


def key_of(edge: OutlineEdge) -> EdgeKey:
    """Its key in the graph."""
    return EdgeKey(edge.source_id, edge.type, edge.target_id)


def witnesses_of(reader: GraphReader, edges: Collection[OutlineEdge]) -> dict[EdgeKey, Witness]:
    """By key; one that the graph does not have any longer has no since. Raises StoreUnavailable."""
    wanted = {key_of(edge): edge for edge in edges}
    types = {edge.type for edge in edges}
    found = reader.edges_of({edge.source_id for edge in edges}, types=types) if types else ()
    drawn = {edge.key: edge for edge in found if edge.key in wanted}
    seen = _last_seen(reader, {claim for edge in edges for claim in edge.claims if claim != ASSUMED})
    witnesses = {}
    for key, edge in wanted.items():
        there = drawn.get(key)
        evidence = "assumed" if ASSUMED in edge.claims else str(there.properties.get("evidence", "")) if there else ""
        sources = tuple(sorted({claim.partition("/")[0] for claim in edge.claims if claim != ASSUMED}))
        confirmed = max((seen[claim] for claim in edge.claims if claim in seen), default=None)
        witnesses[key] = Witness(evidence, sources, there.since if there else None, confirmed)
    return witnesses


def _last_seen(reader: GraphReader, records: Collection[str]) -> dict[str, datetime]:
    try:
        return {key: row.last_seen for key, row in reader.records(records).items()}
    except NotKept:
        return {}
