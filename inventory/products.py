"""Which strings name which product: the rules of `inventory.matching`, as data.

Strings are those that agents, installers and package managers write. A rule is here only where it is sure: what no rule
knows stays unknown.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern of a name. Its group `v` is the version; without one the version comes from the item's own field."""

    pattern: re.Pattern[str]
    product: str

    def version(self, name: str, reported: str) -> str | None:
        """The version that an item has by this rule, or None where the rule does not fit its name."""
        found = self.pattern.fullmatch(name)
        if found is None:
            return None
        return found.groupdict().get("v") or reported


def _rules(*rows: tuple[str, str]) -> tuple[Rule, ...]:
    return tuple(Rule(re.compile(pattern, re.IGNORECASE), product) for pattern, product in rows)


SYSTEMS = _rules(
    (r"fedora(?: linux| release)? (?P<v>\d+)\b.*", "fedora"),
    (r"debian(?: gnu/linux)? (?P<v>\d+)\b.*", "debian"),
    (r"ubuntu (?P<v>\d\d?\.\d\d)\b.*", "ubuntu"),
    (r"(?:red hat enterprise linux|rhel)(?: server| workstation| client| release)* (?P<v>\d+)\b.*", "rhel"),
    (r"centos stream(?: release)? (?P<v>\d+)\b.*", "centos-stream"),
    (r"centos(?: linux)? release (?P<v>\d+)\b.*", "centos"),
    (r"centos linux (?P<v>\d+)\b.*", "centos"),
    (r"rocky linux(?: release)? (?P<v>\d+)\b.*", "rocky-linux"),
    (r"almalinux(?: os)?(?: release)? (?P<v>\d+)\b.*", "almalinux"),
    (r"oracle linux(?: server)?(?: release)? (?P<v>\d+)\b.*", "oracle-linux"),
    (r"opensuse leap (?P<v>\d+\.\d+)\b.*", "opensuse"),
    (r"alpine linux v?(?P<v>\d+\.\d+)\b.*", "alpine-linux"),
    (r"amazon linux (?P<v>2023|2)\b.*", "amazon-linux"),
    (r"vmware esxi (?P<v>\d+\.\d+)\b.*", "vmware-esxi"),
    (r"vmware vcenter server (?P<v>\d+\.\d+)\b.*", "vmware-vcenter"),
    (r"proxmox (?:ve|virtual environment) (?P<v>\d+)\b.*", "proxmox-ve"),
    (r"freebsd (?P<v>\d+\.\d+)\b.*", "freebsd"),
    (r"openbsd (?P<v>\d+\.\d+)\b.*", "openbsd"),
    (r"linux mint (?P<v>\d+(?:\.\d)?)\b.*", "linuxmint"),
    (r"mac ?os(?: x)? (?P<v>\d+(?:\.\d+)?)\b.*", "macos"),
)
"""Systems by their full name. SLES and Windows, whose service pack or edition decides, are read in the matcher."""

OS_RELEASE = {
    "debian": "debian",
    "ubuntu": "ubuntu",
    "fedora": "fedora",
    "rhel": "rhel",
    "rocky": "rocky-linux",
    "almalinux": "almalinux",
    "ol": "oracle-linux",
    "sles": "sles",
    "opensuse-leap": "opensuse",
    "alpine": "alpine-linux",
    "amzn": "amazon-linux",
    "linuxmint": "linuxmint",
}
"""ID of os-release(5) to product. CentOS and CentOS Stream share an ID, so it is not enough for them."""

