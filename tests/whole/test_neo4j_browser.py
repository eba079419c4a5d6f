"""The style and the questions of docs/neo4j-browser.md in the real Neo4j Browser, over the sample city."""

import re

import pytest
from neo4j import READ_ACCESS, GraphDatabase

from events.sqlite_log import SqliteLog
from graph import browser_questions, browser_style
from graph.metamodel import KINDS
from graph.neo4j_store import Neo4jStore
from tests.services.browser import open_chromium
from tests.whole.browser_page import BrowserPage
from tests.whole.more_tables import write_more
from tests.whole.profiles import apply, city, city_jobs, facts, job, say

pytestmark = pytest.mark.servers
QUESTIONS = browser_questions.questions(browser_questions.DOCUMENT.read_text(encoding="utf-8"))
BY_NUMBER = {question.number: question for question in QUESTIONS}
RULES = browser_style.style()


@pytest.fixture(scope="module")
def graph(neo4j, tmp_path_factory):
    """A driver on a graph of the sample city, and of what it lacks."""
    folder = tmp_path_factory.mktemp("browser")
    neo4j.wipe()
    log, store = SqliteLog(folder / "log.db"), Neo4jStore(neo4j.uri)
    more = job("more", "spreadsheet", [write_more(folder / "more")])
    say([facts(), *city_jobs(city(folder / "city")), more], folder, log)
    apply(log, store)
    with GraphDatabase.driver(neo4j.uri) as driver:
        yield driver
    store.close()
    log.close()


@pytest.fixture(scope="module")
def page(graph, neo4j):  # noqa: ARG001 - the graph must be there
    """Browser with the settings, the style and the favourites, as the document says."""
    with open_chromium() as chromium:
        found = BrowserPage(chromium, neo4j)
        found.only_read()
        found.drop(browser_style.FILE)
        found.style(list(RULES)[-1])
        found.drop(browser_questions.FILE)
        found.open_favourites("Landkarte")
        yield found


def answer(driver, question):
    """The nodes that the driver gets, by id. Writing is refused."""
    with driver.session(default_access_mode=READ_ACCESS) as session:
        nodes = session.run(question.cypher).graph().nodes
        return {int(node.element_id.rpartition(":")[2]): node for node in nodes}


def rule(node):
    (label,) = [name for name in (*KINDS, "Record", "Identifier") if name in node.labels]
    return RULES[f"node.{label}"]


def expected_caption(node):
    """The rule's template, filled in, without blanks: Browser breaks lines at them."""
    template = rule(node)["caption"].strip('"')
    return "".join(re.sub(r"{(\w+)}", lambda name: str(node.get(name[1], "")), template).split())


def shows(drawn, whole):
    """Whether this is the caption, or its beginning where the circle had no room for more."""
    if drawn.endswith(("…", "...")):
        return len(drawn) > 3 and whole.startswith(drawn.rstrip("….")) and whole != drawn
    return bool(drawn) and drawn == whole


def test_there_are_questions():
    assert len(QUESTIONS) >= 10


@pytest.mark.parametrize("number", BY_NUMBER)
def test_each_question_draws_something(graph, number):
    found = answer(graph, BY_NUMBER[number])

    assert found
    assert all(expected_caption(node) for node in found.values())


@pytest.mark.parametrize(("number", "name"), [(1, "Schrank 7"), (2, "ESX-02")])
def test_what_stands_under_a_service_and_what_it_hangs_on_lead_to_each_other(graph, number, name):
    names = {node.get("name") for node in answer(graph, BY_NUMBER[number]).values()}

    assert {name, "Wohnsitz anmelden", "Meldewesen", "VOIS|MESO"} <= names


def test_favourites_stand_in_the_documents_order(page):
    assert page.favourites() == [f"{question.number:02}. {question.title}" for question in QUESTIONS]


@pytest.mark.parametrize("number", BY_NUMBER)
def test_browser_draws_what_the_driver_gets(page, graph, number):
    question = BY_NUMBER[number]
    expected = answer(graph, question)

    page.run(f"{question.number:02}. {question.title}")

    drawn = page.nodes()
    assert drawn.keys() == expected.keys()
    assert {drawn[i].colour for i in drawn} == {rule(node)["color"] for node in expected.values()}
    assert [i for i in drawn if drawn[i].colour != rule(expected[i])["color"]] == []
    assert [
        (drawn[i].caption, whole) for i in drawn if not shows(drawn[i].caption, whole := expected_caption(expected[i]))
    ] == []


def test_arrows_that_carry_failure_are_drawn_stronger(page):
    question = BY_NUMBER[3]  # SRV-ALT-07 carries an application, and is owned by an office

    page.run(f"{question.number:02}. {question.title}")

    assert page.arrows() == {RULES[f"relationship.{name}"]["color"] for name in ("RUNS_ON", "OWNED_BY")}


def test_nothing_can_be_changed_by_mistake(page, graph):
    refused = page.refused("CREATE (:Mistake)")

    assert "Writing in read access mode not allowed" in refused
    assert not graph.execute_query("MATCH (n) WHERE 'Mistake' IN labels(n) RETURN n").records
