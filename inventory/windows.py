"""Which cycles a Windows may be in. Several stay candidates where the reported strings do not tell them apart."""

import re
from collections.abc import Iterable

from inventory.lifecycle import Cycle

_SERVER = re.compile(
    r"windows (?:server )?(?:(?:standard|datacenter|essentials) )?(?P<year>20(?:0[38]|1[269]|2\d))(?P<r2> r2)?"
    r"(?! technical preview)",
    re.IGNORECASE,
)
_OR_LATER = re.compile(r"\bor later\b", re.IGNORECASE)
_SHARED_NAME = re.compile(r"windows server 2012 \((?:64|32)-bit\)", re.IGNORECASE)
"""VMware's name of both 2012 and 2012 R2."""
_CHANNEL = re.compile(r"windows server(?P<edition> standard| datacenter)?", re.IGNORECASE)
"""The half-yearly and yearly channels name no year; their build tells them."""
_SERVER_2000 = re.compile(r"windows 2000 (?:advanced |datacenter )?server\b", re.IGNORECASE)
_CLIENT = re.compile(r"windows (?P<v>11|10|8\.[1x]|8|7|vista|xp)\b(?! mobile|\.\d)", re.IGNORECASE)
_OLD = {"vista": "6", "xp": "5"}
"""The table names these by their kernel's version."""
_BUILD = re.compile(r"\b(?:10\.0[ .(]*)?(?P<build>[1-9]\d{4})\b")
_FIRST_11 = 22000
"""First build of Windows 11, which the registry, and so many a tool, still calls Windows 10."""
_HOME = re.compile(r"\b(?:home|pro|professional\w*|professionnel|famille|(?<!iot )core\w*)\b", re.IGNORECASE)
_BUSINESS = re.compile(r"\b(?:enterprise|(?:iot)?enterprises?n?|education|iot)\b", re.IGNORECASE)
_LONG_TERM = re.compile(r"\blts[bc]\b|\b(?:iot)?enterprisesn?\b", re.IGNORECASE)
_LONG_TERM_YEAR = re.compile(r"\b(?P<before>20\d\d) lts[bc]\b|\blts[bc] (?P<after>20\d\d)\b", re.IGNORECASE)
_LONG_TERM_RELEASES = {"2015": "1507", "2016": "1607", "2019": "1809", "2021": "21h2", "2024": "24h2"}
_IOT = re.compile(r"\biot", re.IGNORECASE)


def server_cycles(cycles: Iterable[Cycle], told: str, build: str = "") -> tuple[Cycle, ...] | None:
    """The cycles that this Windows Server may be in; None where it is no server. Name and build may disagree."""
    known, number = tuple(cycles), _number(build)
    if _SERVER_2000.match(told):
        return tuple(cycle for cycle in known if cycle.name == "2000")
    built = tuple(cycle for cycle in known if number and cycle.build.endswith(f".{number}"))
    if channel := _CHANNEL.fullmatch(told):
        return tuple(cycle for cycle in built if not channel["edition"] or cycle.name.endswith(("-sac", "-ac")))
    found = _SERVER.match(told)
    if found is None:
        return None
    if _OR_LATER.search(told):
        return tuple(cycle for cycle in known if _year(cycle) >= int(found["year"]))
    release = found["year"] + ("-r2" if found["r2"] else "")
    names = {release, f"{release}-sp1", f"{release}-sp2"} | ({"2012-r2"} if _SHARED_NAME.match(told) else set())
    fitting = tuple(cycle for cycle in known if cycle.name in names)
    agree = not built or not set(built).isdisjoint(fitting)
    return fitting if agree else (*fitting, *built)


def client_cycles(cycles: Iterable[Cycle], told: str, build: str, version: str) -> tuple[Cycle, ...]:
    """The cycles of this Windows 11, 10, ..., as far as build or version (22H2), and the edition, tell them apart."""
    found = _CLIENT.match(told)
    if found is None:
        return ()
    release, number = _OLD.get(found["v"].casefold(), found["v"]), _number(f"{build} {version}")
    if release == "10" and number and int(number) >= _FIRST_11:
        release = "11"
    releases = {"8", "8.1"} if release.casefold() == "8.x" else {release}  # VMware's name of both
    fitting = [cycle for cycle in cycles if cycle.name.split("-")[0] in releases]
    half_year = version.casefold() or _long_term_release(told)
    if number:
        fitting = [cycle for cycle in fitting if cycle.build.endswith(f".{number}")]
    elif any(_half_year(cycle) == half_year for cycle in fitting):
        fitting = [cycle for cycle in fitting if _half_year(cycle) == half_year]
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
        own = any("iot" in _marks(cycle) for cycle in cycles)
        return [cycle for cycle in cycles if not own or not {"e", "lts"} <= _marks(cycle)]
    return [cycle for cycle in cycles if "iot" not in _marks(cycle)] if _BUSINESS.search(told) else cycles


def _number(build: str) -> str:
    found = _BUILD.search(build)
    return found["build"] if found else ""


def _year(cycle: Cycle) -> int:
    """Of which year a server's cycle is; the channels have their month (1809-sac) or half year (20h2-sac)."""
    name = cycle.name.split("-", maxsplit=1)[0]
    return int(name) if name.isdigit() and name.startswith("20") and name != "2004" else 2000 + int(name[:2])


def _long_term_release(told: str) -> str:
    found = _LONG_TERM_YEAR.search(told)
    return _LONG_TERM_RELEASES.get(found["before"] or found["after"], "") if found else ""


def _half_year(cycle: Cycle) -> str:
    """The 22h2 of 10-22h2."""
    return "".join(cycle.name.split("-")[1:2])


def _marks(cycle: Cycle) -> set[str]:
    return set(cycle.name.split("-")[2:])
