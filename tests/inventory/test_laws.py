"""The laws, step by step: whatever happens, the graph is the one that the latest live records give from scratch."""

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from events.models import CURATION, Identifier, RecordConfirmed, Section
from graph.neo4j_store import Neo4jStore
from graph.sqlite_store import SqliteStore
from inventory import clusters, difference, drawing, fold
from inventory.again import Again
from inventory.batch import Batch
from inventory.identifiers import joins
from inventory.neighbourhood import Neighbourhood
from inventory.past import Past
from tests.inventory.oracle import frozen, graph_of
from tests.inventory.test_batch import KEYS, PARTITIONS, START, confirmed, contents, latest, marker, observed, withdrawn

LOG = "laws"
SECTIONS = ("core", "network")


reports = st.tuples(
    st.sampled_from(KEYS),
    st.sampled_from(SECTIONS),
    contents,
    st.sampled_from([40, 50]),
    st.sampled_from([{}, {"system": 90}]),
)


class Crash(Exception):
    """Stands for the end of the process in the middle of a transaction."""


class Laws(RuleBasedStateMachine):
    """Sources speak, persons correct, events arrive in any order, processes die, rules are applied anew."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.sequence, self.offset, self.explained = 10, 0, 0
        self.said, self.waiting, self.arrived, self.moments = [], [], [], {}
        self.store = self.open_store()
        self.writer = self.store.acquire("laws", timedelta(hours=1))

    def open_store(self):
        return SqliteStore(Path(self.folder.name) / "graph.db")

    def teardown(self):
        self.store.close()
        self.folder.cleanup()

    def say(self, *events):
        self.said += events
        self.waiting += events

    def following(self):
        self.sequence += 1
        return self.sequence

    @initialize(reports=st.lists(reports, min_size=3, max_size=6))
    def begin(self, reports):
        self.report(reports)
        self.feed(self.waiting)
        self.waiting = []

    @rule(reports=st.lists(reports, min_size=1, max_size=5))
    def report(self, reports):
        for key, section, content, rank, ranks in reports:
            item = observed(key, self.following(), content, section=section, rank=rank)
            self.say(replace(item, event=item.event.model_copy(update={"ranks": ranks})))

    @rule(key=st.sampled_from(KEYS))
    def confirm(self, key):
        """The source saw it again, and has nothing new to say of it."""
        self.say(confirmed(key, self.following()))

    @rule(key=st.sampled_from(KEYS))
    def withdraw(self, key):
        self.say(withdrawn(key, self.following()))

    @rule(source=st.sampled_from("abc"), back=st.integers(1, 6))
    def complete_a_run(self, source, back):
        at = self.following()
        self.say(*(marker(source, number, at - back) for number in range(PARTITIONS)))

    @rule(key=st.sampled_from(KEYS), group=st.sampled_from(["", "g", "h"]))
    def join_or_part(self, key, group):
        names = [Identifier(scheme="curation", value=group)] if group else []
        self.correct(key, "identity", Section(identifiers=names))

    @rule(key=st.sampled_from(KEYS), memory=st.sampled_from([0, 7, 8]))
    def pin(self, key, memory):
        self.correct(key, "memory-mib", Section(properties={"memory_mib": memory} if memory else {}))

    @rule(key=st.sampled_from(KEYS))
    def take_corrections_back(self, key):
        self.say(withdrawn(f"{CURATION}/{key}", self.following()))

    def correct(self, key, section, content):
        event = observed(f"{CURATION}/{key}", self.following(), content, section=section, first=0)
        self.say(event)

    @rule(data=st.data())
    def arrive(self, data):
        """Much of what was said, in any order and in batches of any size, some of it twice."""
        shuffled = data.draw(st.permutations(self.waiting))
        left = data.draw(st.sampled_from([0, 0, 0, 1, 2]))
        arriving, self.waiting = shuffled[left:], shuffled[:left]
        arriving += data.draw(st.lists(st.sampled_from(self.said), max_size=2)) if self.said else []
        size = data.draw(st.integers(1, 6))
        for at in range(0, len(arriving), size):
            self.feed(arriving[at : at + size])

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def crash(self, data):
        """The process dies before or after it wrote, and the transaction with it."""
        late = data.draw(st.booleans())

        def dying(tx):
            if late:
                self.batch_of(self.waiting).apply(tx)
            raise Crash

        with pytest.raises(Crash):
            self.store.transact(self.writer, dying)
        self.check()

    @rule()
    def look_at_everything_again(self):
        work = Again(LOG, self.positions(), START)
        while not self.store.transact(self.writer, work.apply):
            work.move_on()
        self.check()

    @rule()
    def rebuild_from_the_compacted_log(self):
        batch = Batch(
            latest(self.arrived), [], log=LOG, expected=self.positions(), positions=self.positions(), again=True
        )
        while not self.store.transact(self.writer, batch.apply):
            pass
        self.check()

    def positions(self):
        return {("t", 0): self.offset} if self.offset else {}

    def batch_of(self, events):
        return Batch(list(events), [], log=LOG, expected=self.positions(), positions={("t", 0): self.offset + 1})

    def feed(self, events):
        work = self.batch_of(events)
        while not self.store.transact(self.writer, work.apply):
            pass
        self.offset += 1
        self.arrived += events
        self.check()

    def shown(self, reader):
        nodes, edges = reader.everything()
        edges, live = list(edges), [node for node in nodes if node.retired_at is None]
        used = {edge.key.target_id for edge in edges}
        return frozen([node for node in live if node.sources or node.kind == "Endpoint" or node.id in used], edges)

    def check(self):
        """After every step of the inventory the graph is that of the latest live records."""
        found = self.shown(self.store)
        assert found == graph_of(self.arrived), "another graph than from scratch"
        assert all(change.event_ids for change in self.store.changes(after=self.explained)), "a change without a cause"
        self.explained = self.store.status().journal
        if (at := self.store.status().last_change) is not None:
            self.moments[at] = found

    @precondition(lambda self: self.moments)
    @rule(data=st.data())
    def look_back(self, data):
        """The journal undone gives what was shown then."""
        moment = data.draw(st.sampled_from(sorted(self.moments)))
        with tempfile.TemporaryDirectory() as folder:
            scratch = SqliteStore(Path(folder) / "past.db")
            assert self.shown(Past(self.store, scratch, moment)) == self.moments[moment]
            scratch.close()


quick = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


def test_the_laws_hold_after_every_step_in_sqlite():
    run_state_machine_as_test(Laws, settings=settings(max_examples=150, stateful_step_count=25, **quick))


@pytest.mark.servers
def test_the_laws_hold_after_every_step_in_neo4j(neo4j):
    class InNeo4j(Laws):
        def open_store(self):
            neo4j.wipe()
            return Neo4jStore(neo4j.uri)

    few = settings(max_examples=25, stateful_step_count=20, phases=[Phase.generate], **quick)  # shrinking takes minutes
    run_state_machine_as_test(InNeo4j, settings=few)


def join_all_that_are_linked(records, ok):
    """As if contradictions did not matter."""
    clusters = []
    for record in records:
        names = {name for name in record.identifiers if joins(name) and ok(name)}
        linked = [known for known in clusters if any(names & other.identifiers for other in known)]
        clusters = [known for known in clusters if known not in linked] + [frozenset([record]).union(*linked)]
    return set(clusters)


def only_new_names_are_followed(around):
    """As if taking a name away could not part others."""
    names = {name for held in around._after.values() for name in held}
    around.load(names)
    return around._close(
        {r for i in names if around.usable_after(i) for r in around.after(i).records} | set(around._after)
    )


def the_last_to_speak_wins(said, merge=difference.merge):
    """As if the order of arrival, and not trust, decided between records."""
    records = list(said)
    last = max(item.row.last_seen for item in records)
    return merge(replace(item, row=replace(item.row, rank=int(item.row.last_seen == last))) for item in records)


def claims_that_are_never_given_up(changes, stored, said, rows, put=difference.put_edges):
    """As if a relationship stayed when the last record that claimed it went."""
    return put(changes, stored, {key: claims or stored[key].claims for key, claims in said.items()}, rows)


def only_what_is_said_is_seen(row, event, seen=fold._seen):
    """As if a record without news had not been seen."""
    return row if isinstance(event, RecordConfirmed) else seen(row, event)


FAULTS = {
    "resolve: linked is joined": (clusters, "resolve", join_all_that_are_linked),
    "resolve: only new names are followed": (Neighbourhood, "reach", only_new_names_are_followed),
    "merge: the last to speak wins": (difference, "merge", the_last_to_speak_wins),
    "difference: claims are never given up": (drawing, "put_edges", claims_that_are_never_given_up),
    "difference: referrers are forgotten": (drawing.Drawing, "_add_referrers", lambda _: None),
    "retirement: what is confirmed is not seen": (fold, "_seen", only_what_is_said_is_seen),
    "retirement: markers do not count": (fold, "is_live", lambda row, _: bool(row.sections)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_found(monkeypatch, fault):
    """The control: where the inventory is wrong on purpose, the properties must say so."""
    where, name, wrong = FAULTS[fault]
    monkeypatch.setattr(where, name, wrong)
    many = settings(max_examples=300, stateful_step_count=25, phases=[Phase.generate], derandomize=True, **quick)
    with pytest.raises(AssertionError, match="another graph than from scratch"):
        run_state_machine_as_test(Laws, settings=many)
