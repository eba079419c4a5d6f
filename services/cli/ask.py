"""Commands that answer: ask obsolete, impact, asset, find and others."""

from typing import Annotated

import typer

from services.cli import ask_asset, ask_changes, ask_impact, ask_needs, ask_obsolete, ask_protection, ask_unassigned
from services.cli.common import Config
from services.cli.output import Format, fields, print_rows
from services.cli.reading import As, AsOf, Sources, reading
from services.lookup import find_sources


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Ask the graph.", no_args_is_help=True)
    group.command("obsolete")(ask_obsolete.ask_obsolete)
    group.command("impact")(ask_impact.ask_impact)
    group.command("asset")(ask_asset.ask_asset)
    group.command("find")(ask_find)
    group.command("quality")(ask_asset.ask_quality)
    group.command("changes")(ask_changes.ask_changes)
    group.command("protection")(ask_protection.ask_protection)
    group.command("unassigned")(ask_unassigned.ask_unassigned)
    ask_needs.add_to(group)
    app.add_typer(group, name="ask")


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
