"""An old id leads to the asset that carries on, however the events came and were batched."""

import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.models import CURATION, Identifier, Section
from graph.model import node_id
from inventory.successors import gone_from, heirs_in, leads_to
from tests.inventory.test_batch import (
    PARTITIONS,
    Graph,
    marker,
    observed,
    thorough,
    withdrawn,
)

UUID = Identifier(scheme="smbios-uuid", value="4c4c4544-0034-3010-8048-b6c04f503732")
OTHER = Identifier(scheme="smbios-uuid", value="5c4c4544-0034-3010-8048-b6c04f503732")
MAC = Identifier(scheme="mac", value="00e04c6801db")
FQDN = Identifier(scheme="fqdn", value="one.example")
KEYS = [f"{source}/{number}" for source in "ab" for number in "123"]


def thing(key, at, *identifiers):
    first = 1 if key.endswith("/new") else 0
    return observed(key, at, Section(name=key, identifiers=identifiers), first=first)


def complete(source, at):
    return [marker(source, number, at) for number in range(PARTITIONS)]


@pytest.fixture
def graph(tmp_path):
    found = Graph(tmp_path)
    yield found
    found.close()


def feed(graph, events, size):
    for at in range(0, len(events), size):
        graph.feed(events[at : at + size])


@pytest.mark.parametrize("size", [1, 2, 10])
@pytest.mark.parametrize("gone", [complete("a", 20), [withdrawn("a/old", 20)]], ids=["a complete run", "withdrawn"])
@pytest.mark.parametrize("names", [(UUID, MAC), (MAC,)], ids=["uuid", "mac"])
def test_what_is_installed_anew_under_another_key_carries_on(graph, size, gone, names):
    graph.feed([thing("a/old", 10, *names)])
    feed(graph, [thing("a/new", 20, *names), *gone], size)

    (one,) = graph.store.assets()
    assert one.id == node_id("a/new")
    assert graph.store.node(node_id("a/old")) == one
    assert graph.store.changes(asset_ids=[node_id("a/old")])[-1].what == "continued"


@pytest.mark.parametrize("size", [1, 10])
def test_an_id_leads_to_what_comes_after_its_record_was_gone(graph, size):
    graph.feed([thing("a/old", 10, UUID)])
    feed(graph, [*complete("a", 20), thing("b/new", 21, UUID)], size)

    assert leads_to(graph.store, node_id("a/old")).id == node_id("b/new")
    graph.feed([thing("a/old", 30, UUID)])  # and it comes back as what it was
    assert graph.store.assets()[0].id == node_id("a/old")


@pytest.mark.parametrize("size", [1, 10])
def test_an_id_does_not_lead_to_what_contradicts_it(graph, size):
    graph.feed([thing("a/old", 10, UUID, MAC)])
    feed(graph, [thing("a/new", 20, OTHER, MAC), *complete("a", 20)], size)

    assert leads_to(graph.store, node_id("a/old")).retired_at is not None


@pytest.mark.parametrize("size", [1, 10])
def test_an_id_does_not_lead_to_what_its_source_had_beside_it(graph, size):
    graph.feed([thing("a/one", 10, MAC), thing("a/clone", 10, MAC)])
    feed(graph, [thing("a/clone", 20, MAC), *complete("a", 20)], size)

    assert leads_to(graph.store, node_id("a/one")).retired_at is not None
    assert graph.store.assets()[0].id == node_id("a/clone")


@pytest.mark.parametrize("size", [1, 10])
def test_an_id_does_not_lead_to_what_a_person_parted_it_from(graph, size):
    groups = [Section(identifiers=(Identifier(scheme="curation", value=name),)) for name in ("apart", "rest")]
    graph.feed([thing("a/spare", 10, UUID), thing("b/x", 10, UUID)])
    graph.feed(
        observed(f"{CURATION}/{key}", 11, said, section="identity", first=0)
        for key, said in zip(("a/spare", "b/x"), groups, strict=True)
    )
    feed(graph, [thing("b/x", 12, UUID, MAC), *complete("a", 20)], size)

    assert leads_to(graph.store, node_id("a/spare")).retired_at is not None
    assert leads_to(graph.store, node_id("b/x")).sources == ("b",)


def decided(graph):
    """Where each record's id leads, of live ones and of those that were and of which something live has a name."""
    found = {}
    for key, row in graph.store.records(KEYS).items():
        said = gone_from(graph.store, row.asset_id).get(key)
        if row.live or (row.asset_id and heirs_in(graph.store, said)):
            found[key] = leads_to(graph.store, node_id(key)).id
    return found


def runs_of(runs):
    """Complete runs, one after the other: each of what one source saw, with its identifiers."""
    at, events = 10, []
    for source, seen in runs:
        start = at
        for number, names in seen.items():
            at += 1
            events.append(thing(f"{source}/{number}", at, *names))
        events += complete(source, start)
    return events


names = st.sets(st.sampled_from([UUID, OTHER, MAC, FQDN]), max_size=3)
runs = st.lists(
    st.tuples(st.sampled_from("ab"), st.dictionaries(st.sampled_from("123"), names)), min_size=2, max_size=6
)


@settings(thorough, max_examples=200)
@given(runs, st.integers(2, 12))
def test_every_records_id_finds_its_asset_or_the_one_that_has_its_names_in_batches_of_any_size(runs, size):
    events = runs_of(runs)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        graphs = [Graph(one), Graph(two)]
        feed(graphs[0], events, 1)
        feed(graphs[1], events, size)

        first, second = map(decided, graphs)
        both = first.keys() & second  # what was never live in one of them had no id there
        assert {key: first[key] for key in both} == {key: second[key] for key in both}
        assert {*first.values(), *second.values()} <= {node.id for node in graphs[0].store.assets()}
        for graph in graphs:
            graph.close()
