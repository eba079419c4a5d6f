"""How the figures of what is obsolete were at past days, under /api/v1."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel

from inventory.obsolescence import obsolete
from inventory.things import Part
from services import trend
from services.api.obsolescence import ObsoleteFilters, Verdicts
from services.api.routes import Here
from services.asking import question_of

router = APIRouter(prefix="/api/v1")


MOST_RECKONED = 12
"""Each costs what a question about a past day does, and nobody else is answered about a new past meanwhile."""


class Point(BaseModel):
    """The figures of a day by part, as they were known at its end; of the last point, now."""

    day: date
    parts: dict[Part, Verdicts]


class LeftOut(BaseModel):
    """A day of which nothing can be told."""

    day: date
    reason: str


class ObsolescenceTrend(BaseModel):
    """Points in order of time."""

    within_months: int
    points: list[Point]
    left_out: list[LeftOut]


def _known(text: str) -> str:
    trend.span_of(text)
    return text


Span = Annotated[
    str,
    AfterValidator(_known),
    Query(description="the ends of the last so many months, 12m, or weeks, 26w; many take long: see docs/lifecycle.md"),
]


@router.get("/obsolescence/trend")
def get_obsolescence_trend(
    here: Here, asked: Annotated[ObsoleteFilters, Depends()], span: Span = "12m"
) -> ObsolescenceTrend:
    """How much was obsolete, as it was known at the ends of the last months or weeks."""
    policy = here.settings.support.policy()
    told = asked.asked()
    question = question_of(here.store, told, policy)
    answer = obsolete(here.store, here.matcher(here.store), question)

    days, known = trend.span_of(span).ends(question.on), trend.kept(here.store, question)
    if len(set(days) - known.keys()) > MOST_RECKONED:
        why = (
            f"more than {MOST_RECKONED} of these points were not kept, and would have to be reckoned for this request: "
            "ask for a shorter span, or on the command line, `landkarte ask obsolete --trend`"
        )
        raise RequestValidationError([{"loc": ("query", "span"), "msg": why}])
    found = trend.trend_of(answer, known, days, trend.asking(told, policy), here.reader)
    return ObsolescenceTrend(
        within_months=question.within_months,
        points=[
            Point(day=p.day, parts={part: Verdicts.model_validate(asdict(c)) for part, c in p.parts.items()})
            for p in found.points
        ],
        left_out=[LeftOut(day=day, reason=reason) for day, reason in found.left_out.items()],
    )
