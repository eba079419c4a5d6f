"""The page as HTML: one file that loads nothing and runs nothing."""

from functools import cache
from importlib.metadata import version
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from inventory.counts import devices_of
from inventory.milestones import months_later
from services.report.chart import HEIGHT, LEFT, SHADES, WIDTH, bars, height, shades
from services.report.columns import MILESTONE, PART, Language, kind_name, said
from services.report.forms import NOTHING, Forms
from services.report.view import Report
from services.report.words import Words
from services.trend import WITHIN_MONTHS, spaced

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What a browser may load and run for the page: nothing but the styles that stand in it."""
WORST = 10
"""Units, and citizen services, that are shown."""
SURE = 0.5
"""A date of less confidence is an estimate."""


def render(report: Report, language: Language) -> str:
    """The page in that language."""
    forms, question = Forms(language), report.question
    parts = [(said(PART[name], language), counts) for name, counts in report.parts]
    trend = [(forms.day(point.day), devices_of(point.parts.items())) for point in spaced(report.trend)]
    return _template().render(
        r=report,
        f=forms,
        w=Words(language),
        nothing=NOTHING,
        sure=SURE,
        worst=WORST,
        policy=POLICY,
        style=Markup(_style()),  # noqa: S704 - our own file
        until=forms.day(months_later(question.on, question.within_months)),
        milestone=said(MILESTONE[question.policy.milestone], language),
        part=lambda name: said(PART[name], language),
        kind=lambda name: kind_name(name, language),
        shades=shades,
        shade_names=SHADES,
        parts=parts,
        trend=trend,
        kept_months=WITHIN_MONTHS,
        bars=lambda named: bars(named, forms),
        bar_height=HEIGHT,
        chart_width=LEFT + WIDTH,
        chart_height=height,
        version=version("landkarte"),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("services.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["address"] = _is_address
    return environment.get_template("page.html.jinja")


@cache
def _style() -> str:
    return files("services.report").joinpath("templates/style.css").read_text(encoding="utf-8")


def _is_address(text: str) -> bool:
    """Whether a link may lead there: to a web page, and to nothing that a browser would run."""
    return text.startswith(("https://", "http://"))
