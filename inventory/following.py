"""Which cycles the items of the catalogue follow, as relationships for who asks the graph itself.

Answers match anew and do not read them: they are drawn for the architect in Neo4j Browser, from the same matching.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from graph.model import Edge, EdgeKey, Node, Properties
from graph.store import GraphReader
from graph.values import pages
from inventory.match import Match
from inventory.matching import Matcher, Told

FOLLOWS = "FOLLOWS"
BY = "landkarte/matching"
"""What claims the relationships, in the place of a record: they follow from records, and none says them."""
NOTE = "follows"
"""The note of how far the relationships are: the version of matching, the number of the journal, and the day."""
VERSION = 1
"""Raised when matching changes, so that all that was drawn before is looked at again."""
TO_CATALOGUE = ("HAS_OS", "INSTALLED", "IS_MODEL")
PAGE = 1000


@dataclass(slots=True)
class Drawing:
    """What to draw and erase for some items so that they follow what they are matched with."""

    drawn: dict[EdgeKey, Edge] = field(default_factory=dict)
    erased: set[EdgeKey] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.drawn or self.erased)


def drawings(reader: GraphReader, matcher: Matcher, items: Iterable[Node], now: datetime) -> Iterator[Drawing]:
    """What differs from what is drawn, some items at a time; nothing where nothing does. `now`: since when."""
    for page in pages(items, PAGE):
        wanted = {key: edge for item in page for key, edge in _wanted(matcher, item, now)}
        there = {edge.key: edge for edge in reader.edges_of([item.id for item in page], types=(FOLLOWS,))}
        found = Drawing({k: edge for k, edge in wanted.items() if _differs(there.get(k), edge)}, there.keys() - wanted)
        if found:
            yield found


def all_items(reader: GraphReader) -> Iterator[Node]:
    """Every item of the catalogue that an asset has."""
    for kind in ("OperatingSystem", "Software", "HardwareModel"):
        yield from reader.catalogue(kind)


def items_of(reader: GraphReader, assets: Collection[str]) -> list[Node]:
    """What these assets have of the catalogue."""
    ids = {edge.key.target_id for edge in reader.edges_of(assets, types=TO_CATALOGUE)}
    return list(reader.nodes(ids).values())


def _wanted(matcher: Matcher, item: Node, now: datetime) -> Iterator[tuple[EdgeKey, Edge]]:
    rules = _MATCH[item.kind](matcher)(item.properties)
    vendor = f"{item.properties.get('vendor', '')} " if item.kind == "HardwareModel" else ""
    match = matcher.decided(_PARTS[item.kind], f"{vendor}{item.name}".strip(), rules, now.date())
    said: Properties = {"method": match.method, "confidence": match.confidence}
    for cycle in match.cycles if not match.inferred else ():  # older than the oldest: it follows none of the table
        if cycle.id:
            key = EdgeKey(item.id, FOLLOWS, cycle.id)
            yield key, Edge(key, said, {BY: said}, now)


def _differs(there: Edge | None, wanted: Edge) -> bool:
    return there is None or (there.properties, there.claims) != (wanted.properties, wanted.claims)


_PARTS = {"OperatingSystem": "system", "Software": "program", "HardwareModel": "hardware"}
_MATCH: Mapping[str, Callable[[Matcher], Callable[[Told], Match]]] = {
    "OperatingSystem": lambda matcher: matcher.system,
    "Software": lambda matcher: matcher.software,
    "HardwareModel": lambda matcher: matcher.hardware,
}
