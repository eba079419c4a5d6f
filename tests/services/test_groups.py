"""Counts by group over the API and on the command line: what each says opens it does."""

import json
import tempfile
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.grouping import BY, groups
from inventory.judging import Policy
from inventory.lifecycle import load_table
from inventory.matching import Matcher
from inventory.milestones import VERDICTS
from inventory.obsolescence import obsolete
from services.api.state import State
from services.asking import Asked, question_of, within_of
from services.cli.grouped import options_of
from services.settings import load
from tests.inventory.cities import cities, thorough
from tests.inventory.facts import DEBIAN, facts
from tests.inventory.feeding import said, system, to
from tests.inventory.test_batch import Graph
from tests.services.graphs import Landscape
from tests.services.test_api import Api, problem_of

FIELDS = {"unit": "units", "location": "places", "application": "applications", "service": "services"}
FIELDS |= {name: f"{name}s" for name in ("kind", "vendor", "product", "part")} | {"counting": "counting"}
ASKED = (
    {},
    {"units": ["south"]},
    {"units": ["-"]},
    {"places": ["house"], "units": ["south", "-"]},
    {"applications": ["a0"], "kinds": ["Server", "Application"]},
    {"services": ["pass"], "vendors": ["Dell Inc", "-"]},
)
WHY = "Debian GNU/Linux 12 (bookworm)"


def opened(asked, opens):
    """What is asked with these parameters instead of its own."""
    told = {FIELDS[name]: [value] for name, value in opens.items() if name in FIELDS}
    numbers = {name: float(value) for name, value in opens.items() if name not in FIELDS}
    return replace(asked, **told, **numbers)


@thorough
@given(cities(), st.sampled_from(ASKED), st.sampled_from(BY))
def test_what_a_group_says_opens_it_finds_what_it_counted(events, given_, by):
    matcher, asked = Matcher(load_table()), Asked(on=date(2026, 11, 23), **given_)
    with tempfile.TemporaryDirectory() as folder:
        graph = Graph(folder)
        graph.feed(events)
        if not graph.store.assets(name="a0") and "a0" in asked.applications:
            asked = replace(asked, applications=())
        answer = obsolete(graph.store, matcher, question_of(graph.store, asked, Policy()))
        for group in groups(graph.store, matcher, answer, by, within_of(graph.store, asked, by)):
            question = question_of(graph.store, opened(asked, group.opens), Policy())
            found = obsolete(graph.store, matcher, question)
            assert {verdict: found.count(verdict) for verdict in VERDICTS} == group.counts
            assert sum(found.paid.values()) == group.paid
        graph.close()


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "city")
    bookworm = system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12")
    found.apply(
        *facts(DEBIAN),
        said("city", "Server", "srv", bookworm, to("OWNED_BY", "OrganisationUnit", "Büro 'Mitte'")),
        said("city", "Server", "other", bookworm),
        said("city", "OrganisationUnit", "Büro 'Mitte'"),
    )
    yield found
    found.close()


@pytest.fixture
def ask(city, landkarte):
    here = {f"LANDKARTE_{name}": f"sqlite:///{city.folder}/{name.lower()}.db" for name in ("LOG", "GRAPH")}
    return lambda *more: landkarte("ask", "obsolete", "--on", "2026-11-23", *more, **here)


def test_the_command_says_counts_and_options(ask):
    code, table, err = ask("--by", "unit", "--part", "system")
    assert code == 0
    assert [line.split("--")[0].split() for line in table.splitlines()[1:]] == [
        [*name.split(), "unsupported", *WHY.split(), "on", asset, "2026-07-11", *"10000"]
        for name, asset in (("-", "other"), ("Büro 'Mitte'", "srv"))
    ]
    assert options_of({"unit": "Büro 'Mitte'"}) in table
    assert "add up to more" in err
    assert "system: 2 considered" in err

    csv = ask("--by", "unit", "--part", "system", "--format", "csv")[1].splitlines()
    assert csv[0] == (
        "name,id,status,cause,part,asset,earliest,unsupported,ending,supported,unknown,paid,unmatched_programs,opens"
    )
    assert csv[2].endswith(f",unsupported,{WHY},system,srv,2026-07-11,1,0,0,0,0,0,unit=B%C3%BCro%20%27Mitte%27")
    told = json.loads(ask("--by", "confidence", "--part", "system", "--format", "json")[1])
    assert (told["by"], told["overlapping"], told["totals"]["system"]["unsupported"]) == ("confidence", False, 2)
    (group,) = told["groups"]
    assert "status" not in group
    assert (group["unsupported"], group["opens"]) == (2, {"confidence": "1.0", "confidence_to": "1.0"})
    assert ask("--by", "colour")[0] == 2


def test_the_api_says_counts_and_parameters(city):
    state = State(load(None, data_dir=city.folder), city.log, city.store)
    api, day = Api(state), {"on": "2026-11-23", "part": "system"}
    answer = api.get("/api/v1/obsolescence/groups", params=day | {"by": "unit"}).json()

    assert (answer["by"], answer["overlapping"], answer["totals"]["system"]["unsupported"]) == ("unit", True, 2)
    assert [group["opens"] for group in answer["items"]] == [{"unit": "-"}, {"unit": "Büro 'Mitte'"}]
    for group, asset in zip(answer["items"], ["other", "srv"], strict=True):
        rows = api.get("/api/v1/obsolescence", params=day | group["opens"]).json()["items"]
        assert [row["asset"] for row in rows] == [asset]
        assert group["rollup"] == {
            "status": "unsupported",
            "cause": WHY,
            "part": "system",
            "end": {"state": "dated", "date": "2026-07-11"},
            "asset": asset,
            "earliest": "2026-07-11",
            "unmatched_programs": 0,
        }
        assert group["counts"] == {"unsupported": 1, "ending": 0, "supported": 0, "unknown": 0, "paid": 0}
    vendors = api.get("/api/v1/obsolescence/groups", params=day | {"by": "vendor"}).json()
    assert [(group["name"], group["rollup"]) for group in vendors["items"]] == [("-", None)]
    sure = {"confidence": "0", "confidence_to": "0.9", "counting": "security"}
    assert api.get("/api/v1/obsolescence", params=day | sure).json()["items"] == []
    assert "by" in problem_of(api.get("/api/v1/obsolescence/groups", params={"by": "colour"}), 422)
    assert "'hours' is not known" in problem_of(api.get("/api/v1/obsolescence", params={"counting": "hours"}), 404)
    state.close()


def test_options_are_quoted_for_a_shell():
    assert options_of({"confidence": "0.5", "confidence_to": "0.5"}) == "--confidence 0.5 --confidence-to 0.5"
    assert options_of({"unit": "Bürgeramt"}) == "--unit 'Bürgeramt'"
