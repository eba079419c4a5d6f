"""What the API answers from."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from events.log import EventLog
from graph.store import GraphReader, GraphStore
from graph.topology import Topology, load_topology
from inventory.lifecycle import load_table
from inventory.matching import Matcher
from services.api.pasts import Pasts
from services.consumer import Consumer
from services.settings import Settings

STALLED = timedelta(seconds=60)
"""A loop that has not come round for so long is stalled; a large batch takes seconds."""


@dataclass
class State:
    """The parts, and the topology, which is loaded anew when the journal has moved on."""

    settings: Settings
    log: EventLog
    store: GraphStore
    consumer: Consumer | None = None
    matcher: Matcher = field(default_factory=lambda: Matcher(load_table()))
    _topology: Topology | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pasts: Pasts = field(init=False)

    def __post_init__(self) -> None:
        self._pasts = Pasts(self.store)

    def topology(self) -> Topology:
        """The topology as of the journal's last entry."""
        with self._lock:
            if self._topology is None or self._topology.journal != self.store.status().journal:
                self._topology = load_topology(self.store)
            return self._topology

    @contextmanager
    def reader(self, as_of: datetime | None) -> Iterator[GraphReader]:
        """The graph as it is, or as it was known then. Raises BeforeThePast."""
        if as_of is None:
            yield self.store
            return
        with self._pasts.lend(as_of) as past:
            yield past

    def close(self) -> None:
        """Drop what was kept of the past."""
        self._pasts.close()

    def alive(self) -> bool:
        """Whether the inventory's loop, where this process has one, still comes round."""
        return self.consumer is None or datetime.now(UTC) - self.consumer.heartbeat < STALLED
