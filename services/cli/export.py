"""Command export: what is known, in the formats that other programs read."""

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from inventory.lifecycle_records import matcher_of
from services.cli.common import Config, Failed, settings_of
from services.cli.reading import AsOf, reading
from services.exports.asking import bill_of


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    group = typer.Typer(help="What is known, for other programs.", no_args_is_help=True)
    group.command("cyclonedx")(export_cyclonedx)
    group.callback()(lambda: None)
    app.add_typer(group, name="export")


def export_cyclonedx(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="ids or names of assets; an application with all it needs; none: all"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="the file to write [default: stdout]")] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="judged on that day [default: today]")
    ] = None,
    as_of: AsOf = None,
    config: Config = None,
) -> None:
    """A bill of materials, CycloneDX 1.6 as JSON, with what is known of the end of support of each part."""
    policy = settings_of(config).support.policy()
    with reading(config, as_of) as reader:
        bill = bill_of(reader, matcher_of(reader), policy, names or (), on.date() if on else None, as_of)
        if out is None:
            sys.stdout.writelines(bill.parts())
        else:
            _write(bill.parts(), out)


def _write(parts: Iterable[str], out: Path) -> None:
    """The whole document, or what was there before. Raises Failed."""
    unfinished = out.with_name(f".{out.name}.part")
    try:
        try:
            with unfinished.open("w", encoding="ascii") as file:
                file.writelines(parts)
            unfinished.replace(out)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise Failed(f"{out}: {error.strerror or error}") from error
