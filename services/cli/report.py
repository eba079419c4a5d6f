"""Command report: the CIO's page, as HTML or as a workbook."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from graph.store import GraphReader
from inventory.lifecycle_records import matcher_of
from inventory.rows import Rows
from services.answers import asked_about
from services.asking import Asked, question_of
from services.cli.common import Config, Failed, Language, settings_of
from services.cli.output import say
from services.cli.reading import AsOf, reading
from services.report.building import gaps_of, report_of
from services.report.columns import Language as Tongue
from services.report.page import render
from services.report.sheets import Sheet, whole, write_sheets
from services.report.workbook import sheets_of
from services.settings import Settings, expectations

FORMS = (".html", ".xlsx")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("report")(report)


def report(
    out: Annotated[Path, typer.Option(metavar="FILE", help="the file to write: its name ends in .html or .xlsx")],
    language: Annotated[Language, typer.Option(help="of all that it says")] = Language.DE,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], show_default="today", help="on which day")
    ] = None,
    within: Annotated[int, typer.Option(min=0, help="what ends within so many months")] = 12,
    as_of: AsOf = None,
    config: Config = None,
) -> None:
    """Write the CIO's page: what is unsupported, what ends next, what is unknown, and what to do about it."""
    if out.suffix.lower() not in FORMS:
        raise typer.BadParameter(f"{out} must end in {' or '.join(FORMS)}", param_hint="--out")
    settings = settings_of(config)
    asked = Asked(on=on.date() if on else None, within_months=within)
    with reading(config, as_of) as reader:
        _write(reader, settings, asked, as_of, out, language.value)
    say(f"{out}: written")


def _write(
    reader: GraphReader, settings: Settings, asked: Asked, as_of: datetime | None, out: Path, language: Tongue
) -> None:
    matcher = matcher_of(reader)
    question = question_of(reader, asked, settings.support.policy(), as_of)
    made, answer = report_of(reader, matcher, question, expectations(settings, asked_about(reader)))
    if out.suffix.lower() == ".xlsx":
        rows = Rows(reader, matcher, answer)
        save_workbook(out, sheets_of(made, rows, gaps_of(answer.judged), language), language)
    else:
        save_text(out, render(made, language))


def save_workbook(path: Path, sheets: Iterable[Sheet], language: Tongue) -> None:
    """Write the workbook. Raises Failed."""
    if path.suffix.lower() != ".xlsx":
        raise typer.BadParameter(f"{path} must end in .xlsx")
    try:
        write_sheets(path, sheets, language)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror or error}") from error


def save_text(path: Path, text: str) -> None:
    """Write the text, or leave what was there before. Raises Failed."""
    try:
        with whole(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror or error}") from error
