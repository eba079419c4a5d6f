"""How `ask obsolete --trend` shows the figures of past days."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer

from graph.store import GraphReader
from inventory.counts import Counts
from inventory.judging import Policy
from inventory.obsolescence import Obsolescence
from inventory.past import Past
from inventory.things import PARTS
from services import trend
from services.answers import cost_of, past_of
from services.asking import Asked
from services.cli.output import Format, fields, print_json, print_rows, say

COLUMNS = ("part", "day", "unsupported", "ending", "supported", "unknown", "paid", "considered")


def _span(text: str) -> trend.Span:
    try:
        return trend.span_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


Trend = Annotated[
    trend.Span | None,
    typer.Option(parser=_span, metavar="SPAN", help="the figures at the ends of the last months, 12m, or weeks, 26w"),
]


def asked_trend(
    reader: GraphReader, answer: Obsolescence, span: trend.Span, asked: Asked, policy: Policy
) -> trend.Trend:
    """The trend of what is asked; what each point that was not kept costs is said."""

    @contextmanager
    def past(moment: datetime) -> Iterator[Past]:
        started = time.monotonic()
        with past_of(reader, moment) as opened:
            yield opened
            say(cost_of(opened, started))

    days = span.ends(answer.question.on)
    return trend.trend_of(answer, trend.kept(reader, answer.question), days, trend.asking(asked, policy), past)


def show_trend(found: trend.Trend, within_months: int, form: Format) -> None:
    """Part by part, day by day."""
    if form is Format.JSON:
        left_out = [{"day": day, "reason": reason} for day, reason in found.left_out.items()]
        print_json(
            {"within_months": within_months, "points": [_told(point) for point in found.points], "left_out": left_out}
        )
        return
    print_rows(_rows(found), {name: name.upper() for name in COLUMNS}, form)
    for day, reason in found.left_out.items():
        say(f"{day} is left out: {reason}")


def _told(point: trend.Point) -> dict[str, object]:
    return {"day": point.day, "parts": {part: _counts(counts) for part, counts in point.parts.items()}}


def _rows(found: trend.Trend) -> Iterator[dict[str, object]]:
    for part in PARTS:
        if any(part in point.parts for point in found.points):
            for point in found.points:
                yield {"part": part, "day": point.day, **_counts(point.parts.get(part, Counts()))}


def _counts(counts: Counts) -> dict[str, object]:
    told = fields(counts)
    del told["paid_ending"]
    return told | {"considered": counts.considered}
