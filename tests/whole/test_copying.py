"""The log moves to another place, the graph is built there anew, and is the same: to a file, and to real servers."""

import subprocess
import sys
from collections import defaultdict
from datetime import datetime

import pytest

from events.kafka_log import KafkaLog
from events.log import RECORDS, LogUnavailable
from events.sqlite_log import SqliteLog
from graph.neo4j_store import Neo4jStore
from graph.sqlite_store import SqliteStore
from inventory.kept import BEGINS
from services import copying
from services.copying import COPIED, copy, exact_from
from tests.events.conftest import read_all
from tests.whole.profiles import Clock, apply, city, city_jobs, say, shown

BATCH = 60_000
"""Bytes: the small city becomes some twenty batches."""


def contents(log):
    found = defaultdict(list)
    for stored in read_all(log, COPIED):
        found[stored.at].append((stored.key, stored.headers, stored.value))
    return found


@pytest.fixture
def old(tmp_path, monkeypatch):
    """The sample city, collected twice, in an embedded log and graph."""
    monkeypatch.setattr(copying, "BATCH_BYTES", BATCH)
    log, store = SqliteLog(tmp_path / "log.db", partitions=3), SqliteStore(tmp_path / "graph.db")
    jobs, clock = city_jobs(city(tmp_path / "city")), Clock()
    for _ in range(2):
        say(jobs, tmp_path, log, clock)
    apply(log, store)
    yield log, store
    log.close()
    store.close()


def test_a_graph_built_from_a_copy_in_a_file_is_the_same(tmp_path, old):
    log, store = old
    target, built, batches = SqliteLog(tmp_path / "new.db", partitions=3), SqliteStore(tmp_path / "built.db"), []

    done = copy(log, target, tmp_path, batches.append)
    apply(target, built)

    assert len(batches) > 10
    assert done.exact_from is None
    assert contents(target) == contents(log)
    assert shown(built) == shown(store)
    assert len(shown(built)[0]) > 1000
    target.close()
    built.close()


def test_what_is_collected_after_the_move_goes_on_where_the_old_log_ended(tmp_path, old):
    log, store = old
    target, built, clock = SqliteLog(tmp_path / "new.db", partitions=3), SqliteStore(tmp_path / "built.db"), Clock()
    copy(log, target, tmp_path)
    apply(target, built)
    journal = built.status().journal

    say(city_jobs(tmp_path / "city"), tmp_path, target, clock)
    apply(target, built)
    assert built.status().journal == journal  # the same once more is no change
    assert shown(built) == shown(store)
    target.close()
    built.close()


PROGRAM = f"""
import sys
from pathlib import Path
from events.kafka_log import KafkaLog
from events.sqlite_log import SqliteLog
from services import copying

def wait(count, seen=[]):
    seen.append(count)
    if len(seen) == 5:
        print("copying", flush=True)
        sys.stdin.read()

copying.BATCH_BYTES = {BATCH}
folder = Path(sys.argv[1])
copying.copy(SqliteLog(folder / "log.db"), KafkaLog(sys.argv[2], 3), folder, wait)
"""


@pytest.mark.servers
def test_a_copy_to_servers_that_dies_and_loses_its_broker_gives_the_same_graph(tmp_path, old, kafka, neo4j):
    log, store = old
    kafka.wipe()
    neo4j.wipe()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path), kafka.bootstrap],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
    ) as process:
        assert process.stdout.readline() == b"copying\n"
        process.kill()
    target = KafkaLog(kafka.bootstrap, 3, wait_seconds=3)
    built = Neo4jStore(neo4j.uri)
    assert 0 < sum(target.ends(COPIED).values()) < sum(log.ends(COPIED).values())

    copied = []

    def lose_the_broker(count):
        copied.append(count)
        if len(copied) == 3:
            kafka.kill()

    try:
        with pytest.raises(LogUnavailable):
            copy(log, target, tmp_path, lose_the_broker)
    finally:
        kafka.start()
    done = copy(log, target, tmp_path)
    apply(target, built)

    assert done.before > sum(copied) > 0
    assert target.partitions(RECORDS) == 3
    assert contents(target) == contents(log)
    assert shown(built) == shown(store)
    target.close()
    built.close()


@pytest.mark.servers
def test_a_copy_to_servers_says_since_when_its_past_is_exact(tmp_path, old, kafka):
    log, store = old
    log.compact()
    kafka.wipe()
    target, built = KafkaLog(kafka.bootstrap, 3), SqliteStore(tmp_path / "built.db")

    done = copy(log, target, tmp_path)
    apply(target, built)
    assert done.exact_from is not None
    assert exact_from(target) == done.exact_from == datetime.fromisoformat(built.note(BEGINS))
    assert shown(built) == shown(store)
    target.close()
    built.close()
