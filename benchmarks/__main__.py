"""Measure, write the figures, and fail where one misses its target: `python -m benchmarks --help`."""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import embedded, failing, growth, loads, obsolete, reporting, standby
from benchmarks.figures import Figure, write
from services.sample_city import Size

DATA, DOCUMENT = Path(".cache/benchmarks.json"), Path("docs/performance.md")
ALL: dict[str, Callable[[Size, Path], Iterator[Figure]]] = {
    "load": loads.run,
    "sqlite": embedded.run,
    "as-of": embedded.as_of,
    "obsolete": obsolete.run,
    "impact": failing.run,
    "memory": embedded.memory,
    "growth": growth.run,
    "standby": standby.run,
    "agents": reporting.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=ALL, help="repeatable; none: all")
    parser.add_argument("--size", type=Size, default=Size.CITY, help="of the sample city")
    asked = parser.parse_args()
    figures: list[Figure] = []
    for name in asked.only or ALL:
        with tempfile.TemporaryDirectory(prefix="landkarte-bench-") as folder:
            for figure in ALL[name](asked.size, Path(folder)):
                print(f"  {figure.benchmark}: {figure.name}: {figure.shown} {figure.unit} {figure.target}")
                figures.append(figure)
        write(figures, asked.size.value, DATA, DOCUMENT if asked.size is Size.CITY else None)
    missed = [f"{figure.benchmark}: {figure.name}" for figure in figures if not figure.met]
    if missed:
        raise SystemExit(f"missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
