"""Whose build a distribution's package (deb, rpm, apk) is: that decides which lifecycle it has. Pure."""

import re

EPOCH = re.compile(r"^\d+:")
_PUBLISHERS = (
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
_RELEASE_TAG = re.compile(r"\.(?:fc|el|amzn)\d+(?:_\d+)?(?:\.centos)?(?:\.\d+)?$")
"""The end of an rpm's release where it is a distribution's: `.fc25`, but not `.fc25.remi`."""
_CODENAMES = r"trusty|xenial|bionic|focal|jammy|noble|jessie|stretch|buster|bullseye|bookworm|trixie"
_THIRD_PARTY = re.compile(
    rf"\.remi\b|nodesource|sury\.org|pgdg|[~+.]ppa|\+maria~|\+(?:ubuntu|debian)\d\d\.?\d*$|[-~+]\d*(?:{_CODENAMES})\d*\b",
    re.IGNORECASE,
)
"""Marks of other builders in a package's version; distributions do not write their codename."""
_REMI_PHP = re.compile(r"php(?P<v>\d\d)-php(?:-(?!pecl|pear).*)?", re.IGNORECASE)
_DISTRIBUTIONS_BUILD = re.compile(r"ubuntu|debian|\+dfsg|[-+~]\d*\+?deb\d|\.(?:el|fc|amzn)\d", re.IGNORECASE)
_RED_HATS_JAVA = re.compile(r"java-(?:1\.)?(?P<v>\d+)(?:\.0)?-openjdk(?:-headless|-devel)?", re.IGNORECASE)


def is_distributions(version: str, vendor: str, package_type: str) -> bool:
    """Whether the distribution built a package itself. Only rpm names the builder; a deb shows others by their mark."""
    if _THIRD_PARTY.search(version):
        return False
    if package_type != "rpm":
        return True
    if vendor:
        return is_publisher(vendor)
    return bool(_RELEASE_TAG.search(version))


def says_distribution(version: str) -> bool:
    """Whether what a running program says of its version shows that a distribution built it (14.5-0ubuntu0.22.04.1)."""
    return bool(_DISTRIBUTIONS_BUILD.search(version))


def is_publisher(vendor: str) -> bool:
    """Whether this vendor of an rpm makes a distribution."""
    return vendor.casefold() in _PUBLISHERS


def php_beside(name: str, version: str) -> str:
    """The version of a third party's PHP beside the distribution's (php56-php), or "". Its extensions are none."""
    found = _REMI_PHP.fullmatch(name)
    number = f"{found['v'][0]}.{found['v'][1]}" if found else ""
    return number if found and version.startswith(f"{number}.") else ""


def red_hats_java(name: str, vendor: str) -> str:
    """The version of Red Hat's own build of OpenJDK, which has a lifecycle of its own, or ""."""
    found = _RED_HATS_JAVA.fullmatch(name) if vendor.casefold() == "red hat, inc." else None
    return found["v"] if found else ""
