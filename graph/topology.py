"""The landscape as a graph in memory: which node's failure affects which."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import rustworkx as rx

from graph.metamodel import CARRIES_FAILURE, RELATIONS
from graph.model import Edge, Node
from graph.store import GraphReader

OWNERSHIP = "OWNED_BY"
PLACE = frozenset({"LOCATED_IN", "POWERED_BY"})
"""Where a thing stands says nothing of who depends on it."""


@dataclass(frozen=True, slots=True)
class Step:
    """`cause` fails, so `effect` is affected; the relationship that says so."""

    cause: str
    effect: str
    edge: Edge


class Topology:
    """Live assets and Endpoints, and how failure travels between them (`RelationType.failure`).

    `journal`: the number of the last change it surely contains. `telling`: sources that say what depends on what.
    """

    def __init__(self, nodes: Collection[Node], edges: Collection[Edge], journal: int) -> None:
        self.journal = journal
        self.nodes = {node.id: node for node in nodes}
        self.owners: dict[str, list[str]] = {}
        self.telling: set[str] = set()
        self._graph: rx.PyDiGraph[str, Step] = rx.PyDiGraph()
        self._index = {node_id: self._graph.add_node(node_id) for node_id in sorted(self.nodes)}
        for edge in edges:
            if edge.key.type == OWNERSHIP:
                self.owners.setdefault(edge.key.source_id, []).append(edge.key.target_id)
            elif edge.key.source_id in self.nodes and edge.key.target_id in self.nodes:
                self._add(edge)

    def _add(self, edge: Edge) -> None:
        if edge.key.type not in PLACE:
            self.telling.update(edge.sources)
        ends = edge.key.source_id, edge.key.target_id
        cause, effect = ends if RELATIONS[edge.key.type].failure == "to_target" else ends[::-1]
        self._graph.add_edge(self._index[cause], self._index[effect], Step(cause, effect, edge))

    def effects(self, node_id: str) -> Iterator[Step]:
        """What a node's failure affects directly."""
        return (step for _, _, step in self._graph.out_edges(self._index[node_id]))

    def causes(self, node_id: str) -> Iterator[Step]:
        """What a node directly needs."""
        return (step for _, _, step in self._graph.in_edges(self._index[node_id]))


def load_topology(reader: GraphReader) -> Topology:
    """The topology as the graph is now."""
    journal = reader.status().journal  # read first: the network may be newer than it says, never older
    nodes, edges = reader.network(CARRIES_FAILURE | {OWNERSHIP})
    return Topology(nodes, edges, journal)
