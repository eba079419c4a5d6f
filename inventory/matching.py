"""Which product and cycle a reported string means. Precision counts most: what is not sure is unknown, with the reason.

Order: distribution packages follow their distribution; then the curated rules (`inventory.products`), the ID of
os-release, and vendor with name. Tested on 3,184 real packages, matching the names of distribution packages would be
wrong more often than right, so those of other builders are matched by rule or stay unknown.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from graph.model import Properties
from inventory import products, windows
from inventory.lifecycle import Cycle, LifecycleTable, MilestoneName, Product, Verdict, verdict

_SLES = re.compile(r"suse linux enterprise server (?P<v>\d+)(?: sp ?(?P<sp>\d+))?\b.*", re.IGNORECASE)
_VERSION_AND_BITS = re.compile(r"(?: v?\d+(?:\.\d+)*)?(?:[ -]\(?(?:x64|x86|(?:64|32)[- ]bit)\)?)?$", re.IGNORECASE)
_EPOCH = re.compile(r"^\d+:")


@dataclass(frozen=True, slots=True)
class Match:
    """What a string means. Several `cycles`: one of these; none: unknown, and `method` says why.

    `inherits`: a distribution package, judged with its system. `inferred`: older than the oldest cycle of the table,
    which is the one given.
    """

    method: str
    cycles: tuple[Cycle, ...] = ()
    inherits: bool = False
    inferred: bool = False

    def verdict(self, on: date, within_months: int = 0, milestone: MilestoneName = "security") -> Verdict:
        """The one verdict that all candidates share, else unknown. What is inferred can only be unsupported."""
        verdicts = {verdict(cycle, on, within_months, milestone) for cycle in self.cycles}
        shared = verdicts.pop() if len(verdicts) == 1 else "unknown"
        return "unknown" if self.inferred and shared != "unsupported" else shared


class Matcher:
    """Matches against one table; remembers what it has seen."""

    def __init__(self, table: LifecycleTable) -> None:
        self.table = table
        self._by_name = _by_name(table)
        self._system = lru_cache(maxsize=10_000)(self._match_system)
        self._software = lru_cache(maxsize=100_000)(self._match_software)

    def system(self, item: Properties) -> Match:
        """An OperatingSystem of the catalogue."""
        return self._system(*(str(item.get(name, "")) for name in ("full_name", "name", "version", "edition", "build")))

    def software(self, item: Properties) -> Match:
        """A Software of the catalogue."""
        return self._software(*(str(item.get(name, "")) for name in ("name", "version", "vendor", "package_type")))

    def _match_system(self, full_name: str, name: str, version: str, edition: str, build: str) -> Match:
        for told in filter(None, (_plain(full_name), _plain(f"{name} {version}"))):
            if told.casefold().startswith("windows"):
                return self._windows(f"{told} {edition}", build, version)
            for rule in products.SYSTEMS:
                if found := rule.version(told, version):
                    return self._cycle(rule.product, found, "full name")
            if pack := _SLES.fullmatch(told):
                return self._cycle("sles", f"{pack['v']}.{pack['sp'] or 0}", "full name")
        if name.casefold() in products.OS_RELEASE and version[:1].isdigit():
            return self._cycle(products.OS_RELEASE[name.casefold()], version, "os-release id")
        return Match("no rule fits the system's name")

    def _windows(self, told: str, build: str, version: str) -> Match:
        if names := windows.server_cycles(told):
            return self._among("windows-server", tuple(c for c in self._cycles("windows-server") if c.name in names))
        fitting = windows.client_cycles(self._cycles("windows"), told, build, version)
        return self._among("windows", fitting)

    def _match_software(self, name: str, version: str, vendor: str, package_type: str) -> Match:
        name = name.strip()
        if package_type.casefold() in products.DISTRIBUTION_PACKAGES:
            return self._package(name, _EPOCH.sub("", version), vendor, package_type.casefold())
        if found := products.SQL_SERVER.fullmatch(name):
            return self._sql_server(products.SQL_MAJOR.get(found["year"], ""), version)
        return (
            self._by_rules(products.PROGRAMS, name, version, "program name")
            or self._by_vendor(name, version, vendor)
            or Match("no rule fits the program's name")
        )

    def _package(self, name: str, version: str, vendor: str, package_type: str) -> Match:
        if found := self._by_rules(products.VENDORS_PACKAGES, name, version, "vendor's package"):
            return found
        if _is_distributions(version, vendor, package_type):
            return Match("follows its distribution", inherits=True)
        if php := products.REMI_PHP.fullmatch(name):
            number = f"{php['v'][0]}.{php['v'][1]}"
            if version.startswith(f"{number}."):
                return self._cycle("php", number, "third party's build")
        if products.THIRD_PARTY.search(version) and (
            found := self._by_rules(products.THIRD_PARTY_PACKAGES, name, version, "third party's build")
        ):
            return found
        return Match("a third party's build that no rule knows")

    def _by_rules(self, rules: tuple[products.Rule, ...], name: str, version: str, method: str) -> Match | None:
        for rule in rules:
            found = rule.version(name, version)
            if found is not None:
                return self._cycle(rule.product, found, method)
        return None

    def _by_vendor(self, name: str, version: str, vendor: str) -> Match | None:
        """The product with exactly this name whose CPE vendor the reported vendor contains."""
        product, vendors = self._by_name.get(_letters(_VERSION_AND_BITS.sub("", name)), (None, ()))
        if product is None or not version or not any(known in _letters(vendor) for known in vendors):
            return None
        return self._cycle(product.name, version, "vendor and name")

    def _sql_server(self, major: str, version: str) -> Match:
        """Windows lists 13.3.6300.2 where the server says 13.0.6300.2: the third part is the build in both."""
        if major not in products.SQL_SERVICE_PACKS:
            return self._cycle("mssqlserver", major, "program name")
        parts = version.split(".")
        if len(parts) < 3 or not parts[2].isdigit() or parts[0] != major.split(".", maxsplit=1)[0]:  # noqa: PLR2004 - major.minor.build
            return Match("SQL Server without a build number of its own: its service pack decides")
        packs = products.SQL_SERVICE_PACKS[major]
        pack = next((name for first, name in packs if int(parts[2]) >= first), None)
        wanted = f"{major}-{pack}" if pack else major
        return self._among("mssqlserver", tuple(c for c in self._cycles("mssqlserver") if c.name == wanted))

    def _cycle(self, product: str, version: str, method: str) -> Match:
        known = self.table.products.get(product)
        if known and (cycle := known.cycle(version)):
            return Match(method, (cycle,))
        if known and (oldest := known.newer_than(version)):
            return Match(f"{method}; older than every cycle of the table", (oldest,), inferred=True)
        return Match(f"{product} {version} is no cycle of the table")

    def _among(self, product: str, cycles: tuple[Cycle, ...]) -> Match:
        if not cycles:
            return Match(f"{product}: no cycle of the table fits")
        return Match("name and build" if len(cycles) == 1 else "one of several cycles", cycles)

    def _cycles(self, product: str) -> tuple[Cycle, ...]:
        known = self.table.products.get(product)
        return known.cycles if known else ()


def _is_distributions(version: str, vendor: str, package_type: str) -> bool:
    """Whether the distribution built a package itself. Only rpm names the builder; a deb shows others by their mark."""
    if products.THIRD_PARTY.search(version):
        return False
    if package_type != "rpm":
        return True
    if vendor:
        return vendor.casefold() in products.PUBLISHERS
    return bool(products.RELEASE_TAG.search(version))


def _by_name(table: LifecycleTable) -> dict[str, tuple[Product | None, tuple[str, ...]]]:
    """Products by label, name and alias in plain letters, with their CPE vendors; None where two share a name."""
    found: dict[str, tuple[Product | None, tuple[str, ...]]] = {}
    for product in table.products.values():
        vendors = tuple({_letters(i.split(":")[-2]) for i in product.identifiers if i.startswith("cpe:")})
        if not vendors or product.name in products.NAMED_OTHERWISE:
            continue
        for name in {_letters(name) for name in (product.label, product.name, *product.aliases)}:
            found[name] = (None, ()) if name in found else (product, vendors)
    return found


def _plain(told: str) -> str:
    """Without trademark signs, surplus spaces and the maker's name before Windows."""
    words = re.sub(r"\((?:r|tm)\)|[®™]", "", told, flags=re.IGNORECASE).split()
    return " ".join(words).removeprefix("Microsoft ")


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
