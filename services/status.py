"""How far the graph is, and what waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from events.log import DEADLETTERS, EventLog, TopicPartition, lag
from graph.store import GraphStore
from services.consumer import TOPICS
from services.settings import Settings


@dataclass(frozen=True)
class Status:
    """`lag`: messages not applied yet, an upper bound; `outboxes`: sources collected on this computer."""

    lag: int
    dead_letters: int
    outboxes: list[str]
    journal: int
    last_change: datetime | None
    relationships: int
    counts: Mapping[str, int]
    last_seen: Mapping[str, datetime]


def status_of(settings: Settings, log: EventLog, store: GraphStore) -> Status:
    """As of now. Raises LogUnavailable, StoreUnavailable."""
    graph = store.status()
    return Status(
        lag=backlog(log, store),
        dead_letters=dead_letters(log),
        outboxes=sorted(path.stem for path in (settings.data_dir / "outbox").glob("*.db")),
        journal=graph.journal,
        last_change=graph.last_change,
        relationships=graph.relationships,
        counts=dict(graph.counts),
        last_seen=dict(graph.last_seen),
    )


def backlog(log: EventLog, store: GraphStore) -> int:
    """How many messages the graph lags behind the log, at most."""
    positions = {TopicPartition(*at): after for at, after in store.positions(log.identity).items()}
    return lag(log, positions, TOPICS)


def dead_letters(log: EventLog) -> int:
    """How many dead letters were ever written."""
    return sum(log.ends([DEADLETTERS]).values())
