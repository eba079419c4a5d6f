"""Taking back what a source that is pushed to has not heard of for long, while it goes on being pushed to."""

import threading
from contextlib import AbstractContextManager
from typing import Self

from events.log import EventLog
from events.outbox import Outbox

BREATH_SECONDS = 0.001
"""Between two withdrawals, for those who wait for the lock: the thread that lets go of it would have it again first."""


class Withdrawing:
    """Stands for the outbox while `upkeep.withdraw_unseen` works, which asks that nobody puts anything into it then.

    Here anybody may, for reading the log and a thousand withdrawals take long: who has spoken since it was entered is
    not withdrawn. Each withdrawal has `lock` for itself, which whoever puts a record has too, and then calls `spoken`.
    """

    def __init__(self, outbox: Outbox, lock: AbstractContextManager[object], stop: threading.Event) -> None:
        self._outbox, self._lock, self._stop = outbox, lock, stop
        self._entered, self._spoken = False, set[str]()
        self.done = 0

    def __enter__(self) -> Self:
        with self._lock:
            self._entered, self.done = True, 0
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._entered = False
            self._spoken.clear()

    def spoken(self, native_key: str) -> None:
        """Note that the source has just said something of it."""
        if self._entered:
            self._spoken.add(native_key)

    def drain(self, log: EventLog) -> int:
        """As the outbox does."""
        return self._outbox.drain(log)

    def withdraw(self, native_key: str, reason: str) -> None:
        """Withdraw it, unless it has spoken, or the service is being stopped: then it is done another time."""
        with self._lock:
            if native_key in self._spoken or self._stop.is_set():
                return
            self._outbox.withdraw(native_key, reason)
            self.done += 1
        self._stop.wait(BREATH_SECONDS)
