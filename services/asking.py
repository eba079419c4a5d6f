"""From what a person asks, on the command line or over the API, to the question of what is obsolete."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import reduce

from graph.metamodel import LANDSCAPE
from graph.model import Node
from graph.store import EVERY_ASSET, GraphReader, Selection
from inventory.grouping import By
from inventory.judging import Policy
from inventory.milestones import MILESTONES, VERDICTS, MilestoneName
from inventory.obsolescence import NONE, Question
from inventory.scopes import SCOPES, ScopeName, all_of, narrowed
from inventory.things import PARTS
from services.lookup import NotFound, find_one, find_sources


@dataclass(frozen=True)
class Asked:
    """What is asked, in a person's words; empty: any.

    `units`, `places`, `applications`, `services`: ids or names of these, `-` for what is in none. `milestones`: the
    milestone that counts, `security`, or that of one product, `debian=extended`. `counting`: rows for which one of
    these milestones counts.
    """

    on: date | None = None
    within_months: int = 12
    sources: Sequence[str] = ()
    kinds: Sequence[str] = ()
    units: Sequence[str] = ()
    places: Sequence[str] = ()
    applications: Sequence[str] = ()
    parts: Sequence[str] = ()
    verdicts: Sequence[str] = ("unsupported", "ending")
    products: Sequence[str] = ()
    vendors: Sequence[str] = ()
    milestones: Sequence[str] = ()
    confidence: float = 0.0
    confidence_to: float = 1.0
    services: Sequence[str] = ()
    counting: Sequence[str] = ()


def question_of(reader: GraphReader, asked: Asked, policy: Policy, as_of: datetime | None = None) -> Question:
    """The question. Raises NotFound, Ambiguous for what is not known."""
    return Question(
        on=asked.on or (as_of or datetime.now(UTC)).date(),
        within_months=asked.within_months,
        selection=selection_of(reader, asked),
        policy=policy_of(policy, asked.milestones),
        parts=frozenset(part for part in PARTS if part in known_of("part", asked.parts or PARTS, PARTS)),
        verdicts=frozenset(v for v in VERDICTS if v in known_of("verdict", asked.verdicts, VERDICTS)),
        products=frozenset(asked.products),
        vendors=frozenset(asked.vendors),
        milestones=frozenset(_milestones(asked.counting)),
        confidence=asked.confidence,
        confidence_to=asked.confidence_to,
    )


def policy_of(policy: Policy, milestones: Sequence[str]) -> Policy:
    """The configured policy with these milestones instead. Raises NotFound."""
    overall, by_product = policy.milestone, dict(policy.milestones)
    for told in milestones:
        product, _, name = told.rpartition("=")
        (found,) = _milestones([name])
        if product:
            by_product[product] = found
        else:
            overall = found
    return Policy(overall, by_product, policy.ages)


def _milestones(names: Sequence[str]) -> list[MilestoneName]:
    known_of("milestone", names, MILESTONES)
    return [name for name in MILESTONES if name in names]


def selection_of(reader: GraphReader, asked: Asked) -> Selection:
    """The assets that all of the conditions leave. Raises NotFound, Ambiguous."""
    found = Selection(
        kinds=frozenset(known_of("kind", asked.kinds, LANDSCAPE)),
        sources=find_sources(reader, asked.sources),
    )
    return reduce(narrowed, (scope_of(reader, asked, name) for name in SCOPES), found)


def scope_of(reader: GraphReader, asked: Asked, by: ScopeName) -> Selection:
    """What those units, locations, ... that are asked for leave. Raises NotFound, Ambiguous."""
    names, kinds = {
        "unit": (asked.units, {"OrganisationUnit"}),
        "location": (asked.places, {"Location"}),
        "application": (asked.applications, {"Application", "BusinessProcess", "CitizenService", "ExternalService"}),
        "service": (asked.services, {"CitizenService"}),
    }[by]
    if not names:
        return EVERY_ASSET
    ids = [_of(find_one(reader, name), kinds).id for name in names if name != NONE]
    found = frozenset[str]().union(*(SCOPES[by].of(reader, [node]) for node in ids))
    return Selection(without=all_of(reader, by) - found) if NONE in names else Selection(among=found)


def within_of(reader: GraphReader, asked: Asked, by: By) -> Selection:
    """Which groups of a kind can be opened by asking for them instead of those of that kind that are asked for."""
    return next((scope_of(reader, asked, name) for name in SCOPES if name == by), EVERY_ASSET)


def _of(node: Node, kinds: Collection[str]) -> Node:
    if node.kind not in kinds:
        raise NotFound(f"{node.name!r} is a {node.kind}, and no {' or '.join(sorted(kinds))}")
    return node


def known_of(what: str, given: Sequence[str], known: Collection[str]) -> Sequence[str]:
    if wrong := set(given) - set(known):
        raise NotFound(f"{what} {min(wrong)!r} is not known; known are {', '.join(sorted(known))}")
    return given
