"""From what a person asks, on the command line or over the API, to the answer about protection needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph.model import Node
from graph.store import GraphReader
from inventory.need_levels import GOALS, NAMES
from inventory.protection import Protection
from inventory.protection_rows import Question, Rows
from inventory.set_needs import set_needs
from inventory.topology import Topology
from services.asking import Asked, known_of, selection_of
from services.lookup import NotFound, find_one


@dataclass(frozen=True)
class AskedNeeds:
    """What is asked, in a person's words; empty: any. `assets`, `units`, `places`: ids or names."""

    assets: Sequence[str] = ()
    kinds: Sequence[str] = ()
    units: Sequence[str] = ()
    places: Sequence[str] = ()
    levels: Sequence[str] = ()
    goals: Sequence[str] = ()


def protection_of(reader: GraphReader, topology: Topology, cumulation: int) -> Protection:
    """The protection needs of all that the topology has. Raises StoreUnavailable."""
    return Protection(topology.wiring, set_needs(reader), cumulation)


def rows_of(reader: GraphReader, protection: Protection, asked: AskedNeeds) -> Rows:
    """The rows. Raises NotFound, Ambiguous for what is not known."""
    return Rows(protection, _question(reader, protection, asked))


def _question(reader: GraphReader, protection: Protection, asked: AskedNeeds) -> Question:
    goals, levels = known_of("goal", asked.goals, GOALS), known_of("level", asked.levels, NAMES)
    return Question(
        selection_of(reader, Asked(kinds=asked.kinds, units=asked.units, places=asked.places)),
        frozenset(needing(protection, find_one(reader, name)).id for name in asked.assets),
        frozenset(goal for goal in GOALS if goal in goals or not goals),
        frozenset(level for level in NAMES if level in levels or not levels),
    )


def needing(protection: Protection, node: Node) -> Node:
    """The node, where it is something that has a protection need. Raises NotFound."""
    if node.id not in protection.wiring.number:
        why = "is retired" if node.retired_at else f"is {node.kind}, and nothing that can be needed"
        raise NotFound(f"{node.name!r} ({node.id}) {why}: it has no protection need")
    return node
