"""When a source could be heard: our own downtime, or its own, is not the silence of those that it tells of (law 4).

A source that is pushed to could be heard while the service was there, which notes that. Any other one was heard in its
runs, which the graph knows.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from pathlib import Path

from graph.model import RunRow
from graph.store import GraphReader
from services.settings import SourceSettings
from services.times import parse_age

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GAP = timedelta(minutes=5)
"""Who hears says so every few seconds; after a longer pause nobody was heard in it."""
MERGED = timedelta(hours=1)
"""Two pauses with less between them are one: so there are few of them, and an agent had hardly time to report."""
Pause = tuple[datetime, datetime]
MISSED_RUNS = 3
"""A thing that was silent is taken back when so many runs of its source, one after the other, have missed it."""
GAPS, SHORTEST_GAP = 4, timedelta(hours=36)
"""A source was not heard in a gap between its runs of more than that part of `retire_after`, or that time."""
RUNS_AT_ONCE = 1000


class Hearing:
    """The pauses in which nobody could be heard, and the last moment at which somebody could; kept in a small file.

    Without the file, or where it cannot be read, nobody was ever heard before: then silence is counted from now on.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._until, self._pauses = _read(path)

    def heard(self, now: datetime) -> None:
        """Note that anybody can be heard now."""
        start = self._until
        if now - start > GAP:
            if self._pauses and start - self._pauses[-1][1] < MERGED:
                start = self._pauses.pop()[0]
            self._pauses.append((start, now))
        self._until = now

    def count_back(self, before: datetime) -> datetime:
        """A moment in the past, moved back by the pauses since: between it and now one could be heard as long."""
        for start, end in reversed(self._pauses):
            if end <= before:
                break
            before = max(EPOCH, before - (end - start))
        return before

    def forget(self, before: datetime) -> None:
        """Drop the pauses that ended before that moment; they count no more."""
        self._pauses = [pause for pause in self._pauses if pause[1] > before]

    def save(self) -> None:
        """Write the file, whole or not at all. Raises OSError."""
        told = {"until": self._until.isoformat(), "pauses": [[at.isoformat() for at in one] for one in self._pauses]}
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.write_text(json.dumps(told), encoding="utf-8")
        fresh.replace(self._path)


def silent_before(source: SourceSettings, now: datetime, store: GraphReader) -> datetime | str:
    """What the source has not seen since that moment, it has not seen for `retire_after`; or why that cannot be told.

    Silence counts up to the source's last usable run. Its usable runs must reach back for so long without a gap, and
    the last `MISSED_RUNS` must have missed the thing.
    """
    age = parse_age(source.retire_after)
    runs = _usable_runs(store, source.name)
    last = list(islice(runs, MISSED_RUNS))
    gap = max(age / GAPS, SHORTEST_GAP)
    if len(last) == MISSED_RUNS:
        before = min(min(now, last[0].ended) - age, last[-1].started)
        if _reach(chain(last, runs), before, gap):
            return before
    hours = gap / timedelta(hours=1)
    return f"{source.name} has no {source.retire_after} of usable runs without a gap of {hours:g} hours between them"


def _usable_runs(store: GraphReader, source: str) -> Iterator[RunRow]:
    """Newest first, read as far as they are asked for."""
    after = ""
    while page := store.runs(source=source, after=after, limit=RUNS_AT_ONCE):
        yield from (run for run in page if run.status != "failed")
        after = f"{page[-1].ended.isoformat()}\x00{page[-1].id}"


def _reach(runs: Iterator[RunRow], before: datetime, gap: timedelta) -> bool:
    """Whether runs, newest first, reach back to that moment without a longer gap."""
    following: datetime | None = None
    for run in runs:
        if following is not None and following - run.ended > gap:
            return False
        if run.started <= before:
            return True
        following = run.started
    return False


def _read(path: Path) -> tuple[datetime, list[Pause]]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        pauses = [(_moment(start), _moment(end)) for start, end in told["pauses"]]
        return _moment(told["until"]), pauses
    except (OSError, ValueError, TypeError, KeyError):
        return EPOCH, []


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