PROGRAMS = _rules(
    (r"microsoft exchange server (?P<v>20\d\d)(?: (?:standard|enterprise|cumulative update \d+).*)?", "msexchange"),
    (r"microsoft exchange server (?P<v>subscription) edition(?: .*)?", "msexchange"),
    (r"microsoft sharepoint (?:enterprise )?server (?P<v>20\d\d)", "sharepoint"),
    (r"microsoft sharepoint server (?P<v>subscription) edition", "sharepoint"),
    (
        r"microsoft office (?:standard|professional plus|professional|home and business) (?P<v>20\d\d)(?: - [\w-]+)?",
        "office",
    ),
    (r"postgresql (?P<v>\d+(?:\.\d+)?)(?: \(x\d\d\))?", "postgresql"),
    (r"mysql server (?P<v>\d+\.\d+)", "mysql"),
    (r"mariadb (?P<v>\d+\.\d+) \(x64\)", "mariadb"),
    (r"apache tomcat (?P<v>\d+\.\d+)(?: tomcat\d+ \(remove only\))?", "tomcat"),
    (r"vmware vcenter server(?: (?P<v>\d+\.\d+)\b.*)?", "vmware-vcenter"),
    (r"libreoffice (?P<v>\d+\.\d+)[\d.]*", "libreoffice"),
    (r"python (?P<v>\d\.\d+)\.\d+ \((?:64|32)-bit\)", "python"),
    (r"microsoft (?:\.net|\.net core|windows desktop) runtime - (?P<v>\d+\.\d+)\..*", "dotnet"),
    (r"oracle database (?P<v>\d+)c(?: (?:enterprise|standard) edition.*)?", "oracle-database"),
    (r"veeam backup & replication(?: server)?", "veeam-backup-and-replication"),
)
"""Programs by the whole name that their installers write."""

NAMED_OTHERWISE = frozenset({"chrome", "firefox", "msexchange", "mssqlserver", "office", "sharepoint"})
"""Not matched by vendor and name: their version says another thing than their cycle, or extended releases share it."""

SQL_SERVER = re.compile(
    r"(?:microsoft )?sql server (?P<year>20\d\d)(?: \(64-bit\)| database engine services)?", re.IGNORECASE
)
SQL_MAJOR = {
    "2012": "11.0",
    "2014": "12.0",
    "2016": "13.0",
    "2017": "14.0",
    "2019": "15.0",
    "2022": "16.0",
    "2025": "17.0",
}
SQL_SERVICE_PACKS = {
    "11.0": ((7001, "sp4"), (6020, "sp3"), (5058, "sp2"), (3000, "sp1")),
    "12.0": ((6024, "sp3"), (5000, "sp2"), (4100, "sp1")),
    "13.0": ((7000, "sp3-acp"), (6300, "sp3"), (5026, "sp2"), (4001, "sp1")),
}
"""First build of each service pack: Microsoft, "Latest updates and version history for SQL Server"."""

DISTRIBUTION_PACKAGES = frozenset({"deb", "rpm", "apk"})
PUBLISHERS = (
    "fedora project",
    "red hat, inc.",
    "centos",
    "rocky enterprise software foundation",
    "almalinux",
    "oracle america",
    "suse llc <https://www.suse.com/>",
    "opensuse",
    "amazon linux",
)
"""Vendors of rpm packages that a distribution builds itself; `Fedora Project COPR (...)` is somebody else."""
RELEASE_TAG = re.compile(r"\.(?:fc|el|amzn)\d+(?:_\d+)?(?:\.centos)?(?:\.\d+)?$")
"""The end of an rpm's release where it is a distribution's: `.fc25`, but not `.fc25.remi`."""
THIRD_PARTY = re.compile(r"\.remi\b|nodesource|sury\.org|pgdg|[~+.]ppa", re.IGNORECASE)
"""Marks of other builders in a package's version."""
THIRD_PARTY_PACKAGES = _rules(
    (r"nodejs", "nodejs"),
    (r"postgresql-?(?P<v>\d\d)(?:-server)?", "postgresql"),
)
"""Packages that carry such a mark."""
VENDORS_PACKAGES = _rules(
    (r"docker-ce", "docker-engine"),
    (r"containerd\.io", "containerd"),
    (r"gitlab-[ce]e", "gitlab"),
    (r"mongodb-org-server", "mongodb"),
)
"""Packages that only their vendor builds: no distribution has one of this name."""
REMI_PHP = re.compile(r"php(?P<v>\d\d)-php(?:-(?!pecl|pear).*)?", re.IGNORECASE)
"""PHP of a third party, beside the distribution's. Extensions (pecl, pear) have versions of their own."""
