"""The journal is kept as long as configured."""

from datetime import datetime, timedelta

from graph.store import GraphReader
from inventory.kept import BEGINS, begins

EVERY = timedelta(hours=1)
"""How often what need not be kept is dropped."""


def drop(reader: GraphReader, days: int, now: datetime) -> tuple[int, dict[str, str]]:
    """The first entry of the journal to keep, and the note of since when the past is told then.

    0 and nothing where all is kept: for 0 days that is for ever.
    """
    cut = now - timedelta(days=days)
    last = reader.change_at(cut) if days else 0
    if not last:
        return 0, {}
    since = max(cut, begins(reader) or cut)  # later where the log had lost something when the graph was built from it
    return last + 1, {BEGINS: since.isoformat()}
