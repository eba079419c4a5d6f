"""What is obsolete among many machines with many packages: its totals and first page, and all of it as an export.

The graph is written by the store's port, the machines without records' contents: what a question reads is there, and
nothing else. The lifecycle facts are in it as everywhere, and are read for each question.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import accumulate
from pathlib import Path

import psutil

from benchmarks.figures import Figure, seconds_of, told
from benchmarks.servers import fresh_neo4j
from events.models import RecordObserved
from graph.model import Changes, Claim, Edge, EdgeKey, Node, Part, Properties, RecordRow, SectionMark, node_id
from graph.neo4j_store import Neo4jStore
from graph.sqlite_store import SqliteStore
from graph.store import GraphStore, Selection
from graph.values import pages
from inventory.batch import Batch
from inventory.fold import Arrived, digest
from inventory.lifecycle import load_table
from inventory.lifecycle_records import drafts_of, matcher_of
from inventory.obsolescence import Question, obsolete
from inventory.rows import Rows
from services.sample_city import Size

ASSETS = {Size.SMALL: 2_000, Size.CITY: 100_000, Size.LARGE: 200_000}
TENTH = 10
"""Neo4j has a tenth of the assets; of these, a tenth is told of as hardware."""
PACKAGES, PROGRAMS = 200, 5_000
KNOWN = 20
"""One in so many programs is of a product in the table: nearly all that is installed is not."""
SHOWN = 50
BATCHES = 450
"""Times at which hardware was bought."""
TOGETHER, AT_ONCE = 1_000, 20
"""Assets in a transaction, and those whose relationships are handed over at once."""
SYSTEMS = {
    "Microsoft Windows 11 Pro": 30,
    "Microsoft Windows 10 Pro": 30,
    "Debian GNU/Linux 12 (bookworm)": 15,
    "Debian GNU/Linux 10 (buster)": 5,
    "Microsoft Windows Server 2019 Standard": 10,
    "Microsoft Windows Server 2012 R2 Standard": 5,
    "An appliance's own": 5,
}
MODELS = {"Dell Inc.": ("Latitude 7420", "PowerEdge R640"), "LENOVO": ("20XW", "ThinkSystem SR630"), "HP": ("Z2 G5",)}
START = datetime(2026, 1, 1, tzinfo=UTC)
ON = date(2026, 11, 25)


def run(size: Size, folder: Path) -> Iterator[Figure]:
    """On SQLite, and on Neo4j with a tenth of it."""
    file = folder / "obsolete.db"
    yield from _measured("SQLite", lambda: SqliteStore(file), ASSETS[size])
    file.unlink()
    with fresh_neo4j() as server:
        yield from _measured("Neo4j", lambda: Neo4jStore(server.uri), ASSETS[size] // TENTH)


def _measured(name: str, opened: Callable[[], GraphStore], assets: int) -> Iterator[Figure]:
    with told(f"{assets:,} machines into {name}"), closing(opened()) as store:
        writing, drawn = seconds_of(lambda: Estate(assets).write(store))
    yield Figure("obsolete", f"{name}: relationships", drawn, "")
    yield Figure("obsolete", f"{name}: written", drawn / writing, "relationships/s")
    with closing(opened()) as store:
        for about, question in QUESTIONS.items():
            first, again = (seconds_of(partial(_first_page, store, question))[0] for _ in range(2))
            yield Figure("obsolete", f"{name}: totals and first rows {about}, asked for the first time", first, "s")
            yield Figure("obsolete", f"{name}: totals and first rows {about}", again, "s", most=2)
        with told(f"all that is unsupported, from {name}"):
            seconds, (rows, grown) = seconds_of(lambda: _export(store))
        yield Figure("obsolete", f"{name}: export", rows / seconds, "rows/s")
        yield Figure("obsolete", f"{name}: rows of the export", rows, "")
        yield Figure("obsolete", f"{name}: memory that the export took", grown, "MiB", most=64)


QUESTIONS = {
    "of all": Question(ON),
    "of clients": Question(ON, selection=Selection(frozenset({"Client"}))),
}


def _first_page(store: GraphStore, question: Question) -> int:
    """With all that a command reads for it, the lifecycle facts among that."""
    matcher = matcher_of(store)
    return len(Rows(store, matcher, obsolete(store, matcher, question))[:SHOWN])


def _export(store: GraphStore) -> tuple[int, float]:
    """How many rows there are, and how much memory at most was added while they were walked through, MiB."""
    process, count, matcher = psutil.Process(), 0, matcher_of(store)
    before = peak = process.memory_info().rss
    answer = obsolete(store, matcher, Question(ON, verdicts=frozenset({"unsupported"})))
    for count, _ in enumerate(Rows(store, matcher, answer), 1):
        if count % 1000 == 0:
            peak = max(peak, process.memory_info().rss)
    return count, (peak - before) / 1024**2


class Estate:
    """So many machines, the same in every run. A few programs are on nearly all of them, most on few."""

    def __init__(self, assets: int) -> None:
        self._chance = random.Random(1)  # noqa: S311 - the same in every run
        self._ids = sorted(node_id(f"bench/{number}") for number in range(assets))  # in order, as one writes quickly
        self._programs = [_item("Software", properties) for properties in _programs()]
        self._systems = [_item("OperatingSystem", {"full_name": name}) for name in SYSTEMS]
        self._skew = list(accumulate(1 / (rank + 10) for rank in range(PROGRAMS)))

    def write(self, store: GraphStore) -> int:
        """Into the store; gives how many relationships."""
        writer = store.acquire("bench", timedelta(days=1))
        assert writer is not None
        drawn = 0
        catalogue = Part(catalogue={item.id: item for item in (*self._programs, *self._systems)})
        store.transact(writer, lambda tx: tx.write(Changes("bench", {}, {}), [catalogue]))
        for numbers in pages(range(len(self._ids)), TOGETHER):
            parts = [self._part(some) for some in pages(numbers, AT_ONCE)]
            changes = Changes("bench", {}, {}, records={key: row for n in numbers for key, row in [self._record(n)]})
            store.transact(writer, lambda tx, c=changes, p=parts: tx.write(c, p))  # type: ignore[misc]
            drawn += sum(len(part.edges) for part in parts)
        for events in pages(_facts(), TOGETHER):
            store.transact(writer, Batch(events, [], log="bench", expected={}, positions={}).apply)
        store.release(writer)
        return drawn

    def _part(self, numbers: list[int]) -> Part:
        edges: dict[EdgeKey, Edge] = {}
        for number in numbers:
            claims: dict[str, Properties] = {_key(number): {}}
            for key in self._had(self._ids[number]):
                edges[key] = Edge(key, {}, claims, START)
        nodes = {self._ids[number]: self._node(number) for number in numbers}
        return Part(nodes=nodes, edges=edges, drawn=set(edges))

    def _had(self, machine: str) -> Iterator[EdgeKey]:
        """Its system, and as many programs as each has."""
        (system,) = self._chance.choices(self._systems, list(SYSTEMS.values()))
        yield EdgeKey(machine, "HAS_OS", system.id)
        chosen: dict[str, None] = {}
        while len(chosen) < PACKAGES:
            more = self._chance.choices(self._programs, cum_weights=self._skew, k=PACKAGES)
            chosen.update((item.id, None) for item in more)
        yield from (EdgeKey(machine, "INSTALLED", item) for item in sorted(list(chosen)[:PACKAGES]))

    def _node(self, number: int) -> Node:
        key, name = _key(number), f"pc-{self._chance.randrange(10**6):06}.city.example"
        (kind,) = self._chance.choices(("Client", "VirtualMachine", "Server"), (60, 25, 15))
        told: Properties = {"hostname": name.split(".", maxsplit=1)[0], "fqdn": name, "cores": 8, "memory_mib": 16384}
        if number % TENTH == 0:
            told |= self._hardware()
        claims = {name: (Claim(key, value),) for name, value in {**told, "name": name, "kind": kind}.items()}
        since = dict.fromkeys(claims, START)
        return Node(self._ids[number], kind, name, told, (_source(number),), START, None, 1, claims, since)

    def _hardware(self) -> Properties:
        """Bought with others of its kind, and with the firmware of then, or one that was installed later."""
        batch = self._chance.randrange(BATCHES)
        vendor = list(MODELS)[batch % len(MODELS)]
        bought = date(2014, 1, 1) + timedelta(days=batch * 10)
        return {
            "vendor": vendor,
            "model": MODELS[vendor][batch % len(MODELS[vendor])],
            "purchase_date": bought.isoformat(),
            "bios_date": (bought + timedelta(days=self._chance.choice((-100, 200, 500)))).isoformat(),
        }

    def _record(self, number: int) -> tuple[str, RecordRow]:
        source, key = _source(number), _key(number)
        return key, RecordRow(
            key=key, source=source, native_key=str(number), kind="Client", partition=0, rank=50, sequence=10,
            withdrawn=0, live=True, run="bench", first_observed=START, last_seen=START, asset_id=self._ids[number],
            sections={"core": SectionMark(10, 10, "hash", "event"), "software": SectionMark(10, 10, "hash", "event")},
        )  # fmt: skip


def _programs() -> Iterator[Properties]:
    """Mostly what no table knows, and now and then a cycle of a product that it does."""
    cycles = [
        {"name": product.label, "version": f"{cycle.name}.1", "vendor": product.label}
        for product in load_table().products.values()
        if product.category == "server-app"
        for cycle in product.cycles[:2] + product.cycles[-2:]
    ]
    for rank in range(PROGRAMS):
        known = rank % KNOWN == KNOWN // 2
        yield (
            {**cycles[rank // KNOWN % len(cycles)]}
            if known
            else {"name": f"Program {rank // 3}", "version": f"{rank % 3}.2"}
        )


def _facts() -> Iterator[Arrived]:
    """What the bundled lifecycle table says, as the collector of it does."""
    table = load_table()
    for edition in table.editions.values():
        for draft in drafts_of(table, edition):
            section, key = draft.sections["core"], draft.native_key
            event = RecordObserved(
                source="endoflife", native_key=key, section="core", kind=draft.kind, sequence=10, time=START,
                run="bench", rank=40, first_observed=START, changed=10, content=section,
            )  # fmt: skip
            body = section.model_dump_json().encode()
            yield Arrived(event, key, 0, body, digest(body))


def _item(kind: str, properties: Properties) -> Node:
    name = " ".join(str(value) for value in properties.values())
    return Node(node_id(f"{kind}|{name}"), kind, name, properties)


def _source(number: int) -> str:
    """Two sources; one of them tells of a few."""
    return "few" if number % TENTH == 1 else "most"


def _key(number: int) -> str:
    return f"{_source(number)}/{number}"
