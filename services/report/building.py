"""From the answer of what is obsolete to what the page tells."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from graph.model import Node
from graph.paging import node_pages
from graph.store import GraphReader, Selection
from inventory.counts import counts_by_part
from inventory.match import Match
from inventory.matching import Matcher
from inventory.milestones import Verdict, day_of
from inventory.obsolescence import Judged, Obsolescence, Question, obsolete
from inventory.past import Past
from inventory.quality import Expected, heard_in, late
from inventory.rollup import rollups
from inventory.rows import CHUNK, Row, Rows
from inventory.things import PARTS, Part
from services.answers import asked_about
from services.report.view import (
    SEVERAL,
    UNDATED,
    Accepted,
    Entry,
    Gap,
    Group,
    Groups,
    Listing,
    Ranking,
    Report,
    Silent,
    Unmatched,
)
from services.trend import trend_kept

ROWS = 25
"""Rows of a table of the page: what is more is in the workbook."""
ALIKE = 3
"""Assets that are named of those that have the same: a city has hundreds of computers alike."""
THINGS = 10
"""Unknown things that are named, of each part."""
RISK = ("risk_accepted_until", "risk_accepted_by", "risk_reason")


def report_of(
    reader: GraphReader, matcher: Matcher, question: Question, expected: Mapping[str, Expected]
) -> tuple[Report, Obsolescence]:
    """What the page tells, with the answer it was made of. `expected`: the configured sources.

    Raises StoreUnavailable.
    """
    answer = obsolete(reader, matcher, question)
    accepted = _accepted(reader, question.selection)
    return Report(
        question=question,
        known_at=asked_about(reader),
        past=isinstance(reader, Past),
        parts=tuple(counts_by_part(answer)),
        inherited=answer.inherited,
        computers=answer.computers,
        with_system=answer.with_system,
        heard=sorted(answer.as_of.items(), key=lambda item: (item[1], item[0])),
        editions=tuple(answer.editions.values()),
        unsupported=_listing(reader, matcher, answer, "unsupported"),
        ending=_listing(reader, matcher, answer, "ending"),
        unsupported_programs=_groups(reader, matcher, answer, "unsupported"),
        ending_programs=_groups(reader, matcher, answer, "ending"),
        accepted=_with_worst(reader, matcher, question, accepted[:ROWS]),
        accepted_total=len(accepted),
        gaps=tuple(gaps_of(answer.judged, THINGS)),
        silent=tuple(_silent(reader, expected)),
        units=Ranking(rollups(reader, matcher, question, "unit")),
        services=Ranking(rollups(reader, matcher, question, "service")),
        trend=trend_kept(reader, answer, asked_about(reader).date()),
    ), answer


def _of(answer: Obsolescence, judged: Iterable[Judged], verdict: Verdict) -> Obsolescence:
    """The same answer, of these alone."""
    question = replace(answer.question, verdicts=frozenset({verdict}))
    return replace(answer, question=question, judged=list(judged))


def _listing(reader: GraphReader, matcher: Matcher, answer: Obsolescence, verdict: Verdict) -> Listing:
    """Of all parts but programs. Of each thing a few assets are named, so that others come up too."""
    found = [item for item in answer.judged if item.thing.part != "program" and item.judgement.verdict == verdict]
    entries: list[Entry] = []
    for item in found:
        if len(entries) < ROWS:
            named = item.assets if item.assets <= ALIKE + 1 else ALIKE  # a line that tells of one more saves none
            rows = _foremost(Rows(reader, matcher, _of(answer, [item], verdict)), min(named, ROWS - len(entries)))
            entries += map(Entry, rows[:-1])
            entries += (Entry(row, item.assets - len(rows)) for row in rows[-1:])
    return Listing(entries, sum(item.assets for item in found))


def _foremost(rows: Rows, limit: int) -> list[Row]:
    """Of the same thing those that most depends on, among as many as are read at once."""
    return sorted(rows[:CHUNK], key=lambda row: -len(row.dependents))[:limit]


def _groups(reader: GraphReader, matcher: Matcher, answer: Obsolescence, verdict: Verdict) -> Groups:
    """Programs by cycle and judgement, in the order of the worst of each."""
    found: dict[object, list[Judged]] = {}
    for item in answer.judged:
        if item.thing.part == "program" and item.judgement.verdict == verdict:
            found.setdefault((item.thing.match.cycles, item.judgement), []).append(item)
    groups = [
        Group(row, sum(item.assets for item in items))
        for items in list(found.values())[:ROWS]
        for row in Rows(reader, matcher, _of(answer, items, verdict))[:1]
    ]
    return Groups(groups, len(found), sum(item.assets for items in found.values() for item in items))


def _accepted(reader: GraphReader, selection: Selection) -> list[Node]:
    """Assets of which somebody accepted the risk, the day that comes first before others."""
    found: list[Node] = []
    for _, until, by, reason in reader.tally(RISK, selection):
        if day_of(until):
            values = dict(zip(RISK, (until, by, reason), strict=True))
            found += _valued(reader, values, selection)
    unique = {node.id: node for node in found}
    return sorted(unique.values(), key=lambda node: (str(node.properties[RISK[0]]), node.name, node.id))


def _valued(reader: GraphReader, values: Mapping[str, str], selection: Selection) -> Iterator[Node]:
    for page in node_pages(lambda after: reader.valued(values, selection, after=after)):
        yield from page


def _with_worst(
    reader: GraphReader, matcher: Matcher, question: Question, assets: Sequence[Node]
) -> tuple[Accepted, ...]:
    worst: dict[str, Row] = {}
    if assets:
        among = replace(question.selection, among=frozenset(node.id for node in assets))
        asked = replace(question, selection=among, verdicts=frozenset({"unsupported", "ending"}))
        for row in Rows(reader, matcher, obsolete(reader, matcher, asked)):
            worst.setdefault(row.asset_id, row)
    return tuple(_one_accepted(node, worst.get(node.id)) for node in assets)


def _one_accepted(node: Node, row: Row | None) -> Accepted:
    until = day_of(node.properties[RISK[0]])
    assert until is not None
    by, reason = (str(node.properties.get(name, "")) for name in RISK[1:])
    return Accepted(node.name, node.kind, until, by, reason, row.verdict if row else None, row)


def gaps_of(judged: Iterable[Judged], limit: int | None = None) -> Iterator[Gap]:
    """What is unknown, by part; what most assets have first, all or so many things of each part."""
    found: dict[Part, Counter[tuple[str, str]]] = {}
    for item in judged:
        if item.judgement.verdict == "unknown":
            what = item.thing.reported, _reason(item.thing.match)
            found.setdefault(item.thing.part, Counter())[what] += item.assets
    for part in PARTS:
        if things := found.get(part):
            first = sorted(things.items(), key=lambda thing: (-thing[1], thing[0]))[:limit]
            named = tuple(Unmatched(reported, assets, reason) for (reported, reason), assets in first)
            yield Gap(part, named, len(things), things.total())


def _reason(match: Match) -> str:
    """Why it is unknown: SEVERAL or UNDATED where a cycle is known, else what the matcher says."""
    if not match.cycles:
        return match.method
    return SEVERAL if len(match.cycles) > 1 else UNDATED


def _silent(reader: GraphReader, expected: Mapping[str, Expected]) -> Iterator[Silent]:
    """Sources that are late; of those first heard of later, or of which nothing tells when, nothing is said."""
    heard = heard_in(reader)
    asked = {source: wanted for source, wanted in sorted(expected.items()) if source not in heard.later}
    return (Silent(source, last) for source, last in late(heard, asked))
