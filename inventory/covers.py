"""Which contracts pay for extended support of which assets."""

from collections.abc import Iterator

from graph.model import Node
from graph.paging import node_pages
from graph.store import GraphReader
from inventory.judging import Cover
from inventory.milestones import day_of
from inventory.products import letters

PAGE = 1000
ALL = "*"


def covers_of(reader: GraphReader) -> dict[str, tuple[Cover, ...]]:
    """By asset: the contracts that pay for extended support of something that it has (COVERED_BY)."""
    contracts = {node.id: cover for node in _contracts(reader) if (cover := _cover(node))}
    found: dict[str, list[Cover]] = {}
    for edge in reader.edges_of(contracts, "in", types=("COVERED_BY",)):
        found.setdefault(edge.key.source_id, []).append(contracts[edge.key.target_id])
    return {asset: tuple(sorted(covers, key=lambda cover: cover.contract)) for asset, covers in found.items()}


def _contracts(reader: GraphReader) -> Iterator[Node]:
    for page in node_pages(lambda after: reader.assets(kinds=("Contract",), after=after, limit=PAGE)):
        yield from page


def _cover(node: Node) -> Cover | None:
    told = [name.strip() for name in str(node.properties.get("extended_support_of", "")).split(",") if name.strip()]
    if not told:
        return None
    end = str(node.properties.get("end", ""))
    if end and day_of(end) is None:  # nobody can tell until when it pays
        return None
    products = None if ALL in told else frozenset(map(letters, told))
    return Cover(node.id, node.name, products, day_of(end))
