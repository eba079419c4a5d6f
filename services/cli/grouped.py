"""How `ask obsolete --by` shows counts by group, each with what it comes to and the options that open it."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated
from urllib.parse import quote, urlencode

import typer

from inventory.grouping import OVERLAPPING, Group
from inventory.grouping import By as Grouping
from inventory.milestones import VERDICTS
from inventory.rollup import Rollup
from services.cli.output import Format, print_json, print_rows, say

By = Annotated[Grouping | None, typer.Option(help="counts by group instead of rows, worst first")]
COUNTS = (*VERDICTS, "paid")
STATUS = ("status", "cause", "part", "asset", "earliest")
CSV_COLUMNS = {name: name for name in ("name", "id", *STATUS, *COUNTS, "unmatched_programs", "opens")}
"""`opens` as a query of the API's, which a spreadsheet program does not take for a formula."""


def show_groups(
    by: Grouping,
    groups: Sequence[tuple[Group, Rollup | None]],
    head: Mapping[str, object],
    summary: Iterable[str],
    form: Format,
    limit: int,
) -> None:
    """The groups as a table, CSV, or JSON behind what they were found among."""
    if form is Format.JSON:
        print_json({**head, "by": by, "overlapping": by in OVERLAPPING, "groups": [_told(*pair) for pair in groups]})
        return
    shown = groups if form is Format.CSV else groups[:limit]
    columns = CSV_COLUMNS if form is Format.CSV else _columns(by)
    print_rows((_cells(*pair) for pair in shown), columns, form)
    for line in [*_remarks(by, len(groups) - len(shown)), *summary]:
        say(line)


def options_of(opens: Mapping[str, str]) -> str:
    """The options that open a group, as a shell takes them."""
    return " ".join(f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in opens.items())


def _columns(by: Grouping) -> dict[str, str]:
    """Of the table: with what a group comes to, and why, where groups are something of the city's."""
    status = {"status": "STATUS", "why": "BECAUSE OF", "earliest": "FIRST END"} if by in OVERLAPPING else {}
    return {"name": "NAME", **status, **{name: name.upper() for name in COUNTS}, "options": "OPEN WITH"}


def _told(group: Group, rollup: Rollup | None) -> dict[str, object]:
    counts = {str(verdict): count for verdict, count in group.counts.items()}
    told = {"name": group.name, "id": group.id, **counts, "paid": group.paid, "opens": group.opens}
    return told if rollup is None else told | _status(rollup)


def _status(rollup: Rollup) -> dict[str, object]:
    thing = rollup.cause.thing if rollup.cause else None
    return {
        "status": rollup.status,
        "cause": thing.reported if thing else "",
        "part": thing.part if thing else "",
        "asset": rollup.cause_asset,
        "earliest": rollup.earliest,
        "unmatched_programs": rollup.programs["unknown"],
    }


def _cells(group: Group, rollup: Rollup | None) -> dict[str, object]:
    told = dict.fromkeys(CSV_COLUMNS, "") | _told(group, rollup)
    why = f"{told['cause']} on {told['asset']}" if told["cause"] else ""
    return told | {"why": why, "options": options_of(group.opens), "opens": urlencode(group.opens, quote_via=quote)}


def _remarks(by: Grouping, hidden: int) -> Iterator[str]:
    if hidden > 0:
        yield f"… and {hidden} more groups; --limit, --format csv"
    if by in OVERLAPPING:
        yield "these groups share assets: their counts add up to more than there is"
