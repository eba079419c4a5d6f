"""One run of one source: collect into the outbox, then drain it to the log, waiting out an outage."""

import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path

from pydantic import BaseModel

from events.log import EventLog, LogUnavailable
from events.models import Draft, RunReport
from events.outbox import Outbox
from events.outbox_errors import OutboxUnavailable
from events.runs import MAX_SHRINK
from inventory.reading import fault_of
from services.collectors.base import CollectorType, OpenGraph, Report, Run, SourceUnavailable, nobody

BACK_OFF = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between tries while the log is away; the last repeats."""
SHOWN = 5
OnWait = Callable[[str, float], None]


@dataclass(frozen=True)
class Job:
    """What to run: `complete` says that it sees all there is, so that what it misses is retired (law 4).

    `max_shrink`: a complete run that loses a larger share of its records is held, see `Outbox.end`.
    """

    source: str
    collector: CollectorType
    settings: BaseModel
    rank: int
    complete: bool
    planned: datetime = field(default_factory=lambda: datetime.now(UTC))
    ranks: Mapping[str, int] = field(default_factory=dict)
    max_shrink: float = MAX_SHRINK
    person: Callable[[str], str] = nobody
    graph: OpenGraph | None = None

    @property
    def run_id(self) -> str:
        return run_id(self.source, self.planned)


def run_id(source: str, planned: datetime) -> str:
    """A run's id: all tries of one planned time are one run."""
    return f"{source}@{planned.isoformat(timespec='microseconds')}"


@dataclass
class Preview:
    """What a run would say: counts, and the first few records."""

    report: Report
    records: int = 0
    sections: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    first: list[Draft] = field(default_factory=list)


def collect(job: Job, outbox: Outbox) -> RunReport:
    """Run the collector; what it says is durable in the outbox on return. Raises SourceUnavailable, OutboxUnavailable.

    The run is complete (or held) where it is meant to be and nothing failed, failed where nothing was usable, else
    partial. A collector that raises anything else has failed; its run says so, and the error goes on.
    """
    report = Report()
    outbox.begin(job.run_id, job.collector.name, job.rank, job.ranks)
    try:
        job.collector.collect(job.settings, Run(_emitter(outbox.put, report), report, job.person, job.graph))
    except SourceUnavailable as error:
        report.failed(job.source, str(error))
        end(job, outbox, report, emitted=False)
        raise
    except OutboxUnavailable:
        raise  # the report would meet the same
    except Exception as error:
        report.failed(job.source, crash(error))
        end(job, outbox, report, emitted=False)
        raise
    return end(job, outbox, report, emitted=report.counts["emitted"] > 0)


def crash(error: Exception) -> str:
    """What a report says of an error that no collector should raise: where it was; its text might hold a secret."""
    if isinstance(error, MemoryError):
        return "the collector needs more memory than memory_mib allows; allow more, or divide the source"
    at = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(at.filename).name}, line {at.lineno}"
    return (
        f"the collector crashed: {type(error).__name__} in {where}; this is a fault of the collector, please report it"
    )


def preview(job: Job) -> Preview:
    """What the run would say, without saying it. Raises SourceUnavailable."""
    seen = Preview(Report())

    def note(draft: Draft) -> None:
        seen.records += 1
        seen.kinds[draft.kind] += 1
        seen.sections.update(draft.sections.keys())
        seen.relations.update(r.type for section in draft.sections.values() for r in section.relations)
        if len(seen.first) < SHOWN:
            seen.first.append(draft)

    job.collector.collect(job.settings, Run(_emitter(note, seen.report), seen.report, job.person, job.graph))
    return seen


def drain(outbox: Outbox, log: Callable[[], EventLog], on_wait: OnWait, stop: threading.Event) -> int:
    """Send what waits in the outbox to the log that `log` opens, waiting out its absence.

    Ends early when `stop` is set, losing nothing.
    """
    for seconds in chain(BACK_OFF, repeat(BACK_OFF[-1])):
        if stop.is_set():
            break
        try:
            return outbox.drain(log(), stop.is_set)
        except LogUnavailable as outage:
            on_wait(f"{outage}; {outbox.depth():,} events wait in the outbox", seconds)
            stop.wait(seconds)
    return 0


def _emitter(put: Callable[[Draft], None], report: Report) -> Callable[[Draft], None]:
    """Puts a draft, or reports why it cannot be said; the rest of the run goes on."""

    def emit(draft: Draft) -> None:
        with _reported(draft, report):
            if fault := fault_of(draft):
                raise ValueError(fault)
            put(draft)
            report.counts["emitted"] += 1

    return emit


@contextmanager
def _reported(draft: Draft, report: Report) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        report.failed(f"{draft.kind} {draft.native_key}", str(error))


def end(job: Job, outbox: Outbox, report: Report, *, emitted: bool) -> RunReport:
    """End the run with its report, and the status that its counts give it: see `collect`."""
    counts = report.counts
    if not emitted and (counts["failed"] or counts["skipped"]):
        status = "failed"
    else:
        all_seen = job.complete and not counts["failed"] and not report.in_part
        status = "complete" if all_seen else "partial"
    return outbox.end(
        status,  # type: ignore[arg-type] # one of the three words of Status
        seen=counts["seen"],
        skipped=counts["skipped"],
        failed=counts["failed"],
        problems=report.problems,
        max_shrink=job.max_shrink,
    )
