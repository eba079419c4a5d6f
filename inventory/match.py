"""A match of a reported string with the cycles of a product, and how a version is placed among them."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from inventory.lifecycle import Cycle, LifecycleTable, Product, begins_with
from inventory.milestones import MilestoneName, Verdict, judge

CERTAIN = 1.0
"""By a curated alias, a package URL, a CPE name or a build number."""
BY_OS_RELEASE = 0.9
BY_NAME = 0.7
"""By vendor and name as the table has them."""
IN_PART = 0.5
"""One of several cycles, or older than all: the product is known, the cycle is not."""

_OLD_JAVA = re.compile(r"^1\.(?=[5-8]\b)|(?<=^\d)u\d.*")
_SEPARATE = re.compile(r"[+~\s(,]")


@dataclass(frozen=True, slots=True)
class Match:
    """What a string means. Several `cycles`: one of these; none: unknown, and `method` says why.

    `inherits`: a distribution package, judged with its system. `inferred`: what the cycle says counts only where it has
    ended, as for what is older than the oldest cycle of the table. `confidence`: 0 to 1, see docs/lifecycle.md.
    `matched_on`: the text or identifier that was read.
    """

    method: str
    cycles: tuple[Cycle, ...] = ()
    inherits: bool = False
    inferred: bool = False
    confidence: float = 0.0
    matched_on: str = ""

    def verdict(self, on: date, within_months: int = 0, milestone: MilestoneName = "security") -> Verdict:
        """The one verdict that all candidates share, else unknown. What is inferred can only be unsupported."""
        verdicts = {judge(cycle.end(milestone), on, within_months) for cycle in self.cycles}
        if verdicts == {"ending", "supported"}:
            return "unknown" if self.inferred else "ending"  # supported for now, and not surely for longer
        shared = verdicts.pop() if len(verdicts) == 1 else "unknown"
        return "unknown" if self.inferred and shared != "unsupported" else shared


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a product was found: the method's name, how sure it is, and what was read."""

    method: str
    confidence: float
    matched_on: str

    def among(self, product: str, cycles: tuple[Cycle, ...]) -> Match:
        """One of these cycles."""
        if not cycles:
            return Match(f"{product}: no cycle of the table fits", matched_on=self.matched_on)
        if len(cycles) == 1:
            return Match(self.method, cycles, confidence=self.confidence, matched_on=self.matched_on)
        several = f"{self.method}; one of several cycles"
        return Match(several, cycles, confidence=min(self.confidence, IN_PART), matched_on=self.matched_on)

    def inferred(self, cycle: Cycle, reason: str) -> Match:
        confidence = min(self.confidence, IN_PART)
        return Match(
            f"{self.method}; {reason}", (cycle,), inferred=True, confidence=confidence, matched_on=self.matched_on
        )

    def unknown(self, reason: str) -> Match:
        return Match(reason, matched_on=self.matched_on)


def cycles_of(table: LifecycleTable, product: str) -> tuple[Cycle, ...]:
    """All cycles of a product; none where the table does not have it."""
    known = table.products.get(product)
    return known.cycles if known else ()


def cycles_named(table: LifecycleTable, product: str, names: Collection[str]) -> tuple[Cycle, ...]:
    """Those cycles of a product that have one of these names."""
    return tuple(cycle for cycle in cycles_of(table, product) if cycle.name in names)


def place(table: LifecycleTable, name: str, version: str, by: Evidence) -> Match:
    """The cycle of a version: with the longest name that it begins with. Where it says less than the names, all."""
    product, version = table.products.get(name), plain_version(name, version)
    if product is None or not version:
        return _unversioned(product, name, by)
    finer = tuple(c for c in product.cycles if c.name and begins_with(c.name, version))
    if cycle := product.cycle(version):
        return _within(product, cycle, finer, version, by)
    if finer:
        return Evidence(by.method, IN_PART, by.matched_on).among(name, finer)
    if oldest := product.newer_than(version):
        return by.inferred(oldest, "older than every cycle of the table")
    return by.unknown(f"{name} {version} is no cycle of the table")


def _within(product: Product, cycle: Cycle, finer: tuple[Cycle, ...], version: str, by: Evidence) -> Match:
    """The cycle, where that is sure. The whole product (no name) is what none of the finer cycles is."""
    if finer and not cycle.name:
        return by.among(product.name, (cycle, *finer))
    if _is_finer(product, cycle, version):
        return by.unknown(f"{product.name} {version} is not among the listed releases of {cycle.name}")
    return by.among(product.name, (cycle,))


def _unversioned(product: Product | None, name: str, by: Evidence) -> Match:
    if product is None:
        return by.unknown(f"{name} is no product of the table")
    return by.among(name, product.cycles) if product.cycle("") else by.unknown(f"{name} without a version")


def plain_version(product: str, version: str) -> str:
    """Without a leading v and what follows a version (1.2+dfsg, 1.2~3); Java's 1.8.0_202 and 8u202 are 8."""
    plain = _SEPARATE.split(version.strip(), maxsplit=1)[0].removeprefix("v").removeprefix("V")
    return _OLD_JAVA.sub("", plain) if product in _JAVA else plain


def _is_finer(product: Product, cycle: Cycle, version: str) -> bool:
    """Whether a cycle (Jenkins 2, all weekly releases) has others within (2.401), and the version is none of them."""
    within = re.compile(re.escape(cycle.name) + r"[.]\d")
    return bool(within.match(version)) and any(within.match(other.name) for other in product.cycles)


_JAVA = frozenset({
    "alibaba-dragonwell", "amazon-corretto", "azul-zulu", "bellsoft-liberica", "eclipse-temurin", "ibm-semeru",
    "microsoft-build-of-openjdk", "openjdk-builds-from-oracle", "oracle-jdk", "red-hat-build-of-openjdk", "sapmachine",
})  # fmt: skip
