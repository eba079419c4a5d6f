"""What each asset needs to run, as arrays: the outline of the landscape, with the meaning of failure read into it.

Everything an asset needs is a *need*: so many of some causes. One relationship is a need of one cause. Members of a
cluster are one need of the cluster, `required` of them (1 unless it says otherwise). Relationships of one asset with
the same `alternatives` are one need, `alternatives_required` of them (the most that any of them says; 1 unless said);
what tells of the same two without naming alternatives, such as where an application was seen to run, belongs to that
need too. A need is weak where all of its relationships only degrade: without it the asset runs worse, and does not
stop. Nothing needs itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from graph.metamodel import CARRIES_FAILURE, RELATIONS
from graph.outline import Outline, OutlineEdge, OutlineNode

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
CLUSTER, MEMBERSHIP, ENDPOINT = "Cluster", "MEMBER_OF", "Endpoint"
DEGRADES = "degrades"
_TYPES = sorted(CARRIES_FAILURE)
_CODES = {relation: at for at, relation in enumerate(_TYPES)}
_FORWARD = np.array([RELATIONS[relation].failure == "to_target" for relation in _TYPES], dtype=np.bool_)
_SOURCE, _TARGET = attrgetter("source_id"), attrgetter("target_id")


class Link(NamedTuple):
    """The failure of `cause` is felt by `effect`, as that relationship says."""

    cause: str
    effect: str
    edge: OutlineEdge


class Links(Sequence[Link]):
    """All links, in order of cause, effect and type; each is made when it is looked at."""

    def __init__(self, ids: Sequence[str], cause: Numbers, effect: Numbers, edges: Sequence[OutlineEdge]) -> None:
        self._ids, self.cause, self.effect, self.edges = ids, cause, effect, edges

    def __len__(self) -> int:
        return len(self.edges)

    @overload
    def __getitem__(self, at: int) -> Link: ...
    @overload
    def __getitem__(self, at: slice) -> list[Link]: ...
    def __getitem__(self, at: int | slice) -> Link | list[Link]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        return Link(self._ids[self.cause[at]], self._ids[self.effect[at]], self.edges[at])


@dataclass(frozen=True, slots=True)
class Wiring:
    """Nodes, links and needs, each by number.

    Of link i: `cause[i]`, `effect[i]`, and the `need[i]` that it belongs to. Links are in order of their cause: those
    that begin at node n are those from `first[n]` up to `first[n + 1]`. `by_effect` and `by_need` have them in other
    orders, with `first_into` and `first_of`. `repeated`: links of which a need has several to one cause.

    Of need j: whose it is (`of[j]`), how many of it may fail before it does (`spare[j]`), how many there are
    (`size[j]`), and whether it is `weak`. Of node n: its kind is `kinds[kind[n]]`, and it is the `rank[n]`th by kind,
    name and id.
    """

    outline: Outline
    ids: list[str]
    number: Mapping[str, int]
    links: Links
    cause: Numbers
    effect: Numbers
    need: Numbers
    first: Numbers
    of: Numbers
    spare: Numbers
    size: Numbers
    by_need: Numbers
    first_of: Numbers
    by_effect: Numbers
    first_into: Numbers
    weak: Flags
    endpoint: Flags
    repeated: Numbers
    kinds: list[str]
    kind: Numbers
    rank: Numbers

    def out_of(self, nodes: Numbers) -> Numbers:
        """The links that begin at these nodes."""
        return _within(self.first, nodes)

    def numbers(self, ids: Iterable[str]) -> Numbers:
        """Raises KeyError for an id that is no node."""
        return np.array(sorted(self.number[node] for node in set(ids)), dtype=np.int64)

    def into(self, nodes: Numbers) -> Numbers:
        """The links that end at these nodes, in order."""
        return np.sort(self.by_effect[_within(self.first_into, nodes)])

    def spare_without(self, doubted: Flags) -> Numbers:
        """By need: how many may fail where these links are not there, and so stand in for none."""
        sure = np.bincount(self.need[self.counted(~doubted)], minlength=len(self.of))
        return np.maximum(sure - (self.size - self.spare), 0)

    def told(self, nodes: Iterable[int]) -> tuple[OutlineNode, ...]:
        """These nodes, by kind, name and id."""
        return tuple(self.outline.nodes[self.ids[at]] for at in sorted(nodes, key=lambda at: int(self.rank[at])))

    def counted(self, sure: Flags) -> Flags:
        """Of these links one for each need and cause: two relationships between the same two are one failure."""
        if not self.repeated.size:
            return sure
        counted, seen = sure.copy(), set[tuple[int, int]]()
        for link in self.repeated.tolist():
            pair = int(self.need[link]), int(self.cause[link])
            counted[link] = sure[link] and pair not in seen
            seen |= {pair} if sure[link] else set()
        return counted

    def of_need(self, need: int) -> Numbers:
        """The links that make a need."""
        return self.by_need[self.first_of[need] : self.first_of[need + 1]]


def names_on(outline: Outline, links: Sequence[Link]) -> list[str]:
    """The names on a way, from its first cause to its last effect."""
    nodes = outline.nodes
    return [nodes[link.cause].name for link in links[:1]] + [nodes[link.effect].name for link in links]


def _within(first: Numbers, nodes: Numbers) -> Numbers:
    """All places of these nodes, where those of node n are from `first[n]` up to `first[n + 1]`."""
    starts, counts = first[nodes], first[nodes + 1] - first[nodes]
    offsets = np.repeat(starts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return offsets + np.arange(len(offsets))


def wiring_of(outline: Outline) -> Wiring:
    """Read the outline. Of several relationships between the same two that make one need, each counts once."""
    ids = sorted(outline.nodes)
    number = {node: at for at, node in enumerate(ids)}
    nodes = [outline.nodes[node] for node in ids]
    links = _links_of(outline, ids, number)
    kinds, kind, rank = _kinds_of(nodes)
    needs = _Needs(nodes, links)
    size, wanted = _numbers(needs.size), np.maximum(_numbers(needs.wanted), 1)
    return Wiring(
        outline, ids, number, links, links.cause, links.effect, needs.need,
        first=np.searchsorted(links.cause, np.arange(len(ids) + 1)),
        of=_numbers(needs.of),
        spare=size - np.minimum(wanted, size),
        size=size,
        by_need=np.argsort(needs.need, kind="stable"),
        first_of=np.concatenate(([0], np.cumsum(np.bincount(needs.need, minlength=len(size))))),
        by_effect=np.argsort(links.effect, kind="stable"),
        first_into=np.concatenate(([0], np.cumsum(np.bincount(links.effect, minlength=len(ids))))),
        weak=np.array(needs.weak, dtype=np.bool_),
        endpoint=np.array([node.kind == ENDPOINT for node in nodes], dtype=np.bool_),
        repeated=needs.repeated(),
        kinds=kinds, kind=kind, rank=rank,
    )  # fmt: skip


def _links_of(outline: Outline, ids: Sequence[str], number: Mapping[str, int]) -> Links:
    edges = [
        edge
        for some in outline.edges.values()
        for edge in some
        if edge.type in _CODES and edge.source_id in number and edge.target_id in number
        if edge.source_id != edge.target_id
    ]
    source, target = (_numbers(number[end(edge)] for edge in edges) for end in (_SOURCE, _TARGET))
    code = _numbers(_CODES[edge.type] for edge in edges)
    cause, effect = np.where(_FORWARD[code], source, target), np.where(_FORWARD[code], target, source)
    order = np.lexsort((code, effect, cause))
    return Links(ids, cause[order], effect[order], [edges[at] for at in order.tolist()])


def _kinds_of(nodes: Sequence[OutlineNode]) -> tuple[list[str], Numbers, Numbers]:
    """All kinds; by node, the number of its kind, and its place by kind, name and id."""
    kinds = sorted({node.kind for node in nodes})
    named = {kind: at for at, kind in enumerate(kinds)}
    placed = sorted((node.kind, node.name, node.id, at) for at, node in enumerate(nodes))
    return kinds, _numbers(named[node.kind] for node in nodes), np.argsort(_numbers(place[3] for place in placed))


def _numbers(values: Iterable[int]) -> Numbers:
    return np.fromiter(values, dtype=np.int64)


class _Needs:
    """Needs, by number: whose each is, how many causes it has and wants, whether it is weak; and the need of each link.

    Nearly all are of one link; these come first.
    """

    def __init__(self, nodes: Sequence[OutlineNode], links: Links) -> None:
        self._nodes, self._links = nodes, links
        joined = {at: name for at in self._special().tolist() if (name := self._name(at))}
        alone = np.ones(len(links), dtype=np.bool_)
        alone[list(joined)] = False
        self.need = np.cumsum(alone) - 1
        self._joined = sorted(joined)
        self.of: list[int] = links.effect[alone].tolist()
        weak = np.fromiter((edge.strength == DEGRADES for edge in links.edges), dtype=np.bool_, count=len(links))
        self.weak: list[bool] = weak[alone].tolist()
        self.size, self.wanted = [1] * len(self.of), [1] * len(self.of)
        self._join(joined)

    def _special(self) -> Numbers:
        """The links that may make a need with others: of what names alternatives, and of clusters."""
        links = self._links
        named = [at for at, edge in enumerate(links.edges) if edge.alternatives]
        pairs = zip(links.effect[named].tolist(), links.cause[named].tolist(), named, strict=True)
        self._named = {(effect, cause): links.edges[at].alternatives for effect, cause, at in pairs}
        clusters = [at for at, node in enumerate(self._nodes) if node.kind == CLUSTER]
        return np.flatnonzero(np.isin(links.effect, np.union1d(links.effect[named], clusters)))

    def _name(self, at: int) -> tuple[str, str] | None:
        """What tells a need of several links from the others of the same asset; None for a link that is one alone."""
        edge, effect = self._links.edges[at], int(self._links.effect[at])
        if name := edge.alternatives or self._named.get((effect, int(self._links.cause[at])), ""):
            return "alternatives", name
        return ("members", "") if edge.type == MEMBERSHIP and self._nodes[effect].kind == CLUSTER else None

    def repeated(self) -> Numbers:
        """The links that are not the only one of their need and cause."""
        found: dict[tuple[int, int], list[int]] = {}
        for at in self._joined:
            found.setdefault((int(self.need[at]), int(self._links.cause[at])), []).append(at)
        return _numbers(at for some in found.values() if len(some) > 1 for at in some)

    def _join(self, joined: Mapping[int, tuple[str, str]]) -> None:
        together: dict[tuple[int, str, str], list[int]] = {}
        for at, name in joined.items():
            together.setdefault((int(self._links.effect[at]), *name), []).append(at)
        for (effect, what, _), some in together.items():
            edges = [self._links.edges[at] for at in some]
            self.need[some] = len(self.of)
            self.of.append(effect)
            self.size.append(len(set(self._links.cause[some].tolist())))
            members = self._nodes[effect].required
            self.wanted.append(members if what == "members" else max(edge.alternatives_required for edge in edges))
            self.weak.append(all(edge.strength == DEGRADES for edge in edges))
