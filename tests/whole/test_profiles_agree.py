"""The same input through SQLite and through a real Kafka and a real Neo4j gives the same graph and the same answers."""

from datetime import date

import pytest

from events.kafka_log import KafkaLog
from events.sqlite_log import SqliteLog
from graph.neo4j_store import Neo4jStore
from graph.sqlite_store import SqliteStore
from inventory.around import owners_of
from inventory.impact import impact_of
from inventory.impact_words import in_words
from inventory.lifecycle_records import matcher_of
from inventory.obsolescence import Question, obsolete
from inventory.rows import Rows
from inventory.topology import load_topology
from tests.whole.profiles import apply, city, city_jobs, facts, say, shown

pytestmark = pytest.mark.servers


def test_both_profiles_give_the_same_graph_and_answers(tmp_path, kafka, neo4j):
    folder = city(tmp_path / "city")
    kafka.wipe()
    neo4j.wipe()
    embedded = SqliteLog(tmp_path / "log.db"), SqliteStore(tmp_path / "graph.db")
    servers = KafkaLog(kafka.bootstrap), Neo4jStore(neo4j.uri)
    for name, (log, store) in (("embedded", embedded), ("servers", servers)):
        (tmp_path / name).mkdir()
        say([facts(), *city_jobs(folder)], tmp_path / name, log)
        apply(log, store)

    one, two = embedded[1], servers[1]
    assert len(shown(one)[0]) > 1000  # the city, not two empty graphs
    assert shown(two)[0] == shown(one)[0]
    assert shown(two)[1] == shown(one)[1]
    assert rows(two) == rows(one)
    for asset in one.assets(limit=1000):
        assert impact(two, asset.id) == impact(one, asset.id)
        assert [r.key for r, _ in two.describing(asset.id)] == [r.key for r, _ in one.describing(asset.id)]
    assert two.status().counts == one.status().counts
    assert [(run.id, run.status, run.seen) for run in two.runs()] == [(r.id, r.status, r.seen) for r in one.runs()]
    for log, store in (embedded, servers):
        log.close()
        store.close()


def rows(store):
    matcher = matcher_of(store)
    answer = obsolete(store, matcher, Question(on=date(2026, 11, 23)))
    found = list(Rows(store, matcher, answer))
    assert {row.part for row in found} >= {"system", "program", "hardware"}
    return found, answer.totals, answer.paid, answer.inherited, answer.computers, answer.with_system, answer.as_of


_TOPOLOGIES = {}


def impact(store, asset):
    if store not in _TOPOLOGIES:
        _TOPOLOGIES[store] = load_topology(store)
    found = impact_of(_TOPOLOGIES[store], [store.node(asset)])
    offices = owners_of(store, [item.node.id for item in found.services()])
    return in_words(found, "de", offices), list(found.items())
