"""A source that suddenly sees half retires nothing until a person agrees, the whole way to the graph (law 4)."""

import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.models import Draft, Section
from events.outbox import Outbox
from events.sqlite_log import SqliteLog
from graph.sqlite_store import SqliteStore
from services.status import held_runs
from tests.whole.profiles import Clock, apply, job, say

BLOCK, BLOCKS = 12, 4
"""Applications that come and go together: losing a block is enough to be held, or not, by the share."""


class Table:
    """A spreadsheet of so many applications, imported again and again."""

    def __init__(self, folder):
        self.folder, self.clock = folder, Clock()
        self.log, self.store = SqliteLog(folder / "log.db", 2), SqliteStore(folder / "graph.db")

    def run(self, count, **more):
        self.clock.now += timedelta(hours=1)
        rows = [f"Verfahren {number:02}" for number in range(count)]
        path = self.folder / "apps.csv"
        path.write_text("\n".join(["Fachverfahren", *rows]), encoding="utf-8")
        planned = replace(job("apps", "spreadsheet", [path], clock=self.clock.now), **more)
        (report,) = say([planned], self.folder, self.log, self.clock)
        return report

    def agree(self):
        with closing(Outbox(self.folder / "apps.db", "apps", clock=self.clock)) as outbox:
            agreed = outbox.agree()
            outbox.drain(self.log)
        return agreed

    def known(self):
        apply(self.log, self.store)
        return len(self.store.assets(limit=1000))


@pytest.fixture
def table(tmp_path):
    table = Table(tmp_path)
    yield table
    table.log.close()
    table.store.close()


def test_nothing_is_retired_until_a_person_agrees(table):
    table.run(30)
    assert table.known() == 30

    assert table.run(5).status == "held"
    assert table.known() == 30
    assert list(held_runs(table.store)) == ["apps"]
    assert "25 of the 30" in held_runs(table.store)["apps"]

    assert table.agree().status == "complete"
    assert table.known() == 5
    assert held_runs(table.store) == {}


def test_a_held_run_stays_held_in_the_status_whatever_fails_after_it(table):
    table.run(30)
    table.run(5)
    table.run(3, complete=False)

    assert table.known() == 30
    assert list(held_runs(table.store)) == ["apps"]


def test_a_later_complete_run_makes_the_agreement_void(table):
    table.run(30)
    table.run(5)
    table.run(29)

    assert table.known() == 29
    assert table.agree() is None
    assert table.known() == 29
    assert held_runs(table.store) == {}


def test_a_source_may_shrink_as_far_as_it_is_configured_to(table):
    table.run(30, max_shrink=1.0)

    assert table.run(5, max_shrink=1.0).status == "complete"
    assert table.known() == 5


EVERYTHING = ("complete", frozenset(range(BLOCKS)))
COMPLETE = st.tuples(st.just("complete"), st.frozensets(st.integers(0, BLOCKS - 1), max_size=BLOCKS - 2))
OTHER = st.tuples(st.sampled_from(["partial", "failed"]), st.frozensets(st.integers(0, BLOCKS - 1), max_size=2))


STEPS = st.one_of(st.just(EVERYTHING), COMPLETE, OTHER, st.just("agree"), st.just("restart"))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=4, max_size=12))
def test_no_order_of_runs_retires_what_only_a_held_run_missed(steps):
    with tempfile.TemporaryDirectory() as folder, closing(SqliteLog(Path(folder) / "log.db", 2)) as log:
        path, clock = Path(folder) / "outbox.db", Clock()
        outbox = Outbox(path, "source", clock=clock)
        seen_by: dict[int, int] = {}  # block to the last run that saw it
        live: set[int] = set()
        last, held = None, None  # blocks of the last complete run, number of the held one
        for number, step in enumerate(steps):
            if step == "restart":
                outbox.close()
                outbox = Outbox(path, "source", clock=clock)
            elif step == "agree":
                agreed = outbox.agree()
                assert (agreed is None) == (held is None)
                if held is not None:
                    live = {block for block in live if seen_by[block] >= held}
                    last, held = len(steps[held][1]), None
            else:
                status, blocks = step
                report = _run(outbox, number, status, blocks)
                live |= blocks
                seen_by |= dict.fromkeys(blocks, number)
                shrank = last is not None and last - len(blocks) > last / 2
                assert report.status == ("held" if status == "complete" and shrank else status)
                if report.status == "held":
                    held = number
                elif status == "complete":
                    live, last, held = set(blocks), len(blocks), None
        outbox.drain(log)
        outbox.close()
        with closing(SqliteStore(Path(folder) / "graph.db")) as store:
            apply(log, store)
            assert {node.name for node in store.assets(limit=1000)} == {n for block in live for n in _names(block)}


def _run(outbox, number, status, blocks):
    outbox.begin(f"run-{number}", "test", 50)
    for name in sorted(name for block in blocks for name in _names(block)):
        outbox.put(Draft(native_key=name, kind="Application", sections={"core": Section(name=name)}))
    return outbox.end(status, seen=len(blocks))


def _names(block):
    return {f"app-{block}-{number}" for number in range(BLOCK)}
