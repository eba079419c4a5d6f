"""Counts by group: each is that of the rows which its question finds."""

import tempfile
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.store import Selection
from inventory.grouping import BY, OVERLAPPING, groups
from inventory.lifecycle import load_table
from inventory.matching import Matcher
from inventory.milestones import VERDICTS
from inventory.obsolescence import Question, obsolete
from inventory.rows import Rows
from tests.inventory.cities import PROGRAMS, SYSTEMS, cities, thorough, with_properties
from tests.inventory.feeding import said, to
from tests.inventory.test_batch import Graph

TODAY = date(2026, 11, 23)
ALL = frozenset(VERDICTS)
questions = st.builds(
    Question,
    on=st.just(TODAY),
    selection=st.builds(
        Selection,
        kinds=st.sampled_from([frozenset(), frozenset(), frozenset({"Server", "Application"})]),
        sources=st.sampled_from([frozenset(), frozenset({"city"})]),
    ),
    parts=st.sampled_from([Question(TODAY).parts, Question(TODAY).parts, frozenset({"system", "hardware"})]),
    vendors=st.sampled_from([frozenset(), frozenset(), frozenset({"dell inc", "-"})]),
    confidence=st.sampled_from([0.0, 0.0, 0.5]),
)


@cache
def matcher():
    return Matcher(load_table())


def rows_of(graph, question):
    """All rows, whatever their verdict."""
    return list(Rows(graph.store, matcher(), obsolete(graph.store, matcher(), replace(question, verdicts=ALL))))


def counted(rows):
    verdicts = Counter(row.verdict for row in rows)
    return {verdict: verdicts[verdict] for verdict in VERDICTS}, sum(bool(row.paid) for row in rows)


@thorough
@given(cities(), questions, st.sampled_from(BY))
def test_every_number_is_that_of_the_rows_that_the_group_opens(events, question, by):
    with tempfile.TemporaryDirectory() as folder:
        graph = Graph(folder)
        graph.feed(events)
        found = groups(graph.store, matcher(), obsolete(graph.store, matcher(), question), by)
        opened = [rows_of(graph, group.question) for group in found]
        whole = rows_of(graph, question)
        graph.close()

    assert [(dict(group.counts), group.paid) for group in found] == [counted(rows) for rows in opened]
    assert all(opened)
    assert {row.cursor for rows in opened for row in rows} == {row.cursor for row in whole}
    if by not in OVERLAPPING:
        assert sum(map(len, opened)) == len(whole)
    none = {row.cursor for group, rows in zip(found, opened, strict=True) if group.name == "-" for row in rows}
    named = {row.cursor for group, rows in zip(found, opened, strict=True) if group.name != "-" for row in rows}
    assert none.isdisjoint(named)


@pytest.fixture
def graph(tmp_path):
    graph = Graph(tmp_path)
    graph.feed([
        said("city", "Server", "old", SYSTEMS[1], PROGRAMS[1], to("OWNED_BY", "OrganisationUnit", "team"),
             to("LOCATED_IN", "Location", "rack")),
        said("city", "Server", "paid", SYSTEMS[0], to("COVERED_BY", "Contract", "LTS")),
        said("city", "Client", "pc", SYSTEMS[2]),
        said("city", "Application", "app", to("RUNS_ON", "Server", "old"), to("DELIVERS", "CitizenService", "pass")),
        said("city", "OrganisationUnit", "team", to("MEMBER_OF", "OrganisationUnit", "office")),
        said("city", "OrganisationUnit", "office"),
        said("city", "Location", "rack", to("LOCATED_IN", "Location", "house")),
        said("city", "Location", "house"),
        said("city", "CitizenService", "pass"),
        with_properties(said("city", "Contract", "LTS"), extended_support_of="debian"),
    ])  # fmt: skip
    yield graph
    graph.close()


SYSTEM, OTHERS = {"unsupported": 1, "unknown": 2}, {"supported": 2, "unknown": 2}
"""What is known of `old`: its system, program and age; and of all but that and what runs there."""
EXPECTED = {
    "kind": {
        "Server": {"unsupported": 1, "supported": 1, "unknown": 3},
        "Client": {"supported": 1, "unknown": 1},
        "Application": {"unknown": 1},
    },
    "unit": {"team": SYSTEM, "office": SYSTEM, "-": {"supported": 2, "unknown": 3}},
    "location": {
        "rack": {"unsupported": 1, "unknown": 3},
        "house": {"unsupported": 1, "unknown": 3},
        "-": OTHERS,
    },
    "application": {"app": {"unsupported": 1, "unknown": 3}, "-": OTHERS},
    "service": {"pass": {"unsupported": 1, "unknown": 3}, "-": OTHERS},
    "vendor": {"HSH": {"unknown": 1}, "-": {"unsupported": 1, "supported": 2, "unknown": 4}},
    "product": {
        "Microsoft Windows Server": {"unsupported": 1, "supported": 1},
        "Debian": {"supported": 1},
        "-": {"unknown": 5},
    },
    "part": {
        "system": {"unsupported": 1, "supported": 2},
        "hardware": {"unknown": 3},
        "application": {"unknown": 1},
        "program": {"unknown": 1},
    },
    "milestone": {"security": {"unsupported": 1, "supported": 1, "unknown": 5}, "extended": {"supported": 1}},
}


@pytest.mark.parametrize(("by", "expected"), EXPECTED.items(), ids=EXPECTED)
def test_groups_are_counted_by_what_they_have_or_need(graph, by, expected):
    found = groups(graph.store, matcher(), obsolete(graph.store, matcher(), Question(TODAY)), by)

    assert {group.name: +Counter(group.counts) for group in found} == expected
    assert sum(group.paid for group in found if group.name != "house") == 1
    assert [group.order for group in found] == sorted(group.order for group in found)


def test_only_groups_that_are_whole_are_counted_within_a_selection(graph):
    scope = Selection(among=frozenset(node.id for node in graph.store.assets(limit=99) if node.name in {"old", "app"}))
    answer = obsolete(graph.store, matcher(), Question(TODAY, selection=scope))

    assert [group.name for group in groups(graph.store, matcher(), answer, "location", scope)] == ["rack"]
