"""What waits in the outboxes of this computer is sent once the log answers, whatever runs or does not run."""

import threading
from contextlib import closing

import structlog

from events.database import FileDamaged
from events.log import LogUnavailable
from events.outbox import Outbox
from events.outbox_errors import OutboxBusy
from services import bootstrap
from services.collectors.pushed import PUSHED
from services.settings import Settings

_log = structlog.get_logger()


class Sender:
    """Sends what waits; any number of threads may use it.

    In the beginning every outbox counts as one in which something waits: the process before may have been killed.
    """

    def __init__(self, settings: Settings) -> None:
        pushed = {source.name for source in settings.sources if source.type in PUSHED}  # `landkarte serve` has these
        self._settings, self._lock = settings, threading.Lock()
        self._waiting = set(bootstrap.outboxes(settings)) - pushed

    def send(self) -> None:
        """Send what could not be sent before, unless the log is away still. Raises OutboxUnavailable."""
        with self._lock:
            waiting = sorted(self._waiting)
        for source in waiting:
            if not self.send_of(source):
                return  # nor could any other be sent

    def send_of(self, source: str) -> bool:
        """Send what waits of one source; False where the log is away: it waits on. Raises OutboxUnavailable."""
        with self._lock:
            self._waiting.add(source)
        try:
            with closing(bootstrap.open_outbox(self._settings, source)) as outbox:
                sent = self._drain(source, outbox)
        except OutboxBusy:
            sent = True  # who has it sends it
        except FileDamaged as error:
            _log.error("what waits cannot be sent", source=source, reason=str(error))
            sent = True  # told once; the others can be sent
        if sent:
            with self._lock:
                self._waiting.discard(source)
        return sent

    def _drain(self, source: str, outbox: Outbox) -> bool:
        try:
            with closing(bootstrap.open_log(self._settings)) as log:
                outbox.drain(log)
        except LogUnavailable as outage:
            _log.warning("events wait in the outbox", source=source, events=outbox.depth(), reason=str(outage))
            return False
        return True
