"""Protection needs as they are asked for: on the command line and over HTTP, now and as of a day, with overrides."""

import json
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from events.models import Identifier, Section
from events.outbox import Outbox
from graph.neo4j_store import Neo4jStore
from inventory.need_levels import GOALS, Level
from inventory.protection import Said
from inventory.protection_rows import Question, Rows, row_of
from inventory.set_needs import set_needs
from inventory.topology import load_topology
from services import curating
from services.answers import past_of, reader_of
from services.api.state import State
from services.curating import Note, Refused
from services.protecting import protection_of
from services.settings import load
from tests.inventory.feeding import to
from tests.inventory.test_batch import observed, when
from tests.services.graphs import Landscape, later
from tests.services.test_api import Api, paged, problem_of
from tests.whole.profiles import apply

NOTE = Note("only test data", "Erika Mustermann", date(2099, 12, 31))


def thing(kind, name, at, *relations, section="core", **needs):
    scheme = "hostname" if kind in {"Server", "VirtualMachine"} else "name"
    told = {f"protection_{goal}" if goal in GOALS else goal: text for goal, text in needs.items()}
    content = Section(
        name=name, identifiers=(Identifier(scheme=scheme, value=name),), properties=told, relations=relations
    )
    return observed(f"sheet/{kind}:{name}", at, content, kind=kind, first=0, section=section)


CITY = [
    thing("BusinessProcess", "Meldewesen", 10, confidentiality="hoch", availability="sehr hoch"),
    thing(
        "Application", "VOIS", 10,
        to("SUPPORTS", "BusinessProcess", "Meldewesen"), to("RUNS_ON", "VirtualMachine", "vm-1"),
        to("OWNED_BY", "OrganisationUnit", "IT"), confidentiality="normal",
    ),
    thing("VirtualMachine", "vm-1", 10, to("RUNS_ON", "Cluster", "farm")),
    thing("Cluster", "farm", 10),
    thing("Server", "esx-1", 10, to("MEMBER_OF", "Cluster", "farm"), to("LOCATED_IN", "Location", "RZ")),
    thing("Server", "esx-2", 10, to("MEMBER_OF", "Cluster", "farm"), to("LOCATED_IN", "Location", "RZ")),
    thing("Location", "RZ", 10),
    thing("OrganisationUnit", "IT", 10),
    thing("Server", "lonely", 10, availability="hoch", protection_reason="it is the only one"),
]  # fmt: skip


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "one")
    found.apply(*CITY)
    yield found
    found.close()


@pytest.fixture
def ask(city, landkarte):
    here = {f"LANDKARTE_{name}": f"sqlite:///{city.folder}/{name.lower()}.db" for name in ("LOG", "GRAPH")}

    def run(*arguments, **more):
        code, out, err = landkarte("ask", *arguments, **here, **more)
        assert code == 0, err
        return out, err

    return run


@pytest.fixture
def api(city, tmp_path):
    state = State(load(None, data_dir=tmp_path), city.log, city.store)
    yield Api(state)
    state.close()


def curate(city, *names, note=NOTE, clock=None):
    drafts = curating.pin(city.store, *names, note) if note else curating.unset(city.store, *names)
    with closing(Outbox(city.folder / "curation.db", "curation", **({"clock": clock} if clock else {}))) as outbox:
        curating.say(drafts, outbox, **({"clock": clock} if clock else {}))
        outbox.drain(city.log)
    city.apply()


def rows_in(reader):
    return list(Rows(protection_of(reader, load_topology(reader), 2), Question()))


def levels(reader, goal="availability"):
    found = protection_of(reader, load_topology(reader), 0)
    named = {node.name: node.id for node in found.wiring.outline.nodes.values()}
    return {name: found.need(node, goal).level.told for name, node in named.items()}


AVAILABILITY = {
    "Meldewesen": "sehr hoch", "VOIS": "sehr hoch", "vm-1": "sehr hoch", "farm": "sehr hoch", "esx-1": "hoch",
    "esx-2": "hoch", "RZ": "sehr hoch", "IT": "unknown", "lonely": "hoch",
}  # fmt: skip


def test_needs_follow_from_what_sources_say(city):
    assert levels(city.store) == AVAILABILITY
    assert levels(city.store, "confidentiality") == dict.fromkeys(AVAILABILITY, "hoch") | {
        "IT": "unknown", "lonely": "unknown",
    }  # fmt: skip
    assert set(levels(city.store, "integrity").values()) == {"unknown"}


