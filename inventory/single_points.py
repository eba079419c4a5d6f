"""Single points of failure: what alone stops a citizen service; and redundancy that is none.

What fails takes with it all that needs it and has nothing to spare. How far that reaches is worked out for all assets
at once. Only what takes so many causes of a need that could spare some that it is not met any longer (both members of a
cluster stand in its room) is tried by itself: then more follows.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import rustworkx as rx

from graph.metamodel import THINGS
from graph.outline import OutlineNode
from inventory.failing import Result, fail
from inventory.impact import SERVICE
from inventory.wiring import Numbers, Wiring

TOLD = THINGS | {"Location"}
"""Kinds of single points: a process, an office or a contract does not fail as a machine does."""


@dataclass(frozen=True, slots=True)
class SinglePoint:
    """An asset whose failure alone stops these citizen services, in order of their names."""

    node: OutlineNode
    services: tuple[OutlineNode, ...]


@dataclass(frozen=True, slots=True)
class FalseRedundancy:
    """`node` needs `wanted` of `causes`, and could spare the others; but each of `shared` alone takes too many of them.

    Of what is shared only the nearest: not the room of a host that is shared already.
    """

    node: OutlineNode
    causes: tuple[OutlineNode, ...]
    wanted: int
    shared: tuple[OutlineNode, ...]


def single_points(wiring: Wiring) -> list[SinglePoint]:
    """Those that stop the most citizen services first, then by kind and name."""
    alone = _Alone(wiring)
    found = [point for point in alone.points() if point.services]
    return sorted(found, key=lambda p: (-len(p.services), p.node.kind, p.node.name, p.node.id))


def false_redundancy(wiring: Wiring) -> list[FalseRedundancy]:
    """In order of kind and name of what needs it."""
    found = _Alone(wiring).false_redundancy()
    return sorted(found, key=lambda one: (one.node.kind, one.node.name, one.node.id))


def stoppers(wiring: Wiring, assets: Collection[str]) -> frozenset[str]:
    """What alone stops any of these assets, these among it. Raises KeyError."""
    wanted = wiring.numbers(assets).tolist()
    return frozenset(wiring.ids[at] for at, stopped in enumerate(_Alone(wiring).stopped(wanted)) if stopped)


class _Alone:
    """What each asset's failure does alone. Sets of services, and of causes of needs, are numbers: a bit for each."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        strict = (wiring.spare == 0) & ~wiring.weak
        links = np.flatnonzero(strict[wiring.need] & ~wiring.endpoint[wiring.effect])
        self._effects: dict[int, list[int]] = {}
        for cause, effect in zip(wiring.cause[links].tolist(), wiring.effect[links].tolist(), strict=True):
            self._effects.setdefault(cause, []).append(effect)
        graph: rx.PyDiGraph[int, None] = rx.PyDiGraph()
        graph.add_nodes_from(range(len(wiring.ids)))
        graph.add_edges_from_no_data([(cause, effect) for cause, some in self._effects.items() for effect in some])
        self._circles = rx.strongly_connected_components(graph)
        """Nodes that stop together, each behind those that it takes with it."""

    def points(self) -> Iterator[SinglePoint]:
        """Every asset that may be told of, with the services that it stops."""
        wiring = self._wiring
        services = [at for at, node in enumerate(wiring.ids) if wiring.outline.nodes[node].kind == SERVICE]
        for at, stopped in enumerate(self.stopped(services)):
            node = wiring.outline.nodes[wiring.ids[at]]
            if node.kind in TOLD:
                yield SinglePoint(node, wiring.told(stopped))

    def stopped(self, targets: Sequence[int]) -> Iterator[Sequence[int]]:
        """By node: which of these nodes stop when it fails alone."""
        takes = self._taken({node: 1 << bit for bit, node in enumerate(targets)})
        for at, mask in enumerate(takes):
            tried = self._tried.get(at)
            if tried is None:
                yield [targets[bit] for bit in _bits(mask)]
            else:
                yield np.intersect1d(targets, tried).tolist()

    def false_redundancy(self) -> Iterator[FalseRedundancy]:
        """The needs that could spare some, and that something breaks which is no part of them."""
        wiring = self._wiring
        for need, breakers in self._broken().items():
            causes = np.unique(wiring.cause[wiring.of_need(need)]).tolist()
            nearest = self._nearest(breakers - {int(wiring.of[need])})
            shared = [at for at in nearest if wiring.outline.nodes[wiring.ids[at]].kind in TOLD]
            if shared:
                node = wiring.outline.nodes[wiring.ids[int(wiring.of[need])]]
                wanted = int(wiring.size[need] - wiring.spare[need])
                yield FalseRedundancy(node, wiring.told(causes), wanted, wiring.told(shared))

    def _broken(self) -> Mapping[int, set[int]]:
        """By each need that could spare some: the nodes that alone take more of its causes than that."""
        wiring, found = self._wiring, dict[int, set[int]]()
        for at, stopped in self._tried.items():
            flags = np.zeros(len(wiring.ids), dtype=np.bool_)
            flags[stopped] = True
            lost = np.bincount(self._sparing[0][flags[self._sparing[1]]], minlength=len(wiring.of))
            for need in np.flatnonzero((wiring.spare > 0) & (lost > wiring.spare)).tolist():
                found.setdefault(need, set()).add(at)
        return found

    @cached_property
    def _sparing(self) -> tuple[Numbers, Numbers]:
        """Needs that can spare some, and their causes, in pairs."""
        wiring = self._wiring
        links = np.flatnonzero(((wiring.spare > 0) & ~wiring.weak)[wiring.need])
        pairs = np.unique(np.stack([wiring.need[links], wiring.cause[links]]), axis=1)
        return pairs[0], pairs[1]

    @cached_property
    def _tried(self) -> Mapping[int, Numbers]:
        """What stops with each node that takes too many causes of a need that can spare some: more follows from it."""
        wiring = self._wiring
        needs, causes = (numbers.tolist() for numbers in self._sparing)
        seeds: dict[int, int] = {}
        for bit, cause in enumerate(causes):
            seeds[cause] = seeds.get(cause, 0) | 1 << bit
        found: dict[int, Numbers] = {}
        breaks: dict[int, bool] = {}
        for at, mask in enumerate(self._taken(seeds)):
            if mask not in breaks:  # many nodes take the same
                counts = Counter(needs[bit] for bit in _bits(mask))
                breaks[mask] = any(count > wiring.spare[need] for need, count in counts.items())
            if breaks[mask]:
                found[at] = np.flatnonzero(fail(wiring, [wiring.ids[at]]).result == Result.STOPS)
        return found

    def _taken(self, seeds: Mapping[int, int]) -> list[int]:
        """By node: all seeds of the nodes that its failure takes, itself among them, without needs that spare some."""
        found = [0] * len(self._wiring.ids)
        for circle in self._circles:
            mask = 0
            for node in circle:
                mask |= seeds.get(node, 0)
                for effect in self._effects.get(node, ()):
                    mask |= found[effect]
            for node in circle:
                found[node] = mask
        return found

    def _nearest(self, nodes: set[int]) -> list[int]:
        """Without those that take another of these with them, unless that takes them too."""
        takes = self._taken({node: 1 << bit for bit, node in enumerate(sorted(nodes))})
        order = sorted(nodes)
        mine = {node: {order[bit] for bit in _bits(takes[node])} for node in order}
        return [node for node in order if all(node in mine[other] for other in mine[node])]


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
