"""Identity: which records describe one asset. Pure, and the same whatever order the records came in.

The rules are those of design, Identity; the property tests in `tests/inventory/test_identity.py` hold them.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from graph.model import Holders, RecordRow
from inventory.identifiers import EXCLUSIVE, MEDIUM, ORDER, joins, own, scheme_of

COMMON = 20
"""An identifier with more live holders names nothing: a dock's MAC, a cloned image (design, Identity)."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """A live record as identity sees it. `identifiers`: keys of all it holds."""

    key: str
    source: str
    identifiers: frozenset[str]


Cluster = frozenset[Claimant]
_NOBODY = Holders(0, frozenset())


@dataclass(frozen=True, slots=True)
class Ask:
    """Questions about what is live: who holds identifiers, which ones records hold, and their rows."""

    holders: Callable[[Collection[str]], Mapping[str, Holders]]
    identifiers: Callable[[Collection[str]], Mapping[str, frozenset[str]]]
    records: Callable[[Collection[str]], Mapping[str, RecordRow]]


def usable(identifier: str, holders: Holders) -> bool:
    """Whether an identifier joins and contradicts, judged over all its live holders.

    At most `COMMON`, and for a medium scheme at most one from each source: a source that names two things alike
    means two things.
    """
    if not joins(identifier) or holders.count > COMMON:
        return False
    sources = {record.split("/", 1)[0] for record in holders.records}
    return scheme_of(identifier) in EXCLUSIVE or len(sources) == holders.count


def resolve(records: Collection[Claimant], ok: Callable[[str], bool]) -> set[Cluster]:
    """The clusters of `records`, which are closed under usable identifiers; `ok` says which those are.

    Schemes are applied in rank order; within one, the clusters linked by its values join all together or not at all,
    so that no order can matter.
    """
    mine = {record: frozenset(i for i in own(record.identifiers) if joins(i) and ok(i)) for record in records}
    clusters: list[Cluster] = [frozenset([record]) for record in sorted(records, key=lambda record: record.key)]
    for scheme in ORDER:
        groups = _linked(clusters, mine, scheme)
        clusters = [cluster for group in groups for cluster in _join(group, mine, scheme)]
    return set(clusters)


def heirs(gone: RecordRow, names: Iterable[str], ask: Ask) -> frozenset[str]:
    """The live records that a record which is gone would join by these identifiers; none where nothing has them.

    Else it comes as a stranger: its source's new record may have the MAC that it had, of which a source has one alone.
    A record that its source had beside it is another thing, though, and does not become the same when one goes.
    """
    found = _joined(gone, names, ask, stranger=False)
    if found:
        return found
    found = _joined(gone, names, ask, stranger=True)
    beside = (row for row in ask.records(found).values() if row.source == gone.source)
    return frozenset() if any(row.first_observed <= gone.last_seen for row in beside) else found


def _joined(gone: RecordRow, names: Iterable[str], ask: Ask, *, stranger: bool) -> frozenset[str]:
    """`stranger`: as if the record were of a source of its own, and no holder of its identifiers."""
    one = Claimant(gone.key, "" if stranger else gone.source, frozenset(name for name in names if joins(name)))
    known: dict[str, Holders] = {}
    found: dict[str, Claimant] = {}
    asked = one.identifiers
    while asked:
        held = dict.fromkeys(asked, _NOBODY) | dict(ask.holders(asked))
        known |= {n: h if stranger or n not in one.identifiers else _with(h, gone.key) for n, h in held.items()}
        around = {r for name in asked if usable(name, known[name]) for r in known[name].records} - {gone.key}
        new = {r: Claimant(r, r.split("/", 1)[0], has) for r, has in ask.identifiers(around - found.keys()).items()}
        found |= new
        asked = frozenset(name for record in new.values() for name in record.identifiers if joins(name)) - known.keys()
    clusters = resolve([one, *found.values()], lambda name: usable(name, known[name]))
    return frozenset(record.key for cluster in clusters if one in cluster for record in cluster - {one})


def _with(holders: Holders, record: str) -> Holders:
    return Holders(holders.count + 1, holders.records | {record})


def founder(records: Iterable[tuple[datetime, str]]) -> str:
    """The key of the founding record, from (first observed, key) of each: the least. Its hash is the asset's id."""
    return min(records)[1]


def _linked(clusters: list[Cluster], mine: Mapping[Claimant, frozenset[str]], scheme: str) -> list[list[Cluster]]:
    """Groups of clusters connected by values of this one scheme."""
    by_value: dict[str, list[int]] = defaultdict(list)
    for number, cluster in enumerate(clusters):
        for value in {i for record in cluster for i in mine[record] if scheme_of(i) == scheme}:
            by_value[value].append(number)
    parent = list(range(len(clusters)))
    for numbers in by_value.values():
        for number in numbers[1:]:
            parent[_root(parent, number)] = _root(parent, numbers[0])
    groups: dict[int, list[Cluster]] = defaultdict(list)
    for number, cluster in enumerate(clusters):
        groups[_root(parent, number)].append(cluster)
    return list(groups.values())


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        number = parent[number]
    return number


def _join(group: list[Cluster], mine: Mapping[Claimant, frozenset[str]], scheme: str) -> list[Cluster]:
    return [frozenset[Claimant]().union(*group)] if _agree(group, mine, scheme) else group


def _agree(group: list[Cluster], mine: Mapping[Claimant, frozenset[str]], scheme: str) -> bool:
    """Whether a linked group is one asset: no exclusive scheme of this or a higher rank has two values in it.

    A lower-ranked contradiction is a finding, not a bar. By a medium scheme, no source may be in two of the clusters.
    """
    held = {i for cluster in group for record in cluster for i in mine[record]}
    for exclusive in EXCLUSIVE:
        if ORDER.index(exclusive) <= ORDER.index(scheme) and len({i for i in held if scheme_of(i) == exclusive}) > 1:
            return False
    if scheme in MEDIUM:
        sources = [source for cluster in group for source in {record.source for record in cluster}]
        return len(sources) == len(set(sources))
    return True
