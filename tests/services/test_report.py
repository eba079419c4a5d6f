"""What the page tells: the answer's numbers, in both languages, with what is unknown apart from all else."""

import inspect
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from inventory.counts import Counts
from inventory.lifecycle import load_table
from inventory.matching import Matcher
from inventory.milestones import Undated
from inventory.obsolescence import Question, obsolete
from inventory.quality import Expected
from services.report import building, words
from services.report.building import gaps_of
from services.report.chart import bars, shades
from services.report.columns import COLUMNS, ROW_FIELDS
from services.report.forms import Forms
from services.report.words import TODO, WORDS, Words
from tests.documents import ROOT
from tests.inventory.facts import DEBIAN, facts
from tests.inventory.feeding import program, said, system, to
from tests.inventory.test_batch import Graph
from tests.services.reports import BOOKWORM, DAY, STRANGE, TRIXIE, page, read, reported, table_with, with_properties


@pytest.fixture
def graph(tmp_path):
    graph = Graph(tmp_path)
    yield graph
    graph.close()


@pytest.fixture
def city(graph):
    esu = with_properties(said("city", "Contract", "ESU", at=11), extended_support_of="Debian", end="2027-03-31")
    risk = {"risk_accepted_until": "2026-12-31", "risk_accepted_by": "IT-Amt", "risk_reason": "Ablösung läuft"}
    graph.feed([
        *facts(DEBIAN),
        *(said("city", "Server", f"old-{number}", BOOKWORM) for number in range(6)),
        said("city", "Server", "paid", BOOKWORM, to("COVERED_BY", "Contract", "ESU")),
        with_properties(said("city", "Server", "accepted", BOOKWORM), **risk),
        said("city", "Server", "new", TRIXIE, program("Seltsam", "1", package_type="windows")),
        said("city", "Server", "strange-1", STRANGE),
        said("city", "Server", "strange-2", STRANGE),
        said("city", "Client", "silent"),
        esu,
    ])  # fmt: skip
    return graph.store


def test_the_figures_are_the_answers(city):
    report, answer = reported(city)

    for part, counts in report.parts:
        told = (counts.unsupported, counts.ending, counts.supported, counts.unknown)
        assert told == tuple(
            answer.totals[part, verdict] for verdict in ("unsupported", "ending", "supported", "unknown")
        )
        assert counts.paid == answer.paid[part]
    assert dict(report.parts)["system"] == Counts(7, 1, 1, 2, paid=1, paid_ending=1)
    assert (report.computers, report.with_system) == (12, 11)


@pytest.mark.parametrize(("language", "heads"), [
    ("de", ("ohne Support", "bezahlt verlängert", "endet bis 26.11.2027", "unbekannt", "betrachtet")),
    ("en", ("unsupported", "on paid extension", "ending by 2027-11-26", "unknown", "considered")),
])  # fmt: skip
def test_the_page_shows_the_figures_with_their_shares(city, language, heads):
    report, _ = reported(city)
    found = table_with(read(page(city, language)), heads[1])

    forms, (devices, programs) = Forms(language), found.values()
    for shown, counts in ((devices, report.devices), (programs, report.programs)):
        numbers = (counts.unsupported, counts.paid, counts.ending, counts.unknown)
        expected = [f"{forms.number(n)} {forms.share(n, counts.considered)}" for n in numbers]
        assert [shown[head] for head in heads] == [*expected, forms.number(counts.considered)]


def test_unknown_is_in_no_other_figure(city):
    report, _ = reported(city)

    for _, counts in report.parts:
        assert sum(shades(counts).values()) == counts.considered
        assert shades(counts)["unknown"] == counts.unknown
    parts = table_with(read(page(city)), "mit Support")
    assert parts["Betriebssysteme"] == {
        "ohne Support": "7", "endet bis 26.11.2027": "1", "bezahlt verlängert": "0", "mit Support": "1",
        "unbekannt": "2", "betrachtet": "11",
    }  # fmt: skip


def test_a_bar_is_as_wide_as_its_share_and_small_numbers_are_left_to_the_table():
    (bar,) = bars([("system", Counts(1, 0, 899, 100, paid=400))], Forms("de"))

    assert [(segment.shade, segment.label) for segment in bar.segments] == [
        ("unsupported", ""), ("paid", "400"), ("supported", "499"), ("unknown", "100"),
    ]  # fmt: skip
    assert bar.segments[1].width == pytest.approx(400 * bar.segments[0].width, rel=0.01)
    assert bar.segments[-1].x + bar.segments[-1].width == pytest.approx(190 + 880)


def test_of_those_alike_a_few_are_named_and_the_rest_counted(city):
    report, _ = reported(city)

    systems = [entry for entry in report.unsupported.entries if entry.row.part == "system"]
    assert [(entry.row.asset, entry.alike) for entry in systems] == [("accepted", 0), ("old-0", 0), ("old-1", 4)]
    assert (report.unsupported.total, report.unsupported.covered) == (7, 7)
    assert "und 4 weitere mit demselben Stand" in read(page(city)).text


