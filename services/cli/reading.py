"""What the commands that ask have in common: what is read, as of when, and how it is printed."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from graph.store import GraphReader
from inventory.past import Past
from services import bootstrap
from services.answers import cost_of, moment_of, reader_of
from services.cli.common import settings_of
from services.cli.output import Format, say


def _moment(text: str) -> datetime:
    try:
        return moment_of(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a day (2026-11-23) nor a time (2026-11-23T12:00:00Z)") from None


AsOf = Annotated[
    datetime | None,
    typer.Option(parser=_moment, metavar="DATE", help="as it was known at the end of that day, UTC, or at that time"),
]
Sources = Annotated[list[str] | None, typer.Option("--source", help="only of these sources; * is allowed; repeatable")]
As = Annotated[Format, typer.Option("--format", help="how the answer is printed")]


@contextmanager
def reading(config: Path | None, as_of: datetime | None = None) -> Iterator[GraphReader]:
    """What is asked: the graph as it is or, with what that costs, as it was known."""
    started = time.monotonic()
    with closing(bootstrap.open_store(settings_of(config))) as store, reader_of(store, as_of) as reader:
        yield reader
        if isinstance(reader, Past):
            say(cost_of(reader, started))