def test_what_is_set_is_read_with_who_says_it_and_why(city):
    curate(city, "esx-1", "protection_availability", "very high")
    node = next(node for node in city.store.assets(text="esx-1"))
    said = set_needs(city.store)

    assert said[node.id].keys() == {"availability"}
    found = said[node.id]["availability"]
    assert (found.level, found.text, found.by) == (Level.VERY_HIGH, "sehr hoch", "Erika Mustermann")
    assert (found.reason, found.until, found.since) == (
        "only test data",
        date(2099, 12, 31),
        node.since["protection_availability"],
    )
    lonely = next(node for node in city.store.assets(text="lonely"))
    assert said[lonely.id] == {"availability": Said(Level.HIGH, "hoch", "sheet", "it is the only one", when(10))}
    assert len(said) == 4


def test_an_override_wins_until_it_is_taken_back(city):
    curate(city, "vm-1", "protection_availability", "normal")
    assert levels(city.store) == AVAILABILITY | {
        "vm-1": "normal", "farm": "normal", "esx-1": "normal", "esx-2": "normal", "RZ": "normal",
    }  # fmt: skip
    curate(city, "vm-1", "protection_availability", note=None)
    assert levels(city.store) == AVAILABILITY


@pytest.mark.servers
def test_both_stores_tell_the_same_now_and_as_of_a_day(city, neo4j):
    neo4j.wipe()
    curate(city, "vm-1", "protection_availability", "normal")
    with closing(Neo4jStore(neo4j.uri)) as store:
        apply(city.log, store)
        for moment in (None, when(1000)):
            with reader_of(city.store, moment) as one, reader_of(store, moment) as two:
                assert levels(two) == levels(one)
                assert set_needs(two) == set_needs(one)
                assert rows_in(two) == rows_in(one)
        with past_of(store, when(1000)) as past:
            assert levels(past) == AVAILABILITY


def test_what_a_person_sets_on_a_process_is_where_needs_begin(city):
    curate(city, "Meldewesen", "protection_availability", "normal")
    assert {name for name, level in levels(city.store).items() if level == "normal"} == {
        "Meldewesen", "VOIS", "vm-1", "farm", "esx-1", "esx-2", "RZ",
    }  # fmt: skip


def test_a_level_that_is_none_is_refused(city):
    with pytest.raises(Refused, match="'mittel' is no protection need; it is sehr hoch, hoch, normal"):
        curating.pin(city.store, "vm-1", "protection_integrity", "mittel", NOTE)


def test_the_command_tells_rows_highest_first(ask):
    out, err = ask("protection", "--goal", "availability", "--level", "sehr hoch", "--level", "hoch", "--format", "csv")
    rows = [line.split(",")[:5] for line in out.splitlines()[1:]]
    assert [row[0] for row in rows] == ["Meldewesen", "RZ", "VOIS", "farm", "vm-1", "esx-1", "esx-2", "lonely"]
    assert "availability: 9 assets: 5 sehr hoch, 3 hoch, 0 normal, 1 unknown" in err
    assert "cumulation from 10 assets of a kind on" in err

    table, err = ask("protection", "esx-1", "--limit", "1")
    assert table.split() == [
        *"LEVEL GOAL ASSET KIND COMPUTED HOW CAUSE OVERRIDE REMARKS".split(),
        *"hoch confidentiality esx-1 Server hoch maximum Meldewesen".split(),
    ]
    assert "… and 2 more rows" in err


def test_the_command_chooses_by_kind_unit_and_location(ask):
    def names(*more):
        told = json.loads(ask("protection", "--goal", "availability", "--format", "json", *more)[0])
        return [row["asset"] for row in told["rows"]]

    assert names("--kind", "Server") == ["esx-1", "esx-2", "lonely"]
    assert names("--location", "RZ", "--kind", "Server") == ["esx-1", "esx-2"]
    assert names("--unit", "-", "--kind", "Server") == ["lonely"]
    assert names("--level", "unknown") == ["IT"]


def test_the_command_explains_one_asset_in_both_languages(ask, city):
    curate(city, "RZ", "protection_availability", "normal")
    out, _ = ask("protection", "--explain", "RZ")

    assert "RZ · Location" in out
    day = datetime.now(UTC).date()
    assert (
        f"Verfügbarkeit: normal; von Hand normal statt sehr hoch: only test data (Erika Mustermann, seit {day}, "
        "bis 2099-12-31). Sehr hoch: vererbt von 'Meldewesen' über 'VOIS', 'vm-1', 'farm', 'esx-1' (Maximumprinzip). "
        "Achtung: von Hand niedriger als berechnet."
    ) in out
    assert "Integrity: unknown; no protection need is set on anything that depends on it." in out
    told = json.loads(ask("protection", "--explain", "RZ", "--format", "json")[0])
    assert [row["goal"] for row in told] == list(GOALS)
    assert told[2]["words"]["en"].startswith("Availability: normal; by hand normal instead of very high")


