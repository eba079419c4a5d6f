"""What a benchmark gives: named figures, some with a target that a run must reach."""

import json
import platform
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import psutil

_T = TypeVar("_T")
START, END = "<!-- figures -->", "<!-- /figures -->"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `least`: what it must reach; `most`: what it must not exceed; None: only told."""

    benchmark: str
    name: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None

    @property
    def met(self) -> bool:
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def target(self) -> str:
        if self.least is not None:
            return f"≥ {self.least:g}"
        return f"≤ {self.most:g}" if self.most is not None else ""

    @property
    def shown(self) -> str:
        """With as many digits as say something."""
        whole = self.value == int(self.value) or abs(self.value) >= 100  # noqa: PLR2004
        return f"{self.value:,.0f}" if whole else f"{self.value:,.2f}"


def seconds_of(work: Callable[[], _T]) -> tuple[float, _T]:
    """How long it took, and what it gave."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    start = time.perf_counter()
    print(f"{what} ...", flush=True)
    yield
    print(f"{what}: {time.perf_counter() - start:.1f} s", flush=True)


def machine() -> str:
    """On what it was measured."""
    memory = psutil.virtual_memory().total / 1024**3
    parts = [f"{psutil.cpu_count()} cores", f"{memory:.0f} GiB", f"Python {platform.python_version()}"]
    parts += [f"{name} {version(name)}" for name in ("neo4j", "neo4j-rust-ext", "kafka-python")]
    parts += [f"SQLite {sqlite3.sqlite_version}", *(f"{name} {_server(name)}" for name in ("Neo4j", "Kafka"))]
    return ", ".join(parts)


HEADER = "| benchmark | figure | value | target | on |"
MEASURED = "Measured on:"


def write(figures: list[Figure], size: str, data: Path, document: Path | None) -> None:
    """As JSON, and as the table in the document, if any; figures of benchmarks that were not run stay as they were."""
    known = json.loads(data.read_text()) if data.is_file() else {}
    about = {"size": size, "on": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine()}
    fresh = {f"{size}: {figure.benchmark}: {figure.name}": asdict(figure) | about for figure in figures}
    known |= fresh
    data.parent.mkdir(parents=True, exist_ok=True)
    data.write_text(json.dumps(known, indent=2))
    if document is not None:
        head, rest = document.read_text(encoding="utf-8").split(START)
        before, after = rest.split(END)
        table = _table(before, list(fresh.values()))
        document.write_text(head + START + "\n" + table + END + after, encoding="utf-8")


def _server(name: str) -> str:
    """The version of the server that the tests start."""
    text = (Path("tests/servers") / name.lower() / "pom.xml").read_text(encoding="utf-8")
    found = re.search(r"<artifactId>(?:neo4j|kafka_[\d.]+)</artifactId>\s*<version>([\d.]+)</version>", text)
    return found[1] if found else ""


def _table(before: str, known: list[dict[str, object]]) -> str:
    """The table with these figures; rows of others stay: they may have been measured on another computer."""
    rows = {tuple(line.split(" | ")[:2]): line for line in before.splitlines() if line.startswith("| ")}
    for item in known:
        figure = Figure(**{name: item[name] for name in Figure.__slots__})  # type: ignore[arg-type]
        target = f"{figure.target}{'' if figure.met else ' **missed**'}"
        value = f"{figure.shown} {figure.unit}".strip()
        line = f"| {figure.benchmark} | {figure.name} | {value} | {target} | {item['on']} |"
        rows[tuple(line.split(" | ")[:2])] = line
    rows.pop(tuple(HEADER.split(" | ")[:2]), None)
    told = {line for line in before.splitlines() if line.startswith(MEASURED)}
    machines = told | {f"{MEASURED} {item['machine']}." for item in known}
    return "\n".join([HEADER, "|---|---|---|---|---|", *rows.values(), "", *sorted(machines), ""])
