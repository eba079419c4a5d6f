"""What is asked of a failure, on the command line and over the API: evidence, doubt, assumptions, and errors."""

import json
import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from inventory.doubting import Stale, doubted
from inventory.failing import Result
from inventory.impact import impact_of
from inventory.topology import followed, load_topology
from services.api.live import LiveTopology
from services.api.state import State
from services.settings import load
from tests.inventory.facts import DEBIAN, facts
from tests.inventory.feeding import said, system, to
from tests.inventory.test_batch import START, withdrawn
from tests.servers.process import await_condition
from tests.services.graphs import Landscape, later
from tests.services.reports import with_properties
from tests.services.test_api import Api, problem_of

BOOKWORM = system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12")
IMPACT = "/api/v1/impact"


@pytest.fixture
def city(tmp_path):
    """A service on a cluster of two hosts, and on a register that is behind an address nobody knows."""
    found = Landscape(tmp_path / "one")
    found.apply(
        *facts(DEBIAN),
        said("sheet", "CitizenService", "Passport", to("OWNED_BY", "OrganisationUnit", "Registry")),
        with_properties(said("sheet", "OrganisationUnit", "Registry"), mailbox="registry@city.example"),
        said("sheet", "Application", "PASS", to("RUNS_ON", "Cluster", "Farm"),
             to("DELIVERS", "CitizenService", "Passport")),
        said("sheet", "Cluster", "Farm"),
        said("esx", "Server", "h1", BOOKWORM, to("MEMBER_OF", "Cluster", "Farm"), to("LOCATED_IN", "Location", "room")),
        said("esx", "Server", "h2", BOOKWORM, to("MEMBER_OF", "Cluster", "Farm")),
        said("esx", "Server", "h3"),
        said("esx", "VirtualMachine", "vm", to("RUNS_ON", "Server", "h1")),
        said("sheet", "Location", "room"),
        said("sheet", "Application", "MAIL", to("RUNS_ON", "VirtualMachine", "vm")),
    )  # fmt: skip
    yield found
    found.close()


@pytest.fixture
def ask(city, landkarte):
    files = {f"LANDKARTE_{name}": f"sqlite:///{city.folder}/{name.lower()}.db" for name in ("LOG", "GRAPH")}
    return partial(landkarte, "ask", "impact", **files)


@pytest.fixture
def api(city, tmp_path):
    state = State(load(None, data_dir=tmp_path), city.log, city.store)
    yield Api(state)
    state.close()


@pytest.fixture
def doubtful(city, tmp_path):
    """Of the hypervisors one has heard nothing for months, and of the sheet nothing is expected."""
    sources = [{"type": "local", "name": "esx", "silent_after_days": 3}]
    state = State(load(None, data_dir=tmp_path, sources=sources), city.log, city.store)
    yield Api(state)
    state.close()


def impact(api, *failed, **more):
    return api.request("POST", IMPACT, json={"failed": failed, **more})


def results(answer):
    return {item["name"]: item["result"] for item in answer.json()["items"]}


def test_redundancy_is_weighed_up_to_the_citizen(api):
    assert results(impact(api, "h2")) == {"Farm": "reserve", "PASS": "reserve", "Passport": "reserve"}
    assert set(results(impact(api, "h1", "h2")).values()) == {"stops"}


def test_what_only_a_silent_source_says_is_unknown_and_says_why(doubtful):
    both = impact(doubtful, "h1", "h2").json()
    assert {item["result"] for item in both["items"]} == {"unknown"}
    assert both["items"][0]["doubt"] == "nobody has lately confirmed that 'Farm' needs 'h1'"
    assert "hat zuletzt niemand bestätigt (esx)" in both["words"]["de"]
    assert set(results(impact(doubtful, "Farm")).values()) == {"stops"}  # what the sheet says is not in doubt


