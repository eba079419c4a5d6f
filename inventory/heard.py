"""When sources were last heard of, also as of a moment in the past: records are not journaled, but runs are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from graph.model import RunRow
from graph.store import GraphReader

PAGE = 100


@dataclass(frozen=True, slots=True)
class Heard:
    """When each source was last heard of.

    `unclear`: sources that said something by then, of which no run is known that would tell when last.
    `later`: sources that are known, and were first heard of afterwards.
    """

    at: Mapping[str, datetime]
    unclear: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()


def heard_by(past: GraphReader, moment: datetime, last_seen: Mapping[str, datetime]) -> Heard:
    """As of the moment. `past`: the graph as it was known then; `last_seen`: as the graph is now."""
    at = {source: last for source, last in last_seen.items() if last <= moment}
    unclear, later = set[str](), set[str]()
    for source in last_seen.keys() - at.keys():
        run = _last_run(past, source)
        if run:
            at[source] = run.ended
        elif past.assets(sources=[source], retired=True, limit=1):
            unclear.add(source)
        else:
            later.add(source)
    return Heard(at, frozenset(unclear), frozenset(later))


def _last_run(past: GraphReader, source: str) -> RunRow | None:
    """The last one in which the source saw something: only that is a word of it."""
    after = ""
    while page := past.runs(source=source, after=after, limit=PAGE):
        found = next((run for run in page if run.seen), None)
        if found or len(page) < PAGE:
            return found
        after = f"{page[-1].ended.isoformat()}\x00{page[-1].id}"
    return None
