"""What a collector is: get -> transform -> emit, with its own settings and a report."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from events.models import MAX_PROBLEMS, Draft, Problem


@dataclass
class Report:
    """How a run went so far. An item is a file, a row, a host: whatever its owner would look for."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def seen(self, number: int = 1) -> None:
        """An item was found; it ends as used, skipped or failed."""
        self.counts["seen"] += number

    def skipped(self, item: str, reason: str) -> None:
        """The item is readable but not for this collector (a wrong kind, a wrong row); the run stays complete."""
        self._note("skipped", item, reason)

    def failed(self, item: str, reason: str) -> None:
        """The item should have been read and could not be; the run is no longer complete (law 4)."""
        self._note("failed", item, reason)

    def _note(self, what: str, item: str, reason: str) -> None:
        self.counts[what] += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(item=item, reason=reason))


@dataclass(frozen=True)
class Run:
    """What a collector is given besides its settings. `emit` may block; it raises what the outbox raises."""

    emit: Callable[[Draft], None]
    report: Report


@dataclass(frozen=True)
class CollectorType:
    """A type of source. `rank`: trust where the configuration names none, 0 to 100, the higher wins a disagreement.

    `collect` raises nothing for a bad item, which it reports; it raises SourceUnavailable where nothing can be read.
    """

    name: str
    summary: str
    settings: type[BaseModel]
    collect: Callable[[Any, Run], None]
    rank: int


class SourceUnavailable(Exception):
    """The source as a whole cannot be read (no such path, no answer): text names it, the reason and what to do."""
