"""The API over a graph that came the whole way."""

import asyncio

import httpx
import pytest

from events.log import LogUnavailable
from events.sqlite_log import SqliteLog
from graph.sqlite_store import SqliteStore
from graph.store import StoreUnavailable
from inventory.milestones import VERDICTS
from services.api import create_app
from services.api.state import State
from services.settings import load
from tests.whole.profiles import apply, city, city_jobs, facts, say


class Api:
    """Requests to the application in this process; an unexpected error becomes its answer, as under a server."""

    def __init__(self, state, intakes=None):
        self._transport = httpx.ASGITransport(create_app(state, intakes), raise_app_exceptions=False)

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def request(self, method, path, **more):
        async def ask():
            async with httpx.AsyncClient(transport=self._transport, base_url="http://test") as client:
                return await client.request(method, path, **more)

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    log, store = SqliteLog(folder / "log.db"), SqliteStore(folder / "graph.db")
    say([facts(), *city_jobs(city(folder / "city"))], folder, log)
    apply(log, store)
    yield State(load(None, data_dir=folder), log, store)
    store.close()
    log.close()


@pytest.fixture
def api(state):
    return Api(state)


def problem_of(answer, status):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], bool(body["title"])) == (status, True)
    assert "Traceback" not in answer.text
    return body["detail"]


def paged(api, path, **more):
    items, after = [], None
    while True:
        page = api.get(path, params=more | ({"after": after} if after else {})).json()
        items += page["items"]
        after = page["next"]
        if after is None:
            return items


def test_assets_are_paged_without_loss(api, state):
    items = paged(api, "/api/v1/assets", limit=50)

    assert [item["id"] for item in items] == [node.id for node in state.store.assets(limit=1000)]


def test_assets_are_chosen_by_kind_text_and_source(api):
    found = api.get("/api/v1/assets", params={"kind": "VirtualMachine", "text": "dc0", "source": "city-[fg]*"}).json()

    assert {item["name"] for item in found["items"]} == {"DC01", "DC02"}


def test_an_asset_has_its_relationships_and_its_records(api):
    asset = api.get("/api/v1/assets", params={"text": "AutiSta"}).json()["items"][0]
    found = api.get(f"/api/v1/assets/{asset['id']}").json()
    records = api.get(f"/api/v1/assets/{asset['id']}/records").json()

    assert {"RUNS_ON", "OWNED_BY", "SUPPORTS", "DEPENDS_ON"} <= {item["type"] for item in found["relationships"]}
    assert all(item["records"] for item in found["relationships"])
    assert [record["source"] for record in records] == ["city-spreadsheet"]
    assert records[0]["sections"]["core"]["name"] == "AutiSta"


def test_relationships_are_paged(api):
    asset = api.get("/api/v1/assets", params={"text": "PC-00001"}).json()["items"][0]["id"]
    whole = api.get(f"/api/v1/assets/{asset}").json()["relationships"]

    found, after = [], ""
    while after is not None:
        page = api.get(f"/api/v1/assets/{asset}", params={"limit": 7, "after": after}).json()
        found += page["relationships"]
        after = page["more_relationships"]
    assert found == whole


def test_obsolescence_keeps_unknown_apart(api):
    found = api.get("/api/v1/obsolescence", params={"on": "2026-11-23", "limit": 1000}).json()

    systems = found["totals"]["system"]
    assert systems["unknown"] > 0
    assert sum(systems[verdict] for verdict in VERDICTS) == found["with_system"]
    assert found["tables"]["endoflife"]["as_of"] == "2026-08-22"
    assert found["totals"]["program"]["unknown"] > found["totals"]["program"]["supported"]
    assert {item["verdict"] for item in found["items"]} == {"unsupported", "ending"}
    assert paged(api, "/api/v1/obsolescence", on="2026-11-23", limit=13) == found["items"]


def test_impact_tells_the_way_to_the_citizen_in_both_languages(api):
    found = api.request("POST", "/api/v1/impact", json={"failed": ["ESX-02"]}).json()

    service = next(item for item in found["items"] if item["name"] == "Wohnsitz anmelden")
    assert (service["way"][0]["cause"], service["way"][-1]["effect"]) == ("ESX-02", "Wohnsitz anmelden")
    assert [office["name"] for office in service["offices"]] == ["Bürgeramt"]
    assert "'Wohnsitz anmelden' (Bürgeramt" in found["words"]["de"]
    assert "'Wohnsitz anmelden' (Bürgeramt" in found["words"]["en"]


