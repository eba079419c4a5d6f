"""RVTools exports: a workbook with a sheet for each tab, or a CSV file for each; read by the bundled mapping."""

from collections.abc import Iterator

from services.collectors.base import Check, CollectorType, Run
from services.collectors.files import check_files
from services.collectors.sheets import SUFFIXES, SheetSettings
from services.collectors.spreadsheet.mapped import collect_mapped
from services.collectors.spreadsheet.mapping import load_mapping

MAPPING = "rvtools"


def collect(settings: SheetSettings, run: Run) -> None:
    """Virtual machines, hosts and clusters."""
    collect_mapped(settings, load_mapping(MAPPING), run)


def check(settings: SheetSettings) -> Iterator[Check]:
    """Whether there are files, and whether they may be read. Raises SourceUnavailable."""
    yield from check_files(settings, SUFFIXES)


COLLECTOR = CollectorType(
    "rvtools", "RVTools exports: virtual machines, hosts, clusters (xlsx, csv)", SheetSettings, collect, 55, check
)
