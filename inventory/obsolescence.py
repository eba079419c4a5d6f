"""What is obsolete: what assets have, by the lifecycles of products; unknown is kept apart from both other answers."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from events.models import CURATION
from graph.metamodel import COMPUTERS
from graph.model import Node
from graph.store import GraphReader, Selection
from inventory.covers import covers_of
from inventory.decisions import MATCHING
from inventory.judging import Cover, Judgement, Policy, judgement
from inventory.lifecycle import Edition, Product
from inventory.matching import Matcher
from inventory.milestones import VERDICTS, MilestoneName, Verdict, milestone_text
from inventory.products import letters, names_of
from inventory.things import PARTS, Part, Thing, things

LATEST = "9999-12-31"
NONE = "-"
"""Stands for a product, or a vendor, that is not known."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: on which day, ending within how many months, of which assets, of which parts of these.

    `verdicts`: of the rows; the totals count all. `products`, `vendors`: in any spelling, `-` for none known;
    `milestones`: that count; `confidence`: at least, and at most `confidence_to`. Empty: any.
    """

    on: date
    within_months: int = 12
    selection: Selection = field(default_factory=Selection)
    policy: Policy = field(default_factory=Policy)
    parts: frozenset[Part] = frozenset(PARTS)
    verdicts: frozenset[Verdict] = frozenset({"unsupported", "ending"})
    products: frozenset[str] = frozenset()
    vendors: frozenset[str] = frozenset()
    milestones: frozenset[MilestoneName] = frozenset()
    confidence: float = 0.0
    confidence_to: float = 1.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A thing and its judgement for some of the assets that have it: those of `selection`, `assets` in number."""

    thing: Thing
    judgement: Judgement
    selection: Selection
    assets: int

    @property
    def order(self) -> tuple[int, str, str, str, str]:
        """Unsupported first, longest past first, none known before all; then by what was reported."""
        end = milestone_text(self.judgement.end)
        day = {"": "", "ended": "", "open": LATEST}.get(end, end)
        thing, paid = self.thing, self.judgement.paid
        return VERDICTS.index(self.judgement.verdict), day, thing.reported, thing.key, f"{thing.part} {paid}"

    def page(self, reader: GraphReader, after: str, limit: int) -> list[Node]:
        """Its assets, in order of (name, id), behind that cursor."""
        return self.thing.having.page(reader, self.selection, after, limit)

    def all(self, reader: GraphReader) -> Iterator[Node]:
        """All of its assets, in that order."""
        return self.thing.all(reader, self.selection)


@dataclass(slots=True)
class Obsolescence:
    """The answer: what was judged, in order of `Judged.order`, and what that was found among.

    `totals`: how many of each part have which verdict. `paid`: how many of these are supported only because extended
    support is paid for. `inherited`: packages that follow their distribution and are judged with it, so that they are
    in no total. `computers`: how many there are; `with_system`: of how many the system is reported. `as_of`: when each
    source was last heard of. `editions`: the lifecycle tables, by source.
    """

    question: Question
    editions: Mapping[str, Edition]
    judged: list[Judged] = field(default_factory=list)
    totals: Counter[tuple[Part, Verdict]] = field(default_factory=Counter)
    paid: Counter[Part] = field(default_factory=Counter)
    inherited: int = 0
    computers: int = 0
    with_system: int = 0
    as_of: dict[str, datetime] = field(default_factory=dict)

    @property
    def shown(self) -> list[Judged]:
        """What the rows are of."""
        return [item for item in self.judged if item.judgement.verdict in self.question.verdicts]

    def count(self, verdict: Verdict, parts: Collection[Part] = PARTS) -> int:
        """How many of these parts have the verdict."""
        return sum(self.totals[(part, verdict)] for part in parts)


def obsolete(reader: GraphReader, matcher: Matcher, question: Question) -> Obsolescence:
    """Judge all that the assets asked for have. Each distinct thing is matched once.

    Memory is bounded by the distinct things. Raises StoreUnavailable.
    """
    answer = judged_of(reader, matcher, question)
    answer.computers, answer.with_system = _coverage(reader, question.selection)
    answer.as_of = _as_of(reader, question.selection)
    return answer


def judged_of(reader: GraphReader, matcher: Matcher, question: Question) -> Obsolescence:
    """As `obsolete`, without its coverage, and without when sources were heard of. Raises StoreUnavailable."""
    answer = Obsolescence(question, matcher.table.editions)
    for item in _judged(reader, matcher, question):
        if item.thing.match.inherits:
            answer.inherited += item.assets
        elif _asked_for(question, matcher, item):
            answer.judged.append(item)
            answer.totals[(item.thing.part, item.judgement.verdict)] += item.assets
            answer.paid[item.thing.part] += item.assets if item.judgement.paid else 0
    answer.judged.sort(key=lambda item: item.order)
    return answer


