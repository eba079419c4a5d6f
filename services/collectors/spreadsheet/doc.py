"""`docs/spreadsheet.md` from the tables: run `python -m services.collectors.spreadsheet.doc` to write it anew."""

from pathlib import Path

from graph.metamodel import COMPUTERS
from services.collectors.spreadsheet.tables import (
    ALTERNATIVES,
    ALTERNATIVES_REQUIRED,
    DEPENDENCY_TITLES,
    KIND_OF_DEVICE,
    STRENGTH,
    TABLES,
    Column,
    Table,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "spreadsheet.md"
TEXT = Path(__file__).parent / "doc.txt"
_HEAD = "| column | says |\n|---|---|"


def document() -> str:
    """The document's text: what is said by hand, with the tables where it says TABLES."""
    tables = "\n\n".join([*(_table(table) for table in TABLES), _dependencies()])
    return TEXT.read_text(encoding="utf-8").replace("TABLES\n", f"{tables}\n", 1)


def _table(table: Table) -> str:
    title = f"### {' / '.join(table.headers)} → `{table.kind}`"
    kind = [f"| {' / '.join(KIND_OF_DEVICE)} | what the device is; a client where it is empty |"]
    rows = [f"| {' / '.join(column.headers)} | {_says(column)} |" for column in table.columns]
    sheet = f"Sheet {' / '.join(table.titles)}."
    return "\n".join([title, "", sheet, "", _HEAD, *(kind if table.kind in COMPUTERS else []), *rows])


def _says(column: Column) -> str:
    parts = []
    if column.property:
        parts.append(f"`{column.property}`" + (f" ({column.form})" if column.form != "text" else ""))
    if column.identifier:
        parts.append(f"identifier `{column.identifier}`")
    if column.relation:
        ends = ("this", column.to) if column.direction == "out" else (column.to, "this")
        parts.append(f"{ends[0]} {column.relation} {ends[1]}")
    return ", ".join(parts)


def _dependencies() -> str:
    return "\n".join(
        [
            "### Von / From: dependencies",
            "",
            f"Sheet {' / '.join(DEPENDENCY_TITLES)}.",
            "",
            _HEAD,
            "| Von / From, Von Art / From kind | who depends, and its kind (`Fachverfahren`, `Application`, ...) |",
            "| Nach / To, Nach Art / To kind | on what |",
            f"| {' / '.join(STRENGTH)} | zwingend (required) or beeinträchtigt (degrades); required where empty |",
            f"| {' / '.join(ALTERNATIVES)} | dependencies with the same text here stand for each other |",
            f"| {' / '.join(ALTERNATIVES_REQUIRED)} | how many of these must run; one where empty |",
            "",
            "A dependency between two computers is skipped: their agents report it.",
        ]
    )


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
