"""Commands that decide about matches: curate match, unmatch."""

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from events.outbox import Outbox
from inventory.decisions import MATCHING, draft_of
from services import bootstrap
from services.cli.common import Config, settings_of
from services.cli.notes import Author, Expires, Reason, note_of
from services.cli.output import say, waiting
from services.collecting import drain
from services.curating import RANK
from services.deciding import decide, known_decision

Reported = Annotated[str, typer.Argument(metavar="REPORTED", help="the string, as `ask obsolete` shows it")]


def match(
    reported: Reported,
    reason: Reason,
    product: Annotated[str, typer.Option("--is", metavar="PRODUCT", show_default="as matched", help="what it is")] = "",
    cycle: Annotated[str, typer.Option(help="its release line")] = "",
    reject: Annotated[str, typer.Option("--not", metavar="PRODUCT", help="what it is not, whatever rules say")] = "",
    author: Author = "",
    expires: Expires = None,
    config: Config = None,
) -> None:
    """Confirm what a reported string means, or say what it means, or reject what it is taken for."""
    if reject and (product or cycle):
        raise typer.BadParameter("--not says what it is not, --is and --cycle what it is; say one of the two")
    settings, note = settings_of(config), note_of(reason, author, expires)
    with closing(bootstrap.open_store(settings)) as store:
        decision = decide(store, reported, reject or product, cycle, note, rejected=bool(reject))
    draft = draft_of(decision)
    _say(config, lambda outbox: outbox.put(draft))
    say(f"{draft.sections['core'].name}; it shows once the inventory has applied it (`landkarte inventory`)")


def unmatch(reported: Reported, config: Config = None) -> None:
    """Take a decision back: what rules make of the string counts again."""
    with closing(bootstrap.open_store(settings_of(config))) as store:
        decision = known_decision(store, reported)
    _say(config, lambda outbox: outbox.withdraw(decision.key, "taken back"))
    say(f"{reported}: taken back; it shows once the inventory has applied it (`landkarte inventory`)")


def _say(config: Path | None, put: Callable[[Outbox], None]) -> None:
    settings = settings_of(config)
    with closing(bootstrap.open_outbox(settings, MATCHING)) as outbox:
        outbox.begin(f"{MATCHING}@{datetime.now(UTC).isoformat(timespec='microseconds')}", MATCHING, RANK)
        put(outbox)
        outbox.end("partial", seen=1)
        with closing(bootstrap.open_log(settings)) as log:
            drain(outbox, lambda: log, waiting, threading.Event())
