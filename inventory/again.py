"""The graph looked at once more: after the rules changed, or because somebody asks. Only differences are written.

Each `apply` takes the next page, in a transaction of its own, and notes how far it came, so that it can go on later.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from events.models import CURATION
from graph.metamodel import CATALOGUE_RELATIONS
from graph.model import Changes, EdgeKey, Node, Part, Positions
from graph.stray import Stray
from graph.transaction import Transaction
from inventory.clusters import Regrouped
from inventory.difference import Difference, put_records
from inventory.drawing import put_edges
from inventory.fold import Folded
from inventory.following import NOTE as FOLLOWED
from inventory.journal import write_journal
from inventory.merge import RULES, genuine

CAUSE = "rebuild"
NOTE, RULES_NOTE = "rebuild", "rules"
PAGE = 100
COUNTED = 5000
"""Identifiers counted in one transaction."""
EDGES = 500
"""Relationships looked at in one transaction."""
ITEMS = 1000
"""Catalogue nodes looked at in one transaction."""
FOLLOWING = {"records": "edges ", "edges": "assets ", "assets": "catalogue ", "catalogue": ""}
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
    that nobody describes, Endpoints to which nothing leads, and catalogue nodes that no record can have made. FOLLOWS
    is drawn anew by who draws it.

    `alien`: of the last page, catalogue nodes that no record can have made. `unjournaled`: what it set right, or took
    away, of which the journal tells nothing.
    """

    def __init__(self, log: str, positions: Positions, now: datetime, after: str = "") -> None:
        self._log, self._positions, self._now = log, positions, now
        self._steps = {
            "records": self._records, "edges": self._edges, "assets": self._assets, "catalogue": self._catalogue,
        }  # fmt: skip
        self.alien: dict[str, Node] = {}
        self.unjournaled: list[Stray] = []
        self._spoilt: dict[str, Node] = {}
        self._part, _, self._after = (after or "records ").partition(" ")

    def apply(self, tx: Transaction) -> bool:
        """Do the next page; True when all is done. May run again after a conflict: it moves on only once it is kept."""
        changes, parts, done = self.page(tx)
        tx.write(changes, parts)
        mended = {i: changes.mended[i] for i in self._spoilt.keys() & changes.mended.keys()}
        dropped = {i: self.alien[i] for i in changes.dropped}
        self.unjournaled = [
            *(_stray(self._spoilt[i], f"{item.kind} {item.name}") for i, item in mended.items()),
            *(_stray(item, "") for item in dropped.values()),
        ]
        return done

    def page(self, tx: Transaction) -> tuple[Changes, Iterable[Part], bool]:
        """What the next page differs by, not yet written, and whether it is the last. May be asked for again."""
        changes = Changes(self._log, self._positions, self._positions)
        self.alien, self._spoilt = {}, {}
        last, parts = self._steps[self._part](tx, changes)
        self._next = f"{self._part} {last}" if last else FOLLOWING[self._part]
        changes.notes[NOTE] = self._next
        if not self._next:
            changes.notes |= {RULES_NOTE: str(RULES), FOLLOWED: ""}
        return changes, parts, not self._next

    def move_on(self) -> None:
        """The transaction is durable; the next page comes."""
        self._part, _, self._after = self._next.partition(" ")

    def _records(self, tx: Transaction, changes: Changes) -> tuple[str, Iterable[Part]]:
        keys = tx.live_records(self._after, PAGE)
        rows = tx.records([key for key in keys if not key.startswith(f"{CURATION}/")])
        folded = {key: Folded(row, row, causes=(CAUSE,), again=True) for key, row in rows.items()}
        difference = Difference(tx, changes, folded, folded, self._now)
        put_records(changes, folded, difference.find())
        had = tx.items({key.target_id for key in difference.edges if key.type in CATALOGUE_RELATIONS})
        self._spoilt = {i: item for i, item in had.items() if not genuine(item)}
        difference.spoilt = self._spoilt.keys()
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
        """Those that no live record describes are retired, as ever; what no record ever described is no asset."""
        ids = tx.asset_ids(self._after, PAGE)
        alone = tx.nodes(set(ids) - tx.members(ids).keys())
        unfounded = alone.keys() - tx.founded(alone.keys()).keys()
        endpoints = {i for i in unfounded if alone[i].kind == "Endpoint"}
        changes.removed = unfounded - (tx.related(endpoints) & endpoints)
        retired = {i: _retired(alone[i], self._now) for i in alone.keys() - unfounded}
        edges = tx.catalogue_edges(alone.keys())
        changes.nodes = {i: node for i, node in retired.items() if node != alone[i]}
        changes.erased = set(edges)
        write_journal(changes, changes, alone, edges, Regrouped(causes={i: {CAUSE} for i in alone}))
        return ids[-1] if len(ids) == PAGE else "", ()

    def _catalogue(self, tx: Transaction, changes: Changes) -> tuple[str, Iterable[Part]]:
        """What follows from no record, and nobody has."""
        ids = tx.item_ids(self._after, ITEMS)
        self.alien = {i: item for i, item in tx.items(ids).items() if not genuine(item)}
        changes.dropped = self.alien.keys() - tx.had(self.alien.keys())
        return ids[-1] if len(ids) == ITEMS else "", ()


def _stray(item: Node, wanted: str) -> Stray:
    return Stray("", "catalogue node", f"{item.kind} {item.name}", wanted, item.id, item.kind, item.name)


def _retired(node: Node, now: datetime) -> Node:
    """As its last records left it, of which its claims tell."""
    values = {name: many[0].value for name, many in node.claims.items() if many}
    return replace(
        node,
        kind=str(values.pop("kind", node.kind)),
        name=str(values.pop("name", node.name)),
        properties=values if node.claims else node.properties,
        retired_at=node.retired_at or now,
        sources=(),
    )
