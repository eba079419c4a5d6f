"""Where a graph stands in its log."""

from collections.abc import Callable

from events.log import RECORDS, RUNS, EventLog, TopicPartition, up_to
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


def is_behind(
    log: EventLog, positions: Positions, ends: Positions, *, idle: bool, meanwhile: Callable[[], object]
) -> bool:
    """Whether something stands between these. `idle`: the log has just given nothing, as where all has expired.

    Raises LogUnavailable where it gives nothing though it has something; `meanwhile` is called while it is asked.
    """
    if idle:
        return next(up_to(log, positions, ends, max_bytes=1, meanwhile=meanwhile), None) is not None
    return any(positions[at] < end for at, end in ends.items())


def plain(positions: Positions) -> dict[tuple[str, int], int]:
    """As the graph has them."""
    return {(at.topic, at.partition): offset for at, offset in positions.items()}
