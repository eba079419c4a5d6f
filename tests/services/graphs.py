"""A real log and a real graph on files, and events put into them as the collectors' outboxes would."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from events.codec import encode
from events.sqlite_log import SqliteLog
from graph.sqlite_store import SqliteStore
from services.checking import findings
from services.consumer import Consumer
from tests.inventory.oracle import frozen
from tests.inventory.test_batch import START


def later(item, **time):
    """The same event, said so much after the others."""
    return item.event.model_copy(update={"time": START + timedelta(**time)})


def found_in(store, told=None):
    """What does not follow from the records, FOLLOWS too: that it is not compared is a fault where nobody asks."""
    said = []
    found = list(findings(store, lambda: datetime.now(UTC), lambda ask: ask(), said.append))
    assert told is not None or said == []
    if told is not None:
        told += said
    return found


class Landscape:
    """One log, and the graph that an inventory builds of it."""

    def __init__(self, folder, log=None, **more):
        self.folder = Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.log = log or SqliteLog(self.folder / "log.db", partitions=2)
        self.store = SqliteStore(self.folder / "graph.db")
        self.more = more

    def say(self, *events):
        self.log.append([encode(getattr(event, "event", event)) for event in events])

    @contextmanager
    def consumer(self, **more):
        consumer = Consumer(self.log, self.store, owner="test", **{**self.more, **more})
        yield consumer
        consumer.release()

    def apply(self, *events, **more):
        self.say(*events)
        with self.consumer(**more) as consumer:
            return consumer.catch_up()

    def shown(self, reader=None):
        """All that is known now, without since when."""
        nodes, edges = (reader or self.store).everything()
        edges = list(edges)
        used = {edge.key.target_id for edge in edges}
        live = [n for n in nodes if n.retired_at is None and (n.sources or n.kind == "Endpoint" or n.id in used)]
        return frozen(live, edges)

    def names(self):
        return sorted(node.name for node in self.store.assets(limit=1000))

    def close(self):
        self.store.close()
        self.log.close()
