"""What the API answers from."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from events.log import EventLog
from graph.store import GraphReader, GraphStore
from inventory.lifecycle_records import matcher_of
from inventory.matching import Matcher
from inventory.touched import may_touch_facts, touched_since
from services.api.live import LiveTopology
from services.api.pasts import Pasts
from services.consumer import Consumer
from services.settings import Settings

STALLED = timedelta(seconds=60)
"""A loop that has not come round for so long is stalled; a large batch takes seconds."""


@dataclass
class State:
    """The parts, the topology that follows the graph, and pasts."""

    settings: Settings
    log: EventLog
    store: GraphStore
    consumer: Consumer | None = None
    _matcher: tuple[int, Matcher] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pasts: Pasts = field(init=False)
    live: LiveTopology = field(init=False)

    def __post_init__(self) -> None:
        self._pasts = Pasts(self.store)
        self.live = LiveTopology(self.store)

    def matcher(self, reader: GraphReader) -> Matcher:
        """What strings mean by the lifecycle facts that the reader has."""
        if reader is not self.store:
            return matcher_of(reader)
        with self._lock:
            journal = self.store.status().journal
            if self._matcher is None or self._facts_changed(self._matcher[0], journal):
                self._matcher = journal, matcher_of(self.store)
            self._matcher = journal, self._matcher[1]
            return self._matcher[1]

    def _facts_changed(self, since: int, journal: int) -> bool:
        return may_touch_facts(self.store, touched_since(self.store, since, journal))

    @contextmanager
    def reader(self, as_of: datetime | None) -> Iterator[GraphReader]:
        """The graph as it is, or as it was known then. Raises BeforeThePast."""
        if as_of is None:
            yield self.store
            return
        with self._pasts.lend(as_of) as past:
            yield past

    def close(self) -> None:
        """Follow the graph no longer, and drop what was kept of the past."""
        self.live.close()
        self._pasts.close()

    def alive(self) -> bool:
        """Whether the inventory's loop, where this process has one, still comes round."""
        return self.consumer is None or datetime.now(UTC) - self.consumer.heartbeat < STALLED
