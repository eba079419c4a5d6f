"""A snapshot of the landscape in memory, for questions about all of it; it follows the journal.

What has changed since is read again, node by node, and replaces what was known: state replaces state. A snapshot is
never changed, so that who asks is not held up while the next one is made.
"""

from dataclasses import dataclass
from itertools import chain

from graph.metamodel import CARRIES_FAILURE, PLACE
from graph.outline import ASSUMED, Outline
from graph.store import GraphReader
from inventory.batch import nothing_collected
from inventory.touched import touched_since
from inventory.wiring import Wiring, wiring_of

FEW = 20_000
"""Where more has changed, all is read anew."""


@dataclass(frozen=True, slots=True)
class Topology:
    """`journal`: the number of the last change that it surely contains. `telling`: who says what depends on what."""

    outline: Outline
    wiring: Wiring
    journal: int
    telling: frozenset[str]


def load_topology(reader: GraphReader) -> Topology:
    """The landscape as the graph is now. Raises StoreUnavailable."""
    journal = reader.status().journal  # read first: the outline may be newer than it says, never older
    with nothing_collected():
        return topology_of(reader.outline(CARRIES_FAILURE), journal)


def followed(topology: Topology, reader: GraphReader) -> Topology:
    """The same up to now; itself where nothing has changed. Raises StoreUnavailable."""
    journal = reader.status().journal
    if journal == topology.journal:
        return topology
    touched = touched_since(reader, topology.journal, journal)
    if touched is None or len(touched) > FEW:
        return load_topology(reader)
    with nothing_collected():
        outline = topology.outline.without(touched).with_all_of(reader.outline(CARRIES_FAILURE, touched))
        missing = _ends(outline) - outline.nodes.keys()  # an Endpoint is in no entry of the journal
        if missing:
            outline = outline.with_all_of(reader.outline(CARRIES_FAILURE, missing))
        return topology_of(outline, journal)


def _ends(outline: Outline) -> set[str]:
    """What relationships lead to."""
    return {edge.target_id for edges in outline.edges.values() for edge in edges}


def topology_of(outline: Outline, journal: int = 0) -> Topology:
    """From an outline. An Endpoint that nothing leads to by which failure travels is no part of it."""
    idle = (
        {node.id for node in outline.nodes.values() if node.kind == "Endpoint"} - _ends(outline) - outline.edges.keys()
    )
    outline = outline.without(idle) if idle else outline
    with nothing_collected():
        told = (edge.claims for edges in outline.edges.values() for edge in edges if edge.type not in PLACE)
        telling = frozenset(claim.partition("/")[0] for claim in set(chain.from_iterable(told)) - {ASSUMED})
        return Topology(outline, wiring_of(outline), journal, telling)
