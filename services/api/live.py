"""The topology that the API answers from, which follows the graph in a thread of its own."""

import gc
import threading
from datetime import UTC, datetime

import structlog

from graph.store import GraphStore, StoreUnavailable
from inventory.topology import Topology, followed, load_topology

EVERY = 0.25
"""Seconds between two looks at the journal: a change is to be known within two."""


class LiveTopology:
    """The landscape as it was a moment ago. Who asks never waits for what has changed since, but for the first load.

    `looked`: when the journal was last looked at; the topology contains what it told by then. Where nobody keeps it
    (see `keep`), each question looks itself.
    """

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self._current: Topology | None = None
        self._loading = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.looked = datetime.fromtimestamp(0, UTC)

    def keep(self) -> None:
        """Follow the journal from now on, until `close`."""
        self._thread = threading.Thread(target=self._follow, name="topology", daemon=True)
        self._thread.start()

    def get(self) -> Topology:
        """The topology. Raises StoreUnavailable where none was ever loaded, or nobody keeps it."""
        if self._current is None or self._thread is None:
            self.refresh()
        assert self._current is not None
        return self._current

    def refresh(self) -> None:
        """Look at the journal, and bring the topology up to it. Raises StoreUnavailable."""
        with self._loading:
            now = datetime.now(UTC)
            known = self._current
            self._current = followed(known, self._store) if known else load_topology(self._store)
            self.looked = now
        if known is None:
            gc.collect()
            gc.freeze()  # a million objects that live long: the collector would walk them in the middle of an answer

    def close(self) -> None:
        """Follow no longer."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _follow(self) -> None:
        while not self._stop.wait(EVERY):
            if self._current is not None:  # nobody has asked yet
                self._try()

    def _try(self) -> None:
        """Whatever goes wrong is told, and tried again: answers say how old they are meanwhile."""
        try:
            self.refresh()
        except StoreUnavailable as outage:
            structlog.get_logger().warning("the topology stands still", reason=str(outage))
        except Exception as error:  # noqa: BLE001 - or the landscape would stand still for good
            structlog.get_logger().error("the topology stands still", exc_info=error)
