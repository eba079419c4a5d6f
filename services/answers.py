"""What questions are asked of: the graph as it is, or as it was known at a moment."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from graph.sqlite_store import SqliteStore
from graph.store import GraphReader
from inventory.past import Past, open_past


@contextmanager
def past_of(store: GraphReader, moment: datetime) -> Iterator[Past]:
    """The graph as it was known then, in a scratch file that goes afterwards. Raises BeforeThePast."""
    with (
        tempfile.TemporaryDirectory(prefix="landkarte-") as folder,
        closing(SqliteStore(Path(folder) / "past.db")) as scratch,
    ):
        yield open_past(store, scratch, moment)


@contextmanager
def reader_of(store: GraphReader, as_of: datetime | None) -> Iterator[GraphReader]:
    """The graph as it was known then, or as it is."""
    if as_of is None:
        yield store
        return
    with past_of(store, as_of) as past:
        yield past


def asked_about(reader: GraphReader) -> datetime:
    """The moment of which it tells; a day that is not over yet tells of now."""
    now = datetime.now(UTC)
    return min(reader.moment, now) if isinstance(reader, Past) else now


def moment_of(text: str) -> datetime:
    """The moment that a day or a time names, in UTC where it says nothing else: of a day the end. Raises ValueError."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    else:
        moment = end_of(day)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is too far away") from error


def end_of(day: date) -> datetime:
    """The end of a day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, microseconds=-1)


def cost_of(past: Past, since: float) -> str:
    """What the answer took, and what that depends on. `since`: of `time.monotonic`, when it was begun."""
    return (
        f"as of {past.moment:%Y-%m-%d %H:%M} UTC (change {past.number}): {past.changed} assets changed since and were "
        f"set back, which is what it costs: {time.monotonic() - since:.1f} s"
    )
