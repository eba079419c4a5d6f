"""The API's first page: the CIO's page, for a browser."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import HTMLResponse

from services.answers import asked_about
from services.api.routes import AsOf, Graph, Here
from services.asking import Asked, question_of
from services.report.building import report_of
from services.report.columns import Language
from services.report.page import POLICY, render
from services.settings import expectations

router = APIRouter()


@router.get("/", response_class=HTMLResponse)
def get_page(
    here: Here,
    graph: Graph,
    language: Annotated[Language | None, Query(description="as the browser asks, German first")] = None,
    on: Annotated[date | None, Query(description="on which day; today where it is not said")] = None,
    within_months: Annotated[int, Query(ge=0, le=600)] = 12,
    as_of: AsOf = None,
    accept_language: Annotated[str, Header(include_in_schema=False)] = "",
) -> HTMLResponse:
    """What is obsolete, what ends next and what is unknown, as a page to read and to print."""
    asked = Asked(on=on, within_months=within_months)
    question = question_of(graph, asked, here.settings.support.policy(), as_of)
    expected = expectations(here.settings, asked_about(graph))
    report, _ = report_of(graph, here.matcher(graph), question, expected)
    headers = {
        "Content-Security-Policy": POLICY,
        "Vary": "Accept-Language",
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(render(report, language or preferred(accept_language)), headers=headers)


def preferred(accepted: str) -> Language:
    """The language that an Accept-Language prefers; German where it prefers neither to the other."""
    weights = {"de": 0.0, "en": 0.0}
    for choice in accepted.split(","):
        name, _, rest = choice.strip().partition(";")
        spoken = name.strip().lower().partition("-")[0]
        if spoken in weights:
            weights[spoken] = max(weights[spoken], _weight(rest))
    return "en" if weights["en"] > weights["de"] else "de"


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
