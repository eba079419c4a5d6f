"""The command about protection needs: ask protection."""

import dataclasses
from collections.abc import Iterator
from typing import Annotated

import typer

from graph.model import Node
from inventory.need_levels import GOALS, NAMES
from inventory.protection import Protection
from inventory.protection_rows import Row, Rows, row_of
from inventory.protection_words import in_words
from inventory.topology import load_topology
from services.cli.common import Config, settings_of
from services.cli.output import Format, fields, out, print_json, print_rows, say
from services.cli.reading import As, AsOf, reading
from services.lookup import find_one
from services.protecting import AskedNeeds, needing, protection_of, rows_of

COLUMNS = {
    "level": "LEVEL",
    "goal": "GOAL",
    "asset": "ASSET",
    "kind": "KIND",
    "computed": "COMPUTED",
    "how": "HOW",
    "cause": "CAUSE",
    "override": "OVERRIDE",
    "remarks": "REMARKS",
}
"""Of the table, which has to fit a terminal; CSV and JSON have all."""
ALL_COLUMNS = {item.name: item.name for item in dataclasses.fields(Row) if item.name != "cursor"}
Many = list[str] | None


def _many(help_text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(help=f"{help_text}; repeatable")
    return option


def ask_protection(  # noqa: PLR0913, PLR0917 - a command's options are its arguments
    names: Annotated[Many, typer.Argument(metavar="[ASSET...]", help="ids or names; none: all")] = None,
    kind: Annotated[Many, _many("only of assets of this kind")] = None,
    unit: Annotated[Many, _many("only what this organisation unit's things need; - for none")] = None,
    location: Annotated[Many, _many("only what stands there; - for nowhere")] = None,
    level: Annotated[Many, _many(f"only these levels: {', '.join(NAMES)}")] = None,
    goal: Annotated[Many, _many(f"only these goals: {', '.join(GOALS)}")] = None,
    explain: Annotated[
        str, typer.Option(metavar="ASSET", help="of this asset: why it is so, in German and English")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="rows of the table; JSON and CSV have all")] = 50,
    as_of: AsOf = None,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """The protection need of assets (Schutzbedarf): what follows from what is set, and overrides."""
    if explain and (names or kind or unit or location or level or goal):
        raise typer.BadParameter("it is of one asset: leave out names and filters", param_hint="--explain")
    asked = AskedNeeds(names or (), kind or (), unit or (), location or (), level or (), goal or ())
    with reading(config, as_of) as reader:
        protection = protection_of(reader, load_topology(reader), settings_of(config).protection.cumulation)
        if explain:
            _show_why(protection, needing(protection, find_one(reader, explain)), form)
        else:
            _show(protection, rows_of(reader, protection, asked), form, limit)


def _show(protection: Protection, rows: Rows, form: Format, limit: int) -> None:
    if form is Format.JSON:
        totals = {goal: {name: counts[name] for name in NAMES} for goal, counts in rows.totals.items()}
        told = {"cumulation": protection.cumulation, "assets": rows.assets, "totals": totals}
        print_json(told | {"rows": [_fields(row) for row in rows.all()]})
        return
    shown = rows.all() if form is Format.CSV else iter(rows.after("", limit))
    print_rows(map(_fields, shown), ALL_COLUMNS if form is Format.CSV else COLUMNS, form)
    if form is Format.TABLE and len(rows) > limit:
        say(f"… and {len(rows) - limit} more rows; --limit, --format csv")
    for line in _summary(protection, rows):
        say(line)


def _fields(row: Row) -> dict[str, object]:
    told = fields(row)
    told.pop("cursor")
    return told


def _summary(protection: Protection, rows: Rows) -> Iterator[str]:
    for goal, totals in rows.totals.items():
        counts = ", ".join(f"{totals[level]} {level}" for level in NAMES)
        yield f"{goal}: {rows.assets} assets: {counts}"
    number = protection.cumulation
    yield f"cumulation from {number} assets of a kind on" if number else "cumulation is switched off"


def _show_why(protection: Protection, asset: Node, form: Format) -> None:
    needs = [protection.need(asset.id, goal) for goal in GOALS]
    words = [{language: in_words(protection, need, language) for language in ("de", "en")} for need in needs]
    if form is not Format.TABLE:
        rows = [_fields(row_of(protection, need)) for need in needs]
        told = [row | {"words": line} if form is Format.JSON else row for row, line in zip(rows, words, strict=True)]
        print_rows(told, ALL_COLUMNS, form)
        return
    out.print(f"{asset.name} · {asset.kind}", markup=False)
    for line in words:
        out.print(f"  {line['de']}\n  {line['en']}", markup=False)
