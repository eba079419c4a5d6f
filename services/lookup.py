"""Finding what a person names: an asset by id or name, sources by pattern."""

from collections.abc import Collection
from fnmatch import fnmatchcase

from graph.metamodel import CATALOGUE, LIFECYCLE, UNLISTED
from graph.model import Node
from graph.store import GraphReader
from inventory.successors import leads_to
from inventory.topology import Topology

SHOWN = 5
COUNTED = 1000


class NotFound(Exception):
    """There is no such thing; the text says what to do."""


class Ambiguous(Exception):
    """A name of several things; the text has the candidates."""


def find_one(reader: GraphReader, name: str) -> Node:
    """The asset with this id or, in any case, this name; a retired one only where no live one has the name.

    What no list shows (an Endpoint, a cycle) is found where nothing else has the name. Of an old id what carries on.
    Raises NotFound, Ambiguous.
    """
    node = leads_to(reader, name)
    if node is not None:
        return node
    found = _named(reader, name) or _named(reader, name, retired=True) or _named(reader, name, kinds=UNLISTED)
    if len(found) == 1:
        return found[0]
    if found:
        many = f"{len(found)} {'retired ' if found[0].retired_at else ''}assets"
        raise Ambiguous(f"{name!r} is the name of {many}; give one's id: {_candidates(found)}")
    near = reader.assets(text=name, limit=COUNTED)
    hint = f"; names with it: {_candidates(near)}" if near else "; `landkarte ask find` and /api/v1/assets list them"
    raise NotFound(f"no asset has the id or name {name!r}{hint}")


def find_failing(reader: GraphReader, topology: Topology, names: Collection[str]) -> list[Node]:
    """The assets of which it is asked what their failure affects. Raises NotFound, Ambiguous."""
    found = [find_one(reader, name) for name in names]
    for node in found:
        if node.id not in topology.outline.nodes:
            raise NotFound(f"{node.name!r} ({node.id}) {_why_absent(node)}")
    return found


def _why_absent(node: Node) -> str:
    if node.retired_at:
        return "is retired: nothing runs that could depend on it"
    if node.kind in LIFECYCLE:
        return f"is {node.kind}, a fact about products, which cannot fail"
    if node.kind in CATALOGUE:
        return f"is {node.kind} of the catalogue and no asset: name the assets that have it"
    return "came only just now: ask again"


def find_sources(reader: GraphReader, patterns: Collection[str]) -> frozenset[str]:
    """The sources that patterns (* is allowed) name; none for no pattern.

    Raises NotFound where a pattern fits none: the answer would be about something else.
    """
    if not patterns:
        return frozenset()
    known = reader.status().last_seen.keys()
    for pattern in patterns:
        if not any(fnmatchcase(source, pattern) for source in known):
            raise NotFound(f"source {pattern!r} fits none; known are {', '.join(sorted(known)) or 'none'}")
    return frozenset(source for source in known if any(fnmatchcase(source, pattern) for pattern in patterns))


def _named(reader: GraphReader, name: str, *, retired: bool = False, kinds: Collection[str] = ()) -> list[Node]:
    return reader.assets(name=name, retired=retired, kinds=kinds, limit=COUNTED) if name else []


def _candidates(nodes: list[Node]) -> str:
    shown = ", ".join(f"{node.name} ({node.kind}, {node.id})" for node in nodes[:SHOWN])
    return shown + (f" and {len(nodes) - SHOWN} more" if len(nodes) > SHOWN else "")
