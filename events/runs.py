"""One run of a source as its outbox counts it, and whether it lost too much to be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from events.models import MAX_PROBLEMS, Problem, RunReport

Status = Literal["complete", "partial", "failed"]
MAX_SHRINK = 0.5
"""The share of its records that a complete run may lose against the last one before a person is asked."""
MIN_LOSS = 10
"""Fewer lost records hold no run: of a small source half is soon gone. All of it is not, however small it is."""
MAX_TEXT = 1000
"""Of one problem in a report, which is for people and must always fit into a message."""


@dataclass
class Run:
    """`lost`: why something of this run will not be sent, so that it cannot count as complete."""

    name: str
    collector: str
    rank: int
    ranks: Mapping[str, int]
    started: datetime
    first: int
    emitted: int = 0
    lost: str = ""

    def report(
        self, stamp: Mapping[str, object], status: str, counts: Mapping[str, int], problems: Sequence[Problem]
    ) -> RunReport:
        """How the run went. `stamp`: source, sequence and time."""
        return RunReport(
            **stamp,
            **counts,
            run=self.name,
            collector=self.collector,
            emitted=self.emitted,
            started=self.started,
            status=status,
            problems=_shortened(problems),
        )


@dataclass(frozen=True)
class Held:
    """A run that waits for a person's word: its report, and its first sequence, which its marker would have."""

    report: RunReport
    first: int

    def agreed(self, sequence: int, now: datetime) -> RunReport:
        """The report that takes the place of the held one, with the same time: the run ended when it ended."""
        text = f"agreed at {now:%Y-%m-%d %H:%M} UTC: what this run did not see is retired"
        problems = (Problem(item=self.report.source, reason=text), *self.report.problems[1:])  # for why it was held
        return self.report.model_copy(update={"sequence": sequence, "status": "complete", "problems": problems})


def is_held(emitted: int, before: int | None, max_shrink: float) -> bool:
    """Whether a complete run that emitted so many, where the last one emitted `before`, shrank too much (law 4)."""
    if not before:
        return False
    lost = before - emitted
    return (lost >= MIN_LOSS or not emitted) and lost / before > max_shrink


def why_held(source: str, emitted: int, before: int, max_shrink: float) -> Problem:
    """For people: how much is missing, and what to do."""
    return Problem(
        item=source,
        reason=f"held: {before - emitted:,} of the {before:,} records of the last complete run are missing, a share "
        f"above max_shrink = {max_shrink:g}; nothing is retired until `landkarte agree {source}` says that it is right",
    )


def _shortened(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """As many as a report holds, none of them too long."""
    return tuple(
        Problem(item=problem.item[:MAX_TEXT], reason=problem.reason[:MAX_TEXT]) for problem in problems[:MAX_PROBLEMS]
    )
