"""Which product and cycle a reported string means. Precision counts most: what is not sure is unknown, with the reason.

Order: distribution packages follow their distribution; then curated aliases (`inventory.aliases`), package URL, CPE,
the ID of os-release, and vendor with name. Tested on 3,184 real packages, matching the names of distribution packages
would be wrong more often than right, so those of other builders are matched by alias or stay unknown.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from graph.model import Scalar
from inventory import builds, packages, products, windows
from inventory.aliases import Aliases, load_aliases
from inventory.browsers import browser
from inventory.coordinates import IMAGES, Cpe, Purl, products_by_cpe, products_by_purl, read_cpe, read_purl
from inventory.decisions import Decisions, decided
from inventory.lifecycle import LifecycleTable
from inventory.match import BY_NAME, BY_OS_RELEASE, CERTAIN, Evidence, Match, cycles_named, cycles_of, place

__all__ = ["Match", "Matcher"]

_SLES = re.compile(r"(?:suse linux enterprise server|sles) (?P<v>1\d)(?: sp ?(?P<sp>\d))?(?: \(.*\))?", re.IGNORECASE)
_CENTOS = re.compile(r"centos (?P<v>\d+)\b(?! or later|/\d).*", re.IGNORECASE)
_KUBELETS = re.compile(r"-(eks|gke)\b")
_REBUILT = re.compile(r"\+(?:k3s|rke2)")
Told = Mapping[str, Scalar]
"""What is reported of a thing, by the names of the properties of its kind."""
LONGEST = 1000
"""Characters that are read of a text, so that a hostile one costs no time; what tools write is far shorter."""
_STREAM_ONLY = 9
"""From this release on CentOS is CentOS Stream."""
_ITEM = ("name", "version", "vendor", "package_type", "purl", "cpe")
_SYSTEM = ("full_name", "name", "version", "edition", "build")


class Matcher:
    """Matches against one table; remembers what it has seen.

    `aliases`: a city's own, which come before the bundled. `decisions`: of persons, see `decided`.
    """

    def __init__(
        self, table: LifecycleTable, aliases: Aliases | None = None, decisions: Decisions | None = None
    ) -> None:
        self.table, self._decisions = table, decisions or {}
        self._aliases = aliases.before(load_aliases()) if aliases else load_aliases()
        self._by_name, self._own = products.by_name(table), products.own_names(table)
        self._by_purl, self._by_cpe = products_by_purl(table), products_by_cpe(table)
        self._system = lru_cache(maxsize=10_000)(self._match_system)
        self._software = lru_cache(maxsize=100_000)(self._match_software)

    def decided(self, part: str, reported: str, match: Match, on: date) -> Match:
        """What persons made of a match on that day: confirmed another, or rejected it."""
        return decided(self.table, self._decisions, part, reported, match, on)

    def system(self, item: Told) -> Match:
        """An OperatingSystem of the catalogue."""
        return self._system(*(str(item.get(name, ""))[:LONGEST] for name in _SYSTEM))

    def software(self, item: Told) -> Match:
        """A Software of the catalogue."""
        return self._software(*(str(item.get(name, ""))[:LONGEST].strip() for name in _ITEM))

    def database(self, item: Told) -> Match:
        """A DatabaseInstance, by its engine and version."""
        engine, version = str(item.get("engine", "")), str(item.get("version", ""))
        if packages.says_distribution(version):
            return _inheriting(f"{engine} {version}")
        if found := self._microsoft(engine, version):
            return found
        return self._by_alias("database", engine, version) or Match("no alias of this engine", matched_on=engine)

    def hardware(self, item: Told) -> Match:
        """A HardwareModel of the catalogue: by the city's own table first; endoflife.date has few but phones."""
        name, vendor = (" ".join(str(item.get(key, "")).split()) for key in ("name", "vendor"))
        if own := self._by_own_name(name, "", vendor):
            return own
        found = self._aliases.find("hardware", name, "", vendor)
        by = Evidence("alias of a model", CERTAIN, name)
        if found is None:
            return by.unknown("no alias of this model")
        wanted = re.sub(r"[^a-z0-9+]+", "-", found[1].casefold().replace(" model ", " ")).strip("-")
        return by.among(found[0].product, cycles_named(self.table, found[0].product, {wanted}))

    def application(self, item: Told) -> Match:
        """An application of the city's own table, by its name as the city says it, and its version."""
        name, version, vendor = (str(item.get(key, "")) for key in ("name", "version", "vendor"))
        return self._by_own_name(name, version, vendor) or Match(
            "the city's table has no application of this name", matched_on=name
        )

    def firmware(self, item: Told) -> Match:
        """What runs on a device of this vendor and model, by the version of its firmware."""
        vendor, model, version = (str(item.get(key, "")) for key in ("vendor", "model", "firmware"))
        told = f"{vendor} {model}".strip()
        own = self._by_own_name(f"{model} firmware", version, vendor)
        return own or self._by_alias("firmware", told, version) or Match("no alias of this device", matched_on=told)

    def _match_system(self, full_name: str, name: str, version: str, edition: str, build: str) -> Match:
        for told in filter(None, (_plain(full_name), _plain(f"{name} {version}"))):
            if told.casefold().startswith("windows"):
                return self._windows(f"{told} {edition}".strip(), build, version)
            if found := self._by_alias("system", told, version):
                return found
            if pack := _SLES.fullmatch(told):
                return self._sles(told, pack, version)
            if centos := _CENTOS.fullmatch(told):
                return self._centos(told, int(centos["v"]))
        by = Evidence("os-release id", BY_OS_RELEASE, f"{name} {version}".strip())
        if name.casefold() in products.OS_RELEASE and version[:1].isdigit():
            return place(self.table, products.OS_RELEASE[name.casefold()], version, by)
        return Match("no rule fits the system's name", matched_on=_plain(full_name) or by.matched_on)

    def _windows(self, told: str, build: str, version: str) -> Match:
        by = Evidence("name and build", CERTAIN, " ".join(filter(None, (told, build))))
        servers = windows.server_cycles(cycles_of(self.table, "windows-server"), told, f"{build} {version}")
        if servers is not None:
            return by.among("windows-server", servers)
        return by.among("windows", windows.client_cycles(cycles_of(self.table, "windows"), told, build, version))

    def _sles(self, told: str, pack: re.Match[str], version: str) -> Match:
        """The first release has no service pack in its name; neither has what a person writes, without a version."""
        by = Evidence("alias", CERTAIN, told)
        first = f"{pack['v']}.0" if version == pack["v"] else pack["v"]
        return place(self.table, "sles", f"{pack['v']}.{pack['sp']}" if pack["sp"] else first, by)

    def _centos(self, told: str, release: int) -> Match:
        """CentOS 8 and CentOS Stream 8 have the same name in many tools."""
        by = Evidence("alias", CERTAIN, told)
        families = ("centos-stream",) if release >= _STREAM_ONLY else ("centos", "centos-stream")
        found = (cycle for family in families for cycle in cycles_named(self.table, family, {str(release)}))
        return by.among("centos", tuple(found))

    def _match_software(self, name: str, version: str, vendor: str, package_type: str, purl: str, cpe: str) -> Match:
        coordinates, kind = read_purl(purl), package_type.casefold()
        version = version or (coordinates.version if coordinates else "")
        kind = kind or (coordinates.type if coordinates else "")
        if kind in products.DISTRIBUTION_PACKAGES:
            return self._package(name, packages.EPOCH.sub("", version), vendor, kind)
        if kind in IMAGES or (coordinates and coordinates.type == "image"):
            return self._image(coordinates, version, name)
        if coordinates and coordinates.type != "generic":
            return self._language_package(coordinates, version, purl)
        return (
            self._by_own_name(name, version, vendor)
            or self._program(name, version, vendor, kind)
            or self._generic(coordinates, version, purl)
            or self._by_cpe_name(read_cpe(cpe), version, cpe)
            or self._by_vendor(name, version, vendor)
            or Match("no rule fits the program's name", matched_on=name)
        )

    def _program(self, name: str, version: str, vendor: str, kind: str) -> Match | None:
        return (
            (self._node(name, version) if not kind and not vendor else None)
            or self._microsoft(name, version)
            or browser(self.table, name, version)
            or self._by_alias("program", name, version, vendor)
        )

    def _node(self, name: str, version: str) -> Match | None:
        """What Kubernetes says of a node. A build of somebody else has dates of its own."""
        by = Evidence("alias", CERTAIN, f"{name} {version}")
        if name == "kubelet" and (service := _KUBELETS.search(version)):
            return place(self.table, products.KUBERNETES[service[1]], version, by)
        found = self._by_alias("node", name, version)
        if found and (packages.says_distribution(version) or _REBUILT.search(version)):
            return by.unknown("a build of a distribution")
        return found

    def _microsoft(self, name: str, version: str) -> Match | None:
        """SQL Server by its build, and an Exchange that is named without its year."""
        by = Evidence("name and build", CERTAIN, f"{name} {version}".strip())
        if (names := builds.sql_server_cycles(name, version)) is not None:
            return by.among("mssqlserver", cycles_named(self.table, "mssqlserver", names))
        if (cycle := builds.exchange_cycle(name, version)) is not None:
            return by.among("msexchange", cycles_named(self.table, "msexchange", {cycle}))
        return None

    def _package(self, name: str, version: str, vendor: str, package_type: str) -> Match:
        by = Evidence("vendor's package", CERTAIN, f"{name} {version}")
        if java := packages.red_hats_java(name, vendor):
            return place(self.table, "red-hat-build-of-openjdk", java, by)
        if not packages.is_publisher(vendor) and (found := self._by_alias("package", name, version, vendor)):
            return found
        if packages.is_distributions(version, vendor, package_type):
            return _inheriting(by.matched_on)
        if php := packages.php_beside(name, version):
            return place(self.table, "php", php, Evidence("third party's build", CERTAIN, by.matched_on))
        return self._by_alias("marked-package", name, version, vendor) or by.unknown(
            "a third party's build that no rule knows"
        )

    def _image(self, purl: Purl | None, version: str, name: str) -> Match:
        """A tag that says less than a cycle (redis:7) moves from one to the next."""
        if purl is None:
            return Match("an image without a package URL", matched_on=name)
        repository = purl.key.removeprefix("image/")
        if found := self._by_alias("image", repository, version):
            return found
        by = Evidence("package URL", CERTAIN, f"{repository}:{version}")
        product = self._by_purl.get(purl.key)
        return place(self.table, product, version, by) if product else by.unknown("no product has this image")

    def _language_package(self, purl: Purl, version: str, text: str) -> Match:
        """By its package URL alone: its name is another thing's, and its CPE is often a scanner's guess."""
        return (
            self._by_alias("purl", purl.key, version)
            or self._generic(purl, version, text)
            or Match("no product has this package URL", matched_on=text)
        )

    def _generic(self, purl: Purl | None, version: str, text: str) -> Match | None:
        product = self._by_purl.get(purl.key) if purl else None
        if purl is None or product is None:
            return None
        by = Evidence("package URL", CERTAIN, text)
        match = place(self.table, product, version, by)
        if match.inferred and purl.type == "golang":  # v0.48.0 is Prometheus 2.48, v0.0.0-2023... any
            return by.unknown("a Go module, whose version may be another than the program's")
        return match

    def _by_cpe_name(self, cpe: Cpe | None, version: str, text: str) -> Match | None:
        if cpe is None:
            return None
        told = cpe.product.replace("_", " ")
        if cpe.vendor == "microsoft" and told.startswith("windows"):
            release = re.sub(r"^(windows 1[01]) (\w+)$", r"\1", told)
            half_year = told.removeprefix(release).strip()
            return self._windows(
                f"{release} {cpe.version if cpe.version == 'r2' else ''}".strip(), cpe.version, half_year
            )
        if (cpe.vendor, cpe.product) == ("microsoft", "sql_server"):
            return self._sql_server_by_cpe(cpe, version, text)
        product = self._by_cpe.get((cpe.vendor, cpe.product))
        pack = re.fullmatch(r"sp(\d)", cpe.update) if product == "sles" else None
        wanted = f"{cpe.version}.{pack[1]}" if pack else cpe.version or version
        return place(self.table, product, wanted, Evidence("CPE", CERTAIN, text)) if product else None

    def _sql_server_by_cpe(self, cpe: Cpe, version: str, text: str) -> Match:
        """By the year and service pack, or by the build: the NVD writes both."""
        if cpe.version.startswith("20"):
            names = builds.sql_server_release(cpe.version, cpe.update if cpe.update.startswith("sp") else "")
        else:
            names = builds.sql_server_cycles("sql server", cpe.version or version) or frozenset()
        return Evidence("CPE", CERTAIN, text).among("mssqlserver", cycles_named(self.table, "mssqlserver", names))

    def _by_vendor(self, name: str, version: str, vendor: str) -> Match | None:
        product = products.named(self._by_name, name, vendor) if version else None
        by = Evidence("vendor and name", BY_NAME, f"{name} {version} {vendor}")
        match = place(self.table, product.name, version, by) if product else None
        return (
            by.unknown("older than every cycle, if it counts its versions as the table does")
            if match and match.inferred
            else match
        )

    def _by_own_name(self, name: str, version: str, vendor: str) -> Match | None:
        """By exactly the name of a product that only the city's own table has, and its vendor where it gives one."""
        product = products.own_named(self._own, name, vendor)
        by = Evidence("the city's own table", CERTAIN, f"{name} {version}".strip())
        match = place(self.table, product.name, version, by) if product else None
        return by.unknown("older than every cycle that the city's table has") if match and match.inferred else match

    def _by_alias(self, section: str, name: str, version: str, vendor: str = "") -> Match | None:
        found = self._aliases.find(section, name, version, vendor)
        if found is None:
            return None
        (alias, wanted), by = found, Evidence("alias", CERTAIN, name)
        if not alias.product:
            return by.unknown("known to be no product of the table")
        if alias.cycle:
            return by.among(alias.product, cycles_named(self.table, alias.product, {alias.cycle}))
        return place(self.table, alias.product, wanted, by)


def _inheriting(told: str) -> Match:
    return Match("follows its distribution", inherits=True, confidence=BY_OS_RELEASE, matched_on=told)


def _plain(told: str) -> str:
    """Without trademark signs, surplus spaces and the maker's name before Windows."""
    words = re.sub(r"\((?:r|tm)\)|[®™]", "", told, flags=re.IGNORECASE).split()
    return " ".join(words).removeprefix("Microsoft ")