def test_runs_and_status_are_told(api):
    runs = paged(api, "/api/v1/runs", limit=1)

    assert {run["source"] for run in runs} == {"endoflife", "city-glpi", "city-fusioninventory", "city-spreadsheet"}
    assert api.get("/api/v1/status").json()["lag"] == 0
    first = min(runs, key=lambda run: run["ended"])
    assert paged(api, "/api/v1/runs", limit=1, as_of=first["ended"]) == [first]


def test_health_and_metrics(api):
    assert api.get("/livez").json() == {"status": "ok"}
    assert api.get("/readyz").json() == {"status": "ok"}
    text = api.get("/metrics").text
    assert 'landkarte_nodes{kind="Client"} 200.0' in text
    assert 'landkarte_up{part="graph"} 1.0' in text


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/nowhere", 404, "/nowhere"),
        ("/api/v1/assets/none", 404, "no asset has the id"),
        ("/api/v1/assets?kind=Toaster", 404, "'Toaster' is not known"),
        ("/api/v1/assets?limit=100000", 422, "limit"),
        ("/api/v1/assets?after=!!", 422, "cursor"),
        ("/api/v1/changes?since=99999999999999999999999", 422, "since"),
        ("/api/v1/changes?since=-1", 422, "since"),
        ("/api/v1/assets/none/history?before=9223372036854775808", 422, "before"),
        ("/api/v1/runs?after=xyz", 422, "cursor"),
        ("/api/v1/status?as_of=2026-01-01", 422, "as_of: is no parameter of /api/v1/status; known are none"),
        ("/api/v1/assets?as-of=2026-01-01", 422, "as-of: is no parameter of /api/v1/assets; known are after, as_of,"),
        ("/api/v1/obsolescence?after=xyz", 422, "cursor"),
        ("/api/v1/obsolescence?on=soon", 422, "on"),
        ("/api/v1/obsolescence?source=none", 404, "source 'none' fits none"),
        ("/api/v1/obsolescence?verdict=old", 404, "'old' is not known"),
        ("/api/v1/obsolescence?part=engine", 404, "part 'engine' is not known; known are application, database"),
        ("/api/v1/obsolescence?milestone=end", 404, "milestone 'end' is not known"),
        ("/api/v1/obsolescence?unit=ESX-02", 404, "'ESX-02' is a Server, and no OrganisationUnit"),
        ("/api/v1/obsolescence?confidence=2", 422, "confidence"),
    ],
)
def test_every_error_is_a_problem_that_says_what_to_do(api, path, status, told):
    assert told in problem_of(api.get(path), status)


def test_another_method_is_a_problem_too(api):
    problem_of(api.request("POST", "/api/v1/assets"), 405)


class Away:
    """A part that cannot be reached."""

    def __init__(self, error):
        self._error = error

    def __getattr__(self, _name):
        raise self._error


def test_an_outage_of_the_graph_is_told_with_when_to_try_again(state):
    away = State(state.settings, state.log, Away(StoreUnavailable("bolt://x: does not answer")))
    api = Api(away)
    answer = api.get("/api/v1/assets")

    assert "does not answer" in problem_of(answer, 503)
    assert answer.headers["retry-after"] == "10"
    problem_of(api.get("/readyz"), 503)
    assert api.get("/livez").status_code == 200
    assert 'landkarte_up{part="graph"} 0.0' in api.get("/metrics").text


def test_an_outage_of_the_log_leaves_the_answers_alone(state):
    away = State(state.settings, Away(LogUnavailable("kafka: away")), state.store)
    api = Api(away)
    assert api.get("/api/v1/assets").status_code == 200
    problem_of(api.get("/readyz"), 503)
    problem_of(api.get("/api/v1/status"), 503)


def test_what_nobody_foresaw_is_a_problem_without_details(state):
    broken = State(state.settings, state.log, Away(ValueError("secret detail")))
    api = Api(broken)
    assert "secret detail" not in problem_of(api.get("/api/v1/assets"), 500)


def test_the_description_lists_every_route(api):
    paths = api.get("/openapi.json").json()["paths"]

    questions = {
        "assets",
        "assets/{asset_id}",
        "bom",
        "obsolescence",
        "obsolescence/groups",
        "obsolescence/trend",
        "protection",
        "impact",
        "impact.svg",
        "single-points",
        "false-redundancy",
        "runs",
        "status",
        "changes",
        "quality",
        "unassigned",
    }
    questions |= {"records", "records/schema"}
    parts = ("records", "identity", "history", "obsolescence", "needs", "protection")
    questions |= {f"assets/{{asset_id}}/{part}" for part in parts}
    assert set(paths) == {f"/api/v1/{question}" for question in questions} | {"/", "/livez", "/readyz", "/metrics"}
