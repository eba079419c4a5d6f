"""Which assets a document has: those that are named, with what applications need, or all of the city."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from graph.metamodel import CATALOGUE
from graph.model import Node
from graph.paging import node_pages
from graph.store import GraphReader, Selection
from graph.values import pages
from inventory.around import needed_by
from services.exports.components import TYPES
from services.lookup import NotFound, find_one

PAGE = 100
"""Assets that are read together, with all that they have."""
_WITH_NEEDS = frozenset({"Application", "ExternalService", "BusinessProcess", "CitizenService"})


@dataclass(frozen=True, slots=True)
class Scope:
    """The assets of a document. `named`: what it is about; `ids`: all that it may have, None: every asset there is."""

    named: tuple[Node, ...] = ()
    ids: frozenset[str] | None = None

    @property
    def selection(self) -> Selection:
        """The same, as questions take it."""
        return Selection(kinds=frozenset(TYPES), among=self.ids)

    def pages(self, reader: GraphReader) -> Iterator[list[Node]]:
        """The assets that are live, some at a time: all in order of (name, id), named ones in order of id."""
        if self.ids is None:
            yield from _every(reader)
            return
        for some in pages(sorted(self.ids), PAGE):
            found = reader.nodes(some)
            yield [node for key in some if (node := found.get(key)) and _belongs(node)]


def scope_of(reader: GraphReader, names: Collection[str]) -> Scope:
    """What these ids or names mean; none: the whole city. Raises NotFound, Ambiguous.

    Applications, external services, processes and citizen services come with all that they need, others alone.
    """
    if not names:
        return Scope()
    found = {node.id: node for node in (_one(reader, name) for name in names)}
    needing = [node.id for node in found.values() if node.kind in _WITH_NEEDS]
    return Scope(tuple(found.values()), needed_by(reader, needing) | found.keys())


def _every(reader: GraphReader) -> Iterator[list[Node]]:
    return node_pages(lambda after: reader.assets(kinds=tuple(TYPES), after=after, limit=PAGE))


def _belongs(node: Node) -> bool:
    return node.kind in TYPES and node.retired_at is None


def _one(reader: GraphReader, name: str) -> Node:
    node = find_one(reader, name)
    if _belongs(node):
        return node
    raise NotFound(f"{node.name!r} ({node.id}) {_why_not(node)}")


def _why_not(node: Node) -> str:
    if node.kind in CATALOGUE:
        return f"is {node.kind} of the catalogue and no asset: name an asset that has it"
    if node.kind not in TYPES:
        return f"is a {node.kind}, and no part of a bill of materials: that has {', '.join(TYPES)}"
    return "is retired: a bill of materials has what is there; --as-of and as_of ask of a day on which it was"
