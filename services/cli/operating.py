"""Commands for those who keep it running: upkeep."""

from contextlib import closing

import typer

from services import bootstrap
from services.cli.common import Config, settings_of
from services.cli.output import say
from services.settings import Settings
from services.upkeep import Done
from services.upkeep import upkeep as keep_up


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("upkeep")(upkeep)


def upkeep(config: Config = None) -> None:
    """What the schedule does every hour, once: take back what sources with `retire_after` have not seen for so long."""
    done = run_upkeep(settings_of(config))
    for one in done:
        say(f"{one.source}: {one.withdrawn:,} records withdrawn" + (f"; left: {one.left}" if one.left else ""))
    if not done:
        say("no source has retire_after: there is nothing to do")


def run_upkeep(settings: Settings) -> list[Done]:
    """Do what is due, on a log and a graph of its own."""
    with closing(bootstrap.open_log(settings)) as log, closing(bootstrap.open_store(settings)) as store:
        return keep_up(settings, log, store)
