"""Rows of the known tables as records. A row is one thing; what is wrong in it is told, and the rest is used."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from events.models import Draft, Identifier, Properties, Reference, Relation, Section
from graph.metamodel import COMPUTERS, DEVICES, KINDS
from services.collectors.base import Run
from services.collectors.parts import DECLARED
from services.collectors.persons import kept
from services.collectors.sheets import Sheet, TableError
from services.collectors.spreadsheet.cells import CellError, Faulty, kind, names, number, plain, value
from services.collectors.spreadsheet.examples import is_example, is_example_name
from services.collectors.spreadsheet.names import space_of
from services.collectors.spreadsheet.tables import (
    ALTERNATIVES,
    ALTERNATIVES_REQUIRED,
    DEPENDENCIES,
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

Cells = Mapping[str, str]
Headers = tuple[str, ...]


@dataclass
class Reading:
    """What the files of a run have said so far.

    `seen`: each thing once, by its key, and where. `names`: their names by family. `asked`: what they refer to, and
    where. `dependencies` wait until all files are read. `examples`: whether there are examples, which say nothing.
    """

    seen: dict[str, str] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[tuple[str, Reference]] = field(default_factory=list)
    dependencies: dict[tuple[str, str], list[Relation]] = field(default_factory=dict)
    examples: bool = False

    def drafts(self) -> Iterator[Draft]:
        """The dependencies, by who depends."""
        for (of_kind, subject), relations in sorted(self.dependencies.items()):
            yield _draft(of_kind, subject, "dependencies", Section(relations=tuple(relations)))


@dataclass(frozen=True)
class _Row:
    """A row of a sheet: its cells by header, and where they stand."""

    sheet: Sheet
    line: int
    header: list[str]
    cells: Cells

    def where(self, headers: Headers = ()) -> str:
        folded = list(_folded(headers))
        columns = [n for n, name in enumerate(self.header) if name.casefold() in folded]
        return self.sheet.where(self.line, columns[0] if columns else 0)


def read_table(sheet: Sheet, run: Run, reading: Reading) -> None:
    """Every row of a known table: made a record and emitted, or reported. Raises TableError, and what reading does."""
    _, first = next(sheet.rows, (0, []))
    header = [plain(cell) for cell in first]
    named = header[0].casefold() if header else ""
    table = next((table for table in TABLES if named in _folded(table.headers)), None)
    if table is None and named not in _folded(FROM):
        raise TableError(
            f"the first row must be the header; its first cell {''.join(header[:1])!r} names no table; "
            f"known are {_known()}"
        )
    _warn_of_unknown(sheet, header, table, run)
    for line, cells in sheet.rows:
        row = _Row(sheet, line, header, _by_header(header, cells))
        if is_example(table.kind if table else "", row.cells):
            reading.examples = True
            continue
        run.report.seen()
        try:
            _check(row, cells, run)
            if table is None:
                _add_dependency(row, reading)
            else:
                run.emit(_thing(table, row, reading, run))
        except CellError as error:
            run.report.skipped(row.where(error.headers), f"{error} (row skipped)")
        except ValidationError as error:
            run.report.skipped(row.where(), f"not usable: {error.errors()[0]['msg']} (row skipped)")


def _by_header(header: list[str], cells: list[str]) -> Cells:
    """Of two columns with the same header the first counts."""
    pairs = list(zip(header, cells, strict=False))
    return {name.casefold(): cell for name, cell in reversed(pairs) if name}


def _check(row: _Row, cells: list[str], run: Run) -> None:
    """Report cells that show no value. Raises CellError for a row that is none."""
    beside = cells[len(row.header) :]
    if beside and not row.sheet.title:
        raise CellError(f"{len(cells)} cells, but the header has {len(row.header)}")
    if beside and not any(cells[: len(row.header)]):
        raise CellError("this stands beside the table; it is not read", tuple(row.header[:1]))
    if is_example_name(cells[0]):
        raise CellError("the row is still named like the example; give it a name of its own", (row.header[0],))
    for column, cell in enumerate(cells):
        if isinstance(cell, Faulty):
            run.report.skipped(row.sheet.where(row.line, column), f"{cell.reason} (cell ignored)")
        elif cell and column >= len(row.header):
            run.report.skipped(row.sheet.where(row.line, column), "there is no header above (cell ignored)")


def _thing(table: Table, row: _Row, reading: Reading, run: Run) -> Draft:
    subject = _cell(row.cells, table.headers)
    if not subject:
        raise CellError(f"{table.headers[0]} is empty", table.headers)
    told = _cell(row.cells, KIND_OF_DEVICE) if table.kind in COMPUTERS else ""
    of_kind = kind(told) if told else table.kind
    if table.kind in COMPUTERS and of_kind not in DEVICES:
        raise CellError(f"{KIND_OF_DEVICE[0]} {of_kind!r} is no kind of device", KIND_OF_DEVICE)
    key = native_key(of_kind, subject)
    if key in reading.seen:
        raise CellError(f"{subject!r} stands already in {reading.seen[key]}", table.headers)
    draft = _draft(of_kind, subject, "core", _section(table, row, reading, run))
    reading.seen[key] = row.where(table.headers)
    reading.names.setdefault(space_of(of_kind), {})[subject.casefold()] = subject
    return draft


def _section(table: Table, row: _Row, reading: Reading, run: Run) -> Section:
    """What the row says besides its name. In a workbook a wrong cell costs the cell, in a CSV file the row."""
    said = Section()
    for column in table.columns:
        try:
            said = _with(said, _said(column, row))
            _tell_of_address(column, row, run)
        except CellError as error:
            if not row.sheet.title:
                raise
            run.report.skipped(row.where(column.headers), f"{error} (cell ignored)")
    reading.asked += [
        (row.where(column.headers), Reference(scheme=column.scheme, value=name, kind=column.to))
        for column in table.columns
        if column.relation
        for name in names(_raw(row.cells, column.headers))
        if not is_example_name(name)
    ]
    return said


def _with(said: Section, more: Section) -> Section:
    return Section(
        identifiers=said.identifiers + more.identifiers,
        properties={**said.properties, **more.properties},
        relations=said.relations + more.relations,
    )


def _said(column: Column, row: _Row) -> Section:
    cell = _cell(row.cells, column.headers)
    if not cell:
        return Section()
    properties: Properties = {}
    if column.property and (told := kept(column.property, cell)):
        properties[column.property] = value(told, column.form)
    identified = (_identifier(column, cell, row.cells),) if column.identifier else ()
    related = names(_raw(row.cells, column.headers)) if column.relation else []
    if any(map(is_example_name, related)):
        raise CellError(f"{cell!r} is still what the example says", column.headers)
    return Section(
        identifiers=identified, properties=properties, relations=tuple(_relation(column, name) for name in related)
    )


def _tell_of_address(column: Column, row: _Row, run: Run) -> None:
    cell = _cell(row.cells, column.headers)
    if column.property and kept(column.property, cell) != cell:
        reason = "an e-mail address was left out; function mailboxes have columns of their own"
        run.report.skipped(row.where(column.headers), reason)


def _identifier(column: Column, cell: str, row: Cells) -> Identifier:
    text = f"{_cell(row, ('Hersteller', 'Vendor'))}\t{cell}" if column.identifier == "serial" else cell
    return Identifier(scheme=column.identifier, value=text)


def _relation(column: Column, name: str) -> Relation:
    to = Reference(scheme=column.scheme, value=name, kind=column.to)
    return Relation(type=column.relation, to=to, direction=column.direction, properties=DECLARED)


def _add_dependency(row: _Row, reading: Reading) -> None:
    """Said from the side that has a name: a computer's name alone would make a second computer of it."""
    source, target = _end(row, FROM, FROM_KIND), _end(row, TO, TO_KIND)
    properties = _strength(row.cells)
    key = f"{native_key(source.kind, source.value)}\t{native_key(target.kind, target.value)}"
    if key in reading.seen:
        raise CellError(f"{source.value!r} to {target.value!r} stands already in {reading.seen[key]}", FROM)
    if KINDS[source.kind].named:
        said = Relation(type="DEPENDS_ON", to=target, properties=properties)
        reading.dependencies.setdefault((source.kind, source.value), []).append(said)
    elif KINDS[target.kind].named:
        said = Relation(type="DEPENDS_ON", direction="in", to=source, properties=properties)
        reading.dependencies.setdefault((target.kind, target.value), []).append(said)
    else:
        raise CellError(f"{source.value!r} and {target.value!r} are both computers; their agents report that")
    reading.seen[key] = row.where(FROM)
    reading.asked += [(row.where(FROM), source), (row.where(TO), target)]


