"""How the cost grows: with machines, with packages per machine, and with records per asset. On SQLite, step by step."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.figures import Figure, seconds_of
from benchmarks.records import server_said
from events.models import CatalogueItem, Identifier, Relation, Section
from events.sqlite_log import SqliteLog
from graph.sqlite_store import SqliteStore
from graph.values import pages
from services.consumer import Consumer
from services.sample_city import Size

SOURCES = "abcd"
AT_ONCE = 200
"""Machines that are said together."""


@dataclass(frozen=True, slots=True)
class Landscape:
    """Machines, each with the same packages, each told of by some sources that all say the same of it."""

    machines: int = 500
    packages: int = 100
    records: int = 1

    def __str__(self) -> str:
        return f"{self.machines:,} machines, {self.packages} packages, {self.records} record{'s'[: self.records > 1]}"


STEPS = [
    Landscape(),
    Landscape(machines=1000),
    Landscape(machines=2000),
    Landscape(packages=200),
    Landscape(packages=400),
    Landscape(records=2),
    Landscape(records=4),
]


def run(size: Size, folder: Path) -> Iterator[Figure]:  # noqa: ARG001 - the steps are the sizes
    """Seconds of a first load, and of one in which one record of each machine changed one package."""
    for number, step in enumerate(STEPS):
        place = folder / str(number)
        place.mkdir()
        with closing(SqliteLog(place / "log.db")) as log, closing(SqliteStore(place / "graph.db")) as store:
            for name, changed in (("first load", False), ("one record of each changed", True)):
                _say(log, replace(step, records=1) if changed else step, changed=changed)
                seconds, _ = seconds_of(lambda s=store, at=log: Consumer(at, s, owner="bench").catch_up())  # type: ignore[misc]
                yield Figure("growth", f"{name}: {step}", seconds, "s")


def _say(log: SqliteLog, step: Landscape, *, changed: bool) -> None:
    for numbers in pages(range(step.machines), AT_ONCE):
        sections = {str(number): _section(number, step.packages, changed=changed) for number in numbers}
        log.append(
            [
                server_said(source, key, 20 if changed else 10, section)
                for key, section in sections.items()
                for source in SOURCES[: step.records]
            ]
        )


def _section(number: int, packages: int, *, changed: bool) -> Section:
    programs = [
        CatalogueItem(
            kind="Software", properties={"name": f"package{n}", "version": "2" if changed and n == 0 else "1"}
        )
        for n in range(packages)
    ]
    return Section(
        name=f"srv{number}",
        identifiers=(Identifier(scheme="serial", value=f"Dell\tS{number:05}"),),
        relations=tuple(Relation(type="INSTALLED", to=item) for item in programs),
    )
