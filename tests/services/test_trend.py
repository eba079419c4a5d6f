"""The trend: each point is the answer of its day; what was kept is what would be asked, and costs nothing."""

import json
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from graph.store import StoreUnavailable
from inventory.counts import Counts
from inventory.judging import Policy
from inventory.lifecycle_records import matcher_of
from inventory.obsolescence import Question, obsolete
from services import trend
from services.answers import end_of, past_of
from services.api.state import State
from services.asking import Asked, question_of
from services.report.page import render
from services.report.workbook import sheets_of
from services.settings import load
from services.trend import Keeper, Point, Span, kept, spaced, span_of, trend_of
from tests.inventory.facts import DEBIAN, facts
from tests.inventory.feeding import said, system
from tests.inventory.test_batch import START, withdrawn
from tests.services.graphs import Landscape, later
from tests.services.reports import page, read, reported, table_with
from tests.services.test_api import Api, problem_of

BOOKWORM = system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12")
BUSTER = system("Debian GNU/Linux 10 (buster)", name="debian", version="10")
SUNDAYS = [date(2026, 1, 4), date(2026, 1, 11), date(2026, 1, 18)]
"""The journal begins on a Thursday, 1 January."""


@pytest.fixture
def city(tmp_path):
    """A server more each week from the second on, and in the third an old one, whose systems are known by then."""
    found = Landscape(tmp_path / "one")
    say(found, 2, said("a", "Server", "first", BOOKWORM))
    say(found, 8, *facts(DEBIAN), said("a", "Server", "second", BOOKWORM, at=20))
    say(found, 15, said("a", "Server", "third", BUSTER, at=30))
    yield found
    found.close()


def say(city, day, *items):
    """Said, and heard of, so many days after the start."""
    city.apply(*(later(item, days=day) for item in items), clock=lambda: START + timedelta(days=day))


def asked(city, days, asked=Asked(), policy=Policy(), known=None, past=None):  # noqa: B008 - never changed
    question = question_of(city.store, asked, policy)
    answer = obsolete(city.store, matcher_of(city.store), question)
    known = kept(city.store, question) if known is None else known
    asking = lambda then, day: question_of(then, asked, policy, end_of(day))  # noqa: E731
    return trend_of(answer, known, days, asking, past or partial(past_of, city.store))


def systems(found):
    return [point.parts.get("system") for point in found.points]


def never(_moment):
    pytest.fail("the past was asked")


def test_each_point_is_as_it_was_known_on_its_day(city):
    found = asked(city, SUNDAYS)

    assert [point.day for point in found.points] == [*SUNDAYS, datetime.now(UTC).date()]
    assert systems(found)[:3] == [Counts(unknown=1), Counts(ending=2), Counts(unsupported=1, ending=2)]
    assert not found.left_out


def test_days_before_the_journal_are_left_out_and_named(city):
    found = asked(city, [date(2025, 12, 28), *SUNDAYS])

    assert [point.day for point in found.points[:-1]] == SUNDAYS
    assert "the journal begins at 2026-01" in found.left_out[date(2025, 12, 28)]


def test_a_day_on_which_what_is_asked_of_was_not_there_is_left_out(city):
    say(city, 16, said("a", "OrganisationUnit", "IT-Amt", at=40))
    found = asked(city, SUNDAYS, Asked(units=["IT-Amt"]))

    assert [point.day for point in found.points[:-1]] == SUNDAYS[2:]
    assert all("no asset has the id or name 'IT-Amt'" in reason for reason in found.left_out.values())


def test_what_is_over_is_kept_while_it_costs_little_and_is_what_would_be_asked(city):
    told = asked(city, SUNDAYS, known={}).points[:3]
    say(city, 20, said("a", "Server", "fourth", BUSTER, at=50))
    say(city, 31, withdrawn("a/Server:third", 60))

    days = [*SUNDAYS, date(2026, 1, 31)]
    found = asked(city, days, past=never)
    assert list(found.points[:3]) == list(told)
    assert found.points[3].parts["system"] == Counts(unsupported=2, ending=2)
    assert found.points[4].parts["system"] == Counts(unsupported=3)


def test_of_another_policy_or_of_some_assets_only_nothing_is_kept(city):
    def points(question):
        return kept(city.store, question)

    today = date(2026, 1, 20)
    assert list(points(Question(today))) == SUNDAYS[:2]
    assert list(points(Question(today, verdicts=frozenset({"unknown"})))) == SUNDAYS[:2]
    some = points(Question(today, parts=frozenset({"hardware"})))
    assert [list(point.parts) for point in some.values()] == [["hardware"], ["hardware"]]
    assert not points(Question(today, policy=Policy("active")))
    assert not points(Question(today, within_months=6))
    assert not points(Question(today, products=frozenset({"Debian"})))
    assert not points(Question(today, confidence=0.5))


