"""The outbox numbers, remembers and sends in order, whatever dies meanwhile."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import outbox as outbox_module
from events.codec import decode
from events.database import FileDamaged
from events.kafka_log import KafkaLog
from events.log import MAX_MESSAGE_BYTES, RECORDS, RUNS, LogUnavailable, Message, MessageTooLarge
from events.models import (
    MAX_PROBLEMS,
    Draft,
    Event,
    Problem,
    RecordConfirmed,
    RecordObserved,
    RecordWithdrawn,
    RunCompleted,
    RunReport,
    Section,
)
from events.outbox import Outbox
from events.outbox_errors import OutboxBusy, OutboxFull, OutboxUnavailable
from events.sizes import size_of
from events.sqlite_log import SqliteLog
from tests.events.conftest import read_all
from tests.servers.kafka_server import KafkaServer
from tests.servers.process import free_port

SOURCE = "glpi-rathaus"
PARTITIONS = 4


class Clock:
    """Stands still unless told otherwise."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Ticking(Clock):
    """A second goes by each time that it is asked."""

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class FailingLog(SqliteLog):
    """Loses its connection before the n-th append, counted from 1, or right after it."""

    fails_at = 0
    after = False
    appends = 0

    def append(self, messages: Sequence[Message]) -> None:
        self.appends += 1
        if self.appends != self.fails_at:
            super().append(messages)
            return
        if self.after:
            super().append(messages)
        raise LogUnavailable("the cable was pulled")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def open_outbox(path: Path, clock: Clock) -> Iterator[Callable[[], Outbox]]:
    opened: list[Outbox] = []

    def make(**more: float) -> Outbox:
        opened.append(Outbox(path, SOURCE, clock=clock, **more))
        return opened[-1]

    yield make
    for outbox in opened:
        outbox.close()


@pytest.fixture
def outbox(open_outbox: Callable[[], Outbox]) -> Outbox:
    return open_outbox()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FailingLog]:
    log = FailingLog(tmp_path / "log.db", PARTITIONS)
    yield log
    log.close()


def draft(key: str, *, kind: str = "Server", **sections: str) -> Draft:
    return Draft(native_key=key, kind=kind, sections={n: Section(name=text) for n, text in sections.items()})


def run(outbox: Outbox, *drafts: Draft, name: str = "run-1", rank: int = 50, status: str = "complete") -> RunReport:
    outbox.begin(name, "glpi", rank)
    for each in drafts:
        outbox.put(each)
    return outbox.end(status, seen=len(drafts))


def put_all(outbox: Outbox, count: int) -> None:
    for number in range(1, count + 1):
        outbox.put(draft(f"pc-{number}", core=str(number)))


def events(log: SqliteLog) -> list[Event]:
    return [decode(stored) for stored in read_all(log, (RECORDS, RUNS))]


def observed(log: SqliteLog) -> list[RecordObserved]:
    found = [event for event in events(log) if isinstance(event, RecordObserved)]
    return sorted(found, key=lambda event: event.sequence)


def seen(log: SqliteLog) -> list[RecordObserved | RecordConfirmed]:
    """What the source says to have seen, new or not."""
    found = [event for event in events(log) if isinstance(event, RecordObserved | RecordConfirmed)]
    return sorted(found, key=lambda event: event.sequence)


def markers(log: SqliteLog) -> set[tuple[int, int]]:
    return {(event.partition, event.sequence) for event in events(log) if isinstance(event, RunCompleted)}


def test_what_was_put_arrives_section_by_section(outbox: Outbox, log: FailingLog, clock: Clock):
    run(outbox, draft("pc-1", core="a", software="b"), draft("pc-2", kind="Client", core="c"))

    outbox.drain(log)

    assert {(e.native_key, e.section, e.kind, e.content.name) for e in observed(log)} == {
        ("pc-1", "core", "Server", "a"),
        ("pc-1", "software", "Server", "b"),
        ("pc-2", "core", "Client", "c"),
    }
    assert {(e.source, e.run, e.rank, e.time, e.first_observed) for e in observed(log)} == {
        (SOURCE, "run-1", 50, clock.now, clock.now)
    }
    assert outbox.depth() == 0


