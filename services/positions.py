"""Where a graph stands in its log."""

from events.log import RECORDS, RUNS, EventLog, TopicPartition
from graph.store import GraphStore
from services.receiving import Positions

TOPICS = (RECORDS, RUNS)


class LogReplaced(Exception):
    """The graph was built from another log; going on would skip or repeat everything."""


def positions_of(log: EventLog, store: GraphStore) -> Positions:
    """The next offset of every partition, from the store alone. Raises LogReplaced."""
    identity = log.identity
    stored = store.positions(identity)
    if not stored and store.logs():
        raise LogReplaced(
            f"the graph was built from another log than the one configured now ({identity}): that was recreated or "
            "copied. Bring the old log back, or configure an empty graph, which is then built from this log"
        )
    places = [TopicPartition(topic, n) for topic in TOPICS for n in range(log.partitions(topic))]
    return {at: stored.get(at, 0) for at in places}


def plain(positions: Positions) -> dict[tuple[str, int], int]:
    """As the graph has them."""
    return {(at.topic, at.partition): offset for at, offset in positions.items()}
