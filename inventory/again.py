"""The graph looked at once more: after the rules changed, or because somebody asks. Only differences are written.

Each `apply` takes the next page, in a transaction of its own, and notes how far it came, so that it can go on later.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from events.models import CURATION
from graph.model import Changes, EdgeKey, Part, Positions
from graph.transaction import Transaction
from inventory.clusters import Regrouped
from inventory.difference import Difference, put_records
from inventory.drawing import put_edges
from inventory.fold import Folded
from inventory.journal import write_journal
from inventory.merge import RULES

CAUSE = "rebuild"
NOTE, RULES_NOTE = "rebuild", "rules"
PAGE = 100
COUNTED = 5000
"""Identifiers counted in one transaction."""
EDGES = 500
"""Relationships looked at in one transaction."""
FOLLOWING = {"records": "edges ", "edges": "assets ", "assets": ""}
"""What comes after each part of the work."""


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


def recount(tx: Transaction, *, after: str) -> str | None:
    """Count anew who holds and refers to the next identifiers behind that key; the last one's, None at the end."""
    return tx.recount(after, COUNTED) or None


class Again:
    """Every live record is resolved, merged and drawn anew from what is stored.

    Then what somebody else has written into the graph goes: relationships between assets that no record claims, assets
    that nobody describes, and Endpoints to which nothing leads.
    """

    def __init__(self, log: str, positions: Positions, now: datetime, after: str = "") -> None:
        self._log, self._positions, self._now = log, positions, now
        self._steps = {"records": self._records, "edges": self._edges, "assets": self._assets}
        self._part, _, self._after = (after or "records ").partition(" ")

    def apply(self, tx: Transaction) -> bool:
        """Do the next page; True when all is done. May run again after a conflict: it moves on only once it is kept."""
        changes = Changes(self._log, self._positions, self._positions)
        last, parts = self._steps[self._part](tx, changes)
        following = f"{self._part} {last}" if last else FOLLOWING[self._part]
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

    def _edges(self, tx: Transaction, changes: Changes) -> tuple[str, Iterable[Part]]:
        """A record claims what was drawn for one of its references."""
        page = tx.asset_edges(EdgeKey(*json.loads(self._after or '["", "", ""]')), EDGES)
        claimants = {record for edge in page for record in edge.claims}
        drawn = {(record, row.drawn) for record, rows in tx.references(claimants).items() for row in rows}
        said = {edge.key: {r: told for r, told in edge.claims.items() if (r, edge.key) in drawn} for edge in page}
        stored = {edge.key: edge for edge in page}
        changes.erased |= put_edges(changes, stored, said, tx.records(claimants))
        starts = {key.source_id for key in (*changes.edges, *changes.erased)}
        write_journal(changes, changes, tx.nodes(starts), stored, Regrouped(causes={i: {CAUSE} for i in starts}))
        return json.dumps(page[-1].key) if len(page) == EDGES else "", ()

    def _assets(self, tx: Transaction, changes: Changes) -> tuple[str, Iterable[Part]]:
        """Those that no live record describes are retired, as ever; an Endpoint has no history to keep."""
        ids = tx.asset_ids(self._after, PAGE)
        alone = tx.nodes(set(ids) - tx.members(ids).keys())
        endpoints = {i for i, node in alone.items() if node.kind == "Endpoint"}
        changes.removed = endpoints - tx.related(endpoints)
        stray = {i: node for i, node in alone.items() if i not in endpoints or i in changes.removed}
        edges = tx.catalogue_edges(stray.keys())
        retired = {i: replace(node, retired_at=self._now, sources=()) for i, node in stray.items()}
        changes.nodes = {i: node for i, node in retired.items() if i not in changes.removed}
        changes.erased = set(edges)
        write_journal(changes, changes, stray, edges, Regrouped(causes={i: {CAUSE} for i in stray}))
        return ids[-1] if len(ids) == PAGE else "", ()
