"""Why an outbox cannot be used."""

from collections.abc import Callable


class OutboxUnavailable(Exception):
    """The outbox's file cannot be used now: text names it, why, and what to do."""


class OutboxBusy(OutboxUnavailable):
    """Another process collects this source."""


class OutboxFull(OutboxUnavailable):
    """The disk or the queue is full. What was put since the last commit may be gone with it."""


def text_of(kind: type[OutboxUnavailable]) -> Callable[[str], OutboxUnavailable]:
    """Makes an error of a text that begins with the file's name."""
    return lambda text: kind(f"outbox {text}")