def test_the_inventory_keeps_nothing_that_would_hold_it_up(city, monkeypatch):
    monkeypatch.setattr(trend, "MOST_ENTRIES", 1)
    say(city, 20, said("a", "Server", "x", at=40), said("a", "Server", "y", at=41))
    keeper = Keeper(city.store, Policy(), lambda: datetime(2026, 1, 19, tzinfo=UTC))

    assert not keeper.notes()  # of Sunday the 18th: these two came after it
    monkeypatch.undo()
    keeper.forget()
    assert keeper.notes()


def test_both_a_week_and_a_month_that_are_over_are_kept(city):
    keeper = Keeper(city.store, Policy(), lambda: datetime(2026, 2, 2, tzinfo=UTC))
    told = next(iter(json.loads(keeper.notes()[trend.NOTE]).values()))
    assert [*told][-2:] == ["2026-01-31", "2026-02-01"]


def test_no_room_for_a_point_holds_nothing_up_and_is_not_tried_again_that_day(city, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(trend, "past_of", full)
    keeper = Keeper(city.store, Policy(), lambda: datetime(2026, 1, 19, tzinfo=UTC))
    assert not keeper.notes()
    assert "No space left on device" in capsys.readouterr().out
    monkeypatch.undo()
    assert not keeper.notes()


def test_an_outage_while_a_point_is_reckoned_is_not_repeated_that_day(city, monkeypatch):
    def away(*_):
        raise StoreUnavailable("the graph does not answer")

    monkeypatch.setattr(trend, "past_of", away)
    keeper = Keeper(city.store, Policy(), lambda: datetime(2026, 1, 19, tzinfo=UTC))
    with pytest.raises(StoreUnavailable):
        keeper.notes()
    assert not keeper.notes()


def test_dropped_entries_of_the_journal_count_for_nothing(city, monkeypatch):
    city.apply(journal_days=10, clock=lambda: START + timedelta(days=40))
    monkeypatch.setattr(trend, "MOST_ENTRIES", 0)
    keeper = Keeper(city.store, Policy(), lambda: datetime(2026, 2, 16, tzinfo=UTC))
    assert keeper.notes()


def test_a_point_is_kept_once(city):
    at = [START + timedelta(days=16)]
    keeper = Keeper(city.store, Policy(), lambda: at[0])
    assert not keeper.notes()  # the city's own inventory has kept it
    at[0] += timedelta(days=7)
    assert list(keeper.notes()) == [trend.NOTE]
    assert not keeper.notes()


def test_the_page_shows_what_was_kept_and_today_apart_from_programs(city):
    today = datetime.now(UTC).date()
    report, _ = reported(city.store, today)
    shown = table_with(read(render(report, "de")), "endet im Zeitraum")

    assert [point.day for point in report.trend] == [*SUNDAYS[:2], today]
    assert list(shown) == ["04.01.2026", "11.01.2026", f"{today:%d.%m.%Y}"]
    assert [shown["11.01.2026"][head] for head in ("ohne Support", "endet im Zeitraum", "unbekannt", "betrachtet")] == [
        "0", "2", "2", "4",
    ]  # fmt: skip
    for other in ({"on": today + timedelta(days=1)}, {"within_months": 6}):
        report, _ = reported(city.store, **{"on": today, **other})
        assert [point.day for point in report.trend] == SUNDAYS[:2]
        assert "endet im Zeitraum" in render(report, "de")


def test_the_page_of_a_past_day_shows_what_was_kept_before_it(city):
    day = date(2026, 1, 10)
    with past_of(city.store, end_of(day)) as past:
        assert [point.day for point in reported(past, day)[0].trend] == [SUNDAYS[0], day]


def test_the_workbook_has_every_point_of_every_part(city):
    report, _ = reported(city.store, datetime.now(UTC).date())
    sheets = {sheet.title: list(sheet.lines) for sheet in sheets_of(report, [], iter(()), "de")}

    assert (SUNDAYS[1], "Betriebssysteme", 0, 2, 0, 0, 0, 2) in sheets["Verlauf"]
    assert len(sheets["Verlauf"]) == sum(len(point.parts) for point in report.trend)


def test_without_earlier_points_the_page_says_how_to_get_them(tmp_path):
    city = Landscape(tmp_path / "new")
    say(city, 0, said("a", "Server", "x", BOOKWORM))
    told = read(page(city.store)).text
    city.close()

    assert "landkarte ask obsolete --trend 12m" in told


def test_a_page_shows_months_where_there_are_enough_and_weeks_where_not():
    def points(*days):
        return [Point(day, {}) for day in days]

    today = date(2026, 11, 26)
    weeks, months = Span(30, "w").ends(today), Span(7, "m").ends(today)
    few = sorted([*weeks[-8:], *months[-2:]])
    assert spaced(points(*few, today)) == points(*weeks[-8:], today)
    assert spaced(points(*sorted({*weeks, *months}), today)) == points(*months, today)
    assert spaced([]) == []


def far_back():
    """As many weeks as reach the first point, whenever this runs: the test's landscape is of January 2026."""
    return f"{(datetime.now(UTC).date() - SUNDAYS[0]).days // 7 + 2}w"


def test_the_command_tells_what_was_kept_reckons_the_rest_and_says_what_that_took(city, landkarte):
    files = {f"LANDKARTE_{name}": f"sqlite:///{city.folder}/{name.lower()}.db" for name in ("LOG", "GRAPH")}
    ask = partial(landkarte, "ask", "obsolete", **files)
    code, out, err = ask("--trend", far_back(), "--part", "system", "--format", "csv")

    lines = out.splitlines()
    assert (code, lines[0]) == (0, "part,day,unsupported,ending,supported,unknown,paid,considered")
    assert lines[1:4] == [
        "system,2026-01-04,0,0,0,1,0,1",
        "system,2026-01-11,0,2,0,0,0,2",
        "system,2026-01-18,1,2,0,0,0,3",
    ]
    assert "2025-12-28 is left out: what was known at 2025-12-28 23:59 UTC is not kept" in err
    assert "as of 2026-01-18 23:59 UTC" in err  # the first Sunday that was not kept
    assert "as of 2026-01-11" not in err
    told = json.loads(ask("--trend", far_back(), "--format", "json")[1])
    assert told["left_out"][-1]["day"] == "2025-12-28"
    assert told["points"][1]["parts"]["system"]["ending"] == 2
    for wrong in (["12"], ["12m", "--on", "2027-01-01"], ["12m", "--as-of", "2026-01-05"], ["12m", "--by", "unit"]):
        assert ask("--trend", *wrong)[0] == 2


def test_the_api_tells_the_same_and_refuses_a_day(city, tmp_path, monkeypatch):
    state = State(load(None, data_dir=tmp_path), city.log, city.store)
    api = Api(state)
    far = {"span": far_back(), "part": "system"}
    assert "more than 12 of these points" in problem_of(api.get("/api/v1/obsolescence/trend", params=far), 422)
    monkeypatch.setattr("services.api.trend.MOST_RECKONED", 10_000)
    told = api.get("/api/v1/obsolescence/trend", params=far).json()
    state.close()

    assert [point["day"] for point in told["points"][:3]] == [day.isoformat() for day in SUNDAYS]
    assert told["points"][2]["parts"] == {
        "system": {"unsupported": 1, "ending": 2, "supported": 0, "unknown": 0, "paid": 0}
    }
    assert told["left_out"][-1]["day"] == "2025-12-28"
    for wrong, named in (({"span": "12"}, "12m"), ({"on": "2026-01-05"}, "on"), ({"as_of": "2026-01-05"}, "as_of")):
        assert named in problem_of(api.get("/api/v1/obsolescence/trend", params=wrong), 422)


@pytest.mark.parametrize(("text", "today", "days"), [
    ("3m", date(2026, 3, 1), [date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28)]),
    ("2m", date(2024, 3, 31), [date(2024, 1, 31), date(2024, 2, 29)]),
    ("2w", date(2026, 11, 26), [date(2026, 11, 15), date(2026, 11, 22)]),
    ("1w", date(2026, 11, 22), [date(2026, 11, 15)]),
])  # fmt: skip
def test_the_ends_of_months_and_weeks(text, today, days):
    assert span_of(text).ends(today) == days


@pytest.mark.parametrize("text", ["", "m", "12", "0m", "-3w", "601m", "12y", "\u0663m", "1 m"])
def test_what_is_no_span_is_refused(text):
    with pytest.raises(ValueError, match="neither so many months"):
        span_of(text)
