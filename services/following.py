"""Draws which cycles the items of the catalogue follow, whenever the graph has moved on: see `inventory.following`."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from graph.model import Changes, Node, Part
from graph.store import Clock, GraphStore, Writer
from inventory.following import NOTE, VERSION, Drawing, all_items, drawings, items_of
from inventory.lifecycle_records import decisions_of, matcher_of
from inventory.matching import Matcher
from inventory.merge import genuine
from inventory.touched import may_touch_facts, touched_since


class Follower:
    """`log`, `positions`: of what the graph is made, as each transaction must know them."""

    def __init__(
        self, store: GraphStore, log: str, positions: Callable[[], Mapping[tuple[str, int], int]], clock: Clock
    ) -> None:
        self._store, self._log, self._positions, self._clock = store, log, positions, clock
        self._seen: tuple[int, date] | None = None
        self._matcher: Matcher | None = None

    def follow(self, keep_writing: Callable[[], Writer]) -> int:
        """Draw and erase what differs; returns how many relationships. Does nothing where nothing has changed since.

        Raises StoreUnavailable, WriterLost.
        """
        here = self._head(), self._clock().date()
        if here == self._seen:
            return 0
        written, (version, noted, day) = 0, self._noted()
        touched = self._touched(*here, noted, day) if version == str(VERSION) else None
        every = touched is None or (bool(touched) and may_touch_facts(self._store, touched))
        due = self._due(touched, every=every) if every or touched else ()
        for drawing in drawings(self._store, *due, self._clock()) if due else ():
            part = Part(edges=drawing.drawn)
            self._write(keep_writing(), Changes(self._log, {}, {}, erased=drawing.erased), [part])
            written += len(drawing.drawn) + len(drawing.erased)
        if every or written:
            self._write(keep_writing(), Changes(self._log, {}, {}, notes={NOTE: f"{VERSION} {here[0]} {here[1]}"}), [])
        self._seen = here
        return written

    def _head(self) -> int:
        """The number of the journal's last entry; of one that keeps none any more, how far this has come."""
        last = next(iter(self._store.changes(newest_first=True, limit=1)), None)
        return last.number if last else self._noted()[1]

    def _noted(self) -> tuple[str, int, date]:
        """What stands in the note; an older one has no day, and one that is missing is of none."""
        version, number, day = (*self._store.note(NOTE).split(" "), "", "")[:3]
        return version, int(number or 0), date.fromisoformat(day) if day else date.min

    def forget(self) -> None:
        """Others may have written since."""
        self._seen, self._matcher = None, None

    def differing(self) -> list[Drawing] | None:
        """What differs from what `follow` has drawn; None while it has something to look at, or others write."""
        here = self._head(), self._clock().date()
        version, noted, day = self._noted()
        touched = self._touched(*here, noted, day) if version == str(VERSION) else None
        if touched is None or may_touch_facts(self._store, touched):
            return None
        due = {item.id for item in items_of(self._store, touched)}
        items = (item for item in all_items(self._store) if item.id not in due and genuine(item))
        found = list(drawings(self._store, matcher_of(self._store), items, self._clock()))
        return found if self._head() == here[0] else None

    def _due(self, touched: frozenset[str] | None, *, every: bool) -> tuple[Matcher, Iterable[Node]]:
        """What to look at: what has come or changed since, or everything where that may mean something else now."""
        if self._matcher is None or every:
            self._matcher = matcher_of(self._store)
        return self._matcher, all_items(self._store) if every else items_of(self._store, touched or ())

    def _touched(self, journal: int, today: date, noted: int, day: date) -> frozenset[str] | None:
        """What has changed since the relationships were drawn; None where that cannot be told, or a decision ended."""
        since, looked = self._seen or (noted, day)
        if today > looked and any(
            decision.until and looked <= decision.until < today for decision in decisions_of(self._store).values()
        ):
            return None
        return touched_since(self._store, since, journal)

    def _write(self, writer: Writer, changes: Changes, parts: list[Part]) -> None:
        at = dict(self._positions())
        changes.expected = changes.positions = at
        self._store.transact(writer, lambda tx: tx.write(changes, parts))
