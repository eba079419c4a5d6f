"""The city's own table: models, Fachverfahren, agreements. CSV, xlsx or TOML, each date with its source.

A spreadsheet has the columns of the sheet *Lebenszyklen* of the workbook, in German or English (docs/spreadsheet.md).
In TOML each cycle is a `[[cycles]]` with the names of the properties. What is wrong is told with its line, all at once.
"""

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from inventory.lifecycle_records import end_property, read_cycle
from inventory.milestones import MILESTONES
from services.collectors.lifecycle.faults import Fault, Told, faults_in
from services.collectors.sheets import Sheet, Unreadable, sheets_of
from services.collectors.spreadsheet.cells import CellError, Faulty, plain, value
from services.collectors.spreadsheet.tables import TABLES, Column

TABLE = next(table for table in TABLES if table.kind == "LifecycleCycle")
NAME = "name"
_BY_PROPERTY = {column.property: column for column in TABLE.columns}
_HEADERS = {header.casefold(): column.property for column in TABLE.columns for header in column.headers} | {
    header.casefold(): NAME for header in TABLE.headers
}
_ENDS = frozenset(end_property(name) for name in MILESTONES if name != "warranty")
_CYCLES = re.compile(r"^\s*\[\[\s*cycles\s*\]\]")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the table: what it says by property, as text; and where each stands."""

    where: str
    says: Mapping[str, str]
    cells: Mapping[str, str]


def read_city(name: str, data: bytes, max_unpacked: int) -> tuple[list[Told], list[Fault]]:
    """The cycles of a file, and what is wrong in it."""
    faults: list[Fault] = []
    lines = (
        _toml(name, data, faults) if name.casefold().endswith(".toml") else _sheets(name, data, max_unpacked, faults)
    )
    told = [cycle for line in lines if (cycle := _told(line, faults)) is not None]
    if not told and not faults:
        faults.append(Fault(name, "it holds no cycle"))
    return told, [*faults, *faults_in(told)]


def _sheets(name: str, data: bytes, max_unpacked: int, faults: list[Fault]) -> Iterator[_Line]:
    try:
        for sheet in sheets_of(name, data, max_unpacked):
            yield from _rows(sheet, faults)
    except (Unreadable, csv.Error, ValueError) as error:
        faults.append(Fault(name, str(error)))


def _rows(sheet: Sheet, faults: list[Fault]) -> Iterator[_Line]:
    first, cells = next(sheet.rows, (1, []))
    header = [plain(cell) for cell in cells]
    known = [_HEADERS.get(text.casefold(), "") for text in header]
    if NAME not in known:
        faults.append(Fault(sheet.where(first), f"there is no column {TABLE.headers[0]!r} ({TABLE.headers[1]!r})"))
        return
    for column, (text, found) in enumerate(zip(header, known, strict=True)):
        if text and not found:
            faults.append(Fault(sheet.where(first, column), f"{text!r} is no column of this table; {_columns()}"))
        elif found and known.index(found) < column:
            faults.append(Fault(sheet.where(first, column), f"the column {text!r} stands twice"))
    for line, row in sheet.rows:
        yield _line(sheet, line, known, row, faults)


def _line(sheet: Sheet, line: int, known: list[str], row: list[str], faults: list[Fault]) -> _Line:
    says, cells = dict[str, str](), dict[str, str]()
    for column, cell in enumerate(row):
        where = sheet.where(line, column) if sheet.title else f"{sheet.where(line)}, column {column + 1}"
        if isinstance(cell, Faulty):
            faults.append(Fault(where, cell.reason))
        elif plain(cell) and (column >= len(known) or not known[column]):
            faults.append(Fault(where, f"{plain(cell)[:80]!r} stands below no header"))
        elif plain(cell):
            says[known[column]], cells[known[column]] = plain(cell), where
    return _Line(sheet.where(line), says, cells)


def _toml(name: str, data: bytes, faults: list[Fault]) -> Iterator[_Line]:
    try:
        text = data.decode("utf-8-sig")
        told = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        faults.append(Fault(name, f"not readable as TOML: {error}"))
        return
    entries = told.pop("cycles", [])
    faults += [Fault(name, f"{key!r} is not known; there is [[cycles]], once for each cycle") for key in told]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        faults.append(Fault(name, "cycles: write [[cycles]], once for each cycle"))
        return
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _CYCLES.match(line)]
    for number, entry in enumerate(entries):
        where = f"{name}, line {lines[number]}" if number < len(lines) else f"{name}, cycle {number + 1}"
        says = {key: str(item) for key, item in entry.items() if not isinstance(item, dict | list)}
        for key in (key for key, item in entry.items() if isinstance(item, float | bool)):
            faults.append(Fault(where, f"{key}: write {says[key]} in quotes: 3.10 as a number is 3.1"))
        for key in entry.keys() - {NAME, *_BY_PROPERTY}:
            faults.append(Fault(where, f"{key!r} is no property of a cycle; {', '.join([NAME, *_BY_PROPERTY])}"))
        yield _Line(where, says, dict.fromkeys(says, where))


def _told(line: _Line, faults: list[Fault]) -> Told | None:
    """The cycle of a line, or None with what is wrong in it."""
    before, read = len(faults), dict[str, str]()
    for key, text in line.says.items():
        if key in _BY_PROPERTY and (good := _value(_BY_PROPERTY[key], text, line.cells[key], faults)) is not None:
            read[key] = good
    name = line.says.get(NAME, "")
    if not name:
        faults.append(Fault(line.where, f"{TABLE.headers[0]} ({TABLE.headers[1]}) is empty: which cycle is meant?"))
    if read.keys() & _ENDS and "citation" not in read:
        faults.append(Fault(line.where, "dates without a source: say in Quelle (Source, citation) where they are from"))
    if len(faults) > before:
        return None
    cycle = read_cycle(read.get("product", ""), read)
    return Told(line.where, cycle, name, read.get("citation", ""), read.get("comment", ""))


def _value(column: Column, text: str, where: str, faults: list[Fault]) -> str | None:
    try:
        return str(value(text, column.form))
    except CellError as error:
        faults.append(Fault(where, f"{column.headers[0]}: {error}"))
        return None


def _columns() -> str:
    return "known are " + ", ".join([TABLE.headers[0], *(column.headers[0] for column in TABLE.columns)])
