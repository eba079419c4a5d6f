"""The chain from what was reported to the verdict: what each verdict about an asset rests on, step by step."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from graph.model import Node
from graph.store import GraphReader, Selection
from inventory.covers import covers_of
from inventory.lifecycle import Cycle, LifecycleTable
from inventory.lifecycle_records import end_property
from inventory.matching import Matcher
from inventory.milestones import MILESTONES, VERDICTS, MilestoneName, Verdict, milestone_text
from inventory.obsolescence import Judged, Question, obsolete, product_of
from inventory.things import Part

_RELATION = {"system": "HAS_OS", "program": "INSTALLED"}
_PROPERTIES: dict[Part, tuple[str, ...]] = {
    "hardware": ("model", "vendor", "purchase_date", "bios_date", "end_of_support", "warranty_end"),
    "firmware": ("firmware",),
    "database": ("engine", "version"),
    "application": ("name", "version", "end_of_support"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A milestone as one source says it; the first of its name counts. `snapshot`: the day of the source's table."""

    milestone: MilestoneName
    end: str
    source: str
    citation: str
    snapshot: date | None


@dataclass(frozen=True, slots=True)
class Chain:
    """What one verdict rests on.

    `records`: which report the string. `cycles`: one is what it was taken for, several are candidates, none: unknown.
    `said`: the milestones of a single cycle, by who says them. `milestone`: the one that counts; `because`: why.
    `covers`: contracts of the asset that pay for extended support, with what each does here.
    """

    part: Part
    reported: str
    records: tuple[str, ...]
    method: str
    matched_on: str
    confidence: float
    product: str
    cycles: tuple[str, ...]
    said: tuple[Said, ...]
    milestone: MilestoneName
    because: str
    covers: tuple[str, ...]
    verdict: Verdict
    end: str


def chains(reader: GraphReader, matcher: Matcher, question: Question, asset: Node) -> Iterator[Chain]:
    """Of all that the asset has and the question asks for, worst first. Raises StoreUnavailable."""
    asked = replace(question, selection=Selection(among=frozenset({asset.id})), verdicts=frozenset(VERDICTS))
    covers = covers_of(reader).get(asset.id, ())
    for item in obsolete(reader, matcher, asked).judged:
        cycles = item.thing.match.cycles
        product = product_of(matcher, item.thing)
        yield Chain(
            part=item.thing.part,
            reported=item.thing.reported,
            records=_records(reader, item, asset),
            method=item.thing.match.method,
            matched_on=item.thing.match.matched_on,
            confidence=item.thing.match.confidence,
            product=product.label if product else "",
            cycles=tuple(cycle.name for cycle in cycles if product),
            said=tuple(_said(reader, matcher.table, cycles[0])) if len(cycles) == 1 else (),
            milestone=item.judgement.milestone,
            because=_because(question, item, cycles[0].product if cycles else ""),
            covers=tuple(_cover(cover.name, item, ends=cover.end, on=question.on) for cover in covers),
            verdict=item.judgement.verdict,
            end=milestone_text(item.judgement.end) or "unknown",
        )


def _records(reader: GraphReader, item: Judged, asset: Node) -> tuple[str, ...]:
    """The records of the asset that say what was read."""
    if relation := _RELATION.get(item.thing.part):
        edges = reader.edges_of([asset.id], types=(relation,))
        found = {record for edge in edges if edge.key.target_id == item.thing.key for record in edge.claims}
    else:
        names = _PROPERTIES[item.thing.part]
        found = {claims[0].record for name in names if (claims := asset.claims.get(name))}
    return tuple(sorted(found))


def _said(reader: GraphReader, table: LifecycleTable, cycle: Cycle) -> Iterator[Said]:
    node = reader.node(cycle.id) if cycle.id else None
    for milestone in MILESTONES:
        if node is None or milestone == "warranty":
            if (end := getattr(cycle, milestone)) is not None:
                yield Said(milestone, milestone_text(end), "the asset" if not cycle.id else "", "", None)
            continue
        for claim in node.claims.get(end_property(milestone), ()):
            source = claim.record.partition("/")[0]
            cited = (other.value for other in node.claims.get("citation", ()) if other.record == claim.record)
            edition = table.editions.get(source)
            yield Said(milestone, str(claim.value), source, str(next(cited, "")), edition.as_of if edition else None)


def _because(question: Question, item: Judged, product: str) -> str:
    if item.judgement.paid or item.judgement.milestone == "extended" != question.policy.counts(product):
        return "a contract pays for extended support"
    return f"chosen for {product}" if product in question.policy.milestones else "chosen for all products"


def _cover(name: str, item: Judged, *, ends: date | None, on: date) -> str:
    if ends and on > ends:
        return f"{name}: ended on {ends}"
    return f"{name}: counts" if item.judgement.paid == name else f"{name}: changes nothing here"
