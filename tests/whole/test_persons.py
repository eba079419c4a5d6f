"""Who uses a computer stands in no store, no log and no report, unless as a keyed hash where a source keeps those."""

import re
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from events.log import RECORDS, RUNS
from events.sqlite_log import SqliteLog
from graph.sqlite_store import SqliteStore
from services.collectors.persons import hashed
from tests.events.conftest import read_all
from tests.whole.profiles import apply, job, say
from tests.whole.samples import SAMPLES, TYPES, needed

pytestmark = needed
KEY = "a key of the city, long enough"
MAIL = re.compile(r"[\w.%+-]+@(?:[A-Za-z][\w-]*\.)+(?:com|org|net|de|fr|edu|io|info|uk)\b")
SYSTEM = {"root"}
"""Accounts that are nobody's."""


def persons():
    """Who is logged in, or was last, and every e-mail address: found in the samples themselves."""
    names, mails = set(), set()
    for file in SAMPLES.rglob("*"):
        if file.suffix not in {".json", ".xml", ".txt", ".out", ".facts"}:
            continue
        text = file.read_text(errors="replace")
        mails |= set(MAIL.findall(text))
        names |= set(re.findall(r"<(?:LASTLOGGEDUSER|USERID)>([^<]+)<", text))
        names |= set(re.findall(r'"(?:lastloggeduser|login)":\s*"([^"]+)"', text))
    return names - SYSTEM, mails


def everything_kept(folder, log, store):
    """All text that any of it holds: messages, the graph with its records and journal, outboxes, reports."""
    yield from (message.value.decode() for message in read_all(log, [RECORDS, RUNS]))
    yield from (message.key.decode() for message in read_all(log, [RECORDS, RUNS]))
    nodes, edges = store.everything()
    for node in nodes:
        yield repr(node)
        for row, bodies in store.describing(node.id):
            yield repr(row)
            yield from (body.decode() for body in bodies.values())
    yield from map(repr, edges)
    yield from map(repr, store.changes(limit=100_000))
    yield from map(repr, store.runs(limit=1000))
    for path in folder.glob("*.db"):
        with closing(sqlite3.connect(path)) as database:
            yield from database.iterdump()


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """Every sample in the graph; the agents' sources keep hashes."""
    folder = tmp_path_factory.mktemp("persons")
    log, store = SqliteLog(folder / "log.db"), SqliteStore(folder / "graph.db")
    jobs = [job(kind, kind, [SAMPLES / name]) for name, kind in TYPES.items()]
    keeps = {"fusioninventory"}
    say([replace(one, person=hashed(KEY)) if one.source in keeps else one for one in jobs], folder, log)
    apply(log, store)
    yield folder, log, store
    store.close()
    log.close()


def test_no_person_of_the_samples_is_kept(graph):
    names, mails = persons()
    assert {"johan", "trasher"} <= names
    assert len(mails) > 5
    kept = list(everything_kept(*graph))
    assert any("HP-2530-48G" in text for text in kept)  # it is looked where things are

    for text in kept:
        told = set(re.findall(r"[A-Za-z0-9_.-]+", text)) & names
        assert not told, text[:500]
        assert not set(MAIL.findall(text)) & mails, text[:500]


def test_a_source_that_keeps_persons_keeps_hashes(graph):
    _, _, store = graph
    told = {node.properties["last_user"] for node in store.assets(limit=1000) if "last_user" in node.properties}

    assert told == {hashed(KEY)("johan")}
