"""What a failure does to the city: each affected asset with its result, and the shortest way by which it is reached."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from graph.metamodel import PLACE
from graph.model import Node
from graph.outline import ASSUMED, OutlineNode
from inventory.failing import Outcome, Result, fail
from inventory.topology import Topology
from inventory.ways import Met, Ways, met, ways_of
from inventory.wiring import Flags, Link, Numbers

SERVICE = "CitizenService"
AFFECTED = (Result.STOPS, Result.UNKNOWN, Result.RESERVE, Result.DEGRADED)
"""In the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Affected:
    """An asset that a failure affects, by a way of `links`. `doubt`: why its result is unknown, "" where it is known.

    `met`: of the last link, how the need is met that it belongs to.
    """

    node: OutlineNode
    result: Result
    links: tuple[Link, ...]
    met: Met
    doubt: OutlineNode | Link | None

    @property
    def distance(self) -> int:
        """How many links the way has."""
        return len(self.links)


@dataclass(frozen=True, slots=True)
class Impact:
    """The answer. Its assets, without what failed: citizen services first, then the worst first, then the nearest.

    `told_by`: the sources that know what failed and tell of dependencies; none: nobody could have said that something
    depends on it. `depth`: how many links a way may have, 0 for any; `within`: the affected that have such a way;
    `beyond`: how many have a longer one.
    """

    topology: Topology
    outcome: Outcome
    ways: Ways
    doubted: Flags | None
    failed: tuple[Node, ...]
    told_by: tuple[str, ...]
    depth: int
    within: Numbers
    beyond: int

    @property
    def covered(self) -> bool:
        """Whether an empty answer means that nothing depends on it, as far as `told_by` knows."""
        return bool(self.told_by)

    @property
    def total(self) -> int:
        """How many are affected, as far as `depth` reaches."""
        return len(self.within)

    def counts(self) -> Counter[tuple[str, Result]]:
        """How many of each kind have each result."""
        wiring = self.topology.wiring
        pairs = wiring.kind[self.within] * len(Result) + self.outcome.result[self.within]
        counts = np.bincount(pairs)
        return Counter(
            {
                (wiring.kinds[pair // len(Result)], Result(pair % len(Result))): int(counts[pair])
                for pair in np.flatnonzero(counts).tolist()
            }
        )

    def results(self) -> Counter[Result]:
        """How many have each result."""
        found = Counter[Result]()
        for (_, result), count in self.counts().items():
            found[result] += count
        return found

    def items(self, start: int = 0, limit: int | None = None) -> Iterator[Affected]:
        """The assets in order, from one on, at most so many."""
        end = self.total if limit is None else min(start + limit, self.total)
        return (self._affected(int(node)) for node in self._first(end)[start:])

    def item(self, node: str) -> Affected | None:
        """What becomes of that asset, however far it is; None where it is unaffected, or failed. Raises KeyError."""
        number = self.topology.wiring.number[node]
        return self._affected(number) if self.ways.length[number] > 0 else None

    def services(self) -> Iterator[Affected]:
        """The citizen services among them, which come first."""
        number = sum(count for (kind, _), count in self.counts().items() if kind == SERVICE)
        return self.items(0, number)

    def doubt_text(self, item: Affected) -> str:
        """Why its result is unknown, in English; "" where it is known."""
        nodes = self.topology.outline.nodes
        match item.doubt:
            case None:
                return ""
            case Link(cause=cause, effect=effect):
                return f"nobody has lately confirmed that {nodes[effect].name!r} needs {nodes[cause].name!r}"
            case OutlineNode(name=name):
                return f"nobody says what {name!r} is"

    def _first(self, number: int) -> Numbers:
        """The first so many, in order. Of few all the others need not be put in order."""
        wiring, nodes = self.topology.wiring, self.within
        services = wiring.kinds.index(SERVICE) if SERVICE in wiring.kinds else -1
        keys = (wiring.kind[nodes] != services) * len(Result) + Result.STOPS - self.outcome.result[nodes]
        keys = (keys * len(wiring.ids) + self.ways.length[nodes]) * len(wiring.ids) + wiring.rank[nodes]
        if number < len(nodes) // 2:
            some = np.argpartition(keys, number)[:number]
            return nodes[some[np.argsort(keys[some])]]
        return nodes[np.argsort(keys)][:number]

    def _affected(self, number: int) -> Affected:
        wiring = self.topology.wiring
        node, result = wiring.outline.nodes[wiring.ids[number]], Result(int(self.outcome.result[number]))
        way = self.ways.to(node.id)
        links = tuple(wiring.links[link] for link in way)
        doubt = self._doubt(number) if result is Result.UNKNOWN else None
        return Affected(node, result, links, met(self.outcome, way[-1]), doubt)

    def _doubt(self, number: int) -> OutlineNode | Link | None:
        """What makes it unknown: the nearest link that nobody has confirmed in time, or the nearest Endpoint."""
        wiring, seen, waiting = self.topology.wiring, {number}, deque([number])
        while waiting:
            at = waiting.popleft()
            if wiring.endpoint[at]:
                node: OutlineNode = wiring.outline.nodes[wiring.ids[at]]
                return node
            links = wiring.into(np.array([at])).tolist()
            if doubted := [link for link in links if self.doubted is not None and self.doubted[link]]:
                link: Link = wiring.links[doubted[0]]
                return link
            causes = {int(wiring.cause[link]) for link in links}
            unknown = {cause for cause in causes - seen if self.outcome.result[cause] == Result.UNKNOWN}
            seen |= unknown
            waiting.extend(sorted(unknown))
        return None


def impact_of(topology: Topology, failed: Sequence[Node], doubted: Flags | None = None, depth: int = 0) -> Impact:
    """What follows where all of these fail. `doubted`: see `fail`. Raises KeyError for what is no live asset."""
    wiring = topology.wiring
    outcome = fail(wiring, [node.id for node in failed], doubted)
    ways = ways_of(outcome)
    reached = np.flatnonzero(ways.length > 0)
    within = reached[ways.length[reached] <= depth] if depth else reached
    return Impact(
        topology, outcome, ways, doubted, tuple(failed), _told_by(topology, failed), depth,
        within, len(reached) - len(within),
    )  # fmt: skip


def _told_by(topology: Topology, failed: Iterable[Node]) -> tuple[str, ...]:
    """Sources that describe these and tell of dependencies, and those that tell of theirs."""
    wiring = topology.wiring
    about = {source for node in failed for source in node.sources} & topology.telling
    numbers = wiring.numbers(node.id for node in failed)
    for link in (*wiring.out_of(numbers), *wiring.into(numbers)):
        edge = wiring.links[int(link)].edge
        about |= {claim.partition("/")[0] for claim in edge.claims if edge.type not in PLACE and claim != ASSUMED}
    return tuple(sorted(about))
