"""The command line, `landkarte`."""

import typer

from services.cli import ask, check, curate, demo, lifecycle, operating, service, sources, template, write_config
from services.cli.common import run

app = typer.Typer(
    name="landkarte",
    help="An inventory of a city's IT landscape: what is obsolete, what fails with what.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (demo, write_config, check, sources, template, service, operating, ask, curate, lifecycle):
    part.add_to(app)


def main() -> None:
    """Entry point of the command."""
    run(app)