def test_each_section_has_a_sequence_of_its_own_not_below_the_clock(outbox: Outbox, log: FailingLog, clock: Clock):
    run(outbox, *(draft(f"pc-{number}", core="a", network="b") for number in range(20)))

    outbox.drain(log)

    sequences = [event.sequence for event in observed(log)]
    assert len(set(sequences)) == 40
    assert min(sequences) >= clock.now.timestamp() * 1_000_000


def test_sequences_rise_though_the_clock_goes_back(open_outbox, log: FailingLog, clock: Clock):
    first = open_outbox()
    run(first, draft("pc-1", core="a"), name="run-1")
    first.close()
    clock.now -= timedelta(days=300)
    second = open_outbox()

    run(second, draft("pc-1", core="b"), name="run-2")
    second.drain(log)

    assert [(event.run, event.content.name) for event in observed(log)] == [("run-1", "a"), ("run-2", "b")]
    assert len({event.sequence for event in observed(log)}) == 2


def test_first_observed_stays_and_every_run_tells_its_own_time(open_outbox, log: FailingLog, clock: Clock):
    begun = clock.now
    for number in range(3):
        outbox = open_outbox()
        run(outbox, draft("pc-1", core="a"), name=f"run-{number}")
        outbox.withdraw("pc-1", "weg")
        outbox.drain(log)
        outbox.close()
        clock.now += timedelta(days=1)

    assert {event.first_observed for event in observed(log)} == {begun}
    assert {event.time for event in observed(log)} == {begun + timedelta(days=number) for number in range(3)}


def test_all_sections_of_a_record_are_first_observed_at_once(path: Path, log: FailingLog):
    outbox = Outbox(path, SOURCE, clock=Ticking())
    run(outbox, draft("pc-1", core="a", software="b", network="c"))
    outbox.drain(log)
    outbox.close()

    assert len({event.first_observed for event in observed(log)}) == 1


@pytest.mark.parametrize(
    ("second", "rank", "is_change"),
    [
        (draft("pc-1", core="a"), 50, False),
        (draft("pc-1", core="b"), 50, True),
        (draft("pc-1", kind="Client", core="a"), 50, True),
        (draft("pc-1", core="a"), 51, True),
    ],
    ids=["same", "content", "kind", "rank"],
)
def test_changed_is_when_the_section_last_became_what_it_is(outbox, log, second: Draft, rank: int, is_change: bool):
    run(outbox, draft("pc-1", core="a"))
    outbox.repeat()
    run(outbox, second, name="run-2", rank=rank)

    outbox.drain(log)

    before, after = observed(log)
    assert before.changed == before.sequence
    assert after.changed == (after.sequence if is_change else before.sequence)


def test_a_record_without_news_is_confirmed_and_not_said_again(outbox: Outbox, log: FailingLog, clock: Clock):
    run(outbox, draft("pc-1", core="a", software="b"), draft("pc-2", core="a", software="b"))
    clock.now += timedelta(days=1)
    run(outbox, draft("pc-1", core="a", software="b"), draft("pc-2", core="a", software="c"), name="run-2")

    outbox.drain(log)

    second = [event for event in seen(log) if event.run == "run-2"]
    assert [(type(event), event.native_key) for event in second] == [
        (RecordConfirmed, "pc-1"),
        (RecordObserved, "pc-2"),
    ]
    assert (second[0].time, second[1].section, second[1].content.name) == (clock.now, "software", "c")
    assert max(sequence for _, sequence in markers(log)) < second[0].sequence


