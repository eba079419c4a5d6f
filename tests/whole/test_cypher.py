"""The questions of docs/cypher.md, on a real Neo4j with the sample city."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from neo4j import GraphDatabase

from events.sqlite_log import SqliteLog
from graph.neo4j_store import Neo4jStore
from inventory.lifecycle_records import matcher_of
from inventory.obsolescence import Question, obsolete
from inventory.rows import Rows
from tests.whole.profiles import apply, city, city_jobs, facts, job, say

pytestmark = pytest.mark.servers
DOCUMENT = (Path(__file__).parents[2] / "docs" / "cypher.md").read_text(encoding="utf-8")
QUESTIONS = dict(re.findall(r"^## (\d+)\. .*?```cypher\n(.*?)```", DOCUMENT, re.MULTILINE | re.DOTALL))
OWN = (
    "Produktlinie;Produkt oder Modell;Versionslinie;Ende des verlängerten Supports;Quelle\n"
    "Microsoft Windows Server 2016;windows-server;2016;31.12.2030;Vertrag 4711\n"
)


@pytest.fixture(scope="module")
def store(neo4j, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cypher")
    neo4j.wipe()
    log, store = SqliteLog(folder / "log.db"), Neo4jStore(neo4j.uri)
    (folder / "own.csv").write_text(OWN, encoding="utf-8")
    say([facts(), job("own", "lifecycle", [folder / "own.csv"]), *city_jobs(city(folder / "city"))], folder, log)
    apply(log, store)
    yield store
    store.close()
    log.close()


@pytest.fixture
def ask(store, neo4j):  # noqa: ARG001 - the graph must be there
    def asked(number):
        with GraphDatabase.driver(neo4j.uri) as driver:
            return [record.data() for record in driver.execute_query(QUESTIONS[str(number)]).records]

    return asked


def test_there_are_ten_questions():
    assert list(QUESTIONS) == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize("number", range(1, 11))
def test_each_question_has_an_answer_in_the_sample_city(ask, number):
    found = ask(number)

    assert found
    assert all(any(value not in (None, [], 0) for value in row.values()) for row in found)


def test_what_is_unsupported_is_what_the_answer_says(ask, store):
    matcher = matcher_of(store)
    question = Question(datetime.now(UTC).date(), parts=frozenset({"system"}), verdicts=frozenset({"unsupported"}))
    rows = Rows(store, matcher, obsolete(store, matcher, question))
    by_one = {row.asset for row in rows if len(row.cycles) == 1 and not row.cycles[0].startswith("<")}

    assert {row["machine"] for row in ask(1)} == by_one
    assert len(by_one) > 10


def test_the_citys_own_word_is_in_the_graph(ask):
    (found,) = ask(9)

    assert (found["said_by"], found["extended"]) == (["endoflife", "own"], "2030-12-31")
