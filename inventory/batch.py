"""One batch of events becomes one difference of the graph, over what the transaction it is given can read."""

import gc
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

from events.models import RunReport
from graph.model import Changes, Part, Positions, RunRow
from graph.transaction import Transaction
from inventory.difference import Difference, put_records, with_curated
from inventory.fold import Arrived, Confirmed, Folded, blame, fold, markers_of, retire, touched

RETIRED_AT_ONCE = 500
"""How many records one transaction retires; a run that ends more is applied in several, its marker with the last."""


class Batch:
    """Events read from one log between two positions; `apply` is called until it says it is finished.

    `notes` are written with it. `again`: events that the graph contains already, looked at once more (a rebuild).
    """

    def __init__(
        self,
        arrived: Collection[Arrived],
        confirmed: Collection[Confirmed],
        *,
        log: str,
        expected: Positions,
        positions: Positions,
        notes: Mapping[str, str] | None = None,
        again: bool = False,
    ) -> None:
        self.arrived, self.confirmed = arrived, confirmed
        self.log, self.expected, self.positions = log, expected, positions
        self.notes, self.again = notes or {}, again

    def apply(self, tx: Transaction) -> bool:
        """Write the difference. False where a marker has more to retire: then positions stand still; apply it again."""
        markers = markers_of(self.arrived)
        folded, floor, finished = self._fold(tx, markers)
        changes = Changes(self.log, self.expected, self.positions if finished else self.expected)
        changes.notes = dict(self.notes)
        changes.runs = {item.event.run: _run(item.event) for item in self.arrived if isinstance(item.event, RunReport)}
        if finished:
            changes.markers = {at: floor[at] for at in markers}
        changed = with_curated(tx, folded)
        owners: Mapping[str, str] = {}
        parts: Iterable[Part] = ()
        if changed:
            times = [item.event.time for item in self.arrived] + [item.after.last_seen for item in changed.values()]
            changes.recorded_at = max(times)
            difference = Difference(tx, changes, changed, folded, max(times))
            owners, parts = difference.find(), difference.assets()
        put_records(changes, folded, owners)
        tx.write(changes, parts)
        return finished

    def _fold(
        self, tx: Transaction, markers: Mapping[tuple[str, int], Arrived]
    ) -> tuple[dict[str, Folded], dict[tuple[str, int], int], bool]:
        """The batch's records, the highest marker of each place they stand in, and whether all was retired."""
        rows = tx.records(touched(self.arrived, self.confirmed))
        places = {(item.event.source, item.partition) for item in self.arrived} | markers.keys()
        places |= {(row.source, row.partition) for row in rows.values()}
        floor = {**dict.fromkeys(places, 0), **tx.markers(places)}
        for at, item in markers.items():
            floor[at] = max(floor[at], item.event.sequence)  # markers too arrive out of order
        folded = fold(self.arrived, self.confirmed, rows, floor, again=self.again)
        blame(markers, folded.values())
        finished = True
        for at, item in markers.items():
            below = tx.records_below(*at, floor[at], RETIRED_AT_ONCE)
            finished = finished and len(below) < RETIRED_AT_ONCE
            gone = tx.records([key for key in below if key not in folded])
            folded.update({key: retire(row, item) for key, row in gone.items()})
        return folded, floor, finished


def _run(event: RunReport) -> RunRow:
    problems = [problem.model_dump() for problem in event.problems]
    return RunRow(
        id=event.run,
        source=event.source,
        collector=event.collector,
        status=event.status,
        started=event.started,
        ended=event.time,
        seen=event.seen,
        emitted=event.emitted,
        skipped=event.skipped,
        failed=event.failed,
        problems=json.dumps(problems, ensure_ascii=False),
    )


@contextmanager
def nothing_collected() -> Iterator[None]:
    """A batch is a million objects that live until it is done: the collector would walk them again and again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