def test_what_did_not_change_is_said_again_after_a_week(outbox: Outbox, log: FailingLog, clock: Clock):
    for _ in range(15):
        run(outbox, draft("pc-1", core="a"))
        clock.now += timedelta(days=1)

    outbox.drain(log)

    assert [(event.time - observed(log)[0].time).days for event in observed(log)] == [0, 7, 14]
    assert len({event.changed for event in observed(log)}) == 1


def test_an_outbox_that_is_not_the_only_one_says_everything_every_time(path: Path, log: FailingLog, clock: Clock):
    outbox = Outbox(path, SOURCE, clock=clock, repeat_after=timedelta(0))
    for _ in range(3):
        run(outbox, draft("pc-1", core="a"))
        clock.now -= timedelta(hours=1)
    outbox.drain(log)
    outbox.close()

    assert len(observed(log)) == 3
    assert all(event.changed == event.sequence for event in observed(log))  # another one may have said more since


def test_another_log_is_told_everything(outbox: Outbox, log: FailingLog, tmp_path: Path):
    run(outbox, draft("pc-1", core="a"))
    outbox.drain(log)
    other = SqliteLog(tmp_path / "other.db", PARTITIONS)

    assert [outbox.goes_to(log), outbox.goes_to(other), outbox.goes_to(other)] == [False, True, False]
    run(outbox, draft("pc-1", core="a"), name="run-2")
    outbox.drain(other)

    assert [event.content.name for event in observed(other)] == ["a"]
    other.close()


def test_a_crash_between_runs_forgets_nothing_that_was_sent(open_outbox, log: FailingLog):
    first = open_outbox()
    run(first, draft("pc-1", core="a"))
    first.close()
    second = open_outbox()
    run(second, draft("pc-1", core="a"), name="run-2")
    second.drain(log)

    assert [type(event) for event in seen(log)] == [RecordObserved, RecordConfirmed]


def test_what_comes_back_after_a_withdrawal_is_a_change(outbox: Outbox, log: FailingLog):
    run(outbox, draft("pc-1", core="a"))
    outbox.withdraw("pc-1", "ausgemustert")
    run(outbox, draft("pc-1", core="a"), name="run-2")

    outbox.drain(log)

    before, after = observed(log)
    (withdrawn,) = [event for event in events(log) if isinstance(event, RecordWithdrawn)]
    assert before.sequence < withdrawn.sequence < after.sequence == after.changed
    assert withdrawn.reason == "ausgemustert"


def test_a_thing_put_twice_in_a_run_is_sent_twice_and_the_later_wins(outbox: Outbox, log: FailingLog):
    run(outbox, draft("pc-1", core="a"), draft("pc-1", core="b"))

    outbox.drain(log)

    assert [event.content.name for event in observed(log)] == ["a", "b"]


def test_a_complete_run_marks_every_partition_below_all_its_records(outbox: Outbox, log: FailingLog):
    run(outbox, draft("pc-1", core="a"))
    outbox.drain(log)
    run(outbox, draft("pc-2", core="a"), name="run-2")
    outbox.drain(log)

    old, new = observed(log)
    latest = {sequence for _, sequence in markers(log) if sequence > old.sequence}
    assert {partition for partition, _ in markers(log)} == set(range(PARTITIONS))
    assert len(latest) == 1
    assert latest.pop() <= new.sequence


def test_a_complete_run_that_saw_nothing_marks_all_the_same(outbox: Outbox, log: FailingLog):
    run(outbox)

    outbox.drain(log)

    assert {partition for partition, _ in markers(log)} == set(range(PARTITIONS))


@pytest.mark.parametrize("status", ["partial", "failed"])
def test_a_run_that_is_not_complete_marks_nothing(outbox: Outbox, log: FailingLog, status: str):
    run(outbox, draft("pc-1", core="a"), status=status)

    outbox.drain(log)

    assert markers(log) == set()
    assert len(observed(log)) == 1


