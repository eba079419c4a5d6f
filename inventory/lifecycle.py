"""Lifecycles: products, their cycles and the dates of these. Dates alone decide, never a stored flag.

What is in the graph is what sources say, see `inventory.lifecycle_records`; the bundled table,
`data/lifecycle.jsonl`, is what one of them says.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files

from inventory.milestones import Milestone, MilestoneName, Undated, rank_of

SOURCE = "endoflife"
"""The source that says the bundled table, where none is configured under another name."""
_INSTEAD: Mapping[MilestoneName, tuple[MilestoneName, ...]] = {
    "active": ("active", "security", "maintenance"),
    "security": ("security", "maintenance"),
    "extended": ("extended", "security", "maintenance"),
    "maintenance": ("maintenance", "security"),
    "sale": ("sale",),
    "warranty": ("warranty",),
}
"""What stands for a phase that a product does not have: of a model often only the end of repairs is announced."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One release line of a product, or a model, and its milestones (`inventory.milestones`).

    `warranty` is a device's own, and never a product's.
    `build`: the build number, where systems report one instead of a version. `successor`: what follows it, as somebody
    says. `id`: its node in the graph, "" outside.
    """

    product: str
    name: str
    released: date | None = None
    active: Milestone = None
    security: Milestone = None
    extended: Milestone = None
    maintenance: Milestone = None
    sale: Milestone = None
    warranty: Milestone = None
    build: str = ""
    successor: str = ""
    vendor: str = ""
    id: str = field(default="", compare=False)

    def end(self, milestone: MilestoneName) -> Milestone:
        """A milestone; where the product has no such phase of its own, the one that stands for it."""
        name = self.stands_for(milestone)
        return getattr(self, name) if name else None

    def stands_for(self, milestone: MilestoneName) -> MilestoneName | None:
        """The milestone whose end counts as that one's; None where nothing is known of it.

        Extended support that is said to end before security support does is what somebody forgot to correct.
        """
        if milestone == "extended" and self.extended is not None and rank_of(self.security) > rank_of(self.extended):
            return "security"
        return next((name for name in _INSTEAD[milestone] if getattr(self, name) is not None), None)


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its cycles, newest first. `identifiers`: `cpe:...`, `purl:...`, `repology:...`."""

    name: str
    label: str
    category: str = ""
    aliases: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    cycles: tuple[Cycle, ...] = ()
    vendor: str = ""
    link: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All that it is called, each once."""
        return tuple(dict.fromkeys((self.label, self.name, *self.aliases)))

    def cycle(self, version: str) -> Cycle | None:
        """The cycle with the longest name that the version begins with, on a boundary: 10 does not match 1.

        One without a name is the whole product: what no other is.
        """
        fitting = [cycle for cycle in self.cycles if not cycle.name or begins_with(version, cycle.name)]
        return max(fitting, key=lambda cycle: len(cycle.name), default=None)

    def newer_than(self, version: str) -> Cycle | None:
        """The oldest cycle, where the version is older than it; None where that is not so, or cannot be told."""
        numbered = [(numbers, cycle) for cycle in self.cycles if (numbers := _numbers(cycle.name))]
        wanted = _numbers(version)
        if not wanted or not numbered or len(numbered) < len(self.cycles):
            return None
        oldest, cycle = min(numbered, key=lambda pair: pair[0])
        return cycle if wanted[: len(oldest)] < oldest[: len(wanted)] else None


@dataclass(frozen=True, slots=True)
class Edition:
    """A table as a source gave it: its title, the day of which its facts are, where it is published, its licence."""

    title: str
    as_of: date | None
    link: str = ""
    licence: str = ""


@dataclass(frozen=True)
class LifecycleTable:
    """All products by name. `editions`: where they are from, by source."""

    products: Mapping[str, Product]
    editions: Mapping[str, Edition] = field(default_factory=dict)


def begins_with(version: str, prefix: str) -> bool:
    """Whether a version belongs to a release line, part by part; leading zeros do not count (19.3 is 19.03)."""
    parts, wanted = _parts(version), _parts(prefix)
    return bool(wanted) and parts[: len(wanted)] == wanted


@cache
def load_table() -> LifecycleTable:
    """The bundled table."""
    return read_table(files("inventory").joinpath("data/lifecycle.jsonl").read_text(encoding="utf-8"))


def read_table(text: str) -> LifecycleTable:
    """A table from its text, one line a product; the first says where it is from."""
    head, *lines = text.splitlines()
    told = json.loads(head)
    edition = Edition("endoflife.date", date.fromisoformat(told["snapshot"][:10]), told["source"], told["licence"])
    products = (_product(json.loads(line), edition.link) for line in lines)
    return LifecycleTable({product.name: product for product in products}, {SOURCE: edition})


def _product(row: dict[str, object], site: str) -> Product:
    name, cycles = str(row["name"]), row["cycles"]
    assert isinstance(cycles, list)
    return Product(
        name=name,
        label=str(row["label"]),
        category=str(row["category"]),
        aliases=_texts(row["aliases"]),
        identifiers=_texts(row["identifiers"]),
        cycles=tuple(_cycle(name, *cycle) for cycle in cycles),
        link=f"{site}/{name}",
    )


def _cycle(
    product: str, name: str, released: str | None, active: object, security: object, extended: object, build: str = ""
) -> Cycle:
    day = date.fromisoformat(released) if released else None
    first, second, third = (told_milestone(end) for end in (active, security, extended))
    return Cycle(product, name, day, active=first, security=second, extended=third, build=build)


def told_milestone(value: object) -> Milestone:
    """As endoflife.date tells one: a day, true (ended, no day known), false (not ended, none announced), or null."""
    if isinstance(value, bool):
        return Undated.ENDED if value else Undated.OPEN
    return date.fromisoformat(value) if isinstance(value, str) else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _parts(version: str) -> list[str]:
    return [part.lstrip("0") or "0" for part in re.split(r"[-_.]", version.casefold()) if part]


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with; none where it begins otherwise."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
