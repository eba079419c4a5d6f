"""What stops when something fails, under /api/v1."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from inventory.around import owners_of
from inventory.failing import Result
from inventory.impact import Impact
from inventory.impact_words import in_words
from inventory.wiring import Link
from inventory.witnessed import key_of
from services.answers import asked_about
from services.api.models import Asset
from services.api.routes import AsOf, Graph, Here, Moment, asset_of
from services.api.structure import topology_of
from services.impacts import Failing, Told, answer_of, told
from services.picture import draw
from services.settings import expectations

router = APIRouter(prefix="/api/v1")
ResultName = Literal["stops", "unknown", "reserve", "degraded"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AssumedRelation(_Strict):
    """A relation that is, or is not."""

    change: Literal["add", "remove"]
    source: str
    relation: str
    target: str


class AssumedMove(_Strict):
    """An asset that runs on that host alone."""

    change: Literal["move"]
    asset: str
    host: str


class AssumedRepair(_Strict):
    """An asset that runs whatever fails."""

    change: Literal["repair"]
    asset: str


Assumed = Annotated[AssumedRelation | AssumedMove | AssumedRepair, Field(discriminator="change")]


Name = Annotated[str, Field(min_length=1)]


class ImpactQuestion(_Strict):
    """What fails: assets by id or name, a location with all in it among them; a product, or a cycle; a vendor."""

    failed: list[Name] = Field(default=[], description="ids or names of assets")
    product: str = Field(default="", description="all that has this product")
    cycle: str = Field(default="", description="of the product only this cycle")
    vendor: str = Field(default="", description="all that has something of this vendor")
    assume: list[Assumed] = Field(default=[], max_length=100, description="as if the landscape were changed so")
    depth: int = Field(default=0, ge=0, description="at most so many steps away; 0 for any")
    as_of: Moment = Field(default=None, description="as it was known then: a time or, for its end in UTC, a day")
    start: int = Field(default=0, ge=0, description="items from this one on: `next` of the page before")
    limit: int = Field(default=100, ge=1, le=1000)


class Step(BaseModel):
    """One step of a way. `evidence`: declared, observed, or assumed in the question; `confirmed`: null in the past."""

    cause: str
    cause_id: str
    effect: str
    effect_id: str
    relation: str
    evidence: str
    sources: list[str]
    since: datetime | None
    confirmed: datetime | None


class Need(BaseModel):
    """The need that is not met, or just so: of how many, how many are wanted, and how many have stopped."""

    of: int
    wanted: int
    stopped: int


class Office(BaseModel):
    """An organisation unit that owns it."""

    id: str
    name: str
    mailbox: str


class ImpactItem(BaseModel):
    """An affected asset. `doubt`: why its result is unknown; empty where it is known."""

    id: str
    kind: str
    name: str
    result: ResultName
    distance: int
    way: list[Step]
    need: Need
    doubt: str
    offices: list[Office]


class ImpactCount(BaseModel):
    """How many of a kind have a result."""

    kind: str
    result: ResultName
    count: int


class ImpactAnswer(BaseModel):
    """What a failure affects: citizen services first, then the worst first, then the nearest.

    `covered`: a source tells of dependencies here; where it is false, that nothing is affected means nothing. `beyond`:
    how many are further away than `depth`. `journal`: the last change that the answer contains; `looked`: when it was
    last seen that there is none after it.
    """

    failed: list[Asset]
    total: int
    counts: list[ImpactCount]
    items: list[ImpactItem]
    next: int | None
    beyond: int
    covered: bool
    told_by: list[str]
    as_known_at: datetime | None
    journal: int
    looked: datetime
    words: dict[Literal["de", "en"], str]


@router.post("/impact")
def post_impact(here: Here, asked: Annotated[ImpactQuestion, Body()]) -> ImpactAnswer:
    """What stops, loses its reserve or runs worse, and what cannot be told, with the way to each."""
    with here.reader(asked.as_of) as reader:
        live = reader is here.store
        looked = here.live.looked if live else asked_about(reader)  # before: the topology may be newer than it says
        topology = topology_of(here, reader)
        expected = expectations(here.settings, asked_about(reader))
        impact = answer_of(reader, topology, _failing(asked), expected, lambda: here.matcher(reader))
        offices = owners_of(reader, [item.node.id for item in impact.services()])
        end = asked.start + asked.limit
        return ImpactAnswer(
            failed=[asset_of(node) for node in impact.failed],
            total=impact.total,
            counts=_counts(impact),
            items=[_item(impact, one) for one in told(reader, impact, asked.start, asked.limit)],
            next=end if end < impact.total else None,
            beyond=impact.beyond,
            covered=impact.covered,
            told_by=list(impact.told_by),
            as_known_at=asked.as_of,
            journal=topology.journal,
            looked=looked,
            words={"de": in_words(impact, "de", offices), "en": in_words(impact, "en", offices)},
        )


@router.get("/impact.svg", response_class=Response, responses={200: {"content": {"image/svg+xml": {}}}})
def get_impact_picture(
    here: Here,
    graph: Graph,
    failed: Annotated[list[str], Query(description="ids or names of what fails")],
    language: Annotated[Literal["de", "en"], Query()] = "de",
    limit: Annotated[int, Query(ge=1, le=300, description="how many affected assets are drawn")] = 60,
    as_of: AsOf = None,  # noqa: ARG001 - read by `graph`
) -> Response:
    """The same as a layered picture, with its text in its description."""
    expected = expectations(here.settings, asked_about(graph))
    impact = answer_of(graph, topology_of(here, graph), Failing(failed), expected, lambda: here.matcher(graph))
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(draw(impact, language, limit), media_type="image/svg+xml", headers=headers)


def _failing(asked: ImpactQuestion) -> Failing:
    relations = [item for item in asked.assume if isinstance(item, AssumedRelation)]
    return Failing(
        asked.failed,
        asked.product,
        asked.cycle,
        asked.vendor,
        added=[(item.source, item.relation, item.target) for item in relations if item.change == "add"],
        removed=[(item.source, item.relation, item.target) for item in relations if item.change == "remove"],
        moved=[(item.asset, item.host) for item in asked.assume if isinstance(item, AssumedMove)],
        repaired=[item.asset for item in asked.assume if isinstance(item, AssumedRepair)],
        depth=asked.depth,
    )


def _counts(impact: Impact) -> list[ImpactCount]:
    found = sorted(impact.counts().items())
    return [ImpactCount(kind=kind, result=_name(result), count=count) for (kind, result), count in found]


def _item(impact: Impact, one: Told) -> ImpactItem:
    item, met = one.item, one.item.met
    return ImpactItem(
        id=item.node.id,
        kind=item.node.kind,
        name=item.node.name,
        result=_name(item.result),
        distance=item.distance,
        way=[_step(impact, one, link) for link in item.links],
        need=Need(of=met.size, wanted=met.wanted, stopped=len(met.stopped)),
        doubt=impact.doubt_text(item),
        offices=[Office(id=o.id, name=o.name, mailbox=str(o.properties.get("mailbox", ""))) for o in one.offices],
    )


def _step(impact: Impact, one: Told, link: Link) -> Step:
    nodes, witness = impact.topology.outline.nodes, one.witnesses[key_of(link.edge)]
    return Step(
        cause=nodes[link.cause].name,
        cause_id=link.cause,
        effect=nodes[link.effect].name,
        effect_id=link.effect,
        relation=link.edge.type,
        **asdict(witness),
    )


def _name(result: Result) -> ResultName:
    match result:
        case Result.STOPS:
            return "stops"
        case Result.RESERVE:
            return "reserve"
        case Result.DEGRADED:
            return "degraded"
        case _:
            return "unknown"
