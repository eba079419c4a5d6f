"""From what a person asks of a failure, on the command line or over the API, to the answer."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph.model import EdgeKey, Node
from graph.store import GraphReader
from inventory.around import owners_of
from inventory.assuming import Added, Assumption, Contradiction, Moved, Removed, Repaired, assume
from inventory.doubting import doubted, stale_in
from inventory.impact import Affected, Impact, impact_of
from inventory.matching import Matcher
from inventory.obsolescence import Question, judged_of
from inventory.quality import Expected
from inventory.topology import Topology
from inventory.witnessed import Witness, witnesses_of
from services.answers import asked_about
from services.lookup import NotFound, find_failing

AT_ONCE = 500
"""Affected assets whose evidence and offices are read together."""


@dataclass(frozen=True)
class Failing:
    """What fails, in a person's words: these by id or name, and all that has a product, in a cycle, or of a vendor.

    `added`, `removed`: relationships, as source, relation and target; `moved`: asset and host; `repaired`: assets.
    """

    names: Sequence[str] = ()
    product: str = ""
    cycle: str = ""
    vendor: str = ""
    added: Sequence[tuple[str, str, str]] = ()
    removed: Sequence[tuple[str, str, str]] = ()
    moved: Sequence[tuple[str, str]] = ()
    repaired: Sequence[str] = ()
    depth: int = 0


def answer_of(
    reader: GraphReader,
    topology: Topology,
    asked: Failing,
    expected: Mapping[str, Expected],
    matcher: Callable[[], Matcher],
) -> Impact:
    """What follows. `expected`: the configured sources. Raises NotFound, Ambiguous, Contradiction, StoreUnavailable."""
    failed = {node.id: node for node in find_failing(reader, topology, asked.names)}
    if asked.cycle and not asked.product:
        raise Contradiction(f"a cycle is one of a product: say of which {asked.cycle!r} is")
    if asked.product or asked.vendor:
        failed |= _selected(reader, topology, asked, matcher())
    if not failed:
        raise Contradiction("nothing is named that fails: give assets, a product or a vendor")
    assumed = assume(topology, _assumptions(reader, topology, asked, failed))
    doubts = doubted(assumed, stale_in(reader, expected))
    return impact_of(assumed, list(failed.values()), doubts, asked.depth)


def _selected(reader: GraphReader, topology: Topology, asked: Failing, matcher: Matcher) -> dict[str, Node]:
    """All live assets that have such a thing; of a product's cycle where one is named."""
    products, vendors = (frozenset({name} - {""}) for name in (asked.product, asked.vendor))
    question = Question(asked_about(reader).date(), products=products, vendors=vendors)
    found: dict[str, Node] = {}
    for item in judged_of(reader, matcher, question).judged:
        if not asked.cycle or any(cycle.name.casefold() == asked.cycle.casefold() for cycle in item.thing.match.cycles):
            found |= {node.id: node for node in item.all(reader) if node.id in topology.outline.nodes}
    if not found:
        told = " ".join(filter(None, (asked.vendor, asked.product, asked.cycle)))
        raise NotFound(f"no asset has anything of {told!r}; `landkarte ask obsolete --by product` lists products")
    return found


def _assumptions(
    reader: GraphReader, topology: Topology, asked: Failing, failed: Collection[str]
) -> Iterator[Assumption]:
    def found(name: str) -> str:
        (node,) = find_failing(reader, topology, [name])
        return node.id

    yield from (Removed(found(source), relation, found(target)) for source, relation, target in asked.removed)
    yield from (Added(found(source), relation, found(target)) for source, relation, target in asked.added)
    yield from (Moved(found(asset), found(host)) for asset, host in asked.moved)
    for name in asked.repaired:
        if (asset := found(name)) in failed:
            raise Contradiction(f"{name!r} cannot both fail and be repaired: leave out one of the two")
        yield Repaired(asset)


@dataclass(frozen=True, slots=True)
class Told:
    """An affected asset with who owns it, and how each step of its way is known."""

    item: Affected
    offices: tuple[Node, ...]
    witnesses: Mapping[EdgeKey, Witness]


def told(reader: GraphReader, impact: Impact, start: int = 0, limit: int | None = None) -> Iterator[Told]:
    """The affected assets from one on, read some at a time. Raises StoreUnavailable."""
    left = impact.total - start if limit is None else min(limit, impact.total - start)
    for at in range(start, start + max(left, 0), AT_ONCE):
        items = list(impact.items(at, min(AT_ONCE, start + left - at)))
        yield from _told(reader, items)


def told_of(reader: GraphReader, impact: Impact, node: str) -> Told | None:
    """One asset, however far it is; None where it is not affected. Raises KeyError, StoreUnavailable."""
    item = impact.item(node)
    return next(_told(reader, [item])) if item else None


def _told(reader: GraphReader, items: Sequence[Affected]) -> Iterator[Told]:
    offices = owners_of(reader, [item.node.id for item in items])
    witnesses = witnesses_of(reader, [link.edge for item in items for link in item.links])
    return (Told(item, offices.get(item.node.id, ()), witnesses) for item in items)
