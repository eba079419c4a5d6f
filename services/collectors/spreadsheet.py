"""CSV tables of what no agent knows: applications, organisation, services, locations, dependencies.

A row is one thing; the rows of all files about one thing are one record, with a section for its own table and one for
its dependencies.
"""

import csv
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from events.models import Draft, Identifier, Properties, Reference, Relation, Section
from graph.metamodel import COMPUTERS, DEVICES, KINDS
from services.collectors.base import CollectorType, Report, Run
from services.collectors.files import FileSettings, check_files, read_files
from services.collectors.parts import DECLARED
from services.collectors.spreadsheet_cells import CellError, decode, kind, names, rows_of, value
from services.collectors.spreadsheet_tables import (
    ALTERNATIVES,
    FROM,
    FROM_KIND,
    KIND_OF_DEVICE,
    STRENGTH,
    STRENGTHS,
    TABLES,
    TO,
    TO_KIND,
    Column,
    Table,
)

SUFFIXES = (".csv",)
Cells = Mapping[str, str]


class TableError(ValueError):
    """A file that is no table this collector knows."""


@dataclass
class Reading:
    """What the files of a run have said so far: each thing once, and its dependencies until all files are read."""

    seen: dict[str, str] = field(default_factory=dict)
    dependencies: dict[tuple[str, str], list[Relation]] = field(default_factory=dict)


def collect(settings: FileSettings, run: Run) -> None:
    """Every `.csv` file: rows read, made records, emitted; then the dependencies, by who depends."""
    reading = Reading()
    for name, data in read_files(settings, SUFFIXES, run.report):
        try:
            _read_table(name, data, run, reading)
        except (TableError, ValueError, csv.Error) as error:
            run.report.failed(name, str(error))
    for (of_kind, subject), relations in sorted(reading.dependencies.items()):
        run.emit(_draft(of_kind, subject, "dependencies", Section(relations=tuple(relations))))


def _read_table(name: str, data: bytes, run: Run, reading: Reading) -> None:
    rows = rows_of(decode(data))
    _, header = next(rows, (0, []))
    first = header[0].casefold() if header else ""
    table = next((table for table in TABLES if first in _folded(table.headers)), None)
    dependencies = first in _folded(FROM)
    if table is None and not dependencies:
        raise TableError(f"the first column is {header[:1]}, which names no table; known are {_known()}")
    columns = _dependency_headers() if table is None else _headers(table)
    _warn_of_unknown(name, header, columns, run.report)
    for line, cells in rows:
        run.report.seen()
        try:
            row = _row(header, cells)
            if table is None:
                _add_dependency(row, reading)
            else:
                run.emit(_thing(table, row, f"{name}, line {line}", reading))
        except CellError as error:
            run.report.skipped(f"{name}, line {line}", f"{error} (row skipped)")


def _row(header: list[str], cells: list[str]) -> Cells:
    if len(cells) > len(header):
        raise CellError(f"{len(cells)} cells, but the header has {len(header)}")
    return {name.casefold(): cell for name, cell in zip(header, cells, strict=False)}


def _thing(table: Table, row: Cells, where: str, reading: Reading) -> Draft:
    subject = _cell(row, table.headers)
    if not subject:
        raise CellError(f"{table.headers[0]} is empty")
    of_kind = kind(_cell(row, KIND_OF_DEVICE)) if table.kind in COMPUTERS and _cell(row, KIND_OF_DEVICE) else table.kind
    if table.kind in COMPUTERS and of_kind not in DEVICES:
        raise CellError(f"{KIND_OF_DEVICE[0]} {of_kind!r} is no kind of device")
    key = native_key(of_kind, subject)
    if key in reading.seen:
        raise CellError(f"{subject!r} stands already in {reading.seen[key]}")
    draft = _draft(of_kind, subject, "core", _section(table, row))
    reading.seen[key] = where
    return draft


def _section(table: Table, row: Cells) -> Section:
    """What the row says besides its name."""
    identifiers, properties, relations = [], Properties(), []
    for column in table.columns:
        cell = _cell(row, column.headers)
        if not cell:
            continue
        if column.property:
            properties[column.property] = value(cell, column.form)
        if column.identifier:
            identifiers.append(_identifier(column, cell, row))
        if column.relation:
            relations += [_relation(column, name) for name in names(cell)]
    return Section(identifiers=tuple(identifiers), properties=properties, relations=tuple(relations))


