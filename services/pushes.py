"""What is pushed in one request to a source, and what becomes of it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from events.models import Draft, Problem
from services.collectors.base import Report, told

TOLD = 100
"""So many refused records of one push are told one by one; of the others, how many there are."""
End = Literal["", "partial", "complete"]


class WrongRun(Exception):
    """The run that is named is not the open one, or none is named to be ended; the text says what to do."""


@dataclass
class Refused:
    """What of one push is not accepted: the first `TOLD` with their reasons, and the number of all."""

    told: list[Problem] = field(default_factory=list)
    number: int = 0

    def add(self, item: str, reason: Callable[[], str]) -> None:
        """One more; its reason is asked for only where it is told."""
        self.number += 1
        if len(self.told) < TOLD:
            self.told.append(told(item, reason()))

    @property
    def more(self) -> int:
        """How many are not told."""
        return self.number - len(self.told)

    def report(self, report: Report, source: str) -> None:
        """As failed items of a run."""
        report.seen(self.number)
        for problem in self.told:
            report.failed(problem.item, problem.reason)
        if self.more:
            report.failed(source, f"{self.more:,} more records of one push were refused", self.more)


@dataclass(frozen=True)
class Push:
    """What came in one request: records with names for them, what was refused of it already, and of which run it is.

    `begin`: a run begins with it. `run`: the id of the open run that it belongs to. `end`: that run ends with it.
    """

    said: Sequence[tuple[str, Draft]]
    refused: Refused = field(default_factory=Refused)
    begin: bool = False
    run: str = ""
    end: End = ""


@dataclass(frozen=True)
class Taken:
    """What became of a push: how many records are on the disk; of which run, where it has one, and how that ended."""

    accepted: int
    run: str = ""
    status: str = ""