def test_a_record_that_its_source_has_not_seen_for_long_is_in_doubt_by_itself(city, doubtful):
    now = datetime.now(UTC)
    city.apply(
        said("esx", "Server", "h2", BOOKWORM, to("MEMBER_OF", "Cluster", "Farm"), at=int((now - START).total_seconds()))
    )

    assert results(impact(doubtful, "Farm"))["PASS"] == "stops"
    assert results(impact(doubtful, "h1"))["PASS"] == "unknown"  # h1 may be no member any more
    assert results(impact(doubtful, "h2"))["PASS"] == "unknown"  # and then h2 would be the only one
    city.apply(
        said("esx", "Server", "h4", to("MEMBER_OF", "Cluster", "Farm"), at=int((now - START).total_seconds()) + 1)
    )
    assert results(impact(doubtful, "h2", "h4"))["PASS"] == "unknown"
    assert results(impact(doubtful, "vm"))["MAIL"] == "stops"


def test_what_leads_through_an_endpoint_is_unknown_and_says_so(city, api):
    city.apply(said("agent", "Server", "db", to("MEMBER_OF", "Cluster", "not-described"), at=30),
               said("sheet", "Application", "FEES", to("RUNS_ON", "Cluster", "not-described"), at=31))  # fmt: skip
    told = impact(api, "db").json()

    assert {item["name"]: item["result"] for item in told["items"]}["FEES"] == "unknown"
    assert "nobody says what" in told["items"][-1]["doubt"]


def test_each_step_says_how_it_is_known_and_each_office_where_to_write(ask):
    code, out, _ = ask("h1", "h2", "--format", "json")
    told = json.loads(out)

    passport = told["items"][0]
    assert (code, passport["name"], passport["result"]) == (0, "Passport", "stops")
    assert (passport["offices"], passport["mailboxes"]) == (["Registry"], ["registry@city.example"])
    assert [(step["relation"], step["sources"]) for step in passport["steps"]] == [
        ("MEMBER_OF", ["esx"]), ("RUNS_ON", ["sheet"]), ("DELIVERS", ["sheet"]),
    ]  # fmt: skip
    assert all(step["since"] and step["confirmed"] for step in passport["steps"])
    assert (told["covered"], told["told_by"], told["beyond"]) == (True, ["esx"], 0)
    _, out, _ = ask("h1", "h2", "--explain", "Farm")
    assert out.splitlines()[0] == "Farm (Cluster): stops"
    assert "it needs 1 of 2; 2 stopped" in out
    assert ask("h3", "--explain", "Farm")[2].startswith("'Farm' is not affected")
    assert "is what fails" in ask("h1", "--explain", "h1")[2]
    assert "no asset has the id or name 'Pasport'" in ask("h1", "h2", "--explain", "Pasport")[2]
    far = ask("h1", "h2", "--explain", "passport", "--depth", "1", "--format", "json")
    assert json.loads(far[1])["result"] == "stops"


def test_a_room_a_product_a_cycle_and_a_vendor_can_fail(ask, api):
    names = lambda *asked: {row["name"] for row in json.loads(ask(*asked, "--format", "json")[1])["items"]}  # noqa: E731
    assert names("room") == {"h1", "vm", "MAIL", "Farm", "PASS", "Passport"}
    assert names("--product", "Debian", "--cycle", "12") == {"vm", "MAIL", "Farm", "PASS", "Passport"}
    assert len(impact(api, product="Debian").json()["failed"]) == 2
    assert "no asset has anything of 'Debian 13'" in ask("--product", "Debian", "--cycle", "13")[2]
    assert "no asset has anything of 'Nobody'" in problem_of(impact(api, vendor="Nobody"), 404)
    assert "nothing is named that fails" in problem_of(impact(api), 422)
    assert "a cycle is one of a product" in problem_of(impact(api, "h3", cycle="12"), 422)
    assert "failed" in problem_of(impact(api, ""), 422)


