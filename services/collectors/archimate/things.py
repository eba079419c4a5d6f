"""The elements of an ArchiMate model that are things, and what stands for those that are not. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from events.models import LONGEST_NAME, Identifier, Properties, Reference
from graph.metamodel import KINDS
from services.collectors.archimate.mapping import JUNCTIONS, PASSED_THROUGH, STRUCTURAL, kind_of
from services.collectors.archimate.model import Element, Model, Relationship
from services.collectors.parts import identifiers, key_of
from services.collectors.persons import kept
from services.collectors.spreadsheet.cells import CellError, value
from services.collectors.spreadsheet.tables import TABLES, Form

_HOST = re.compile(r"(?!\d+$)[a-z0-9]([\w-]{0,62})(\.[a-z0-9][\w-]{0,62})*", re.IGNORECASE)
_COLUMNS: Mapping[str, tuple[str, Form]] = {
    header.casefold(): (column.property, column.form)
    for table in TABLES
    for column in table.columns
    if column.property
    for header in column.headers
}
"""What the workbook calls a property: the same names are known in a model."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An element that has a kind. `elements`: all of that kind and name, which are one thing."""

    kind: str
    elements: tuple[Element, ...]
    referred: bool
    """Known by its host name only: an agent or a hypervisor tells the rest, and this source makes no record."""

    @property
    def name(self) -> str:
        return self.elements[0].name[:LONGEST_NAME]

    @property
    def key(self) -> str:
        return key_of(self.elements[0].id)

    def identity(self) -> tuple[Identifier, ...]:
        """A named kind by its name, a computer by its domain name; else it is this model's alone."""
        if KINDS[self.kind].named:
            return identifiers(("name", self.name))
        if _HOST.fullmatch(self.name):
            return identifiers(("fqdn" if "." in self.name else "hostname", self.name))
        return identifiers(("cloud-id", f"archimate:{self.key}"))

    def reference(self) -> Reference:
        name = self.identity()[0]
        scheme = "host" if name.scheme in {"fqdn", "hostname"} else name.scheme
        return Reference(scheme=scheme, value=name.value, kind=self.kind)

    def properties(self) -> tuple[Properties, list[str]]:
        """The properties with a name of ours, and the faults of those that cannot be read."""
        declared = {item.name for item in KINDS[self.kind].properties}
        found: Properties = {}
        faults = []
        for element in reversed(self.elements):  # the first has the last word
            for name, written in element.properties.items():
                key, form = _COLUMNS.get(name.casefold(), (name, "text"))
                try:
                    text = kept(key, written)
                    if text and key in declared and (key != name or name in _COLUMNS_BY_PROPERTY):
                        found[key] = value(text, _COLUMNS_BY_PROPERTY.get(key, form))
                except CellError as error:
                    faults.append(f"{element.name}: {name}: {error}")
        about = next((item.documentation for item in self.elements if item.documentation), "")
        if about and "@" not in about and "description" in declared:
            found.setdefault("description", about[:1000])
        return found, faults


_COLUMNS_BY_PROPERTY: Mapping[str, Form] = dict(_COLUMNS.values())


class Things:
    """The things of a model, by element. `mapped`: kinds by ArchiMate's types, before the usual ones."""

    def __init__(self, model: Model, mapped: Mapping[str, str], *, host_records: bool) -> None:
        self._model = model
        self._into: dict[str, list[Relationship]] = {}
        for relationship in model.relationships:
            self._into.setdefault(relationship.target, []).append(relationship)
        kinds = {ref: kind_of(item.type, item.name, mapped) for ref, item in model.elements.items()}
        self._kinds = kinds | {ref: PASSED_THROUGH[model.elements[ref].type] for ref in self._alone(kinds)}
        self.by_element = self._merged(host_records=host_records)

    def all(self) -> Iterator[Thing]:
        """Each once, in order of their keys."""
        yield from sorted({id(thing): thing for thing in self.by_element.values()}.values(), key=lambda one: one.key)

    def standing_for(self, element: str) -> list[Thing]:
        """The thing itself, or those that realize, hold or are assigned to what is none."""
        found, seen, waiting = [], {element}, [element]
        while waiting:
            ref = waiting.pop(0)
            if ref in self.by_element:
                found.append(self.by_element[ref])
                continue
            for source in sorted(self._behind(ref) - seen):
                seen.add(source)
                waiting.append(source)
        return found

    def passed(self, element: str) -> bool:
        """Whether it has no kind, and others stand for it."""
        found = self._model.elements.get(element)
        return found is not None and element not in self.by_element and found.type in PASSED_THROUGH

    def _behind(self, ref: str) -> set[str]:
        element = self._model.elements.get(ref)
        if element is None or element.type not in PASSED_THROUGH:
            return set()
        every = element.type in JUNCTIONS
        return {item.source for item in self._into.get(ref, ()) if every or item.type in STRUCTURAL}

    def _alone(self, kinds: Mapping[str, str]) -> Iterator[str]:
        """Services that nothing realizes: an architect who models only services means the applications by them."""
        for ref, element in self._model.elements.items():
            if not kinds[ref] and PASSED_THROUGH.get(element.type) and not self._behind(ref):
                yield ref

    def _merged(self, *, host_records: bool) -> dict[str, Thing]:
        """Elements of one kind and name are one thing: by its name others refer to it."""
        groups: dict[tuple[str, str], list[Element]] = {}
        for ref in sorted(self._model.elements):
            if kind := self._kinds[ref]:
                element = self._model.elements[ref]
                groups.setdefault((KINDS[kind].family, " ".join(element.name.casefold().split())), []).append(element)
        found = {}
        for group in groups.values():
            kind = self._kinds[group[0].id]
            host = not KINDS[kind].named and bool(_HOST.fullmatch(group[0].name)) and "." not in group[0].name
            thing = Thing(kind, tuple(group), referred=host and not host_records)
            found.update(dict.fromkeys((item.id for item in group), thing))
        return found
