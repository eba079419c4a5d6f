"""Why a correction is made, by whom and until when: the options that all corrections have."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from services.curating import Note, Refused

Reason = Annotated[str, typer.Option(help="why; it is shown with what it changes")]
Author = Annotated[str, typer.Option(show_default="the user of this computer", help="who says so")]
Expires = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], show_default="for ever", help="the last day on which it holds")
]


def note_of(reason: str, author: str, expires: datetime | None) -> Note:
    """The note that these options make. Raises Refused for one that explains nothing, or never holds."""
    if not reason.strip():
        raise Refused("--reason is empty: say why, for those who find it later")
    if expires and expires.date() < datetime.now(UTC).date():  # as upkeep counts
        raise Refused(f"--expires: {expires:%Y-%m-%d} has passed, so that it would not hold for a day")
    return Note(reason, author or getpass.getuser(), expires.date() if expires else None)
