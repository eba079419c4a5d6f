"""kill -9 of collector, inventory, broker and database under load, on the real servers: nothing lost or doubled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from events.kafka_log import KafkaLog
from events.log import DEADLETTERS, RECORDS
from graph.neo4j_store import Neo4jStore
from inventory.batch import Batch
from services.consumer import Consumer
from tests.servers.process import await_condition
from tests.whole.profiles import TABLES, apply, city, city_jobs, say, shown, timeless

pytestmark = pytest.mark.servers
SMALL_BATCH = 60_000
"""Bytes: the small city becomes some twenty batches, so that a kill falls between two."""


class Landkarte:
    """The command line as processes of their own, on these servers."""

    def __init__(self, folder, kafka, neo4j):
        self.folder = folder
        self.env = os.environ | {
            "LANDKARTE_LOG": f"kafka://{kafka.bootstrap}",
            "LANDKARTE_GRAPH": f"neo4j://{neo4j.uri.removeprefix('bolt://')}",
            "LANDKARTE_DATA_DIR": str(folder),
            "LANDKARTE_BATCH_BYTES": str(SMALL_BATCH),
        }

    def start(self, *arguments):
        command = [str(Path(sys.executable).parent / "landkarte"), *arguments]
        with (self.folder / "processes.log").open("ab") as log:
            return subprocess.Popen(command, env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def await_line(self, text):
        """Return once a process has said this."""
        told = self.folder / "processes.log"
        await_condition(lambda: text in " ".join(told.read_text().split()), seconds=60, what=f"the line {text!r}")

    def run(self, *arguments):
        process = self.start(*arguments)
        assert process.wait(timeout=120) == 0, (self.folder / "processes.log").read_text()[-2000:]


def imports(folder):
    return [("import", kind, str(folder / kind), "--source", f"city-{kind}", "--complete") for kind in TABLES]


def kill(process):
    """SIGKILL, while it runs: otherwise the test would have disturbed nothing."""
    assert process.poll() is None
    process.kill()
    process.wait()


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


def test_kills_of_every_part_change_nothing(tmp_path, kafka, neo4j, undisturbed):
    landkarte = Landkarte(tmp_path, kafka, neo4j)
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
            batch, _, _ = self._read(before, messages)
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
