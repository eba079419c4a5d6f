"""What agents and others push: on the disk before the answer, or refused with a status and a reason."""

import asyncio
import gzip
import json
import sqlite3
import zlib
from contextlib import closing
from xml.etree import ElementTree as ET

import httpx
import pytest
import structlog.testing

from events.log import RECORDS, RUNS
from events.models import RecordObserved, RunReport
from events.outbox_errors import OutboxFull
from services import bootstrap, intake
from services.api.state import State
from services.settings import load
from tests.services.collectors.test_agents import INVENTORY, xml
from tests.services.door import RECORD, Door, record
from tests.services.test_api import Api, problem_of

PROLOG = b"<REQUEST><DEVICEID>pc-1</DEVICEID><QUERY>PROLOG</QUERY><TOKEN>12345678</TOKEN></REQUEST>"
MACHINE = xml("<HARDWARE><NAME>pc-2</NAME><LASTLOGGEDUSER>erika</LASTLOGGEDUSER></HARDWARE>")
PACK = {"zlib": zlib.compress, "gzip": gzip.compress, "plain": bytes}
UNPACK = {"zlib": zlib.decompress, "gzip": gzip.decompress, "plain": bytes}


@pytest.fixture
def door(tmp_path):
    found = Door(tmp_path)
    yield found
    found.close()


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("path", ["/agents", "/ocsinventory", "/front/inventory.php", "/plugins/fusioninventory/"])
def test_an_agent_that_speaks_xml_is_told_to_report_and_is_answered_in_its_packing(door, packing, path):
    asked = door.post(path, PACK[packing](PROLOG))
    reported = door.post(path, PACK[packing](MACHINE))

    told = ET.fromstring(UNPACK[packing](asked.content))
    assert (asked.status_code, told.findtext("RESPONSE"), told.findtext("PROLOG_FREQ")) == (200, "SEND", "24")
    assert reported.status_code == 200
    assert ET.fromstring(UNPACK[packing](reported.content)).tag == "REPLY"


@pytest.mark.parametrize("packing", PACK)
def test_a_glpi_agent_makes_contact_and_reports_as_json(tmp_path, packing):
    """The agent is not in Debian; its own client module says what it sends and accepts."""
    door = Door(tmp_path)
    contact = {"action": "contact", "deviceid": "PC-1-2026", "name": "GLPI-Agent", "version": "1.7"}
    answers = [
        door.post("/front/inventory.php", PACK[packing](json.dumps(said).encode()))
        for said in (contact, INVENTORY | {"action": "inventory"})
    ]
    door.close()

    for answer in answers:
        assert answer.status_code == 200
        assert json.loads(UNPACK[packing](answer.content)) == {"status": "ok", "expiration": 24}
        media = {"plain": "application/json"}.get(packing, f"application/x-compress-{packing}")
        assert answer.headers["content-type"] == media
    assert {event.native_key for event in door.said(RECORDS, RecordObserved)} == {"PC-1-2026"}


def test_what_was_answered_is_on_the_disk(tmp_path, monkeypatch):
    """Nothing is sent yet; whoever opens the file then, as after kill -9, finds it."""
    monkeypatch.setattr(intake, "drain", lambda *_: 0)
    door = Door(tmp_path)
    answer = door.post("/agents", MACHINE)
    with closing(sqlite3.connect(f"file:{tmp_path}/outbox/fleet.db?mode=ro", uri=True)) as other:
        committed = {key for (key,) in other.execute("SELECT key FROM queue")}
    door.close()

    assert answer.status_code == 200
    assert committed == {b"fleet/PC-2#core"}


