"""The landscape in outline: what a question about failure needs of each asset and relationship, and no more."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

ASSUMED = "?assumed"
"""What claims a relationship that is only thought of, in the place of a record; no record has such a key."""


class OutlineNode(NamedTuple):
    """A live asset or Endpoint. `required`: how many members must run, where it is a cluster that says so; else 0."""

    id: str
    kind: str
    name: str
    required: int = 0


class OutlineEdge(NamedTuple):
    """A relationship of a type that was asked for: one that carries failure.

    `strength`, `alternatives`, `alternatives_required`: see the metamodel; "" and 0 where nothing is said.
    `claims`: the keys of the records that claim it.
    """

    source_id: str
    type: str
    target_id: str
    strength: str = ""
    alternatives: str = ""
    alternatives_required: int = 0
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """Nodes by id, and relationships by the node that they begin at, in order of type and target."""

    nodes: Mapping[str, OutlineNode]
    edges: Mapping[str, Sequence[OutlineEdge]]

    def without(self, ids: Collection[str]) -> "Outline":
        """The same without these nodes, and what begins at them."""
        nodes, edges = dict(self.nodes), dict(self.edges)
        for node in ids:
            nodes.pop(node, None)
            edges.pop(node, None)
        return Outline(nodes, edges)

    def with_all_of(self, other: "Outline") -> "Outline":
        """Both together; of a node that both have, what the other says."""
        return Outline({**self.nodes, **other.nodes}, {**self.edges, **other.edges})


def outline_of(nodes: Iterable[OutlineNode], edges: Iterable[OutlineEdge]) -> Outline:
    """From nodes, and from relationships in order."""
    found: dict[str, list[OutlineEdge]] = {}
    for edge in edges:
        found.setdefault(edge.source_id, []).append(edge)
    return Outline({node.id: node for node in nodes}, found)


def outline_edge(
    source_id: str, kind: str, target_id: str, properties: Mapping[str, object], claims: Iterable[str]
) -> OutlineEdge:
    """From what a store keeps of a relationship."""
    wanted = properties.get("alternatives_required")
    return OutlineEdge(
        source_id, kind, target_id, str(properties.get("strength") or ""), str(properties.get("alternatives") or ""),
        wanted if isinstance(wanted, int) else 0, tuple(claims),
    )  # fmt: skip
