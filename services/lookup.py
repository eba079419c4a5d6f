"""Finding what a person names: an asset by id or name, sources by pattern."""

from collections.abc import Collection
from fnmatch import fnmatchcase

from graph.model import Node
from graph.store import GraphReader
from inventory.successors import leads_to

SHOWN = 5


class NotFound(Exception):
    """There is no such thing; the text says what to do."""


class Ambiguous(Exception):
    """A name of several things; the text has the candidates."""


def find_one(reader: GraphReader, name: str) -> Node:
    """The asset with this id or, in any case, this name; of an old id what carries on. Raises NotFound, Ambiguous."""
    node = leads_to(reader, name)
    if node is not None:
        return node
    near = reader.assets(text=name, limit=1000)
    exact = [node for node in near if node.name.casefold() == name.casefold()]
    if len(exact) == 1:
        return exact[0]
    if exact:
        raise Ambiguous(f"{name!r} is the name of {len(exact)} assets; give one's id: {_candidates(exact)}")
    hint = f"; names with it: {_candidates(near)}" if near else "; `landkarte ask find` and /api/v1/assets list them"
    raise NotFound(f"no asset has the id or name {name!r}{hint}")


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


def _candidates(nodes: list[Node]) -> str:
    shown = ", ".join(f"{node.name} ({node.kind}, {node.id})" for node in nodes[:SHOWN])
    return shown + (f" and {len(nodes) - SHOWN} more" if len(nodes) > SHOWN else "")
