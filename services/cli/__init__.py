"""The command line, `landkarte`."""

from importlib.metadata import version
from typing import Annotated

import typer

from services import logs
from services.cli import (
    ask,
    check,
    curate,
    demo,
    export,
    lifecycle,
    operating,
    report,
    service,
    sources,
    template,
    write_config,
)
from services.cli.common import run
from services.cli.output import out

app = typer.Typer(
    name="landkarte",
    help="An inventory of a city's IT landscape: what is obsolete, what fails with what.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (demo, write_config, check, sources, template, service, operating, ask, report, curate, lifecycle, export):
    part.add_to(app)


def _show_version(*, wanted: bool) -> None:
    if wanted:
        out.print(f"landkarte {version('landkarte')}")
        raise typer.Exit


@app.callback()
def _of_every_command(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="print the version, and exit")
    ] = False,
) -> None:
    logs.quiet()


def main() -> None:
    """Entry point of the command."""
    run(app)
