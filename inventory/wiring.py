"""What each asset needs to run, as arrays: the outline of the landscape, with the meaning of failure read into it.

Everything an asset needs is a *need*: so many of some causes. One relationship is a need of one cause. Members of a
cluster are one need of the cluster, `required` of them (1 unless it says otherwise). Relationships of one asset with
the same `alternatives` are one need, `alternatives_required` of them (the most that any of them says; 1 unless said);
what tells of the same two without naming alternatives, such as where an application was seen to run, belongs to that
need too. A need is weak where all of its relationships only degrade: without it the asset runs worse, and does not
stop. Nothing needs itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.metamodel import RELATIONS
from graph.outline import Outline, OutlineEdge, OutlineNode

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
CLUSTER, MEMBERSHIP, ENDPOINT = "Cluster", "MEMBER_OF", "Endpoint"
DEGRADES = "degrades"


class Link(NamedTuple):
    """The failure of `cause` is felt by `effect`, as that relationship says."""

    cause: str
    effect: str
    edge: OutlineEdge


def links_of(outline: Outline) -> Iterator[Link]:
    """Every way that failure can take, in order of cause, effect and type."""
    found = []
    for edges in outline.edges.values():
        for edge in edges:
            failure = RELATIONS[edge.type].failure
            ends = (edge.source_id, edge.target_id) if failure == "to_target" else (edge.target_id, edge.source_id)
            if failure != "none" and ends[0] != ends[1] and ends[0] in outline.nodes and ends[1] in outline.nodes:
                found.append(Link(*ends, edge))
    found.sort(key=lambda link: (link.cause, link.effect, link.edge.type))
    return iter(found)


@dataclass(frozen=True, slots=True)
class Wiring:
    """Nodes, links and needs, each by number.

    Of link i: `cause[i]`, `effect[i]`, `need[i]`, and whether it is `doubted`. The links that begin at node n are those
    from `first[n]` up to `first[n + 1]`. Of need j: whose it is (`of[j]`), how many of it may fail before it does
    (`spare[j]`), how many there are (`size[j]`), and whether it is `weak`. Of node n: its kind is `kinds[kind[n]]`, and
    it is the `rank[n]`th by kind, name and id.
    """

    outline: Outline
    ids: list[str]
    number: Mapping[str, int]
    links: list[Link]
    cause: Numbers
    effect: Numbers
    need: Numbers
    first: Numbers
    of: Numbers
    spare: Numbers
    size: Numbers
    by_need: Numbers
    first_of: Numbers
    weak: Flags
    endpoint: Flags
    kinds: list[str]
    kind: Numbers
    rank: Numbers

    def out_of(self, nodes: Numbers) -> Numbers:
        """The links that begin at these nodes."""
        starts, counts = self.first[nodes], self.first[nodes + 1] - self.first[nodes]
        offsets = np.repeat(starts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
        return offsets + np.arange(len(offsets))

    def numbers(self, ids: Iterable[str]) -> Numbers:
        """Raises KeyError for an id that is no node."""
        return np.array(sorted(self.number[node] for node in set(ids)), dtype=np.int64)

    def into(self, nodes: Numbers) -> Numbers:
        """The links that end at these nodes."""
        return np.flatnonzero(np.isin(self.effect, nodes))

    def told(self, nodes: Iterable[int]) -> tuple[OutlineNode, ...]:
        """These nodes, by kind, name and id."""
        return tuple(self.outline.nodes[self.ids[at]] for at in sorted(nodes, key=lambda at: int(self.rank[at])))

    def of_need(self, need: int) -> Numbers:
        """The links that make a need."""
        return self.by_need[self.first_of[need] : self.first_of[need + 1]]


def wiring_of(outline: Outline) -> Wiring:
    """Read the outline. Of several relationships between the same two that make one need, each counts once."""
    ids, links = sorted(outline.nodes), list(links_of(outline))
    number = {node: at for at, node in enumerate(ids)}
    cause = np.array([number[link.cause] for link in links], dtype=np.int64)
    effect = np.array([number[link.effect] for link in links], dtype=np.int64)
    needs = _Needs(outline, links)
    need = np.array([needs.of(link) for link in links], dtype=np.int64)
    size = np.array([len(causes) for causes in needs.causes], dtype=np.int64)
    nodes = [outline.nodes[node] for node in ids]
    kinds = sorted({node.kind for node in nodes})
    named = {kind: at for at, kind in enumerate(kinds)}
    by_name = sorted(range(len(nodes)), key=lambda at: (nodes[at].kind, nodes[at].name, nodes[at].id))
    wanted = np.minimum(np.maximum(np.array(needs.wanted, dtype=np.int64), 1), size)
    return Wiring(
        outline, ids, number, links, cause, effect, need,
        first=np.searchsorted(cause, np.arange(len(ids) + 1)),
        of=np.array([number[node] for node in needs.effects], dtype=np.int64),
        spare=size - wanted,
        size=size,
        by_need=np.argsort(need, kind="stable"),
        first_of=np.concatenate(([0], np.cumsum(np.bincount(need, minlength=len(size))))),
        weak=np.array(needs.weak, dtype=np.bool_),
        endpoint=np.array([node.kind == ENDPOINT for node in nodes], dtype=np.bool_),
        kinds=kinds,
        kind=np.array([named[node.kind] for node in nodes], dtype=np.int64),
        rank=np.argsort(np.array(by_name, dtype=np.int64)),
    )  # fmt: skip


class _Needs:
    """Needs as they are found, each by its number."""

    def __init__(self, outline: Outline, links: Iterable[Link]) -> None:
        self._outline = outline
        named = (link for link in links if link.edge.alternatives)
        self._alternatives = {(link.effect, link.cause): link.edge.alternatives for link in named}
        self._numbers: dict[tuple[str, str, str], int] = {}
        self.effects, self.causes = list[str](), list[set[str]]()
        self.wanted, self.weak = list[int](), list[bool]()

    def of(self, link: Link) -> int:
        """The need that a link belongs to."""
        name, wanted = self._named(link)
        number = self._numbers.setdefault((link.effect, *name), len(self.effects))
        if number == len(self.effects):
            self.effects.append(link.effect)
            self.causes.append(set())
            self.wanted.append(wanted)
            self.weak.append(True)
        self.causes[number].add(link.cause)
        self.wanted[number] = max(self.wanted[number], wanted)
        self.weak[number] = self.weak[number] and link.edge.strength == DEGRADES
        return number

    def _named(self, link: Link) -> tuple[tuple[str, str], int]:
        """What tells a need from the others of the same asset, and how many it wants."""
        edge, effect = link.edge, self._outline.nodes[link.effect]
        if name := edge.alternatives or self._alternatives.get((link.effect, link.cause), ""):
            return ("alternatives", name), edge.alternatives_required
        if edge.type == MEMBERSHIP and effect.kind == CLUSTER:
            return ("members", ""), effect.required
        return (edge.type, link.cause), 1
