"""Runs that others push: whose they are, and that a run which lost something never retires anything (law 4)."""

import asyncio
import json
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import structlog.testing

from events.codec import encode
from events.models import MAX_PROBLEMS
from events.outbox_errors import OutboxFull
from events.runs import Run
from services.api import guard, records
from services.collectors.base import Report
from tests.services.door import RECORD, Door, record
from tests.services.test_api import problem_of


@pytest.fixture
def door(tmp_path):
    found = Door(tmp_path)
    yield found
    found.close()


def begun(door, *records):
    return door.push(list(records), begin=True).json()["run"]


def test_two_who_push_at_the_same_time_retire_nothing_of_each_other(tmp_path):
    door = Door(tmp_path)
    door.push([record(key) for key in "abcd"], begin=True, end="complete")
    theirs = begun(door, record("a"))
    ours = begun(door, record("a"))
    refused = problem_of(door.push([record("b")], run=theirs, end="complete"), 409)
    ended = [
        door.push([record("b"), record("c")], run=ours).json(),
        door.push([record("d")], run=ours, end="complete").json(),
    ]
    door.close()

    assert "begin one (begin=true), and push everything again" in refused
    assert [one["status"] for one in ended] == ["", "complete"]
    assert door.live() == {"a", "b", "c", "d"}
    assert [report.status for report in door.reports()] == ["complete", "partial", "complete"]


def test_the_end_of_a_run_has_to_name_it(door):
    run = begun(door, RECORD)

    told = problem_of(door.push([], end="complete"), 409)
    assert "say run=ID" in told
    assert run not in told
    assert "say run=ID" in problem_of(door.push([], end="partial"), 409)
    assert door.push([], run=run, end="complete").json()["status"] == "complete"


def test_a_push_without_a_run_is_taken_while_somebodys_run_is_open_and_was_seen(tmp_path):
    door = Door(tmp_path)
    run = begun(door, RECORD)
    stray = door.push([record("b")])
    ended = door.push([], run=run, end="complete")
    door.close()

    assert (stray.status_code, stray.json()["run"], ended.json()["status"]) == (200, "", "complete")
    assert door.live() == {"a", "b"}


def test_who_comes_after_the_end_is_told_how_it_ended(door):
    run = begun(door, RECORD)
    door.push([], run=run, end="partial")
    assert "it ended as partial" in problem_of(door.push([], run=run), 409)


def test_a_run_is_found_by_its_id_as_it_stands_in_an_address(door):
    """A + in an address is a blank."""
    run = begun(door, RECORD)
    answer = door.post(f"/api/v1/records?source=mine&end=complete&run={run}", b"[]")
    assert ("+" in run, answer.json()["status"]) == (True, "complete")


def test_a_run_is_begun_or_gone_on_with(door):
    run = begun(door, RECORD)
    assert "say one of the two" in problem_of(door.push([], begin=True, run=run), 422)


@pytest.mark.parametrize(
    ("body", "asked", "status"),
    [
        (b"[", {}, 400),
        (b"{}", {}, 422),
        (b"[]", {"end": "soon"}, 422),
        (b"[]", {"sauce": "x"}, 422),
        (b" " * 2000, {}, 413),
    ],
)
def test_a_run_that_lost_a_push_is_not_complete_and_says_which(tmp_path, body, asked, status):
    door = Door(tmp_path, mine={"max_bytes": 1000})
    run = begun(door, RECORD)
    with structlog.testing.capture_logs() as told:
        lost = problem_of(door.push(body, run=run, **asked), status)
    ended = door.push([], run=run, end="complete").json()
    door.close()

    (report,) = door.reports()
    assert (ended["status"], report.failed, report.emitted) == ("partial", 1, 1)
    assert [line["reason"] for line in told if line["event"] == "refused"] == [report.problems[0].reason]
    assert report.problems[0].reason[-20:] == lost[-20:]


def test_a_run_that_lost_a_push_by_its_rate_is_not_complete(tmp_path):
    door = Door(tmp_path, mine={"per_minute": 2})
    run = begun(door, RECORD)
    answers = [door.push([record("b")], run=run) for _ in range(2)]
    door.close()

    assert [answer.status_code for answer in answers] == [200, 429]
    assert [report.failed for report in door.reports()] == [1]


def test_a_body_that_comes_too_slowly_is_refused_into_the_run(door, monkeypatch):
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.05)
    run = begun(door, RECORD)
    status = asyncio.run(sent(door, run, [part(b"[")]))

    assert status == 408
    assert door.push([], run=run, end="complete").json()["status"] == "partial"


def test_who_goes_away_in_the_middle_leaves_no_traceback_and_no_complete_run(door):
    run = begun(door, RECORD)
    with structlog.testing.capture_logs() as told:
        asyncio.run(sent(door, run, [part(b"[" + b" " * 1000), {"type": "http.disconnect"}]))
        asyncio.run(sent(door, run, [part(b"<REQUEST>"), {"type": "http.disconnect"}], path="/agents"))

    assert [line["event"] for line in told] == ["refused", "refused"]
    assert "went away after 1,001 bytes" in told[0]["reason"]
    assert door.push([], run=run, end="complete").json()["status"] == "partial"


