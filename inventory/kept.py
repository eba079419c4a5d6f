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


def forgotten(reader: GraphReader) -> int:
    """The number of the last entry that was dropped; 0 where none was."""
    first = next(iter(reader.changes(limit=1)), None)
    return first.number - 1 if first else reader.status().journal


def complete_since(reader: GraphReader) -> datetime | None:
    """Since when the journal has every change; None where it has all there ever were."""
    since, first = begins(reader), next(iter(reader.changes(limit=1)), None)
    if since is None or first is None or first.recorded_at is None:
        return since if forgotten(reader) else None
    return since if first.number > 1 or since > first.recorded_at else None


def check_changes_kept(reader: GraphReader, moment: datetime) -> None:
    """Raises BeforeThePast where changes from that moment on are missing."""
    since = complete_since(reader)
    if since is not None and moment < since:
        raise BeforeThePast(f"what changed from {_minute(moment)} on is not kept: the journal {_since(since)}")


def check_number_kept(reader: GraphReader, number: int) -> None:
    """Raises BeforeThePast where entries after that number were dropped."""
    if number < (last := forgotten(reader)):
        raise BeforeThePast(
            f"the changes after number {number} are not all kept: the journal {_since(begins(reader))}, "
            f"after number {last}"
        )


def _since(first: datetime | None) -> str:
    return f"begins at {_minute(first)}" if first else "is empty"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
