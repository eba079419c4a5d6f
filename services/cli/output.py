"""What the command line prints: data to stdout, everything else to stderr."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import Enum, StrEnum

from rich.console import Console
from rich.markup import escape
from rich.table import Table

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Row = Mapping[str, object]


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def say(text: str) -> None:
    """A line for the person, not for a program."""
    err.print(escape(text))


def counted(number: int, thing: str) -> str:
    """So many of a thing, as a person says it: 1 source, 2 sources."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def waiting(reason: str, seconds: float) -> None:
    """One line for each try during an outage."""
    say(f"{reason}; next try in {seconds:g} s (Ctrl-C stops, nothing is lost)")


def print_rows(rows: Iterable[Row], columns: Mapping[str, str], form: Format) -> None:
    """Rows as a table, a JSON array of all their fields, or CSV. `columns`: field to heading."""
    if form is Format.JSON:
        print_json(list(rows))
    elif form is Format.CSV:
        _print_csv(rows, columns)
    else:
        _print_table(rows, columns)


def print_json(value: object) -> None:
    """JSON as other programs read it."""
    sys.stdout.write(json.dumps(value, default=plain, ensure_ascii=False, indent=2) + "\n")


def fields(value: object) -> dict[str, object]:
    """A dataclass as a row."""
    assert is_dataclass(value)
    assert not isinstance(value, type)
    return asdict(value)


def cell(value: object) -> str:
    """A value as a person reads it."""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Enum):
        return str(value.value)
    return "" if value is None else str(value)


def _print_table(rows: Iterable[Row], columns: Mapping[str, str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell(row[name])) for name in columns))
    Console(highlight=False, width=None if sys.stdout.isatty() else 160).print(table)


def _print_csv(rows: Iterable[Row], columns: Mapping[str, str]) -> None:
    """A cell that a spreadsheet program would take for a formula gets an apostrophe (OWASP, CSV injection)."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns.keys())
    for row in rows:
        cells = [cell(row[name]) for name in columns]
        writer.writerow([f"'{text}" if text.startswith(_FORMULA) else text for text in cells])


def plain(value: object) -> object:
    """A value that JSON has no form for, in one that other programs read."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.value if isinstance(value, Enum) else str(value)
