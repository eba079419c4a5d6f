"""What questions are asked of: the graph as it is, or as it was known at a moment."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from graph.sqlite_store import SqliteStore
from graph.store import GraphReader, GraphStore
from inventory.past import Past, open_past


@contextmanager
def past_of(store: GraphStore, moment: datetime) -> Iterator[Past]:
    """The graph as it was known then, in a scratch file that goes afterwards. Raises BeforeThePast."""
    with (
        tempfile.TemporaryDirectory(prefix="landkarte-") as folder,
        closing(SqliteStore(Path(folder) / "past.db")) as scratch,
    ):
        yield open_past(store, scratch, moment)


@contextmanager
def reader_of(store: GraphStore, as_of: datetime | None) -> Iterator[GraphReader]:
    """The graph as of that day, or as it is."""
    if as_of is None:
        yield store
        return
    with past_of(store, end_of(as_of)) as past:
        yield past


def end_of(moment: datetime) -> datetime:
    """The end of the day, in UTC, where only a day is named."""
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    whole_day = (known.hour, known.minute, known.second) == (0, 0, 0)
    return known + timedelta(days=1, microseconds=-1) if whole_day else known


def cost_of(past: Past, since: float) -> str:
    """What the answer took, and what that depends on. `since`: of `time.monotonic`, when it was begun."""
    return (
        f"as of {past.moment:%Y-%m-%d %H:%M} UTC (change {past.number}): {past.changed} assets changed since and were "
        f"set back, which is what it costs: {time.monotonic() - since:.1f} s"
    )
