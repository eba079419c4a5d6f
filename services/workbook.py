"""The workbook of what no agent knows: a sheet for each table, with drop-downs, help and an example, or with rows.

It is made of the same tables that are read: `services.collectors.spreadsheet.tables`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from graph.metamodel import COMPUTERS, DEVICES, KINDS, LANDSCAPE
from services import workbook_help
from services.collectors.spreadsheet.examples import DEPENDENCY, EXAMPLES, shown
from services.collectors.spreadsheet.tables import (
    DEPENDENCIES,
    DEPENDENCY_TITLES,
    FROM_KIND,
    KIND_OF_DEVICE,
    STRENGTH,
    TABLES,
    TO_KIND,
    Column,
    Table,
)

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

Language = Literal["de", "en"]
Value = str | int | date
Rows = Mapping[str, Sequence[Mapping[str, Value]]]
"""For each table (its kind; DEPENDENCY for dependencies) its rows, by the German header."""
ORDER = (
    "OrganisationUnit",
    "Location",
    "CitizenService",
    "BusinessProcess",
    "Application",
    "Client",
    "DatabaseInstance",
    "Cluster",
    "ExternalService",
    "Utility",
    DEPENDENCY,
    "Vendor",
    "Contract",
    "Project",
    "LifecycleCycle",
)
LAST = 2000
"""The last row that has drop-downs."""
_LISTS = {"de": "Listen", "en": "Lists"}
_ABOUT = {"de": "Anleitung", "en": "Instructions"}
_PROTECTION = {"de": '"normal,hoch,sehr hoch"', "en": '"normal,high,very high"'}
_STRENGTH = {"de": '"zwingend,beeinträchtigt"', "en": '"required,degrades"'}
_DATE = {"de": "DD.MM.YYYY", "en": "YYYY-MM-DD"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NARROW, _WIDE = 14, 45
_A4 = 9


@dataclass(frozen=True)
class Head:
    """A column of a sheet: its headers, what it is called there, and what its cells are."""

    headers: tuple[str, ...]
    help: str
    form: str = "text"
    choice: str = ""

    def title(self, language: Language) -> str:
        return title_of(self.headers, language)


def title_of(headers: tuple[str, ...], language: Language) -> str:
    """A column's header in a language; the second is the English one."""
    return headers[min(1, len(headers) - 1)] if language == "en" else headers[0]


def table_of(kind: str) -> Table:
    """The table of this kind."""
    return next(table for table in TABLES if table.kind == kind)


def sheet_title(kind: str, language: Language) -> str:
    """The name of the sheet of this kind."""
    titles = DEPENDENCY_TITLES if kind == DEPENDENCY else table_of(kind).titles
    return titles[language == "en"]


def heads_of(kind: str, language: Language) -> list[Head]:
    """The columns of a sheet, in order."""
    if kind == DEPENDENCY:
        return [_dependency_head(headers, language) for headers in DEPENDENCIES]
    table = table_of(kind)
    heads = [Head(table.headers, workbook_help.NAME[language])]
    if table.kind in COMPUTERS:
        heads.append(Head(KIND_OF_DEVICE, workbook_help.KIND[language], choice=_range(_LISTS[language], "A")))
    return heads + [_head(kind, column, language) for column in table.columns]


def _head(kind: str, column: Column, language: Language) -> Head:
    choice = _PROTECTION[language] if column.form == "protection" else ""
    if column.relation and column.scheme == "name":
        choice = _range(sheet_title(column.to, language), "A")
    return Head(column.headers, workbook_help.help_of(kind, column, language), column.form, choice)


def _dependency_head(headers: tuple[str, ...], language: Language) -> Head:
    choices: dict[tuple[str, ...], str] = {
        FROM_KIND: _range(_LISTS[language], "B"),
        TO_KIND: _range(_LISTS[language], "B"),
    }
    form = "number" if headers == DEPENDENCIES[-1] else "text"
    choice = _STRENGTH[language] if headers == STRENGTH else choices.get(headers, "")
    return Head(headers, workbook_help.DEPENDENCY[headers[0]][language], form, choice)


def _range(title: str, column: str) -> str:
    return f"'{title}'!${column}$2:${column}${LAST}"


def write_workbook(path: Path, language: Language, rows: Rows | None = None) -> None:
    """Write the workbook; without rows each sheet has its example. Raises OSError."""
    from openpyxl import Workbook  # noqa: PLC0415 - slow to import

    book = Workbook()
    _write_about(book, language)
    for kind in ORDER:
        sheet = book.create_sheet(sheet_title(kind, language))
        heads = heads_of(kind, language)
        _write_heads(sheet, kind, heads, language)
        if rows is None:
            _write_example(sheet, kind, heads, language)
        else:
            _write_rows(sheet, heads, rows.get(kind, ()), language)
        _finish(sheet, heads)
    _write_lists(book, language)
    with path.open("xb") as file:
        book.save(file)


