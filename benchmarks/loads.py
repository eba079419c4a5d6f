"""Loading Neo4j: the whole path from Kafka beside the bare driver and beside Cartography, in one run."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks import bare, city
from benchmarks.figures import Figure, seconds_of, told
from benchmarks.servers import fresh_kafka, fresh_neo4j
from events.kafka_log import KafkaLog
from graph.neo4j_store import Neo4jStore
from services.consumer import Consumer
from services.sample_city import Size

BENCH_PYTHON = Path(".cache/bench-venv/bin/python")
SCRIPT = Path(__file__).parent / "cartography_load.py"


def run(size: Size, folder: Path) -> Iterator[Figure]:
    """First load, then a second run in which 1 % of the machines changed one package."""
    files, dump = city.write_files(folder / "city", size), folder / "dump"
    with fresh_kafka() as kafka:
        log = KafkaLog(kafka.bootstrap)
        with told("collecting the city into Kafka"):
            city.say(files, folder / "outboxes", log)
        with fresh_neo4j() as server:
            store = Neo4jStore(server.uri)
            with told("first load: Landkarte"):
                ours, _ = seconds_of(lambda: catch_up(log, store))
            nodes, relations = bare.dump(store, dump)
            machines = city.change(files)
            with told("collecting again"):
                city.say(files, folder / "outboxes", log)
            with told("second run: Landkarte"):
                again, _ = seconds_of(lambda: catch_up(log, store))
            bare.dump(store, folder / "dump2")
            store.close()
        log.close()
    with fresh_neo4j() as server, told("first load: bare driver"):
        plain, _ = seconds_of(lambda: bare.load(server.uri, dump))
    with fresh_neo4j() as server:
        with told("first load: Cartography"):
            carto = cartography(server.uri, dump, 1)["load"]
        with told("second run: Cartography"):
            second = cartography(server.uri, folder / "dump2", 2)
    yield Figure("load", "nodes", nodes, "")
    yield Figure("load", "relationships", relations, "")
    for name, seconds in (("Landkarte", ours), ("bare driver", plain), ("Cartography", carto)):
        yield Figure("load", name, relations / seconds, "relationships/s")
    yield Figure("load", "Landkarte : bare driver", plain / ours, "times", least=1.0)
    yield Figure("load", "Landkarte : Cartography", carto / ours, "times", least=1.2)
    yield Figure("second run", "machines that changed", machines, "")
    yield Figure("second run", "Landkarte", again, "s")
    yield Figure("second run", "Cartography, load", second["load"], "s")
    yield Figure("second run", "Cartography, clean-up", second["cleanup"], "s")
    yield Figure("second run", "Landkarte : Cartography", sum(second.values()) / again, "times", least=20)


def catch_up(log: KafkaLog, store: Neo4jStore) -> int:
    consumer = Consumer(log, store, owner="bench", on_wait=_unexpected)
    applied = consumer.catch_up()
    consumer.release()
    return applied


def cartography(uri: str, folder: Path, number: int) -> dict[str, float]:
    command = [str(BENCH_PYTHON), str(SCRIPT), uri, str(folder), str(number)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    if done.returncode:
        raise SystemExit(f"Cartography failed: {done.stderr.strip()[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _unexpected(reason: str, _seconds: float) -> None:
    raise SystemExit(reason)
