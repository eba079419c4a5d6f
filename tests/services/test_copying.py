"""A log is copied whole and in order, whatever interrupts it, and never onto something else."""

import subprocess
import sys
from collections import defaultdict
from datetime import timedelta

import pytest

from events.database import FileDamaged
from events.lease import Lease
from events.log import CHANGES, DEADLETTERS, RECORDS, RUNS, LogUnavailable, Message, TopicPartition
from events.models import Section
from events.sqlite_log import SqliteLog
from inventory.kept import BEGINS
from services import copying
from services.copying import COPIED, CopyRefused, copy, exact_from
from tests.events.conftest import message, read_all
from tests.inventory.test_batch import START, observed
from tests.services.graphs import Landscape, later

PARTITIONS = 3


def contents(log):
    """Every partition's messages in their order."""
    found = defaultdict(list)
    for stored in read_all(log, COPIED):
        found[stored.at].append((stored.key, stored.headers, stored.value))
    return found


def fill(log, count, start=0):
    headers = (("ce_id", "ä".encode()), ("twice", b"1"), ("twice", b"\x00\xff"))
    for number in range(start, start + count):
        topic = (RECORDS, RECORDS, RUNS, DEADLETTERS)[number % 4]
        log.append([Message(topic, b"\xff%d" % number, headers, b"%d" % number * 100, str(number))])


@pytest.fixture
def open_log(tmp_path):
    opened = []

    def again(name, partitions=PARTITIONS, kind=SqliteLog):
        opened.append(kind(tmp_path / f"{name}.db", partitions))
        return opened[-1]

    yield again
    for log in opened:
        log.close()


@pytest.fixture
def source(open_log):
    log = open_log("source")
    fill(log, 80)
    log.append([message("journal", topic=CHANGES)])
    return log


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(copying, "BATCH_BYTES", 2000)


def test_a_copy_has_the_same_messages_in_the_same_partitions_and_order(tmp_path, source, open_log):
    target, batches = open_log("target"), []

    done = copy(source, target, tmp_path, batches.append)

    assert contents(target) == contents(source)
    assert sum(map(len, contents(target).values())) == 80
    assert done.messages == {RECORDS: 40, RUNS: 20, DEADLETTERS: 20}
    assert (done.before, done.exact_from) == (0, None)
    assert len(batches) > 3
    assert sum(batches) == 80


def test_the_journal_for_others_is_not_copied(tmp_path, source, open_log):
    target = open_log("target")

    copy(source, target, tmp_path)
    assert set(target.ends([CHANGES]).values()) == {0}


def test_copying_again_copies_only_what_came_meanwhile(tmp_path, source, open_log):
    target = open_log("target")
    copy(source, target, tmp_path)
    fill(source, 8, start=80)

    done = copy(source, target, tmp_path)
    assert (sum(done.messages.values()), done.before) == (8, 80)
    assert contents(target) == contents(source)


@pytest.mark.parametrize("batches", range(1, 6))
def test_a_copy_that_was_stopped_goes_on_where_it_was(tmp_path, source, open_log, batches):
    target, copied = open_log("target"), []

    def stop_after(count):
        copied.append(count)
        if len(copied) == batches:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(source, target, tmp_path, stop_after)
    done = copy(source, target, tmp_path)

    assert done.before == sum(copied)
    assert contents(target) == contents(source)


class Failing(SqliteLog):
    """Loses its connection in the n-th append, counted from 1, after so many of its messages."""

    fails_at, stores, appends = 0, 0, 0

    def append(self, messages):
        self.appends += 1
        if self.appends != self.fails_at:
            super().append(messages)
            return
        super().append(messages[: self.stores])
        raise LogUnavailable("the cable was pulled")


@pytest.mark.parametrize("stores", [0, 1, 5, 1000])
@pytest.mark.parametrize("fails_at", [1, 3])
def test_what_an_outage_left_unnoted_is_found_and_not_copied_twice(tmp_path, source, open_log, fails_at, stores):
    target = open_log("target", kind=Failing)
    target.fails_at, target.stores = fails_at, stores

    with pytest.raises(LogUnavailable):
        copy(source, target, tmp_path)
    copy(source, target, tmp_path)

    assert contents(target) == contents(source)


def test_what_stands_there_twice_already_is_taken_for_this_copys(tmp_path, source, open_log):
    """As when a broker stored what it had not acknowledged, and then took it once more."""
    target = open_log("target", kind=Failing)
    target.fails_at, target.stores = 2, 4
    with pytest.raises(LogUnavailable):
        copy(source, target, tmp_path)
    twice = read_all(target, COPIED)[-4:]
    target.append([Message(m.at.topic, m.key, m.headers, m.value, m.at.partition) for m in twice])

    copy(source, target, tmp_path)
    for at, copied in contents(source).items():
        there = contents(target)[at]
        assert set(there) == set(copied)
        assert [one for n, one in enumerate(there) if one not in there[n + 1 :]] == copied  # the last of each, in order


