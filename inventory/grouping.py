"""What is obsolete, counted by group: each with the narrower question that opens it to its rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from graph.store import EVERY_ASSET, GraphReader, Selection
from inventory.matching import Matcher
from inventory.milestones import VERDICTS, Verdict
from inventory.obsolescence import NONE, Judged, Obsolescence, Question, judged_of, product_of, vendor_of
from inventory.products import letters, names_of
from inventory.scopes import SCOPES, Scoped, ScopeName, scoped
from inventory.things import Thing

Parting = Literal["vendor", "product", "part", "milestone", "confidence"]
By = Literal["kind", ScopeName, Parting]
BY: tuple[By, ...] = get_args(By)
OVERLAPPING = frozenset[By](SCOPES)
"""Groups of these share assets, so that their counts add up to more than the whole."""


@dataclass(frozen=True, slots=True)
class Group:
    """How many rows have which verdict; unknown is none of the others. `paid`: supported by a paid extension only.

    `name`: `-` for what is in no group. `id`: of the unit, location, application or service, "" for other groups.
    `question`: all of its rows, and no others, are what this finds. `opens`: the parameters that narrow the question
    asked to this one, where they stand instead of its own of the same name.
    """

    name: str
    id: str
    question: Question
    opens: Mapping[str, str]
    counts: Mapping[Verdict, int]
    paid: int

    @property
    def order(self) -> tuple[int, int, int, str, str]:
        """Most unsupported first, then most ending, then most unknown."""
        counts = self.counts
        return -counts["unsupported"], -counts["ending"], -counts["unknown"], self.name, self.id


def groups(
    reader: GraphReader, matcher: Matcher, answer: Obsolescence, by: By, within: Selection = EVERY_ASSET
) -> list[Group]:
    """The groups of what was judged that have any of it, worst first.

    `within`: of groups that overlap only those that this leaves whole, so that what opens them opens all that was
    counted. Raises StoreUnavailable.
    """
    match by:
        case "unit" | "location" | "application" | "service":
            found = _asked(reader, matcher, scoped(reader, answer.question, by, within))
        case "kind":
            found = _asked(reader, matcher, _of_kinds(reader, answer.question))
        case _:
            found = _parted(matcher, answer, by)
    return sorted((group for group in found if any(group.counts.values())), key=lambda group: group.order)


def _asked(reader: GraphReader, matcher: Matcher, scopes: Iterable[Scoped]) -> Iterator[Group]:
    return (group_of(scope, judged_of(reader, matcher, scope.question)) for scope in scopes)


def group_of(scope: Scoped, answer: Obsolescence) -> Group:
    """The group that a narrowed question is of, from its answer."""
    counts = {verdict: answer.count(verdict) for verdict in VERDICTS}
    return Group(scope.name, scope.id, scope.question, scope.opens, counts, sum(answer.paid.values()))


def _of_kinds(reader: GraphReader, question: Question) -> Iterator[Scoped]:
    for (kind,) in reader.tally((), question.selection):
        of_kind = replace(question.selection, kinds=frozenset({kind}))
        yield Scoped(kind, "", replace(question, selection=of_kind), {"kind": kind})


def _parted(matcher: Matcher, answer: Obsolescence, by: Parting) -> Iterator[Group]:
    """Groups by what is the same in all rows of a thing's judgement, made of the answer without asking again."""
    found: dict[object, list[Judged]] = {}
    for item in answer.judged:
        found.setdefault(_key(matcher, item, by), []).append(item)
    for items in found.values():
        scope = _opening(matcher, answer.question, items, by)
        counts = Counter[Verdict]()
        for item in items:
            counts[item.judgement.verdict] += item.assets
        paid = sum(item.assets for item in items if item.judgement.paid)
        yield Group(scope.name, "", scope.question, scope.opens, {name: counts[name] for name in VERDICTS}, paid)


def _key(matcher: Matcher, item: Judged, by: Parting) -> object:
    match by:
        case "vendor":
            return letters(vendor_of(matcher, item.thing))
        case "product":
            return product.name if (product := product_of(matcher, item.thing)) else ""
        case "part":
            return item.thing.part
        case "milestone":
            return item.judgement.milestone
        case "confidence":
            return item.thing.match.confidence


def _opening(matcher: Matcher, question: Question, items: Sequence[Judged], by: Parting) -> Scoped:
    """The question narrowed to the group of these, and how it is asked."""
    thing, milestone = items[0].thing, items[0].judgement.milestone
    sure = thing.match.confidence
    match by:
        case "vendor":
            name = _vendor(matcher, items)
            return Scoped(name, "", replace(question, vendors=frozenset({name})), {by: name})
        case "product":
            name, told = _product(matcher, thing)
            return Scoped(name, "", replace(question, products=frozenset({told})), {by: told})
        case "part":
            return Scoped(thing.part, "", replace(question, parts=frozenset({thing.part})), {by: thing.part})
        case "milestone":
            return Scoped(milestone, "", replace(question, milestones=frozenset({milestone})), {"counting": milestone})
        case "confidence":
            opens = {"confidence": str(sure), "confidence_to": str(sure)}
            return Scoped(str(sure), "", replace(question, confidence=sure, confidence_to=sure), opens)


def _vendor(matcher: Matcher, items: Iterable[Judged]) -> str:
    """The spelling that most have; any of them opens the group."""
    spelt = Counter[str]()
    for item in items:
        spelt[vendor_of(matcher, item.thing)] += item.assets
    name = min(spelt, key=lambda spelling: (-spelt[spelling], spelling))
    return name if letters(name) else NONE


def _product(matcher: Matcher, thing: Thing) -> tuple[str, str]:
    """Its label, and what is asked for: the label too, unless another product of the table may be called that."""
    product = product_of(matcher, thing)
    if product is None:
        return NONE, NONE
    wanted = letters(product.label)
    alike = (other for other in matcher.table.products.values() if wanted in names_of(other))
    return product.label, product.label if [other.name for other in alike] == [product.name] else product.name
