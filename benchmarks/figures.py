"""What a benchmark gives: named figures, some with a target that a run must reach."""

import json
import platform
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
    return ", ".join([*parts, f"neo4j driver {version('neo4j')}", f"kafka-python {version('kafka-python')}"])


def write(figures: list[Figure], size: str, data: Path, document: Path) -> None:
    """As JSON, and as the table in the document; figures of benchmarks that were not run stay as they were."""
    known = json.loads(data.read_text()) if data.is_file() else {}
    for figure in figures:
        key = f"{figure.benchmark}: {figure.name}"
        known[key] = asdict(figure) | {"size": size, "on": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine()}
    data.parent.mkdir(parents=True, exist_ok=True)
    data.write_text(json.dumps(known, indent=2))
    text = document.read_text(encoding="utf-8")
    head, rest = text.split(START)
    document.write_text(head + START + "\n" + _table(known) + END + rest.split(END)[1], encoding="utf-8")


def _table(known: dict[str, dict[str, object]]) -> str:
    lines = ["| benchmark | figure | value | target | city | on |", "|---|---|---|---|---|---|"]
    for item in known.values():
        figure = Figure(**{name: item[name] for name in Figure.__slots__})  # type: ignore[arg-type]
        target = f"{figure.target}{'' if figure.met else ' **missed**'}"
        value = f"{figure.value:,.2f}" if abs(figure.value) < 100 else f"{figure.value:,.0f}"  # noqa: PLR2004
        lines.append(
            f"| {figure.benchmark} | {figure.name} | {value} {figure.unit} | {target} | {item['size']} | {item['on']} |"
        )
    machines = sorted({str(item["machine"]) for item in known.values()})
    return "\n".join([*lines, "", f"Measured on: {'; '.join(machines)}.", ""])
