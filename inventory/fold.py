"""What a batch of events makes of each record, before anyone asks which asset it describes. Pure, in any order."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from events.models import (
    RecordConfirmed,
    RecordObserved,
    RecordWithdrawn,
    RunCompleted,
    RunReport,
    Section,
    Spoken,
    record_key,
)
from graph.model import RecordRow, SectionMark

NOBODY = ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event with where it stood. `body`: its data as encoded, which the store keeps; `hash`: its `digest`.

    `unread`: the section says what the stored one says, so that its content was not read; then it is empty here.
    """

    event: Spoken | RunCompleted | RunReport
    id: str
    partition: int
    body: bytes
    hash: str
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A dead letter: it could not be read, and still says that its record was seen (a dead letter retires nothing)."""

    record: str
    sequence: int
    id: str


@dataclass(slots=True)
class Folded:
    """A record after the batch. `changed`: something that the graph shows depends on the difference.

    `bodies`: sections to store anew, None to remove. `contents`: the sections that the batch has, as read.
    `again`: look at it in any case, as a rebuild does.
    """

    before: RecordRow | None
    after: RecordRow
    bodies: dict[str, bytes | None] = field(default_factory=dict)
    contents: dict[str, Section] = field(default_factory=dict)
    causes: tuple[str, ...] = ()
    again: bool = False

    @property
    def changed(self) -> bool:
        before, after = self.before, self.after
        if self.again and after.live:
            return True
        if before is None or before.live != after.live:
            return after.live or before is not None
        return after.live and _shown(before) != _shown(after)


def touched(arrived: Iterable[Arrived], confirmed: Iterable[Confirmed]) -> set[str]:
    """Keys of the records that a batch names."""
    named = {key_of(a.event) for a in arrived if isinstance(a.event, Spoken)}
    return named | {c.record for c in confirmed}


def key_of(event: Spoken) -> str:
    """The key of the record an event is about."""
    return record_key(event.source, event.native_key)


def markers_of(arrived: Iterable[Arrived]) -> dict[tuple[str, int], Arrived]:
    """The highest marker of each (source, partition) in the batch."""
    best: dict[tuple[str, int], Arrived] = {}
    for item in arrived:
        if isinstance(item.event, RunCompleted):
            at = (item.event.source, item.event.partition)
            if at not in best or item.event.sequence > best[at].event.sequence:
                best[at] = item
    return best


def fold(
    arrived: Iterable[Arrived],
    confirmed: Iterable[Confirmed],
    before: Mapping[str, RecordRow],
    markers: Mapping[tuple[str, int], int],
    *,
    again: bool = False,
) -> dict[str, Folded]:
    """Every record the batch names, as its latest sections, withdrawals and `markers` make it.

    `again`: what is known already is taken once more, and counts as changed (a rebuild).
    """
    by_record: dict[str, list[Arrived]] = defaultdict(list)
    for item in arrived:
        if isinstance(item.event, Spoken):
            by_record[key_of(item.event)].append(item)
    folded = {key: _record(items, before.get(key), again=again) for key, items in by_record.items()}
    for dead in confirmed:
        old = folded[dead.record] if dead.record in folded else _untouched(before.get(dead.record))
        if old is not None:  # a record nobody has read yet has nothing to keep alive
            folded[dead.record] = replace(
                old, after=replace(old.after, sequence=max(old.after.sequence, dead.sequence))
            )
    newest = _newest(by_record, confirmed)
    for key, known in folded.items():
        row = known.after
        known.after = replace(row, live=is_live(row, markers.get((row.source, row.partition), 0)))
        if not known.causes and (again or (known.before and known.after.live > known.before.live)):
            known.causes = (newest[key],)  # nothing is news: it was retired, and comes back as it was
    return folded


def _newest(by_record: Mapping[str, list[Arrived]], confirmed: Iterable[Confirmed]) -> dict[str, str]:
    """The id of the latest event about each record."""
    dead = {item.record: item.id for item in confirmed}
    return dead | {key: max(items, key=lambda item: item.event.sequence).id for key, items in by_record.items()}


def is_live(row: RecordRow, marker: int) -> bool:
    """A record below its partition's highest complete marker was not seen by that run (law 4)."""
    return bool(row.sections) and row.sequence >= marker


