"""Whose turn it is to run the schedule: of several schedulers, on several computers, one."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from graph.store import GraphStore

NAME = "schedule"
LEASE = timedelta(seconds=60)
RENEW_SECONDS, ASK_SECONDS = 15.0, 5.0
"""How often whose turn it is renews the lease, and who stands by asks for it."""
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""It goes on while the computer sleeps, where there is such a one: the lease ends then too."""
_log = structlog.get_logger()


class Turn:
    """The lease on the schedule, taken and renewed in a thread from `start` until `stop`, which lets go of it.

    While the graph cannot be asked, it is nobody's turn after `LEASE`: another one may have taken it.
    `begins` is called whenever it becomes this one's turn, and again until it does not fail.
    """

    def __init__(self, store: GraphStore, owner: str, begins: Callable[[], None] = lambda: None) -> None:
        self._store, self._owner, self._begins = store, owner, begins
        self._until = 0.0
        self._told = self._begun = False
        self._changed = threading.Condition()
        self._dismissed, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._renew, name="turn", daemon=True)

    def start(self) -> None:
        """Ask for it, and go on asking."""
        self._thread.start()

    def dismiss(self) -> None:
        """Let nobody wait for it any more; it is kept, so that no other scheduler begins what still ends here."""
        self._dismissed.set()
        with self._changed:
            self._changed.notify_all()

    def stop(self) -> None:
        """Let go, so that another one need not wait."""
        self.dismiss()
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()
        try:
            self._store.let_go(NAME, self._owner)
        except Exception as error:  # noqa: BLE001 - whatever it is, the lease ends all the same
            _log.warning("the lease on the schedule ends by itself", reason=f"{type(error).__name__}: {error}")

    def mine(self) -> bool:
        """Whether it is this one's turn now."""
        return now() < self._until

    def wait(self, seconds: float) -> bool:
        """Whether it is, or becomes within so many seconds, this one's turn."""
        with self._changed:
            return self._changed.wait_for(lambda: self.mine() or self._dismissed.is_set(), seconds) and self.mine()

    def _renew(self) -> None:
        while not self._stopped.is_set():
            for act, what in (
                (self._ask, "the lease on the schedule cannot be renewed"),
                (self._begin, "no run begins"),
            ):
                try:
                    act()
                except Exception as error:  # noqa: BLE001 - without this thread nothing runs: told, and tried again
                    _log.error(what, reason=f"{type(error).__name__}: {error}")
            self._stopped.wait(RENEW_SECONDS if self.mine() else ASK_SECONDS)

    @staticmethod
    def _telling(what: str, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - without this thread there is no schedule: told, and tried again
            _log.error(what, reason=f"{type(error).__name__}: {error}")

    def _ask(self) -> None:
        asked, before = now(), self.mine()
        mine = self._store.hold(NAME, self._owner, LEASE)
        with self._changed:
            self._until = asked + LEASE.total_seconds() if mine else 0.0  # counted from before it was asked
            self._begun = self._begun and before
            self._changed.notify_all()
        if mine != before or not self._told:
            self._told = True
            _log.info("the schedule runs here" if mine else "the schedule runs elsewhere; standing by")

    def _begin(self) -> None:
        if self.mine() and not self._begun and not self._dismissed.is_set():
            self._begins()
            self._begun = True


def now() -> float:
    """Seconds on a clock that nobody sets."""
    return time.clock_gettime(_CLOCK)