def test_the_setting_says_from_which_number_needs_cumulate(ask, city):
    city.apply(
        *(thing("Application", f"a{n}", 20, to("RUNS_ON", "Server", "lonely"), integrity="normal") for n in (1, 2))
    )

    def told(**more):
        out, _ = ask("protection", "lonely", "--goal", "integrity", "--format", "json", **more)
        (row,) = json.loads(out)["rows"]
        return row["level"], row["how"], row["cause"]

    assert told() == ("normal", "maximum", "a1")
    assert told(LANDKARTE_PROTECTION='{"cumulation": 2}') == ("hoch", "cumulation", "2 or more: Application")
    assert told(LANDKARTE_PROTECTION='{"cumulation": 0}') == ("normal", "maximum", "a1")


def test_a_change_of_a_level_is_in_the_journal_and_the_past_is_computed_as_it_was(city, ask):
    city.apply(later(thing("BusinessProcess", "Meldewesen", 99, confidentiality="hoch", availability="normal"), days=4))

    told = json.loads(ask("changes", "Meldewesen", "--format", "json")[0])
    assert told[0]["lines"] == ["protection_availability: sehr hoch → normal"]
    out, err = ask("protection", "RZ", "--goal", "availability", "--as-of", "2026-01-02", "--format", "csv")
    assert out.splitlines()[1].split(",")[3:6] == ["availability", "sehr hoch", "sehr hoch"]
    assert "as of 2026-01-02" in err
    assert (
        ask("protection", "RZ", "--goal", "availability", "--format", "csv")[0].splitlines()[1].split(",")[4]
        == "normal"
    )


def test_an_override_is_in_the_journal_and_only_since_then(city, ask):
    before = levels(city.store)
    curate(city, "vm-1", "protection_availability", "normal")
    told = json.loads(ask("changes", "vm-1", "--format", "json")[0])
    assert told[0]["lines"] == ["protection_availability: - → normal"]
    with past_of(city.store, when(1000)) as past:
        assert levels(past) == before
    with past_of(city.store, datetime.now(UTC)) as past:
        assert levels(past) == levels(city.store)


def test_who_overrode_it_is_not_kept_in_the_past_and_told_as_its_source(city):
    curate(city, "vm-1", "protection_availability", "normal")
    moment = datetime.now(UTC)
    curate(city, "vm-1", "protection_availability", "hoch", note=Note("no longer", "E. M."))
    with past_of(city.store, moment) as past:
        told = protection_of(past, load_topology(past), 0)
        node = next(node for node in past.assets(text="vm-1")).id
        found = told.said[node]["availability"]
        assert row_of(told, told.need(node, "availability")).remarks == ("override below computed",)
    assert (found.level, found.by, found.reason) == (Level.NORMAL, "curation", "")


def test_the_api_gives_the_same_rows_in_pages(api, ask):
    rows = json.loads(ask("protection", "--format", "json")[0].replace("+00:00", "Z"))
    found = api.get("/api/v1/protection", params={"limit": 1000}).json()

    assert found["items"] == rows["rows"]
    assert (found["totals"], found["assets"], found["cumulation"]) == (rows["totals"], 9, 10)
    assert paged(api, "/api/v1/protection", limit=4) == found["items"]
    assert len(paged(api, "/api/v1/protection", limit=4, goal="availability", kind="Server")) == 3
    chosen = api.get("/api/v1/protection", params={"id": ["RZ", "farm"], "level": "sehr hoch"}).json()
    assert [row["asset"] for row in chosen["items"]] == ["RZ", "farm"]
    then = api.get("/api/v1/protection", params={"limit": 1000, "as_of": "2026-01-02"}).json()
    assert (then["items"], then["as_known_at"][:10]) == (found["items"], "2026-01-02")


def test_the_api_explains_one_asset(api, city):
    node = next(node for node in city.store.assets(text="esx-1"))
    found = api.get(f"/api/v1/assets/{node.id}/protection").json()

    assert [row["goal"] for row in found] == list(GOALS)
    assert found[2]["way"] == ["esx-1", "farm", "vm-1", "VOIS", "Meldewesen"]
    assert found[2]["words"]["de"].endswith("eine Stufe niedriger (Verteilungseffekt).")


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("?level=hight", 404, "level 'hight' is not known; known are hoch, normal, sehr hoch, unknown"),
        ("?goal=speed", 404, "goal 'speed' is not known"),
        ("?kind=Toaster", 404, "'Toaster' is not known"),
        ("?id=nobody", 404, "no asset has the id or name"),
        ("?after=xyz", 422, "is no cursor"),
        ("?after=eHl6", 422, "no cursor of this question"),
        ("?asset=x", 422, "asset: is no parameter"),
    ],
)
def test_the_api_says_what_is_wrong(api, path, status, told):
    assert told in problem_of(api.get(f"/api/v1/protection{path}"), status)
