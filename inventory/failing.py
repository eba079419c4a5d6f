"""What a failure does to the rest: what stops, what loses its reserve, what runs worse, and what cannot be told.

Each is the least set that follows from what failed, so that a circle of things that need each other stops when
something it needs from outside does, and never of itself:

- An asset *stops* where a need of it is not met: more of its causes have stopped than it can spare.
- It is *degraded* where it runs, and a weak need of it is not met, or too few causes of a need run undegraded.
- It *loses its reserve* where it runs, and of a need just as many causes are left as it wants, and there were more
  before, or one of these has itself lost its reserve: the next failure stops it.

This is worked out in three worlds. In the worse one, relationships that are in doubt are like all others, and so are
Endpoints, of which nobody says what they are. In the better one, what is in doubt carries no failure but still stands
in for others, and an Endpoint runs unless it is what failed. In the lean one what is in doubt is not there at all, and
stands in for nothing either. Where they differ the result is *unknown*.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from inventory.wiring import Flags, Numbers, Wiring

SOME = 500
"""Above so many it costs less to mark them among all nodes than to sort them."""


class Result(IntEnum):
    """What becomes of an asset, the worst last. `STOPS` is sure, `UNKNOWN` is not."""

    UNAFFECTED = 0
    DEGRADED = 1
    RESERVE = 2
    UNKNOWN = 3
    STOPS = 4


@dataclass(frozen=True, slots=True)
class World:
    """The outcome in one of the three. By node: its result; by link: whether its effect's result follows from it."""

    result: Numbers
    carries: Flags


@dataclass(frozen=True, slots=True)
class Outcome:
    """By node: its `Result`; by link: whether the result of its effect follows from that of its cause."""

    wiring: Wiring
    failed: Numbers
    result: Numbers
    carries: Flags

    def of(self, node: str) -> Result:
        """The result of an asset. Raises KeyError."""
        return Result(int(self.result[self.wiring.number[node]]))

    def with_result(self, result: Result) -> list[str]:
        """The assets with that result, in order of their ids; what failed is among those that stop."""
        return [self.wiring.ids[node] for node in np.flatnonzero(self.result == result)]


def fail(wiring: Wiring, failed: Collection[str], doubted: Flags | None = None) -> Outcome:
    """What follows where all of these fail. `doubted`: by link, whether nobody surely says it still is; none are.

    Raises KeyError for an id that is no node.
    """
    start = wiring.numbers(failed)
    doubts = np.zeros(len(wiring.links), dtype=np.bool_) if doubted is None else doubted
    nobody = np.zeros(len(wiring.ids), dtype=np.bool_)
    worse = _World(wiring, start, np.zeros_like(doubts), nobody, wiring.spare).outcome()
    touched = worse.result > Result.UNAFFECTED
    unsure = (touched[wiring.cause] | touched[wiring.effect]) & doubts
    if not unsure.any() and not (touched & wiring.endpoint).any() and not _stands_in(wiring, doubts, start):
        return Outcome(wiring, start, worse.result, worse.carries)
    better = _World(wiring, start, doubts, wiring.endpoint, wiring.spare).outcome()
    lean = _World(wiring, start, doubts, wiring.endpoint, wiring.spare_without(doubts)).outcome()
    alike = (better.result == worse.result) & (lean.result == worse.result)
    result = np.where(alike, worse.result, Result.UNKNOWN)
    unknown = (result == Result.UNKNOWN)[wiring.effect]
    carries = np.where(unknown, worse.carries | lean.carries, better.carries)
    return Outcome(wiring, start, result, carries)


def _stands_in(wiring: Wiring, doubts: Flags, failed: Numbers) -> bool:
    """Whether what is in doubt may be what stands in for something: then a failure may reach further without it."""
    return bool(failed.size) and bool((doubts & (wiring.spare > 0)[wiring.need]).any())