def test_a_run_begun_anew_leaves_no_marker_of_the_old(outbox: Outbox, log: FailingLog):
    outbox.begin("killed", "glpi", 50)
    outbox.put(draft("pc-1", core="a"))
    run(outbox, draft("pc-2", core="a"), status="partial")

    outbox.drain(log)

    assert markers(log) == set()
    assert {event.run for event in observed(log)} == {"killed", "run-1"}


def test_the_report_tells_the_counts(outbox: Outbox, log: FailingLog, clock: Clock):
    outbox.begin("run-1", "glpi", 50)
    outbox.put(draft("pc-1", core="a", software="b"))
    problems = [Problem(item=f"{number}.json", reason="x" * 5000) for number in range(MAX_PROBLEMS + 5)]

    report = outbox.end("partial", seen=1010, skipped=4, failed=1005, problems=problems)
    outbox.drain(log)

    assert (report.seen, report.emitted, report.skipped, report.failed) == (1010, 1, 4, 1005)
    assert (report.status, report.collector, report.started) == ("partial", "glpi", clock.now)
    assert [event for event in events(log) if isinstance(event, RunReport)] == [report]
    assert len(report.problems) == MAX_PROBLEMS


def test_a_record_that_cannot_be_sent_is_named_and_the_rest_goes_on(outbox: Outbox, log: FailingLog):
    outbox.begin("run-1", "glpi", 50)
    large = Draft(
        native_key="pc-1",
        kind="Server",
        sections={"core": Section(), "software": Section(properties={"x": "x" * MAX_MESSAGE_BYTES})},
    )

    with pytest.raises(MessageTooLarge, match="glpi-rathaus/pc-1#software"):
        outbox.put(large)
    outbox.put(draft("pc-2", core="a"))
    outbox.end("partial", seen=2, failed=1)
    outbox.drain(log)

    assert [event.native_key for event in observed(log)] == ["pc-2"]


def test_nan_is_refused_with_its_record(outbox: Outbox):
    outbox.begin("run-1", "glpi", 50)

    with pytest.raises(ValueError, match="glpi-rathaus/pc-1#core: Out of range float"):
        outbox.put(Draft(native_key="pc-1", kind="Server", sections={"core": Section(properties={"x": float("nan")})}))


def test_a_draft_without_sections_is_refused(outbox: Outbox):
    outbox.begin("run-1", "glpi", 50)

    with pytest.raises(ValueError, match="glpi-rathaus/pc-1: has no section"):
        outbox.put(draft("pc-1"))


def test_a_run_that_lost_a_record_cannot_be_complete(outbox: Outbox, log: FailingLog):
    outbox.begin("run-1", "glpi", 50)
    with pytest.raises(MessageTooLarge):
        outbox.put(draft("pc-1", core="x" * 10, software="y").model_copy(update={"sections": _too_large()}))

    with pytest.raises(RuntimeError, match="run-1 cannot be complete: glpi-rathaus/pc-1#core"):
        outbox.end("complete", seen=1)
    outbox.end("failed", seen=1, failed=1)
    outbox.drain(log)

    assert markers(log) == set()


def _too_large() -> dict[str, Section]:
    return {"core": Section(properties={"x": "x" * MAX_MESSAGE_BYTES})}


@pytest.mark.parametrize("after", [False, True], ids=["nothing stored", "stored, but not acknowledged"])
def test_an_outage_anywhere_loses_nothing_and_marks_only_at_the_end(open_outbox, tmp_path, monkeypatch, after: bool):
    monkeypatch.setattr(outbox_module, "SEND_BYTES", 1500)
    outbox = open_outbox()
    run(outbox, *(draft(f"pc-{number}", core="a") for number in range(12)))
    log = FailingLog(tmp_path / "failing.db", PARTITIONS)
    log.after = after

    drains = 0
    while drains < 100:
        drains += 1
        log.appends, log.fails_at = 0, 2  # every drain gets one batch further
        try:
            outbox.drain(log)
        except LogUnavailable:
            marked = markers(log)
            assert not marked or outbox.depth() == 1, "a marker before the last acknowledgement"
        else:
            break
    assert 3 < drains < 99
    assert {event.native_key for event in observed(log)} == {f"pc-{number}" for number in range(12)}
    assert len({event.sequence for event in observed(log)}) == 12
    assert {partition for partition, _ in markers(log)} == set(range(PARTITIONS))
    log.close()


