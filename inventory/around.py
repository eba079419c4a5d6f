"""Who owns assets, and what depends on them: read for a few assets at a time, without the whole topology."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal, Protocol

from graph.metamodel import LISTED, OWNERSHIP, PLACE, RELATIONS
from graph.model import Edge, Node
from graph.store import GraphReader

_IN = frozenset(r.type for r in RELATIONS.values() if r.failure == "to_source") - PLACE
_OUT = frozenset(r.type for r in RELATIONS.values() if r.failure == "to_target")
SHOWN = frozenset({"Application", "CitizenService"})
"""What is told of what depends on an asset."""


class Edges(Protocol):
    """What tells relationships: a reader of the graph, or `Drawn`."""

    def edges_of(
        self, ids: Collection[str], direction: Literal["out", "in"] = "out", types: Collection[str] = ()
    ) -> Iterator[Edge]:
        """See `GraphReader.edges_of`."""


class Drawn:
    """The relationships by which one thing needs, owns or holds another, read once to be followed from many things.

    It holds as many as the landscape has. `names`: how many assets have each, in small letters. Raises
    StoreUnavailable.
    """

    def __init__(self, reader: GraphReader) -> None:
        self._ends: dict[str, dict[str, list[Edge]]] = {"out": {}, "in": {}}
        nodes, edges = reader.network(_IN | _OUT | {OWNERSHIP, "LOCATED_IN"})
        self.names = Counter(node.name.casefold() for node in nodes if node.kind in LISTED)
        for edge in edges:
            self._ends["out"].setdefault(edge.key.source_id, []).append(edge)
            self._ends["in"].setdefault(edge.key.target_id, []).append(edge)

    def edges_of(
        self, ids: Collection[str], direction: Literal["out", "in"] = "out", types: Collection[str] = ()
    ) -> Iterator[Edge]:
        for node in ids:
            yield from (edge for edge in self._ends[direction].get(node, ()) if not types or edge.key.type in types)


def owners_of(reader: GraphReader, ids: Collection[str]) -> dict[str, tuple[Node, ...]]:
    """The organisation units that own each of these assets, in order of name; those without one are missing."""
    edges = [(edge.key.source_id, edge.key.target_id) for edge in reader.edges_of(ids, types=(OWNERSHIP,))]
    units = reader.nodes({unit for _, unit in edges})
    return _sorted((asset, units[unit]) for asset, unit in edges if unit in units)


def dependents_of(reader: GraphReader, ids: Collection[str]) -> dict[str, tuple[Node, ...]]:
    """The applications and citizen services that depend on each of these, however far; those without are missing.

    Redundancy is not weighed: it tells what depends on an asset, not what stops with it.
    """
    effects = _effects(reader, ids)
    reached = {asset: _reached(effects, asset) for asset in ids}
    nodes = reader.nodes({effect for found in reached.values() for effect in found})
    shown = {key: node for key, node in nodes.items() if node.kind in SHOWN and node.retired_at is None}
    return _sorted((asset, shown[effect]) for asset, found in reached.items() for effect in found if effect in shown)


def needed_by(reader: Edges, ids: Collection[str]) -> frozenset[str]:
    """These and all that they need, however far: what they run on, depend on, and what serves that."""
    found, frontier = set(ids), set(ids)
    while frontier:
        causes = {edge.key.target_id for edge in reader.edges_of(frontier, types=_IN)}
        causes |= {edge.key.source_id for edge in reader.edges_of(frontier, "in", types=_OUT)}
        frontier = causes - found
        found |= frontier
    return frozenset(found)


def owned_by(reader: Edges, units: Collection[str]) -> frozenset[str]:
    """What these organisation units own, and those below them (MEMBER_OF)."""
    all_units = _below(reader, units, "MEMBER_OF")
    return frozenset(edge.key.source_id for edge in reader.edges_of(all_units, "in", types=(OWNERSHIP,)))


def located_in(reader: Edges, places: Collection[str]) -> frozenset[str]:
    """What stands in these places, and those in them, and what runs on that."""
    return _below(reader, _below(reader, places, "LOCATED_IN"), "RUNS_ON") - frozenset(places)


def _below(reader: Edges, ids: Collection[str], relation: str) -> frozenset[str]:
    """These and all that this relation leads from to them, however far."""
    found, frontier = set(ids), set(ids)
    while frontier:
        frontier = {edge.key.source_id for edge in reader.edges_of(frontier, "in", types=(relation,))} - found
        found |= frontier
    return frozenset(found)


def _effects(reader: GraphReader, ids: Iterable[str]) -> dict[str, set[str]]:
    """What each of these, and of what is reached from them, directly affects."""
    effects: dict[str, set[str]] = {}
    frontier = set(ids)
    while frontier:
        effects |= {node: set() for node in frontier}
        for edge in reader.edges_of(frontier, "in", types=_IN):
            effects[edge.key.target_id].add(edge.key.source_id)
        for edge in reader.edges_of(frontier, types=_OUT):
            effects[edge.key.source_id].add(edge.key.target_id)
        frontier = {effect for node in frontier for effect in effects[node]} - effects.keys()
    return effects


def _reached(effects: Mapping[str, set[str]], start: str) -> set[str]:
    found, frontier = {start}, [start]
    while frontier:
        new = effects[frontier.pop()] - found
        found |= new
        frontier += new
    return found - {start}


def _sorted(pairs: Iterable[tuple[str, Node]]) -> dict[str, tuple[Node, ...]]:
    found: dict[str, list[Node]] = {}
    for asset, node in pairs:
        found.setdefault(asset, []).append(node)
    return {
        asset: tuple(sorted(nodes, key=lambda node: (node.kind, node.name, node.id))) for asset, nodes in found.items()
    }
