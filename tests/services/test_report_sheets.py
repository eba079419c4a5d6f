"""The workbooks, read back: real dates and numbers, filters, a frozen header, and nothing that is a formula."""

from datetime import UTC, date, datetime

import openpyxl
import pytest

from inventory.lifecycle_records import matcher_of
from inventory.milestones import VERDICTS, Undated
from inventory.obsolescence import Question, obsolete
from inventory.rows import Rows
from services.report import sheets
from services.report.columns import ROW_FIELDS
from services.report.sheets import Share, Sheet, rows_sheet, write_sheets
from tests.inventory.facts import DEBIAN, facts
from tests.inventory.feeding import said, system
from tests.inventory.test_batch import Graph

HOSTILE = ('=HYPERLINK("http://x")', "+1", "-1+2", "@SUM(A1)", "\tx", "a\x00\x1b\ud800b", "x" * 40_000, "<b>&amp;")


@pytest.fixture
def graph(tmp_path):
    graph = Graph(tmp_path)
    yield graph
    graph.close()


def written(tmp_path, *made, language="de"):
    path = tmp_path / "out.xlsx"
    write_sheets(path, made, language)
    return openpyxl.load_workbook(path)


def test_rows_have_real_dates_filters_and_a_frozen_header(graph, tmp_path):
    debian = system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12")
    graph.feed([*facts(DEBIAN), said("city", "Server", "srv-1", debian), said("city", "Client", "=pc", system("?"))])
    matcher = matcher_of(graph.store)
    answer = obsolete(graph.store, matcher, Question(date(2026, 1, 1), verdicts=frozenset(VERDICTS)))

    book = written(tmp_path, rows_sheet("Zeilen", Rows(graph.store, matcher, answer), "de"))

    sheet = book["Zeilen"]
    lines = [dict(zip(ROW_FIELDS, line, strict=True)) for line in sheet]
    found = {(line["asset"].value, line["part"].value): line for line in lines}
    debian = found["srv-1", "Betriebssysteme"]
    assert (debian["end"].value.date(), debian["end"].is_date, debian["end"].number_format) == (
        date(2026, 7, 11),
        True,
        "DD.MM.YYYY",
    )
    assert [debian[name].value for name in ("verdict", "kind", "part", "milestone", "confidence", "cycles")] == [
        "endet bald", "Server", "Betriebssysteme", "Sicherheitsupdates", 1, "12",
    ]  # fmt: skip
    assert found["=pc", "Betriebssysteme"]["asset"].data_type == "s"
    assert found["=pc", "Betriebssysteme"]["end"].value is None
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.max_row) == ("A2", sheet.dimensions, len(lines))
    assert len(lines) - 1 == len(Rows(graph.store, matcher, answer))


def test_no_cell_is_a_formula_and_what_xml_cannot_hold_is_replaced(tmp_path):
    book = written(tmp_path, Sheet("S", ["a"], [[text] for text in HOSTILE], [10]))

    cells = [line[0] for line in book["S"].iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells] == [True] * 5 + [False] * 3
    assert [cell.value for cell in cells[:4]] == list(HOSTILE[:4])
    assert cells[5].value == "a\ufffd\ufffd\ufffdb"
    assert len(cells[6].value) == 32_767


def test_values_are_what_they_are(tmp_path):
    at = datetime(2026, 11, 26, 9, 5, tzinfo=UTC)

    book = written(tmp_path, Sheet("S", list("abcd"), [[1234, Share(0.125), at, None]], [9] * 4), language="en")

    cells = next(book["S"].iter_rows(min_row=2))
    assert [(cell.value, cell.number_format) for cell in cells] == [
        (1234, "#,##0"),
        (0.125, "0.0%"),
        (at.replace(tzinfo=None), "YYYY-MM-DD HH:MM"),
        (None, "General"),
    ]


def test_an_end_without_a_day_is_told_in_words():
    assert [sheets._shown("end", end, "de") for end in (Undated.ENDED, Undated.OPEN, None)] == [
        "beendet, ohne Tag", "offen", None,
    ]  # fmt: skip


def test_what_does_not_fit_a_sheet_goes_on_in_another(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "LAST", 3)

    book = written(tmp_path, Sheet("S", ["a"], iter([[number] for number in range(5)]), [10]))

    assert {sheet.title: [line[0] for line in sheet.values] for sheet in book} == {
        "S": ["a", 0, 1],
        "S 2": ["a", 2, 3],
        "S 3": ["a", 4],
    }


def test_what_was_there_stays_where_writing_fails(tmp_path):
    path = tmp_path / "out.xlsx"
    path.write_bytes(b"before")

    def lines():
        yield ["a"]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_sheets(path, [Sheet("S", ["a"], lines(), [10])], "de")

    assert [(item.name, item.read_bytes()) for item in tmp_path.iterdir()] == [("out.xlsx", b"before")]


def test_the_command_writes_all_rows(landkarte, tmp_path):
    code, out, err = landkarte("ask", "obsolete", "--all", "--xlsx", "rows.xlsx")

    assert (code, out) == (0, ""), err
    assert openpyxl.load_workbook(tmp_path / "rows.xlsx")["Zeilen"]["A1"].value == "Urteil"
    assert landkarte("ask", "obsolete", "--xlsx", "rows.csv")[0] == 2
    assert landkarte("ask", "obsolete", "--xlsx", "rows.xlsx", "--by", "unit")[0] == 2