def _judged(reader: GraphReader, matcher: Matcher, question: Question) -> Iterator[Judged]:
    covers = covers_of(reader)
    among = question.selection.among
    covered = frozenset(covers) if among is None else covers.keys() & among
    paid_for = replace(question.selection, among=frozenset(covered))
    there = frozenset(thing.key for thing in _things(reader, matcher, question, paid_for)) if covered else frozenset()
    for thing in _things(reader, matcher, question, question.selection):
        own = judgement(thing.match, question.policy, question.on, question.within_months)
        apart = _apart(reader, matcher, question, thing, own, paid_for, covers) if thing.key in there else {}
        others = frozenset(asset for assets in apart.values() for asset in assets)
        for paid, assets in apart.items():
            yield Judged(thing, paid, replace(question.selection, among=assets), len(assets))
        if (rest := thing.assets - len(others)) > 0:  # the graph may move on meanwhile
            yield Judged(thing, own, _without(question.selection, others), rest)


def _without(selection: Selection, others: frozenset[str]) -> Selection:
    return replace(selection, without=selection.without | others) if others else selection


def _things(reader: GraphReader, matcher: Matcher, question: Question, selection: Selection) -> Iterator[Thing]:
    return things(reader, matcher, question.policy, selection, question.parts, question.on)


def _apart(
    reader: GraphReader,
    matcher: Matcher,
    question: Question,
    thing: Thing,
    own: Judgement,
    paid_for: Selection,
    covers: Mapping[str, tuple[Cover, ...]],
) -> dict[Judgement, frozenset[str]]:
    """The assets of which a contract makes another judgement of this thing, by judgement."""
    if all(cycle.extended is None for cycle in thing.match.cycles):
        return {}
    names = _names(matcher, thing)
    found: dict[Judgement, set[str]] = {}
    for asset in thing.all(reader, paid_for):
        paying = [cover for cover in covers[asset.id] if cover.pays_for(names, question.on)]
        paid = judgement(thing.match, question.policy, question.on, question.within_months, paying)
        if paid != own:
            found.setdefault(paid, set()).add(asset.id)
    return {paid: frozenset(assets) for paid, assets in found.items()}


def _names(matcher: Matcher, thing: Thing) -> frozenset[str]:
    """What a person may call the thing's product, in plain letters."""
    product = product_of(matcher, thing)
    return names_of(product) if product else frozenset()


def product_of(matcher: Matcher, thing: Thing) -> Product | None:
    """The table's product that the thing is; None where none is known."""
    return matcher.table.products.get(thing.match.cycles[0].product) if thing.match.cycles else None


def _asked_for(question: Question, matcher: Matcher, item: Judged) -> bool:
    match, wanted = item.thing.match, question.products
    return (
        (not wanted or _is_product(matcher, item.thing, wanted))
        and (not question.vendors or _is_vendor(matcher, item.thing, question.vendors))
        and (not question.milestones or item.judgement.milestone in question.milestones)
        and question.confidence <= match.confidence <= question.confidence_to
    )


def _is_product(matcher: Matcher, thing: Thing, wanted: Collection[str]) -> bool:
    names = _names(matcher, thing)
    return not names.isdisjoint(map(letters, wanted)) if names else NONE in wanted


def _is_vendor(matcher: Matcher, thing: Thing, wanted: Collection[str]) -> bool:
    told = letters(vendor_of(matcher, thing))
    return told in set(map(letters, wanted)) if told else NONE in wanted


def vendor_of(matcher: Matcher, thing: Thing) -> str:
    """Who makes the thing, as reported, or as the table says."""
    product = product_of(matcher, thing)
    return thing.vendor or (product.vendor if product else "")


def _coverage(reader: GraphReader, selection: Selection) -> tuple[int, int]:
    """How many computers there are, and of how many the system is reported; an asset has one at most."""
    kinds = COMPUTERS & selection.kinds if selection.kinds else COMPUTERS
    if not kinds:
        return 0, 0
    asked = replace(selection, kinds=kinds)
    return sum(reader.tally((), asked).values()), sum(reader.spread("HAS_OS", asked).values())


def _as_of(reader: GraphReader, selection: Selection) -> dict[str, datetime]:
    seen = reader.status().last_seen
    wanted = selection.sources or seen.keys() - {CURATION, MATCHING}  # a person's word does not grow old
    return {name: at for name, at in sorted(seen.items()) if name in wanted}
