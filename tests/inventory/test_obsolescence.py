from datetime import date

import pytest

from graph.store import Selection
from inventory.judging import Policy
from inventory.lifecycle import load_table
from inventory.matching import Matcher
from inventory.obsolescence import Question, obsolete
from inventory.rows import Rows
from tests.inventory.feeding import program, said, system
from tests.inventory.test_batch import Graph, when, withdrawn

TODAY = date(2026, 11, 23)
ALL = frozenset({"unsupported", "ending", "supported", "unknown"})

W2012 = system("Microsoft Windows Server 2012 R2 Standard", name="Windows")
W2016 = system("Microsoft Windows Server 2016 Standard", name="Windows")
W2022 = system("Microsoft Windows Server 2022 Standard", name="Windows")
SQL = program("Microsoft SQL Server 2016 (64-bit)", "13.3.6300.2", package_type="windows")


@pytest.fixture(scope="module")
def matcher():
    return Matcher(load_table())


@pytest.fixture
def graph(tmp_path):
    graph = Graph(tmp_path)
    graph.feed(
        [
            said("city", "Server", "srv-b", W2016, SQL, program("VOIS|MESO", "9.2", package_type="windows")),
            said("city", "Server", "srv-a", W2016),
            said("city", "Server", "srv-old", W2012),
            said("city", "VirtualMachine", "vm-new", W2022, SQL),
            said("city", "Client", "pc-1", system("Linux 2.6.22 (Fedora Core 6)")),
            said("city", "Client", "pc-2"),
            said(
                "mine",
                "Client",
                "this-computer",
                system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12"),
                program("bash", "5.2.15-2+b7", package_type="deb"),
                program("tar", "1.34+dfsg-1.2", package_type="deb"),
            ),
        ]
    )
    yield graph
    graph.close()


class Answer:
    """The answer with its rows, and the counts of systems and programs."""

    def __init__(self, graph, matcher, question):
        self.answer = obsolete(graph.store, matcher, question)
        self.rows = Rows(graph.store, matcher, self.answer)
        self.systems, self.programs = (
            {verdict: count for (found, verdict), count in self.answer.totals.items() if found == part}
            for part in ("system", "program")
        )

    def __getattr__(self, name):
        return getattr(self.answer, name)


def ask(graph, matcher, *, sources=frozenset({"city"}), kinds=frozenset(), milestone="security", **more):
    given = {"on": TODAY, "parts": frozenset({"system", "program"}), **more}
    selection = Selection(kinds=kinds, sources=sources)
    return Answer(graph, matcher, Question(**given, selection=selection, policy=Policy(milestone)))


def shown(rows):
    return [(row.verdict, str(row.end), row.asset, row.product, row.cycles) for row in rows]


def test_rows_are_worst_first_then_by_name(graph, matcher):
    answer = ask(graph, matcher)

    server, sql = "Microsoft Windows Server", "Microsoft SQL Server"
    assert shown(answer.rows) == [
        ("unsupported", "2023-10-10", "srv-old", server, ("2012-r2",)),
        ("unsupported", "2026-07-14", "srv-b", sql, ("13.0-sp3",)),
        ("unsupported", "2026-07-14", "vm-new", sql, ("13.0-sp3",)),
        ("ending", "2027-01-12", "srv-a", server, ("2016",)),
        ("ending", "2027-01-12", "srv-b", server, ("2016",)),
    ]


def test_a_row_says_what_was_reported_how_it_was_read_and_where_the_date_is_from(graph, matcher):
    row = next(row for row in ask(graph, matcher).rows if row.asset == "vm-new")

    assert (row.kind, row.part, row.reported) == (
        "VirtualMachine",
        "program",
        "Microsoft SQL Server 2016 (64-bit) 13.3.6300.2",
    )
    assert (row.extended, row.method, row.citation) == (
        date(2029, 7, 17),
        "name and build",
        "https://endoflife.date/mssqlserver",
    )
    assert graph.store.node(row.asset_id).name == "vm-new"


def test_paid_support_that_has_lapsed_is_not_offered(graph, matcher):
    row = ask(graph, matcher).rows[0]

    assert (row.asset, row.extended) == ("srv-old", None)  # until 2026-10-13


