"""What is obsolete: systems and programs by their products' cycles, with unknown kept apart from both other answers."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, overload

from events.models import CURATION
from graph.metamodel import COMPUTERS
from graph.model import Node
from graph.store import GraphReader
from inventory.lifecycle import VERDICTS, MilestoneName, Product, Verdict
from inventory.matching import Match, Matcher

PAGE = 1000
Part = Literal["system", "program"]
_KIND_AND_RELATION = {"system": ("OperatingSystem", "HAS_OS"), "program": ("Software", "INSTALLED")}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: on which day, ending within how many months, of assets of these sources and kinds (empty: all).

    `milestone`: the end that counts; `extended` for a city that pays for extended support. `verdicts`: of the rows; the
    totals count all.
    """

    on: date
    within_months: int = 12
    sources: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    verdicts: frozenset[Verdict] = frozenset({"unsupported", "ending"})
    milestone: MilestoneName = "security"

    def asks_for(self, asset: Node) -> bool:
        return (not self.sources or not self.sources.isdisjoint(asset.sources)) and (
            not self.kinds or asset.kind in self.kinds
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that an asset has and its verdict. `end`: the last supported day, None where no day is known.

    `extended`: the last day of extended, often paid, support, where it is still to come. `cycles`: several where the
    string could mean any of these; `<9` is older than cycle 9, the oldest known. `cursor`: where the next page begins.
    """

    verdict: Verdict
    end: date | None
    asset: str
    asset_id: str
    kind: str
    part: Part
    reported: str
    product: str
    cycles: tuple[str, ...]
    extended: date | None
    method: str
    source: str
    cursor: str


@dataclass(frozen=True, slots=True)
class _Judged:
    """A catalogue node with what it was taken for; its rows are the `assets` (how many) that have it."""

    item: Node
    part: Part
    match: Match
    verdict: Verdict
    end: date | None
    assets: int = 0

    @property
    def order(self) -> tuple[int, str, str, str]:
        end = self.end.isoformat() if self.end else ""
        return VERDICTS.index(self.verdict), end, self.item.name, self.item.id


class Rows(Sequence[Row]):
    """The answer's rows, read from the graph as they are asked for: one distinct item's assets are in memory at a time.

    In order of verdict (unsupported first), end (longest past first; none known before all), what was reported, asset's
    name and id. The length is of when the question was asked; each walk sees the graph as it is then.
    """

    def __init__(self, reader: GraphReader, matcher: Matcher, question: Question, judged: list[_Judged]) -> None:
        self._reader = reader
        self._products = matcher.table.products
        self._question = question
        self._judged = sorted(judged, key=lambda item: item.order)

    def __len__(self) -> int:
        return sum(item.assets for item in self._judged)

    def __iter__(self) -> Iterator[Row]:
        return self.after("")

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, int):
            return self[:][index]
        start, stop, step = index.indices(len(self))
        return list(self._from(start, stop))[::step] if step > 0 else list(self)[index]

    def _from(self, start: int, stop: int) -> Iterator[Row]:
        """The rows of these numbers; items before them are not read."""
        for judged in self._judged:
            if start < judged.assets and stop > 0:
                yield from (self._row(judged, asset) for asset in self._assets(judged)[max(start, 0) : stop])
            start, stop = start - judged.assets, stop - judged.assets

    def after(self, cursor: str) -> Iterator[Row]:
        """The rows behind that one; all for an empty cursor. Raises ValueError for a text that is no cursor."""
        order, asset = _read_cursor(cursor)
        for judged in self._judged:
            if judged.order >= order:
                passed = asset if judged.order == order else ("", "")
                yield from (self._row(judged, node) for node in self._assets(judged) if (node.name, node.id) > passed)

    def _assets(self, judged: _Judged) -> list[Node]:
        _, relation = _KIND_AND_RELATION[judged.part]
        assets = (asset for _, asset in self._reader.havers(relation, [judged.item.id]))
        return sorted(filter(self._question.asks_for, assets), key=lambda asset: (asset.name, asset.id))

    def _row(self, judged: _Judged, asset: Node) -> Row:
        match = judged.match
        product = self._products[match.cycles[0].product] if match.cycles else None
        return Row(
            verdict=judged.verdict,
            end=judged.end,
            asset=asset.name,
            asset_id=asset.id,
            kind=asset.kind,
            part=judged.part,
            reported=judged.item.name,
            product=product.label if product else "",
            cycles=tuple(f"<{cycle.name}" if match.inferred else cycle.name for cycle in match.cycles),
            extended=_extended(match, self._question),
            method=match.method,
            source=_link(product),
            cursor=json.dumps([*judged.order, asset.name, asset.id]),
        )


@dataclass(slots=True)
class Obsolescence:
    """The answer: rows, and what they were found among.

    `systems` and `programs` count what assets have, by verdict. `inherited`: packages that follow their distribution
    and are judged with it, so they are in neither. `computers`: how many there are; `with_system`: of how many the
    system is reported. `as_of`: when each source was last heard of. `snapshot`: the day of the lifecycle table.
    """

    on: date
    within_months: int
    snapshot: date
    rows: Rows
    systems: Counter[str] = field(default_factory=Counter)
    programs: Counter[str] = field(default_factory=Counter)
    inherited: int = 0
    computers: int = 0
    with_system: int = 0
    as_of: dict[str, datetime] = field(default_factory=dict)


def obsolete(reader: GraphReader, matcher: Matcher, question: Question) -> Obsolescence:
    """Judge every system and program of the assets asked for. Each distinct string is matched once.

    Memory is bounded by the distinct catalogue items and the assets of one of them. Raises StoreUnavailable.
    """
    rows: list[_Judged] = []
    counts: dict[Part, Counter[str]] = {"system": Counter(), "program": Counter()}
    inherited = 0
    for judged in _judge(reader, matcher, question):
        if judged.match.inherits:
            inherited += judged.assets
            continue
        counts[judged.part][judged.verdict] += judged.assets
        if judged.verdict in question.verdicts:
            rows.append(judged)
    return Obsolescence(
        on=question.on,
        within_months=question.within_months,
        snapshot=matcher.table.snapshot,
        rows=Rows(reader, matcher, question, rows),
        systems=counts["system"],
        programs=counts["program"],
        inherited=inherited,
        computers=sum(1 for _ in _computers(reader, question)),
        with_system=_with_system(reader, question),
        as_of=_as_of(reader, question),
    )


def _judge(reader: GraphReader, matcher: Matcher, question: Question) -> Iterator[_Judged]:
    """Every distinct system and program that assets asked for have."""
    parts: tuple[Part, ...] = ("system", "program")
    for part in parts:
        kind, relation = _KIND_AND_RELATION[part]
        match = matcher.system if part == "system" else matcher.software
        assets = reader.spread(relation, kinds=question.kinds, sources=question.sources)
        for item in reader.catalogue(kind):
            if item.id in assets:
                found = match(item.properties)
                verdict = found.verdict(question.on, question.within_months, question.milestone)
                yield _Judged(item, part, found, verdict, _end(found, question.milestone), assets[item.id])


def _with_system(reader: GraphReader, question: Question) -> int:
    """Computers whose system is reported; an asset has one at most."""
    _, relation = _KIND_AND_RELATION["system"]
    kinds = _computers_asked_for(question)
    return sum(reader.spread(relation, kinds=kinds, sources=question.sources).values()) if kinds else 0


def _end(match: Match, milestone: MilestoneName) -> date | None:
    """Of several candidates the latest end: the least that is sure. What is inferred ended before all known days."""
    ends = [cycle.end(milestone) for cycle in match.cycles]
    days = [end for end in ends if isinstance(end, date)]
    return max(days) if days and len(days) == len(ends) and not match.inferred else None


def _extended(match: Match, question: Question) -> date | None:
    if len(match.cycles) != 1 or match.inferred:
        return None
    (cycle,) = match.cycles
    end = cycle.extended
    return end if isinstance(end, date) and end >= question.on and end != cycle.security else None


def _link(product: Product | None) -> str:
    return product.link if product else ""


def _as_of(reader: GraphReader, question: Question) -> dict[str, datetime]:
    seen = reader.status().last_seen
    wanted = question.sources or seen.keys() - {CURATION}  # a person's word does not grow old
    return {name: at for name, at in sorted(seen.items()) if name in wanted}


def _computers(reader: GraphReader, question: Question) -> Iterator[Node]:
    after, kinds = "", _computers_asked_for(question)
    while kinds:
        page = reader.assets(kinds=kinds, sources=question.sources, after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = f"{page[-1].name}\x00{page[-1].id}"


def _computers_asked_for(question: Question) -> frozenset[str]:
    return COMPUTERS & question.kinds if question.kinds else COMPUTERS


def _read_cursor(cursor: str) -> tuple[tuple[int, str, str, str], tuple[str, str]]:
    if not cursor:
        return (-1, "", "", ""), ("", "")
    try:
        found = json.loads(cursor)
    except ValueError:
        found = None
    match found:
        case [int(rank), str(end), str(reported), str(item), str(name), str(asset)]:
            return (rank, end, reported, item), (name, asset)
    raise ValueError(f"{cursor[:80]!r} is no cursor of this answer: use the one that its last row gave")
