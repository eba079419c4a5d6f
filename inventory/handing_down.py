"""How levels of protection need pass from what needs to what is needed, along the ways that failure takes upwards.

What several hand down counts by its maximum. A level is handed on as it is effective: where a wall stands (a person's
override), that level goes on from there, whatever comes in. Levels are worked out from the highest down, each by the
shortest ways, so that a circle adds nothing of itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inventory.alone import alone
from inventory.need_levels import Level
from inventory.wiring import Flags, Numbers, Wiring

OWN = -1
"""In place of a way: the level is the asset's own."""
JOINT = -1
"""In place of a link: it takes all that a need can spare, by several links."""
DOWN = (Level.VERY_HIGH, Level.HIGH, Level.NORMAL)


@dataclass(frozen=True, slots=True)
class Ways:
    """By number: from `giver` to `taker`, whether it `lowers` by one level, and the link it is, or JOINT.

    Those that begin at node n are those from `first[n]` up to `first[n + 1]`.
    """

    giver: Numbers
    taker: Numbers
    lowers: Flags
    link: Numbers
    first: Numbers

    def out_of(self, nodes: Numbers) -> Numbers:
        """The ways that begin at these nodes, in order."""
        starts, counts = self.first[nodes], self.first[nodes + 1] - self.first[nodes]
        offsets = np.repeat(starts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
        return offsets + np.arange(len(offsets))


def whole_ways(wiring: Wiring) -> Ways:
    """All levels are handed down whole: of confidentiality and integrity, which no second copy makes less."""
    return _ways(wiring, np.zeros(len(wiring.links), dtype=np.bool_))


def weighed_ways(wiring: Wiring, walls: Flags) -> Ways:
    """Of availability: one level less where the need has one to spare, or only degrades.

    Whole again to what alone takes all that a need can spare (see `alone`).
    """
    lowers = wiring.weak[wiring.need] | (wiring.spare[wiring.need] > 0)
    return _ways(wiring, lowers, *alone(wiring, walls))


def _ways(wiring: Wiring, lowers: Flags, *joint: Numbers) -> Ways:
    givers, takers = joint or (np.array([], dtype=np.int64),) * 2
    giver, taker = np.concatenate([wiring.effect, givers]), np.concatenate([wiring.cause, takers])
    lowers = np.concatenate([lowers, np.zeros(len(givers), dtype=np.bool_)])
    link = np.concatenate([np.arange(len(wiring.links)), np.full(len(givers), JOINT)])
    order = np.lexsort((link, lowers, taker, giver))
    first = np.searchsorted(giver[order], np.arange(len(wiring.ids) + 1))
    return Ways(giver[order], taker[order], lowers[order], link[order], first)


@dataclass(frozen=True, slots=True)
class Handed:
    """By node: the level that is computed, by which way it came last (or OWN), and from which node it is.

    `effective`: what goes on from there: the override where there is one.
    """

    level: Numbers
    by: Numbers
    root: Numbers
    effective: Numbers


def hand_down(ways: Ways, own: Numbers, override: Numbers) -> Handed:
    """From the levels that nodes have of themselves, and the overrides; 0 for none."""
    run = _Run(ways, own, override)
    for level in DOWN:
        run.settle(level)
    return Handed(run.level, run.by, run.root, np.where(run.walls, override, run.level))


class _Run:
    """Levels as they are found."""

    def __init__(self, ways: Ways, own: Numbers, override: Numbers) -> None:
        self._ways, self._own, self._override = ways, own, override
        self.walls = override > 0
        self.level = np.zeros(len(own), dtype=np.int64)
        self.by = np.full(len(own), OWN, dtype=np.int64)
        self.root = np.arange(len(own), dtype=np.int64)
        self._far = np.zeros(len(own), dtype=np.int64)

    def settle(self, level: Level) -> None:
        """Find all nodes with this level, where those with a higher one are known; nearest first."""
        waiting = dict(self._from_above(level))
        new = np.flatnonzero((self.level == 0) & (self._own == level))
        self.level[new] = level
        start = np.concatenate([new[~self.walls[new]], np.flatnonzero(self._override == level)])
        self._send(start, 0, level, waiting)
        while waiting:
            far = min(waiting)
            found = self._take(np.unique(np.concatenate(waiting.pop(far))), far, level)
            self._send(found[~self.walls[found]], far, level, waiting)

    def _from_above(self, level: Level) -> Iterator[tuple[int, list[Numbers]]]:
        """By length: the ways on which the level above becomes this one."""
        effective = np.where(self.walls, self._override, self.level)
        ways = self._ways.out_of(np.flatnonzero(effective == level + 1))
        ways = ways[self._ways.lowers[ways]]
        givers = self._ways.giver[ways]
        length = np.where(self.walls[givers], 0, self._far[givers]) + 1
        for far in np.unique(length).tolist():
            yield far, [ways[length == far]]

    def _take(self, ways: Numbers, far: int, level: Level) -> Numbers:
        """The nodes that these ways are the first to bring a level to."""
        ways = ways[self.level[self._ways.taker[ways]] == 0]
        found, firsts = np.unique(self._ways.taker[ways], return_index=True)
        givers = self._ways.giver[ways[firsts]]
        self.level[found], self.by[found], self._far[found] = level, ways[firsts], far
        self.root[found] = np.where(self.walls[givers], givers, self.root[givers])
        return found

    def _send(self, nodes: Numbers, far: int, level: Level, waiting: dict[int, list[Numbers]]) -> None:
        ways = self._ways.out_of(nodes)
        if level > Level.NORMAL:  # below normal nothing is lowered
            ways = ways[~self._ways.lowers[ways]]
        if ways.size:
            waiting.setdefault(far + 1, []).append(ways)
