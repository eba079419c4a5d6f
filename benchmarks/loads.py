"""Loading Neo4j: the whole path from Kafka beside the bare driver and beside Cartography, in one run."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bare, city
from benchmarks.figures import Figure, seconds_of, told
from benchmarks.servers import fresh_kafka, fresh_neo4j
from events.kafka_log import KafkaLog
from events.log import EventLog
from graph.neo4j_store import Neo4jStore
from graph.store import GraphStore
from services.consumer import Consumer
from services.sample_city import Size

BENCH_PYTHON = Path(".cache/bench-venv/bin/python")
SCRIPT = Path(__file__).parent / "cartography_load.py"
FORMS = {"machine": "a row a machine", "row": "a row a relationship"}
"""How Cartography is given relationships; compared is the quicker."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of all sources: what saying it took, and what applying it took."""

    said: city.Said
    applying: float
    events: int


def run(size: Size, folder: Path) -> Iterator[Figure]:
    """First load, a second run in which 1 % of the machines changed one package, and a third that says the same."""
    files = city.write_files(folder / "city", size)
    with fresh_kafka() as kafka, fresh_neo4j() as server:
        log, store = KafkaLog(kafka.bootstrap), Neo4jStore(server.uri)
        first = _run("first load", files, folder, log, store)
        nodes, relations = bare.dump(store, folder / "dump")
        machines = city.change(files)
        second = _run("second run", files, folder, log, store)
        bare.dump(store, folder / "dump2")
        third = _run("third run", files, folder, log, store)
        store.close()
        log.close()
    with fresh_neo4j() as server, told("first load: bare driver"):
        plain = bare.load(server.uri, folder / "dump")
    loads = {form: _cartography(folder, form, relations) for form in FORMS}
    yield from _first(nodes, relations, first, plain, {form: found[0]["load"] for form, found in loads.items()})
    yield from _later(machines, second, third, min((found[1] for found in loads.values()), key=_total))


def _first(nodes: int, relations: int, ours: Run, plain: float, theirs: dict[str, float]) -> Iterator[Figure]:
    yield Figure("load", "nodes", nodes, "")
    yield Figure("load", "relationships", relations, "")
    yield Figure("load", "Landkarte", relations / ours.applying, "relationships/s")
    yield Figure("load", "bare driver", relations / plain, "relationships/s")
    for form, name in FORMS.items():
        yield Figure("load", f"Cartography, {name}", relations / theirs[form], "relationships/s")
    yield Figure("load", "Landkarte : bare driver", plain / ours.applying, "times", least=1.0)
    yield Figure("load", "Landkarte : Cartography", min(theirs.values()) / ours.applying, "times", least=1.2)
    yield Figure("load", "collectors, to their outboxes", ours.said.collecting, "s")
    yield Figure("load", "outboxes to Kafka", ours.said.sending, "s")


def _later(machines: int, ours: Run, same: Run, theirs: dict[str, float]) -> Iterator[Figure]:
    yield Figure("second run", "machines that changed", machines, "")
    yield Figure("second run", "Landkarte", ours.applying, "s")
    yield Figure("second run", "Cartography, load", theirs["load"], "s")
    yield Figure("second run", "Cartography, clean-up", theirs["cleanup"], "s")
    yield Figure("second run", "Landkarte : Cartography", _total(theirs) / ours.applying, "times", least=20)
    yield Figure("second run", "collectors, to their outboxes", ours.said.collecting, "s")
    yield Figure("second run", "outboxes to Kafka", ours.said.sending, "s")
    yield Figure("third run", "events that say the same", same.events, "")
    yield Figure("third run", "Landkarte", same.applying, "s")
    yield Figure("third run", "Landkarte, per second", same.events / same.applying, "events/s")


def _run(name: str, files: Path, folder: Path, log: EventLog, store: GraphStore) -> Run:
    with told(f"{name}: collecting into Kafka"):
        said = city.say(files, folder / "outboxes", log)
    with told(f"{name}: Landkarte"):
        seconds, events = seconds_of(lambda: catch_up(log, store))
    return Run(said, seconds, events)


def catch_up(log: EventLog, store: GraphStore) -> int:
    """All that the log holds becomes the graph; gives how many events that were."""
    consumer = Consumer(log, store, owner="bench", on_wait=city.unexpected)
    applied = consumer.catch_up()
    consumer.release()
    return applied


def _cartography(folder: Path, form: str, relations: int) -> tuple[dict[str, float], dict[str, float]]:
    """A first load and a second run in this form, on a server of its own."""
    with fresh_neo4j() as server:
        with told(f"first load: Cartography, {FORMS[form]}"):
            first = _load(server.uri, folder / "dump", 1, form)
        with told(f"second run: Cartography, {FORMS[form]}"):
            second = _load(server.uri, folder / "dump2", 2, form)
    if first["relationships"] != relations:
        raise SystemExit(f"Cartography has {first['relationships']:,.0f} relationships, and not {relations:,}")
    return first, second


def _load(uri: str, folder: Path, tag: int, form: str) -> dict[str, float]:
    command = [str(BENCH_PYTHON), str(SCRIPT), uri, str(folder), str(tag), form]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    if done.returncode:
        raise SystemExit(f"Cartography failed: {done.stderr.strip()[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _total(run: dict[str, float]) -> float:
    return run["load"] + run["cleanup"]
