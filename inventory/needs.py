"""What an asset needs, however far: to the host, the room and the power feed; and the order to start that up in."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import rustworkx as rx

from graph.metamodel import THINGS
from graph.outline import OutlineNode
from inventory.single_points import stoppers
from inventory.wiring import ENDPOINT, Link, Numbers, Wiring

STARTED = THINGS - {ENDPOINT}
"""Kinds of what is switched on and off."""


@dataclass(frozen=True, slots=True)
class Needed:
    """Something that is needed, by a way of links from it, of which the last ends at what was asked about.

    `alone`: whether its failure alone stops what was asked about; else something stands in for it, or that runs worse.
    """

    node: OutlineNode
    links: tuple[Link, ...]
    alone: bool

    @property
    def distance(self) -> int:
        """How many links the way has."""
        return len(self.links)


@dataclass(frozen=True, slots=True)
class Stage:
    """What can be started together, once all stages before are up; stopped, once all behind are down.

    `circles`: among them, those that need each other in a circle, so that no order is right for them.
    """

    nodes: tuple[OutlineNode, ...]
    circles: tuple[tuple[OutlineNode, ...], ...]


def needs_of(wiring: Wiring, assets: Collection[str]) -> list[Needed]:
    """All that these need, without these; the nearest first, then by kind and name. Raises KeyError."""
    start = wiring.numbers(assets)
    length, following = _reached(wiring, start)
    found = sorted(np.flatnonzero(length > 0).tolist(), key=lambda at: (length[at], wiring.rank[at]))
    alone = stoppers(wiring, assets)
    return [_needed(wiring, at, following, alone) for at in found]


def _reached(wiring: Wiring, start: Numbers) -> tuple[Numbers, Numbers]:
    """By node: how many links its shortest way to what is asked about has, -1 where there is none; and the first."""
    length = np.full(len(wiring.ids), -1, dtype=np.int64)
    following = np.full(len(wiring.ids), -1, dtype=np.int64)
    length[start] = 0
    frontier, steps = start, 0
    while frontier.size:
        steps += 1
        links = wiring.into(frontier)
        links = links[length[wiring.cause[links]] < 0]
        frontier, firsts = np.unique(wiring.cause[links], return_index=True)
        length[frontier], following[frontier] = steps, links[firsts]
    return length, following


def _needed(wiring: Wiring, at: int, following: Numbers, alone: Collection[str]) -> Needed:
    node, links = wiring.outline.nodes[wiring.ids[at]], list[int]()
    while following[at] >= 0:
        links.append(int(following[at]))
        at = int(wiring.effect[following[at]])
    return Needed(node, tuple(wiring.links[link] for link in links), node.id in alone)


def start_order(wiring: Wiring, assets: Collection[str]) -> list[Stage]:
    """The stages in which to start these and all that they need; in reverse, to stop them."""
    length, _ = _reached(wiring, wiring.numbers(assets))
    things = np.flatnonzero(length >= 0).tolist()
    circles = list(_circles(wiring, things))
    stage_of = _stages(wiring, circles)
    found: dict[int, list[list[int]]] = {}
    for number, circle in enumerate(circles):
        if kept := [at for at in circle if _is_started(wiring, at)]:
            found.setdefault(stage_of[number], []).append(kept)
    return [_stage(wiring, found[number]) for number in sorted(found)]


def _circles(wiring: Wiring, things: Sequence[int]) -> Iterator[list[int]]:
    """What needs each other, alone where nothing does; each before those that need it."""
    graph: rx.PyDiGraph[int, None] = rx.PyDiGraph()
    number = dict(zip(things, graph.add_nodes_from(things), strict=True))
    for cause, effect in zip(wiring.cause.tolist(), wiring.effect.tolist(), strict=True):
        if cause in number and effect in number:
            graph.add_edge(number[cause], number[effect], None)
    yield from ([things[at] for at in circle] for circle in reversed(rx.strongly_connected_components(graph)))


def _stages(wiring: Wiring, circles: Sequence[Sequence[int]]) -> list[int]:
    """By circle: how many stages must be up before it. A room is none, but what it needs comes first all the same."""
    circle_of = {at: number for number, circle in enumerate(circles) for at in circle}
    stages = [0] * len(circles)
    for number, circle in enumerate(circles):
        own = int(any(_is_started(wiring, at) for at in circle))
        for link in wiring.out_of(np.array(sorted(circle), dtype=np.int64)):
            after = circle_of.get(int(wiring.effect[link]), number)
            if after != number:
                stages[after] = max(stages[after], stages[number] + own)
    return stages


def _is_started(wiring: Wiring, at: int) -> bool:
    return wiring.outline.nodes[wiring.ids[at]].kind in STARTED


def _stage(wiring: Wiring, groups: Sequence[Sequence[int]]) -> Stage:
    circles = tuple(wiring.told(group) for group in groups if len(group) > 1)
    return Stage(wiring.told(at for group in groups for at in group), circles)
