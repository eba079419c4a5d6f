"""What is particular to the log in one file; the rest is in test_log_contract."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from events.database import FileDamaged
from events.log import RECORDS, LogUnavailable, PositionLost, TopicPartition
from events.outbox import Outbox
from events.sqlite_log import SqliteLog
from tests.events.conftest import message, read_all

FIRST = TopicPartition(RECORDS, 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(path, 2, busy_seconds=0.2, compact_from=100)
    yield log
    log.close()


def stored_rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT count(*) FROM messages").fetchone()[0]


def test_it_compacts_itself_when_it_has_doubled(log: SqliteLog, path: Path):
    most = 0
    for number in range(1000):
        log.append([message(f"key-{number % 30}", str(number).encode(), partition=number % 2)])
        most = max(most, stored_rows(path))

    assert most == 99  # the hundredth is the one that compacts
    assert {stored.key: stored.value for stored in read_all(log) if int(stored.value) >= 970} == {
        f"key-{number % 30}".encode(): str(number).encode() for number in range(970, 1000)
    }
    assert sum(log.ends([RECORDS]).values()) == 1000


def test_many_different_keys_are_not_compacted_again_and_again(log: SqliteLog, path: Path):
    for start in range(0, 400, 10):
        log.append([message(f"key-{number}", partition=0) for number in range(start, start + 10)])

    with closing(sqlite3.connect(path)) as db:
        (left,) = db.execute("SELECT left_by_compaction FROM log").fetchone()
    assert left == 400
    assert stored_rows(path) == 400


def test_values_are_compressed_at_rest(log: SqliteLog, path: Path):
    log.append([message("a", b'{"name":"package"}' * 200_000)])
    log.close()

    assert path.stat().st_size < 200_000


@pytest.mark.usefixtures("log")
def test_an_existing_log_keeps_its_partitions(path: Path):
    with closing(SqliteLog(path, 9)) as again:
        assert again.partitions(RECORDS) == 2


def test_a_lock_that_lasts_is_an_outage_and_passes(log: SqliteLog, path: Path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(LogUnavailable, match=r"log .*log\.db: another process keeps it locked"):
            log.append([message("a", partition=0)])

        other.execute("ROLLBACK")
    log.append([message("b", partition=0)])
    assert [stored.key for stored in read_all(log)] == [b"b"]


def test_a_full_disk_is_an_outage_and_nothing_is_half_stored(log: SqliteLog):
    log.append([message("first", partition=0)])
    (pages,) = log._connection.execute("PRAGMA page_count").fetchone()
    log._connection.execute(f"PRAGMA max_page_count = {pages + 3}")

    with pytest.raises(LogUnavailable, match=r"log\.db: the disk is full: make room"):
        log.append([message(f"key-{number}" * 20, partition=0) for number in range(1000)])

    log._connection.execute("PRAGMA max_page_count = 1000000")
    log.append([message("second", partition=0)])
    assert [(stored.offset, stored.key) for stored in read_all(log)] == [(0, b"first"), (1, b"second")]


@pytest.mark.parametrize("content", [b"Server;Standort\n" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_named_and_left_alone(path: Path, content: bytes):
    path.write_bytes(content)

    with pytest.raises(FileDamaged, match=r"log\.db: .*name another file"):
        SqliteLog(path)

    assert path.read_bytes() == content


def test_a_database_of_another_use_is_refused(path: Path):
    Outbox(path, "glpi").close()

    with pytest.raises(FileDamaged, match="belongs to another program, version or use"):
        SqliteLog(path)


def test_a_folder_that_is_missing_is_an_outage(tmp_path: Path):
    with pytest.raises(LogUnavailable, match=r"missing/log\.db: it cannot be opened: check that its folder exists"):
        SqliteLog(tmp_path / "missing" / "log.db")


def test_a_file_removed_while_in_use_takes_nothing_more(log: SqliteLog, path: Path):
    path.rename(path.with_name("away.db"))

    with pytest.raises(LogUnavailable, match="removed or replaced while in use"):
        log.append([message("a")])


def test_a_copy_of_the_file_that_is_behind_is_noticed(log: SqliteLog, path: Path, tmp_path: Path):
    log.append([message("a", partition=0)])
    log.close()
    shutil.copy(path, tmp_path / "copy.db")
    with closing(SqliteLog(path)) as newer:
        newer.append([message("b", partition=0)])

    with closing(SqliteLog(tmp_path / "copy.db")) as copy, pytest.raises(PositionLost, match="position 2 of"):
        copy.read({FIRST: 2}, timeout=0.1, max_bytes=100)


APPEND = """
import sys
from pathlib import Path
from events.log import RECORDS, Message
from events.sqlite_log import SqliteLog

print("ready", flush=True)
sys.stdin.read(1)
log = SqliteLog(Path(sys.argv[1]), 2)
for number in range(100):
    log.append([Message(RECORDS, f"{sys.argv[2]}/{number}".encode(), (), b"{}", 0)])
log.close()
"""


def test_processes_that_open_and_append_at_once_lose_and_mix_nothing(path: Path):
    names = ["a", "b", "c"]
    processes = [
        subprocess.Popen([sys.executable, "-c", APPEND, str(path), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for name in names
    ]
    for process in processes:
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        process.stdin.write(b".")
        process.stdin.flush()
    for process in processes:
        process.communicate()

    assert {process.returncode for process in processes} == {0}
    with closing(SqliteLog(path)) as log:
        keys = [stored.key.decode() for stored in read_all(log)]
    for name in names:
        assert [key for key in keys if key.startswith(name)] == [f"{name}/{number}" for number in range(100)]
