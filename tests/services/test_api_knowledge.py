"""Where what is known comes from, over HTTP: claims, identity, history, findings, the past."""

from datetime import timedelta

import pytest

from events.models import Identifier, Section
from graph.model import node_id
from services.api.state import State
from services.settings import load
from tests.inventory.feeding import said, system, to
from tests.inventory.test_batch import PARTITIONS, START, marker, observed
from tests.services.graphs import Landscape, later
from tests.services.test_api import Api, problem_of

SERIAL = Identifier(scheme="serial", value="Dell\tS1")
UUID = Identifier(scheme="smbios-uuid", value="4c4c4544-0034-3010-8048-b6c04f503732")


@pytest.fixture
def api(tmp_path):
    """Two sources on one server on the first day; another system and a new application on the second."""
    city = Landscape(tmp_path / "one")
    city.apply(
        later(observed("a/1", 10, Section(name="x", identifiers=(UUID, SERIAL), properties={"memory_mib": 8})), days=0),
        later(observed("b/1", 11, Section(name="x", identifiers=(UUID,), properties={"memory_mib": 16})), days=0),
    )
    city.apply(
        later(said("a", "Server", "y", system("Debian GNU/Linux 11"), at=12), days=1),
        later(said("c", "Application", "wohngeld", to("RUNS_ON", "Server", "y"), at=13), days=1),
    )
    state = State(load(None, data_dir=tmp_path), city.log, city.store)
    yield Api(state)
    state.close()
    city.close()


def asset(api, name, **more):
    items = api.get("/api/v1/assets", params={"text": name, **more}).json()["items"]
    return items[0]["id"] if items else None


def test_an_asset_says_who_claims_what_and_who_lost(api):
    found = api.get(f"/api/v1/assets/{asset(api, 'x')}").json()

    (memory,) = [claim for claim in found["claims"] if claim["name"] == "memory_mib"]
    assert (memory["value"], memory["won"]["record"], memory["won"]["source"]) == (16, "b/1", "b")
    assert [(claim["record"], claim["value"]) for claim in memory["lost"]] == [("a/1", 8)]
    assert memory["since"].startswith("2026-01-01")
    assert memory["won"]["confirmed"].startswith("2026-01-01")


def test_an_old_id_is_answered_with_what_carries_on(tmp_path):
    city = Landscape(tmp_path / "two")
    city.apply(observed("a/1", 10, Section(name="old", identifiers=(UUID,))))
    city.apply(*(marker("a", number, 11) for number in range(PARTITIONS)))
    city.apply(observed("b/1", 12, Section(name="new", identifiers=(UUID,))))
    state = State(load(None, data_dir=tmp_path), city.log, city.store)

    assert Api(state).get(f"/api/v1/assets/{node_id('a/1')}").json()["name"] == "new"
    state.close()
    city.close()


def test_a_relationship_says_who_claims_it(api):
    found = api.get(f"/api/v1/assets/{asset(api, 'wohngeld')}").json()

    (runs,) = found["relationships"]
    assert [(claim["record"], claim["confirmed"][:10]) for claim in runs["claims"]] == [
        ("c/Application:wohngeld", "2026-01-02")
    ]


def test_identity_is_explained(api):
    first, second = api.get(f"/api/v1/assets/{asset(api, 'x')}/identity").json()

    assert (first["record"], second["record"]) == ("a/1", "b/1")
    assert [(r["scheme"], r["state"]) for r in first["reasons"]] == [("smbios-uuid", "joins"), ("serial", "alone")]


def test_history_and_changes_are_paged(api):
    mine = api.get(f"/api/v1/assets/{asset(api, 'x')}/history").json()
    assert [item["what"] for item in mine["items"]] == ["created"]
    page, numbers = {"next": 0}, []
    while page["next"] is not None:
        page = api.get("/api/v1/changes", params={"since": page["next"], "limit": 1}).json()
        numbers += [item["number"] for item in page["items"]]
    assert numbers == sorted(numbers)
    every = api.get("/api/v1/changes").json()["items"]
    assert numbers == [item["number"] for item in every]
    (application,) = [item for item in every if item["kind"] == "Application"]
    assert application["lines"] == ["+ RUNS_ON y"]
    assert application["events"] == ["c/Application:wohngeld#core@13"]


def test_findings_are_paged_and_counted(api):
    answer = api.get("/api/v1/quality").json()
    assert answer["counts"] == {"disagreement": 1}
    assert answer["by_source"] == {"a": {"disagreement": 1}, "b": {"disagreement": 1}}
    first = api.get("/api/v1/quality", params={"limit": 1}).json()
    assert first["items"][0]["records"] == ["a/1", "b/1"]
    assert api.get("/api/v1/quality", params={"limit": 1, "after": first["next"]}).json()["items"] == []
    only = api.get("/api/v1/quality", params={"kind": "silent"}).json()
    assert (only["counts"], only["by_source"], only["items"]) == ({}, {}, [])
    assert "is not known" in problem_of(api.get("/api/v1/quality", params={"kind": "x"}), 404)


def test_every_question_can_be_asked_as_of_a_day(api):
    day = {"as_of": START.date().isoformat()}
    assert asset(api, "wohngeld", **day) is None
    found = api.get(f"/api/v1/assets/{asset(api, 'x', **day)}", params=day).json()
    assert found["properties"] == {"memory_mib": 16}
    assert api.get("/api/v1/obsolescence", params=day).json()["with_system"] == 0
    assert api.get("/api/v1/obsolescence").json()["with_system"] == 1
    then = api.request("POST", "/api/v1/impact", json={"failed": ["y"], **day})
    assert "no asset has the id or name 'y'" in problem_of(then, 404)
    now = api.request("POST", "/api/v1/impact", json={"failed": ["y"]}).json()
    assert now["counts"] == [{"kind": "Application", "result": "stops", "count": 1}]
    assert api.get("/api/v1/changes", params=day).json()["items"][-1]["recorded_at"].startswith("2026-01-01")
    assert api.get("/api/v1/quality", params=day).json()["counts"] == {"disagreement": 1}


def test_what_the_past_does_not_keep_is_refused(api):
    early = {"as_of": (START - timedelta(days=2)).date().isoformat()}
    assert "the journal begins at 2026-01-01" in problem_of(api.get("/api/v1/assets", params=early), 410)
    day = {"as_of": START.date().isoformat()}
    found = asset(api, "x", **day)
    assert "as they are now alone" in problem_of(api.get(f"/api/v1/assets/{found}/records", params=day), 410)