PROGRAM = """
import sys
from pathlib import Path
from events.sqlite_log import SqliteLog
from services import copying

def wait(count, seen=[]):
    seen.append(count)
    if len(seen) == 3:
        print("copying", flush=True)
        sys.stdin.read()

copying.BATCH_BYTES = 2000
folder = Path(sys.argv[1])
source, target = SqliteLog(folder / "source.db"), SqliteLog(folder / "target.db", 3)
copying.copy(source, target, folder, wait)
"""


def test_a_copy_that_is_killed_goes_on_where_it_was(tmp_path, source, open_log):
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
    ) as process:
        assert process.stdout.readline() == b"copying\n"
        with pytest.raises(CopyRefused, match="another process copies between these logs"):
            copy(source, open_log("target"), tmp_path)
        process.kill()
    target = open_log("target")
    assert 0 < sum(target.ends(COPIED).values()) < 80

    assert copy(source, target, tmp_path).before > 0
    assert contents(target) == contents(source)


def test_another_number_of_partitions_is_refused(tmp_path, source, open_log):
    with pytest.raises(CopyRefused, match=r"landkarte\.records has 3 partitions, and 4 in the log to copy to"):
        copy(source, open_log("target", partitions=4), tmp_path)


def test_a_log_is_not_copied_to_itself(tmp_path, source, open_log):
    with pytest.raises(CopyRefused, match="both addresses name the same log"):
        copy(source, open_log("source"), tmp_path)


def test_an_empty_log_is_not_copied(tmp_path, open_log):
    with pytest.raises(CopyRefused, match="holds nothing: is its address right"):
        copy(open_log("source"), open_log("target"), tmp_path)


@pytest.mark.parametrize("topic", [RECORDS, CHANGES])
def test_a_log_that_holds_something_already_is_refused(tmp_path, source, open_log, topic):
    target = open_log("target")
    target.append([message("own", topic=topic)])

    with pytest.raises(CopyRefused, match="has 1 messages that this copy did not write"):
        copy(source, target, tmp_path)
    assert sum(target.ends(COPIED).values()) == (topic == RECORDS)


def test_a_log_that_others_wrote_to_after_the_copy_is_refused(tmp_path, source, open_log):
    target = open_log("target")
    copy(source, target, tmp_path)
    target.append([message("own", partition=0)])

    with pytest.raises(CopyRefused, match=rf"{RECORDS}/0 of the log to copy to ends at .* that are not this copy's"):
        copy(source, target, tmp_path)


def test_a_log_that_others_write_to_meanwhile_is_refused(tmp_path, source, open_log):
    target = open_log("target")

    with pytest.raises(CopyRefused, match=f"something else writes to {RUNS}/1"):
        copy(source, target, tmp_path, lambda _: target.append([message("own", partition=1, topic=RUNS)]))


def test_a_target_that_was_made_anew_is_copied_to_from_the_beginning(tmp_path, source, open_log):
    first = open_log("target")
    copy(source, first, tmp_path)
    first.close()
    for file in tmp_path.glob("target.db*"):
        file.unlink()

    target = open_log("target")
    assert copy(source, target, tmp_path).before == 0
    assert contents(target) == contents(source)


def test_progress_that_is_damaged_is_told(tmp_path, source, open_log):
    target = open_log("target")
    copy(source, target, tmp_path)
    (file,) = tmp_path.glob("copy-*.json")
    file.write_text('[["landkarte.rec')

    with pytest.raises(FileDamaged, match="is not the progress of a copy; begin again with an empty log"):
        copy(source, target, tmp_path)


def test_the_lease_is_free_after_a_copy_that_failed(tmp_path, source, open_log):
    with pytest.raises(CopyRefused):
        copy(source, open_log("target", partitions=4), tmp_path)
    target = open_log("other")
    copy(source, target, tmp_path)

    (lease,) = tmp_path.glob("copy-*.lease")
    Lease(lease).close()


def test_the_past_is_exact_from_what_replaced_something_that_is_gone(tmp_path):
    """Not from the message behind the gap, which is b's of the first day: what a was until the third day is gone."""
    city = Landscape(tmp_path / "one", SqliteLog(tmp_path / "log.db", 1))
    key_a, key_b = "a/1", "b/1"
    city.say(later(observed(key_a, 10, Section(name="x"), first=0), days=0))
    city.say(later(observed(key_b, 11, Section(name="y"), first=0), days=0, hours=5))
    assert exact_from(city.log) is None
    city.say(later(observed(key_a, 12, Section(name="z"), first=0), days=3))
    city.log.compact()
    assert [m.offset for m in read_all(city.log)] == [1, 2]

    target = SqliteLog(tmp_path / "target.db", 1)
    assert copy(city.log, target, tmp_path).exact_from == START + timedelta(days=3)
    city.apply()
    assert city.store.note(BEGINS) == (START + timedelta(days=3)).isoformat()  # what a graph of the source says
    target.close()
    city.close()


def test_positions_are_not_taken_over(tmp_path, open_log):
    """Offsets differ where the source has gaps."""
    source = open_log("source")
    source.append([message("a", value, partition=0) for value in (b"1", b"2", b"3")])
    source.compact()
    target = open_log("target")

    copy(source, target, tmp_path)
    assert target.ends([RECORDS])[TopicPartition(RECORDS, 0)] == 1
    assert copy(source, target, tmp_path).before == 1
