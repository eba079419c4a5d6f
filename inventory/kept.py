"""How far back the journal tells."""

from datetime import UTC, datetime

from graph.store import GraphReader

BEGINS = "past"
"""The note that says since when the journal tells the past as it was."""


class BeforeThePast(Exception):
    """What is asked lies before what the journal still tells; the text says since when it does."""


class NotKept(Exception):
    """What is asked is not in the journal, so that no moment of the past can tell it."""


def begins(reader: GraphReader) -> datetime | None:
    """Since when the journal tells the past as it was; None where it is empty."""
    text = reader.note(BEGINS)
    return datetime.fromisoformat(text) if text else None


def check_kept(reader: GraphReader, moment: datetime) -> None:
    """Raises BeforeThePast for a moment that the journal does not tell."""
    first = begins(reader)
    if first is None or moment < first:
        raise BeforeThePast(f"what was known at {_minute(moment)} is not kept: the journal {_since(first)}")


def _since(first: datetime | None) -> str:
    return f"begins at {_minute(first)}" if first else "is empty"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
