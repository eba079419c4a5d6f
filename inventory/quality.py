"""Findings: where what the sources say cannot all be right, or nobody says anything; each with its records."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from events.models import CURATION
from graph.metamodel import OWNERSHIP
from graph.model import Claim, Node
from graph.store import SHARED_SHOWN, GraphReader
from inventory.heard import Heard
from inventory.identifiers import EXCLUSIVE, joins, scheme_of
from inventory.identity import COMMON
from inventory.kept import NotKept
from inventory.past import Past

FindingKind = Literal[
    "contradiction", "shared", "near", "disagreement", "unanswered", "ambiguous", "silent", "listed-only", "unlisted"
]
FINDINGS: tuple[FindingKind, ...] = get_args(FindingKind)
NOBODY = "-"
"""The organisation unit of what nobody owns."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of a configured source: to be heard of since `after`, to list all assets of these `kinds`."""

    after: datetime | None = None
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to look at. `assets` (ids) and `records` stand behind it; it counts for `sources` and `units` (names).

    `kind`: contradiction (an asset's records name several values of which it has one), shared (an identifier of several
    assets), near (assets with the same host name), disagreement (on a property), unanswered (a reference that nobody
    owns), ambiguous (one that several own; `records` are those that refer), silent (a source), listed-only (in
    authoritative lists alone), unlisted (not in one).
    """

    kind: FindingKind
    name: str
    text: str
    assets: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


@dataclass(slots=True)
class Quality:
    """The findings in order, with counts by kind, and of each kind by source and by organisation unit.

    `coverage`: for each authoritative source (listed, of these seen by others too, seen by others but not listed);
    others are those that are not authoritative for the kind.
    `limits`: what could not be looked at.
    """

    findings: list[Finding]
    counts: Counter[str] = field(default_factory=Counter)
    by_source: dict[str, Counter[str]] = field(default_factory=dict)
    by_unit: dict[str, Counter[str]] = field(default_factory=dict)
    coverage: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)


def quality(reader: GraphReader, expected: Mapping[str, Expected]) -> Quality:
    """All findings about the live assets. `expected`: the configured sources. Raises StoreUnavailable."""
    nodes, edges = reader.network({OWNERSHIP})
    by_id = {node.id: node for node in nodes}
    units: dict[str, list[str]] = {}
    for edge in edges:
        units.setdefault(edge.key.source_id, []).append(by_id[edge.key.target_id].name)
    heard = heard_in(reader)
    answer = Quality([], limits=[*_untold(heard, expected)])
    expected = {source: wanted for source, wanted in expected.items() if source not in heard.later}
    found = [*_of_assets(nodes), *_unanswered(reader, nodes), *_silent(heard, expected)]
    for source in expected:
        found += _against_list(answer, source, expected, nodes)
    try:
        found += [*_shared(reader, by_id), *_ambiguous(reader, by_id)]
    except NotKept as reason:
        answer.limits.append(f"shared identifiers and ambiguous references: {reason}")
    return _counted(answer, sorted(_placed(finding, units) for finding in found))


def chosen(answer: Quality, kinds: Collection[str], sources: Collection[str]) -> Quality:
    """Only the findings of these kinds, that count for one of these sources, and their counts; none: of all."""
    findings = [
        item
        for item in answer.findings
        if (not kinds or item.kind in kinds) and (not sources or not set(sources).isdisjoint(item.sources))
    ]
    return _counted(Quality([], coverage=answer.coverage, limits=answer.limits), findings)


def _counted(answer: Quality, findings: list[Finding]) -> Quality:
    answer.findings = findings
    for finding in findings:
        answer.counts[finding.kind] += 1
        for source in finding.sources:
            answer.by_source.setdefault(source, Counter())[finding.kind] += 1
        for unit in finding.units or (NOBODY,):
            answer.by_unit.setdefault(unit, Counter())[finding.kind] += 1
    return answer


def _of_assets(nodes: Iterable[Node]) -> Iterator[Finding]:
    for node in nodes:
        for scheme, claims in node.conflicts.items():
            yield _finding("contradiction", node, f"{scheme}: {_spread(claims)}", claims)
        for name, claims in node.claims.items():
            if _disagree(claims):
                yield _finding("disagreement", node, f"{name}: {_spread(claims)}", claims)


def _disagree(claims: Collection[Claim]) -> bool:
    """Whether sources differ; what a person has set settles it, unless persons differ."""
    persons = [claim for claim in claims if _source(claim.record) == CURATION]
    several = persons or len({_source(claim.record) for claim in claims}) > 1
    return bool(several) and len({_plain(claim) for claim in persons or claims}) > 1


def _unanswered(reader: GraphReader, nodes: Iterable[Node]) -> Iterator[Finding]:
    ends = {node.id: node for node in nodes if node.kind == "Endpoint"}
    claimed: dict[str, set[str]] = {}
    directions: tuple[Literal["out", "in"], ...] = ("out", "in")
    for direction in directions:
        for edge in reader.edges_of(ends, direction):
            here = edge.key.source_id if direction == "out" else edge.key.target_id
            claimed.setdefault(here, set()).update(edge.claims)
    for node_id, records in sorted(claimed.items()):
        node = ends[node_id]
        text = f"{node.properties['scheme']} {node.name} is referred to, and no record has it"
        yield Finding("unanswered", node.name, text, (node_id,), tuple(sorted(records)), _sources(records))


def _silent(heard: Heard, expected: Mapping[str, Expected]) -> Iterator[Finding]:
    for source, at in late(heard, expected):
        text = f"last heard of {at:%Y-%m-%d %H:%M} UTC" if at else "never heard of"
        yield Finding("silent", source, text, sources=(source,))


def heard_in(reader: GraphReader) -> Heard:
    """When each source was last heard of, now or at the moment of which the reader tells."""
    return reader.heard() if isinstance(reader, Past) else Heard(reader.status().last_seen)


def late(heard: Heard, expected: Mapping[str, Expected]) -> Iterator[tuple[str, datetime | None]]:
    """Sources that should have been heard of since, and when they last were; not those of which nothing tells when."""
    for source, wanted in expected.items():
        at = heard.at.get(source)
        if wanted.after and source not in heard.unclear and (at is None or at < wanted.after):
            yield source, at


def _untold(heard: Heard, expected: Mapping[str, Expected]) -> Iterator[str]:
    """What cannot be said of sources as of then."""
    for source in sorted(expected):
        if source in heard.later:
            yield f"{source}: first heard of later, so nothing is expected of it"
        elif source in heard.unclear:
            yield f"{source}: no run of it tells when it was last heard of, so whether it was silent is not known"


def _against_list(
    answer: Quality, source: str, expected: Mapping[str, Expected], nodes: Iterable[Node]
) -> Iterator[Finding]:
    """What an authoritative list names and no tool has seen, and the reverse. Another list of the kind is no tool."""
    kinds = expected[source].kinds
    if not kinds:
        return
    listed = both = missing = 0
    for node in (node for node in nodes if node.kind in kinds):
        lists = [name for name in node.sources if name in expected and node.kind in expected[name].kinds]
        seen = [name for name in node.sources if name not in lists]
        if source in lists:
            listed += 1
            both += bool(seen)
            if not seen and source == lists[0]:  # once, however many lists name it
                text = f"{_listing(lists)} it, and no other source has seen it"
                yield _finding("listed-only", node, text, _who(node))
        elif seen:
            missing += 1
            yield _finding(
                "unlisted", node, f"{', '.join(seen)} has seen it, and {source} does not list it", _who(node)
            )
    answer.coverage[source] = (listed, both, missing)


def _listing(lists: list[str]) -> str:
    return f"{', '.join(lists)} {'lists' if len(lists) == 1 else 'list'}"


def _shared(reader: GraphReader, by_id: Mapping[str, Node]) -> Iterator[Finding]:
    for identifier, records in reader.shared():
        assets = sorted({asset for asset in records.values() if asset in by_id})
        families = {by_id[asset].kind for asset in assets}
        _, scheme, value = identifier.split("|", 2)
        if len(assets) < 2 or scheme == "ip":  # noqa: PLR2004 - an address may be behind another network's
            continue
        kind: FindingKind = "shared" if joins(identifier) else "near"
        names = ", ".join(by_id[asset].name for asset in assets[:5])
        many = "at least " if len(records) == SHARED_SHOWN else ""
        grade = (
            "of which an asset has one" if scheme_of(identifier) in EXCLUSIVE else "of which an asset may have several"
        )
        what = f"{scheme} {value}" if kind == "near" else f"{scheme} {value}, {grade},"
        text = f"{what} stands in records of {many}{len(assets)} assets ({', '.join(sorted(families))}): {names}"
        yield Finding(kind, value, text, tuple(assets), tuple(sorted(records)), _sources(records))


def _ambiguous(reader: GraphReader, by_id: Mapping[str, Node]) -> Iterator[Finding]:
    """References from which no relationship is drawn, because several assets have what they name."""
    for identifier, referring, holding in reader.ambiguous(COMMON):
        _, scheme, value = identifier.split("|", 2)
        owners = sorted({asset for asset in holding.values() if asset in by_id})
        others = sorted({asset for asset in referring.values() if asset in by_id} - set(owners))
        shown = ", ".join(f"{by_id[asset].name} ({by_id[asset].kind})" for asset in owners[:5])
        many = "at least " if len(holding) == SHARED_SHOWN else ""
        count = f"{many}{len(owners)} assets" if len(owners) > 1 else f"more than {COMMON} records"
        text = f"{scheme} {value} is referred to, and {count} have it, so that none is meant: {shown}"
        records = tuple(sorted(referring))
        yield Finding("ambiguous", value, text, (*owners, *others), records, _sources(records))


def _finding(kind: FindingKind, node: Node, text: str, claims: Iterable[Claim]) -> Finding:
    records = sorted({claim.record for claim in claims})
    return Finding(kind, node.name, text, (node.id,), tuple(records), _sources(records))


def _placed(finding: Finding, units: Mapping[str, list[str]]) -> Finding:
    names = sorted({unit for asset in finding.assets for unit in units.get(asset, ())})
    return Finding(
        finding.kind, finding.name, finding.text, finding.assets, finding.records, finding.sources, tuple(names)
    )


def _who(node: Node) -> tuple[Claim, ...]:
    return node.claims.get("kind", ())


def _spread(claims: Iterable[Claim]) -> str:
    return "; ".join(f"{claim.value} ({claim.record})" for claim in claims)


def _plain(claim: Claim) -> str:
    return " ".join(str(claim.value).casefold().split())


def _source(record: str) -> str:
    return record.split("/", 1)[0]


def _sources(records: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({_source(record) for record in records}))
