"""A few assets at hand, asked as the store is: so that the same code judges them, without a question to the store each.

The stores answer by walking all assets of the graph, which is right for a question about all, and not for each hundred.
"""

from collections.abc import Iterable, Mapping, Sequence

from graph.model import Node
from graph.store import EVERY_ASSET, Selection
from graph.values import value_text


class Few:
    """What `inventory.things` asks of a `GraphReader` about values of assets, with the same answers."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes = sorted((node for node in nodes if node.retired_at is None), key=lambda node: (node.name, node.id))
        self._groups: dict[tuple[str, ...], dict[tuple[str, ...], list[Node]]] = {}

    def tally(self, properties: Sequence[str], selection: Selection = EVERY_ASSET) -> dict[tuple[str, ...], int]:
        """See `GraphReader.tally`. Of a selection only the kinds are looked at."""
        groups = self._by(tuple(properties))
        return {key: len(nodes) for key, nodes in groups.items() if key[0] in selection.asked}

    def valued(
        self, values: Mapping[str, str], selection: Selection = EVERY_ASSET, *, after: str = "", limit: int = 1000
    ) -> list[Node]:
        """See `GraphReader.valued`. Of a selection only the kinds are looked at."""
        name, _, last = after.partition("\x00")
        groups, wanted = self._by(tuple(values)), tuple(values.values())
        found = (
            node for key, nodes in groups.items() if key[0] in selection.asked and key[1:] == wanted for node in nodes
        )
        return sorted(
            (node for node in found if (node.name, node.id) > (name, last)), key=lambda node: (node.name, node.id)
        )[:limit]

    def _by(self, names: tuple[str, ...]) -> dict[tuple[str, ...], list[Node]]:
        """The assets by kind and values of these properties."""
        if names not in self._groups:
            groups: dict[tuple[str, ...], list[Node]] = {}
            for node in self._nodes:
                values = (value_text(node.properties.get(name, "")) for name in names)
                groups.setdefault((node.kind, *values), []).append(node)
            self._groups[names] = groups
        return self._groups[names]
