"""Any spreadsheet by a column mapping: the rows of all its sheets about one thing are one record."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from events.models import CatalogueItem, Draft, Identifier, Properties, Reference, Relation, Section
from graph.metamodel import CATALOGUE_RELATIONS, KINDS, RELATIONS
from services.collectors.base import Run
from services.collectors.parts import key_of
from services.collectors.persons import kept
from services.collectors.sheets import SUFFIXES, NotNamed, Sheet, SheetSettings, TableError
from services.collectors.spreadsheet.cells import CellError, Faulty, day, number, plain
from services.collectors.spreadsheet.files import each_sheet, files_of
from services.collectors.spreadsheet.mapping import ADDRESS, KindOf, MappedColumn, MappedSheet, Mapping

Row = dict[str, str]
_Keys = tuple[tuple[int, str], ...]


@dataclass
class _Said:
    """A section of a thing so far; what is said first stays."""

    identifiers: list[Identifier] = field(default_factory=list)
    properties: Properties = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)

    def add(self, other: "_Said") -> None:
        self.identifiers += other.identifiers
        self.properties = {**other.properties, **self.properties}
        self.relations += other.relations


@dataclass
class _Thing:
    """One thing of which sheets have spoken: its kind, name and sections."""

    kind: str
    name: str
    where: str
    sections: dict[str, _Said] = field(default_factory=dict)


@dataclass
class _Found:
    """The things of a run, by key; and what other sheets add to them, by any of their keys."""

    things: dict[str, _Thing] = field(default_factory=dict)
    by_key: dict[tuple[int, str], set[str]] = field(default_factory=dict)
    added: list[tuple[str, _Keys, str, _Said]] = field(default_factory=list)
    named: bool = False


def collect_mapped(settings: SheetSettings, mapping: Mapping, run: Run) -> None:
    """Every sheet that the mapping names, of every file; then the records, each thing once."""
    found, name = _Found(), ""
    for name, sheets in files_of(settings, run.report, SUFFIXES):
        each_sheet(name, sheets, run.report, lambda sheet: _read(sheet, mapping, found, run))
    if name and not found.named and not run.report.counts["failed"]:
        run.report.failed(name, "neither this file nor another is a sheet that the mapping names")
    _join(found, run)
    for key, thing in found.things.items():
        try:
            run.emit(_draft(key, thing))
        except ValidationError as error:
            run.report.skipped(thing.where, f"not usable: {error.errors()[0]['msg']} (row skipped)")


def _read(sheet: Sheet, mapping: Mapping, found: _Found, run: Run) -> None:
    mapped = next((item for item in mapping.sheets if _named(item, sheet)), None)
    if mapped is None:
        raise NotNamed("the mapping names no such sheet")
    found.named = True
    line, first = next(sheet.rows, (0, []))
    header = [plain(cell).casefold() for cell in first]
    if not any(set(_folded(column)) & set(header) for column in mapped.key):
        columns = " or ".join(repr(column[0]) for column in mapped.key)
        raise TableError(f"no column {columns} in row {line or 1}, which tells the rows apart")
    for line, cells in sheet.rows:
        run.report.seen()
        row = {name: plain(cell) for name, cell in zip(header, cells, strict=False) if name}
        for column, cell in enumerate(cells):
            if isinstance(cell, Faulty) and _uses(mapped, header[column : column + 1]):
                run.report.skipped(sheet.where(line, column), f"{cell.reason} (cell ignored)")
        try:
            _take(mapped, row, sheet.where(line), found, run)
        except CellError as error:
            run.report.skipped(sheet.where(line), f"{error} (row skipped)")


def _named(mapped: MappedSheet, sheet: Sheet) -> bool:
    name = sheet.name.casefold()
    match = str.__eq__ if sheet.title else str.endswith
    return not mapped.sheet or any(match(name, told.casefold()) for told in mapped.sheet)


def _uses(mapped: MappedSheet, header: list[str]) -> bool:
    columns = [column.source for column in mapped.columns] + mapped.key + [mapped.name]
    return any(name in _folded(names) for names in columns for name in header)


def _take(mapped: MappedSheet, row: Row, where: str, found: _Found, run: Run) -> None:
    """Put what the row says into `found`. Raises CellError for a row that says nothing."""
    for rule in mapped.skip:
        if _cell(row, rule.column).casefold() in {value.casefold() for value in rule.values}:
            return
    keys = tuple((n, cell) for n, column in enumerate(mapped.key) if (cell := _cell(row, column)))
    if not keys:
        raise CellError(f"{' and '.join(column[0] for column in mapped.key)} are empty; nothing tells what this row is")
    said = _said(mapped, row, where, run)
    if mapped.adds:
        found.added.append((where, keys, mapped.section, said))
        return
    kind = _kind(mapped, row)
    key = key_of(f"{KINDS[kind].family}:{keys[0][1].casefold()}")
    if key in found.things and mapped.section in found.things[key].sections:
        raise CellError(f"{keys[0][1]!r} stands already in {found.things[key].where}")
    thing = found.things.setdefault(key, _Thing(kind, _cell(row, mapped.name), where))
    thing.sections[mapped.section] = said
    for one in keys:
        found.by_key.setdefault(one, set()).add(key)


def _kind(mapped: MappedSheet, row: Row) -> str:
    if not isinstance(mapped.kind, KindOf):
        return mapped.kind
    cell = _cell(row, mapped.kind.column)
    found = next((kind for text, kind in mapped.kind.values.items() if text.casefold() == cell.casefold()), "")
    if not found and not mapped.kind.otherwise:
        raise CellError(f"{mapped.kind.column[0]} {cell!r} is no kind that the mapping names")
    return found or mapped.kind.otherwise


def _said(mapped: MappedSheet, row: Row, where: str, run: Run) -> _Said:
    said, items = _Said(), dict[str, Properties]()
    for column in mapped.columns:
        for text in _texts(column, row):
            try:
                _say(column, text, row, said, items, tuple(mapped.date_formats))
            except CellError as error:
                run.report.skipped(where, f"{column.source[0]}: {error} (cell ignored)")
    said.relations += [_to_catalogue(relation, properties) for relation, properties in items.items()]
    return said


def _to_catalogue(relation: str, properties: Properties) -> Relation:
    kind = next(iter(RELATIONS[relation].targets))
    return Relation(type=relation, to=CatalogueItem(kind=kind, properties=properties))  # type: ignore[arg-type]


def _texts(column: MappedColumn, row: Row) -> Iterator[str]:
    """What the first of the column's cells that is not empty says, one or several; the values it stands for."""
    cell = next((cell for name in column.source if _says(column, cell := _cell(row, [name]))), "")
    for text in cell.split(column.separator) if column.separator else [cell]:
        meant = {told.casefold(): value for told, value in column.values.items()}
        told = text if text is cell else text.strip()
        if _says(column, told) and (value := meant.get(told.casefold(), told)):
            yield value


