"""Spreadsheets: the tables of what no agent knows, as CSV or in a workbook, and any other by a column mapping.

The rows of all files about one thing are one record, with a section for its own table and one for its dependencies.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from pydantic import Field

from events.database import FileDamaged
from events.models import Reference
from graph.store import AccessDenied, SchemaDiffers, StoreUnavailable
from inventory.identifiers import reference_key
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
    unknown = list(unknown_names(reading.asked, reading.names))
    known = _known(run, [reference for _, reference, _ in unknown])
    for where, reference, reason in unknown:
        if reference_key(reference) not in known:
            run.report.remarked(where, reason)


def _known(run: Run, references: Iterable[Reference]) -> set[str]:
    """What of this the graph knows; nothing where it cannot be asked: a remark too many costs less than the run."""
    keys = {key for reference in references if (key := reference_key(reference))}
    if not keys or run.graph is None:
        return set()
    try:
        with run.graph() as reader:
            return {key for key, held in reader.holders(keys, 1).items() if held.count}
    except (StoreUnavailable, AccessDenied, SchemaDiffers, FileDamaged):
        return set()


def _read_tables(settings: SheetSettings, run: Run, suffixes: tuple[str, ...]) -> Reading:
    reading = Reading()
    for name, sheets in files_of(settings, run.report, suffixes):
        each_sheet(name, sheets, run.report, lambda sheet: read_table(sheet, run, reading))
    if reading.examples and not reading.seen and not run.report.problems:
        told = ", ".join(str(path) for path in settings.paths)
        run.report.remarked(told, "there are only the template's examples, which say nothing; add rows of your own")
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
