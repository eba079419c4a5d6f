"""`landkarte report`, and the API's first page."""

from datetime import UTC, datetime

import openpyxl
import pytest

from services.api.page import preferred
from services.api.state import State
from services.report.words import WORDS
from services.settings import load
from tests.inventory.facts import DEBIAN, facts
from tests.inventory.feeding import said
from tests.services.graphs import Landscape
from tests.services.reports import BOOKWORM, STRANGE, read
from tests.services.test_api import Api


@pytest.fixture
def landscape(tmp_path):
    (tmp_path / "var").mkdir()
    made = Landscape(tmp_path / "var")
    made.apply(*facts(DEBIAN), said("city", "Server", "srv-1", BOOKWORM), said("city", "Server", "=srv-2", STRANGE))
    yield made
    made.close()


@pytest.fixture
def api(landscape, tmp_path):
    state = State(load(None, data_dir=tmp_path / "var"), landscape.log, landscape.store)
    yield Api(state)
    state.close()


@pytest.mark.usefixtures("landscape")
def test_the_page_is_written_in_german_and_english(landkarte, tmp_path):
    for language, title in (("de", "Was ohne Support ist"), ("en", "What is unsupported")):
        code, out, err = landkarte("report", "--out", "page.html", "--language", language, "--on", "2027-01-13")
        assert (code, out) == (0, ""), err
        html = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in html
        assert title in read(html).text
    assert "2027-01-13" in read(html).text


@pytest.mark.usefixtures("landscape")
def test_the_workbook_has_summary_rows_and_what_is_unknown(landkarte, tmp_path):
    code, _, err = landkarte("report", "--out", "page.xlsx", "--on", "2026-11-26")
    assert code == 0, err

    book = openpyxl.load_workbook(tmp_path / "page.xlsx")
    assert book.sheetnames == [
        "Übersicht", "Zeilen", "Bürgerdienste", "Organisationseinheiten", "Verlauf", "Unbekannt",
    ]  # fmt: skip
    assert {(sheet.freeze_panes, sheet.auto_filter.ref == sheet.dimensions) for sheet in book} == {("A2", True)}
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    summary = {line[0]: line[1:] for line in book["Übersicht"].values}
    assert summary["Betriebssysteme"] == (1, 0, 0, 0, 1, 2, 0.5)
    assert (summary["Stichtag"][0], summary["Computer"][0]) == (datetime(2026, 11, 26), 2)  # noqa: DTZ001
    rows = list(book["Zeilen"].iter_rows(min_row=2))
    assert [line[3].value for line in rows] == ["srv-1"]
    assert rows[0][1].is_date
    assert next(line[:3] for line in book["Unbekannt"].iter_rows(min_row=2, values_only=True)) == (
        "Betriebssysteme", "Hausdistribution 3", 1,
    )  # fmt: skip


@pytest.mark.usefixtures("landscape")
def test_a_page_of_the_past_says_so(landkarte, tmp_path):
    code, _, err = landkarte("report", "--out", "page.html", "--as-of", datetime.now(UTC).date().isoformat())

    assert code == 0, err
    assert "nach dem damaligen Wissen vom" in read((tmp_path / "page.html").read_text(encoding="utf-8")).text


def test_another_ending_is_wrong_use_and_a_missing_folder_a_failure(landkarte):
    assert landkarte("report", "--out", "page.pdf")[0] == 2
    code, _, err = landkarte("report", "--out", "nowhere/page.html")
    assert (code, "cannot be written" in err) == (1, True)


def test_the_first_page_of_the_api_is_the_page(api):
    answer = api.get("/", params={"on": "2027-01-13"})

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "Stichtag 13.01.2027" in read(answer.text).text


@pytest.mark.parametrize(("asked", "accepted", "language"), [
    ({}, "", "de"), ({}, "en-GB,en;q=0.9,de;q=0.5", "en"), ({}, "fr,en;q=0.3", "en"), ({"language": "de"}, "en", "de"),
    ({"language": "en"}, "de", "en"), ({}, "*", "de"),
])  # fmt: skip
def test_the_language_is_the_one_asked_for_else_the_browsers(api, asked, accepted, language):
    answer = api.get("/", params=asked, headers={"Accept-Language": accepted})

    assert f'<html lang="{language}">' in answer.text
    assert WORDS["gaps_title"][language == "en"] in answer.text


@pytest.mark.parametrize("accepted", ["en;q=x", "en;q=0", ";;,,=", "de,en", "en;q=0.5,de;q=0.5"])
def test_german_comes_first_where_neither_is_preferred(accepted):
    assert preferred(accepted) == "de"


@pytest.mark.parametrize("asked", [{"language": "fr"}, {"lang": "de"}, {"on": "soon"}, {"within_months": -1}])
def test_what_the_page_cannot_be_asked_is_a_problem(api, asked):
    assert api.get("/", params=asked).status_code == 422


def test_the_past_of_the_page_is_told(api):
    today = datetime.now(UTC).date()

    assert "nach dem damaligen Wissen" in read(api.get("/", params={"as_of": today.isoformat()}).text).text
