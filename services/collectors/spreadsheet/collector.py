"""Spreadsheets: the tables of what no agent knows, as CSV or in a workbook, and any other by a column mapping.

The rows of all files about one thing are one record, with a section for its own table and one for its dependencies.
"""

from collections.abc import Iterator
from functools import partial

from pydantic import Field

from services.collectors.base import Check, CollectorType, Run
from services.collectors.files import check_files
from services.collectors.sheets import SUFFIXES, SheetSettings
from services.collectors.spreadsheet.files import each_sheet, files_of
from services.collectors.spreadsheet.mapped import collect_mapped
from services.collectors.spreadsheet.mapping import load_mapping
from services.collectors.spreadsheet.names import unknown_names
from services.collectors.spreadsheet.rows import Reading, read_table

WORKBOOKS = (".xlsx", ".xlsm")


class SpreadsheetSettings(SheetSettings):
    """Settings of the collector of spreadsheets."""

    mapping: str = Field(
        default="", description="a TOML file that says what the columns of other tables are, or the name of one of ours"
    )


def collect(settings: SpreadsheetSettings, run: Run) -> None:
    """Every table of every file; with a mapping those that it names."""
    if settings.mapping:
        collect_mapped(settings, load_mapping(settings.mapping), run)
        return
    for draft in _read_tables(settings, run, SUFFIXES).drafts():
        run.emit(draft)


def collect_workbook(settings: SheetSettings, run: Run) -> None:
    """The same of the workbook that `landkarte template` writes; names that no sheet explains are told too."""
    reading = _read_tables(settings, run, WORKBOOKS)
    for draft in reading.drafts():
        run.emit(draft)
    for where, reason in unknown_names(reading.asked, reading.names):
        run.report.skipped(where, reason)


def _read_tables(settings: SheetSettings, run: Run, suffixes: tuple[str, ...]) -> Reading:
    reading = Reading()
    for name, sheets in files_of(settings, run.report, suffixes):
        each_sheet(name, sheets, run.report, lambda sheet: read_table(sheet, run, reading))
    return reading


def check(settings: SpreadsheetSettings) -> Iterator[Check]:
    """Whether there are files, whether they may be read, and whether the mapping is one. Raises SourceUnavailable."""
    yield from check_files(settings, SUFFIXES)
    if settings.mapping:
        load_mapping(settings.mapping)
        yield Check(f"mapping {settings.mapping}")


COLLECTOR = CollectorType(
    "spreadsheet",
    "tables of applications, services, dependencies, and any other by a mapping: CSV, xlsx",
    SpreadsheetSettings,
    collect,
    70,
    check,
)
WORKBOOK = CollectorType(
    "workbook",
    "the workbook that `landkarte template` writes",
    SheetSettings,
    collect_workbook,
    70,
    partial(check_files, suffixes=WORKBOOKS),
)
