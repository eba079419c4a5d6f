"""Command ask obsolete: what is past its support, or soon will be, of what, and how sure that is."""

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from inventory.chain import chains
from inventory.lifecycle_records import matcher_of
from inventory.milestones import VERDICTS
from inventory.obsolescence import Obsolescence, obsolete
from inventory.rollup import groups_with_status
from inventory.rows import Row, Rows
from inventory.things import PARTS
from services.asking import Asked, question_of, within_of
from services.cli.common import Config, settings_of
from services.cli.explaining import show_chains
from services.cli.grouped import By, show_groups
from services.cli.output import Format, cell, fields, plain, print_rows, say
from services.cli.reading import As, AsOf, Sources, reading
from services.cli.report import save_workbook
from services.cli.trend import Trend, asked_trend, show_trend
from services.lookup import find_one
from services.report.sheets import rows_sheet

COLUMNS = {
    "verdict": "VERDICT",
    "end": "END",
    "asset": "ASSET",
    "reported": "REPORTED",
    "cycles": "CYCLE",
    "extended": "EXTENDED",
    "move_to": "MOVE TO",
    "owners": "OWNER",
}
"""Of the table, which has to fit a terminal; CSV and JSON have all."""
ALL_COLUMNS = {field.name: field.name for field in dataclasses.fields(Row) if field.name != "cursor"}
NO_TABLE = "no lifecycle table is known, so that everything is unknown: `landkarte lifecycle update` loads one"

Many = list[str] | None


def _many(help_text: str, *names: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(*names, help=f"{help_text}; repeatable")
    return option


def ask_obsolete(  # noqa: PLR0913, PLR0917 - a command's options are its arguments
    within: Annotated[int, typer.Option(min=0, max=600, help="also what ends within so many months")] = 12,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], show_default="today", help="on which day")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="also what is supported, and what is unknown")] = False,
    limit: Annotated[int, typer.Option(min=1, help="rows of the table; JSON and CSV have all")] = 50,
    kind: Annotated[Many, _many("only of assets of this kind")] = None,
    unit: Annotated[Many, _many("only what this organisation unit's things need; - for none")] = None,
    location: Annotated[Many, _many("only what stands there; - for nowhere")] = None,
    application: Annotated[
        Many, _many("only what this application, process or citizen service needs; - for what no application needs")
    ] = None,
    service: Annotated[Many, _many("only what this citizen service needs; - for none")] = None,
    part: Annotated[Many, _many(f"only these parts: {', '.join(PARTS)}")] = None,
    product: Annotated[Many, _many("only of this product; - for none known")] = None,
    vendor: Annotated[Many, _many("only of this vendor; - for none known")] = None,
    milestone: Annotated[
        Many, _many("the end that counts: active, security, extended, maintenance, sale, warranty; or debian=extended")
    ] = None,
    counting: Annotated[Many, _many("only where this end counts, extended where a contract pays")] = None,
    confidence: Annotated[float, typer.Option(min=0, max=1, help="only matches that are at least so sure")] = 0.0,
    confidence_to: Annotated[float, typer.Option(min=0, max=1, help="only matches that are at most so sure")] = 1.0,
    by: By = None,
    explain: Annotated[
        str,
        typer.Option(metavar="ASSET", help="of this asset: the chain from what is reported to the verdicts"),
    ] = "",
    xlsx: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write all rows into this workbook, headed in German")
    ] = None,
    trend: Trend = None,
    source: Sources = None,
    as_of: AsOf = None,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """What is past its support, or soon will be; what is unknown is counted apart."""
    if xlsx and (by or explain or trend):
        raise typer.BadParameter("it holds rows: leave out --by, --explain and --trend", param_hint="--xlsx")
    if trend and (on or as_of or by or explain):
        raise typer.BadParameter("it is of now: leave out --on, --as-of, --by and --explain", param_hint="--trend")
    asked = Asked(
        on=on.date() if on else None,
        within_months=within,
        sources=source or (),
        kinds=kind or (),
        units=unit or (),
        places=location or (),
        applications=application or (),
        parts=part or (),
        verdicts=VERDICTS if everything else ("unsupported", "ending"),
        products=product or (),
        vendors=vendor or (),
        milestones=milestone or (),
        confidence=confidence,
        confidence_to=confidence_to,
        services=service or (),
        counting=counting or (),
    )
    policy = settings_of(config).support.policy()
    with reading(config, as_of) as reader:
        question = question_of(reader, asked, policy, as_of)
        matcher = matcher_of(reader)
        if explain:
            asset = find_one(reader, explain)
            show_chains(asset, chains(reader, matcher, question, asset), form, everything=everything)
            return
        answer = obsolete(reader, matcher, question)
        if trend:
            show_trend(asked_trend(reader, answer, trend, asked, policy), within, form)
            return
        rows = Rows(reader, matcher, answer)
        if xlsx:
            save_workbook(xlsx, [rows_sheet("Zeilen", rows, "de")], "de")
        elif by:
            found = groups_with_status(reader, matcher, answer, by, within_of(reader, asked, by))
            show_groups(by, found, told(answer), summary(answer), form, limit)
        else:
            show_obsolete(answer, rows, form, limit)


