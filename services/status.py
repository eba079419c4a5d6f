"""How far the graph is, and what waits."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from events.log import DEADLETTERS, EventLog, TopicPartition, lag
from graph.model import RunRow
from graph.store import GraphReader, GraphStore
from services import bootstrap
from services.positions import TOPICS
from services.settings import Settings

RUNS_LOOKED_AT, PAGE = 1000, 100
DECIDED = ("complete", "held")
"""The states of a run that take the place of an earlier held one: see `Outbox.end`."""


@dataclass(frozen=True)
class Status:
    """`lag`: messages not applied yet, an upper bound; `outboxes`: sources collected on this computer.

    `held`: why the runs of these sources wait for a person's word.
    """

    lag: int
    dead_letters: int
    outboxes: list[str]
    journal: int
    last_change: datetime | None
    relationships: int
    counts: Mapping[str, int]
    last_seen: Mapping[str, datetime]
    held: Mapping[str, str]


def status_of(settings: Settings, log: EventLog, store: GraphStore) -> Status:
    """As of now. Raises LogUnavailable, StoreUnavailable."""
    graph = store.status()
    return Status(
        lag=backlog(log, store),
        dead_letters=dead_letters(log),
        outboxes=bootstrap.outboxes(settings),
        journal=graph.journal,
        last_change=graph.last_change,
        relationships=graph.relationships,
        counts=dict(graph.counts),
        last_seen=dict(graph.last_seen),
        held=held_runs(store),
    )


def held_runs(reader: GraphReader) -> dict[str, str]:
    """Sources whose last complete run is held, and why, among the last `RUNS_LOOKED_AT` runs of all."""
    last: dict[str, str] = {}
    for run in _last_runs(reader):
        if run.status in DECIDED:
            why = json.loads(run.problems)[0]["reason"] if run.status == "held" else ""
            last.setdefault(run.source, why)
    return {source: why for source, why in sorted(last.items()) if why}


def _last_runs(reader: GraphReader) -> Iterator[RunRow]:
    """The newest first, a page at a time: each may have a thousand problems."""
    after = ""
    for _ in range(RUNS_LOOKED_AT // PAGE):
        page = reader.runs(after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = f"{page[-1].ended.isoformat()}\x00{page[-1].id}"


def backlog(log: EventLog, store: GraphStore) -> int:
    """How many messages the graph lags behind the log, at most."""
    positions = {TopicPartition(*at): after for at, after in store.positions(log.identity).items()}
    return lag(log, positions, TOPICS)


def dead_letters(log: EventLog) -> int:
    """How many dead letters were ever written."""
    return sum(log.ends([DEADLETTERS]).values())
