"""A snapshot of the landscape in memory, for questions about all of it; it follows the journal.

What has changed since is read again, node by node, and replaces what was known: state replaces state. A snapshot is
never changed, so that who asks is not held up while the next one is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from graph.metamodel import CARRIES_FAILURE, OWNERSHIP, PLACE
from graph.outline import ASSUMED, Outline
from graph.store import GraphReader
from inventory.batch import nothing_collected
from inventory.touched import touched_since
from inventory.wiring import Wiring, wiring_of

TYPES = CARRIES_FAILURE | {OWNERSHIP}
FEW = 20_000
"""Where more has changed, all is read anew."""


@dataclass(frozen=True, slots=True)
class Topology:
    """`journal`: the number of the last change that it surely contains. `owners`: organisation units, by what they own.

    `telling`: the sources that say what depends on what.
    """

    outline: Outline
    wiring: Wiring
    journal: int
    owners: Mapping[str, tuple[str, ...]]
    telling: frozenset[str]


def load_topology(reader: GraphReader) -> Topology:
    """The landscape as the graph is now. Raises StoreUnavailable."""
    journal = reader.status().journal  # read first: the outline may be newer than it says, never older
    with nothing_collected():
        return topology_of(reader.outline(TYPES), journal)


def followed(topology: Topology, reader: GraphReader) -> Topology:
    """The same up to now; itself where nothing has changed. Raises StoreUnavailable."""
    journal = reader.status().journal
    if journal == topology.journal:
        return topology
    touched = touched_since(reader, topology.journal, journal)
    if touched is None or len(touched) > FEW:
        return load_topology(reader)
    with nothing_collected():
        outline = topology.outline.without(touched).with_all_of(reader.outline(TYPES, touched))
        missing = _ends(outline) - outline.nodes.keys()  # an Endpoint is in no entry of the journal
        if missing:
            outline = outline.with_all_of(reader.outline(TYPES, missing))
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
    owners: dict[str, tuple[str, ...]] = {}
    claims = set[str]()
    with nothing_collected():
        for source, edges in outline.edges.items():
            for edge in edges:
                if edge.type == OWNERSHIP:
                    owners[source] = (*owners.get(source, ()), edge.target_id)
                elif edge.type not in PLACE:
                    claims.update(edge.claims)
        telling = frozenset(claim.partition("/")[0] for claim in claims - {ASSUMED})
        return Topology(outline, wiring_of(outline), journal, owners, telling)
