"""What waits in an outbox is sent at the end of a run, also of one that failed."""

from contextlib import closing

import pytest

from events.codec import decode
from events.log import RECORDS, RUNS, LogUnavailable, TopicPartition
from events.models import Draft, Section
from events.outbox import Outbox
from events.sqlite_log import SqliteLog
from services import bootstrap
from services.collectors.base import SourceUnavailable
from services.running import job_of, know_log, run_once
from services.settings import load
from tests.events.conftest import read_all


def settings(folder, log):
    gone = {"type": "glpi", "name": "gone", "paths": [str(folder / "none")]}
    return load(None, log=log, data_dir=folder, sources=[gone])


def fail_once(found):
    with pytest.raises(SourceUnavailable, match="there is no such file or folder"):
        run_once(found, job_of(found, found.source("gone")), no_wait, print)


def test_the_report_of_a_run_that_failed_is_sent_though_its_source_keeps_failing(tmp_path):
    found = settings(tmp_path, f"sqlite:///{tmp_path}/log.db")
    fail_once(found)

    with closing(bootstrap.open_log(found)) as log:
        starts = {TopicPartition(RUNS, number): 0 for number in range(log.partitions(RUNS))}
        (report,) = [decode(message) for message in log.read(starts, timeout=0, max_bytes=1 << 20)]
    assert (report.source, report.status) == ("gone", "failed")


def test_a_log_that_is_away_keeps_no_error_waiting(tmp_path):
    found = settings(tmp_path, "kafka://127.0.0.1:1")
    fail_once(found)

    with closing(bootstrap.open_outbox(found, "gone")) as outbox:
        assert outbox.depth() == 1


def test_a_run_while_the_log_is_away_says_everything_since_another_may_come_back(tmp_path):
    with (
        closing(Outbox(tmp_path / "outbox.db", "a")) as outbox,
        closing(SqliteLog(tmp_path / "old.db")) as old,
        closing(SqliteLog(tmp_path / "new.db")) as new,
    ):
        say(outbox, old)
        say(outbox, old)
        know_log(outbox, "a", away, print)
        say(outbox, new)

        said = [dict(message.headers)["ce_type"] for message in read_all(new, [RECORDS])]
    assert b"landkarte.record.observed.v1" in said


def no_wait(reason, _seconds):
    pytest.fail(f"it waits for the log: {reason}")


def say(outbox, log):
    outbox.begin("run", "glpi", 50)
    outbox.put(Draft(native_key="1", kind="Server", sections={"core": Section(name="x")}))
    outbox.end("complete", seen=1)
    outbox.drain(log)


def away():
    raise LogUnavailable("the cable was pulled")
