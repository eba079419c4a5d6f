"""A newer table: what it would change is shown before it is used; what was known stays the answer of its day."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from graph.model import node_id
from inventory.lifecycle import Cycle, LifecycleTable, Product
from inventory.lifecycle_changes import Update
from inventory.lifecycle_records import drafts_of, matcher_of, table_of
from inventory.obsolescence import Question, obsolete
from services.answers import past_of
from tests.inventory.facts import DEBIAN, EDITION, facts
from tests.inventory.feeding import said, system
from tests.inventory.test_batch import START, withdrawn
from tests.services.graphs import Landscape, later

ON = date(2026, 11, 26)
BOOKWORM = system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12")
LONGER = replace(
    DEBIAN,
    cycles=(
        Cycle("debian", "14", date(2027, 8, 1), security=date(2030, 8, 1)),
        replace(DEBIAN.cycles[0]),
        replace(DEBIAN.cycles[1], security=date(2027, 7, 11)),
    ),
)
"""A table with a new cycle, one that ends a year later, and one that has gone."""


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "one")
    yield found
    found.close()


def drafts(*products):
    return list(drafts_of(LifecycleTable({product.name: product for product in products}), EDITION))


def verdicts(reader, matcher=None, on=ON):
    answer = obsolete(reader, matcher or matcher_of(reader), Question(on, 0, parts=frozenset({"system"})))
    return {verdict: count for (_, verdict), count in answer.totals.items() if count}


def changes(city, *products, source="endoflife"):
    found = Update(city.store, source, drafts(*products)).changes()
    return {(change.name, change.what, change.before, change.after, change.counts) for change in found}


def test_what_a_newer_table_would_change_is_told_fact_by_fact(city):
    city.apply(*facts(DEBIAN), said("a", "Server", "x", BOOKWORM))

    assert changes(city, DEBIAN) == set()
    assert changes(city, LONGER) == {
        ("Debian 14", "new", "", "", True),
        ("Debian 10", "gone", "", "", True),
        ("Debian 12", "end_of_security_support", "2026-07-11", "2027-07-11", True),
    }
    assert verdicts(city.store) == {"unsupported": 1}  # nothing was said


def test_a_change_that_another_source_outvotes_is_told_as_such(city):
    own = replace(DEBIAN, cycles=(Cycle("debian", "12", security=date(2026, 12, 31)),))
    city.apply(*facts(DEBIAN), *facts(own, source="own", rank=80))

    (change,) = [found for found in changes(city, LONGER) if found[0] == "Debian 12"]
    assert change == ("Debian 12", "end_of_security_support", "2026-07-11", "2027-07-11", False)


def test_the_table_as_it_would_be_is_the_one_that_is_known_afterwards(city):
    own = replace(DEBIAN, cycles=(Cycle("debian", "12", extended=date(2029, 12, 31)),))
    city.apply(*facts(DEBIAN), *facts(own, source="own", rank=80), said("a", "Server", "x", BOOKWORM))
    expected = Update(city.store, "endoflife", drafts(LONGER)).table()

    city.apply(*facts(LONGER, at=30), withdrawn("endoflife/cycle:debian/10", 31))
    known = table_of(city.store)
    assert expected.editions == known.editions
    assert {name: frozenset(p.cycles) for name, p in expected.products.items()} == {
        name: frozenset(p.cycles) for name, p in known.products.items()
    }
    assert known.products["debian"].cycle("12").extended == date(2029, 12, 31)


def test_as_of_a_day_the_table_of_that_day_counts(city):
    city.apply(*(later(fact, days=0) for fact in facts(DEBIAN)), later(said("a", "Server", "x", BOOKWORM), days=0))
    city.apply(*(later(fact, days=5) for fact in facts(LONGER, at=30)))

    assert verdicts(city.store) == {"supported": 1}
    with past_of(city.store, START + timedelta(days=2)) as past:
        assert verdicts(past) == {"unsupported": 1}
        assert [cycle.name for cycle in table_of(past).products["debian"].cycles] == ["13", "12", "10"]


def test_as_of_a_future_day_todays_assets_and_future_dates_count(city):
    city.apply(*facts(DEBIAN), said("a", "Server", "x", system("Debian GNU/Linux 13", name="debian", version="13")))

    assert verdicts(city.store) == {"supported": 1}
    assert verdicts(city.store, on=date(2028, 8, 9)) == {"supported": 1}
    assert verdicts(city.store, on=date(2028, 8, 10)) == {"unsupported": 1}


def test_the_citys_word_on_a_cycle_joins_the_published_one_by_name(city):
    own = Product("debian", "Debian", cycles=(Cycle("debian", "12", security=date(2027, 1, 31)),), link="contract 7")
    city.apply(*facts(DEBIAN), *facts(own, source="own", rank=80))

    (node,) = [n for n in city.store.assets(kinds=("LifecycleCycle",), limit=10) if n.name == "Debian 12"]
    assert node.sources == ("endoflife", "own")
    assert [(claim.record, claim.value) for claim in node.claims["end_of_security_support"]] == [
        ("own/cycle:debian/12", "2027-01-31"),
        ("endoflife/cycle:debian/12", "2026-07-11"),
    ]


API = {
    "generated_at": "2026-10-01T08:00:00+00:00",
    "result": [
        {"name": "debian", "label": "Debian", "category": "os", "releases": [{"name": "12", "eolFrom": "2026-07-11"}]}
    ],
}


def test_the_command_shows_says_and_refuses(landkarte, tmp_path):
    (tmp_path / "new.json").write_text(json.dumps(API))
    (tmp_path / "bad.csv").write_text("Produktlinie;Verkaufsende;Quelle\nA;nie;x\n", encoding="utf-8")

    code, out, err = landkarte("lifecycle", "update", "new.json", "--dry-run", "--format", "json")
    assert (code, {row["what"] for row in json.loads(out)}) == (0, {"new"})
    assert "3 new, 0 gone, 0 facts of others changed; nothing was said" in err
    assert landkarte("lifecycle", "update", "new.json")[0] == 0
    assert landkarte("inventory", "--once")[0] == 0
    assert "0 new, 0 gone, 0 facts" in landkarte("lifecycle", "update", "new.json", "--dry-run")[2]
    for arguments in (["bad.csv"], ["bad.csv", "--dry-run"]):
        code, _, err = landkarte("lifecycle", "update", *arguments)
        assert code == 1
        assert "bad.csv, line 2, column 2: Verkaufsende: " in err
    found = json.loads(landkarte("ask", "asset", "debian 12", "--format", "json")[1])
    assert found["properties"]["end_of_security_support"] == "2026-07-11"
    assert node_id("endoflife/cycle:debian/12") == found["id"]
