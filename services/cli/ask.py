"""Commands that answer: ask obsolete, ask impact, ask asset, ask find."""

import dataclasses
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from graph.topology import load_topology
from inventory.impact import dependants, in_words
from inventory.lifecycle import Verdict, load_table
from inventory.matching import Matcher
from inventory.obsolescence import Obsolescence, Question, Row, obsolete
from services.cli import ask_asset, ask_changes, ask_unassigned
from services.cli.common import Config
from services.cli.output import Format, cell, fields, out, print_json, print_rows, say
from services.cli.reading import As, AsOf, Sources, reading
from services.lookup import find_failing, find_sources

COLUMNS = {
    "verdict": "VERDICT",
    "end": "END",
    "asset": "ASSET",
    "reported": "REPORTED",
    "cycles": "CYCLE",
    "extended": "EXTENDED",
}
"""Of the table, which has to fit a terminal; CSV and JSON have all."""
ALL_COLUMNS = {field.name: field.name for field in dataclasses.fields(Row)}


class Language(StrEnum):
    """The language of an answer in words."""

    DE = "de"
    EN = "en"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Ask the graph.", no_args_is_help=True)
    group.command("obsolete")(ask_obsolete)
    group.command("impact")(ask_impact)
    group.command("asset")(ask_asset.ask_asset)
    group.command("find")(ask_find)
    group.command("quality")(ask_asset.ask_quality)
    group.command("changes")(ask_changes.ask_changes)
    group.command("unassigned")(ask_unassigned.ask_unassigned)
    app.add_typer(group, name="ask")


def ask_obsolete(
    within: Annotated[int, typer.Option(min=0, help="also what ends within so many months")] = 12,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="on which day [default: today]")] = None,
    everything: Annotated[bool, typer.Option("--all", help="also what is supported, and what is unknown")] = False,
    limit: Annotated[int, typer.Option(min=1, help="rows of the table; JSON and CSV have all")] = 50,
    source: Sources = None,
    as_of: AsOf = None,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """Systems and programs past their support, or soon to be; what is unknown is counted apart."""
    verdicts: frozenset[Verdict] = frozenset({"unsupported", "ending"})
    with reading(config, as_of) as reader:
        question = Question(
            on=(on or as_of or datetime.now(UTC)).date(),
            within_months=within,
            sources=find_sources(reader, source or []),
            verdicts=verdicts | frozenset({"supported", "unknown"}) if everything else verdicts,
        )
        show_obsolete(obsolete(reader, Matcher(load_table()), question), form, limit)


def show_obsolete(answer: Obsolescence, form: Format, limit: int) -> None:
    """The rows, and what they were found among."""
    if form is Format.JSON:
        told = {name.name: getattr(answer, name.name) for name in dataclasses.fields(answer)}
        print_json(told | {"rows": [fields(row) for row in answer.rows]})
        return
    shown = answer.rows if form is Format.CSV else answer.rows[:limit]
    print_rows([fields(row) for row in shown], ALL_COLUMNS if form is Format.CSV else COLUMNS, form)
    hidden = len(answer.rows) - limit
    if form is Format.TABLE and hidden > 0:
        say(f"… and {hidden} more rows; --limit, --format csv")
    for line in summary(answer):
        say(line)


def summary(answer: Obsolescence) -> list[str]:
    """What was considered, and how much of it is not known."""
    lines = []
    for title, counts in (("systems", answer.systems), ("programs", answer.programs)):
        lines.append(
            f"{title}: {sum(counts.values())} considered: {counts['unsupported']} unsupported, "
            f"{counts['ending']} ending within {answer.within_months} months, {counts['supported']} supported, "
            f"{counts['unknown']} unknown"
        )
    lines.append(f"packages judged with their distribution: {answer.inherited}")
    lines.append(f"coverage: the system of {answer.with_system} of {answer.computers} computers is reported")
    heard = f"; oldest source heard of {cell(min(answer.as_of.values()))}" if answer.as_of else ""
    lines.append(f"on {answer.on}; lifecycle table as of {answer.snapshot}{heard}")
    return lines


def ask_impact(
    names: Annotated[list[str], typer.Argument(metavar="ASSET...", help="ids or names of what fails")],
    language: Annotated[Language, typer.Option(help="language of the words")] = Language.EN,
    as_of: AsOf = None,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """What is affected when something fails, with the way to each."""
    with reading(config, as_of) as reader:
        topology = load_topology(reader)
        impact = dependants(topology, [node.id for node in find_failing(reader, topology, names)])
    if form is Format.TABLE:
        out.print(in_words(impact, language.value), markup=False)
        return
    print_rows(impact.rows(), {name: name for name in ("kind", "name", "distance", "path", "offices", "id")}, form)


def ask_find(
    text: Annotated[str, typer.Argument(help="part of a name")] = "",
    kind: Annotated[list[str] | None, typer.Option(help="only of this kind; repeatable")] = None,
    source: Sources = None,
    retired: Annotated[bool, typer.Option("--retired", help="also what is retired, with since when")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    as_of: AsOf = None,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """Assets by a part of their name."""
    with reading(config, as_of) as reader:
        known = find_sources(reader, source or [])
        found = reader.assets(text=text, kinds=kind or [], sources=known, retired=retired, limit=limit)
    columns = ("kind", "name", "sources", "first_seen", *(("retired_at",) if retired else ()), "id")
    print_rows([fields(node) for node in found], {column: column.upper() for column in columns}, form)