def test_how_far_is_said_with_what_lies_beyond(ask, api):
    near = impact(api, "room", depth=1).json()
    assert ([item["name"] for item in near["items"]], near["beyond"]) == (["h1"], 5)
    assert "5 more are further away than --depth 1" in ask("room", "--depth", "1")[2]
    assert "No citizen service" not in near["words"]["en"]
    page = impact(api, "room", limit=2).json()
    rest = impact(api, "room", limit=10, start=page["next"]).json()
    assert (page["total"], len(page["items"]), len(rest["items"]), rest["next"]) == (6, 2, 4, None)


@pytest.mark.parametrize(("change", "expected"), [
    ({"change": "move", "asset": "vm", "host": "h3"}, {"Farm", "PASS", "Passport"}),
    ({"change": "remove", "source": "h1", "relation": "LOCATED_IN", "target": "room"}, set()),
    ({"change": "repair", "asset": "h1"}, set()),
    ({"change": "add", "source": "h2", "relation": "LOCATED_IN", "target": "room"},
     {"h1", "h2", "vm", "MAIL", "Farm", "PASS", "Passport"}),
])  # fmt: skip
def test_a_plan_is_asked_before_it_is_done(api, change, expected):
    before = impact(api, "room").json()
    planned = impact(api, "room", assume=[change])

    assert {name for name in results(planned) if name != "h1"} == expected - {"h1"}
    assert impact(api, "room").json()["counts"] == before["counts"]  # nothing was changed by asking


def test_an_assumed_step_says_so(ask):
    out = ask("h3", "--assume", "move vm h3", "--explain", "MAIL")[1]
    assert "h3 -> vm: RUNS_ON (assumed" in out


@pytest.mark.parametrize(("change", "told"), [
    ("move vm h1", "'vm' runs on 'h1' already"),
    ("move h3 h1", "'h3' runs on nothing that it could be moved from"),
    ("remove vm RUNS_ON h3", "there is no 'vm' RUNS_ON 'h3' that could be removed"),
    ("add vm RUNS_ON h1", "is there already"),
    ("add vm LIKES h1", "'LIKES' is no relation by which failure travels"),
    ("add Passport DELIVERS vm", "the metamodel does not allow it"),
    ("move vm vm", "'vm' cannot RUNS_ON itself"),
    ("repair room", "cannot both fail and be repaired"),
    ("move vm nobody", "no asset has the id or name 'nobody'"),
])  # fmt: skip
def test_what_cannot_be_is_refused_with_the_reason(ask, change, told):
    code, out, err = ask("room", "--assume", change)
    assert (code, out) == (1, "")
    assert told in err


@pytest.mark.parametrize("text", ["move vm", "grow vm h1", "repair 'vm", ""])
def test_a_change_that_cannot_be_read_says_what_can(ask, text):
    code, _, err = ask("room", "--assume", text)
    assert (code, "is no change; as in" in err) == (2, True)


def test_every_error_over_http_is_a_problem(city, api):
    city.apply(said("b", "Application", "two", at=20), said("c", "Server", "two", at=20))
    move = {"change": "move", "asset": "vm", "host": "h1"}
    assert "runs on 'h1' already" in problem_of(impact(api, "room", assume=[move]), 422)
    assert "no asset has the id or name 'x'" in problem_of(impact(api, "x"), 404)
    assert "2 assets" in problem_of(impact(api, "two"), 409)
    assert "assume" in problem_of(impact(api, "room", assume=[{"change": "grow"}]), 422)
    assert "colour" in problem_of(impact(api, "room", colour="red"), 422)
    assert "as_of" in problem_of(impact(api, "room", as_of="yesterday"), 422)
    assert "is not kept" in problem_of(impact(api, "room", as_of="2020-01-01"), 410)


def test_what_is_assumed_is_no_sources_word(city, api):
    city.apply(said("rooms", "Server", "alone", at=20), said("rooms", "Server", "z", at=20))
    assumed = {"change": "add", "source": "alone", "relation": "DEPENDS_ON", "target": "z"}

    told = impact(api, "alone", assume=[assumed]).json()
    assert (told["covered"], told["told_by"]) == (False, [])


