"""The thread that sends what was accepted: outages are waited out in one line, and its end is seen."""

import pytest
import structlog.testing

from events.log import RECORDS, LogUnavailable, PositionLost
from events.models import RecordObserved
from events.outbox_errors import OutboxFull, OutboxUnavailable
from graph.store import AccessDenied, StoreUnavailable
from services import intake
from tests.servers.process import await_condition
from tests.services.door import RECORD, Door
from tests.services.test_api import problem_of


@pytest.mark.parametrize(
    "outage", [OutboxFull, OutboxUnavailable, PositionLost, AccessDenied, StoreUnavailable, LogUnavailable]
)
def test_an_outage_is_one_line_and_then_it_goes_on(tmp_path, monkeypatch, outage):
    drain, failed = intake.drain, []

    def failing(*parts):
        if not failed:
            failed.append(1)
            raise outage("the disk is full")
        return drain(*parts)

    monkeypatch.setattr(intake, "BACK_OFF", (0.01,))
    monkeypatch.setattr(intake, "drain", failing)
    with structlog.testing.capture_logs() as told:
        door = Door(tmp_path)
        answer = door.push([RECORD])
        await_condition(lambda: not door.intakes["mine"]._outbox.depth(), seconds=20, what="it to be sent")
        alive = door.get("/livez").status_code
        door.close()

    assert (answer.status_code, alive, failed) == (200, 200, [1])
    assert [line["reason"] for line in told if line["log_level"] != "info"] == ["the disk is full"]
    assert len(door.said(RECORDS, RecordObserved)) == 1


def test_what_cannot_be_waited_out_is_told_to_all(tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(intake, "drain", broken)
    with structlog.testing.capture_logs() as told:
        door = Door(tmp_path)
        await_condition(lambda: door.intakes["mine"].fault, seconds=20, what="the thread to end")
        await_condition(lambda: door.intakes["fleet"].fault, seconds=20, what="the other thread to end")
        answer, alive = door.push([RECORD]), door.get("/livez")
    monkeypatch.undo()
    door.close()

    assert "nobody thought of this" in problem_of(answer, 503)
    assert "source mine: what was accepted cannot be sent" in problem_of(alive, 503)
    errors = [line for line in told if line["log_level"] == "error"]
    assert [line["source"] for line in sorted(errors, key=lambda line: line["source"])] == ["fleet", "mine"]
    assert not any("exc_info" in line for line in errors)


def test_a_service_that_cannot_write_its_last_report_ends_all_the_same(tmp_path, monkeypatch):
    door = Door(tmp_path)
    door.push([RECORD])

    def full(*_, **__):
        raise OutboxFull("the disk is full")

    monkeypatch.setattr(door.intakes["mine"]._outbox, "end", full)
    with structlog.testing.capture_logs() as told:
        door.close()

    assert [line["reason"] for line in told if line["log_level"] == "warning"] == ["the disk is full"]
    Door(tmp_path).close()  # it has let go of its outbox
