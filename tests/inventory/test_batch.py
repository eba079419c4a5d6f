"""The laws, on a real store: whatever way the events came, the graph is that of the latest live records."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.models import (
    CatalogueItem,
    Identifier,
    RecordConfirmed,
    RecordObserved,
    RecordWithdrawn,
    Reference,
    Relation,
    RunCompleted,
    Section,
)
from graph.sqlite_store import SqliteStore
from inventory.batch import Batch
from inventory.fold import Arrived, digest

LOG = "test"
START = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = ("a/1", "a/2", "b/1", "b/2", "c/1")
PARTITIONS = 2


def when(sequence):
    return START + timedelta(seconds=sequence)


def partition(key):
    return sum(key.encode()) % PARTITIONS


def arrived(event, name, at, body):
    return Arrived(event, name, at, body, digest(body))


def observed(key, sequence, content, *, section="core", kind="Server", first=None, rank=50):
    source, native = key.split("/", 1)
    event = RecordObserved(
        source=source,
        native_key=native,
        section=section,
        kind=kind,
        sequence=sequence,
        time=when(sequence),
        run="r",
        rank=rank,
        first_observed=START + timedelta(minutes=first if first is not None else KEYS.index(key)),
        changed=sequence,
        content=content,
    )
    return arrived(event, f"{key}#{section}@{sequence}", partition(key), content.model_dump_json().encode())


def confirmed(key, sequence):
    source, native = key.split("/", 1)
    event = RecordConfirmed(source=source, native_key=native, sequence=sequence, time=when(sequence), run="r")
    return arrived(event, f"{key}#=@{sequence}", partition(key), b"")


def withdrawn(key, sequence):
    source, native = key.split("/", 1)
    event = RecordWithdrawn(source=source, native_key=native, sequence=sequence, time=when(sequence))
    return arrived(event, f"{key}#@{sequence}", partition(key), b"")


def marker(source, at, sequence):
    event = RunCompleted(source=source, sequence=sequence, time=when(sequence), run="r", partition=at)
    return arrived(event, f"{source}#{at}@{sequence}", at, b"")


class Graph:
    """A real SQLite graph in a folder of its own, fed batch by batch."""

    def __init__(self, folder):
        self.store = SqliteStore(Path(folder) / "graph.db")
        self.writer = self.store.acquire("test", timedelta(hours=1))
        self.offset = 0

    def feed(self, arrived, confirmed=()):
        before = {("t", 0): self.offset} if self.offset else {}
        self.offset += 1
        batch = Batch(list(arrived), list(confirmed), log=LOG, expected=before, positions={("t", 0): self.offset})
        while not self.store.transact(self.writer, batch.apply):
            pass

    def shown(self):
        """All that law 1 speaks of: what is known now, without since when."""
        nodes, edges = self.store.everything()
        return (
            {
                (n.id, n.kind, n.name, tuple(sorted(n.properties.items())), n.sources, n.first_seen)
                for n in nodes
                if n.retired_at is None
            },
            {
                (
                    tuple(e.key),
                    tuple(sorted(e.properties.items())),
                    str(sorted((r, sorted(p.items())) for r, p in e.claims.items())),
                )
                for e in edges
            },
        )

    def close(self):
        self.store.close()


identifiers = st.lists(
    st.sampled_from(
        [
            Identifier(scheme="smbios-uuid", value="4c4c4544-0034-3010-8048-b6c04f503732"),
            Identifier(scheme="smbios-uuid", value="5c4c4544-0034-3010-8048-b6c04f503732"),
            Identifier(scheme="serial", value="Dell\tS1"),
            Identifier(scheme="serial", value="Dell\tS2"),
            Identifier(scheme="mac", value="00e04c6801db"),
            Identifier(scheme="fqdn", value="one.example"),
            Identifier(scheme="ip", value="198.18.0.1"),
            Identifier(scheme="ip", value="198.18.0.2"),
        ]
    ),
    max_size=3,
)
relations = st.lists(
    st.sampled_from(
        [
            Relation(type="CONNECTS_TO", to=Reference(scheme="ip", value="198.18.0.1", kind="Server")),
            Relation(
                type="CONNECTS_TO",
                to=Reference(scheme="ip", value="198.18.0.2", kind="Server"),
                properties={"port": 443},
            ),
            Relation(type="RUNS_ON", to=Reference(scheme="host", value="one", kind="Server")),
            Relation(
                type="RUNS_ON",
                direction="in",
                to=Reference(scheme="smbios-uuid", value="4c4c4544-0034-3010-8048-b6c04f503732", kind="VirtualMachine"),
            ),
            Relation(type="INSTALLED", to=CatalogueItem(kind="Software", properties={"name": "tar", "version": "1"})),
            Relation(
                type="HAS_OS", to=CatalogueItem(kind="OperatingSystem", properties={"name": "debian", "version": "12"})
            ),
            Relation(
                type="HAS_OS", to=CatalogueItem(kind="OperatingSystem", properties={"name": "debian", "version": "13"})
            ),
        ]
    ),
    max_size=3,
)
contents = st.builds(
    lambda i, r, name, memory: Section(identifiers=i, relations=r, name=name, properties={"memory_mib": memory}),
    identifiers,
    relations,
    st.sampled_from(["", "x", "y"]),
    st.integers(1, 2),
)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.sampled_from(KEYS), st.sampled_from(["core", "network"]), contents),
        st.tuples(st.just("confirm"), st.sampled_from(KEYS)),
        st.tuples(st.just("withdraw"), st.sampled_from(KEYS)),
        st.tuples(st.just("complete"), st.sampled_from("abc"), st.integers(1, 6)),
    ),
    max_size=14,
)


def history(acts):
    """Events with their sequences. A marker's sequence lies some steps back, as that of a run's first record does."""
    events = []
    for number, act in enumerate(acts, start=10):
        if act[0] == "say":
            events.append(observed(act[1], number, act[3], section=act[2]))
        elif act[0] == "confirm":
            events.append(confirmed(act[1], number))
        elif act[0] == "withdraw":
            events.append(withdrawn(act[1], number))
        else:
            events += [marker(act[1], at, number - act[2]) for at in range(PARTITIONS)]
    return events


def latest(events):
    """What a compacted log holds: for each key its latest message."""
    return list({a.id.rsplit("@", 1)[0]: a for a in sorted(events, key=lambda a: a.event.sequence)}.values())


thorough = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@thorough
@given(actions, st.randoms(), st.integers(1, 5))
def test_any_order_duplicates_and_batches_give_the_graph_of_the_latest_live_records(acts, rnd, size):
    events = history(acts)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        expected, graph = Graph(one), Graph(two)
        expected.feed(latest(events))
        shuffled = events + rnd.sample(events, len(events) // 2)
        rnd.shuffle(shuffled)
        for at in range(0, len(shuffled), size):
            graph.feed(shuffled[at : at + size])

        assert graph.shown() == expected.shown()
        expected.close()
        graph.close()


@thorough
@given(actions)
def test_after_every_step_the_graph_is_that_of_the_latest_live_records(acts):
    events = history(acts)
    with tempfile.TemporaryDirectory() as folder:
        graph = Graph(folder)
        for step, event in enumerate(events):
            graph.feed([event])
            with tempfile.TemporaryDirectory() as other:
                expected = Graph(other)
                expected.feed(latest(events[: step + 1]))
                assert graph.shown() == expected.shown()
                expected.close()
        graph.close()
