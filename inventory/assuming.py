"""What would be: the landscape with changes that somebody thinks of, so that a plan can be asked before it is done."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graph.metamodel import CARRIES_FAILURE, RELATIONS
from graph.outline import ASSUMED, Outline, OutlineEdge
from inventory.topology import Topology, topology_of

HOST = "RUNS_ON"


class Contradiction(Exception):
    """A change that cannot be: the text says why, and what can."""


@dataclass(frozen=True, slots=True)
class Added:
    """A relationship more."""

    source: str
    relation: str
    target: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A relationship less."""

    source: str
    relation: str
    target: str


@dataclass(frozen=True, slots=True)
class Moved:
    """An asset that runs on that host, and on no other."""

    asset: str
    host: str


@dataclass(frozen=True, slots=True)
class Repaired:
    """An asset that runs whatever becomes of what it needs."""

    asset: str


Assumption = Added | Removed | Moved | Repaired


def assume(topology: Topology, assumptions: Iterable[Assumption]) -> Topology:
    """The landscape with these changes, one after the other, all by ids. Raises Contradiction."""
    outline = topology.outline
    for assumption in assumptions:
        match assumption:
            case Added():
                outline = _with(outline, _new(outline, assumption.source, assumption.relation, assumption.target))
            case Removed():
                outline = _without(outline, [_found(outline, assumption)])
            case Moved():
                outline = _moved(outline, assumption)
            case Repaired():
                outline = _without(outline, list(_needs(outline, assumption.asset)))
    return topology_of(outline, topology.journal) if outline is not topology.outline else topology


def _new(outline: Outline, source: str, relation: str, target: str) -> OutlineEdge:
    if relation not in CARRIES_FAILURE:
        known = ", ".join(sorted(CARRIES_FAILURE))
        raise Contradiction(f"{relation!r} is no relation by which failure travels; these are {known}")
    ends = outline.nodes[source], outline.nodes[target]
    declared = RELATIONS[relation]
    if source == target:
        raise Contradiction(f"{ends[0].name!r} cannot {relation} itself")
    if ends[0].kind not in declared.sources or ends[1].kind not in declared.targets:
        raise Contradiction(f"a {ends[0].kind} cannot {relation} a {ends[1].kind}: the metamodel does not allow it")
    if any(edge.type == relation and edge.target_id == target for edge in outline.edges.get(source, ())):
        raise Contradiction(f"{ends[0].name!r} {relation} {ends[1].name!r} is there already")
    return OutlineEdge(source, relation, target, claims=(ASSUMED,))


def _found(outline: Outline, wanted: Removed) -> OutlineEdge:
    for edge in outline.edges.get(wanted.source, ()):
        if edge.type == wanted.relation and edge.target_id == wanted.target:
            return edge
    names = [outline.nodes[node].name for node in (wanted.source, wanted.target)]
    raise Contradiction(f"there is no {names[0]!r} {wanted.relation} {names[1]!r} that could be removed")


def _moved(outline: Outline, move: Moved) -> Outline:
    hosts = [edge for edge in outline.edges.get(move.asset, ()) if edge.type == HOST]
    name = outline.nodes[move.asset].name
    if not hosts:
        raise Contradiction(f"{name!r} runs on nothing that it could be moved from")
    if [edge.target_id for edge in hosts] == [move.host]:
        raise Contradiction(f"{name!r} runs on {outline.nodes[move.host].name!r} already")
    rest = _without(outline, hosts)
    return _with(rest, _new(rest, move.asset, HOST, move.host))


def _needs(outline: Outline, asset: str) -> Iterator[OutlineEdge]:
    """The relationships by which something's failure would reach the asset."""
    for edges in outline.edges.values():
        for edge in edges:
            failure = RELATIONS[edge.type].failure
            effect = {"to_source": edge.source_id, "to_target": edge.target_id}.get(failure)
            if effect == asset:
                yield edge


def _with(outline: Outline, edge: OutlineEdge) -> Outline:
    edges = [*outline.edges.get(edge.source_id, ()), edge]
    return Outline(outline.nodes, {**outline.edges, edge.source_id: sorted(edges, key=lambda e: (e.type, e.target_id))})


def _without(outline: Outline, gone: list[OutlineEdge]) -> Outline:
    edges = dict(outline.edges)
    for edge in gone:
        edges[edge.source_id] = [other for other in edges[edge.source_id] if other is not edge]
    return Outline(outline.nodes, edges)
