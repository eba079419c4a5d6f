"""Workbooks (xlsx, xlsm) as tables of text cells: values only, no macro, no entity, no size that is only claimed.

openpyxl reads; what it is given to read is counted on the way, so that one row, or what stands between rows, stays
small whatever the file's directory says.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, time
from typing import IO, Any, cast

from defusedxml.ElementTree import iterparse
from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from services.collectors.files import MIB
from services.collectors.sheets import MAX_COLUMNS, MAX_ROWS, Sheet, Unreadable
from services.collectors.sheets_merged import Area, merged_areas, told
from services.collectors.spreadsheet.cells import MAX_CELL, Faulty, Numeric

MAX_BLANK = 1000
"""Blank rows after which a sheet has ended, whatever number of rows it claims."""
MAX_SHEETS = 256
MAX_PART = 16 * MIB
"""Bytes of one row with what stands before it, and of every part but sheets and strings."""
MAX_STRINGS = 64 * MIB
MAX_TAGS = 5_000_000
MAX_RATIO = 500
"""How many times larger a part may be than it is packed: ten times what a sheet of blank rows is."""
_STRINGS = "sharedstrings.xml"
_STRING = f"{{{SHEET_MAIN_NS}}}si"
_KEPT = 1000
"""Tags that are no strings, before they are let go."""
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
_DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#SPILL!", "#CALC!"})
_EXACT = 10**15
"""Whole numbers above are no longer exact in a workbook."""


class _Member(io.RawIOBase):
    """A part of a workbook. Raises Unreadable after too many bytes or tags since `forget`, and at a DTD or entity."""

    def __init__(self, inner: IO[bytes], name: str) -> None:
        super().__init__()
        self._inner, self._name = inner, name
        strings = name.casefold().endswith(_STRINGS)
        self._limit = MAX_STRINGS if strings else MAX_PART
        self._tail = b""
        self.forget()

    def forget(self) -> None:
        """What was read until now has been let go."""
        self._bytes = self._tags = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._inner.read(self._limit + 1 if size is None or size < 0 else size)
        self._bytes += len(data)
        self._tags += data.count(b"<")
        if self._bytes > self._limit or self._tags > MAX_TAGS:
            raise Unreadable(
                f"{self._name}: a single row or part unpacks to more than {self._limit:,} bytes or {MAX_TAGS:,} tags"
            )
        window = (self._tail + data).replace(b"\x00", b"")
        if _DOCTYPE.search(window):
            raise Unreadable(f"{self._name}: it declares entities or a DTD, which no workbook does; refused")
        self._tail = data[-32:]
        return data

    def close(self) -> None:
        self._inner.close()
        super().close()


class _Archive(zipfile.ZipFile):
    """A workbook's archive whose parts are counted while they are read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self._members: list[_Member] = []

    def open(self, name: Any, *args: Any, **options: Any) -> IO[bytes]:  # noqa: ANN401 - as zipfile has it
        inner = super().open(name, *args, **options)
        self._members = [member for member in self._members if not member.closed]
        member = _Member(inner, name if isinstance(name, str) else name.filename)
        self._members.append(member)
        return cast("IO[bytes]", member)

    def forget(self) -> None:
        """The row that was read last has been let go."""
        for member in self._members:
            member.forget()


def workbook_sheets(name: str, data: bytes, max_unpacked: int) -> Iterator[Sheet]:
    """The sheets of a workbook, each to be read before the next. Raises Unreadable."""
    with closing(_Archive(data)) as archive:
        _check(archive, max_unpacked)
        formulas = _has_formulas(archive)
        with closing(_Archive(data)) as second:
            book = _opened(archive, values=True)
            other = _opened(second, values=False) if formulas else None
            if len(book.worksheets) > MAX_SHEETS:
                raise Unreadable(f"{len(book.worksheets):,} sheets, more than the {MAX_SHEETS} that are read")
            for number, sheet in enumerate(book.worksheets):
                rows = _rows(archive, sheet)
                beside = _rows(second, other.worksheets[number]) if other else None
                yield Sheet(name, sheet.title, told(_cells(rows, beside), _merged(archive, sheet)))


def _check(archive: _Archive, max_unpacked: int) -> None:
    """Raises Unreadable for what is no workbook, or unpacks to too much."""
    names = {name.casefold() for name in archive.namelist()}
    if "mimetype" in names and "content.xml" in names:
        raise Unreadable("this is an OpenDocument spreadsheet (.ods); save it as .xlsx or .csv")
    if "xl/workbook.bin" in names:
        raise Unreadable("this is a binary workbook (.xlsb); save it as .xlsx or .csv")
    unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > max_unpacked:
        raise Unreadable(
            f"it unpacks to {unpacked:,} bytes, more than the {max_unpacked:,} that max_unpacked_bytes allows"
        )
    swollen = [part for part in archive.infolist() if part.file_size > MAX_RATIO * max(part.compress_size, 1024)]
    if swollen:
        raise Unreadable(f"{swollen[0].filename} is {MAX_RATIO} times larger than it is packed; no workbook is")
    if "[content_types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise Unreadable("this is a ZIP archive, but no workbook")


