"""Files of spreadsheets, sheet by sheet: what is no table is told, and the rest goes on."""

import csv
from collections.abc import Callable, Iterator

from services.collectors.base import Report
from services.collectors.files import read_files
from services.collectors.sheets import NotNamed, Sheet, SheetSettings, TableError, Unreadable, sheets_of
from services.collectors.spreadsheet.tables import NO_TABLES

_LOCK = "~$"
"""What the name of a spreadsheet program's lock file begins with."""


def files_of(
    settings: SheetSettings, report: Report, suffixes: tuple[str, ...]
) -> Iterator[tuple[str, Iterator[Sheet]]]:
    """(name, its sheets) of each file that is read; lock files are reported as such."""
    for name, data in read_files(settings, suffixes, report):
        if name.rpartition("/")[2].startswith(_LOCK):
            report.skipped(name, "the lock file of a workbook that somebody has open; nothing to read")
        else:
            yield name, sheets_of(name, data, settings.max_unpacked_bytes)


def each_sheet(name: str, sheets: Iterator[Sheet], report: Report, use: Callable[[Sheet], None]) -> None:
    """Use the sheets of a file; those that are no table are reported, and the file if none is one."""
    used, reasons = 0, []
    try:
        for sheet in sheets:
            try:
                use(sheet)
                used += 1
            except TableError as error:
                if isinstance(error, NotNamed) and not sheet.title:  # one of the files of an export, each a sheet
                    report.skipped(name, str(error))
                    return
                reasons.append((sheet, str(error)))
            except (Unreadable, csv.Error) as error:
                report.failed(f"{name}, {sheet.title}" if sheet.title else name, str(error))
                used += 1
    except ValueError as error:
        report.failed(name, str(error))
        return
    _report_tableless(name, used, reasons, report)


def _report_tableless(name: str, used: int, reasons: list[tuple[Sheet, str]], report: Report) -> None:
    if not used:
        report.failed(name, reasons[0][1] if len(reasons) == 1 else "none of its sheets is a table that is known here")
        return
    by_reason: dict[str, list[str]] = {}
    for sheet, reason in reasons:
        if sheet.title.casefold() not in NO_TABLES:
            by_reason.setdefault(reason, []).append(sheet.title)
    for reason, titles in by_reason.items():
        report.skipped(f"{name}, {', '.join(titles)}", reason)
