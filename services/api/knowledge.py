"""Where what is known comes from, under /api/v1: records, identity, history, changes, findings."""

import json
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from graph.model import Change
from graph.store import GraphReader
from inventory.explain import explain
from inventory.kept import begins, check_number_kept
from inventory.quality import FINDINGS, Finding, chosen, quality
from services.answers import asked_about
from services.api import cursors
from services.api import models as m
from services.api.routes import MAX_NUMBER, Cursor, Graph, Here, Limit, Sources, node_of
from services.history import history, tell
from services.lookup import NotFound, find_sources
from services.settings import expectations

router = APIRouter(prefix="/api/v1")
Number = Annotated[int, Query(ge=0, le=MAX_NUMBER)]
Since = Annotated[
    int | None, Query(ge=0, le=MAX_NUMBER, description="after this number; all that are kept where it is left out")
]


@router.get("/assets/{asset_id}/records")
def get_records(graph: Graph, asset_id: str) -> list[m.SourceRecord]:
    """What each source says of it, as reported."""
    return [
        m.SourceRecord(**asdict(row) | {"sections": {name: json.loads(body) for name, body in bodies.items()}})
        for row, bodies in graph.describing(node_of(graph, asset_id).id)
    ]


@router.get("/assets/{asset_id}/identity")
def get_identity(graph: Graph, asset_id: str) -> list[m.RecordIdentity]:
    """Which identifiers join its records, and which do not, and why."""
    found = explain(graph, node_of(graph, asset_id))
    return [m.RecordIdentity.model_validate(asdict(item)) for item in found]


@router.get("/assets/{asset_id}/history")
def get_history(graph: Graph, asset_id: str, before: Number = 0, limit: Limit = 100) -> m.ChangePage:
    """What changed of it, newest first; `before` is `next` of the page before."""
    return _changes(graph, history(graph, node_of(graph, asset_id), before=before, limit=limit), limit)


@router.get("/changes")
def list_changes(graph: Graph, since: Since = None, limit: Limit = 100) -> m.ChangePage:
    """What changed, oldest first; `since` is `next` of the page before, or the last number seen."""
    if since is not None:
        check_number_kept(graph, since)
    return _changes(graph, graph.changes(after=since or 0, limit=limit), limit)


def _changes(graph: GraphReader, found: list[Change], limit: int) -> m.ChangePage:
    items = [m.Change.model_validate(asdict(item)) for item in tell(graph, found)]
    following = items[-1].number if len(items) == limit else None
    return m.ChangePage(items=items, next=following, begins=begins(graph))


@router.get("/quality")
def get_quality(
    here: Here,
    graph: Graph,
    kind: Annotated[list[str] | None, Query(description="only of these kinds of finding")] = None,
    source: Sources = None,
    after: Cursor = "",
    limit: Limit = 100,
) -> m.QualityPage:
    """Where the sources contradict each other, or say nothing; the counts are of all findings."""
    if wrong := set(kind or []) - set(FINDINGS):
        raise NotFound(f"kind {min(wrong)!r} is not known; known are {', '.join(FINDINGS)}")
    wanted = find_sources(graph, source or [])
    answer = chosen(quality(graph, expectations(here.settings, asked_about(graph))), kind or (), wanted)
    last = tuple(cursors.read(after).split("\x00")) if after else ()
    page = [item for item in answer.findings if _place(item) > last][:limit]
    return m.QualityPage(
        counts=answer.counts,
        by_source={name: dict(counts) for name, counts in answer.by_source.items()},
        by_unit={name: dict(counts) for name, counts in answer.by_unit.items()},
        coverage={
            name: m.Coverage(listed=listed, confirmed=both, unlisted=missing)
            for name, (listed, both, missing) in answer.coverage.items()
        },
        limits=answer.limits,
        items=[m.Finding.model_validate(asdict(item)) for item in page],
        next=cursors.write(*_place(page[-1])) if len(page) == limit else None,
    )


def _place(finding: Finding) -> tuple[str, ...]:
    """What the findings are ordered by, as a cursor has it."""
    return finding.kind, finding.name, finding.text, *finding.assets
