"""Bills of materials of one city are the same from SQLite and from a real Neo4j."""

import json
from uuid import UUID

import pytest

from events.sqlite_log import SqliteLog
from graph.neo4j_store import Neo4jStore
from graph.sqlite_store import SqliteStore
from inventory.judging import Policy
from inventory.lifecycle_records import table_of
from inventory.matching import Matcher
from services.exports.asking import bill_of
from services.exports.cyclonedx import Made
from tests.services.exports.bills import TODAY, read
from tests.whole.profiles import START, apply, city, city_jobs, job, say

pytestmark = pytest.mark.servers


def test_both_stores_give_the_same_bills(tmp_path, neo4j):
    neo4j.wipe()
    log = SqliteLog(tmp_path / "log.db")
    say([*city_jobs(city(tmp_path / "city")), job("endoflife", "endoflife")], tmp_path, log)
    stores = SqliteStore(tmp_path / "graph.db"), Neo4jStore(neo4j.uri)
    for store in stores:
        apply(log, store)

    application = stores[0].assets(kinds=("Application",), limit=1)[0].id
    client = stores[0].assets(kinds=("Client",), limit=1)[0].id
    for names in ((), (application,), (client,), (application, client)):
        one, two = (bill(store, names) for store in stores)
        assert one == two
        assert len(read(one)["components"]) > 10
    for part in (*stores, log):
        part.close()


def bill(store, names):
    """As text, so that the order counts too."""
    found = bill_of(store, Matcher(table_of(store)), Policy(), names, TODAY)
    found.made = Made(START, UUID(int=1))
    text = "".join(found.parts())
    assert json.loads(text)["metadata"]["timestamp"] == START.isoformat()
    return text
