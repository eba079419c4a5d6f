"""What waits in an outbox is sent at the end of a run, also of one that failed."""

from contextlib import closing

import pytest

from events.codec import decode
from events.log import RUNS, TopicPartition
from services import bootstrap
from services.cli.sources import job_of, run_once
from services.collectors.base import SourceUnavailable
from services.settings import load


def settings(folder, log):
    gone = {"type": "glpi", "name": "gone", "paths": [str(folder / "none")]}
    return load(None, log=log, data_dir=folder, sources=[gone])


def fail_once(found):
    with pytest.raises(SourceUnavailable, match="there is no such file or folder"):
        run_once(found, job_of(found.source("gone")))


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