def retire(row: RecordRow, marker: Arrived) -> Folded:
    """A record that a complete run has not seen."""
    return Folded(row, replace(row, live=False), causes=(marker.id,))


def blame(markers: Mapping[tuple[str, int], Arrived], folded: Iterable[Folded]) -> None:
    """Note the marker for records that the batch names and that end all the same."""
    for item in folded:
        marker = markers.get((item.after.source, item.after.partition))
        if marker and item.before and item.before.live > item.after.live:
            item.causes += (marker.id,)


def _untouched(row: RecordRow | None) -> Folded | None:
    return None if row is None else Folded(row, row)


def _record(items: list[Arrived], before: RecordRow | None, *, again: bool) -> Folded:
    withdrawn = max(
        [item.event.sequence for item in items if isinstance(item.event, RecordWithdrawn)]
        + [before.withdrawn if before else 0]
    )
    folded = Folded(before, replace(before or _blank(items[0]), withdrawn=withdrawn), again=again)
    for item in sorted(items, key=lambda item: item.event.sequence):
        match item.event:
            case RecordObserved():
                _take(folded, item, item.event)
            case RecordConfirmed():
                folded.after = _seen(folded.after, item.event)
            case RecordWithdrawn(sequence=at) if not before or at > before.withdrawn:
                folded.causes += (item.id,)
    for name in [name for name, mark in folded.after.sections.items() if mark.sequence <= withdrawn]:
        folded.bodies[name] = None
        folded.contents.pop(name, None)
        folded.after = replace(folded.after, sections={k: v for k, v in folded.after.sections.items() if k != name})
    return folded


def _take(folded: Folded, item: Arrived, event: RecordObserved) -> None:
    """The section replaces its earlier self and nothing else (law 3); what is not newer is a duplicate."""
    row = folded.after
    old = row.sections.get(event.section)
    if old is not None and event.sequence < old.sequence + (not folded.again):
        return
    mark = SectionMark(event.sequence, event.changed, item.hash, item.id)
    newest = event.sequence >= max((m.sequence for m in row.sections.values()), default=-1)
    folded.after = replace(_seen(row, event), sections={**row.sections, event.section: mark})
    if newest:  # kind, rank and the rest are the record's, told anew with every section
        folded.after = replace(
            folded.after,
            kind=event.kind,
            rank=event.rank,
            ranks=event.ranks,
            first_observed=event.first_observed,
            partition=item.partition,
        )
    folded.contents.pop(event.section, None)
    if not item.unread:  # else it stands in the store
        folded.contents[event.section] = event.content
    if old is None or old.hash != mark.hash or folded.again:
        folded.bodies[event.section] = item.body
    if old is None or (old.hash, old.changed) != (mark.hash, mark.changed):
        folded.causes += (item.id,)


def _seen(row: RecordRow, event: RecordObserved | RecordConfirmed) -> RecordRow:
    """Whatever arrives first, the record was last seen by the event with the highest sequence."""
    if event.sequence < row.sequence:
        return row
    return replace(row, sequence=event.sequence, run=event.run, last_seen=event.time)


def _blank(item: Arrived) -> RecordRow:
    event = item.event
    assert isinstance(event, Spoken)
    return RecordRow(
        key=key_of(event),
        source=event.source,
        native_key=event.native_key,
        kind="",
        partition=item.partition,
        rank=0,
        sequence=0,
        withdrawn=0,
        live=False,
        run="",
        first_observed=event.time,
        last_seen=event.time,
        asset_id=NOBODY,
        sections={},
    )


def _shown(row: RecordRow) -> object:
    """All of a live record that the graph depends on."""
    sections = {name: (mark.hash, mark.changed) for name, mark in row.sections.items()}
    return row.kind, row.rank, row.ranks, row.first_observed, sections


def digest(body: bytes) -> str:
    """Names what a section says: a row carries it, so that the same again is known without reading."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()
