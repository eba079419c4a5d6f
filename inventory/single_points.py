"""Single points of failure: what alone stops a citizen service; and redundancy that is none.

What alone stops an asset is the asset itself, what alone stops a cause of a need that can spare none, and what alone
stops more causes of a need than that can spare. So it is worked out from the ground up, for many failures at once: a
set of failures is a number, with a bit for each.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import rustworkx as rx

from graph.metamodel import THINGS
from graph.outline import OutlineNode
from graph.values import pages
from inventory.bitsets import at_least, members, union
from inventory.impact import SERVICE
from inventory.wiring import Wiring

TOLD = THINGS | {"Location"}
"""Kinds of single points: a process, an office or a contract does not fail as a machine does."""
TOGETHER = 8192
"""Failures that are worked out at once: a bit of each number."""


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
    services = [at for at, node in enumerate(wiring.ids) if wiring.outline.nodes[node].kind == SERVICE]
    stopped: dict[int, list[int]] = {}
    for service, failures in _Alone(wiring, services).stop(services):
        for failure in failures:
            stopped.setdefault(failure, []).append(service)
    nodes = {at: wiring.outline.nodes[wiring.ids[at]] for at in stopped}
    found = [SinglePoint(node, wiring.told(stopped[at])) for at, node in nodes.items() if node.kind in TOLD]
    return sorted(found, key=lambda p: (-len(p.services), p.node.kind, p.node.name, p.node.id))


def stoppers(wiring: Wiring, assets: Collection[str]) -> frozenset[str]:
    """What alone stops any of these assets, these among it. Raises KeyError."""
    wanted = wiring.numbers(assets).tolist()
    return frozenset(wiring.ids[at] for _, failures in _Alone(wiring, wanted).stop(wanted) for at in failures)


def false_redundancy(wiring: Wiring) -> list[FalseRedundancy]:
    """In order of kind and name of what needs it."""
    needs = np.flatnonzero((wiring.spare > 0) & ~wiring.weak).tolist()
    alone = _Alone(wiring, [int(wiring.of[need]) for need in needs])
    breakers = {need: some - {int(wiring.of[need])} for need, some in alone.breakers(needs).items()}
    found = []
    for need, nearest in alone.nearest({need: some for need, some in breakers.items() if some}):
        shared = [at for at in nearest if wiring.outline.nodes[wiring.ids[at]].kind in TOLD]
        if shared:
            node = wiring.outline.nodes[wiring.ids[int(wiring.of[need])]]
            causes = np.unique(wiring.cause[wiring.of_need(need)]).tolist()
            wanted = int(wiring.size[need] - wiring.spare[need])
            found.append(FalseRedundancy(node, wiring.told(causes), wanted, wiring.told(shared)))
    return sorted(found, key=lambda one: (one.node.kind, one.node.name, one.node.id))


class _Alone:
    """What alone stops some nodes. Only what these need is looked at."""

    def __init__(self, wiring: Wiring, targets: Iterable[int]) -> None:
        self._wiring = wiring
        self._needs: dict[int, list[tuple[int, list[int]]]] = {}
        graph: rx.PyDiGraph[int, None] = rx.PyDiGraph()
        self._relevant = self._needed_by(set(targets))
        index = dict(zip(self._relevant, graph.add_nodes_from(self._relevant), strict=True))
        for at, needs in self._needs.items():
            graph.add_edges_from_no_data([(index[at], index[cause]) for _, causes in needs for cause in causes])
        circles = rx.strongly_connected_components(graph)
        self._circles = [[self._relevant[at] for at in circle] for circle in circles]
        """Nodes that need each other, each behind those that it needs."""
        self._circle_of = {at: number for number, circle in enumerate(self._circles) for at in circle}

    def stop(self, targets: Collection[int]) -> Iterator[tuple[int, list[int]]]:
        """Each of these nodes, with some of the failures that stop it; several times, until all were told."""
        for failures in pages(self._relevant, TOGETHER):
            stopping = self._stopping(failures)
            for target in targets:
                if mask := stopping[target]:
                    yield target, [failures[bit] for bit in members(mask)]

    def breakers(self, needs: Collection[int]) -> dict[int, set[int]]:
        """By need: the failures that alone stop more of its causes than it can spare."""
        found: dict[int, set[int]] = {need: set() for need in needs}
        wiring = self._wiring
        for failures in pages(self._relevant, TOGETHER):
            stopping = self._stopping(failures)
            for need in needs:
                causes = np.unique(wiring.cause[wiring.of_need(need)]).tolist()
                mask = _more_than(int(wiring.spare[need]), [stopping[cause] for cause in causes])
                found[need].update(failures[bit] for bit in members(mask))
        return found

    def nearest(self, breakers: Mapping[int, set[int]]) -> Iterator[tuple[int, list[int]]]:
        """By need: without those that stop another of these, unless that stops them too."""
        far: dict[int, set[int]] = {need: set() for need in breakers}
        for failures in pages(sorted(set().union(*breakers.values())), TOGETHER):
            stopping = self._stopping(failures)
            bit_of = {at: 1 << bit for bit, at in enumerate(failures)}
            for need, some in breakers.items():
                mine = union(bit_of[at] for at in some if at in bit_of)
                for at in some if mine else ():
                    others = (failures[bit] for bit in members(stopping[at] & mine))
                    far[need].update(one for one in others if self._circle_of[one] != self._circle_of[at])
        yield from ((need, sorted(some - far[need])) for need, some in breakers.items())

    def _needed_by(self, targets: set[int]) -> list[int]:
        """These and all that they need to run, however far; what each needs is kept. Of an Endpoint none is known."""
        wiring = self._wiring
        strong = ~wiring.weak[wiring.need] & ~wiring.endpoint[wiring.effect]
        found, frontier = set(targets), np.array(sorted(targets), dtype=np.int64)
        while frontier.size:
            links = wiring.into(frontier)
            links = links[strong[links]]
            for need in np.unique(wiring.need[links]).tolist():
                causes = np.unique(wiring.cause[wiring.of_need(need)]).tolist()
                self._needs.setdefault(int(wiring.of[need]), []).append((int(wiring.spare[need]), causes))
            frontier = np.array(sorted(set(wiring.cause[links].tolist()) - found), dtype=np.int64)
            found.update(frontier.tolist())
        return sorted(found)

    def _stopping(self, failures: Sequence[int]) -> dict[int, int]:
        """By node: which of these failures alone stop it."""
        found = dict.fromkeys(self._relevant, 0)
        found.update({at: 1 << bit for bit, at in enumerate(failures)})
        for circle in self._circles:
            changed = True
            while changed:  # once where nothing needs itself by a circle
                changed = False
                for at in circle:
                    mask = found[at]
                    for spare, causes in self._needs.get(at, ()):
                        mask |= _more_than(spare, [found[cause] for cause in causes])
                    changed = changed or (mask != found[at] and len(circle) > 1)
                    found[at] = mask
        return found


def _more_than(spare: int, sets: Sequence[int]) -> int:
    return at_least(spare + 1, sets) if spare else union(sets)
