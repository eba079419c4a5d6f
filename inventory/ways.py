"""The shortest way from what failed to each thing that it affects, along the links that carry the result."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from inventory.failing import SOME, Outcome, Result
from inventory.wiring import Numbers

NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Ways:
    """By node: how many links the shortest way has, 0 for what failed and -1 for what is unaffected; and the last."""

    outcome: Outcome
    length: Numbers
    last: Numbers

    def to(self, node: str) -> list[int]:
        """The links from what failed to that asset, in order; of several shortest ways the one whose ids come first."""
        wiring, found = self.outcome.wiring, list[int]()
        at = wiring.number[node]
        while self.length[at] > 0:
            found.append(int(self.last[at]))
            at = int(wiring.cause[self.last[at]])
        return found[::-1]


def ways_of(outcome: Outcome) -> Ways:
    """Breadth first, so that each way is as short as any."""
    wiring = outcome.wiring
    length = np.full(len(wiring.ids), NOWHERE, dtype=np.int64)
    last = np.full(len(wiring.ids), NOWHERE, dtype=np.int64)
    length[outcome.failed] = 0
    frontier, steps = outcome.failed, 0
    while frontier.size:
        steps += 1
        links = wiring.out_of(frontier)
        links = links[outcome.carries[links] & (length[wiring.effect[links]] == NOWHERE)]
        length[wiring.effect[links]] = steps
        last[wiring.effect[links[::-1]]] = links[::-1]  # of several the first stays: links are in order of their causes
        frontier = np.unique(wiring.effect[links]) if len(links) <= SOME else np.flatnonzero(length == steps)
    return Ways(outcome, length, last)


class Met(NamedTuple):
    """How a need is met: how many causes it has, how many of these it wants, and which have stopped, by id."""

    size: int
    wanted: int
    stopped: tuple[str, ...]


def met(outcome: Outcome, link: int) -> Met:
    """How the need is met that a link belongs to."""
    wiring, need = outcome.wiring, int(outcome.wiring.need[link])
    if wiring.size[need] == 1:
        at = int(wiring.cause[link])
        return Met(1, 1, (wiring.ids[at],) if outcome.result[at] == Result.STOPS else ())
    causes = np.unique(wiring.cause[wiring.of_need(need)])
    stopped = tuple(wiring.ids[cause] for cause in causes if outcome.result[cause] == Result.STOPS)
    return Met(int(wiring.size[need]), int(wiring.size[need] - wiring.spare[need]), stopped)