def test_an_endpoint_that_is_only_talked_to_is_no_part_of_it(city):
    city.apply(said("agent", "Server", "talker", to("CONNECTS_TO", "Server", "far-away"), at=30))
    loaded = load_topology(city.store)
    city.apply(said("agent", "Server", "other", at=31))

    assert followed(loaded, city.store).outline == load_topology(city.store).outline
    assert not [node for node in loaded.outline.nodes.values() if node.kind == "Endpoint"]


def test_what_is_unknown_says_why_wherever_the_doubt_is(city):
    city.apply(
        said("sheet", "Server", "h9", at=40),
        said("sheet", "Application", "A", to("DEPENDS_ON", "Server", "h9"), at=40),
        said("old", "Application", "B", to("DEPENDS_ON", "Server", "h9"), at=40),
        said("sheet", "Application", "C", to("DEPENDS_ON", "Application", "A", alternatives="one"),
             to("DEPENDS_ON", "Application", "B", alternatives="one"), at=40),
    )  # fmt: skip
    topology, nodes = load_topology(city.store), {n.name: n for n in city.store.assets(limit=100)}
    found = impact_of(topology, [nodes["h9"]], doubted(topology, Stale(frozenset({"old"}))))

    (told,) = [item for item in found.items() if item.node.name == "C"]
    assert (told.result, found.doubt_text(told)) == (
        Result.UNKNOWN, "nobody has lately confirmed that 'B' needs 'h9'",
    )  # fmt: skip


def test_whatever_goes_wrong_the_topology_goes_on_following(city, monkeypatch):
    monkeypatch.setattr("services.api.live.EVERY", 0.01)
    live = LiveTopology(city.store)
    live.keep()
    first, failing = live.get(), threading.Event()

    def broken(*_):
        failing.set()
        raise ValueError("something nobody foresaw")

    with monkeypatch.context() as patch:
        patch.setattr("services.api.live.followed", broken)
        assert failing.wait(30)
    city.apply(said("esx", "Server", "h6", at=90))
    await_condition(lambda: live.get().journal > first.journal, seconds=30, what="the topology to follow again")
    live.close()


def test_as_of_a_day_it_is_what_was_known_then(city, api):
    city.apply(later(withdrawn("esx/Server:h2", 60), days=3))

    assert "PASS" in results(impact(api, "h1"))
    assert results(impact(api, "h1", as_of="2026-01-01"))["PASS"] == "reserve"
    then = impact(api, "h1", as_of="2026-01-01").json()
    assert (then["as_known_at"], then["items"][0]["way"][0]["confirmed"]) == ("2026-01-01T23:59:59.999999Z", None)


def test_the_topology_follows_the_journal_and_is_what_would_be_loaded(city):
    before = load_topology(city.store)
    assert followed(before, city.store) is before
    city.apply(
        withdrawn("esx/Server:h2", 60),
        said("esx", "Server", "h4", to("MEMBER_OF", "Cluster", "Farm"), at=61),
        said("sheet", "Application", "NEW", to("DEPENDS_ON", "Server", "not-there"), at=62),
    )
    now = followed(before, city.store)
    assert now.outline == load_topology(city.store).outline
    assert now.journal == city.store.status().journal
    city.apply(said("sheet", "Application", "NEW", at=70))  # the Endpoint goes with what referred to it
    assert followed(now, city.store).outline == load_topology(city.store).outline
    assert before.outline != now.outline


def test_kept_in_a_thread_it_follows_and_nobody_waits(city, tmp_path, monkeypatch):
    monkeypatch.setattr("services.api.live.EVERY", 0.01)
    state = State(load(None, data_dir=tmp_path), city.log, city.store)
    state.live.keep()
    first = state.live.get()
    city.apply(said("esx", "Server", "h5", at=80))

    await_condition(lambda: state.live.get().journal > first.journal, seconds=30, what="the topology to follow")
    assert len(state.live.get().wiring.ids) == len(first.wiring.ids) + 1
    assert state.live.looked > START + timedelta(days=1)
    state.close()