def _says(column: MappedColumn, cell: str) -> bool:
    if not cell or (column.unless and re.search(column.unless, cell)):
        return False
    return not column.only or column.separator != "" or re.search(column.only, cell) is not None


def _say(
    column: MappedColumn, text: str, row: Row, said: _Said, items: dict[str, Properties], dates: tuple[str, ...]
) -> None:
    if column.property and kept(column.property, text):
        said.properties.setdefault(column.property, _value(column, text, dates))
    if column.identifier and (identifier := _identifier(column, text, row)):
        said.identifiers.append(identifier)
    if column.relation in CATALOGUE_RELATIONS and column.separator:
        said.relations.append(_to_catalogue(column.relation, {column.field: str(text)}))
    elif column.relation in CATALOGUE_RELATIONS:
        items.setdefault(column.relation, {}).setdefault(column.field, str(text))
    elif column.relation:
        scheme = (_address(text) or "host") if column.scheme == ADDRESS else column.scheme
        to = Reference(scheme=scheme, value=text, kind=column.kind)
        evidence: Properties = {"evidence": column.evidence}
        said.relations.append(Relation(type=column.relation, to=to, direction=column.direction, properties=evidence))


def _value(column: MappedColumn, text: str, dates: tuple[str, ...]) -> str | int:
    if column.form == "number":
        return number(text)
    return day(text, dates).isoformat() if column.form == "date" else kept(column.property, text)


def _identifier(column: MappedColumn, text: str, row: Row) -> Identifier | None:
    if column.identifier == "serial":
        vendor = _cell(row, column.vendor)
        return Identifier(scheme="serial", value=f"{vendor}\t{text}") if vendor else None
    scheme = column.identifier
    if scheme == ADDRESS:
        scheme = _address(text) or ("fqdn" if "." in text else "hostname")
    return Identifier(scheme=scheme, value=str(text))


def _address(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return ""
    return "ip"


def _join(found: _Found, run: Run) -> None:
    """Add what other sheets say to the one thing that has one of their keys."""
    lost: list[str] = []
    for where, keys, section, said in found.added:
        owners: set[str] = next((found.by_key[key] for key in keys if len(found.by_key.get(key, ())) == 1), set())
        if not owners:
            lost.append(where)
            continue
        found.things[next(iter(owners))].sections.setdefault(section, _Said()).add(said)
    if lost:
        reason = f"{len(lost)} rows from here on add to things that no other sheet describes, or several (rows skipped)"
        run.report.skipped(lost[0], reason)


def _draft(key: str, thing: _Thing) -> Draft:
    sections = {}
    for section, said in thing.sections.items():
        name = thing.name if said is next(iter(thing.sections.values())) else ""
        named = [Identifier(scheme="name", value=name)] if name and KINDS[thing.kind].named else []
        sections[section] = Section(
            name=str(name),
            identifiers=(*named, *said.identifiers),
            properties=said.properties,
            relations=tuple(said.relations),
        )
    return Draft(native_key=key, kind=thing.kind, sections=sections)


def _cell(row: Row, names: list[str]) -> str:
    return next((row[name] for name in _folded(names) if row.get(name)), "")


def _folded(names: list[str]) -> list[str]:
    return [name.casefold() for name in names]
