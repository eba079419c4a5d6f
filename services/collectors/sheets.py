"""Spreadsheet files as tables of text cells, read within bounded memory: xlsx and xlsm workbooks, and CSV.

What a file claims about itself is not believed: sizes are counted while reading, blank rows end a sheet, and what no
person typed into a table (macros, entities, a million columns) is refused with a reason.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from pydantic import Field

from services.collectors.files import MIB, FileSettings
from services.collectors.spreadsheet.cells import MAX_CELL, decode

SUFFIXES = (".csv", ".xlsx", ".xlsm")
MAX_COLUMNS = 1024
MAX_ROWS = 200_000
MAX_LINE = 4 * MIB
"""Characters of one row of a CSV file."""
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"


class Unreadable(ValueError):
    """A file or sheet that cannot be read; the text says why, and what to do."""


class TableError(ValueError):
    """A sheet that can be read and is no table that is known; the text says why."""


class NotNamed(TableError):
    """A sheet that no mapping names: there are others."""


class SheetSettings(FileSettings):
    """Settings of a collector that reads spreadsheets."""

    max_unpacked_bytes: int = Field(
        default=200 * MIB, gt=0, description="workbooks that unpack to more are not read, bytes"
    )


@dataclass(frozen=True)
class Sheet:
    """A table of a file. `title`: the sheet's name; "" in a CSV file. `rows`: (line, cells), without blank ones.

    Reading the rows raises Unreadable and csv.Error.
    """

    file: str
    title: str
    rows: Iterator[tuple[int, list[str]]]

    @property
    def name(self) -> str:
        """The sheet's name; of a CSV file its own, without folder and suffix."""
        return self.title or PurePath(self.file).stem

    def where(self, line: int, column: int = 0) -> str:
        """Where a cell stands, as its owner would look for it; `column` counts from 0."""
        if not self.title:
            return f"{self.file}, line {line}"
        return f"{self.file}, {self.title}!{letters(column)}{line}"

    def header(self, column: int, text: str, line: int) -> str:
        """Where a column stands."""
        return self.where(line, column) if self.title else f"{self.file}, column {text!r}"


def letters(column: int) -> str:
    """A column as spreadsheet programs name it: 0 is A, 26 is AA."""
    name, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def sheets_of(name: str, data: bytes, max_unpacked: int) -> Iterator[Sheet]:
    """The tables of a file, by what it holds rather than by its name. Raises Unreadable, ValueError."""
    if data.startswith(_OLE):
        raise Unreadable(_old(data))
    if data.startswith(_ZIP) and zipfile.is_zipfile(io.BytesIO(data)):
        from services.collectors.sheets_xlsx import workbook_sheets  # noqa: PLC0415 - slow to import

        yield from workbook_sheets(name, data, max_unpacked)
    elif name.casefold().endswith((".xlsx", ".xlsm")):
        raise Unreadable("this is no workbook, or a damaged one: it cannot be unpacked; open it and save it as .xlsx")
    else:
        yield Sheet(name, "", csv_rows(decode(data)))


def _old(data: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return "this is an encrypted workbook; save it without a password"
    return "this is a workbook of the old format (.xls); save it as .xlsx or .csv"


def csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each row that is not blank. Raises csv.Error, Unreadable."""
    first = text[: text.find("\n") + 1] or text[:MAX_LINE]
    delimiter = max(";,\t", key=first.count)
    csv.field_size_limit(MAX_CELL)
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 1
    for row in reader:
        if any(cell.strip() for cell in row):
            yield line, row
        line = reader.line_num + 1
        lines.length = 0


class _Lines:
    """The lines of a text; raises Unreadable where those of one row are longer together than MAX_LINE."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.length = 0

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self._lines, 1):
            self.length += len(line)
            if self.length > MAX_LINE:
                raise Unreadable(f"the row at line {number} is longer than {MAX_LINE:,} characters; this is no table")
            yield line