def test_batches_are_bounded_whatever_waits(open_outbox, log: FailingLog, monkeypatch):
    monkeypatch.setattr(outbox_module, "SEND_BYTES", 20_000)
    batches: list[Sequence[Message]] = []
    monkeypatch.setattr(log, "append", batches.append)
    outbox = open_outbox()
    run(outbox, *(draft(f"pc-{number}", core="x" * 500) for number in range(200)))

    sent = outbox.drain(log)

    assert sent == sum(len(batch) for batch in batches) == 201 + PARTITIONS
    assert {sum(map(size_of, batch[:-1])) < 20_000 for batch in batches} == {True}


def test_a_drain_during_the_run_sends_what_there_is(outbox: Outbox, log: FailingLog):
    outbox.begin("run-1", "glpi", 50)
    outbox.put(draft("pc-1", core="a"))

    assert outbox.drain(log) == 1
    outbox.put(draft("pc-2", core="a"))
    outbox.end("complete", seen=2)
    assert outbox.drain(log) == 2 + PARTITIONS

    assert {partition for partition, _ in markers(log)} == set(range(PARTITIONS))


def test_only_one_has_a_source(open_outbox):
    open_outbox()

    with pytest.raises(OutboxBusy, match=r"glpi-rathaus is being collected by process \d+ since .* UTC; wait"):
        open_outbox()


def test_who_has_patience_gets_the_outbox_when_the_other_lets_go(open_outbox):
    first = open_outbox()
    threading.Timer(0.3, first.close).start()

    open_outbox(patience=60.0).begin("run-1", "glpi", 50)


def test_a_run_is_numbered_above_what_another_outbox_of_the_source_has_used(open_outbox, log):
    far = 10**18
    outbox = open_outbox()
    outbox.begin("run-1", "glpi", 50, above=far)
    outbox.put(draft("pc-1", core="a"))
    outbox.close()
    outbox = open_outbox()
    outbox.begin("run-2", "glpi", 50)
    outbox.put(draft("pc-2", core="a"))
    outbox.drain(log)

    one, two = seen(log)
    assert far < one.sequence < two.sequence


def test_a_closed_outbox_frees_its_source(open_outbox):
    first = open_outbox()
    first.close()
    first.close()

    assert open_outbox().depth() == 0


def test_an_outbox_belongs_to_one_source(open_outbox, path: Path):
    open_outbox().close()

    with pytest.raises(ValueError, match="is the outbox of glpi-rathaus, not of other"):
        Outbox(path, "other")


def test_a_file_that_is_no_outbox_is_left_alone(path: Path):
    path.write_text("Server;Standort\n" * 100)

    with pytest.raises(FileDamaged, match=r"outbox\.db: file is not a database"):
        Outbox(path, SOURCE)

    assert path.read_text() == "Server;Standort\n" * 100


def test_a_folder_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(
        OutboxUnavailable, match=r"missing/outbox\.db: it cannot be opened: check that its folder exists"
    ):
        Outbox(tmp_path / "missing" / "outbox.db", SOURCE)


def test_a_full_queue_refuses_and_empties_again(open_outbox, log: FailingLog):
    outbox = open_outbox(limit_bytes=300)
    outbox.begin("run-1", "glpi", 50)

    with pytest.raises(OutboxFull, match=r"outbox\.db holds [\d,]+ bytes that wait for the log, of 300 allowed"):
        put_all(outbox, 100)
    put = outbox.depth()
    outbox.end("failed", seen=100)
    outbox.drain(log)
    run(outbox, draft("pc-99", core="a"), name="run-2", status="partial")
    outbox.drain(log)

    assert len(observed(log)) == put + 1
    assert markers(log) == set()


