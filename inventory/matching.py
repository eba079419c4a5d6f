"""Which product and cycle a reported string means. Precision counts most: what is not sure is unknown, with the reason.

Distribution packages follow their distribution's cycle: tested on 3,155 real packages, matching their names would be
wrong more often than right. A third party's build (`.remi`) does not follow it.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from graph.model import Properties
from inventory.lifecycle import Cycle, LifecycleTable, Verdict, verdict

DISTRIBUTION_PACKAGES = frozenset({"deb", "rpm", "apk"})


@dataclass(frozen=True, slots=True)
class Match:
    """What a string means. Several `cycles`: one of these; none: unknown, and `method` says why."""

    method: str
    cycles: tuple[Cycle, ...] = ()
    inherits: bool = False

    def verdict(self, on: date, within_months: int = 0) -> Verdict:
        """The one verdict that all candidates share, else unknown."""
        verdicts = {verdict(cycle, on, within_months) for cycle in self.cycles}
        return verdicts.pop() if len(verdicts) == 1 else "unknown"


# A pattern at the beginning of the system's full name; the version follows as `v`.
_SYSTEMS = tuple(
    (re.compile(pattern, re.IGNORECASE), product)
    for pattern, product in (
        (r"fedora(?: linux| release)? (?P<v>\d+)\b", "fedora"),
        (r"debian(?: gnu/linux)? (?P<v>\d+)", "debian"),
        (r"ubuntu (?P<v>\d\d\.\d\d)", "ubuntu"),
        (r"(?:red hat enterprise linux|rhel)(?: server| workstation| release)* (?P<v>\d+)", "rhel"),
        (r"centos stream(?: release)? (?P<v>\d+)", "centos-stream"),
        (r"centos(?: linux)?(?: release)? (?P<v>\d+)", "centos"),
        (r"rocky linux(?: release)? (?P<v>\d+)", "rocky-linux"),
        (r"almalinux(?: os)?(?: release)? (?P<v>\d+)", "almalinux"),
        (r"oracle linux(?: server)?(?: release)? (?P<v>\d+)", "oracle-linux"),
        (r"opensuse leap (?P<v>\d+\.\d+)", "opensuse"),
        (r"alpine linux v?(?P<v>\d+\.\d+)", "alpine-linux"),
        (r"amazon linux (?P<v>2023|2)\b", "amazon-linux"),
        (r"vmware esxi (?P<v>\d+\.\d+)", "vmware-esxi"),
        (r"(?:proxmox ve|proxmox virtual environment) (?P<v>\d+)", "proxmox-ve"),
        (r"freebsd (?P<v>\d+\.\d+)", "freebsd"),
        (r"openbsd (?P<v>\d+\.\d+)", "openbsd"),
        (r"linux mint (?P<v>\d+(?:\.\d)?)", "linuxmint"),
    )
)
_SLES = re.compile(r"suse linux enterprise server (?P<v>\d+)(?: sp ?(?P<sp>\d+))?", re.IGNORECASE)
_OS_RELEASE = {
    "debian": "debian",
    "ubuntu": "ubuntu",
    "fedora": "fedora",
    "rhel": "rhel",
    "centos": "centos",
    "rocky": "rocky-linux",
    "almalinux": "almalinux",
    "ol": "oracle-linux",
    "sles": "sles",
    "opensuse-leap": "opensuse",
    "alpine": "alpine-linux",
    "amzn": "amazon-linux",
    "linuxmint": "linuxmint",
}
"""ID of os-release(5) to product."""
_WINDOWS_SERVER = re.compile(r"windows server(?: \w+)?? (?P<year>\d{4})(?P<r2> r2)?", re.IGNORECASE)
_WINDOWS = re.compile(r"windows (?P<v>11|10|8\.1|8|7)\b", re.IGNORECASE)
_BUILD = re.compile(r"\b(?:10\.0\.)?(?P<build>1\d{4}|2\d{4})\b")
_WORKSTATION = re.compile(r"\b(?:home|pro|professional|professionnel|famille|core)\b", re.IGNORECASE)
_LONG_TERM = re.compile(r"\blts[bc]\b", re.IGNORECASE)

# A pattern of the whole program name as Windows and vendors' installers write it; the version is the program's own.
_PROGRAMS = tuple(
    (re.compile(pattern, re.IGNORECASE), product, fixed)
    for pattern, product, fixed in (
        (r"microsoft exchange server (?P<v>20\d\d)(?: .*)?", "msexchange", True),
        (r"microsoft sharepoint server (?P<v>20\d\d)", "sharepoint", True),
        (
            r"microsoft office (?:standard|professional plus|professional|home and business) (?P<v>20\d\d).*",
            "office",
            True,
        ),
        (r"postgresql (?P<v>\d+(?:\.\d+)?)(?: \(x\d\d\))?", "postgresql", True),
        (r"mysql server (?P<v>\d+\.\d+)", "mysql", True),
        (r"mariadb (?P<v>\d+\.\d+) .*", "mariadb", True),
        (r"apache tomcat (?P<v>\d+\.\d+).*", "tomcat", True),
        (r"vmware vcenter server", "vmware-vcenter", False),
        (r"libreoffice (?P<v>\d+\.\d+).*", "libreoffice", True),
        (r"python (?P<v>\d\.\d+)\.\d+ \((?:64|32)-bit\)", "python", True),
        (r"microsoft (?:\.net|windows desktop) runtime - (?P<v>\d+)\..*", "dotnet", True),
        (r"oracle database (?P<v>\d+)c.*", "oracle-database", True),
        (r"veeam backup & replication server", "veeam-backup-and-replication", False),
    )
)
_SQL_SERVER = re.compile(
    r"microsoft sql server (?P<year>20\d\d)(?: \(64-bit\)| database engine services)?", re.IGNORECASE
)
_SQL_MAJOR = {
    "2012": "11.0",
    "2014": "12.0",
    "2016": "13.0",
    "2017": "14.0",
    "2019": "15.0",
    "2022": "16.0",
    "2025": "17.0",
}
_SQL_SERVICE_PACKS = {
    "11.0": ((7001, "sp4"), (6020, "sp3"), (5058, "sp2"), (3000, "sp1")),
    "12.0": ((6024, "sp3"), (5000, "sp2"), (4050, "sp1")),
    "13.0": ((7000, "sp3-acp"), (6300, "sp3"), (5026, "sp2"), (4001, "sp1")),
}
"""First build of each service pack: Microsoft, "Latest updates and version history for SQL Server"."""
_THIRD_PARTY = re.compile(r"\.remi\b")
_REMI_PHP = re.compile(r"php\d+-php(?:-.*)?")


class Matcher:
    """Matches against one table; remembers what it has seen."""

    def __init__(self, table: LifecycleTable) -> None:
        self.table = table
        self._system = lru_cache(maxsize=10_000)(self._match_system)
        self._software = lru_cache(maxsize=100_000)(self._match_software)

    def system(self, item: Properties) -> Match:
        """An OperatingSystem of the catalogue."""
        return self._system(*(str(item.get(name, "")) for name in ("full_name", "name", "version", "build")))

    def software(self, item: Properties) -> Match:
        """A Software of the catalogue."""
        return self._software(*(str(item.get(name, "")) for name in ("name", "version", "package_type")))

    def _match_system(self, full_name: str, name: str, version: str, build: str) -> Match:
        told = (full_name or f"{name} {version}").strip().removeprefix("Microsoft ").strip()
        if "windows" in told.casefold():
            return self._windows(told, f"{build} {version}")
        for pattern, product in _SYSTEMS:
            if found := pattern.match(told):
                return self._cycle(product, found["v"], "full name")
        if found := _SLES.match(told):
            return self._cycle("sles", f"{found['v']}.{found['sp'] or 0}", "full name")
        if name.casefold() in _OS_RELEASE and version:
            return self._cycle(_OS_RELEASE[name.casefold()], version, "os-release id")
        return Match("no rule fits the system's name")

    def _windows(self, told: str, builds: str) -> Match:
        if found := _WINDOWS_SERVER.search(told):
            prefix = found["year"] + ("-r2" if found["r2"] else "")
            names = {prefix, f"{prefix}-sp1", f"{prefix}-sp2"}
            return self._among("windows-server", tuple(c for c in self._cycles("windows-server") if c.name in names))
        found = _WINDOWS.search(told)
        if found is None:
            return Match("a Windows that no rule knows")
        fitting = [cycle for cycle in self._cycles("windows") if re.split("[- ]", cycle.name)[0] == found["v"]]
        if build := _BUILD.search(builds):
            fitting = [cycle for cycle in fitting if cycle.build.endswith(build["build"])]
        return self._among("windows", tuple(c for c in fitting if _edition_fits(c.name, told)))

    def _match_software(self, name: str, version: str, package_type: str) -> Match:
        if package_type.casefold() in DISTRIBUTION_PACKAGES:
            if not _THIRD_PARTY.search(version):
                return Match("follows its distribution", inherits=True)
            return (
                self._cycle("php", version, "third party's build")
                if _REMI_PHP.fullmatch(name)
                else Match("a third party's build that no rule knows")
            )
        if found := _SQL_SERVER.fullmatch(name):
            return self._sql_server(_SQL_MAJOR.get(found["year"], ""), version)
        for pattern, product, in_name in _PROGRAMS:
            if found := pattern.fullmatch(name.strip()):
                return self._cycle(product, found["v"] if in_name else version, "program name")
        return Match("no rule fits the program's name")

    def _sql_server(self, major: str, version: str) -> Match:
        """Windows lists 13.3.6300.2 where the server says 13.0.6300.2: the third part is the build in both."""
        parts = version.split(".")
        if major not in _SQL_SERVICE_PACKS:
            return self._cycle("mssqlserver", major, "program name")
        if len(parts) < 3 or not parts[2].isdigit():  # noqa: PLR2004 - major.minor.build
            return Match("SQL Server without a build number: its service pack decides")
        pack = next((sp for first, sp in _SQL_SERVICE_PACKS[major] if int(parts[2]) >= first), None)
        names = {f"{major}-{pack}"} if pack else {major, f"{major}-rtm"}
        return self._among("mssqlserver", tuple(c for c in self._cycles("mssqlserver") if c.name in names))

    def _cycle(self, product: str, version: str, method: str) -> Match:
        known = self.table.products.get(product)
        cycle = known.cycle(version) if known else None
        return Match(method, (cycle,)) if cycle else Match(f"{product} {version} is no cycle of the table")

    def _among(self, product: str, cycles: tuple[Cycle, ...]) -> Match:
        if not cycles:
            return Match(f"{product}: no cycle of the table fits")
        return Match("name and build" if len(cycles) == 1 else "one of several cycles", cycles)

    def _cycles(self, product: str) -> tuple[Cycle, ...]:
        known = self.table.products.get(product)
        return known.cycles if known else ()


def _edition_fits(cycle: str, told: str) -> bool:
    """Cycles are told apart by edition: -w Home and Pro, -e Enterprise and Education, -lts LTSC and LTSB."""
    if "-lts" in cycle or cycle.endswith("-iot"):
        return not _WORKSTATION.search(told)
    if _LONG_TERM.search(told):
        return False
    if cycle.endswith("-w"):
        return "enterprise" not in told.casefold() and "education" not in told.casefold()
    return not (cycle.endswith("-e") and _WORKSTATION.search(told))
