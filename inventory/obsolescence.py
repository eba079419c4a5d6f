"""What is obsolete: systems and programs by their products' cycles, with unknown kept apart from both other answers."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from graph.metamodel import COMPUTERS
from graph.model import Node
from graph.store import GraphReader
from inventory.lifecycle import VERDICTS, Cycle, Product, Verdict
from inventory.matching import Match, Matcher

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that an asset has and its verdict. `end`: the last day of security support, None where no day is known.

    `extended`: the last day of extended, often paid, support, where it is later. `cycles`: several where the string
    could mean any of these.
    """

    verdict: Verdict
    end: date | None
    asset: str
    asset_id: str
    kind: str
    part: str
    reported: str
    product: str
    cycles: tuple[str, ...]
    extended: date | None
    method: str
    source: str


@dataclass(slots=True)
class Obsolescence:
    """The answer: rows, worst first, and what they were found among.

    `systems` and `programs` count installations by verdict; `inherited` are packages that follow their distribution and
    are judged with it. `computers`: how many there are; `with_system`: of how many the system is reported.
    `as_of`: when each source was last heard of. `snapshot`: the day of the lifecycle table.
    """

    on: date
    within_months: int
    snapshot: date
    rows: list[Row] = field(default_factory=list)
    systems: Counter[str] = field(default_factory=Counter)
    programs: Counter[str] = field(default_factory=Counter)
    inherited: int = 0
    computers: int = 0
    with_system: int = 0
    as_of: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: on which day, ending within how many months, of assets of these sources and kinds (empty: all)."""

    on: date
    within_months: int = 12
    sources: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    verdicts: frozenset[Verdict] = frozenset({"unsupported", "ending"})

    def asks_for(self, asset: Node) -> bool:
        return (not self.sources or not self.sources.isdisjoint(asset.sources)) and (
            not self.kinds or asset.kind in self.kinds
        )


def obsolete(reader: GraphReader, matcher: Matcher, question: Question) -> Obsolescence:
    """Judge every system and program of the assets asked for. Each distinct string is matched once."""
    answer = Obsolescence(question.on, question.within_months, matcher.table.snapshot)
    _judge(reader, matcher, question, answer, "system")
    _judge(reader, matcher, question, answer, "program")
    answer.rows.sort(key=_order)
    answer.computers = sum(1 for _ in _computers(reader, question))
    seen = reader.status().last_seen
    answer.as_of = {name: at for name, at in seen.items() if not question.sources or name in question.sources}
    return answer


def _judge(reader: GraphReader, matcher: Matcher, question: Question, answer: Obsolescence, part: str) -> None:
    kind, relation = ("OperatingSystem", "HAS_OS") if part == "system" else ("Software", "INSTALLED")
    match = matcher.system if part == "system" else matcher.software
    counts = answer.systems if part == "system" else answer.programs
    for page in _pages(reader.catalogue(kind)):
        items = {item.id: (item, match(item.properties)) for item in page}
        for item_id, asset in reader.havers(relation, items.keys()):
            item, found = items[item_id]
            if not question.asks_for(asset):
                continue
            answer.with_system += part == "system" and asset.kind in COMPUTERS
            if found.inherits:
                answer.inherited += 1
                continue
            verdict = found.verdict(question.on, question.within_months)
            counts[verdict] += 1
            if verdict in question.verdicts:
                answer.rows.append(_row(matcher, question, part, asset, item, found, verdict))


def _row(
    matcher: Matcher, question: Question, part: str, asset: Node, item: Node, found: Match, verdict: Verdict
) -> Row:
    product = matcher.table.products[found.cycles[0].product] if found.cycles else None
    return Row(
        verdict=verdict,
        end=_last([cycle.security for cycle in found.cycles]),
        asset=asset.name,
        asset_id=asset.id,
        kind=asset.kind,
        part=part,
        reported=item.name,
        product=product.label if product else "",
        cycles=tuple(cycle.name for cycle in found.cycles),
        extended=_extended(found.cycles, question.on),
        method=found.method,
        source=_link(product),
    )


def _extended(cycles: Collection[Cycle], on: date) -> date | None:
    if len(cycles) != 1:
        return None
    (cycle,) = cycles
    later = isinstance(cycle.extended, date) and (
        not isinstance(cycle.security, date) or cycle.extended > cycle.security
    )
    return cycle.extended if later and isinstance(cycle.extended, date) and cycle.extended >= on else None


def _last(ends: Collection[object]) -> date | None:
    """Of several candidates the latest end: the least that is sure."""
    days = [end for end in ends if isinstance(end, date)]
    return max(days) if days and len(days) == len(ends) else None


def _link(product: Product | None) -> str:
    return product.link if product else ""


def _computers(reader: GraphReader, question: Question) -> Iterator[Node]:
    after, kinds = "", COMPUTERS & question.kinds if question.kinds else COMPUTERS
    while kinds:
        page = reader.assets(kinds=kinds, sources=question.sources, after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = f"{page[-1].name}\x00{page[-1].id}"


def _pages(items: Iterator[Node]) -> Iterator[list[Node]]:
    page: list[Node] = []
    for item in items:
        page.append(item)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _order(row: Row) -> tuple[int, date, str, str, str]:
    return VERDICTS.index(row.verdict), row.end or date.min, row.asset, row.reported, row.asset_id