def test_a_full_disk_is_told_and_the_run_cannot_be_complete(outbox: Outbox, log: FailingLog):
    outbox.begin("run-1", "glpi", 50)
    outbox.put(draft("pc-1", core="a"))
    outbox.commit()
    (pages,) = outbox._db.execute("PRAGMA page_count").fetchone()
    outbox._db.execute(f"PRAGMA max_page_count = {pages + 5}")

    with pytest.raises(OutboxFull, match=r"outbox\.db: the disk is full: make room"):
        put_all(outbox, 10_000)
    outbox._db.execute("PRAGMA max_page_count = 1000000")
    with pytest.raises(RuntimeError, match="cannot be complete"):
        outbox.end("complete", seen=1)
    outbox.end("failed", seen=1)
    outbox.drain(log)

    assert "pc-1" in {event.native_key for event in observed(log)}
    assert markers(log) == set()


def test_what_was_put_while_a_drain_met_a_full_disk_is_said_to_be_lost(outbox: Outbox, log: FailingLog, monkeypatch):
    """Both share a transaction: what undoes the one undoes the other, which has its answer before long."""
    run(outbox, draft("pc-1", core="a"))
    outbox._db.execute("CREATE TABLE filler (content BLOB)")
    outbox._db.execute(
        "CREATE TEMP TRIGGER fill AFTER DELETE ON queue BEGIN INSERT INTO filler VALUES (zeroblob(1000000)); END"
    )
    (pages,) = outbox._db.execute("PRAGMA page_count").fetchone()
    outbox._db.execute(f"PRAGMA max_page_count = {pages + 20}")
    outbox.begin("run-2", "glpi", 50)
    append = log.append

    def append_and_put(messages: Sequence[Message]) -> None:
        append(messages)
        outbox.put(draft("pc-2", core="b"))

    monkeypatch.setattr(log, "append", append_and_put)
    with pytest.raises(OutboxFull):
        outbox.drain(log)

    with pytest.raises(OutboxUnavailable, match="what was put before is lost"):
        outbox.commit()
    outbox.commit()  # it is told once: to say it again is all that can be done
    outbox._db.execute("DROP TRIGGER fill")
    monkeypatch.undo()
    outbox.drain(log)
    assert {event.native_key for event in observed(log)} == {"pc-1"}


def test_no_event_is_numbered_below_its_own_time(path: Path):
    """Else an outbox would take its own run for that of another computer, which said something since."""
    with closing(Outbox(path, SOURCE, clock=Ticking())) as outbox:
        report = run(outbox, draft("pc-1", core="a"), status="partial")

        assert outbox.last_said() >= report.time


def test_what_another_outbox_of_the_source_completed_holds_a_run_that_shrank(outbox: Outbox):
    outbox.repeat(complete=100)

    assert run(outbox, draft("pc-1", core="a")).status == "held"


def test_putting_without_a_run_is_a_mistake(outbox: Outbox):
    with pytest.raises(RuntimeError, match="begin a run first"):
        outbox.put(draft("pc-1", core="a"))


