"""What the Cypher statements have in common: pages of rows, and names from the metamodel, the only ones in a text."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from graph.metamodel import CATALOGUE, KINDS, RELATIONS
from graph.model import Edge, EdgeKey, Node

ROWS = 5000
"""Rows of one UNWIND: enough to be quick, few enough for the memory of driver and server."""


def ends(relation: str) -> tuple[str, str]:
    """The labels of a relation's two ends that have an index on the id."""
    declared = RELATIONS[relation]
    return _label(declared.sources), _label(declared.targets)


def types(wanted: Iterable[str] = ()) -> str:
    """Relationship types for a pattern; all of the metamodel for none. Raises KeyError for one not declared there."""
    return "|".join(RELATIONS[relation].type for relation in sorted(wanted) or sorted(RELATIONS))


def by_ends(keys: Iterable[EdgeKey]) -> Iterator[tuple[str, list[list[str]]]]:
    """Rows of keys, by the labels of their ends, with the Cypher that finds their relationships as (a)-[e]->(b).

    Both ends by their index, then what is between: with one pattern for all of it, the planner may walk every
    relationship of one end, and an office or a package can have a hundred thousand. Raises KeyError as `types`.
    """
    found: dict[tuple[str, str], list[list[str]]] = defaultdict(list)
    for key in keys:
        found[ends(key.type)].append(list(key))
    for (source, target), rows in found.items():
        between = types(relation for relation in RELATIONS if ends(relation) == (source, target))
        match = (
            f"UNWIND $rows AS row MATCH (a:{source} {{id: row[0]}}) MATCH (b:{target} {{id: row[2]}}) "
            f"CALL (row, a, b) {{ MATCH (a)-[e:{between}]->(b) WHERE type(e) = row[1] RETURN e }}"
        )
        yield match, rows


def by_relation(edges: Iterable[Edge]) -> Iterator[tuple[str, list[Edge]]]:
    """Relationships by their type, otherwise in the order given. Raises KeyError for one not in the metamodel."""
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[edge.key.type].append(edge)
    for relation, some in found.items():
        yield RELATIONS[relation].type, some


def declared(nodes: Iterable[Node]) -> list[Node]:
    """The nodes, whose kinds become labels. Raises KeyError for one not in the metamodel."""
    return [node for node in nodes if KINDS[node.kind]]


def _label(kinds: frozenset[str]) -> str:
    return "Catalogue" if kinds <= CATALOGUE else "Asset"