BOMB = zlib.compress(b"<REQUEST>" + b" " * 200_000_000)
ENTITIES = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><REQUEST>&x;</REQUEST>'


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"x" * 2000, 400, "neither XML nor JSON"),
        (b"", 400, "neither XML nor JSON"),
        (zlib.compress(MACHINE)[:-20], 400, "cut off"),
        (b"\x1f\x8b\x08broken", 400, "cannot be unpacked"),
        (ENTITIES, 400, "declares entities or a DTD"),
        (b"<REQUEST>", 400, "not readable as XML"),
        (b'{"deviceid": ', 400, "not readable as JSON"),
        (b'{"deviceid": "x", "content": {}}', 422, "without any section"),
        (b'{"action": "netdiscovery", "deviceid": "x"}', 422, "'netdiscovery', which is no inventory"),
        (xml("", query="DOWNLOAD"), 422, "'DOWNLOAD'"),
        (BOMB, 413, "more than 67,108,864 bytes when unpacked"),
        (b"x" * 17 * 1024 * 1024, 413, "larger than the 16,777,216 bytes"),
    ],
)
def test_what_is_refused_has_its_status_and_its_reason_in_the_log_and_in_the_report(tmp_path, data, status, reason):
    door = Door(tmp_path)
    with structlog.testing.capture_logs() as told:
        answer = door.post("/agents", data)
        assert door.post("/agents", MACHINE).status_code == 200
    door.close()

    assert (answer.status_code, answer.json()["status"]) == (status, "error")
    assert reason in answer.json()["message"]
    assert any(reason in line.get("reason", "") for line in told if line["event"] == "refused")
    (report,) = [one for one in door.said(RUNS, RunReport) if one.source == "fleet"]
    assert (report.status, report.seen, report.emitted, report.failed) == ("partial", 2, 1, 1)
    assert reason in report.problems[0].reason


def test_too_many_requests_of_one_address_are_told_when_to_come_again(tmp_path):
    door = Door(tmp_path, per_minute=3)
    answers = [door.post("/agents", PROLOG) for _ in range(5)]
    door.close()

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["retry-after"] == "60"


def test_who_knows_the_password_may_report(tmp_path, monkeypatch):
    monkeypatch.setenv("FLEET", "sehr-geheim")
    door = Door(tmp_path, user="agent", password="env:FLEET")
    with structlog.testing.capture_logs() as told:
        answers = [
            door.post("/agents", MACHINE),
            door.post("/agents", MACHINE, auth=("agent", "falsch-geraten")),
            door.post("/agents", MACHINE, headers={"Authorization": "Basic !!"}),
            door.post("/agents", MACHINE, auth=("agent", "sehr-geheim")),
        ]
    door.close()

    assert [answer.status_code for answer in answers] == [401, 401, 401, 200]
    assert answers[0].headers["www-authenticate"].startswith("Basic")
    assert not any(word in str(told) for word in ("sehr-geheim", "falsch-geraten"))


def test_a_full_outbox_accepts_nothing_and_says_when_to_come_again(door, monkeypatch):
    def full(_draft):
        raise OutboxFull("it holds too much that waits for the log")

    monkeypatch.setattr(door.intakes["fleet"]._outbox, "put", full)
    answer = door.post("/agents", MACHINE)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


def test_without_a_source_for_agents_the_paths_say_so(tmp_path):
    settings = load(None, data_dir=tmp_path, log=f"sqlite:///{tmp_path}/l.db", graph=f"sqlite:///{tmp_path}/g.db")
    with closing(bootstrap.open_log(settings)) as log, closing(bootstrap.open_store(settings)) as store:
        answer = Api(State(settings, log, store)).request("POST", "/ocsinventory", content=PROLOG)
    assert "no source of the type agents is configured" in problem_of(answer, 404)


def test_an_hour_ends_a_run_that_retires_nothing(tmp_path, monkeypatch):
    door = Door(tmp_path)
    door.post("/agents", MACHINE)
    monkeypatch.setattr(intake, "PERIOD", intake.PERIOD * 0)
    door.intakes["fleet"]._end_hour()
    door.post("/agents", MACHINE)
    door.close()

    reports = [one for one in door.said(RUNS, RunReport) if one.source == "fleet"]
    assert [report.status for report in reports] == ["partial", "partial"]
    assert len({report.run for report in reports}) == 2


def test_a_user_is_dropped_or_hashed(tmp_path, monkeypatch):
    monkeypatch.setenv("KEY", "k" * 20)
    monkeypatch.setenv("LANDKARTE_PERSON_KEY", "env:KEY")
    kept = {}
    for persons in ("drop", "hash"):
        door = Door(tmp_path / persons, persons=persons)
        door.post("/agents", MACHINE)
        door.close()
        kept[persons] = [event.content.properties for event in door.said(RECORDS, RecordObserved)]

    assert [("last_user" in one) for one in kept["drop"]] == [False]
    (hashed,) = [one["last_user"] for one in kept["hash"]]
    assert len(hashed) == 16
    assert "erika" not in str(kept)


