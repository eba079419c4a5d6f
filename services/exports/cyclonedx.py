"""CycloneDX 1.6 bills of materials, as JSON, written in parts.

The JSON is composed here and not by cyclonedx-python-lib, which has a bill as one object in memory and serialises it as
one text: 1,000 assets with 200 packages each took it 400 MiB and minutes, and a city has a hundred times that. Here one
asset at a time is written; what is held meanwhile is what is judged, once for each distinct thing, and the ids of what
was written. That every document is valid is what the tests ask the library's strict validator.

Nothing is said that is not in the document: a dependency on what is not (a place, where an application is asked for) is
left out, and the asset's dependencies are told to be incomplete. An asset of which nothing is known to belong to it, or
to be needed, has no entry among the dependencies: by the standard these are then unknown, not none.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from uuid import UUID

from graph.metamodel import CATALOGUE_RELATIONS, RELATIONS
from graph.model import Node
from graph.store import GraphReader
from graph.values import pages
from inventory.lifecycle import LifecycleTable
from services.exports import components as c
from services.exports.scope import PAGE, Scope
from services.exports.verdicts import Verdicts

MEDIA_TYPE = "application/vnd.cyclonedx+json; version=1.6"
SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
WHOLE, SEVERAL = "landkarte:city", "landkarte:selection"
"""The bom-ref of what the document is about, where that is no asset."""
_HAVING = tuple(sorted(CATALOGUE_RELATIONS - {"FOLLOWS"}))
_OUT = frozenset(r.type for r in RELATIONS.values() if r.failure == "to_source")
_IN = frozenset(r.type for r in RELATIONS.values() if r.failure == "to_target")


@dataclass(frozen=True, slots=True)
class Made:
    """When and under which number a document is made. `as_of`: as it was known then; None: as it is."""

    at: datetime
    serial: UUID
    as_of: datetime | None = None


@dataclass(slots=True)
class Bill:
    """A bill of materials of a graph. Raises StoreUnavailable while it is written."""

    reader: GraphReader
    scope: Scope
    verdicts: Verdicts
    table: LifecycleTable
    made: Made
    _written: set[str] = field(default_factory=set)
    _assets: list[str] = field(default_factory=list)
    _incomplete: list[str] = field(default_factory=list)

    def parts(self) -> Iterator[str]:
        """The document, in order. What the graph learns meanwhile may show in part, and never dangles."""
        yield _opening(self._head())
        yield from _array("components", self._components())
        yield ",\n"
        yield from _array("dependencies", self._dependencies())
        yield f',\n"compositions": {json.dumps(self._compositions())}\n}}\n'

    def _head(self) -> dict[str, object]:
        return {
            "$schema": SCHEMA,
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": self.made.serial.urn,
            "version": 1,
            "metadata": {
                "timestamp": self.made.at.isoformat(timespec="seconds"),
                "lifecycles": [{"phase": "operations"}],
                "tools": {
                    "components": [{"type": "application", "name": "landkarte", "version": version("landkarte")}]
                },
                "component": self._subject(),
                **c.properties(self._asked()),
            },
        }

    def _asked(self) -> Iterator[tuple[str, str]]:
        yield "lifecycle:on", self.verdicts.on.isoformat()
        yield "as_of", self.made.as_of.isoformat() if self.made.as_of else ""
        for source, edition in sorted(self.table.editions.items()):
            yield "lifecycle:table", " ".join(filter(None, (source, edition.title, str(edition.as_of or ""))))

    def _subject(self) -> c.Component:
        named = self.scope.named
        if len(named) == 1:
            return self._asset(named[0], self.verdicts.of_assets(named)[named[0].id])
        ref, name = (SEVERAL, ", ".join(node.name for node in named)) if named else (WHOLE, "IT landscape")
        return {"type": "platform", "bom-ref": ref, "name": name}

    def _asset(self, node: Node, judged: list[tuple[str, str]]) -> c.Component:
        self._written.add(node.id)
        self._assets.append(node.id)
        return c.with_properties(c.of_asset(node), judged)

    def _components(self) -> Iterator[c.Component]:
        for page in self.scope.pages(self.reader):
            new = [node for node in page if node.id not in self._written]
            judged = self.verdicts.of_assets(new)
            yield from (self._asset(node, judged[node.id]) for node in new)
        for node in self._catalogue():
            self._written.add(node.id)
            yield c.with_properties(c.of_catalogue(node), self.verdicts.of_item(node))

    def _catalogue(self) -> Iterator[Node]:
        """What the assets have, each once, a kind after the other."""
        for relation in _HAVING:
            for some in pages(sorted(self.reader.spread(relation, self.scope.selection)), PAGE):
                found = self.reader.nodes(some)
                yield from (found[key] for key in sorted(found))

    def _dependencies(self) -> Iterator[dict[str, object]]:
        """Of the subject, if it is no asset, then of each asset."""
        if len(self.scope.named) != 1:
            yield {"ref": SEVERAL if self.scope.named else WHOLE, "dependsOn": self._top()}
        for some in pages(self._assets, PAGE):
            for ref, others in _needs(self.reader, some).items():
                told = sorted(others & self._written - {ref})
                if not others <= self._written:
                    self._incomplete.append(ref)
                if told:
                    yield {"ref": ref, "dependsOn": told}

    def _top(self) -> list[str]:
        """What the subject consists of: what is named, or every asset."""
        return [node.id for node in self.scope.named] or self._assets

    def _compositions(self) -> list[dict[str, object]]:
        found = sorted(self._incomplete)
        return [{"aggregate": "incomplete", "dependencies": found}] if found else []


def _needs(reader: GraphReader, assets: list[str]) -> dict[str, set[str]]:
    """What each of these has, and what it needs: whose failure would affect it."""
    found: dict[str, set[str]] = {asset: set() for asset in assets}
    for edge in reader.edges_of(assets, types={*_HAVING, *_OUT}):
        found[edge.key.source_id].add(edge.key.target_id)
    for edge in reader.edges_of(assets, "in", types=_IN):
        found[edge.key.target_id].add(edge.key.source_id)
    return found


def _opening(head: dict[str, object]) -> str:
    return json.dumps(head, indent=1).removesuffix("\n}") + ",\n"


def _array(name: str, items: Iterable[dict[str, object]]) -> Iterator[str]:
    """A field that is a list, an item to a line."""
    yield f'"{name}": ['
    separator = "\n"
    for item in items:
        yield separator + json.dumps(item)
        separator = ",\n"
    yield "\n]"