def _has_formulas(archive: _Archive) -> bool:
    """Whether a sheet has a formula: only then what is blank may be a value that was never stored."""
    for name in archive.namelist():
        if name.casefold().startswith("xl/worksheets/") and name.casefold().endswith(".xml"):
            with _failing(), zipfile.ZipFile.open(archive, name) as part:
                tail = b""
                while chunk := part.read(MIB):
                    if _FORMULA.search(tail + chunk):
                        return True
                    tail = chunk[-32:]
    return False


def _merged(archive: _Archive, sheet: Any) -> list[Area]:  # noqa: ANN401 - openpyxl's sheet
    with _failing(), zipfile.ZipFile.open(archive, sheet._worksheet_path) as part:  # noqa: SLF001 - it has no other
        return merged_areas(part)


@contextmanager
def _failing() -> Iterator[None]:
    """Whatever is wrong with a workbook is one kind of error; warnings of what is not read here are not shown."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Unreadable:
        raise
    except Exception as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        if isinstance(cause, Unreadable):
            raise cause from error
        why = f"{type(cause).__name__}: {str(cause)[:200]}"
        raise Unreadable(f"the workbook is damaged ({why}); open it and save it anew") from error


class _Reader(ExcelReader):
    """openpyxl's reader, but for the strings, of which nothing is kept besides their text."""

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)  # type: ignore[no-untyped-call]
        if part is not None:
            with self.archive.open(part.PartName[1:]) as strings:
                self.shared_strings = list(_strings(strings))


def _strings(part: IO[bytes]) -> Iterator[str]:
    events = iterparse(part, events=("start", "end"), forbid_dtd=True)
    _, root = next(events)
    for event, node in events:
        if event == "end" and node.tag == _STRING:
            text = Text.from_tree(node)
            yield text.content if text else ""
            root.clear()
        elif event == "end" and len(root) > _KEPT:
            root.clear()


def _opened(archive: _Archive, *, values: bool) -> Any:  # noqa: ANN401 - openpyxl's workbook
    with _failing():
        reader = _Reader(io.BytesIO(_EMPTY), read_only=True, data_only=values, keep_links=False)
        reader.archive.close()
        reader.archive, reader.valid_files = archive, archive.namelist()
        reader.read()
        for sheet in reader.wb.worksheets:
            sheet.reset_dimensions()
        return reader.wb


def _rows(archive: _Archive, sheet: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - openpyxl's sheet
    """The rows of a sheet, blank ones too, until MAX_BLANK of them follow each other."""
    blank = 0
    with _failing():
        rows = iter(sheet.iter_rows(values_only=True))
    while blank < MAX_BLANK:
        with _failing():
            row = next(rows, None)
        archive.forget()
        if row is None:
            return
        blank = 0 if any(value is not None for value in row) else blank + 1
        yield row


def _cells(
    rows: Iterable[tuple[Any, ...]], formulas: Iterator[tuple[Any, ...]] | None
) -> Iterator[tuple[int, list[str]]]:
    taken = 0
    for line, row in enumerate(rows, 1):
        beside = next(formulas, ()) if formulas else ()
        cells = [text_of(value) for value in row]
        for column, formula in enumerate(beside[: len(cells)]):
            if row[column] is None and formula is not None:
                cells[column] = Faulty("a formula without a stored value; open the workbook, save it, and try again")
        while cells and not cells[-1] and not isinstance(cells[-1], Faulty):
            cells.pop()
        if not cells:
            continue
        taken += 1
        if len(cells) > MAX_COLUMNS:
            raise Unreadable(f"row {line} has {len(cells):,} columns, more than the {MAX_COLUMNS:,} that are read")
        if taken > MAX_ROWS:
            raise Unreadable(f"more than {MAX_ROWS:,} rows; the rest was not read")
        yield line, cells


def text_of(value: object) -> str:
    """A cell's value as the text that reads as the same: 31.0 is 31, a day is 2026-12-31, true is true."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    return "" if value is None else _text(str(value))


def _text(text: str) -> str:
    if text in _ERRORS:
        return Faulty(f"the cell shows the error {text}")
    if len(text) > MAX_CELL:
        return Faulty(f"{len(text):,} characters, more than the {MAX_CELL:,} that a cell may hold")
    return text


def _number(value: float) -> str:
    with suppress(OverflowError, ValueError):
        if value == int(value) and abs(value) < _EXACT:
            return Numeric(str(int(value)), float(value))
    return Numeric(repr(value)[:32], float(value)) if abs(value) < _EXACT else repr(value)[:32]


def _empty() -> bytes:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    return buffer.getvalue()


_EMPTY = _empty()
"""An archive without parts: the reader wants one to begin with, and is given the counted one."""