def show_obsolete(answer: Obsolescence, rows: Rows, form: Format, limit: int) -> None:
    """The rows, and what they were found among. JSON and CSV are written as they are read."""
    if form is Format.JSON:
        _write_json(told(answer), rows)
        return
    shown = rows if form is Format.CSV else rows[:limit]
    print_rows(_cells(shown), ALL_COLUMNS if form is Format.CSV else COLUMNS, form)
    hidden = len(rows) - limit
    if form is Format.TABLE and hidden > 0:
        say(f"… and {hidden} more rows; --limit, --format csv")
    for line in summary(answer):
        say(line)


def told(answer: Obsolescence) -> dict[str, object]:
    """The answer without its rows, as other programs read it."""
    question = answer.question
    return {
        "on": question.on,
        "within_months": question.within_months,
        "totals": {part: {verdict: answer.totals[part, verdict] for verdict in VERDICTS} for part in PARTS},
        "paid": {part: answer.paid[part] for part in PARTS},
        "inherited": answer.inherited,
        "computers": answer.computers,
        "with_system": answer.with_system,
        "tables": answer.editions,
        "as_of": answer.as_of,
    }


def _cells(rows: Iterable[Row]) -> Iterator[dict[str, object]]:
    return (fields(row) for row in rows)


def _write_json(head: Mapping[str, object], rows: Iterable[Row]) -> None:
    """One row at a time, so that a large answer needs no more memory than a small one."""
    start = json.dumps(head, default=plain, ensure_ascii=False, indent=2).removesuffix("\n}")
    sys.stdout.write(f'{start},\n  "rows": [')
    separator = "\n    "
    for row in _cells(rows):
        row.pop("cursor")
        sys.stdout.write(separator + json.dumps(row, default=plain, ensure_ascii=False))
        separator = ",\n    "
    sys.stdout.write("\n  ]\n}\n")


def summary(answer: Obsolescence) -> list[str]:
    """What was considered, and how much of it is not known."""
    months, lines = answer.question.within_months, []
    for part in PARTS:
        if considered := sum(answer.count(verdict, [part]) for verdict in VERDICTS):
            counts = {verdict: answer.count(verdict, [part]) for verdict in VERDICTS}
            paid = f" ({answer.paid[part]} of these on a paid extension)" if answer.paid[part] else ""
            lines.append(
                f"{part}: {considered} considered: {counts['unsupported']} unsupported, {counts['ending']} ending "
                f"within {months} months, {counts['supported']} supported{paid}, {counts['unknown']} unknown"
            )
    lines.append(f"packages judged with their distribution: {answer.inherited}")
    lines.append(f"coverage: the system of {answer.with_system} of {answer.computers} computers is reported")
    heard = f"; oldest source heard of {cell(min(answer.as_of.values()))}" if answer.as_of else ""
    return [*lines, f"on {answer.question.on}; {_tables(answer)}{heard}"]


def _tables(answer: Obsolescence) -> str:
    """The tables that were used, each with its day."""
    if not answer.editions:
        return NO_TABLE
    days = (
        f"{edition.title} of {edition.as_of}" if edition.as_of else edition.title
        for edition in answer.editions.values()
    )
    return f"lifecycle facts from {', '.join(sorted(days))}"
