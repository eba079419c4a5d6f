"""Cells of a spreadsheet as values; what cannot be read is an error that quotes the cell. Pure."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, datetime

from graph.metamodel import KINDS
from services.collectors.spreadsheet_tables import Form

_PROTECTION = {"normal": "normal", "hoch": "hoch", "high": "hoch", "sehr hoch": "sehr hoch", "very high": "sehr hoch"}
_BY_NAME = {name.casefold(): kind.label for kind in KINDS.values() for name in (kind.label, kind.english, kind.german)}
MAX_CELL = 32_768
"""Characters in a cell: as many as a spreadsheet program allows."""


class CellError(ValueError):
    """A cell that says nothing usable; the text says why, without the line."""


def decode(data: bytes) -> str:
    """UTF-8, with or without a byte order mark, else Windows-1252. Raises ValueError for what is no text."""
    if b"\x00" in data[:4096]:
        raise ValueError("this is no text: it holds zero bytes (a workbook? save it as CSV)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def rows_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each row that is not blank. Raises csv.Error."""
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    for row in reader:
        cells = [" ".join(cell.split()) for cell in row]
        if any(cells):
            yield line, cells
        line = reader.line_num + 1


def value(cell: str, form: Form) -> str | int:
    """The value of a cell that is not empty. Raises CellError."""
    if form == "number":
        return number(cell)
    if form == "date":
        return day(cell).isoformat()
    if form == "leika" and not re.fullmatch(r"99\d{12}", cell):
        raise CellError(f"{cell!r} is no LeiKa key: 14 digits that begin with 99")
    if form == "protection":
        if cell.casefold() not in _PROTECTION:
            raise CellError(f"{cell!r} is no protection need: normal, hoch or sehr hoch")
        return _PROTECTION[cell.casefold()]
    return cell


def number(cell: str) -> int:
    """A whole number, German or English: 1.234, 1,234, 1234,00, 1.234,50 EUR (rounded). Raises CellError."""
    plain = re.sub(r"\s|€|EUR|h$", "", cell)
    if re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?|\d+(,\d{1,2})?", plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+\.\d{1,2}", plain):
        plain = plain.replace(",", "")
    else:
        raise CellError(f"{cell!r} is no number")
    return round(float(plain))


def day(cell: str) -> date:
    """31.12.2026 or 2026-12-31. Raises CellError."""
    for form in ("%d.%m.%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(cell, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    raise CellError(f"{cell!r} is no date: 31.12.2026 or 2026-12-31")


def names(cell: str) -> list[str]:
    """The names in a cell, separated by commas or, where a name holds one, by line breaks or semicolons."""
    return [name.strip() for name in re.split(r"[,;\n]", cell) if name.strip()]


def kind(cell: str) -> str:
    """A kind of the metamodel by its label or its German or English name. Raises CellError."""
    found = _BY_NAME.get(cell.casefold())
    if found is None:
        raise CellError(
            f"{cell!r} is no kind of thing; known are {', '.join(sorted(k.german for k in KINDS.values()))}"
        )
    return found
