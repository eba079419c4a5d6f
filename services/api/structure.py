"""What something stands on, and where one failure is enough, under /api/v1."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from graph.outline import OutlineNode
from graph.store import GraphReader
from inventory.needs import start_order
from inventory.single_points import false_redundancy, single_points
from inventory.topology import Topology, load_topology
from inventory.wiring import names_on
from services.api.routes import AsOf, Graph, Here, node_of
from services.api.state import State
from services.lookup import find_failing
from services.needed import NeededTold, needed

router = APIRouter(prefix="/api/v1")


class Thing(BaseModel):
    """An asset, or an Endpoint."""

    id: str
    kind: str
    name: str


class NeededThing(Thing):
    """Something that is needed. `way`: names, from it to what was asked about."""

    distance: int
    way: list[str]
    alone: bool = Field(description="its failure alone stops what was asked about")
    unsupported: list[str] = Field(description="what it has that is past its support, as reported")
    covers: list[str] = Field(description="contracts that cover it, and vendors that supply it")


class StartStage(BaseModel):
    """What can be started together. `circles`: among these, what needs each other, so that no order is right."""

    things: list[Thing]
    circles: list[list[Thing]]


class Needs(BaseModel):
    """All that an asset needs, and the stages in which to start it; in reverse, to stop it."""

    items: list[NeededThing]
    start: list[StartStage]
    journal: int


class Point(Thing):
    """An asset whose failure alone stops these citizen services."""

    services: list[Thing]


class Shared(Thing):
    """It needs `wanted` of `causes`, but each of `shared` alone takes too many of them."""

    wanted: int
    causes: list[Thing]
    shared: list[Thing]


class SinglePoints(BaseModel):
    """Those that stop the most first. What is in doubt counts as if it were sure."""

    total: int
    items: list[Point]
    journal: int


class FalseRedundancy(BaseModel):
    """Redundancy that is none, by kind and name. What is in doubt counts as if it were sure."""

    total: int
    items: list[Shared]
    journal: int


@router.get("/assets/{asset_id}/needs")
def get_needs(here: Here, graph: Graph, asset_id: str, as_of: AsOf = None) -> Needs:  # noqa: ARG001 - read by `graph`
    """Everything that an asset needs, to the room and the contract, with what of it is past its support."""
    topology = topology_of(here, graph)
    assets = find_failing(graph, topology, [node_of(graph, asset_id).id])
    found = needed(graph, topology, assets, here.matcher(graph), here.settings.support.policy())
    stages = start_order(topology.wiring, [node.id for node in assets])
    return Needs(
        items=[_needed(topology, one) for one in found],
        start=[StartStage(things=_things(s.nodes), circles=[_things(c) for c in s.circles]) for s in stages],
        journal=topology.journal,
    )


@router.get("/single-points")
def get_single_points(
    here: Here,
    graph: Graph,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    as_of: AsOf = None,  # noqa: ARG001 - read by `graph`
) -> SinglePoints:
    """Assets whose failure alone stops a citizen service."""
    topology = topology_of(here, graph)
    points = single_points(topology.wiring)
    return SinglePoints(
        total=len(points),
        items=[Point(**_thing(one.node), services=_things(one.services)) for one in points[:limit]],
        journal=topology.journal,
    )


@router.get("/false-redundancy")
def get_false_redundancy(
    here: Here,
    graph: Graph,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    as_of: AsOf = None,  # noqa: ARG001 - read by `graph`
) -> FalseRedundancy:
    """What needs one of several that all stand on the same host, in the same room, on the same storage."""
    topology = topology_of(here, graph)
    found = false_redundancy(topology.wiring)
    items = [
        Shared(**_thing(one.node), wanted=one.wanted, causes=_things(one.causes), shared=_things(one.shared))
        for one in found[:limit]
    ]
    return FalseRedundancy(total=len(found), items=items, journal=topology.journal)


def topology_of(here: State, graph: GraphReader) -> Topology:
    """The topology that is kept, or that of a moment in the past."""
    return here.live.get() if graph is here.store else load_topology(graph)


def _needed(topology: Topology, one: NeededTold) -> NeededThing:
    return NeededThing(
        **_thing(one.needed.node),
        distance=one.needed.distance,
        way=names_on(topology.outline, one.needed.links),
        alone=one.needed.alone,
        unsupported=list(one.unsupported),
        covers=list(one.covers),
    )


def _thing(node: OutlineNode) -> dict[str, str]:
    return {"id": node.id, "kind": node.kind, "name": node.name}


def _things(nodes: tuple[OutlineNode, ...]) -> list[Thing]:
    return [Thing(**_thing(node)) for node in nodes]
