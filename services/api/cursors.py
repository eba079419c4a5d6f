"""Cursors: where the next page begins, as text that fits into an address and means nothing to the caller."""

import base64
import binascii


class WrongCursor(Exception):
    """A text that is no cursor of this question."""


def write(*parts: str) -> str:
    """A cursor of these parts."""
    return base64.urlsafe_b64encode("\x00".join(parts).encode()).decode().rstrip("=")


def read(cursor: str) -> str:
    """The parts, joined as the store's port takes them; "" for the first page. Raises WrongCursor."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise WrongCursor(f"after: {cursor!r} is no cursor; use `next` of the page before") from error