class TestRecords:
    """Anybody's own collector."""

    def test_good_records_are_accepted_and_bad_ones_are_named(self, tmp_path):
        door = Door(tmp_path)
        bad = [{"native_key": "", "kind": "Server", "sections": {}}, {**RECORD, "native_key": "t", "kind": "Toaster"}]
        answer = door.push([RECORD, *bad, "x"])
        door.close()

        assert answer.status_code == 200
        assert answer.json()["accepted"] == 1
        assert {one["item"]: one["reason"][:24] for one in answer.json()["refused"]} == {
            "1": "native_key: String shoul",
            "2 t": "kind 'Toaster' is not in",
            "3": ": Input should be a vali",
        }
        assert {event.native_key for event in door.said(RECORDS, RecordObserved)} == {"a"}

    def test_a_run_in_several_pushes_ends_as_complete_and_retires_what_it_did_not_see(self, tmp_path):
        door = Door(tmp_path)
        first = door.push([RECORD, record("b")], begin=True, end="complete")
        begun = door.push([RECORD], begin=True)
        last = door.push([], run=begun.json()["run"], end="complete")
        door.close()

        assert (first.json()["status"], begun.json()["status"], last.json()["status"]) == ("complete", "", "complete")
        assert door.live() == {"a"}

    def test_a_run_that_was_not_begun_here_cannot_be_complete(self, door):
        """The service was started again in the middle: what was pushed before would be retired."""
        told = problem_of(door.push([RECORD], end="complete"), 409)

        assert "no run was begun here" in told
        assert door.push([RECORD], end="partial").json()["status"] == "partial"

    def test_an_hour_does_not_cut_a_run_that_somebody_pushes(self, door, monkeypatch):
        """The part after it would be taken for all there is."""
        run = door.push([RECORD], begin=True).json()["run"]
        monkeypatch.setattr(intake, "PERIOD", intake.PERIOD * 0)
        door.intakes["mine"]._end_hour()

        assert door.push([record("b")], run=run, end="complete").json()["status"] == "complete"
        assert door.intakes["mine"]._outbox._queue.last_complete() == 2

    def test_a_run_with_a_bad_record_is_not_complete(self, door):
        answer = door.push([RECORD, "x"], begin=True, end="complete")
        assert answer.json()["status"] == "partial"

    @pytest.mark.parametrize(
        ("body", "asked", "status", "reason"),
        [
            (
                "[]",
                {"source": "fleet"},
                404,
                "source 'fleet' is not configured with the type http; configured are: mine",
            ),
            ("{}", {"source": "mine"}, 422, "no list of records"),
            ("[", {"source": "mine"}, 400, "not readable as JSON"),
            ("[" * 100_000, {"source": "mine"}, 400, "not readable as JSON"),
            ("[]", {"source": "mine", "end": "soon"}, 422, "end"),
            ("[]", {"source": "mine", "sauce": "x"}, 422, "sauce"),
            ("[]", {}, 422, "source"),
        ],
    )
    def test_wrong_use_is_a_problem_that_says_what_is_wrong(self, door, body, asked, status, reason):
        assert reason in problem_of(door.post("/api/v1/records", body, params=asked), status)

    def test_the_schema_is_published(self, door):
        schema = door.get("/api/v1/records/schema").json()
        assert schema["type"] == "array"
        assert {"native_key", "kind", "sections"} <= set(schema["$defs"]["Draft"]["properties"])


def test_many_at_once_are_all_accepted(tmp_path):
    door = Door(tmp_path)
    machines = [xml(f"<HARDWARE><NAME>pc-{n}</NAME></HARDWARE>", device=f"pc-{n}") for n in range(40)]

    async def all_of_them():
        async with httpx.AsyncClient(transport=door._api._transport, base_url="http://test") as client:
            return await asyncio.gather(*(client.post("/agents", content=machine) for machine in machines))

    answers = asyncio.run(all_of_them())
    door.close()

    assert {answer.status_code for answer in answers} == {200}
    assert {event.native_key for event in door.said(RECORDS, RecordObserved)} == {f"pc-{n}" for n in range(40)}
