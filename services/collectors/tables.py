"""Outputs of commands as tables, by jc's parsers."""

from collections.abc import Mapping
from typing import Any


def table(parser: str, text: str) -> list[Mapping[str, Any]]:
    """The rows that jc's parser of that name reads, none for a text that it does not understand."""
    import jc  # noqa: PLC0415 - slow to import

    try:
        found = jc.parse(parser, text, quiet=True) if text.strip() else []
    except Exception:  # noqa: BLE001 - its parsers raise whatever they stumble over
        return []
    rows = found if isinstance(found, list) else [found]
    return [row for row in rows if isinstance(row, Mapping)]
