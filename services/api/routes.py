"""The questions under /api/v1."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BeforeValidator

from graph.metamodel import ASSETS
from graph.model import Node, Relationship
from graph.store import GraphReader
from inventory.successors import leads_to
from services.answers import moment_of
from services.api import cursors
from services.api import models as m
from services.api.state import State
from services.lookup import NotFound, find_sources
from services.provenance import Witnesses
from services.status import status_of

MAX_PAGE = 1000
MAX_NUMBER = 2**63 - 1
"""The largest number that both stores take."""
router = APIRouter(prefix="/api/v1")


def state_of(request: Request) -> State:
    """The application's state."""
    state: State = request.app.state.landkarte
    return state


Here = Annotated[State, Depends(state_of)]


def _moment(value: object) -> object:
    try:
        return moment_of(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f"{error}; allowed are a day (2026-11-23) and a time (2026-11-23T12:00:00Z)") from error


Moment = Annotated[datetime | None, BeforeValidator(_moment)]
AsOf = Annotated[
    Moment,
    Query(description="as it was known then: a time or, for its end in UTC, a day", examples=["2026-11-23"]),
]


def reader_of(here: Here, as_of: AsOf = None) -> Iterator[GraphReader]:
    """The graph as it is, or as it was known; nobody changes or closes that until the question is answered."""
    with here.reader(as_of) as reader:
        yield reader


Graph = Annotated[GraphReader, Depends(reader_of, scope="function")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="how many at most")]
Cursor = Annotated[str, Query(description="`next` of the page before", max_length=2000)]
Sources = Annotated[list[str] | None, Query(alias="source", description="only of these sources; * is allowed")]
Kinds = Annotated[list[str] | None, Query(alias="kind", description="only of these kinds")]


@router.get("/assets")
def list_assets(
    graph: Graph, kind: Kinds = None, source: Sources = None, text: str = "", *, retired: bool = False,
    after: Cursor = "", limit: Limit = 100,
) -> m.AssetPage:  # fmt: skip
    """Assets in order of their names. `text`: a part of the name."""
    found = graph.assets(
        kinds=_kinds(kind),
        text=text,
        sources=find_sources(graph, source or []),
        retired=retired,
        after=cursors.read(after),
        limit=limit,
    )
    following = cursors.write(found[-1].name, found[-1].id) if len(found) == limit else None
    return m.AssetPage(items=[asset_of(node) for node in found], next=following)


@router.get("/assets/{asset_id}")
def get_asset(graph: Graph, asset_id: str, after: Cursor = "", limit: Limit = MAX_PAGE) -> m.AssetDetail:
    """One asset: who says what of it, and its relationships. An id that went on as another asset's finds that."""
    node = node_of(graph, asset_id)
    found = graph.relationships(node.id, after=cursors.read(after), limit=limit)
    witnesses = Witnesses(graph, node, [item.edge for item in found])
    last = found[-1] if len(found) == limit else None
    following = cursors.write(last.edge.key.type, last.direction, last.other.id) if last else None
    return m.AssetDetail(
        **asset_of(node).model_dump(),
        claims=[m.PropertyClaims.model_validate(asdict(item)) for item in witnesses.properties()],
        relationships=[_related(item, witnesses) for item in found],
        more_relationships=following,
    )


@router.get("/runs")
def list_runs(graph: Graph, source: str = "", after: Cursor = "", limit: Limit = 100) -> m.RunPage:
    """Runs of sources, newest first, with what they could not use."""
    found = graph.runs(source=source, after=_run_cursor(after), limit=limit)
    items = [m.Run(**asdict(run) | {"problems": json.loads(run.problems)}) for run in found]
    following = cursors.write(found[-1].ended.isoformat(), found[-1].id) if len(found) == limit else None
    return m.RunPage(items=items, next=following)


@router.get("/status")
def get_status(here: Here) -> m.Status:
    """How far the graph is, what waits, and when each source was last heard of."""
    return m.Status(**asdict(status_of(here.settings, here.log, here.store)))


def _run_cursor(after: str) -> str:
    """As the store takes it. Raises WrongCursor."""
    text = cursors.read(after)
    try:
        if text:
            datetime.fromisoformat(text.partition("\x00")[0])
    except ValueError as error:
        raise cursors.WrongCursor(f"after: {after!r} is no cursor; use `next` of the page before") from error
    return text


def _kinds(kinds: list[str] | None) -> list[str]:
    if wrong := set(kinds or []) - ASSETS:
        raise NotFound(f"kind {min(wrong)!r} is not known; known are {', '.join(sorted(ASSETS))}")
    return kinds or []


def node_of(graph: GraphReader, node_id: str) -> Node:
    """The asset of that id, or that carries on from it. Raises NotFound."""
    node = leads_to(graph, node_id)
    if node is None:
        raise NotFound(f"no asset has the id {node_id!r}; /api/v1/assets?text= finds assets by name")
    return node


def asset_of(node: Node) -> m.Asset:
    return m.Asset.model_validate(node, from_attributes=True)


def _related(item: Relationship, witnesses: Witnesses) -> m.Related:
    edge, other = item.edge, item.other
    return m.Related(
        type=edge.key.type,
        direction=item.direction,
        id=other.id,
        kind=other.kind,
        name=other.name,
        properties=edge.properties,
        sources=list(edge.sources),
        records=sorted(edge.claims),
        claims=[m.Claim.model_validate(asdict(claim)) for claim in witnesses.claims(edge)],
        since=edge.since,
    )
