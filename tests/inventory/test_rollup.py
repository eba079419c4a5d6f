"""What an application comes to: each rule by example, and all of it as a property of the rows it is made of."""

import tempfile
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.store import Selection
from inventory.milestones import VERDICTS
from inventory.obsolescence import Question
from inventory.rollup import rolled, rollups
from inventory.scopes import SCOPES, nodes_of
from tests.inventory.cities import PROGRAMS, SYSTEMS, cities, thorough, with_properties
from tests.inventory.feeding import program, said, system, to
from tests.inventory.test_batch import Graph
from tests.inventory.test_grouping import TODAY, matcher, rows_of

PARTS = {"system", "hardware", "firmware", "database", "application"}
KNOWN = with_properties(said("city", "Application", "app", to("RUNS_ON", "VirtualMachine", "vm")),
                        end_of_support="2030-01-01")  # fmt: skip
TRIXIE, BOOKWORM, W2012, W2022, FEDORA = (system("Debian 13", name="debian", version="13"), *SYSTEMS)
SQL, MESO, PACKAGE = PROGRAMS
JAVA = program("Java 8 Update 401", "8.0.4010.10", vendor="Oracle Corporation", package_type="windows")


@pytest.fixture
def graph(tmp_path):
    graph = Graph(tmp_path)
    yield graph
    graph.close()


def app(graph, **more):
    """The roll-up of the application of that name, on a day when Windows Server 2022 still has security support."""
    found = rollups(graph.store, matcher(), Question(TODAY, **more), "application")
    return next(rollup for rollup in found if rollup.name == "app")


@pytest.mark.parametrize(
    ("has", "status", "cause"),
    [
        ([W2022], "supported", "app"),  # its own support ends before its system's
        ([W2022, MESO, PACKAGE], "supported", "app"),
        ([W2022, JAVA], "unsupported", "Java 8 Update 401 8.0.4010.10"),
        ([FEDORA, MESO], "unknown", "Linux 2.6.22 (Fedora Core 6)"),
        ([W2012, MESO], "unsupported", "Microsoft Windows Server 2012 R2 Standard"),
    ],
)
def test_an_application_is_as_old_as_what_it_needs(graph, has, status, cause):
    graph.feed([KNOWN, said("city", "VirtualMachine", "vm", *has)])

    found = app(graph)
    assert (found.status, found.cause.thing.reported) == (status, cause)
    assert found.cause_asset == ("app" if cause == "app" else "vm")
    assert found.programs["unknown"] == has.count(MESO)


def test_what_ends_within_the_months_asked_for_is_ending_unless_something_is_unknown(graph):
    graph.feed([KNOWN, said("city", "VirtualMachine", "vm", W2022)])

    assert app(graph, within_months=60).status == "ending"
    graph.feed([said("city", "Application", "app", to("RUNS_ON", "VirtualMachine", "vm"), at=11)])
    assert app(graph, within_months=60).status == "unknown"


def test_of_what_nothing_is_known_the_status_is_unknown_and_nothing_is_the_cause(graph):
    graph.feed([KNOWN, said("city", "VirtualMachine", "vm", MESO)])

    found = app(graph, parts=frozenset({"program"}))
    assert (found.status, found.cause, found.cause_asset, found.earliest) == ("unknown", None, "", None)
    assert (sum(found.counts.values()), found.programs["unknown"]) == (0, 1)


def test_a_program_is_counted_apart_and_the_first_end_is_told(graph):
    graph.feed([KNOWN, said("city", "VirtualMachine", "vm", W2022, SQL, MESO)])

    found = app(graph)
    assert +Counter(found.counts) == {"supported": 2}
    assert sum(found.programs.values()) == 2
    assert found.earliest == min(row.end for row in rows_of(graph, Question(TODAY)) if isinstance(row.end, date))


def test_what_a_contract_pays_for_is_supported_and_counted(graph):
    esu = with_properties(said("city", "Contract", "LTS"), extended_support_of="debian")
    covered = to("COVERED_BY", "Contract", "LTS")
    graph.feed([KNOWN, said("city", "VirtualMachine", "vm", BOOKWORM, covered), esu])

    assert (app(graph).status, app(graph).paid) == ("supported", 1)


def test_the_worst_come_first_and_none_is_left_out_where_nothing_is_in_it(graph):
    graph.feed([
        KNOWN,
        said("city", "VirtualMachine", "vm", TRIXIE),
        said("city", "Application", "bare"),
        said("city", "Application", "old", to("RUNS_ON", "Server", "srv")),
        said("city", "Server", "srv", W2012),
    ])  # fmt: skip

    found = rollups(graph.store, matcher(), Question(TODAY), "application")
    assert [(one.name, one.status) for one in found] == [
        ("old", "unsupported"),
        ("bare", "unknown"),
        ("app", "supported"),
    ]
    assert [(one.name, one.id) for one in rollups(graph.store, matcher(), Question(TODAY), "unit")] == [("-", "")]


def test_within_a_selection_what_has_nothing_is_left_out(graph):
    graph.feed([
        said("city", "Server", "srv", W2012, to("OWNED_BY", "OrganisationUnit", "team")),
        said("city", "OrganisationUnit", "team"),
        said("city", "OrganisationUnit", "empty"),
    ])  # fmt: skip
    (server,) = graph.store.assets(kinds=("Server",))
    within = Selection(among=frozenset({server.id}))

    question = Question(TODAY, selection=within)
    found = rolled(graph.store, matcher(), question, "unit", within)
    assert [(group.name, rollup.status) for group, rollup in found] == [("team", "unsupported")]
    every = rollups(graph.store, matcher(), question, "unit")
    assert [(one.name, one.status) for one in every] == [("team", "unsupported"), ("empty", "unknown")]


def expected(rows):
    """The status by the words of the rule, from all rows."""
    counting = [row.verdict for row in rows if row.part in PARTS or row.verdict != "unknown"]
    if "unsupported" in counting:
        return "unsupported"
    if not counting or "unknown" in counting:
        return "unknown"
    return "ending" if "ending" in counting else "supported"


@thorough
@given(cities(), st.sampled_from(list(SCOPES)), st.sampled_from([0, 12, 60]))
def test_the_status_and_all_counts_are_those_of_the_rows(events, by, months):
    with tempfile.TemporaryDirectory() as folder:
        graph, question = Graph(folder), Question(TODAY, within_months=months)
        graph.feed(events)
        found = {one.id: one for one in rollups(graph.store, matcher(), question, by)}
        for node in nodes_of(graph.store, by):
            ids = SCOPES[by].of(graph.store, [node.id])
            rows, one = rows_of(graph, replace(question, selection=Selection(among=ids))), found[node.id]
            assert one.status == expected(rows)
            assert one.counts == _counts(row for row in rows if row.part in PARTS)
            assert one.programs == _counts(row for row in rows if row.part == "program")
            assert one.paid == sum(bool(row.paid) for row in rows if row.part in PARTS)
            assert (one.cause.judgement.verdict if one.cause else "unknown") == one.status
        graph.close()


def _counts(rows):
    found = Counter(row.verdict for row in rows)
    return {verdict: found[verdict] for verdict in VERDICTS}