def test_unknown_is_counted_apart_from_supported_and_unsupported(graph, matcher):
    answer = ask(graph, matcher)

    assert answer.systems == {"unsupported": 1, "ending": 2, "supported": 1, "unknown": 1}
    assert answer.programs == {"unsupported": 2, "unknown": 1}
    assert (answer.with_system, answer.computers) == (5, 6)
    assert [edition.as_of for edition in answer.editions.values()] == [date(2026, 8, 22)]
    assert answer.as_of == {"city": when(10)}


def test_one_sources_figures_never_contain_anothers(graph, matcher):
    mine = ask(graph, matcher, sources=frozenset({"mine"}))

    assert shown(mine.rows) == [("unsupported", "2026-07-11", "this-computer", "Debian", ("12",))]
    assert (mine.systems, mine.programs, mine.inherited) == ({"unsupported": 1}, {}, 2)
    assert (mine.with_system, mine.computers, set(mine.as_of)) == (1, 1, {"mine"})
    assert ask(graph, matcher).inherited == 0


def test_kinds_restrict_rows_and_figures(graph, matcher):
    answer = ask(graph, matcher, kinds=frozenset({"VirtualMachine"}), verdicts=ALL)

    assert {row.asset for row in answer.rows} == {"vm-new"}
    assert (answer.systems, answer.computers) == ({"supported": 1}, 1)


def test_a_city_that_pays_for_extended_support_asks_for_that(graph, matcher):
    answer = ask(graph, matcher, milestone="extended")

    assert shown(answer.rows) == [
        ("unsupported", "2026-10-13", "srv-old", "Microsoft Windows Server", ("2012-r2",)),
    ]
    assert answer.programs == {"supported": 2, "unknown": 1}


def test_retired_assets_are_not_counted(graph, matcher):
    graph.feed([withdrawn("city/Server:srv-old", 11), withdrawn("city/Client:pc-2", 11)])

    answer = ask(graph, matcher)
    assert "srv-old" not in {row.asset for row in answer.rows}
    assert ("unsupported" in answer.systems, answer.with_system, answer.computers) == (False, 4, 4)


def test_pages_by_cursor_join_to_the_whole(graph, matcher):
    rows = ask(graph, matcher, verdicts=ALL).rows
    walked, cursor = [], ""
    while page := [row for row, _ in zip(rows.after(cursor), range(2), strict=False)]:
        walked += page
        cursor = page[-1].cursor

    assert walked == list(rows)
    assert len(walked) == len(rows) == 8


def test_a_cursor_holds_though_its_row_has_gone(graph, matcher):
    cursor = ask(graph, matcher).rows[1].cursor
    graph.feed([said("city", "Server", "srv-b", W2016, at=20)])

    assert [row.asset for row in ask(graph, matcher).rows.after(cursor)] == ["vm-new", "srv-a", "srv-b"]


@pytest.mark.parametrize("cursor", ["x", "[]", "[1]", '["a","b","c","d","e","f"]', "7"])
def test_a_text_that_is_no_cursor_is_refused_by_name(graph, matcher, cursor):
    with pytest.raises(ValueError, match="is no cursor of this answer"):
        list(ask(graph, matcher).rows.after(cursor))


def test_slices_are_those_of_the_list(graph, matcher):
    rows = ask(graph, matcher, verdicts=ALL).rows
    whole = list(rows)

    for piece in (slice(0, 3), slice(1, 2), slice(3, 7), slice(2, None), slice(-2, None), slice(9, 12), slice(6, 2)):
        assert rows[piece] == whole[piece]
    assert (rows[0], rows[-1], rows[::2]) == (whole[0], whole[-1], whole[::2])
    assert rows[::-1] == whole[::-1]


def test_each_distinct_string_that_is_asked_for_is_matched_once(graph):
    calls = []

    class Counting(Matcher):
        def _match_system(self, *told):
            calls.append(told)
            return super()._match_system(*told)

    matcher = Counting(load_table())
    ask(graph, matcher)
    ask(graph, matcher)

    assert len(calls) == len(set(calls)) == 4  # the fifth is this computer's


def test_an_empty_graph_has_an_empty_answer(tmp_path, matcher):
    graph = Graph(tmp_path)

    answer = Answer(graph, matcher, Question(TODAY))

    assert (list(answer.rows), answer.computers, answer.systems) == ([], 0, {})
    graph.close()
