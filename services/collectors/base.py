"""What a collector is: get -> transform -> emit, with its own settings and a report."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from events.models import MAX_PROBLEMS, Draft, Problem
from events.runs import MAX_TEXT
from graph.store import GraphReader

MAX_ITEM = 300
"""Of an item's name: with `MAX_TEXT` of each reason, all problems of a report fit into a message, escaped too."""
OpenGraph = Callable[[], AbstractContextManager[GraphReader]]
"""Opens the graph for reading. Raises StoreUnavailable, AccessDenied, SchemaDiffers."""


class NotOurs(ValueError):
    """Readable, but nothing that this collector takes; the text says what it is instead."""


class SourceUnavailable(Exception):
    """The source as a whole cannot be read (no such path, no answer): text names it, the reason and what to do."""


@dataclass
class Report:
    """How a run went so far. An item is a file, a row, a host: whatever its owner would look for.

    `in_part`: it cannot be told whether all was seen, so that the run is not complete, though nothing failed (law 4).
    """

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    in_part: bool = False

    def seen(self, number: int = 1) -> None:
        """An item was found; it ends as used, skipped or failed."""
        self.counts["seen"] += number

    def skipped(self, item: str, reason: str) -> None:
        """The item is readable but not for this collector (a wrong kind, a wrong row); the run stays complete."""
        self._note("skipped", item, reason)

    def failed(self, item: str, reason: str, number: int = 1) -> None:
        """The item should have been read and could not be; the run is no longer complete (law 4).

        `number`: of how many the problem tells.
        """
        self._note("failed", item, reason, number)

    def remarked(self, item: str, reason: str) -> None:
        """The item is taken as it is, and somebody should look at it."""
        self._note("remarked", item, reason)

    def _note(self, what: str, item: str, reason: str, number: int = 1) -> None:
        self.counts[what] += number
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(told(item, reason))


def told(item: str, reason: str) -> Problem:
    """A problem as a report can hold it, whoever wrote the texts in it."""
    return Problem(item=tellable(item, MAX_ITEM), reason=tellable(reason))


def tellable(text: str, length: int = MAX_TEXT) -> str:
    """At most so long, and writable: half of a surrogate pair, which JSON can hold, cannot be encoded."""
    return text[:length].encode("utf-8", "backslashreplace").decode()[:length]


def nobody(_person: str) -> str:
    """Drop a person's name."""
    return ""


@dataclass(frozen=True)
class Run:
    """What a collector is given besides its settings. `emit` may block; it raises what the outbox raises.

    `person`: a person's name or login as it may be said: as a keyed hash where the source's settings keep persons,
    else "". No collector says a person's name in any other way.
    `graph`: what is known, for a collector that says what follows from it; None where there is no graph.
    """

    emit: Callable[[Draft], None]
    report: Report
    person: Callable[[str], str] = nobody
    graph: OpenGraph | None = None


@dataclass(frozen=True)
class Check:
    """One thing that was tried of a source. `fault`: why it is not good, and what to do; empty where it is."""

    what: str
    fault: str = ""


@dataclass(frozen=True)
class CollectorType:
    """A type of source. `rank`: trust where the configuration names none, 0 to 100, the higher wins a disagreement.

    `collect` raises nothing for a bad item, which it reports; it raises SourceUnavailable where nothing can be read.
    `check` tries the connection and the rights without saying anything, one Check for each thing that it needs; what
    it raises as SourceUnavailable is a fault too. What can be tried only after another thing comes after it.
    """

    name: str
    summary: str
    settings: type[BaseModel]
    collect: Callable[[Any, Run], None]
    rank: int
    check: Callable[[Any], Iterable[Check]]
