"""Loading Neo4j: the whole path from Kafka beside the bare driver and beside Cartography, in one run."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bare, city
from benchmarks.figures import Figure, seconds_of, told
from benchmarks.servers import cold_and_warm, forget_changes, fresh_kafka, fresh_neo4j
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


STATES = {"load": 1, "load, server just started": 0}
"""A first load into a server that has compiled what it needs, and into one that compiles meanwhile, which on two cores
is half of what it does."""
Pair = tuple[float, float]
"""Seconds of a load: just started, warm."""


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
        said = _say("first load", kafka.bootstrap, files, folder)
        with told("first load, twice: Landkarte"):
            ours = cold_and_warm(server.uri, lambda: _first_load(kafka.bootstrap, server.uri))
        nodes, relations = _dump(server.uri, folder / "dump")
        machines = city.change(files)
        second = _again("second run", kafka.bootstrap, server.uri, files, folder)
        _dump(server.uri, folder / "dump2")
        third = _again("third run", kafka.bootstrap, server.uri, files, folder)
    with fresh_neo4j() as server, told("first load, twice: bare driver"):
        plain = cold_and_warm(server.uri, lambda: bare.load(server.uri, folder / "dump"))
    loads = {form: _cartography(folder, form, relations) for form in FORMS}
    theirs = {form: firsts for form, (firsts, _) in loads.items()}
    yield from _first(nodes, relations, said, ours, plain, theirs)
    yield from _later(machines, second, third, min((later for _, later in loads.values()), key=_total))


def _first(
    nodes: int, relations: int, said: city.Said, ours: Pair, plain: Pair, theirs: dict[str, Pair]
) -> Iterator[Figure]:
    yield Figure("load", "nodes", nodes, "")
    yield Figure("load", "relationships", relations, "")
    yield Figure("load", "collectors, to their outboxes", said.collecting, "s")
    yield Figure("load", "outboxes to Kafka", said.sending, "s")
    for name, n in STATES.items():
        yield Figure(name, "Landkarte", relations / ours[n], "relationships/s")
        yield Figure(name, "bare driver", relations / plain[n], "relationships/s")
        for form, words in FORMS.items():
            yield Figure(name, f"Cartography, {words}", relations / theirs[form][n], "relationships/s")
        yield Figure(name, "Landkarte : bare driver", plain[n] / ours[n], "times", least=1.0)
        quickest = min(pair[n] for pair in theirs.values())
        yield Figure(name, "Landkarte : Cartography", quickest / ours[n], "times", least=1.2)


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


def _say(name: str, bootstrap: str, files: Path, folder: Path) -> city.Said:
    with told(f"{name}: collecting into Kafka"), closing(KafkaLog(bootstrap)) as log:
        return city.say(files, folder / "outboxes", log)


def _first_load(bootstrap: str, uri: str) -> float:
    forget_changes(bootstrap)
    return _applied(bootstrap, uri)[0]


def _again(name: str, bootstrap: str, uri: str, files: Path, folder: Path) -> Run:
    said = _say(name, bootstrap, files, folder)
    with told(f"{name}: Landkarte"):
        return Run(said, *_applied(bootstrap, uri))


def _applied(bootstrap: str, uri: str) -> tuple[float, int]:
    """Seconds until all that the log holds is the graph, and how many events that were."""
    with closing(KafkaLog(bootstrap)) as log, closing(Neo4jStore(uri)) as store:
        return seconds_of(lambda: catch_up(log, store))


def catch_up(log: EventLog, store: GraphStore) -> int:
    """All that the log holds becomes the graph; gives how many events that were."""
    consumer = Consumer(log, store, owner="bench", on_wait=city.unexpected)
    applied = consumer.catch_up()
    consumer.release()
    return applied


def _dump(uri: str, folder: Path) -> tuple[int, int]:
    with closing(Neo4jStore(uri)) as store:
        return bare.dump(store, folder)


def _cartography(folder: Path, form: str, relations: int) -> tuple[Pair, dict[str, float]]:
    """First loads and a second run in this form, on a server of its own."""
    with fresh_neo4j() as server:
        with told(f"first load, twice: Cartography, {FORMS[form]}"):
            firsts = cold_and_warm(server.uri, lambda: _load(server.uri, folder / "dump", 1, form))
        with told(f"second run: Cartography, {FORMS[form]}"):
            second = _load(server.uri, folder / "dump2", 2, form)
    if any(first["relationships"] != relations for first in firsts):
        raise SystemExit(f"Cartography has {firsts[1]['relationships']:,.0f} relationships, and not {relations:,}")
    return (firsts[0]["load"], firsts[1]["load"]), second


def _load(uri: str, folder: Path, tag: int, form: str) -> dict[str, float]:
    command = [str(BENCH_PYTHON), str(SCRIPT), uri, str(folder), str(tag), form]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    if done.returncode:
        raise SystemExit(f"Cartography failed: {done.stderr.strip()[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _total(run: dict[str, float]) -> float:
    return run["load"] + run["cleanup"]
