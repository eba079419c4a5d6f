"""Which cycles a Windows may be in. Several stay candidates where the reported strings do not tell them apart."""

import re
from collections.abc import Iterable

from inventory.lifecycle import Cycle

_SERVER = re.compile(
    r"windows server (?:standard |datacenter |essentials )?(?P<year>20\d\d)(?P<r2> r2)?", re.IGNORECASE
)
_CLIENT = re.compile(r"windows (?P<v>11|10|8\.1|8|7|vista|xp)\b", re.IGNORECASE)
_OLD = {"vista": "6", "xp": "5"}
"""The table names these by their kernel's version."""
_BUILD = re.compile(r"\b(?:10\.0\.)?(?P<build>[12]\d{4})\b")
_HOME = re.compile(r"\b(?:home|pro|professional|professionnel|famille|(?<!iot )core)\b", re.IGNORECASE)
_BUSINESS = re.compile(r"\b(?:enterprise|education|iot)\b", re.IGNORECASE)
_LONG_TERM = re.compile(r"\blts[bc]\b", re.IGNORECASE)
_IOT = re.compile(r"\biot\b", re.IGNORECASE)


def server_cycles(told: str) -> frozenset[str]:
    """Names that the cycle of this Windows Server may have; none where it is no server."""
    found = _SERVER.match(told)
    if found is None:
        return frozenset()
    release = found["year"] + ("-r2" if found["r2"] else "")
    return frozenset({release, f"{release}-sp1", f"{release}-sp2"})


def client_cycles(cycles: Iterable[Cycle], told: str, build: str, version: str) -> tuple[Cycle, ...]:
    """The cycles of this Windows 11, 10, ..., as far as build or version (22H2), and the edition, tell them apart."""
    found = _CLIENT.match(told)
    if found is None:
        return ()
    release = _OLD.get(found["v"].casefold(), found["v"])
    fitting = [cycle for cycle in cycles if cycle.name.split("-")[0] == release]
    if number := _BUILD.search(f"{build} {version}"):
        fitting = [cycle for cycle in fitting if cycle.build.endswith(f".{number['build']}")]
    elif any(_half_year(cycle) == version.casefold() for cycle in fitting):
        fitting = [cycle for cycle in fitting if _half_year(cycle) == version.casefold()]
    return tuple(_of_edition(fitting, told))


def _of_edition(cycles: list[Cycle], told: str) -> list[Cycle]:
    """Marks of a cycle: w Home and Pro, e Enterprise and Education, lts long term (LTSC, LTSB), iot IoT Enterprise."""
    if _HOME.search(told):
        return [cycle for cycle in cycles if _marks(cycle) <= {"w"}]
    if _BUSINESS.search(told):
        cycles = [cycle for cycle in cycles if "w" not in _marks(cycle)]
    if _LONG_TERM.search(told):
        cycles = [cycle for cycle in cycles if "lts" in _marks(cycle)]
    if _IOT.search(told):
        return [cycle for cycle in cycles if "iot" in _marks(cycle)] or cycles
    return [cycle for cycle in cycles if "iot" not in _marks(cycle)] if _BUSINESS.search(told) else cycles


def _half_year(cycle: Cycle) -> str:
    """The 22h2 of 10-22h2."""
    return "".join(cycle.name.split("-")[1:2])


def _marks(cycle: Cycle) -> set[str]:
    return set(cycle.name.split("-")[2:])
