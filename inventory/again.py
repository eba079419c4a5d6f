"""The graph looked at once more: after the rules changed, or because somebody asks. Only differences are written.

Each `apply` takes the next page, in a transaction of its own, and notes how far it came, so that it can go on later.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from events.models import CURATION
from graph.model import Changes, Part, Positions
from graph.store import Transaction
from inventory.clusters import Regrouped
from inventory.difference import Difference, put_records
from inventory.fold import Folded
from inventory.journal import write_journal
from inventory.merge import RULES

CAUSE = "rebuild"
NOTE, RULES_NOTE = "rebuild", "rules"
PAGE = 100


class RulesTooNew(Exception):
    """The graph was made by newer rules than this program has; it must not write."""


def check_rules(noted: str) -> bool:
    """Whether the graph was made by this version's rules; False for older ones. Raises RulesTooNew."""
    if noted and int(noted) > RULES:
        raise RulesTooNew(
            f"the graph was made by a newer version of landkarte (rules {noted}, this one has {RULES}): "
            "update landkarte; nothing was written"
        )
    return noted == str(RULES)


class Again:
    """Every live record is resolved, merged and drawn anew from what is stored; then assets nobody describes go."""

    def __init__(self, log: str, positions: Positions, now: datetime, after: str = "") -> None:
        self._log, self._positions, self._now = log, positions, now
        self._part, _, self._after = after.partition(" ")

    def apply(self, tx: Transaction) -> bool:
        """Do the next page; True when all is done. May run again after a conflict: it moves on only once it is kept."""
        changes = Changes(self._log, self._positions, self._positions)
        step = self._assets if self._part == "assets" else self._records
        last, parts = step(tx, changes)
        following = f"{self._part or 'records'} {last}" if last else "" if self._part == "assets" else "assets "
        changes.notes[NOTE] = following
        if not following:
            changes.notes[RULES_NOTE] = str(RULES)
        tx.write(changes, parts)
        self._next = following
        return not following

    def move_on(self) -> None:
        """The transaction is durable; the next page comes."""
        self._part, _, self._after = self._next.partition(" ")

    def _records(self, tx: Transaction, changes: Changes) -> tuple[str, Iterable[Part]]:
        keys = tx.live_records(self._after, PAGE)
        rows = tx.records([key for key in keys if not key.startswith(f"{CURATION}/")])
        folded = {key: Folded(row, row, causes=(CAUSE,), again=True) for key, row in rows.items()}
        difference = Difference(tx, changes, folded, folded, self._now)
        put_records(changes, folded, difference.find())
        return keys[-1] if len(keys) == PAGE else "", difference.assets()

    def _assets(self, tx: Transaction, changes: Changes) -> tuple[str, Iterable[Part]]:
        """Retire what no live record describes: something else has written to the graph."""
        ids = tx.asset_ids(self._after, PAGE)
        alone = tx.nodes(set(ids) - tx.members(ids).keys())
        stray = {i: node for i, node in alone.items() if node.kind != "Endpoint"}
        edges = tx.catalogue_edges(stray.keys())
        changes.nodes = {i: replace(node, retired_at=self._now, sources=()) for i, node in stray.items()}
        changes.erased = set(edges)
        write_journal(changes, changes, stray, edges, Regrouped(causes={i: {CAUSE} for i in stray}))
        return ids[-1] if len(ids) == PAGE else "", ()