def part(body):
    return {"type": "http.request", "body": body, "more_body": True}


async def sent(door, run, messages, path="/api/v1/records"):
    """The status of the answer to what arrives so; after it nothing more comes."""
    query = f"source=mine&run={run.replace('+', '%2B')}"
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [], "client": ("127.0.0.1", 1), "server": ("test", 80), "scheme": "http", "http_version": "1.1",
    }  # fmt: skip
    answers = []

    async def receive():
        return messages.pop(0) if messages else await asyncio.Event().wait()

    async def send(message):
        answers.append(message)

    await door._api._transport.app(scope, receive, send)
    return answers[0]["status"]


def test_what_is_in_flight_is_given_back_when_its_sender_goes_away(door):
    taken = guard.Guard(door.settings.sources[1].own())

    class Gone:
        async def stream(self):
            yield b"x" * 1000
            raise guard.ClientDisconnect

    async def receive():
        async with taken.body(Gone()):
            pass

    with pytest.raises(guard.Refusal, match="went away"):
        asyncio.run(receive())
    assert taken._in_flight == 0


def test_a_full_outbox_is_told_to_come_again_and_its_run_ends_as_partial(door, monkeypatch):
    run = begun(door, RECORD)
    put = fill(door, monkeypatch)
    answers = [door.push([record("b")], run=run), door.push([record("b")], run=run, end="complete")]
    monkeypatch.setattr(door.intakes["mine"]._outbox, "_check_room", put)
    ended = door.push([record("b")], run=run, end="complete")

    assert [answer.status_code for answer in answers] == [503, 503]
    assert answers[0].headers["retry-after"] == "60"
    assert (ended.status_code, ended.json()["status"]) == (200, "partial")


def fill(door, monkeypatch):
    def full():
        raise OutboxFull("it holds too much that waits for the log")

    outbox = door.intakes["mine"]._outbox
    before = outbox._check_room
    monkeypatch.setattr(outbox, "_check_room", full)
    return before


def test_what_the_outbox_lost_while_nobody_pushed_is_told_when_the_run_ends(tmp_path):
    """As after an error of the disk while it sends: nobody was refused anything."""
    door = Door(tmp_path)
    run = begun(door, RECORD)
    door.intakes["mine"]._outbox._run.lost = "disk I/O error"
    ended = door.push([], run=run, end="complete")
    door.close()

    assert (ended.status_code, ended.json()["status"]) == (200, "partial")
    assert "disk I/O error" in door.reports()[0].problems[0].reason


def test_refused_records_are_in_the_report_before_anybody_else_can_end_the_run(door, monkeypatch):
    """Another's end, in the moment in which the push is on the disk and not yet answered."""
    run = begun(door, RECORD)
    one = door.intakes["mine"]
    failed, commit = [], one._outbox.commit

    def noting():
        commit()
        failed.append(one._report.counts["failed"])

    monkeypatch.setattr(one._outbox, "commit", noting)
    door.push([{**RECORD, "kind": "Toaster"}], run=run)
    assert failed == [1]


