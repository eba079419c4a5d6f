"""Which assets, failing alone, take all that a need can spare: there its redundancy is none.

One storage under both members of a cluster takes both with it. An asset *stops* with another as `inventory.failing` has
it: where one of its needs is not met, weak ones apart.

Sets of assets are the bits of integers, some assets at a time, so that memory is bounded and a set costs little.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import chain

import numpy as np
import rustworkx

from inventory.bitsets import at_least, union
from inventory.wiring import Flags, Numbers, Wiring

AT_ONCE = 4096


@dataclass(slots=True)
class _Need:
    """How many of these causes may fail, and which they are."""

    spare: int
    causes: Sequence[int]


@dataclass(slots=True)
class _Below:
    """What lies below needs with a spare: `needs` of each node there, and `above` it those there that need it.

    `redundant`: these needs, with whose they are. `suspects`: nodes that may take several causes at once. `rank`: by
    node, in an order in which what is needed comes first, as far as there is one. What stops with each other in a
    circle is one node here, and may be several causes of one need.
    """

    needs: dict[int, list[_Need]] = field(default_factory=dict)
    above: dict[int, set[int]] = field(default_factory=dict)
    redundant: list[tuple[int, _Need]] = field(default_factory=list)
    suspects: list[int] = field(default_factory=list)
    rank: dict[int, int] = field(default_factory=dict)


def alone(wiring: Wiring, walls: Flags) -> tuple[Numbers, Numbers]:
    """Pairs of an owner and of an asset whose failure alone leaves one of the owner's needs with a spare unmet.

    Only pairs between which a way of stopped assets leads that no wall stands on. An asset that one other thing alone
    needs is left out, and what inherits all that another one of these has: they inherit it through that.
    """
    below = _below(wiring, walls)
    found = set[tuple[int, int]]()
    for start in range(0, len(below.suspects), AT_ONCE):
        found.update(_pairs(below, below.suspects[start : start + AT_ONCE], walls))
    pairs = np.array(sorted(found), dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _below(wiring: Wiring, walls: Flags) -> _Below:
    strong = ~wiring.weak[wiring.need]
    spared = strong & (wiring.spare[wiring.need] > 0)
    if not spared.any():
        return _Below()
    inside = _reached(wiring, np.unique(wiring.cause[spared]), strong)
    owners = np.zeros_like(inside)
    owners[wiring.effect[spared]] = True
    links = np.flatnonzero(strong & (inside | owners)[wiring.effect])
    one = _as_one(wiring, links[~spared[links] & ~(walls[wiring.cause] | walls[wiring.effect])[links]])
    below, whole = _Below(), dict[int, set[int]]()
    for need, causes in _by_need(wiring, links):
        owner, told = int(one[wiring.of[need]]), _Need(int(wiring.spare[need]), one[causes].tolist())
        if told.spare:
            below.redundant.append((owner, told))
        if inside[owner]:
            if told.spare:
                below.needs.setdefault(owner, []).append(told)
            else:
                whole.setdefault(owner, set()).update({*told.causes} - {owner})
            for cause in {*told.causes} - {owner}:
                below.above.setdefault(cause, set()).add(owner)
    for owner, together in whole.items():  # as one need, which costs less to look at than one for each
        below.needs.setdefault(owner, []).append(_Need(0, sorted(together)))
    ways = np.unique(np.stack([one[wiring.cause[links]], one[wiring.effect[links]]]), axis=1)
    needed = np.bincount(ways[0, ways[0] != ways[1]], minlength=len(inside))
    twice = {cause for _, told in below.redundant for cause, number in Counter(told.causes).items() if number > 1}
    below.suspects = sorted({*np.flatnonzero(inside & (needed > 1)).tolist(), *twice})
    ordered = (sorted(group, key=lambda node: (needed[node], node)) for group in _circles(ways))
    below.rank = {node: rank for rank, node in enumerate(chain.from_iterable(ordered))}
    return below


def _as_one(wiring: Wiring, links: Numbers) -> Numbers:
    """By node: itself, or the first of those that all stop with each other by these links."""
    one = np.arange(len(wiring.ids))
    for group in _circles(np.stack([wiring.cause[links], wiring.effect[links]])):
        one[group] = min(group)
    return one


def _circles(ways: Numbers) -> list[list[int]]:
    """What lies on circles of ways from cause to effect together, everything else alone; what is needed first."""
    nodes, ends = np.unique(ways, return_inverse=True)
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(nodes.tolist())
    graph.extend_from_edge_list(list(zip(*ends.reshape(ways.shape)[::-1].tolist(), strict=True)))
    return [nodes[group].tolist() for group in rustworkx.strongly_connected_components(graph)]


def _reached(wiring: Wiring, start: Numbers, strong: Flags) -> Flags:
    """All that these need, and themselves."""
    inside = np.zeros(len(wiring.ids), dtype=np.bool_)
    while start.size:
        inside[start] = True
        links = wiring.into(start)
        start = np.unique(wiring.cause[links[strong[links]]])
        start = start[~inside[start]]
    return inside


def _by_need(wiring: Wiring, links: Numbers) -> Iterator[tuple[int, Numbers]]:
    """Each need of these links with its causes, once each."""
    pairs = np.unique(np.stack([wiring.need[links], wiring.cause[links]]), axis=1)
    needs, starts = np.unique(pairs[0], return_index=True)
    yield from zip(needs.tolist(), np.split(pairs[1], starts[1:]), strict=True)


def _pairs(below: _Below, suspects: Sequence[int], walls: Flags) -> Iterator[tuple[int, int]]:
    whole = _whole(below, {node: 1 << bit for bit, node in enumerate(suspects)}, walls)
    ordered = sorted(suspects, key=lambda node: -whole[node].bit_count())  # what others inherit from comes first
    own = {node: 1 << bit for bit, node in enumerate(ordered)}
    every = (1 << len(ordered)) - 1
    whole, stopped = _whole(below, own, walls), _stopped(below, own, every)
    passing = _passing(below, own, stopped, walls, every)
    for owner, need in below.redundant:
        bits = _unmet(need, stopped, every)
        bits &= union(passing.get(cause, 0) for cause in need.causes) if bits else 0
        while bits:
            node = ordered[(bits & -bits).bit_length() - 1]
            bits &= ~whole[node]
            if node != owner:
                yield owner, node


def _whole(below: _Below, own: Mapping[int, int], walls: Flags) -> dict[int, int]:
    """By node: the suspects that inherit all that it has, by needs without a spare and past no wall; itself too."""
    found = dict(own)

    def again(node: int) -> int:
        causes = (found.get(cause, 0) for need in below.needs.get(node, ()) if not need.spare for cause in need.causes)
        return own.get(node, 0) | (0 if walls[node] else union(causes))

    _settle(below, own, found, again)
    return found


def _stopped(below: _Below, own: Mapping[int, int], every: int) -> dict[int, int]:
    """By node: which of the suspects stop it, failing alone. The least such sets."""
    found = dict(own)

    def again(node: int) -> int:
        return own.get(node, 0) | union(_unmet(need, found, every) for need in below.needs.get(node, ()))

    _settle(below, own, found, again)
    return found


def _passing(
    below: _Below, own: Mapping[int, int], stopped: Mapping[int, int], walls: Flags, every: int
) -> dict[int, int]:
    """By node: which suspects there is a way from, by needs that they leave unmet, and past no wall."""
    if not walls.any():
        return dict(stopped)
    found = dict(own)

    def of(need: _Need) -> int:
        bits = union(found.get(cause, 0) for cause in need.causes)
        return bits & _unmet(need, stopped, every) if need.spare else bits

    def again(node: int) -> int:
        return own.get(node, 0) | (0 if walls[node] else union(map(of, below.needs.get(node, ()))))

    _settle(below, own, found, again)
    return found


def _settle(below: _Below, start: Iterable[int], found: dict[int, int], again: Callable[[int], int]) -> None:
    """Look again at all above what has changed, what is needed first, until nothing changes."""
    queued = {node for changed in start for node in below.above.get(changed, ())}
    waiting = [(below.rank[node], node) for node in queued]
    heapify(waiting)
    while waiting:
        _, node = heappop(waiting)
        queued.discard(node)
        bits = again(node)
        if bits != found.get(node, 0):
            found[node] = bits
            for new in below.above.get(node, set()) - queued:
                heappush(waiting, (below.rank[new], new))
                queued.add(new)


def _unmet(need: _Need, stopped: Mapping[int, int], every: int) -> int:
    """The suspects with which more of the causes stop than may."""
    told = [stopped.get(cause, 0) for cause in need.causes]
    if not need.spare:
        return union(told)
    wanted = len(told) - need.spare
    if need.spare < wanted:
        return at_least(need.spare + 1, told)
    return every & ~at_least(wanted, [every & ~bits for bits in told])
