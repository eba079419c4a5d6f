"""The rows of what is obsolete: each asset with its verdict, where that is from, who owns it, what depends on it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import overload

from graph.model import Node
from graph.paging import node_pages
from graph.store import GraphReader
from inventory.around import dependents_of, owners_of
from inventory.evidence import Evidence, Sources
from inventory.matching import Matcher
from inventory.milestones import Milestone, MilestoneName, Undated, Verdict, day_of
from inventory.obsolescence import Judged, Obsolescence, product_of, vendor_of
from inventory.successor_cycles import move_to
from inventory.things import Part

CHUNK = 200
"""Rows for which owners, dependents and evidence are read together."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that an asset has and its verdict.

    `end`: of `milestone`; `paid`: the contract without which it would be unsupported. `cycles`: several where the
    string could mean any of these; `<9` is older than cycle 9, the oldest known. `extended`: the end of extended,
    often paid, support where it is still to come. `source`, `citation`, `snapshot`: who says the date, where it is
    published, and of which day that table is. `move_to`: the cycle to move to. `dependents`: applications and citizen
    services, however far. `accepted_until`: until when the risk is accepted. `cursor`: where the next page begins.
    """

    verdict: Verdict
    end: Milestone
    milestone: MilestoneName
    asset: str
    asset_id: str
    kind: str
    owners: tuple[str, ...]
    part: Part
    reported: str
    vendor: str
    product: str
    cycles: tuple[str, ...]
    extended: Milestone
    paid: str
    move_to: str
    dependents: tuple[str, ...]
    accepted_until: date | None
    accepted_by: str
    method: str
    confidence: float
    source: str
    citation: str
    snapshot: date | None
    cursor: str


class Rows(Sequence[Row]):
    """The answer's rows, read from the graph as they are asked for, a few at a time.

    In order of `Judged.order`, then of asset's name and id. The length is of when the question was asked; each walk
    sees the graph as it is then.
    """

    def __init__(self, reader: GraphReader, matcher: Matcher, answer: Obsolescence) -> None:
        self._reader, self._matcher, self._question = reader, matcher, answer.question
        self._shown = answer.shown
        self._sources = Sources(reader, matcher.table)

    def __len__(self) -> int:
        return sum(item.assets for item in self._shown)

    def __iter__(self) -> Iterator[Row]:
        return self.after("")

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, int):
            return self[:][index]
        wanted = range(*index.indices(len(self)))
        last = max(wanted, default=-1)
        rows = list(islice(self.after("", last + 1), last + 1))
        return [rows[number] for number in wanted if number < len(rows)]

    def after(self, cursor: str, limit: int = CHUNK) -> Iterator[Row]:
        """The rows behind that one; all for an empty cursor. `limit`: how many are read together, at most `CHUNK`.

        Raises ValueError for a text that is no cursor.
        """
        order, asset = _read_cursor(cursor)
        size = max(1, min(limit, CHUNK))
        for item in self._shown:
            if order is None or item.order >= order:
                yield from self._of(item, asset if item.order == order else "", size)

    def _of(self, item: Judged, after: str, size: int) -> Iterator[Row]:
        for page in node_pages(lambda cursor: item.page(self._reader, cursor, size), after):
            yield from self._rows(item, page)

    def _rows(self, item: Judged, page: list[Node]) -> Iterator[Row]:
        ids = [node.id for node in page]
        owners, dependents = owners_of(self._reader, ids), dependents_of(self._reader, ids)
        for node in page:
            evidence = self._sources.of(item, node)
            yield self._row(item, node, evidence, _names(owners, node), _names(dependents, node))

    def _row(
        self, item: Judged, node: Node, evidence: Evidence, owners: tuple[str, ...], dependents: tuple[str, ...]
    ) -> Row:
        thing, said = item.thing, item.judgement
        match = thing.match
        product = product_of(self._matcher, thing)
        return Row(
            verdict=said.verdict,
            end=said.end,
            milestone=said.milestone,
            asset=node.name,
            asset_id=node.id,
            kind=node.kind,
            owners=owners,
            part=thing.part,
            reported=thing.reported,
            vendor=vendor_of(self._matcher, thing),
            product=product.label if product else "",
            cycles=tuple(f"<{cycle.name}" if match.inferred else cycle.name for cycle in match.cycles if product),
            extended=_extended(item, self._question.on),
            paid=said.paid,
            move_to=move_to(product, match, self._question) if product else "",
            dependents=dependents,
            accepted_until=day_of(node.properties.get("risk_accepted_until", "")),
            accepted_by=str(node.properties.get("risk_accepted_by", "")),
            method=match.method,
            confidence=match.confidence,
            source=evidence.source,
            citation=evidence.citation,
            snapshot=evidence.snapshot,
            cursor=json.dumps([*item.order, node.name, node.id], ensure_ascii=False),
        )


def _names(found: Mapping[str, tuple[Node, ...]], node: Node) -> tuple[str, ...]:
    return tuple(other.name for other in found.get(node.id, ()))


def _extended(item: Judged, on: date) -> Milestone:
    """The end of extended support of the one cycle it has, where that is still to come and another than the end."""
    cycles = item.thing.match.cycles
    if len(cycles) != 1 or item.thing.match.inferred or cycles[0].extended == item.judgement.end:
        return None
    end = cycles[0].extended
    return end if end is Undated.OPEN or (isinstance(end, date) and end >= on) else None


def _read_cursor(cursor: str) -> tuple[tuple[int, str, str, str, str] | None, str]:
    if not cursor:
        return None, ""
    try:
        found = json.loads(cursor)
    except ValueError:
        found = None
    match found:
        case [int(rank), str(day), str(reported), str(key), str(part), str(name), str(asset)]:
            return (rank, day, reported, key, part), f"{name}\x00{asset}"
    raise ValueError(f"{cursor[:80]!r} is no cursor of this answer: use the one that its last row gave")
