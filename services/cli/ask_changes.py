"""The command about what changed, when, and because of what."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from graph.model import Node
from graph.store import GraphReader
from inventory.kept import check_changes_kept, complete_since
from services.answers import end_of
from services.cli.common import Config
from services.cli.output import Format, cell, fields, out, print_rows, say
from services.cli.reading import As, AsOf, reading
from services.history import history, tell
from services.lookup import find_one

WIDE = 140
"""Columns of a terminal that has room for ids."""


def ask_changes(
    name: Annotated[str, typer.Argument(metavar="[ASSET]", help="id or name; none: all")] = "",
    start: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="from the beginning of that day, UTC")
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="to the end of that day, UTC")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    as_of: AsOf = None,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """What changed, newest first, and because of which events."""
    with reading(config, as_of) as reader:
        after, before = _span(reader, start, end)
        asset = find_one(reader, name) if name else None
        found = history(reader, asset, after=after, before=before, limit=limit)
        told = [fields(item) for item in tell(reader, found)]
        remarks = list(_remarks(reader, asset, len(told), limit))
    print_rows(told, {column: column.upper() for column in _columns(form)}, form)
    for line in remarks:
        say(line)


def _span(reader: GraphReader, start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """The numbers between which the entries of these days are, 0 for no end. Raises BeforeThePast."""
    first = start.replace(tzinfo=UTC) if start else None
    last = end_of(end) if end else None
    if (earliest := first or last) is not None:
        check_changes_kept(reader, earliest)
    after = reader.change_at(first - timedelta(microseconds=1)) if first else 0
    return after, reader.change_at(last) + 1 if last else 0


def _columns(form: Format) -> tuple[str, ...]:
    """The id where there is room for it."""
    columns = ("recorded_at", "what", "kind", "name", "lines")
    if form is not Format.TABLE:
        return (*columns, "events", "asset_id")
    return (*columns, "asset_id") if not sys.stdout.isatty() or out.width >= WIDE else columns


def _remarks(reader: GraphReader, asset: Node | None, told: int, limit: int) -> Iterator[str]:
    if asset and asset.retired_at:
        yield f"{asset.name} is retired since {cell(asset.retired_at)}; id {asset.id}"
    if told == limit:
        yield f"… the newest {limit}; --limit shows more"
    elif since := complete_since(reader):
        yield f"the journal begins at {since:%Y-%m-%d %H:%M} UTC: what changed before is not kept"