class _World:
    """One world. `unsure`: links that carry nothing; `unclaimed`: nodes that run whatever happens; `spare`: by need."""

    def __init__(self, wiring: Wiring, failed: Numbers, unsure: Flags, unclaimed: Flags, spare: Numbers) -> None:
        self._wiring, self._failed, self._spare = wiring, failed, spare
        self._sure, self._claimed = ~unsure, ~unclaimed
        self._counts = wiring.counted(self._sure)

    def outcome(self) -> World:
        wiring = self._wiring
        stops, lost = self._spread(self._failed, self._none(), ~wiring.weak)
        running = ~self._flags(stops) & self._claimed
        degraded, hurt = self._degraded(stops, running, lost)
        last = ~wiring.weak & (lost == self._spare)
        reserve = self._losing(last & (lost > 0), last, running)
        result = np.zeros(len(wiring.ids), dtype=np.int64)
        result[degraded], result[reserve], result[stops] = Result.DEGRADED, Result.RESERVE, Result.STOPS
        return World(result, self._carries(result, self._flags(degraded), lost, hurt, last))

    def _degraded(self, stops: Numbers, running: Flags, lost: Numbers) -> tuple[Numbers, Numbers]:
        """What runs worse, and of each need how many causes have stopped or do; it all begins with a weak need."""
        if not self._hit(stops, self._wiring.weak).size:
            return stops[:0], lost
        return self._spread(stops, ~running, np.ones_like(self._wiring.weak))

    def _spread(self, start: Numbers, apart: Flags, needs: Flags) -> tuple[Numbers, Numbers]:
        """All nodes of which one of these needs is not met where `start` fails, without those `apart`.

        With them, unless they are apart, `start`; and of each need how many of its causes failed.
        """
        wiring = self._wiring
        lost = np.zeros(len(wiring.of), dtype=np.int64)
        left = ~apart & self._claimed & ~self._flags(start)
        found, frontier = [start[~apart[start]]], start
        while frontier.size:
            hit = self._hit(frontier, needs)
            np.add.at(lost, hit, 1)
            frontier = self._distinct(wiring.of[hit[lost[hit] > self._spare[hit]]], left)
            left[frontier] = False
            found.append(frontier)
        return np.concatenate(found), lost

    def _hit(self, nodes: Numbers, needs: Flags) -> Numbers:
        """The needs that these nodes are causes of, once for each of both."""
        links = self._wiring.out_of(nodes)
        hit = self._wiring.need[links[self._counts[links]]]
        return hit[needs[hit]]

    def _losing(self, seeds: Flags, last: Flags, running: Flags) -> Numbers:
        """What loses its reserve: whose these needs are, and what needs those and has no other left."""
        wiring, left = self._wiring, running.copy()
        frontier = self._distinct(wiring.of[seeds], left)
        found = [frontier]
        while frontier.size:
            left[frontier] = False
            frontier = self._distinct(wiring.of[self._hit(frontier, last)], left)
            found.append(frontier)
        return np.concatenate(found)

    def _distinct(self, nodes: Numbers, among: Flags) -> Numbers:
        """These nodes in order, each once, without those that are not among."""
        nodes = nodes[among[nodes]]
        return np.flatnonzero(self._flags(nodes)) if len(nodes) > SOME else np.unique(nodes)

    def _carries(self, result: Numbers, degraded: Flags, lost: Numbers, hurt: Numbers, last: Flags) -> Flags:
        """`degraded`: what runs worse, also where it has lost its reserve besides."""
        wiring = self._wiring
        cause, effect = result[wiring.cause], result[wiring.effect]
        need, strong = wiring.need, ~wiring.weak[wiring.need]
        stopped = (cause == Result.STOPS) & strong
        unmet = (lost > self._spare)[need]
        worn = (cause == Result.STOPS) | degraded[wiring.cause]
        carries: Flags = self._sure & (
            ((effect == Result.STOPS) & stopped & unmet)
            | ((effect == Result.RESERVE) & last[need] & (stopped | (cause == Result.RESERVE)))
            | ((effect == Result.DEGRADED) & worn & (hurt > self._spare)[need])
        )
        return carries

    def _flags(self, nodes: Numbers) -> Flags:
        flags = self._none()
        flags[nodes] = True
        return flags

    def _none(self) -> Flags:
        return np.zeros(len(self._wiring.ids), dtype=np.bool_)
