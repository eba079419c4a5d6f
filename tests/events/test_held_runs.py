"""A complete run that shrank too much is held: it retires nothing until a person agrees (law 4)."""

import pytest

from events.models import MAX_PROBLEMS, Problem, RunReport
from events.outbox import Outbox
from events.runs import is_held
from events.sqlite_log import SqliteLog
from tests.events.test_outbox import SOURCE, Clock, draft, events, markers, seen

PARTITIONS = 2


class Source:
    """One source's outbox and the log it is drained to; `reopen` is another process."""

    def __init__(self, folder):
        self.folder, self.clock = folder, Clock()
        self.log = SqliteLog(folder / "log.db", PARTITIONS)
        self.outbox = self._open()

    def _open(self):
        return Outbox(self.folder / "outbox.db", SOURCE, clock=self.clock)

    def reopen(self):
        self.outbox.close()
        self.outbox = self._open()

    def run(self, name, count, status="complete", **more):
        self.outbox.begin(name, "glpi", 50)
        for number in range(count):
            self.outbox.put(draft(f"pc-{number}", core="a"))
        report = self.outbox.end(status, seen=count, **more)
        self.outbox.drain(self.log)
        return report

    def agree(self):
        report = self.outbox.agree()
        self.outbox.drain(self.log)
        return report

    def first(self, run):
        return min(event.sequence for event in seen(self.log) if event.run == run)

    def marked(self):
        """The runs that have a marker in every partition, by name."""
        below = {sequence for _, sequence in markers(self.log)}
        assert markers(self.log) == {(number, sequence) for number in range(PARTITIONS) for sequence in below}
        return {run for run in {event.run for event in seen(self.log)} if self.first(run) - 1 in below}

    def reports(self):
        """The latest report of each run."""
        return {event.run: event for event in events(self.log) if isinstance(event, RunReport)}


@pytest.fixture
def source(tmp_path):
    source = Source(tmp_path)
    yield source
    source.outbox.close()
    source.log.close()


@pytest.mark.parametrize(
    ("emitted", "before", "share", "held"),
    [
        (100, None, 0.5, False),  # the first
        (0, 0, 0.0, False),
        (50, 100, 0.5, False),  # no more than the share
        (49, 100, 0.5, True),
        (0, 100, 0.5, True),
        (71, 100, 0.29, False),  # 0.29 * 100 is less than 29 in binary
        (70, 100, 0.29, True),
        (1, 10, 0.5, False),  # too few to tell
        (0, 9, 0.5, True),  # a source that has gone empty is doubted, however small
        (0, 1, 0.99, True),
        (0, 9, 1.0, False),
        (0, 10, 0.5, True),
        (991, 1000, 0.0, False),
        (990, 1000, 0.0, True),
        (0, 1000, 1.0, False),  # never
        (200, 100, 0.5, False),
    ],
)
def test_a_run_is_held_if_it_lost_more_than_the_share_and_ten_records_or_all(emitted, before, share, held):
    assert is_held(emitted, before, share) is held


def test_a_held_run_says_what_is_missing_and_what_to_do_and_marks_nothing(source):
    source.run("full", 40)
    report = source.run("half", 12)

    assert report.status == "held"
    assert report.problems[0].reason == (
        "held: 28 of the 40 records of the last complete run are missing, a share above max_shrink = 0.5; "
        "nothing is retired until `landkarte agree glpi-rathaus` says that it is right"
    )
    assert source.marked() == {"full"}
    assert source.reports()["half"] == report


def test_the_reason_of_a_held_run_comes_first_however_many_problems_it_has(source):
    source.run("full", 40)
    problems = [Problem(item=str(number), reason="x") for number in range(MAX_PROBLEMS)]

    report = source.run("half", 12, problems=problems)

    assert len(report.problems) == MAX_PROBLEMS
    assert "landkarte agree" in report.problems[0].reason


def test_agreeing_sends_the_marker_of_the_held_run_and_its_report_anew(source):
    source.run("full", 40)
    held = source.run("half", 12, problems=[Problem(item="x.json", reason="unreadable")])
    source.run("late", 3, status="partial")
    source.reopen()

    agreed = source.agree()

    assert source.marked() == {"full", "half"}
    assert agreed == source.reports()["half"]
    assert (agreed.status, agreed.time, agreed.emitted) == ("complete", held.time, 12)
    assert agreed.sequence > held.sequence
    assert [problem.item for problem in agreed.problems] == [SOURCE, "x.json"]
    assert agreed.problems[0].reason == "agreed at 2026-03-01 12:00 UTC: what this run did not see is retired"
    assert source.agree() is None


def test_what_was_agreed_to_is_what_the_next_run_is_compared_with(source):
    source.run("full", 40)
    source.run("half", 12)
    source.agree()

    assert source.run("same", 12).status == "complete"
    assert source.run("none", 0).status == "held"


def test_held_runs_are_compared_with_the_last_complete_one_not_with_each_other(source):
    source.run("full", 40)

    assert [source.run(name, 12).status for name in ("first", "second", "third")] == ["held"] * 3


def test_a_later_complete_run_takes_the_place_of_the_held_one(source):
    source.run("full", 40)
    source.run("half", 12)
    source.run("again", 39)

    assert source.agree() is None
    assert source.marked() == {"full", "again"}


def test_a_later_held_run_takes_the_place_of_the_held_one(source):
    source.run("full", 40)
    source.run("half", 12)
    source.run("less", 5)

    assert source.agree().run == "less"
    assert source.marked() == {"full", "less"}


@pytest.mark.parametrize("status", ["partial", "failed"])
def test_a_run_that_is_not_complete_is_never_held_and_leaves_the_held_one(source, status):
    source.run("full", 40)
    source.run("half", 12)

    assert source.run("other", 1, status=status).status == status
    assert source.agree().run == "half"


def test_a_share_of_one_holds_nothing(source):
    source.run("full", 40)

    assert source.run("half", 1, max_shrink=1.0).status == "complete"
    assert source.marked() == {"full", "half"}


def test_an_agreement_is_durable_before_it_is_sent(source):
    source.run("full", 40)
    source.run("half", 12)
    source.outbox.agree()
    source.reopen()

    assert source.outbox.agree() is None
    source.outbox.drain(source.log)
    assert source.marked() == {"full", "half"}