COLLECT = """
import sys
from pathlib import Path
from events.models import Draft, Section
from events.outbox import Outbox

outbox = Outbox(Path(sys.argv[1]), "glpi-rathaus")
outbox.begin("killed", "glpi", 50)
for number in range(int(sys.argv[2])):
    outbox.put(Draft(native_key=f"pc-{number}", kind="Server", sections={"core": Section(name="a")}))
if sys.argv[3] == "end":
    outbox.end("complete", seen=1)
outbox.commit()
outbox.put(Draft(native_key="not-committed", kind="Server", sections={"core": Section(name="a")}))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("ended", [False, True], ids=["half-way", "after the end"])
def test_kill_9_frees_the_source_and_keeps_what_was_committed(open_outbox, path: Path, log: FailingLog, ended: bool):
    program = COLLECT.replace(
        'outbox.put(Draft(native_key="not', "sys.argv[3] == 'end' or outbox.put(Draft(native_key=\"not"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path), "50", "end" if ended else "half"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout.readline() == b"ready\n"
        with pytest.raises(OutboxBusy, match=f"process {process.pid} "):
            open_outbox()
        process.kill()

    outbox = open_outbox()
    outbox.drain(log)

    assert [event.native_key for event in observed(log)] == [f"pc-{number}" for number in range(50)]
    assert {partition for partition, _ in markers(log)} == (set(range(PARTITIONS)) if ended else set())


def test_numbering_goes_on_after_kill_9(open_outbox, path: Path, log: FailingLog):
    with subprocess.Popen(
        [sys.executable, "-c", COLLECT, str(path), "50", "half"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.kill()
    outbox = open_outbox()  # its clock is behind the killed process's
    run(outbox, draft("pc-0", core="b"), name="after", status="partial")
    outbox.drain(log)

    assert [event.run for event in observed(log)] == ["killed"] * 50 + ["after"]


@pytest.mark.servers
def test_a_dead_broker_is_waited_out(open_outbox, kafka: KafkaServer):
    with pytest.raises(LogUnavailable, match=r"Kafka at 127\.0\.0\.1:\d+ gives no answer"):
        KafkaLog(f"127.0.0.1:{free_port()}")
    kafka.wipe()
    outbox = open_outbox()
    log = KafkaLog(kafka.bootstrap, PARTITIONS, wait_seconds=3)
    run(outbox, *(draft(f"pc-{number}", core="a") for number in range(30)))
    waiting = outbox.depth()
    kafka.kill()
    try:
        with pytest.raises(LogUnavailable, match=f"Kafka at {kafka.bootstrap} gives no answer"):
            outbox.drain(log)
        assert outbox.depth() == waiting
    finally:
        kafka.start()

    outbox.drain(log)

    assert {event.native_key for event in observed(log)} == {f"pc-{number}" for number in range(30)}
    assert {partition for partition, _ in markers(log)} == set(range(PARTITIONS))
    log.close()


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["put", "withdraw", "drain", "fail", "reopen", "back"]), st.integers(0, 4)),
        max_size=25,
    )
)
def test_any_history_arrives_in_order_and_whole(tmp_path_factory, steps: list[tuple[str, int]]):
    folder, clock = tmp_path_factory.mktemp("history"), Clock()
    log, outbox = FailingLog(folder / "log.db", 1), Outbox(folder / "outbox.db", SOURCE, clock=clock)
    outbox.begin("run", "glpi", 50)
    said: list[str] = []
    for what, number in steps:
        if what == "put":
            outbox.put(draft(f"pc-{number}", core=str(len(said))))
            said.append(f"pc-{number}")
        elif what == "withdraw":
            outbox.withdraw(f"pc-{number}", "")
            said.append(f"pc-{number}")
        elif what == "back":
            clock.now -= timedelta(hours=number)
        elif what == "reopen":
            outbox.close()
            outbox = Outbox(folder / "outbox.db", SOURCE, clock=clock)
            outbox.begin("run", "glpi", 50)
        else:
            log.appends, log.fails_at = 0, number if what == "fail" else 0
            log.after = number % 2 == 0
            try:
                outbox.drain(log)
            except LogUnavailable:
                assert outbox.depth() > 0
    log.fails_at = 0
    outbox.drain(log)

    by_sequence = {event.sequence: event.native_key for event in events(log)}
    outbox.close()
    log.close()
    assert [key for _, key in sorted(by_sequence.items())] == said
