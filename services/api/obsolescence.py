"""The API's answer to what is obsolete."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from inventory.chain import chains
from inventory.lifecycle import Edition
from inventory.milestones import VERDICTS, Milestone, MilestoneName, Undated, Verdict
from inventory.obsolescence import Obsolescence, obsolete
from inventory.rows import Row, Rows
from inventory.things import PARTS, Part
from services.api import cursors
from services.api.routes import AsOf, Cursor, Graph, Here, Kinds, Limit, Sources, node_of
from services.asking import Asked, question_of

router = APIRouter(prefix="/api/v1")


class Dated(BaseModel):
    """The last day is known."""

    state: Literal["dated"] = "dated"
    date: date


class Without(BaseModel):
    """There is no day: it has `ended` and nobody says when, is `open` with none announced, or nothing is `unknown`."""

    state: Literal["ended", "open", "unknown"]


End = Annotated[Dated | Without, Field(discriminator="state")]


def end_of(milestone: Milestone) -> Dated | Without:
    """A milestone as the API says it."""
    if isinstance(milestone, Undated):
        return Without(state=milestone.value)
    return Dated(date=milestone) if milestone else Without(state="unknown")


class ObsolescenceRow(BaseModel):
    """One thing that an asset has, and its verdict; see `inventory.rows.Row`."""

    verdict: Verdict
    end: End
    milestone: MilestoneName
    asset: str
    asset_id: str
    kind: str
    owners: list[str]
    part: Part
    reported: str
    vendor: str
    product: str
    cycles: list[str]
    extended: End
    paid: str
    move_to: str
    dependents: list[str]
    accepted_until: date | None
    accepted_by: str
    method: str
    confidence: float
    source: str
    citation: str
    snapshot: date | None


class Verdicts(BaseModel):
    """Counts by verdict; unknown is none of the others. `paid`: of the supported, only by a paid extension."""

    unsupported: int = 0
    ending: int = 0
    supported: int = 0
    unknown: int = 0
    paid: int = 0


class Table(BaseModel):
    """A lifecycle table that was used, and the day of which its facts are."""

    title: str
    as_of: date | None
    link: str
    licence: str


class ObsolescencePage(BaseModel):
    """Rows, worst first, with what they were found among: `totals` by part. `tables`: by source; none: all unknown."""

    on: date
    within_months: int
    as_known_at: datetime | None
    totals: dict[Part, Verdicts]
    inherited: int
    computers: int
    with_system: int
    tables: dict[str, Table]
    as_of: dict[str, datetime]
    items: list[ObsolescenceRow]
    next: str | None


def _any(text: str) -> object:
    return Query(description=f"only {text}")


@dataclass
class ObsoleteFilters:
    """What of the obsolete is asked for, of whichever day."""

    within_months: Annotated[int, Query(ge=0, le=600)] = 12
    source: Sources = None
    kind: Kinds = None
    unit: Annotated[list[str] | None, _any("what this organisation unit's things need: id or name, - for none")] = None
    location: Annotated[list[str] | None, _any("what stands there: id or name, - for nowhere")] = None
    application: Annotated[
        list[str] | None, _any("what this application, process or service needs; - for what no application needs")
    ] = None
    service: Annotated[list[str] | None, _any("what this citizen service needs; - for none")] = None
    part: Annotated[list[str] | None, _any(f"these parts: {', '.join(PARTS)}")] = None
    verdict: Annotated[list[str] | None, _any("rows with these verdicts")] = None
    product: Annotated[list[str] | None, _any("of this product; - for none known")] = None
    vendor: Annotated[list[str] | None, _any("of this vendor; - for none known")] = None
    milestone: Annotated[list[str] | None, Query(description="the end that counts; or debian=extended")] = None
    counting: Annotated[list[str] | None, _any("where this end counts, extended where a contract pays")] = None
    confidence: Annotated[float, Query(ge=0, le=1, description="only matches that are at least so sure")] = 0.0
    confidence_to: Annotated[float, Query(ge=0, le=1, description="only matches that are at most so sure")] = 1.0

    def asked(self) -> Asked:
        return Asked(
            within_months=self.within_months,
            sources=self.source or (),
            kinds=self.kind or (),
            units=self.unit or (),
            places=self.location or (),
            applications=self.application or (),
            parts=self.part or (),
            verdicts=self.verdict or ("unsupported", "ending"),
            products=self.product or (),
            vendors=self.vendor or (),
            milestones=self.milestone or (),
            confidence=self.confidence,
            confidence_to=self.confidence_to,
            services=self.service or (),
            counting=self.counting or (),
        )


@dataclass
class ObsoleteQuery(ObsoleteFilters):
    """The same, of a day."""

    on: Annotated[date | None, Query(description="on which day; today where it is not said")] = None

    def asked(self) -> Asked:
        return replace(super().asked(), on=self.on)


@router.get("/obsolescence")
def get_obsolescence(
    here: Here,
    graph: Graph,
    asked: Annotated[ObsoleteQuery, Depends()],
    as_of: AsOf = None,
    after: Cursor = "",
    limit: Limit = 100,
) -> ObsolescencePage:
    """What assets have, by its verdict, worst first; what is supported or unknown only where asked for."""
    question = question_of(graph, asked.asked(), here.settings.support.policy(), as_of)
    matcher = here.matcher(graph)
    answer = obsolete(graph, matcher, question)
    page = _page(Rows(graph, matcher, answer), cursors.read(after), limit)
    return ObsolescencePage(
        on=question.on,
        within_months=question.within_months,
        as_known_at=as_of,
        totals=totals(answer),
        inherited=answer.inherited,
        computers=answer.computers,
        with_system=answer.with_system,
        tables=tables(answer.editions),
        as_of=answer.as_of,
        items=[_row(row) for row in page],
        next=cursors.write(page[-1].cursor) if len(page) == limit else None,
    )


class Said(BaseModel):
    """A milestone as one source says it; the first of its name counts."""

    milestone: MilestoneName
    end: str
    source: str
    citation: str
    snapshot: date | None


class Chain(BaseModel):
    """What one verdict rests on, from what was reported; see `inventory.chain.Chain`."""

    part: Part
    reported: str
    records: list[str]
    method: str
    matched_on: str
    confidence: float
    product: str
    cycles: list[str]
    said: list[Said]
    milestone: MilestoneName
    because: str
    covers: list[str]
    verdict: Verdict
    end: str


@router.get("/assets/{asset_id}/obsolescence")
def explain_obsolescence(
    here: Here, graph: Graph, asset_id: str, asked: Annotated[ObsoleteQuery, Depends()], as_of: AsOf = None
) -> list[Chain]:
    """The chains from what is reported of an asset to its verdicts, worst first."""
    question = question_of(graph, asked.asked(), here.settings.support.policy(), as_of)
    found = chains(graph, here.matcher(graph), question, node_of(graph, asset_id))
    return [Chain.model_validate(asdict(chain)) for chain in found]


def totals(answer: Obsolescence) -> dict[Part, Verdicts]:
    """The counts of each part that was asked for."""
    return {
        part: Verdicts(**{verdict: answer.totals[part, verdict] for verdict in VERDICTS}, paid=answer.paid[part])
        for part in PARTS
        if part in answer.question.parts
    }


def tables(editions: Mapping[str, Edition]) -> dict[str, Table]:
    """The lifecycle tables that were used."""
    return {source: Table.model_validate(asdict(edition)) for source, edition in editions.items()}


def _row(row: Row) -> ObsolescenceRow:
    told = asdict(row) | {"end": end_of(row.end), "extended": end_of(row.extended)}
    return ObsolescenceRow.model_validate(told)


def _page(rows: Rows, after: str, limit: int) -> list[Row]:
    try:
        return list(islice(rows.after(after, limit), limit))
    except ValueError as error:
        raise cursors.WrongCursor(f"after: {error}") from error