def _write_about(book: "Workbook", language: Language) -> None:
    from openpyxl.styles import Alignment, Font  # noqa: PLC0415 - slow to import

    sheet = book.worksheets[0]
    sheet.title = _ABOUT[language]
    sheet.column_dimensions["A"].width = 110
    for number, text in enumerate(workbook_help.ABOUT[language], 1):
        cell = sheet.cell(number, 1, text)
        cell.font = Font(bold=number == 1, size=14 if number == 1 else 11)
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _write_lists(book: "Workbook", language: Language) -> None:
    sheet = book.create_sheet(_LISTS[language])
    sheet.sheet_state = "hidden"
    for column, (title, kinds) in enumerate(((KIND_OF_DEVICE, DEVICES), (FROM_KIND, LANDSCAPE - {"Endpoint"})), 1):
        sheet.cell(1, column, title_of(title, language))
        for row, name in enumerate(sorted(kind_name(kind, language) for kind in kinds), 2):
            sheet.cell(row, column, name)


def kind_name(kind: str, language: Language) -> str:
    """A kind in words."""
    return KINDS[kind].english if language == "en" else KINDS[kind].german


def _write_heads(sheet: "Worksheet", kind: str, heads: Iterable[Head], language: Language) -> None:
    from openpyxl.comments import Comment  # noqa: PLC0415 - slow to import
    from openpyxl.styles import Alignment, Font, PatternFill  # noqa: PLC0415 - slow to import
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - slow to import

    for number, head in enumerate(heads, 1):
        cell = sheet.cell(1, number, head.title(language))
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color="1F3864" if number == 1 else "2F5597")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        cell.comment = Comment(head.help, "Landkarte", width=320, height=110)
        column = sheet.column_dimensions[get_column_letter(number)]
        column.width = _width(kind, head, language, first=number == 1)
        column.number_format = {"date": _DATE[language], "milestone": _DATE[language], "number": "0"}.get(
            head.form, "@"
        )
    sheet.row_dimensions[1].height = 32


def _width(kind: str, head: Head, language: Language, *, first: bool) -> int:
    wide = first or head.choice.startswith("'") or head.headers[0] in {"Beschreibung", "Kommentar", "Server"}
    example = EXAMPLES[kind].get(head.headers[0], ("", ""))[language == "en"]
    least = max(len(shown(example)) + 2, 30 if wide else _NARROW)
    return min(max(len(head.title(language)) + 4, least), _WIDE)


def _write_example(sheet: "Worksheet", kind: str, heads: list[Head], language: Language) -> None:
    from openpyxl.styles import Font  # noqa: PLC0415 - slow to import

    example = {header: told[language == "en"] for header, told in EXAMPLES[kind].items()}
    _write_rows(sheet, heads, [example], language)
    for cell in sheet[2]:
        cell.font = Font(italic=True, color="7F7F7F")


def _write_rows(sheet: "Worksheet", heads: list[Head], rows: Iterable[Mapping[str, Value]], language: Language) -> None:
    for line, row in enumerate(rows, 2):
        for number, head in enumerate(heads, 1):
            if head.headers[0] in row:
                _write_cell(sheet, line, number, row[head.headers[0]], _DATE[language])


def _write_cell(sheet: "Worksheet", line: int, number: int, value: Value, date_format: str) -> None:
    """A cell. Text stays text: what begins like a formula is none, whoever opens it."""
    cell = sheet.cell(line, number)
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        cell.number_format = "@"
        cell.quotePrefix = value.startswith(_FORMULA)
    elif isinstance(value, date):
        cell.number_format = date_format


def _finish(sheet: "Worksheet", heads: list[Head]) -> None:
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - slow to import
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415 - slow to import

    sheet.freeze_panes = "B2"
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.scale = "landscape", _A4, 60
    sheet.print_title_rows, sheet.print_title_cols = "1:1", "A:A"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{max(sheet.max_row, 2)}"
    for number, head in enumerate(heads, 1):
        cells = f"{get_column_letter(number)}2:{get_column_letter(number)}{LAST}"
        if head.choice:
            rule = DataValidation(type="list", formula1=head.choice, allow_blank=True)
            rule.showErrorMessage = not head.choice.startswith("'")  # several names, and new ones, may be written
        elif head.form == "number":
            rule = DataValidation(type="whole", operator="greaterThanOrEqual", formula1="0", allow_blank=True)
            rule.errorStyle = "warning"
            rule.showErrorMessage = True
        elif head.form == "date":
            rule = DataValidation(type="date", operator="greaterThan", formula1="10000", allow_blank=True)
            rule.errorStyle = "warning"
            rule.showErrorMessage = True
        else:
            continue
        sheet.add_data_validation(rule)
        rule.add(cells)
