"""What is told of the past beside the graph as it was: sources, ids, what the graph holds."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from events.models import CURATION, Identifier, Section
from graph.model import node_id
from inventory.quality import quality
from services import bootstrap, curating
from services.answers import asked_about, past_of
from services.lookup import NotFound, find_sources
from services.settings import expectations, load
from tests.inventory.feeding import program, said, to
from tests.inventory.test_batch import START, observed, withdrawn
from tests.services.graphs import later
from tests.services.test_upkeep import City

SOURCES = [{"type": "local", "name": name} for name in ("daily", "stopped", "new", "nobody", "silent-import")]
FIRST = datetime(2026, 2, 1, 8, tzinfo=UTC)


@pytest.fixture
def city(tmp_path):
    found = City(tmp_path)
    found.clock.now = FIRST
    yield found
    found.close()


def as_of(city, question, **time):
    with past_of(city.store, FIRST + timedelta(**time)) as past:
        return question(past)


def silent(reader):
    answer = quality(reader, expectations(load(None, sources=SOURCES), asked_about(reader)))
    return {finding.name: finding.text for finding in answer.findings if finding.kind == "silent"}, answer.limits


def test_sources_are_silent_as_of_then_as_their_runs_tell(city):
    city.apply(later(said("silent-import", "Server", "x", at=1), days=31))  # of which no run is known
    for day in range(0, 60, 2):
        for source in ("daily", *(["stopped"] if day in {0, 50} else []), *(["new"] if day == 50 else [])):
            city.push(source, f"{source}-{day}")
        city.clock.pass_by(days=1)
        city.push("daily")  # a run that sees nothing is no word
        city.apply()
        city.clock.pass_by(days=1)
    city.apply(later(said("silent-import", "Server", "y", at=2), days=99))

    found, limits = as_of(city, silent, days=31)
    assert found == {"stopped": "last heard of 2026-02-01 08:00 UTC", "nobody": "never heard of"}
    assert limits[:2] == [
        "new: first heard of later, so nothing is expected of it",
        "silent-import: no run of it tells when it was last heard of, so whether it was silent is not known",
    ]
    assert as_of(city, lambda past: past.status().last_seen, days=31) == {
        "daily": FIRST + timedelta(days=30),
        "stopped": FIRST,
        "silent-import": FIRST + timedelta(days=31),
    }
    with pytest.raises(NotFound, match="'new' fits none"):
        as_of(city, lambda past: find_sources(past, ["new"]), days=30)


def named(record, sequence, name):
    """A record of a server with a name that joins."""
    return observed(record, sequence, Section(name=record, identifiers=(Identifier(scheme="fqdn", value=name),)))


def separate(city, record):
    """A person parts the record from its asset, at the clock's time."""
    with closing(bootstrap.open_outbox(city.settings, CURATION, city.clock)) as outbox:
        curating.say(curating.separate(city.store, [record], curating.Note("another", "E. M.")), outbox, city.clock)
        outbox.drain(city.log)
    city.apply()


def test_an_id_that_is_an_asset_of_its_own_now_finds_the_asset_it_was_part_of_then(city):
    city.apply(later(named("a/1", 1, "x.example"), days=30), later(named("b/1", 2, "x.example"), days=30))
    whole = city.store.node(node_id("a/1"))
    separate(city, "b/1")
    assert city.store.node(node_id("b/1")).name == "b/1"

    def part(past):
        return past.node(node_id("b/1"))

    with past_of(city.store, START + timedelta(days=30, hours=1)) as past:
        assert part(past) == past.node(node_id("a/1")) == whole
        assert past.node(node_id("c/1")) is None
    with past_of(city.store, FIRST) as past:
        assert part(past) == city.store.node(node_id("b/1"))


def test_an_id_that_went_on_as_another_asset_then_finds_that_though_it_came_back_since(city):
    city.apply(later(named("a/1", 1, "x.example"), days=28), later(named("b/1", 2, "y.example"), days=28))
    city.apply(later(named("b/1", 3, "x.example"), days=29))
    whole = city.store.node(node_id("a/1"))
    city.apply(later(withdrawn("b/1", 4), days=30))
    city.apply(later(named("b/1", 5, "z.example"), days=31))
    assert city.store.node(node_id("b/1")).id == node_id("b/1")

    with past_of(city.store, START + timedelta(days=28, hours=1)) as past:
        assert past.node(node_id("b/1")).id == node_id("b/1")
    with past_of(city.store, START + timedelta(days=29, hours=1)) as past:
        assert past.node(node_id("b/1")) == whole
    with past_of(city.store, START + timedelta(days=30, hours=1)) as past:
        assert past.node(node_id("b/1")).id == node_id("a/1")


def test_what_is_counted_of_the_past_stays_though_what_is_set_back_changes_again(city):
    def counted(reader):
        status = reader.status()
        return {kind: n for kind, n in status.counts.items() if kind != "Software"}, status.relationships

    server = said("a", "Server", "x", program("bash"), program("vim"), at=1)
    city.apply(
        server, said("a", "Application", "app", to("RUNS_ON", "Server", "x"), at=2), said("a", "Server", "y", at=3)
    )
    then = counted(city.store)
    assert then == ({"Application": 1, "Server": 2}, 3)
    with past_of(city.store, START + timedelta(hours=1)) as past:
        for event in (
            said("a", "Server", "x", program("zsh"), at=7200),
            withdrawn("a/Application:app", 7201),
            withdrawn("a/Server:x", 7202),
            said("a", "Server", "x", program("vim"), at=7203),
            said("b", "Server", "z", program("vim"), at=7204),
        ):
            city.apply(event)
            past.refresh()
            assert counted(past) == then
        assert past.changed == 3