def _identifier(column: Column, cell: str, row: Cells) -> Identifier:
    text = f"{_cell(row, ('Hersteller', 'Vendor'))}\t{cell}" if column.identifier == "serial" else cell
    return Identifier(scheme=column.identifier, value=text)


def _relation(column: Column, name: str) -> Relation:
    to = Reference(scheme=column.scheme, value=name, kind=column.to)
    return Relation(type=column.relation, to=to, direction=column.direction, properties=DECLARED)


def _add_dependency(row: Cells, reading: Reading) -> None:
    """Said from the side that has a name: a computer's name alone would make a second computer of it."""
    source, target = _end(row, FROM, FROM_KIND), _end(row, TO, TO_KIND)
    told = _cell(row, STRENGTH).casefold()
    if told not in STRENGTHS:
        raise CellError(f"{STRENGTH[0]} {told!r} is not known; zwingend (required) or beeinträchtigt (degrades)")
    properties: Properties = {**DECLARED, "strength": STRENGTHS[told]}
    if group := _cell(row, ALTERNATIVES):
        properties["alternatives"] = group
    if KINDS[source.kind].named:
        said = Relation(type="DEPENDS_ON", to=target, properties=properties)
        reading.dependencies.setdefault((source.kind, source.value), []).append(said)
    elif KINDS[target.kind].named:
        said = Relation(type="DEPENDS_ON", direction="in", to=source, properties=properties)
        reading.dependencies.setdefault((target.kind, target.value), []).append(said)
    else:
        raise CellError(f"{source.value!r} and {target.value!r} are both computers; their agents report that")


def _end(row: Cells, name: tuple[str, ...], of_kind: tuple[str, ...]) -> Reference:
    text, told = _cell(row, name), _cell(row, of_kind)
    if not text or not told:
        raise CellError(f"{name[0]} and {of_kind[0]} must not be empty")
    found = kind(told)
    return Reference(scheme="name" if KINDS[found].named else "host", value=text, kind=found)


def _draft(of_kind: str, subject: str, section: str, content: Section) -> Draft:
    scheme = "name" if KINDS[of_kind].named else "hostname"
    named = (Identifier(scheme=scheme, value=subject), *content.identifiers)
    properties = content.properties if KINDS[of_kind].named else {**content.properties, "hostname": subject}
    body = content.model_copy(update={"name": subject, "identifiers": named, "properties": properties})
    return Draft(
        native_key=native_key(of_kind, subject), kind=of_kind, sections={section: Section(**body.model_dump())}
    )


def native_key(of_kind: str, subject: str) -> str:
    """The key of a thing's record: the same name in any case and spacing is the same thing."""
    return f"{KINDS[of_kind].family}:{' '.join(subject.casefold().split())}".replace("#", "_")


def _cell(row: Cells, headers: tuple[str, ...]) -> str:
    return next((row[name] for name in _folded(headers) if row.get(name)), "")


def _warn_of_unknown(name: str, header: list[str], known: list[str], report: Report) -> None:
    folded = {item.casefold() for item in known}
    for column in header:
        if column and column.casefold() not in folded:
            near = difflib.get_close_matches(column, known, 1)
            hint = f"; nearest is {near[0]!r}" if near else ""
            report.skipped(
                f"{name}, column {column!r}", f"there is no such column in this table{hint} (column ignored)"
            )


def _headers(table: Table) -> list[str]:
    extra = KIND_OF_DEVICE if table.kind in COMPUTERS else ()
    return [*table.headers, *extra, *(header for column in table.columns for header in column.headers)]


def _dependency_headers() -> list[str]:
    return [*FROM, *FROM_KIND, *TO, *TO_KIND, *STRENGTH, *ALTERNATIVES]


def _folded(headers: tuple[str, ...]) -> Iterator[str]:
    return (header.casefold() for header in headers)


def _known() -> str:
    return ", ".join([*(table.headers[0] for table in TABLES), FROM[0]])


COLLECTOR = CollectorType(
    "spreadsheet",
    "CSV tables of applications, services, dependencies",
    FileSettings,
    collect,
    70,
    partial(check_files, suffixes=SUFFIXES),
)
