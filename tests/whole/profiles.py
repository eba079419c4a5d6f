"""The whole path in one process: real collectors, outbox, log, inventory and graph, in either profile."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from events.outbox import Outbox
from services.collecting import Job, collect, drain
from services.collectors import COLLECTORS
from services.consumer import Consumer
from services.sample_city import Size, write_city

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
DATA = Path(__file__).parent.parent / "data"
TABLES = ("glpi", "fusioninventory", "spreadsheet")


class Clock:
    """Every look moves it on by a millisecond: the same run tells the same times."""

    def __init__(self, start=START):
        self.now = start

    def __call__(self):
        self.now += timedelta(milliseconds=1)
        return self.now


def city(folder, seed=1):
    """The small sample city's files."""
    write_city(folder, Size.SMALL, seed)
    return folder


def job(source, kind, paths=None, *, complete=True, clock=START):
    collector = COLLECTORS[kind]
    own = collector.settings.model_validate({"paths": paths} if paths else {})
    return Job(source, collector, own, collector.rank, complete, clock)


def city_jobs(folder):
    return [job(f"city-{kind}", kind, [folder / kind]) for kind in TABLES]


def facts():
    """The source that says the bundled table of lifecycles."""
    return job("endoflife", "endoflife")


def say(jobs, folder, log, clock=None):
    """Run the jobs one after the other, each through its outbox, into the log."""
    clock = clock or Clock()
    reports = []
    for one in jobs:
        outbox = Outbox(folder / f"{one.source}.db", one.source, clock=clock)
        reports.append(collect(one, outbox))
        drain(outbox, lambda: log, _unexpected, threading.Event())
        outbox.close()
    return reports


def _unexpected(reason, _seconds):
    raise AssertionError(reason)


def apply(log, store, **more):
    """Everything the log holds becomes the graph."""
    consumer = Consumer(log, store, owner="test", **more)
    applied = consumer.catch_up()
    consumer.release()
    return applied


def shown(store):
    """Every node and relationship with all that is known now; since when is history and told apart (law 1)."""
    nodes, edges = store.everything()
    return (
        {n.id: (n.kind, n.name, n.properties, n.sources, n.first_seen, n.retired_at is None) for n in nodes},
        {tuple(e.key): (e.properties, {r: dict(said) for r, said in e.claims.items()}) for e in edges},
    )


def timeless(graph):
    """The same without times, for runs whose clocks differ."""
    nodes, edges = graph
    return {i: (kind, name, p, s, live) for i, (kind, name, p, s, _, live) in nodes.items()}, edges