def _strength(row: Cells) -> Properties:
    told = _cell(row, STRENGTH).casefold()
    if told not in STRENGTHS:
        raise CellError(
            f"{STRENGTH[0]} {told!r} is not known; zwingend (required) or beeinträchtigt (degrades)", STRENGTH
        )
    properties: Properties = {**DECLARED, "strength": STRENGTHS[told]}
    if group := _cell(row, ALTERNATIVES):
        properties["alternatives"] = group
    if needed := _cell(row, ALTERNATIVES_REQUIRED):
        if not group:
            raise CellError(f"{ALTERNATIVES_REQUIRED[0]} says nothing without {ALTERNATIVES[0]}", ALTERNATIVES_REQUIRED)
        properties["alternatives_required"] = number(needed)
    return properties


def _end(row: _Row, name: Headers, of_kind: Headers) -> Reference:
    text, told = _cell(row.cells, name), _cell(row.cells, of_kind)
    if is_example_name(text):
        raise CellError(f"{text!r} is still what the example says", name)
    if not text or not told:
        raise CellError(f"{name[0]} and {of_kind[0]} must not be empty", of_kind if text else name)
    try:
        found = kind(told)
    except CellError as error:
        raise CellError(str(error), of_kind) from None
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


def _raw(row: Cells, headers: Headers) -> str:
    return next((row[name] for name in _folded(headers) if row.get(name)), "")


def _cell(row: Cells, headers: Headers) -> str:
    return plain(_raw(row, headers))


def _warn_of_unknown(sheet: Sheet, header: list[str], table: Table | None, run: Run) -> None:
    known = headers_of(table)
    folded = {item.casefold() for item in known}
    for number_, column in enumerate(header):
        if column and column.casefold() not in folded:
            near = difflib.get_close_matches(column, known, 1)
            hint = f"; nearest is {near[0]!r}" if near else ""
            reason = f"there is no such column in this table{hint} (column ignored)"
            run.report.skipped(sheet.header(number_, column, 1), reason if not sheet.title else f"{column!r}: {reason}")


def headers_of(table: Table | None) -> list[str]:
    """Every header that a table may have; None: that of dependencies."""
    if table is None:
        return [header for headers in DEPENDENCIES for header in headers]
    extra = KIND_OF_DEVICE if table.kind in COMPUTERS else ()
    return [*table.headers, *extra, *(header for column in table.columns for header in column.headers)]


def _folded(headers: Headers) -> Iterator[str]:
    return (header.casefold() for header in headers)


def _known() -> str:
    return ", ".join([*(table.headers[0] for table in TABLES), FROM[0]])