def test_at_most_so_many_rows_are_shown_and_the_worst_first(graph, monkeypatch):
    monkeypatch.setattr(building, "ROWS", 2)
    buster = system("Debian GNU/Linux 10 (buster)", name="debian", version="10")
    graph.feed([
        *facts(DEBIAN),
        *(said("city", "Server", name, BOOKWORM) for name in "ab"), said("city", "Server", "c", buster),
    ])  # fmt: skip

    report, _ = reported(graph.store)

    assert [entry.row.asset for entry in report.unsupported.entries] == ["c", "a"]
    assert (report.unsupported.total, report.unsupported.covered) == (3, 3)


def test_those_on_which_most_depends_come_first_among_those_alike(graph):
    graph.feed([
        *facts(DEBIAN),
        *(said("city", "Server", f"srv-{number}", BOOKWORM) for number in range(9)),
        said("city", "Application", "Wohngeld", to("RUNS_ON", "Server", "srv-7")),
    ])  # fmt: skip

    (first, *_) = reported(graph.store)[0].unsupported.entries

    assert (first.row.asset, first.row.dependents) == ("srv-7", ("Wohngeld",))


def test_an_accepted_risk_is_listed_and_stays_counted(city):
    report, _ = reported(city)

    (risk,) = report.accepted
    assert (risk.asset, risk.until, risk.by, risk.reason, risk.row.verdict) == (
        "accepted", date(2026, 12, 31), "IT-Amt", "Ablösung läuft", "unsupported",
    )  # fmt: skip
    assert "abgelaufen" not in read(page(city)).text
    assert "abgelaufen" in read(page(city, on=date(2027, 1, 1))).text


def test_what_is_not_known_is_named_with_what_to_do(city):
    report, _ = reported(city, expected={"glpi": Expected(datetime(2026, 1, 1, tzinfo=UTC))})

    gaps = {gap.part: gap for gap in report.gaps}
    assert [(thing.reported, thing.assets) for thing in gaps["system"].things] == [("Hausdistribution 3", 2)]
    assert set(gaps) == {"system", "hardware", "program"}
    text = read(page(city, expected={"glpi": Expected(datetime(2026, 1, 1, tzinfo=UTC))})).text
    assert all(TODO[part][0] in text for part in gaps)
    assert "Von 1 Computern ist kein Betriebssystem gemeldet." in text
    assert "glpi: noch nie gehört" in text


@pytest.mark.parametrize("language", ["de", "en"])
def test_without_a_table_the_page_says_so_and_shows_nothing_as_supported(graph, language):
    graph.feed([said("city", "Server", "a", BOOKWORM, program("Firefox", "100", package_type="windows"))])

    report, _ = reported(graph.store)
    found = read(page(graph.store, language))

    assert WORDS["no_table"][language == "en"] in found.text
    assert (report.devices, report.programs) == (Counts(unknown=2), Counts(unknown=1))
    supported = table_with(found, WORDS["supported"][language == "en"])
    assert {row[WORDS["supported"][language == "en"]] for row in supported.values()} == {"0"}


def test_without_anything_the_page_says_so(graph):
    found = read(page(graph.store))

    assert WORDS["nothing"][0] in found.text
    assert "0,0" not in found.text


def test_it_says_what_was_asked_and_what_was_known_when(city):
    text = read(page(city, on=date(2027, 1, 13))).text

    assert "Stichtag 13.01.2027, nach dem Wissen vom " in text
    assert "As of 2027-01-13, by what was known on " in read(page(city, "en", on=date(2027, 1, 13))).text


def test_a_link_leads_to_web_pages_alone(graph):
    bad = DEBIAN.__class__(name="debian", label="Debian", cycles=DEBIAN.cycles, link="javascript:alert(1)")
    graph.feed([*facts(bad), said("city", "Server", "a", BOOKWORM)])

    assert "javascript" not in page(graph.store)


def test_the_page_has_no_script_and_loads_nothing(city):
    html = page(city)
    found = read(html)

    assert {"script", "iframe", "object", "embed", "img", "form", "video"} & set(found.tags) == set()
    assert {name for name, _ in found.attributes if name.startswith("on") or name in {"src", "srcset", "ping"}} == set()
    assert set(re.findall(r"url\(([^)]*)\)", html)) == {f"#shade-{shade}" for shade in shades(Counts())}
    assert "@import" not in html


@pytest.mark.parametrize(("value", "de", "en"), [
    (0, "0", "0"), (999, "999", "999"), (1234, "1.234", "1,234"), (1234567, "1.234.567", "1,234,567"),
])  # fmt: skip
def test_numbers_have_the_form_of_the_language(value, de, en):
    assert (Forms("de").number(value), Forms("en").number(value)) == (de, en)


