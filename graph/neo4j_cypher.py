"""What the Cypher statements have in common: pages of rows, and names from the metamodel, the only ones in a text."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import TypeVar

from graph.metamodel import CATALOGUE, KINDS, RELATIONS
from graph.model import EdgeKey, Node

ROWS = 5000
"""Rows of one UNWIND: enough to be quick, few enough for the memory of driver and server."""
_T = TypeVar("_T")


def pages(values: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(values)
    while page := list(islice(rest, ROWS)):
        yield page


def ends(relation: str) -> tuple[str, str]:
    """The labels of a relation's two ends that have an index on the id."""
    declared = RELATIONS[relation]
    return _label(declared.sources), _label(declared.targets)


def types(wanted: Iterable[str] = ()) -> str:
    """Relationship types for a pattern; all of the metamodel for none. Raises KeyError for one not declared there."""
    return "|".join(RELATIONS[relation].type for relation in sorted(wanted) or sorted(RELATIONS))


def by_type(keys: Iterable[EdgeKey]) -> Iterator[tuple[str, list[EdgeKey]]]:
    """Keys in order, by their type. Raises KeyError for one not in the metamodel."""
    for relation, some in groupby(sorted(keys, key=lambda key: (key.type, key)), key=lambda key: key.type):
        yield RELATIONS[relation].type, list(some)


def by_kind(nodes: Iterable[Node]) -> Iterator[tuple[str, list[Node]]]:
    """Nodes in order of id, by their kind. Raises KeyError for one not in the metamodel."""
    for kind, some in groupby(sorted(nodes, key=lambda node: (node.kind, node.id)), key=lambda node: node.kind):
        yield KINDS[kind].label, list(some)


def _label(kinds: frozenset[str]) -> str:
    return "Catalogue" if kinds <= CATALOGUE else "Asset"
