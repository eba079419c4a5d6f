"""How long nobody writes after the writing process was killed, with another standing by, on the real servers."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.figures import Figure, seconds_of, told
from benchmarks.records import server_said
from benchmarks.servers import fresh_kafka, fresh_neo4j
from events.kafka_log import KafkaLog
from events.log import RECORDS
from events.models import Section
from graph.neo4j_store import Neo4jStore
from services.sample_city import Size
from tests.servers.process import await_condition
from tests.whole.processes import Landkarte, kill

TIMES = 5
STANDING = "stands by"


def run(size: Size, folder: Path) -> Iterator[Figure]:  # noqa: ARG001 - of no matter here
    """From a kill of the writer, with an event waiting, until that event is in the graph."""
    with fresh_kafka() as kafka, fresh_neo4j() as server:
        landkarte = Landkarte(folder, kafka, server)
        try:
            with closing(KafkaLog(kafka.bootstrap)) as log, closing(Neo4jStore(server.uri)) as store:
                landkarte.start("inventory")
                with told(f"{TIMES} kills of the writer"):
                    seconds = [_take_over(number, landkarte, log, store) for number in range(TIMES)]
        finally:
            landkarte.stop()
    yield Figure("standby", "writers killed", TIMES, "")
    yield Figure("standby", "take-over, the slowest", max(seconds), "s", most=15)


def _take_over(number: int, landkarte: Landkarte, log: KafkaLog, store: Neo4jStore) -> float:
    """A second process is there, the writer has written and is killed; gives how long the next event waited."""
    lines = landkarte.folder / "processes.log"
    before = lines.read_text().count(STANDING)
    landkarte.start("inventory")
    _say(log, 2 * number)
    _await_applied(log, store)
    await_condition(lambda: lines.read_text().count(STANDING) > before, seconds=60, what="a process to stand by")
    owner = store.status().writer
    (writer,) = [process for process in landkarte.started if owner.endswith(f":{process.pid}")]
    kill(writer)
    _say(log, 2 * number + 1)
    return seconds_of(lambda: _await_applied(log, store))[0]


def _say(log: KafkaLog, number: int) -> None:
    log.append([server_said("a", "1", 10 + number, Section(name=f"srv{number}"))])


def _await_applied(log: KafkaLog, store: Neo4jStore) -> None:
    ends = log.ends([RECORDS])

    def applied() -> bool:
        positions = store.positions(log.identity)
        return all(positions.get((at.topic, at.partition), 0) >= end for at, end in ends.items())

    await_condition(applied, seconds=60, what="the event to be applied")
