"""What a person decided of a match: that a reported string is this cycle, or that it is not that product.

A decision is a record of its own, of the source `matching`: it survives every collection and every newer table, and is
there for the past. It is about the string, as it is shown, whoever has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from events.models import Draft, Identifier, Properties, Section
from graph.model import Node, node_id
from inventory.lifecycle import LifecycleTable
from inventory.match import CERTAIN, Match
from inventory.milestones import day_of

MATCHING = "matching"
"""The source of decisions; no other may have the name."""
KIND = "MatchDecision"
CONFIRMED, REJECTED = "confirmed", "rejected"


@dataclass(frozen=True, slots=True)
class Decision:
    """`cycle`: "" is the whole product. `rejected`: it is not that product, whatever rules say. `until`: last day."""

    part: str
    reported: str
    product: str
    cycle: str
    rejected: bool
    reason: str
    author: str
    until: date | None = None

    @property
    def key(self) -> str:
        """The native key of its record: there is one decision of a string."""
        return f"{self.part}:{node_id(self.reported)}"

    def holds(self, on: date) -> bool:
        """Whether it is still to be followed on that day."""
        return self.until is None or on <= self.until


def draft_of(decision: Decision) -> Draft:
    """What is said of a decision."""
    what = "is not" if decision.rejected else "is"
    name = f"{decision.reported} {what} {decision.product} {decision.cycle}".strip()
    told = {
        "part": decision.part,
        "reported": decision.reported,
        "product": decision.product,
        "cycle": decision.cycle,
        "decision": REJECTED if decision.rejected else CONFIRMED,
        "reason": decision.reason,
        "author": decision.author,
        "until": decision.until.isoformat() if decision.until else "",
    }
    properties: Properties = {key: value for key, value in told.items() if value}
    identifiers = (Identifier(scheme="name", value=decision.key),)
    section = Section(name=name[:512], identifiers=identifiers, properties=properties)
    return Draft(native_key=decision.key, kind=KIND, sections={"core": section})


def decision_of(node: Node) -> Decision:
    """From its node."""
    text = {name: str(value) for name, value in node.properties.items()}
    return Decision(
        text.get("part", ""),
        text.get("reported", ""),
        text.get("product", ""),
        text.get("cycle", ""),
        text.get("decision") == REJECTED,
        text.get("reason", ""),
        text.get("author", ""),
        day_of(text.get("until", "")),
    )


Decisions = Mapping[tuple[str, str], Decision]
"""By part and reported string."""


def decided(table: LifecycleTable, decisions: Decisions, part: str, reported: str, match: Match, on: date) -> Match:
    """The match that a person confirmed, or none where it was rejected; else the one that rules made."""
    decision = decisions.get((part, reported))
    if decision is None or not decision.holds(on) or match.inherits:
        return match
    by = f"{decision.author}: {decision.reason}"
    if decision.rejected:
        hit = any(cycle.product == decision.product for cycle in match.cycles)
        return Match(f"rejected by {by}", matched_on=match.matched_on) if hit else match
    product = table.products.get(decision.product)
    cycles = tuple(cycle for cycle in product.cycles if cycle.name == decision.cycle) if product else ()
    if not cycles:
        return replace(match, method=f"{match.method}; {decision.product} {decision.cycle}, confirmed by {by}, is gone")
    return Match(f"confirmed by {by}", cycles, confidence=CERTAIN, matched_on=reported)
