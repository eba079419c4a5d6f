"""Commands for those who keep it running: upkeep, copy-log."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from events.log import RECORDS, EventLog
from services import bootstrap
from services.cli.common import Config, patiently, settings_of
from services.cli.output import err, say
from services.copying import COPIED, Copied, copy
from services.scheduling import run_upkeep
from services.settings import ConfigurationError, check_address


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("upkeep")(upkeep)
    app.command("copy-log")(copy_log)


def upkeep(config: Config = None) -> None:
    """What the schedule does every hour, once: take back what was not seen for long, and look after corrections."""
    for one in run_upkeep(settings_of(config)):
        say(f"{one.source}: {one.text}" + (f"; left: {one.left}" if one.left else ""))


def copy_log(
    source: Annotated[str, typer.Argument(metavar="FROM", help="sqlite:///FILE or kafka://HOST:PORT")],
    target: Annotated[str, typer.Argument(metavar="TO", help="the same; empty, or not there yet")],
    config: Config = None,
) -> None:
    """Move a log: its messages, in their partitions and order. Called again, it goes on where it was."""
    settings = settings_of(config)
    _check_addresses(source, target)
    with closing(patiently(lambda: bootstrap.log_to_copy(source))) as old:
        partitions = old.partitions(RECORDS)
        with closing(patiently(lambda: bootstrap.copy_of_log(target, partitions))) as new:
            done = _copy_with_bar(old, new, settings.data_dir)
    _say_copied(done, source, target)


def _check_addresses(source: str, target: str) -> None:
    for name, address in (("FROM", source), ("TO", target)):
        try:
            check_address("log", address)
        except ValueError as error:
            raise ConfigurationError(f"{name}: {error}") from None


def _copy_with_bar(old: EventLog, new: EventLog, folder: Path) -> Copied:
    total = sum(old.ends(COPIED).values())
    with Progress(
        TextColumn("messages"), BarColumn(), MofNCompleteColumn(), console=err, disable=not err.is_terminal
    ) as progress:
        task = progress.add_task("", total=total)
        return patiently(lambda: copy(old, new, folder, lambda count: progress.advance(task, count)))


def _say_copied(done: Copied, source: str, target: str) -> None:
    counts = ", ".join(f"{number:,} of {topic}" for topic, number in done.messages.items())
    say(f"copied {counts}; {done.before:,} were there before")
    since = f"{done.exact_from:%Y-%m-%d %H:%M} UTC; before, something was compacted away" if done.exact_from else ""
    say(f"the past is exact from {since or 'the first event'}")
    say(
        f"next: stop what still writes to {source}, and run this once more for what came meanwhile; configure "
        f'log = "{target}" and an empty graph, with the same data_dir; then run `landkarte inventory`, before anything '
        "is collected: the log is compacted as it grows older, and its past goes with that"
    )
