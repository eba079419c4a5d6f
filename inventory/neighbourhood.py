"""The records around a batch: who holds which identifier before and after it, and how far its effect can reach."""

from collections.abc import Collection, Iterable, Mapping

from graph.model import Holders, RecordRow
from graph.transaction import Transaction
from inventory.identity import COMMON, Claimant, usable


class Neighbourhood:
    """Live holders of identifiers, before the batch as the store has them and after it.

    `before` and `after`: for each record of the batch the identifiers it held and will hold. What it is not asked, it
    does not read.
    """

    def __init__(
        self, tx: Transaction, before: Mapping[str, frozenset[str]], after: Mapping[str, frozenset[str]]
    ) -> None:
        self._tx = tx
        self._before, self._after = before, after
        self._limit = COMMON + len(before.keys() | after.keys())  # so that one falling back to COMMON is known in full
        self._stored: dict[str, Holders] = {}
        self._held: dict[str, frozenset[str]] = {}
        self._gone, self._come = _inverted(before), _inverted(after)
        self.rows: dict[str, RecordRow] = {}

    def load(self, identifiers: Iterable[str]) -> None:
        """Read the holders of these, in one question."""
        missing = set(identifiers) - self._stored.keys()
        if missing:
            found = self._tx.holders(missing, self._limit)
            self._stored.update({key: found.get(key, Holders(0, frozenset())) for key in missing})

    def load_rows(self, records: Iterable[str]) -> None:
        """Read the rows of these records as they stood before the batch, in one question."""
        missing = set(records) - self.rows.keys()
        if missing:
            self.rows.update(self._tx.records(missing))

    def before(self, identifier: str) -> Holders:
        """Holders before the batch; their keys where they are few enough to matter."""
        return _bounded(self._stored[identifier])

    def after(self, identifier: str) -> Holders:
        """Holders after the batch; their keys where they are few enough to matter."""
        stored = self._stored[identifier]
        gone, come = self._gone.get(identifier, frozenset()), self._come.get(identifier, frozenset())
        count = stored.count - len(gone) + len(come)
        return _bounded(Holders(count, (stored.records - gone) | come))

    def holders_after(self, identifiers: Collection[str]) -> dict[str, Holders]:
        """Holders of these after the batch."""
        self.load(identifiers)
        return {identifier: self.after(identifier) for identifier in identifiers}

    def held_before(self, record: str) -> frozenset[str]:
        """What a record of the batch held before it."""
        return self._before.get(record, frozenset())

    def usable_before(self, identifier: str) -> bool:
        return usable(identifier, self.before(identifier))

    def usable_after(self, identifier: str) -> bool:
        return usable(identifier, self.after(identifier))

    def reach(self) -> dict[str, Claimant]:
        """All live records whose asset the batch can change: closed over identifiers usable after it.

        It starts from the batch's own records and from the holders of their old and new identifiers that were or
        become usable: taking a name away can part others as much as giving one can join them.
        """
        named = {identifier for held in (*self._before.values(), *self._after.values()) for identifier in held}
        self.load(named)
        seeds = {
            r for i in named if self.usable_before(i) for r in self.before(i).records - self._gone.get(i, frozenset())
        }
        seeds |= {r for i in named if self.usable_after(i) for r in self.after(i).records}
        return self._close(seeds | set(self._after))

    def _close(self, seeds: Collection[str]) -> dict[str, Claimant]:
        found: dict[str, Claimant] = {}
        frontier = {record for record in seeds if record in self._after or record not in self._before}
        while frontier:
            held = self.identifiers(frontier)
            found.update({r: Claimant(r, r.split("/", 1)[0], held[r]) for r in frontier})
            around = {identifier for record in frontier for identifier in held[record]}
            self.load(around)
            frontier = {r for i in around if self.usable_after(i) for r in self.after(i).records} - found.keys()
        return found

    def identifiers(self, records: Collection[str]) -> dict[str, frozenset[str]]:
        """What each record holds after the batch."""
        known = {record: self._after[record] for record in records if record in self._after}
        others = [record for record in records if record not in self._after]
        missing = [record for record in others if record not in self._held]
        if missing:
            found = self._tx.identifiers(missing)
            self._held.update({record: found.get(record, frozenset()) for record in missing})
        return known | {record: self._held[record] for record in others}


def _bounded(holders: Holders) -> Holders:
    return holders if holders.count <= COMMON else Holders(holders.count, frozenset())


def _inverted(held: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    result: dict[str, set[str]] = {}
    for record, identifiers in held.items():
        for identifier in identifiers:
            result.setdefault(identifier, set()).add(record)
    return {identifier: frozenset(records) for identifier, records in result.items()}
