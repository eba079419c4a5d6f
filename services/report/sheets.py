"""Workbooks to filter and to calculate with, written row by row, so that many rows need no more memory than few.

Dates and numbers are real ones. Nothing is a formula: text that begins like one stays text, whoever opens it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.milestones import Undated
from inventory.rows import Row
from services.report.columns import COLUMNS, ROW_FIELDS, UNDATED, Language, said, value_name

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet  # what a write-only one has of it is used

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST = 32_767
LAST = 1_048_576
"""The last row that a sheet can have."""
_DATE = {"de": "DD.MM.YYYY", "en": "YYYY-MM-DD"}
_WIDTHS = {"asset": 28, "reported": 40, "product": 26, "owners": 28, "dependents": 40, "citation": 34, "method": 30}
_WIDTH = 16
_SHARE = "0.0%"
_A4 = 9


@dataclass(frozen=True, slots=True)
class Share:
    """A number that is shown as a percentage."""

    of_one: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table. `lines` are read once, while they are written; past the last row a sheet goes on in another."""

    title: str
    heads: Sequence[str]
    lines: Iterable[Sequence[object]]
    widths: Sequence[int]


def rows_sheet(title: str, rows: Iterable[Row], language: Language) -> Sheet:
    """The rows of an answer with all that is known of each."""
    heads = [said(COLUMNS[field], language) for field in ROW_FIELDS]
    lines = ([_shown(field, getattr(row, field), language) for field in ROW_FIELDS] for row in rows)
    return Sheet(title, heads, lines, [_WIDTHS.get(field, _WIDTH) for field in ROW_FIELDS])


def _shown(field: str, value: object, language: Language) -> object:
    if isinstance(value, Undated):
        return said(UNDATED[value.value], language)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return value_name(field, value, language) if isinstance(value, str) else value


def write_sheets(path: Path, sheets: Iterable[Sheet], language: Language) -> None:
    """Write the workbook, or leave what was there before. Raises OSError."""
    from openpyxl import Workbook  # noqa: PLC0415 - slow to import

    book = Workbook(write_only=True)
    for sheet in sheets:
        lines = iter(sheet.lines)
        for number in count(1):
            title = sheet.title if number == 1 else f"{sheet.title} {number}"
            _write(book.create_sheet(title), sheet, islice(lines, LAST - 1), language)
            following = next(lines, None)
            if following is None:
                break
            lines = chain([following], lines)
    with whole(path) as unfinished:
        book.save(unfinished)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file beside it that takes its place at the end; after an error what was there before stays."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(target: "Worksheet", sheet: Sheet, lines: Iterable[Sequence[object]], language: Language) -> None:
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - slow to import

    letters = [get_column_letter(number) for number, _ in enumerate(sheet.heads, 1)]
    for letter, width in zip(letters, sheet.widths, strict=True):
        target.column_dimensions[letter].width = width
    target.freeze_panes = "A2"
    last = 1
    try:
        target.append(list(_head(target, sheet.heads)))
        for last, line in enumerate(lines, 2):  # noqa: B007 - the last one is asked for below
            target.append([_cell(target, value, language) for value in line])
    finally:
        target.auto_filter.ref = f"A1:{letters[-1]}{last}"
        _for_print(target)
        target.close()  # type: ignore[attr-defined]  # only a write-only one has it


def _for_print(target: "Worksheet") -> None:
    from openpyxl.worksheet.properties import PageSetupProperties  # noqa: PLC0415 - slow to import

    target.print_title_rows = "1:1"
    target.page_setup.orientation, target.page_setup.paperSize = "landscape", _A4
    target.page_setup.fitToWidth, target.page_setup.fitToHeight = 1, 0
    target.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _head(target: "Worksheet", heads: Sequence[str]) -> "Iterator[Cell]":
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - slow to import
    from openpyxl.styles import Alignment, Font, PatternFill  # noqa: PLC0415 - slow to import

    for head in heads:
        cell = WriteOnlyCell(target, head)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color="1F3864")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        yield cell


def _cell(target: "Worksheet", value: object, language: Language) -> "Cell":
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - slow to import

    if isinstance(value, str):
        return _text(target, value) if value else WriteOnlyCell(target)  # a filter offers empty cells as such
    plain = value.of_one if isinstance(value, Share) else value
    cell = WriteOnlyCell(target, plain.replace(tzinfo=None) if isinstance(plain, datetime) else plain)  # type: ignore[arg-type]
    cell.number_format = _format(value, language)
    return cell


def _format(value: object, language: Language) -> str:
    if isinstance(value, datetime):
        return f"{_DATE[language]} HH:MM"
    if isinstance(value, date):
        return _DATE[language]
    if isinstance(value, Share):
        return _SHARE
    return "#,##0" if isinstance(value, int) else "General"


def _text(target: "Worksheet", value: str) -> "Cell":
    """Text, and never more: openpyxl takes what begins with = for a formula, and Excel what is retyped."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - slow to import

    text = _NO_XML.sub("\ufffd", value)
    cell = WriteOnlyCell(target, text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")
    cell.data_type = "s"
    cell.number_format = "@"
    cell.quotePrefix = value.startswith(_FORMULA)
    return cell
