"""The past over HTTP, asked for by many at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest

from services.api.state import State
from services.settings import load
from tests.inventory.feeding import said, system, to
from tests.inventory.test_batch import START
from tests.services.graphs import Landscape, later
from tests.services.test_api import Api, problem_of

PATIENCE = 30
ALL = {"on": "2026-01-05", "limit": 1000, "verdict": "unknown"}
DAYS = [(START + timedelta(days=day)).date().isoformat() for day in range(4)]


class Halting:
    """A graph that, while `halt` holds, stops whoever first asks it one kind of question."""

    def __init__(self, store):
        self._store, self._question = store, None
        self._lock, self._reached, self._go_on = threading.Lock(), threading.Event(), threading.Event()

    def __getattr__(self, name):
        with self._lock:
            if name == self._question:
                self._question = None
                return self._stop(getattr(self._store, name))
        return getattr(self._store, name)

    def _stop(self, question):
        def asked(*values, **named):
            found = question(*values, **named)
            self._reached.set()
            assert self._go_on.wait(PATIENCE)
            return found

        return asked

    def go_on(self):
        self._go_on.set()

    @contextmanager
    def halt(self, question, work):
        """`work` goes on in a thread up to the answer to this question; gives its future."""
        self._question = question
        with ThreadPoolExecutor(1) as pool:
            try:
                future = pool.submit(work)
                assert self._reached.wait(PATIENCE)
                yield future
            finally:
                self.go_on()


@pytest.fixture
def city(tmp_path):
    """A server each day that gets another system on the next one, and an application on it."""
    city = Landscape(tmp_path / "one")
    for day, name in enumerate("abcd"):
        city.apply(later(said("a", "Server", name, system("Debian GNU/Linux 10"), at=10 + day), days=day, hours=1))
        city.apply(
            later(said("c", "Application", f"{name}pp", to("RUNS_ON", "Server", name), at=20 + day), days=day, hours=1)
        )
        for old in "abcd"[:day]:
            city.apply(
                later(said("a", "Server", old, system(f"Debian GNU/Linux 1{day}"), at=30 + day), days=day, hours=1)
            )
    yield city
    city.close()


@pytest.fixture
def store(city):
    return Halting(city.store)


@pytest.fixture
def api(city, store, tmp_path):
    state = State(load(None, data_dir=tmp_path), city.log, store)
    yield Api(state)
    state.close()


def obsolete(api, day):
    answer = api.get("/api/v1/obsolescence", params=ALL | {"as_of": day}).json()
    return {name: value for name, value in answer.items() if name != "as_of"}


def counts(api, day):
    return {name: value for name, value in obsolete(api, day).items() if name != "items"}


def test_a_past_that_is_read_stays_while_others_ask_for_other_days(api, store):
    alone = obsolete(api, DAYS[1])
    assert alone["with_system"] == 2

    with store.halt("spread", lambda: obsolete(api, DAYS[1])) as answer:
        others = {day: obsolete(api, day)["with_system"] for day in (DAYS[0], *DAYS[2:])}
    assert (answer.result(), others) == (alone, {DAYS[0]: 1, DAYS[2]: 3, DAYS[3]: 4})


def test_a_past_that_is_read_stays_while_the_graph_moves_on(api, store, city):
    alone = counts(api, DAYS[3])  # rows are read after that, and of what has changed meanwhile show what it became
    with store.halt("spread", lambda: counts(api, DAYS[3])) as answer:
        city.apply(later(said("a", "Server", "a", system("Debian GNU/Linux 12"), at=99), days=9))
        assert counts(api, DAYS[3]) == alone
    assert answer.result() == alone


def test_other_questions_do_not_wait_for_a_past_to_be_made(api, store):
    with store.halt("touched", lambda: obsolete(api, DAYS[0])) as answer, ThreadPoolExecutor(1) as pool:
        now = pool.submit(api.request, "POST", "/api/v1/impact", json={"failed": ["a"]})
        try:
            assert [one["kind"] for one in now.result(PATIENCE).json()["counts"]] == ["Application"]
            assert not answer.done()
        finally:
            store.go_on()


def test_many_threads_get_what_each_would_get_alone(api):
    alone = {day: obsolete(api, day) for day in DAYS}
    assert len({str(answer["items"]) for answer in alone.values()}) == len(DAYS)

    with ThreadPoolExecutor(6) as pool:
        asked = DAYS * 15
        assert list(pool.map(lambda day: obsolete(api, day), asked)) == [alone[day] for day in asked]


def prune(city, day):
    """The journal forgets what was before the end of that day."""
    now = START + timedelta(days=day + 3)
    clock = iter([now, *[now + timedelta(hours=2)] * 1000])
    city.apply(journal_days=2, clock=lambda: next(clock))


def test_a_day_that_the_journal_forgot_is_refused_though_it_was_answered_before(api, city):
    obsolete(api, DAYS[0])
    prune(city, 1)

    detail = problem_of(api.get("/api/v1/obsolescence", params={"as_of": DAYS[0]}), 410)
    assert "the journal begins at 2026-01-03 02:00 UTC" in detail


def test_a_day_that_the_journal_forgets_while_it_is_set_back_is_refused(api, city, store):
    asked = {"as_of": DAYS[0]}
    with store.halt("touched", lambda: api.get("/api/v1/obsolescence", params=asked)) as answer:
        prune(city, 1)
    problem_of(answer.result(), 410)


def test_a_time_is_that_time_and_a_day_its_end(api):
    def servers(moment):
        found = api.get("/api/v1/assets", params={"as_of": moment, "kind": "Server"}).json()["items"]
        return "".join(item["name"] for item in found)

    assert servers("2026-01-02") == "ab"
    assert servers("2026-01-02T00:00:00Z") == "a"
    assert servers("2026-01-03T01:00:00+02:00") == "ab"
    assert servers("2026-01-02T00:00:00") == "a"
    detail = problem_of(api.get("/api/v1/assets", params={"as_of": "0001-01-01T00:00:00+14:00"}), 422)
    assert "too far away; allowed are a day" in detail
    assert "as_of" in problem_of(api.get("/api/v1/assets", params={"as_of": "soon"}), 422)


def test_changes_that_the_journal_forgot_are_refused_and_history_says_since_when_it_tells(api, city):
    server = api.get("/api/v1/assets", params={"text": "a", "kind": "Server"}).json()["items"][0]["id"]
    numbers = [item["number"] for item in api.get("/api/v1/changes", params={"since": 0}).json()["items"]]
    assert numbers == list(range(1, len(numbers) + 1))
    prune(city, 1)

    kept = api.get("/api/v1/changes").json()
    first = kept["items"][0]["number"]
    assert (first > 1, kept["begins"]) == (True, "2026-01-03T02:00:00Z")
    assert f"begins at 2026-01-03 02:00 UTC, after number {first - 1}" in problem_of(
        api.get("/api/v1/changes", params={"since": 0}), 410
    )
    assert api.get("/api/v1/changes", params={"since": first - 1}).json() == kept
    history = api.get(f"/api/v1/assets/{server}/history").json()
    assert (history["begins"], [item["what"] for item in history["items"]]) == (kept["begins"], ["changed"])
    assert api.get("/api/v1/changes", params={"as_of": DAYS[3], "since": first - 1}).json()["items"]


def test_a_journal_that_forgot_all_says_after_which_number_it_goes_on(api, city):
    prune(city, 9)

    assert api.get("/api/v1/changes").json()["items"] == []
    last = city.store.status().journal
    assert f"after number {last}" in problem_of(api.get("/api/v1/changes", params={"since": last - 1}), 410)
    assert api.get("/api/v1/changes", params={"since": last}).json()["items"] == []
