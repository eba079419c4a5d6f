"""kill -9 of collector, inventory, broker and database under load, on the real servers: nothing lost or doubled."""

import pytest

from events.kafka_log import KafkaLog
from events.log import DEADLETTERS, RECORDS
from graph.neo4j_store import Neo4jStore
from inventory.batch import Batch
from services.consumer import Consumer
from tests.servers.process import await_condition
from tests.whole.processes import SMALL_BATCH, kill
from tests.whole.profiles import TABLES, apply, city, city_jobs, say, shown, timeless

pytestmark = pytest.mark.servers


def imports(folder):
    return [("import", kind, str(folder / kind), "--source", f"city-{kind}", "--complete") for kind in TABLES]


def applied(store):
    """How many messages of the log the graph contains."""
    return sum(after for log in store.logs() for at, after in store.positions(log).items() if at[0] == RECORDS)


@pytest.fixture
def undisturbed(tmp_path, kafka, neo4j):
    """The graph of one run that nobody disturbs."""
    kafka.wipe()
    neo4j.wipe()
    (tmp_path / "quiet").mkdir()
    log, store = KafkaLog(kafka.bootstrap), Neo4jStore(neo4j.uri)
    say(city_jobs(city(tmp_path / "city")), tmp_path / "quiet", log)
    apply(log, store)
    graph = timeless(shown(store))
    log.close()
    kafka.wipe()
    neo4j.wipe()
    yield graph
    store.close()


def test_kills_of_every_part_change_nothing(tmp_path, kafka, neo4j, undisturbed, landkarte):
    store = Neo4jStore(neo4j.uri)
    glpi, *others = imports(tmp_path / "city")
    outbox = tmp_path / "outbox" / "city-glpi.db"

    collector = landkarte.start(*glpi)
    await_condition(outbox.exists, seconds=60, what="the collector to begin")
    kill(collector)
    landkarte.run(*glpi)
    for part in ("inventory", "broker", "database"):
        before = applied(store)
        inventory = landkarte.start("inventory")
        await_condition(lambda b=before: applied(store) > b, seconds=60, what="the inventory to move on")
        if part == "broker":
            kafka.kill()
            late = landkarte.start(*others[0])
            landkarte.await_line("events wait in the outbox; next try in")
            kafka.start()
            assert late.wait(timeout=120) == 0
        if part == "database":
            neo4j.kill()
            landkarte.await_line("does not answer")
            neo4j.start()
        kill(inventory)
    for command in imports(tmp_path / "city"):
        landkarte.run(*command)
    landkarte.run("inventory", "--once")

    assert timeless(shown(store)) == undisturbed
    log = KafkaLog(kafka.bootstrap)
    assert set(log.ends([DEADLETTERS]).values()) == {0}  # an outage is no fault of a message
    log.close()
    store.close()


def test_positions_saved_apart_from_their_effect_are_found_out(tmp_path, kafka, neo4j, undisturbed):
    """The control: a consumer that saves its position first, killed in between, must make the comparison fail."""
    log, store = KafkaLog(kafka.bootstrap), Neo4jStore(neo4j.uri)
    (tmp_path / "control").mkdir()
    say(city_jobs(tmp_path / "city"), tmp_path / "control", log)

    class Dying(Consumer):
        def _apply(self, writer, before, messages):
            batch, _ = self._batch(before, messages, again=False)
            only_position = Batch([], [], log=batch.log, expected=batch.expected, positions=batch.positions)
            store.transact(writer, only_position.apply)
            raise KeyboardInterrupt  # stands for the kill

    consumer = Dying(log, store, owner="control", max_bytes=SMALL_BATCH)
    with pytest.raises(KeyboardInterrupt):
        consumer.catch_up()
    consumer.release()
    apply(log, store)

    assert timeless(shown(store)) != undisturbed
    log.close()
    store.close()
