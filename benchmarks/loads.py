"""Loading Neo4j: the whole path from Kafka beside the bare driver and beside Cartography, in one run."""

import json
import statistics
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import bare, city
from benchmarks.figures import Figure, seconds_of, told
from benchmarks.servers import empty, forget_changes, fresh_kafka, fresh_neo4j
from events.kafka_log import KafkaLog
from events.log import EventLog
from graph.neo4j_store import Neo4jStore
from graph.store import GraphStore
from services.consumer import Consumer
from services.sample_city import Size

BENCH_PYTHON = Path(".cache/bench-venv/bin/python")
SCRIPT = Path(__file__).parent / "cartography_load.py"
FORMS = {"machine": "Cartography, a row a machine", "row": "Cartography, a row a relationship"}
"""How Cartography is given relationships; compared is the quicker."""


OURS, BARE = "Landkarte", "bare driver"
ROUNDS = 3
"""How many first loads into a warm server; a contender's figure is its median."""
Load = Callable[[str], float]
"""A first load into the server at this address; gives its seconds."""


@dataclass(slots=True)
class Times:
    """Seconds of a contender's first loads: into a server just started, and into one that has compiled what it needs.

    On two cores a server just started spends half of its time compiling.
    """

    cold: float = 0.0
    warm: list[float] = field(default_factory=list)

    def of(self, state: str) -> float:
        return statistics.median(self.warm) if state == "load" else self.cold


@dataclass(frozen=True, slots=True)
class Run:
    """One run of all sources: what saying it took, and what applying it took."""

    said: city.Said
    applying: float
    events: int


def run(size: Size, folder: Path) -> Iterator[Figure]:
    """First loads, a second run in which 1 % of the machines changed one package, and a third that says the same."""
    files = city.write_files(folder / "city", size)
    with fresh_kafka() as kafka, ExitStack() as servers:
        said = _say("first load", kafka.bootstrap, files, folder)
        ours = servers.enter_context(fresh_neo4j())
        cold = _told_load(OURS, lambda uri: _first_load(kafka.bootstrap, uri), ours.uri)
        nodes, relations = _dump(ours.uri, folder / "dump")
        contenders = _contenders(kafka.bootstrap, folder, relations)
        uris = {name: servers.enter_context(fresh_neo4j()).uri for name in contenders if name != OURS} | {
            OURS: ours.uri
        }
        times = {name: Times(cold if name == OURS else _told_load(name, contenders[name], uris[name])) for name in uris}
        for name in [name for _ in range(ROUNDS) for name in contenders]:
            empty(uris[name])
            times[name].warm.append(_told_load(name, contenders[name], uris[name]))
        machines = city.change(files)
        second = _again("second run", kafka.bootstrap, ours.uri, files, folder)
        _dump(ours.uri, folder / "dump2")
        third = _again("third run", kafka.bootstrap, ours.uri, files, folder)
        theirs = [_second(form, uris[words], folder) for form, words in FORMS.items()]
    yield from _first(nodes, relations, said, times)
    yield from _later(machines, second, third, min(theirs, key=_total))


def _contenders(bootstrap: str, folder: Path, relations: int) -> dict[str, Load]:
    """What is compared, by name, in the order of each round."""
    dump = folder / "dump"
    found: dict[str, Load] = {
        OURS: lambda uri: _first_load(bootstrap, uri),
        BARE: lambda uri: bare.load(uri, dump),
    }
    return found | {words: partial(_cartography, dump, form, relations) for form, words in FORMS.items()}


def _told_load(name: str, load: Load, uri: str) -> float:
    with told(f"first load: {name}"):
        return load(uri)


def _first(nodes: int, relations: int, said: city.Said, times: Mapping[str, Times]) -> Iterator[Figure]:
    yield Figure("load", "nodes", nodes, "")
    yield Figure("load", "relationships", relations, "")
    yield Figure("load", "collectors, to their outboxes", said.collecting, "s")
    yield Figure("load", "outboxes to Kafka", said.sending, "s")
    for state in ("load", "load, server just started"):
        ours = times[OURS].of(state)
        for name, taken in times.items():
            yield Figure(state, name, relations / taken.of(state), "relationships/s")
        yield Figure(state, "Landkarte : bare driver", times[BARE].of(state) / ours, "times", least=1.0)
        quickest = min(times[words].of(state) for words in FORMS.values())
        yield Figure(state, "Landkarte : Cartography", quickest / ours, "times", least=1.2)


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


def _cartography(dump: Path, form: str, relations: int, uri: str) -> float:
    found = _load(uri, dump, 1, form)
    if found["relationships"] != relations:
        raise SystemExit(f"Cartography has {found['relationships']:,.0f} relationships, and not {relations:,}")
    return found["load"]


def _second(form: str, uri: str, folder: Path) -> dict[str, float]:
    with told(f"second run: {FORMS[form]}"):
        return _load(uri, folder / "dump2", 2, form)


def _load(uri: str, folder: Path, tag: int, form: str) -> dict[str, float]:
    command = [str(BENCH_PYTHON), str(SCRIPT), uri, str(folder), str(tag), form]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    if done.returncode:
        raise SystemExit(f"Cartography failed: {done.stderr.strip()[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _total(run: dict[str, float]) -> float:
    return run["load"] + run["cleanup"]
