"""What waits in the outboxes of this computer is sent once the log answers, whatever runs or does not run.

The files alone say what waits: what a process that was killed left there, or a correction made while the log was away,
is found like anything else.
"""

import threading
import time
from collections.abc import Callable
from contextlib import closing

import structlog

from events.database import FileDamaged
from events.log import EventLog, LogUnavailable
from events.outbox_errors import OutboxBusy, OutboxUnavailable
from events.outbox_queue import waiting
from services import bootstrap
from services.settings import Settings

MOST_SECONDS = 15.0
"""For so long one outbox is sent in one go: who wants to collect its source waits meanwhile (`bootstrap.PATIENCE`)."""
_log = structlog.get_logger()


class Sender:
    """Sends what waits until `stop` is set; any number of threads may use it."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings, self._stop = settings, stop

    def send(self) -> None:
        """Send what waits, of each source; what cannot be sent is told, and waits on."""
        self._send(bootstrap.outboxes(self._settings))

    def send_of(self, source: str) -> None:
        """Send what waits of one source, or tell why it cannot be sent: it waits on."""
        self._send([source])

    def _send(self, sources: list[str]) -> None:
        full = {source: number for source in sources if (number := self._waiting(source))}
        if not full:
            return
        try:
            with closing(bootstrap.open_log(self._settings)) as log:
                for source in full:
                    self._drain(source, log)
        except LogUnavailable as outage:
            _log.warning("events wait in the outbox", sources=list(full), events=sum(full.values()), reason=str(outage))

    def _waiting(self, source: str) -> int:
        return waiting(bootstrap.outbox_folder(self._settings) / f"{source}.db")

    def _drain(self, source: str, log: EventLog) -> None:
        """One source; whatever its outbox has harms no other. Raises LogUnavailable."""
        try:
            with closing(bootstrap.open_outbox(self._settings, source)) as outbox:
                outbox.drain(log, self._enough())
        except OutboxBusy:
            return  # somebody collects it, and sends; what is left all the same is found the next time
        except (OutboxUnavailable, FileDamaged, ValueError) as error:
            _log.error("what waits cannot be sent", source=source, reason=str(error))

    def _enough(self) -> Callable[[], bool]:
        late = time.monotonic() + MOST_SECONDS
        return lambda: self._stop.is_set() or time.monotonic() > late
