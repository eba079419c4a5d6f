"""What is judged of what a document has, by the code that answers what is obsolete.

Software and systems are judged once, as they are without a contract. Asset by asset is told what differs from one to
the next: hardware, firmware, databases, applications, and what a contract makes of a system or program.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import cast

from graph.model import Node
from graph.store import EVERY_ASSET, GraphReader, Selection
from inventory.covers import covers_of
from inventory.evidence import Sources
from inventory.judging import Judgement, judgement
from inventory.match import Match
from inventory.matching import Matcher
from inventory.milestones import VERDICTS
from inventory.obsolescence import Judged, Question, obsolete
from inventory.things import PARTS, Part, Thing, things
from services.exports import told
from services.exports.few import Few

SHARED: tuple[Part, ...] = ("system", "program")
"""Parts that are items of the catalogue; the others are values of the assets themselves."""
OWN = tuple(part for part in PARTS if part not in SHARED)


class Verdicts:
    """Verdicts as properties of components. Memory is bounded by the distinct systems and programs, and contracts."""

    def __init__(self, reader: GraphReader, matcher: Matcher, question: Question) -> None:
        self._reader, self._matcher = reader, matcher
        self._question = replace(question, verdicts=frozenset(VERDICTS))
        self._sources = Sources(reader, matcher.table)
        self._shared = {item.thing.key: self._without_contract(item) for item in self._judged(SHARED)}
        self._covered: dict[str, list[Judged]] = {key: [] for key in covers_of(reader)}
        self._read_covered()

    @property
    def on(self) -> date:
        """The day that is asked for."""
        return self._question.on

    def of_item(self, node: Node) -> list[tuple[str, str]]:
        """Of a system, a program or a model."""
        item = self._of_model(node) if node.kind == "HardwareModel" else self._shared.get(node.id)
        if item is not None:
            return [*told.official(item), *self._verdict(item, node)]
        match = self._matcher.software(node.properties) if node.kind == "Software" else None
        return told.inherited(match.method) if match and match.inherits else told.not_judged(self.on)

    def of_assets(self, nodes: Collection[Node]) -> dict[str, list[tuple[str, str]]]:
        """Of each of these assets what is its own."""
        found: dict[str, list[Judged]] = {node.id: [*self._covered.get(node.id, ())] for node in nodes}
        few = cast("GraphReader", Few(node for node in nodes if node.id not in self._covered))
        for thing in things(few, self._matcher, self._question.policy, EVERY_ASSET, OWN, self.on):
            item = Judged(thing, self._judgement(thing.match), EVERY_ASSET, thing.assets)
            for node in item.page(few, "", len(nodes)):
                found[node.id].append(item)
        return {node.id: [pair for item in found[node.id] for pair in self._of_asset(item, node)] for node in nodes}

    def _of_asset(self, item: Judged, node: Node) -> Iterator[tuple[str, str]]:
        thing = item.thing
        if thing.part in SHARED:
            yield from self._verdict(item, node, f"{told.LIFECYCLE}:{thing.part}:{thing.key}")
            return
        if thing.part != "firmware":
            yield from told.official(item)
        yield from self._verdict(item, node, f"{told.LIFECYCLE}:{thing.part}")

    def _verdict(self, item: Judged, node: Node, prefix: str = told.LIFECYCLE) -> list[tuple[str, str]]:
        return told.verdict_of(item, self._sources.of(item, node), self._matcher.table, self.on, prefix)

    def _judged(self, parts: Sequence[Part], selection: Selection | None = None) -> list[Judged]:
        among = selection or self._question.selection
        return obsolete(
            self._reader, self._matcher, replace(self._question, parts=frozenset(parts), selection=among)
        ).judged

    def _judgement(self, match: Match) -> Judgement:
        return judgement(match, self._question.policy, self._question.on, self._question.within_months)

    def _without_contract(self, item: Judged) -> Judged:
        return replace(item, judgement=self._judgement(item.thing.match))

    def _read_covered(self) -> None:
        """Of assets with a contract: all that is their own, and what the contract changes."""
        asked = self._question.selection
        ids = frozenset(key for key in self._covered if asked.among is None or key in asked.among)
        if not ids:
            return
        for item in self._judged(PARTS, replace(asked, among=ids)):
            if item.thing.part in OWN or item.judgement != self._judgement(item.thing.match):
                for node in item.all(self._reader):
                    self._covered[node.id].append(item)

    def _of_model(self, node: Node) -> Judged:
        match = self._matcher.hardware(node.properties)
        thing = Thing("hardware", node.id, node.name, match, 0, _Nobody())
        return Judged(thing, self._judgement(match), EVERY_ASSET, 0)


class _Nobody:
    """A model by itself, whoever has it."""

    def page(self, reader: GraphReader, selection: Selection, after: str, limit: int) -> list[Node]:  # noqa: ARG002
        return []
