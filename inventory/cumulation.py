"""Cumulation: so many needs of one level rest on an asset that together they are worth the next.

Counted are the assets on which a need is set, each once, and each kind apart: a citizen service, its process and its
application are one matter that is seen three times.
"""

from dataclasses import dataclass

import numpy as np

from inventory.handing_down import Handed, Ways
from inventory.need_levels import Level
from inventory.wiring import Flags, Numbers


@dataclass(frozen=True, slots=True)
class Setters:
    """The assets on which a need is set. `kind`: by node, a number; `kinds`: how many of these there are."""

    nodes: Numbers
    kind: Numbers
    kinds: int


@dataclass(frozen=True, slots=True)
class Raised:
    """By node: the level to which needs of the level below raise it, 0 for none; and the number of the kind these are.

    Of several kinds the first.
    """

    level: Numbers
    kind: Numbers


def cumulated(ways: Ways, handed: Handed, override: Numbers, setters: Setters, number: int) -> Raised:
    """What so many needs of one kind raise, where that is more than it has anyway; a number of 0 raises nothing.

    A need counts as it arrives: lowered where availability is handed down lowered, and no higher than an override that
    stands between. What is raised is not counted again: cumulation is worked out once.
    """
    raised = Raised(np.zeros_like(handed.level), np.zeros_like(handed.level))
    if number <= 0 or len(setters.nodes) < number:
        return raised
    above = None
    for level in (Level.VERY_HIGH, Level.HIGH, Level.NORMAL):
        if level == Level.VERY_HIGH and not ways.lowers.any():
            continue
        blocked = (override > 0) & (override < level)
        needs = _Arriving(ways, blocked, setters, number + 1, lowered=level == Level.NORMAL)
        needs.begin(setters.nodes[handed.effective[setters.nodes] >= level])
        if above is not None and level == Level.HIGH:
            needs.join(above)
        needs.spread()
        above = needs
        if level < Level.VERY_HIGH:
            many = needs.many(number)
            more = many.any(axis=1) & (handed.level == level)
            raised.level[more], raised.kind[more] = level + 1, many[more].argmax(axis=1)
    return raised


class _Arriving:
    """The needs that arrive at each node, and of each kind no more than the limit: what is more changes nothing.

    A node that has taken fewer than the limit has taken all that arrive, since none before it left one out.
    """

    def __init__(self, ways: Ways, blocked: Flags, setters: Setters, limit: int, *, lowered: bool) -> None:
        self._ways, self._blocked, self._setters, self._limit = ways, blocked, setters, limit
        self._lowered = lowered
        self._size = len(blocked)
        self._taken = np.zeros(self._size * setters.kinds, dtype=np.int64)
        self._seen = _Seen()
        self._frontier: list[Numbers] = []

    def begin(self, setters: Numbers) -> None:
        """Each at itself."""
        self._take(setters * self._size + setters)

    def join(self, above: "_Arriving") -> None:
        """What arrived one level higher and is lowered on the next way; where it is not, it is among these anyway."""
        self._take(above.sent(lowering=True))

    def spread(self) -> None:
        """Until nothing new arrives anywhere."""
        while self._frontier:
            codes = np.concatenate(self._frontier)
            self._frontier = []
            self._take(self._onwards(codes, lowering=None if self._lowered else False))

    def sent(self, *, lowering: bool) -> Numbers:
        """All that goes on from where it arrived, by ways that lower, or by those that do not."""
        return self._onwards(self._seen.all(), lowering=lowering)

    def many(self, number: int) -> Flags:
        """By node and kind: whether so many arrive; an asset's own need is none that rests on it."""
        taken = self._taken.reshape(self._size, self._setters.kinds).copy()
        own = self._setters.nodes
        taken[own, self._setters.kind[own]] -= self._seen.has(own * self._size + own)
        found: Flags = taken >= number
        return found

    def _onwards(self, codes: Numbers, *, lowering: bool | None) -> Numbers:
        """Codes are of a need and the node it has come to: need * size + node."""
        codes = codes[~self._blocked[codes % self._size]]
        needs, nodes = codes // self._size, codes % self._size
        counts = self._ways.first[nodes + 1] - self._ways.first[nodes]
        ways, needs = self._ways.out_of(nodes), np.repeat(needs, counts)
        chosen = slice(None) if lowering is None else self._ways.lowers[ways] == lowering
        return np.asarray(needs[chosen] * self._size + self._ways.taker[ways[chosen]])

    def _take(self, codes: Numbers) -> None:
        codes = codes[self._taken[self._slots(codes)] < self._limit]  # most are of no use where much is needed by much
        codes = np.sort(codes)
        codes = codes[np.diff(codes, prepend=-1) > 0]
        codes = codes[~self._seen.has(codes)]
        slots = self._slots(codes)
        order = np.argsort(slots, kind="stable")
        codes, slots = codes[order], slots[order]
        place = np.arange(len(slots)) - np.searchsorted(slots, slots)
        codes = codes[self._taken[slots] + place < self._limit]
        if codes.size:
            np.add.at(self._taken, self._slots(codes), 1)
            self._seen.add(np.sort(codes))
            self._frontier.append(codes)

    def _slots(self, codes: Numbers) -> Numbers:
        """Where is counted how many of a kind have come to a node."""
        return np.asarray(codes % self._size * self._setters.kinds + self._setters.kind[codes // self._size])


class _Seen:
    """A set of numbers to which many are added often: sorted runs, each at least twice as long as the next."""

    def __init__(self) -> None:
        self._runs: list[Numbers] = []

    def add(self, codes: Numbers) -> None:
        """Numbers in order, none of which it has."""
        self._runs.append(codes)
        while len(self._runs) > 1 and len(self._runs[-2]) < 2 * len(self._runs[-1]):
            last = self._runs.pop()
            self._runs[-1] = np.union1d(self._runs[-1], last)

    def has(self, codes: Numbers) -> Flags:
        found = np.zeros(len(codes), dtype=np.bool_)
        for run in self._runs:
            at = np.minimum(np.searchsorted(run, codes), len(run) - 1)
            found |= run[at] == codes
        return found

    def all(self) -> Numbers:
        return np.concatenate(self._runs) if self._runs else np.array([], dtype=np.int64)