class TestStrangers:
    """A source with a password."""

    @pytest.fixture
    def door(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PUSH", "sehr-geheim")
        found = Door(tmp_path, mine={"user": "racks", "password": "env:PUSH", "per_minute": 4})
        yield found
        found.close()

    def test_a_stranger_spoils_no_run_and_is_in_the_log(self, door):
        run = door.push([RECORD], begin=True, auth=("racks", "sehr-geheim")).json()["run"]
        with structlog.testing.capture_logs() as told:
            answers = [door.push([], auth=("racks", "geraten")), door.push([], run=run), door.push([], end="soon")]
        ended = door.push([], run=run, end="complete", auth=("racks", "sehr-geheim")).json()

        assert [answer.status_code for answer in answers] == [401, 401, 422]
        assert len([line for line in told if line["event"] == "refused"]) == 3
        assert ended["status"] == "complete"

    def test_passwords_cannot_be_guessed_at_full_speed(self, door):
        """Not even the right one is looked at."""
        guessed = [door.push([], auth=("racks", f"geraten{n}")).status_code for n in range(5)]
        right = door.push([RECORD], auth=("racks", "sehr-geheim")).status_code

        assert (guessed, right) == ([401, 401, 401, 401, 429], 429)
        assert not door.intakes["mine"]._report.counts

    def test_who_names_the_run_has_lost_a_push_by_its_rate(self, door):
        run = door.push([RECORD], begin=True, auth=("racks", "sehr-geheim")).json()["run"]
        answers = [door.push([], run=run, auth=("racks", "sehr-geheim")).status_code for _ in range(4)]

        assert answers == [200, 200, 200, 429]
        assert door.intakes["mine"]._report.counts["failed"] == 1


def test_an_agent_that_is_asked_for_its_password_is_no_failure_and_a_wrong_password_is(tmp_path, monkeypatch):
    monkeypatch.setenv("FLEET", "sehr-geheim")
    door = Door(tmp_path, user="agent", password="env:FLEET")
    door.post("/agents", b"x")
    door.post("/agents", b"x", auth=("agent", "geraten"))
    door.close()

    (report,) = door.reports("fleet")
    assert [problem.reason for problem in report.problems] == ["user or password is wrong"]


def test_a_report_can_be_written_whoever_wrote_the_texts_in_it(tmp_path):
    """Texts as JSON can hold them: endless, and half of a surrogate pair, which cannot be encoded."""
    door = Door(tmp_path)
    device = json.dumps({"deviceid": "\ud800" + "x" * 5000, "action": "y" * 5000 + "\udc00", "content": {}})
    answer = door.post("/agents", device.encode())
    pushed = door.push(json.dumps([{"native_key": "\ud800", "kind": "Server", "sections": {}}]).encode())
    odd = door.post("/agents", b'{"deviceid": [[]], "action": ["inventory"]}')
    door.close()

    assert (answer.status_code, odd.status_code, pushed.status_code) == (422, 422, 200)
    assert len(answer.json()["message"]) <= 1000
    assert {report.failed for report in (*door.reports("fleet"), *door.reports())} == {2, 1}


def test_a_reports_texts_are_short_enough_for_a_message():
    report = Report()
    report.failed("i" * 10_000, "r" * 10_000)
    report.failed("many", "the others", 5)

    assert [(len(one.item), len(one.reason)) for one in report.problems] == [(300, 1000), (4, 10)]
    assert report.counts["failed"] == 6


@pytest.mark.parametrize("character", ["\x01", "\U0001f5fa", "\ud800", '"'])
def test_the_longest_report_fits_into_a_message(character):
    report = Report()
    for _ in range(MAX_PROBLEMS + 1):
        report.failed(character * 5000, character * 5000)

    run = Run("r", "http", 50, {}, datetime.now(UTC), 1)
    counts = {"seen": 1001, "skipped": 0, "failed": 1001}
    encode(run.report({"source": "mine", "sequence": 1, "time": run.started}, "partial", counts, report.problems))


def test_of_many_refused_records_a_hundred_are_told_and_all_are_counted(tmp_path):
    door = Door(tmp_path)
    bad = [{"native_key": "x" * 5000, "kind": "Toaster"}, *({**RECORD, "kind": "Toaster"} for _ in range(150))]
    with structlog.testing.capture_logs() as told:
        answer = door.push([*bad, RECORD]).json()
    door.close()

    assert (answer["accepted"], len(answer["refused"]), answer["more_refused"]) == (1, 100, 51)
    assert max(len(one["item"]) for one in answer["refused"]) == 300
    assert len([line for line in told if line["event"] == "refused"]) == 100
    (report,) = door.reports()
    assert (report.seen, report.failed, report.emitted) == (152, 151, 1)
    assert "51 more" in report.problems[-1].reason


def test_of_one_record_with_very_many_faults_only_their_number_is_told(door):
    relations = [{}] * 3000
    answer = door.push([{**RECORD, "sections": {"core": {"relations": relations}}}]).json()
    assert "faults; /api/v1/records/schema" in answer["refused"][0]["reason"]


def test_a_record_of_very_many_parts_is_refused_before_its_faults_are_gathered(door, monkeypatch):
    """Each may be hundreds of bytes large."""
    monkeypatch.setattr(records, "MOST_PARTS", 100)
    monkeypatch.setattr(records.Draft, "model_validate", lambda _: pytest.fail("it was checked"))
    answer = door.push([{**RECORD, "sections": {"core": {"relations": [{}] * 100}}}]).json()
    assert answer["refused"] == [{"item": "0 a", "reason": "more than 100 values in one record"}]


def test_few_pushes_are_read_at_once(door, monkeypatch):
    """Each may take much memory."""
    push, crowd, crowded = door.intakes["mine"].push, threading.Barrier(guard.AT_ONCE + 1), []

    def noting(what):
        with suppress(threading.BrokenBarrierError):
            crowd.wait(1)  # for one too many
            crowded.append(what)
        return push(what)

    monkeypatch.setattr(door.intakes["mine"], "push", noting)

    async def all_of_them():
        return await asyncio.gather(*(sent(door, "", [{**part(b"[]"), "more_body": False}]) for _ in range(20)))

    assert asyncio.run(all_of_them()) == [200] * 20
    assert not crowded


def test_hours_pass_while_a_run_is_open(door):
    """It is the pusher's own, however long it takes."""
    run = begun(door, RECORD)
    one = door.intakes["mine"]
    one._clock = lambda: one.job.planned + timedelta(days=2)
    one._end_hour()
    assert door.push([], run=run, end="complete").json()["status"] == "complete"
