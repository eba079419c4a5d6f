"""Commands that correct: curate join, separate, set, unset; and rebuild."""

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from events.models import CURATION, Draft
from graph.store import GraphStore
from graph.stray import Stray
from services import bootstrap, curating, logs
from services.cli import curate_match
from services.cli.common import Config, open_both, settings_of
from services.cli.notes import Author, Expires, Reason, note_of
from services.cli.output import counted, say, waiting
from services.collecting import drain

Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="records (source/key), or assets by id or name")]
SHOWN = 100
"""How much of what a rebuild takes away is told one by one."""
Name = Annotated[str, typer.Argument(metavar="NAME", help="a record (source/key), or an asset by id or name")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Correct what the sources say.", no_args_is_help=True)
    group.command("join")(join)
    group.command("separate")(separate)
    group.command("set")(pin)
    group.command("unset")(unset)
    group.command("match")(curate_match.match)
    group.command("unmatch")(curate_match.unmatch)
    app.add_typer(group, name="curate")
    app.command("rebuild")(rebuild)


def join(names: Names, reason: Reason, author: Author = "", expires: Expires = None, config: Config = None) -> None:
    """Let records, or the records of assets, be one asset, whatever they say."""
    note = note_of(reason, author, expires)
    _curate(config, lambda store: curating.join(store, names, note))


def separate(names: Names, reason: Reason, author: Author = "", expires: Expires = None, config: Config = None) -> None:
    """Let records be an asset apart from the others that now describe the same."""
    note = note_of(reason, author, expires)
    _curate(config, lambda store: curating.separate(store, names, note))


def pin(
    name: Name,
    what: Annotated[str, typer.Argument(metavar="PROPERTY", help="a property of its kind, or name")],
    value: Annotated[str, typer.Argument(metavar="VALUE")],
    reason: Reason,
    author: Author = "",
    expires: Expires = None,
    config: Config = None,
) -> None:
    """Let a property be this, whatever the sources say."""
    note = note_of(reason, author, expires)
    _curate(config, lambda store: curating.pin(store, name, what, value, note))


def unset(
    name: Name,
    what: Annotated[str, typer.Argument(metavar="WHAT", help="a property, or identity for join and separate")],
    config: Config = None,
) -> None:
    """Take a correction back."""
    _curate(config, lambda store: curating.unset(store, name, what))


def rebuild(config: Config = None) -> None:
    """Read the log again and look at every record once more; answers go on, and what is right stays untouched."""
    logs.set_up()
    settings = settings_of(config)
    log, store = open_both(settings)
    consumer = bootstrap.make_consumer(settings, log, store, waiting)
    swept = Swept()
    try:
        changed = consumer.rebuild(threading.Event(), swept)
    finally:
        consumer.release()
    nothing = "" if changed or swept.number else "; the graph was as the log and the records say"
    say(f"rebuilt: {counted(changed, 'change')}{swept.text}{nothing}")


class Swept:
    """Says what a rebuild takes away or sets right of which the journal tells nothing; of much, the first."""

    def __init__(self) -> None:
        self.number = 0

    @property
    def text(self) -> str:
        return f"; {self.number:,} more that no event explained" if self.number else ""

    def __call__(self, stray: Stray) -> None:
        self.number += 1
        if self.number <= SHOWN:
            of = f"{stray.kind} {stray.name} {stray.id}".strip()
            done = f"is now {stray.wanted}" if stray.wanted else "removed"
            say(f"{stray.what}: {of}: {stray.there}: {done}" if of else f"{stray.what}: {stray.there}: {done}")


def _curate(config: Path | None, find: Callable[[GraphStore], list[Draft]]) -> None:
    """Make the statements, and say them; they take effect when the inventory applies them."""
    settings = settings_of(config)
    with closing(bootstrap.open_store(settings)) as store:
        drafts = find(store)
        above = curating.latest(store, drafts)
    with closing(bootstrap.open_outbox(settings, CURATION)) as outbox:
        curating.say(drafts, outbox, above=above)
        with closing(bootstrap.open_log(settings)) as log:
            drain(outbox, lambda: log, waiting, threading.Event())
    for draft in drafts:
        say(f"{draft.native_key}: {', '.join(draft.sections)}")
    say("said; it shows once the inventory has applied it (`landkarte inventory`)")
