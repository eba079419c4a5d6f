"""A judgement as properties of a component: the official names of CycloneDX where they fit, ours for all else. Pure.

The official names (https://github.com/CycloneDX/cyclonedx-property-taxonomy, `cdx:lifecycle`) are of days, and say
nothing of how sure these are. So they stand only where the verdict is known and rests on one cycle: a reader who knows
them alone never takes what is unknown for supported. `endOfSupport` is the day that the verdict rests on, with which
the risk goes over to the city: of extended support only where it counts. What an age suggests is nobody's
announcement, and has no official name.
"""

from collections.abc import Iterator
from datetime import date

from inventory.evidence import Evidence
from inventory.lifecycle import Cycle, LifecycleTable
from inventory.milestones import Milestone, milestone_text
from inventory.obsolescence import Judged

LIFECYCLE = "landkarte:lifecycle"
MILESTONE = "cdx:lifecycle:milestone"
OWN_DATE = "end_of_support"
_SUPPORT = frozenset({"security", "extended", "maintenance"})
"""Milestones that end support; the others end sale, active development or a warranty."""


def verdict_of(
    item: Judged, evidence: Evidence, table: LifecycleTable, on: date, prefix: str = LIFECYCLE
) -> list[tuple[str, str]]:
    """What is judged on that day, and what it rests on; `end` is a day, ended, open or unknown."""
    match, said = item.thing.match, item.judgement
    product = table.products.get(match.cycles[0].product) if match.cycles else None
    told = {
        "verdict": said.verdict,
        "milestone": said.milestone,
        "end": milestone_text(said.end) or "unknown",
        "paid": said.paid,
        "product": product.label if product else "",
        "cycle": ", ".join(("<" if match.inferred else "") + cycle.name for cycle in match.cycles if product),
        "method": match.method,
        "confidence": f"{match.confidence:g}",
        "source": evidence.source,
        "citation": evidence.citation,
        "snapshot": evidence.snapshot.isoformat() if evidence.snapshot else "",
        "on": on.isoformat(),
    }
    return [(f"{prefix}:{name}", value) for name, value in told.items() if value]


def inherited(method: str) -> list[tuple[str, str]]:
    """A package of a distribution has no lifecycle of its own, and no verdict: that of the asset's system counts."""
    return [(f"{LIFECYCLE}:judged_with", "operating-system"), (f"{LIFECYCLE}:method", method)]


def not_judged(on: date) -> list[tuple[str, str]]:
    """What came into the graph after the question was asked."""
    told = {"verdict": "unknown", "end": "unknown", "method": "came after this was judged", "on": on.isoformat()}
    return [(f"{LIFECYCLE}:{name}", value) for name, value in told.items()]


def official(item: Judged) -> list[tuple[str, str]]:
    """The days that have an official name; none where it is not sure that they are this thing's."""
    match = item.thing.match
    if item.judgement.verdict == "unknown" or len(match.cycles) != 1 or match.inferred:
        return []
    if not match.cycles[0].product and match.matched_on != OWN_DATE:
        return []
    return [(f"{MILESTONE}:{name}", day.isoformat()) for name, day in _days(item, match.cycles[0])]


def _days(item: Judged, cycle: Cycle) -> Iterator[tuple[str, date]]:
    guaranteed = cycle.end("security")
    ends: dict[str, Milestone] = {
        "endOfSupport": item.judgement.end if item.judgement.milestone in _SUPPORT else guaranteed,
        "endOfGuaranteedSupport": guaranteed,
        "endOfLife": cycle.sale,
    }
    return ((name, end) for name, end in ends.items() if isinstance(end, date))
