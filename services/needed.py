"""What an asset needs, with what of that is past its support, and the contracts that cover it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from graph.model import Node
from graph.store import GraphReader, Selection
from inventory.judging import Policy
from inventory.matching import Matcher
from inventory.needs import Needed, needs_of
from inventory.obsolescence import Question, judged_of
from inventory.topology import Topology
from services.answers import asked_about

COVER = frozenset({"COVERED_BY", "SUPPLIED_BY"})


@dataclass(frozen=True, slots=True)
class NeededTold:
    """Something needed. `unsupported`: what it has that is past its support, as reported, worst first.

    `covers`: contracts that cover it and vendors that supply it, by name.
    """

    needed: Needed
    unsupported: tuple[str, ...]
    covers: tuple[str, ...]


def needed(
    reader: GraphReader, topology: Topology, assets: Sequence[Node], matcher: Matcher, policy: Policy
) -> list[NeededTold]:
    """All that these need, nearest first. Raises StoreUnavailable."""
    found = needs_of(topology.wiring, [node.id for node in assets])
    ids = frozenset(one.node.id for one in found)
    unsupported = _collected(_unsupported(reader, ids, matcher, policy))
    covers = _collected(_covers(reader, ids))
    return [NeededTold(one, unsupported.get(one.node.id, ()), covers.get(one.node.id, ())) for one in found]


def _unsupported(
    reader: GraphReader, ids: frozenset[str], matcher: Matcher, policy: Policy
) -> Iterator[tuple[str, str]]:
    question = Question(asked_about(reader).date(), selection=Selection(among=ids), policy=policy)
    for item in judged_of(reader, matcher, question).judged if ids else ():
        if item.judgement.verdict == "unsupported":
            yield from ((node.id, item.thing.reported) for node in item.all(reader))


def _covers(reader: GraphReader, ids: Collection[str]) -> Iterator[tuple[str, str]]:
    edges = [(edge.key.source_id, edge.key.target_id) for edge in reader.edges_of(ids, types=COVER)] if ids else []
    nodes = reader.nodes({target for _, target in edges})
    yield from ((source, nodes[target].name) for source, target in edges if target in nodes)


def _collected(pairs: Iterator[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for asset, name in pairs:
        found[asset] = (*found.get(asset, ()), name)
    return found
