"""Who says the date that a verdict rests on: the source, where it is published, and of which day that table is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from graph.model import Claim, Node
from graph.store import GraphReader
from inventory.lifecycle import Cycle, LifecycleTable
from inventory.lifecycle_records import end_property
from inventory.obsolescence import Judged

_OWN = ("end_of_support", "purchase_date", "bios_date")
"""What an asset's own dates are, in the order in which they count."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """`source`: the source whose record says it; `citation`: where it has it from; `snapshot`: the table's day."""

    source: str = ""
    citation: str = ""
    snapshot: date | None = None


class Sources:
    """Evidence for judgements; each cycle's node is read once."""

    def __init__(self, reader: GraphReader, table: LifecycleTable) -> None:
        self._reader, self._table = reader, table
        self._cycles: dict[str, Node | None] = {}

    def of(self, item: Judged, asset: Node) -> Evidence:
        """The evidence of a judgement of that asset."""
        cycles = item.thing.match.cycles
        if not cycles:
            return Evidence()
        product = self._table.products.get(cycles[0].product)
        if product is None:
            return _own(asset, ("warranty_end",) if item.judgement.milestone == "warranty" else _OWN)
        claim, node = self._claim(item, cycles[0])
        if claim is None or node is None:
            return Evidence(citation=product.link)
        source = claim.record.partition("/")[0]
        edition = self._table.editions.get(source)
        return Evidence(source, _citation(node, claim) or product.link, edition.as_of if edition else None)

    def _claim(self, item: Judged, cycle: Cycle) -> tuple[Claim | None, Node | None]:
        """What the record that is trusted most says of the milestone."""
        milestone = cycle.stands_for(item.judgement.milestone)
        node = self._node(cycle.id) if cycle.id else None
        if node is None or milestone is None or milestone == "warranty":
            return None, node
        claims = node.claims.get(end_property(milestone), ())
        return (claims[0] if claims else None), node

    def _node(self, cycle: str) -> Node | None:
        if cycle not in self._cycles:
            self._cycles[cycle] = self._reader.node(cycle)
        return self._cycles[cycle]


def _own(asset: Node, names: Sequence[str]) -> Evidence:
    """Of a date that is the asset's own, and of no product's."""
    claims = next((found for name in names if (found := asset.claims.get(name))), ())
    return Evidence(source=claims[0].record.partition("/")[0] if claims else "")


def _citation(node: Node, claim: Claim) -> str:
    """Where the record that says the date has it from."""
    cited = (other.value for other in node.claims.get("citation", ()) if other.record == claim.record)
    return str(next(cited, ""))