@pytest.mark.parametrize(("part", "whole", "de", "en"), [
    (1, 8, "12,5 %", "12.5%"), (0, 8, "0,0 %", "0.0%"), (8, 8, "100,0 %", "100.0%"), (0, 0, "–", "–"),  # noqa: RUF001
    (1, 99_999, "< 0,1 %", "< 0.1%"), (99_998, 99_999, "> 99,9 %", "> 99.9%"),
])  # fmt: skip
def test_shares_are_never_rounded_to_none_or_all(part, whole, de, en):
    told = (Forms("de").share(part, whole), Forms("en").share(part, whole))

    assert tuple(text.replace("\N{NO-BREAK SPACE}", " ") for text in told) == (de, en)


def test_dates_have_the_form_of_the_language():
    at = datetime(2027, 1, 13, 23, 30, tzinfo=UTC) + timedelta(0)

    assert [form.end(date(2027, 1, 13)) for form in (Forms("de"), Forms("en"))] == ["13.01.2027", "2027-01-13"]
    assert [form.moment(at) for form in (Forms("de"), Forms("en"))] == ["13.01.2027, 23:30 UTC", "2027-01-13 23:30 UTC"]
    assert [Forms("de").end(end) for end in (Undated.ENDED, Undated.OPEN)] == ["beendet, ohne Tag", "offen"]


def test_long_lists_of_names_are_cut():
    assert Forms("de").names([*"abcde"]) == "a, b, c und 2 weitere"
    assert Forms("en").names([*"abcd"]) == "a, b, c and 1 more"


def test_both_languages_have_the_same_places():
    def places(text):
        return set(re.findall(r"{(\w+)}", text))

    assert {key for key, (de, en) in WORDS.items() if places(de) != places(en) or not de or not en} == set()
    assert set(COLUMNS) == set(ROW_FIELDS)


def test_every_word_is_used():
    folder = ROOT / "services" / "report"
    used = "".join(
        path.read_text(encoding="utf-8") for path in [*folder.glob("*.py"), *folder.glob("templates/*.jinja")]
    )
    used = used.replace(inspect.getsource(words), "")

    assert {key for key in WORDS if f'"{key}"' not in used} == set()


def test_every_reason_of_the_matcher_has_german_words(graph):
    cases = (ROOT / "tests" / "inventory" / "cases").glob("*.txt")
    names = [line.split("|")[0].strip() for path in cases for line in path.read_text(encoding="utf-8").splitlines()]
    named = [name for name in dict.fromkeys(names) if name and not name.startswith("#")]
    graph.feed([
        said("city", "Server", f"{number}", system(name), program(name, "1"), program(name, package_type="windows"))
        for number, name in enumerate(named)
    ])  # fmt: skip

    answer = obsolete(graph.store, Matcher(load_table()), Question(DAY))
    reasons = {thing.reason for gap in gaps_of(answer.judged) for thing in gap.things}

    assert len(reasons) > 5
    assert {reason for reason in reasons if Words("de").reason(reason) == reason} == set()


@pytest.fixture
def offices(graph):
    """Two units with an application each: Friedhöfe needs what has ended, Standesamt what is supported."""
    graph.feed([
        *facts(DEBIAN),
        *(said("city", "OrganisationUnit", name) for name in ("Friedhöfe", "Standesamt")),
        said("city", "Server", "old", BOOKWORM),
        said("city", "Server", "new", TRIXIE),
        said("city", "Server", "nobody's", BOOKWORM),
        *(
            said("city", "Application", name, to("RUNS_ON", "Server", server), to("OWNED_BY", "OrganisationUnit", unit))
            for name, server, unit in (("Gräber", "old", "Friedhöfe"), ("Ehen", "new", "Standesamt"))
        ),
    ])  # fmt: skip
    return graph.store


def test_units_are_ranked_by_the_worst_that_they_need(offices):
    report, _ = reported(offices)

    assert [(one.name, one.status, one.cause_asset) for one in report.units.named] == [
        ("Friedhöfe", "unsupported", "old"), ("Standesamt", "unknown", "Ehen"),
    ]  # fmt: skip
    found = table_with(read(page(offices)), "Wegen")
    assert list(found) == ["Friedhöfe", "Standesamt", "keiner davon zugeordnet"]
    assert found["Friedhöfe"]["Stand"] == "ohne Support"
    assert found["Friedhöfe"]["Wegen"] == "Debian GNU/Linux 12 (bookworm) auf old, Ende 11.07.2026"
    assert WORDS["no_ranking"][0] in read(page(offices)).text  # there are no services


def test_only_the_worst_are_shown_and_told_how_many_there_are(offices, monkeypatch):
    monkeypatch.setattr("services.report.page.WORST", 1)

    found = read(page(offices))

    assert list(table_with(found, "Wegen")) == ["Friedhöfe", "keiner davon zugeordnet"]
    assert "1 von 2, das Schlechteste zuerst" in found.text
