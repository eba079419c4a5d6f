"""Which relationships are in doubt: nobody has confirmed what claims them for longer than its source should take."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from graph.store import GraphReader
from inventory.past import Past
from inventory.quality import Expected, heard_in, late
from inventory.topology import Topology
from inventory.wiring import Flags

MOST = 1_000_000
"""Records of a source that are looked at."""


@dataclass(frozen=True, slots=True)
class Stale:
    """Sources that are late, and records of others that these did not confirm in time."""

    sources: frozenset[str] = frozenset()
    records: frozenset[str] = frozenset()

    def holds(self, claim: str) -> bool:
        """Whether nobody has confirmed this record in time."""
        return claim.partition("/")[0] in self.sources or claim in self.records


def stale_in(reader: GraphReader, expected: Mapping[str, Expected]) -> Stale:
    """What is stale in the graph. `expected`: the configured sources; others are never late, nor is what persons say.

    Of a moment in the past, for which records do not say when they were confirmed, only sources are told. Raises
    StoreUnavailable.
    """
    heard = heard_in(reader)
    expected = {source: wanted for source, wanted in expected.items() if source not in heard.later}
    found = frozenset(source for source, at in late(heard, expected) if at)
    return Stale(found, frozenset() if isinstance(reader, Past) else frozenset(_unconfirmed(reader, expected, found)))


def _unconfirmed(reader: GraphReader, expected: Mapping[str, Expected], late_ones: Collection[str]) -> Iterator[str]:
    """The records that a source which is not late itself did not confirm in time."""
    for source, wanted in expected.items():
        if wanted.after and source not in late_ones:
            yield from (f"{source}/{key}" for key in reader.unseen(source, wanted.after, MOST))


def doubted(topology: Topology, stale: Stale) -> Flags | None:
    """By link, whether all that claim it are stale; None where nothing is."""
    if not stale.sources and not stale.records:
        return None
    edges = topology.wiring.links.edges
    flags = (bool(edge.claims) and all(map(stale.holds, edge.claims)) for edge in edges)
    return np.fromiter(flags, dtype=np.bool_, count=len(edges))
