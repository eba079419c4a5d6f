"""Command template: the workbook of what no agent knows, empty or with what is known."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.common import Config, Failed, Language
from services.cli.output import counted, say
from services.cli.reading import reading
from services.workbook import Rows, write_workbook
from services.workbook_filled import known_rows


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("template")(template)


def template(
    out: Annotated[Path, typer.Argument(metavar="WORKBOOK", help="the file to write, for instance workbook.xlsx")],
    language: Annotated[Language, typer.Option(help="of headers, help and drop-downs")] = Language.DE,
    filled: Annotated[bool, typer.Option("--filled", help="with what is known, to be corrected and read back")] = False,
    source: Annotated[str, typer.Option(help="with --filled: the source that will read it back")] = "workbook",
    config: Config = None,
) -> None:
    """Write a workbook for what no agent knows; `landkarte import workbook` reads it."""
    if out.suffix.lower() != ".xlsx":
        raise typer.BadParameter(f"{out} must end in .xlsx", param_hint="WORKBOOK")
    rows: Rows | None = None
    if filled:
        with reading(config) as reader:
            rows, left_out = known_rows(reader, source, language.value)
        for text in left_out:
            say(f"  left out: {text}")
    try:
        write_workbook(out, language.value, rows)
    except FileExistsError:
        raise Failed(f"{out} is there already, and may hold somebody's work; name another file") from None
    except OSError as error:
        raise Failed(f"{out} cannot be written: {error.strerror or error}") from None
    count = sum(map(len, rows.values())) if rows else 0
    told, first = (f" with {counted(count, 'row')} of what is known", "") if count else ("", "fill it in first; ")
    by = f" --source {source}" if filled and source != "workbook" else ""
    say(f"{out}: written{told}; {first}`landkarte import workbook {out}{by} --dry-run` then says what would be read")
