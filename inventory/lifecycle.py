"""Lifecycles: products, their cycles, and what a date makes of them. Dates alone decide, never a stored flag.

The table is `data/lifecycle.jsonl`, see `data/NOTICE`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

Milestone = date | bool | None
"""A day: the last one supported. True: ended, nobody says when. False: not ended, none announced. None: unknown."""
Verdict = Literal["supported", "ending", "unsupported", "unknown"]
MilestoneName = Literal["active", "security", "extended"]
VERDICTS: tuple[Verdict, ...] = ("unsupported", "ending", "supported", "unknown")


@dataclass(frozen=True, slots=True)
class Cycle:
    """One release line of a product. Milestones: active support, security support, extended (often paid) support."""

    product: str
    name: str
    released: date | None
    active: Milestone
    security: Milestone
    extended: Milestone
    build: str = ""

    def end(self, milestone: MilestoneName) -> Milestone:
        """A milestone; where the product has no active or extended phase of its own, security support stands for it."""
        own = {"active": self.active, "extended": self.extended}.get(milestone)
        return self.security if own is None else own


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its cycles, newest first. `identifiers`: `cpe:...`, `purl:...`, `repology:...`."""

    name: str
    label: str
    category: str
    aliases: tuple[str, ...]
    identifiers: tuple[str, ...]
    cycles: tuple[Cycle, ...]

    @property
    def link(self) -> str:
        return f"https://endoflife.date/{self.name}"

    def cycle(self, version: str) -> Cycle | None:
        """The cycle with the longest name that the version begins with, on a boundary: 10 does not match 1."""
        fitting = [cycle for cycle in self.cycles if begins_with(version, cycle.name)]
        return max(fitting, key=lambda cycle: len(cycle.name), default=None)

    def newer_than(self, version: str) -> Cycle | None:
        """The oldest cycle, where the version is older than it; None where that is not so, or cannot be told."""
        numbered = [(numbers, cycle) for cycle in self.cycles if (numbers := _numbers(cycle.name))]
        wanted = _numbers(version)
        if not wanted or not numbered or len(numbered) < len(self.cycles):
            return None
        oldest, cycle = min(numbered, key=lambda pair: pair[0])
        return cycle if wanted[: len(oldest)] < oldest[: len(wanted)] else None


@dataclass(frozen=True)
class LifecycleTable:
    """All products by name, as of the snapshot's day."""

    snapshot: date
    products: Mapping[str, Product]


def begins_with(version: str, prefix: str) -> bool:
    """Whether a version belongs to a release line, part by part; leading zeros do not count (19.3 is 19.03)."""
    parts, wanted = _parts(version), _parts(prefix)
    return bool(wanted) and parts[: len(wanted)] == wanted


def verdict(cycle: Cycle, on: date, within_months: int = 0, milestone: MilestoneName = "security") -> Verdict:
    """What a milestone says on a day; `ending`: still supported, and ends within so many months."""
    end = cycle.end(milestone)
    if end is None:
        return "unknown"
    if isinstance(end, bool):
        return "unsupported" if end else "supported"
    if on > end:
        return "unsupported"
    return "ending" if end <= months_later(on, within_months) and within_months else "supported"


def months_later(day: date, months: int) -> date:
    """The same day so many months on, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


@cache
def load_table() -> LifecycleTable:
    """The bundled table."""
    return read_table(files("inventory").joinpath("data/lifecycle.jsonl").read_text(encoding="utf-8"))


def read_table(text: str) -> LifecycleTable:
    """A table from its text."""
    head, *lines = text.splitlines()
    products = (_product(json.loads(line)) for line in lines)
    return LifecycleTable(
        date.fromisoformat(json.loads(head)["snapshot"][:10]), {product.name: product for product in products}
    )


def _product(row: dict[str, object]) -> Product:
    name, cycles = str(row["name"]), row["cycles"]
    assert isinstance(cycles, list)
    return Product(
        name=name,
        label=str(row["label"]),
        category=str(row["category"]),
        aliases=_texts(row["aliases"]),
        identifiers=_texts(row["identifiers"]),
        cycles=tuple(_cycle(name, *cycle) for cycle in cycles),
    )


def _cycle(
    product: str, name: str, released: str | None, active: object, security: object, extended: object, build: str = ""
) -> Cycle:
    day = date.fromisoformat(released) if released else None
    return Cycle(product, name, day, _milestone(active), _milestone(security), _milestone(extended), build)


def _milestone(value: object) -> Milestone:
    return date.fromisoformat(value) if isinstance(value, str) else value if isinstance(value, bool) else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _parts(version: str) -> list[str]:
    return [part.lstrip("0") or "0" for part in re.split(r"[-_.]", version.casefold()) if part]


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with; none where it begins otherwise."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
