"""FOLLOWS: drawn from matching as the graph moves on, and only what differs."""

import threading
from datetime import date, timedelta

import pytest

from inventory.decisions import MATCHING, Decision, draft_of
from inventory.following import drawings
from inventory.lifecycle import Cycle
from services import following
from tests.inventory.facts import DEBIAN, facts
from tests.inventory.feeding import program, said, system
from tests.inventory.test_batch import START, observed, withdrawn
from tests.services.graphs import Landscape

BOOKWORM = system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12")
BUSTER = system("Debian GNU/Linux 10 (buster)", name="debian", version="10")


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "one")
    yield found
    found.close()


def follows(city):
    """(item, cycle, confidence) of each relationship."""
    edges = [edge for edge in city.store.everything()[1] if edge.key.type == "FOLLOWS"]
    nodes = city.store.nodes({end for edge in edges for end in (edge.key.source_id, edge.key.target_id)})
    return sorted(
        (nodes[edge.key.source_id].name, nodes[edge.key.target_id].name, edge.properties["confidence"])
        for edge in edges
    )


@pytest.fixture
def written(monkeypatch):
    """How many relationships each look wrote."""
    counts = []

    def counting(*given):
        for drawing in drawings(*given):
            counts.append(len(drawing.drawn) + len(drawing.erased))
            yield drawing

    monkeypatch.setattr(following, "drawings", counting)
    return counts


def test_a_system_follows_its_cycle_whichever_comes_first(city):
    city.apply(said("a", "Server", "x", BOOKWORM, program("strange", "1")))
    assert follows(city) == []
    city.apply(*facts(DEBIAN))

    assert follows(city) == [("Debian GNU/Linux 12 (bookworm)", "Debian 12", 1.0)]
    city.apply(said("a", "Server", "y", BUSTER, at=20))
    assert follows(city)[0] == ("Debian GNU/Linux 10 (buster)", "Debian 10", 1.0)


def test_a_newer_table_touches_only_what_changed(city, written):
    city.apply(*facts(DEBIAN), said("a", "Server", "x", BOOKWORM), said("a", "Server", "y", BUSTER))
    assert sum(written) == 2

    city.apply(*facts(DEBIAN, at=20))  # all said again, nothing new
    assert sum(written) == 2
    city.apply(withdrawn("endoflife/cycle:debian/10", 30))
    assert sum(written) == 3
    assert follows(city) == [("Debian GNU/Linux 12 (bookworm)", "Debian 12", 1.0)]


def test_what_has_come_is_looked_at_alone(city, written, monkeypatch):
    city.apply(*facts(DEBIAN), said("a", "Server", "x", BOOKWORM))
    monkeypatch.setattr(following, "all_items", lambda _store: pytest.fail("every item was looked at"))

    city.apply(said("a", "Server", "y", BUSTER, at=20))
    assert follows(city)[0][1] == "Debian 10"
    assert sum(written) == 2


def test_another_process_goes_on_where_the_first_stopped(city, monkeypatch):
    city.apply(*facts(DEBIAN), said("a", "Server", "x", BOOKWORM))
    monkeypatch.setattr(following, "drawings", lambda *_: pytest.fail("nothing has changed"))

    with city.consumer() as consumer:
        consumer.catch_up()


def test_a_better_version_of_matching_looks_at_everything_again(city, written, monkeypatch):
    city.apply(*facts(DEBIAN), said("a", "Server", "x", BOOKWORM))
    monkeypatch.setattr(following, "VERSION", following.VERSION + 1)
    monkeypatch.setattr("inventory.matching.Matcher._match_system", lambda *_: following.Matcher.hardware(_[0], {}))

    with city.consumer() as consumer:
        consumer.catch_up()
    assert follows(city) == []
    assert sum(written) == 2


def test_what_several_cycles_may_be_follows_each_and_less_surely(city):
    windows = [Cycle("windows", f"10-22h2-{mark}", date(2022, 10, 18), build="10.0.19045") for mark in "we"]
    city.apply(*facts(DEBIAN.__class__("windows", "Microsoft Windows", "os", cycles=tuple(windows))))
    city.apply(said("a", "Client", "pc", system("Microsoft Windows 10", build="19045", version="22H2")))

    assert {(cycle, confidence) for _, cycle, confidence in follows(city)} == {
        ("Microsoft Windows 10-22h2-w", 0.5),
        ("Microsoft Windows 10-22h2-e", 0.5),
    }


def test_rebuilding_leaves_them_as_they_are(city):
    city.apply(*facts(DEBIAN), said("a", "Server", "x", BOOKWORM))
    before = follows(city)

    with city.consumer(clock=lambda: START + timedelta(days=1)) as consumer:
        consumer.rebuild(threading.Event())
    assert follows(city) == before


def test_a_decision_that_has_ended_is_followed_no_longer(city):
    day = START.date() + timedelta(days=9)
    decision = Decision("system", "Debian GNU/Linux 12 (bookworm)", "debian", "10", False, "seen", "IT", day)
    draft = draft_of(decision)
    city.apply(
        *facts(DEBIAN),
        said("a", "Server", "x", BOOKWORM),
        observed(f"{MATCHING}/{draft.native_key}", 11, draft.sections["core"], kind=draft.kind, first=0),
        clock=lambda: START,
    )
    for passed, cycle in ((9, "Debian 10"), (10, "Debian 12")):
        with city.consumer(clock=lambda passed=passed: START + timedelta(days=passed)) as consumer:
            consumer.catch_up()  # by another process, which has only the graph to know from
        assert [followed for _, followed, _ in follows(city)] == [cycle]
