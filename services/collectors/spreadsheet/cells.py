"""Cells of a spreadsheet as values; what cannot be read is an error that quotes the cell. Pure."""

import difflib
import re
from datetime import date, datetime, timedelta
from typing import Self

from graph.metamodel import KINDS
from services.collectors.spreadsheet.tables import Form

_PROTECTION = {"normal": "normal", "hoch": "hoch", "high": "hoch", "sehr hoch": "sehr hoch", "very high": "sehr hoch"}
UNDATED = {"ended": ("beendet", "ended"), "open": ("offen", "open")}
"""What stands for a milestone without a day, German and English."""
_UNDATED = {word: told for told, words in UNDATED.items() for word in words}
_BY_NAME = {name.casefold(): kind.label for kind in KINDS.values() for name in (kind.label, kind.english, kind.german)}
MAX_CELL = 32_768
"""Characters in a cell: as many as a spreadsheet program allows."""
MAX_DIGITS = 18
DATES = ("%d.%m.%Y", "%Y-%m-%d")
_FIRST_DAY, _DAYS = date(1899, 12, 30), (10_000, 100_000)
"""Workbooks count days from here; of numbers only those from 1927 to 2173 are taken for days."""
_SHOWN = 80


class CellError(ValueError):
    """A cell that says nothing usable; the text says why, without the line. `headers`: of its column, if known."""

    def __init__(self, text: str, headers: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.headers = headers


class Faulty(str):
    """A cell that shows no value; its text is empty. `reason`: why."""

    __slots__ = ("reason",)
    reason: str

    def __new__(cls, reason: str) -> Self:
        made = super().__new__(cls, "")
        made.reason = reason
        return made


class Numeric(str):
    """A number that was stored as one, as text; `number` needs no reading."""

    __slots__ = ("number",)
    number: float

    def __new__(cls, text: str, number: float) -> Self:
        made = super().__new__(cls, text)
        made.number = number
        return made


def plain(cell: str) -> str:
    """A cell as one line, without blanks around it."""
    return cell if isinstance(cell, Numeric) else " ".join(cell.split())


def decode(data: bytes) -> str:
    """UTF-8 with or without a byte order mark, UTF-16 with one, else Windows-1252. Raises ValueError for no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    if b"\x00" in data:
        raise ValueError("this is no text: it holds zero bytes (a workbook? save it as .xlsx or .csv)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise ValueError(f"this is neither UTF-8 nor Windows-1252 (byte {error.start:,}); save it as UTF-8") from None


def value(cell: str, form: Form) -> str | int:
    """The value of a cell that is not empty. Raises CellError."""
    if form == "number":
        return number(cell)
    if form == "date":
        return day(cell).isoformat()
    if form == "milestone":
        return _UNDATED.get(cell.casefold()) or day(cell).isoformat()
    if form == "leika" and not re.fullmatch(r"99\d{12}", cell):
        raise CellError(f"{_short(cell)} is no LeiKa key: 14 digits that begin with 99")
    if form == "protection":
        if cell.casefold() not in _PROTECTION:
            raise CellError(f"{_short(cell)} is no protection need: normal, hoch or sehr hoch")
        return _PROTECTION[cell.casefold()]
    return cell


def number(cell: str) -> int:
    """A whole number, German or English: 1.234, 1,234, 1234,00, 1.234,50 EUR (rounded), 1.234,-. Raises CellError."""
    if isinstance(cell, Numeric):
        return round(cell.number)
    digits = re.sub(r"\s|€|EUR|h$|,[-\u2013]+(?=\D*$)", "", cell)
    if re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?|\d+(,\d{1,2})?", digits):
        digits = digits.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+\.\d{1,2}", digits):
        digits = digits.replace(",", "")
    else:
        raise CellError(f"{_short(cell)} is no number")
    if len(digits) > MAX_DIGITS:
        raise CellError(f"{_short(cell)} is no number that anything here counts")
    return round(float(digits))


def day(cell: str, forms: tuple[str, ...] = DATES) -> date:
    """A day in one of these forms, with or without a time; a workbook's number of a day too. Raises CellError."""
    if isinstance(cell, Numeric) and _DAYS[0] <= cell.number < _DAYS[1]:
        return _FIRST_DAY + timedelta(days=int(cell.number))
    for form in forms:
        for text in (cell, cell.partition(" ")[0]):
            try:
                return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
            except ValueError:
                continue
    raise CellError(f"{_short(cell)} is no date: 31.12.2026 or 2026-12-31")


def names(cell: str) -> list[str]:
    """The names in a cell, separated by commas or, where a name holds one, by semicolons or else line breaks."""
    separator = next((sign for sign in "\n;" if sign in cell), ",")
    return [name for part in cell.split(separator) if (name := plain(part))]


def _short(cell: str) -> str:
    return repr(str(cell)) if len(cell) <= _SHOWN else f"{str(cell)[:_SHOWN]!r}..."


def kind(cell: str) -> str:
    """A kind of the metamodel by its label or its German or English name. Raises CellError."""
    found = _BY_NAME.get(cell.casefold())
    if found is None:
        near = difflib.get_close_matches(cell.casefold(), _BY_NAME, 1)
        known = ", ".join(sorted(kind.german for kind in KINDS.values()))
        hint = f"nearest is {_in_words(near[0])!r}" if near else f"known are {known}"
        raise CellError(f"{_short(cell)} is no kind of thing; {hint}")
    return found


def _in_words(folded: str) -> str:
    """A name of a kind as it is written, in the language in which it was found."""
    found = KINDS[_BY_NAME[folded]]
    return next(name for name in (found.german, found.english, found.label) if name.casefold() == folded)
