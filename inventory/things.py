"""What assets have that grows old: each distinct thing once, matched, with how many have it and which these are."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, Protocol

from graph.metamodel import COMPUTERS, DEVICES
from graph.model import Node, node_id
from graph.paging import node_pages
from graph.store import GraphReader, Selection
from inventory.hardware import PHYSICAL, PROPERTIES, hardware_match
from inventory.judging import Policy
from inventory.lifecycle import Cycle
from inventory.match import CERTAIN, Match
from inventory.matching import Matcher, Told
from inventory.milestones import day_of

Part = Literal["system", "hardware", "firmware", "database", "application", "program"]
PARTS: tuple[Part, ...] = ("system", "hardware", "firmware", "database", "application", "program")
_APPLICATIONS = frozenset({"Application", "ExternalService"})
_FIRMWARE = DEVICES - COMPUTERS
PAGE = 1000
Matching = Callable[[str, Told], Match]
"""From what is reported, as text and by its properties, to what it means."""


class Having(Protocol):
    """Which assets have a thing."""

    def page(self, reader: GraphReader, selection: Selection, after: str, limit: int) -> list[Node]:
        """Those of the selection, in order of (name, id), behind that cursor."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A distinct thing: an item of the catalogue, or values that assets share. `assets`: how many of the selection."""

    part: Part
    key: str
    reported: str
    match: Match
    assets: int
    having: Having
    vendor: str = ""

    def all(self, reader: GraphReader, selection: Selection) -> Iterator[Node]:
        """All assets of the selection that have it, in order of (name, id)."""
        for page in node_pages(lambda after: self.having.page(reader, selection, after, PAGE)):
            yield from page


@dataclass(frozen=True, slots=True)
class _Item:
    relation: str
    id: str

    def page(self, reader: GraphReader, selection: Selection, after: str, limit: int) -> list[Node]:
        return reader.holding(self.relation, self.id, selection, after=after, limit=limit)


@dataclass(frozen=True, slots=True)
class _Values:
    values: Mapping[str, str]
    kinds: frozenset[str]

    def page(self, reader: GraphReader, selection: Selection, after: str, limit: int) -> list[Node]:
        return reader.valued(self.values, replace(selection, kinds=self.kinds), after=after, limit=limit)


@dataclass(frozen=True, slots=True)
class _One:
    node: Node

    def page(self, reader: GraphReader, selection: Selection, after: str, limit: int) -> list[Node]:  # noqa: ARG002
        name, _, last = after.partition("\x00")
        there = selection.among is None or self.node.id in selection.among
        here = there and self.node.id not in selection.without and (self.node.name, self.node.id) > (name, last)
        return [self.node][:limit] if here else []


def things(
    reader: GraphReader, matcher: Matcher, policy: Policy, selection: Selection, parts: Collection[Part], on: date
) -> Iterator[Thing]:
    """Every distinct thing of these parts that assets of the selection have, in no order. Raises StoreUnavailable.

    What persons decided of a match counts, as far as it holds on that day, and not against what an asset's owner says
    of that one alone.
    """

    def matched(part: Part, match: Callable[[Told], Match]) -> Matching:
        return lambda reported, told: matcher.decided(part, reported, match(told), on)

    if "system" in parts:
        yield from _catalogue(
            reader, "system", "OperatingSystem", "HAS_OS", matched("system", matcher.system), selection
        )
    if "program" in parts:
        yield from _catalogue(
            reader, "program", "Software", "INSTALLED", matched("program", matcher.software), selection
        )
    if "hardware" in parts:
        yield from _hardware(reader, matcher, policy, selection, on)
    if "firmware" in parts:
        match = matched("firmware", matcher.firmware)
        yield from _valued(reader, "firmware", ("vendor", "model", "firmware"), _FIRMWARE, match, selection)
    if "database" in parts:
        kinds = frozenset({"DatabaseInstance"})
        match = matched("database", matcher.database)
        yield from _valued(reader, "database", ("engine", "version"), kinds, match, selection)
    if "application" in parts:
        yield from _applications(reader, matcher, selection, on)


def _catalogue(
    reader: GraphReader,
    part: Part,
    kind: str,
    relation: str,
    match: Matching,
    selection: Selection,
) -> Iterator[Thing]:
    counts = reader.spread(relation, selection)
    few = selection.among is not None
    for item in reader.nodes(counts).values() if few else reader.catalogue(kind):
        if count := counts.get(item.id, 0):
            vendor = str(item.properties.get("vendor", ""))
            yield Thing(
                part, item.id, item.name, match(item.name, item.properties), count, _Item(relation, item.id), vendor
            )


def _valued(
    reader: GraphReader,
    part: Part,
    names: tuple[str, ...],
    kinds: frozenset[str],
    match: Matching,
    selection: Selection,
) -> Iterator[Thing]:
    for of_kind, values, count in _tally(reader, names, kinds, selection):
        if values[names[-1]] or part == "database":
            reported = " ".join(filter(None, values.values()))
            yield _thing(part, reported, match(reported or of_kind, values), count, of_kind, values)


def _hardware(reader: GraphReader, matcher: Matcher, policy: Policy, selection: Selection, on: date) -> Iterator[Thing]:
    for kind, values, count in _tally(reader, PROPERTIES, PHYSICAL, selection):
        if match := hardware_match(matcher, policy, kind, values, on):
            yield _thing("hardware", f"{values['vendor']} {values['model']}".strip(), match, count, kind, values)


def _thing(part: Part, reported: str, match: Match, count: int, kind: str, values: Mapping[str, str]) -> Thing:
    key = node_id("\x00".join((part, kind, *values.values())))
    return Thing(
        part, key, reported or kind, match, count, _Values(values, frozenset({kind})), values.get("vendor", "")
    )


def _tally(
    reader: GraphReader, names: tuple[str, ...], kinds: frozenset[str], selection: Selection
) -> Iterator[tuple[str, dict[str, str], int]]:
    """Kind, values by name, and how many have these."""
    asked = kinds & selection.kinds if selection.kinds else kinds
    if asked:
        for (kind, *values), count in reader.tally(names, replace(selection, kinds=asked)).items():
            yield kind, dict(zip(names, values, strict=True)), count


def _applications(reader: GraphReader, matcher: Matcher, selection: Selection, on: date) -> Iterator[Thing]:
    asked = _APPLICATIONS & selection.kinds if selection.kinds else _APPLICATIONS
    if not asked:
        return
    among = replace(selection, kinds=asked)
    for page in node_pages(lambda after: reader.valued({}, among, after=after, limit=PAGE)):
        for node in page:
            vendor = str(node.properties.get("vendor", ""))
            reported = f"{node.name} {node.properties.get('version', '')}".strip()
            yield Thing(
                "application", node.id, reported, _application(matcher, node, reported, on), 1, _One(node), vendor
            )


def _application(matcher: Matcher, node: Node, reported: str, on: date) -> Match:
    if own := day_of(node.properties.get("end_of_support", "")):
        cycle = Cycle("", "", security=own)
        return Match("its owner's own date", (cycle,), confidence=CERTAIN, matched_on="end_of_support")
    return matcher.decided("application", reported, matcher.application({"name": node.name, **node.properties}), on)
