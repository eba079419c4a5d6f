"""Merged cells of a workbook: only the first of them has a value, though a person sees it in all."""

import re
from collections.abc import Iterable, Iterator
from typing import IO

from openpyxl.utils.cell import range_boundaries

from services.collectors.files import MIB
from services.collectors.sheets import MAX_COLUMNS, letters
from services.collectors.spreadsheet.cells import Faulty

MAX_AREAS = 1000
"""Merged areas of a sheet that are looked at."""
MAX_CELLS = 10_000
"""Cells of an area; a larger one is no value that somebody wrote for many rows."""
Area = tuple[int, int, int, int]
"""Its first column and row, its last column and row; columns count from 0, rows from 1."""
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s+ref=["']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})["']""")
_LONGEST = 64


def merged_areas(part: IO[bytes]) -> list[Area]:
    """The merged areas of a sheet, from above."""
    found: list[Area] = []
    tail = b""
    while (chunk := part.read(MIB)) and len(found) < MAX_AREAS:
        window, ends = tail + chunk, 0
        for match in _MERGED.finditer(window):
            left, top, right, bottom = (int(number or 0) for number in range_boundaries(match[1].decode()))
            if (right - left + 1) * (bottom - top + 1) <= MAX_CELLS:
                found.append((left - 1, top, right - 1, bottom))
            ends = match.end()
        tail = window[max(ends, len(window) - _LONGEST) :]
    return sorted(found[:MAX_AREAS], key=lambda area: area[1])


def told(rows: Iterable[tuple[int, list[str]]], areas: list[Area]) -> Iterator[tuple[int, list[str]]]:
    """The rows; where a blank cell is merged with one above, it says so."""
    waiting, active = areas[::-1], list[Area]()
    for line, cells in rows:
        while waiting and waiting[-1][1] < line:
            active.append(waiting.pop())
        active = [area for area in active if area[3] >= line]
        for area in active:
            _tell(cells, area)
        yield line, cells


def _tell(cells: list[str], area: Area) -> None:
    left, top, right, _ = area
    for column in range(left, min(right + 1, MAX_COLUMNS)):
        cells += [""] * (column + 1 - len(cells))
        if not cells[column]:
            cells[column] = Faulty(f"it is merged with {letters(left)}{top} and has no value of its own; fill in both")
