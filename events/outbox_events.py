"""What an outbox says: numbered events, and of a draft only what is news."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from events.models import Draft, RecordConfirmed, RecordObserved, record_key
from events.outbox_queue import Queue, Said, mark_of
from events.runs import Run

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Numbering:
    """The sequences of one source: its clock in µs, and always above the `last`."""

    def __init__(self, source: str, clock: Callable[[], datetime], last: int) -> None:
        self.source, self.last = source, last
        self._clock = clock

    def following(self) -> int:
        """The sequence that comes next."""
        return max(self.last + 1, (self._clock() - _EPOCH) // timedelta(microseconds=1))

    def next(self) -> int:
        """Take it."""
        self.last = self.following()
        return self.last

    def stamp(self) -> dict[str, object]:
        """Source, time and the next sequence of an event, which is never below its time."""
        time = self._clock()
        return {"source": self.source, "sequence": self.next(), "time": time}


def news(
    queue: Queue, numbering: Numbering, run: Run, draft: Draft, first: datetime, repeat_after: int
) -> Iterator[tuple[RecordObserved, str]]:
    """Events of the draft's sections that are new, or were not said for `repeat_after` µs, each with its mark.

    For 0 all are, and count as changed: another outbox may have said something else since.
    `first`: when the record was first observed. Raises ValueError naming the section that JSON cannot say.
    """
    for name in draft.sections:
        mark = _mark(numbering.source, run, draft, name)
        said = queue.said(draft.native_key, name, mark)
        if said is None or numbering.following() - said.sent >= repeat_after:
            yield _observed(numbering, run, draft, name, first, said if repeat_after else None), mark


def confirmed(numbering: Numbering, run: Run, draft: Draft) -> RecordConfirmed:
    """The event of a draft without news."""
    return RecordConfirmed(**numbering.stamp(), native_key=draft.native_key, run=run.name)


def _mark(source: str, run: Run, draft: Draft, name: str) -> str:
    try:
        return mark_of(draft.sections[name], draft.kind, run.rank, run.ranks)
    except ValueError as error:
        raise ValueError(f"{record_key(source, draft.native_key)}#{name}: {error}") from error


def _observed(
    numbering: Numbering, run: Run, draft: Draft, name: str, first: datetime, said: Said | None
) -> RecordObserved:
    stamp = numbering.stamp()
    return RecordObserved(
        **stamp,
        native_key=draft.native_key,
        section=name,
        kind=draft.kind,
        run=run.name,
        rank=run.rank,
        ranks=dict(run.ranks),
        first_observed=first,
        changed=said.changed if said else stamp["sequence"],
        content=draft.sections[name],
    )
