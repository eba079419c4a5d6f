"""A time within which a server must be done: one that goes on answering, however slowly, passes every other limit."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

WHOLE = 10
"""A whole answer may take so many times the `timeout`, which is for its beginning and for each part."""


@contextmanager
def within(seconds: float, hang_up: Callable[[], None]) -> Iterator[threading.Event]:
    """`hang_up` is called where this is not done after so many seconds; the event says whether it was."""
    over = threading.Event()

    def end() -> None:
        over.set()
        with suppress(OSError, AttributeError):  # it is closed already, or just being closed
            hang_up()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def cut(connection: Any) -> None:  # noqa: ANN401 - a socket, or what a library makes of it
    """End a connection whatever waits for it."""
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)


def too_long(timeout: float) -> str:
    """What is said of an answer that was cut."""
    return f"the answer is not complete after {WHOLE} times the timeout of {timeout:g} s"
