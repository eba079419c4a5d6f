"""Microsoft's servers whose build number tells their cycle: SQL Server with its service pack, Exchange."""

import re

_EDITION = r"(?: (?:express|standard|enterprise|developer|web|datacenter|business intelligence) edition)?"
SQL_SERVER = re.compile(
    rf"(?:microsoft )?sql server(?: (?P<year>20\d\d)(?P<r2> r2)?)?{_EDITION}(?: \(64-bit\)| database engine services|"
    r" \(sp\d.*| \(rtm.*| - 1\d\.0.*)?",
    re.IGNORECASE,
)
_MAJOR = {
    "2005": "9.0", "2008": "10.0", "2008 r2": "10.50", "2012": "11.0", "2014": "12.0", "2016": "13.0", "2017": "14.0",
    "2019": "15.0", "2022": "16.0", "2025": "17.0",
}  # fmt: skip
_PACKS = {
    "11.0": ((7001, "11.0-sp4"), (6020, "11.0-sp3"), (5058, "11.0-sp2"), (3000, "11.0-sp1"), (2100, "11.0")),
    "12.0": ((6024, "12.0-sp3"), (5000, "12.0-sp2"), (4100, "12.0-sp1"), (2000, "12.0")),
    "13.0": ((7000, "13.0-sp3-acp"), (6300, "13.0-sp3"), (5026, "13.0-sp2"), (4001, "13.0-sp1"), (1601, "13.0")),
}
"""First build of each service pack: Microsoft, "Latest updates and version history for SQL Server"."""
_BUILD = re.compile(r"(?P<major>\d+)\.(?P<minor>\d+)\.(?P<build>\d+)\b")
_EXCHANGE = re.compile(r"microsoft exchange server", re.IGNORECASE)
_SUBSCRIPTION = 2562
"""First build of Exchange Server Subscription Edition, which is version 15.2 like Exchange 2019."""
_EXCHANGE_CYCLES = {"8.": "2007", "14.": "2010", "15.0": "2013", "15.1": "2016"}


def sql_server_cycles(name: str, version: str) -> frozenset[str] | None:
    """Names that the cycle of this SQL Server may have, none where it cannot be told. None where it is no SQL Server.

    Windows lists 13.3.6300.2 where the server says 13.0.6300.2: the third part is the build in both. Where neither year
    nor version is told, it is none.
    """
    found = SQL_SERVER.fullmatch(name)
    if found is None:
        return None
    if not version and (told := re.search(r" - (\d+\.\d+\.\d+)", name)):
        version = told[1]
    named = _MAJOR.get(f"{found['year']}{(found['r2'] or '').casefold()}", "")
    build = _BUILD.match(version)
    major = _major_of(build)
    if not found["year"] and build is None:
        return None
    if found["year"] and (not named or (major and major.split(".")[0] != named.split(".", maxsplit=1)[0])):
        return frozenset()
    return _sql_cycles(named or major, int(build["build"]) if build else 0)


def sql_server_release(year: str, pack: str) -> frozenset[str]:
    """As `sql_server_cycles`, of a release that is named by its year, with its service pack (sp1) where one is told."""
    names = _sql_cycles(_MAJOR.get(year, ""), 0)
    return frozenset(name for name in names if name.endswith(f"-{pack}")) if pack else names


def _sql_cycles(major: str, build: int) -> frozenset[str]:
    """Releases before 2012 have all ended, whatever their service pack."""
    if major not in _PACKS:
        prefixes = {major, f"{major}0"} if major in {"9.0", "10.0"} else {major}
        packs = {f"{prefix}{end}" for prefix in prefixes for end in ("", "-r2", "-sp1", "-sp2", "-sp3", "-sp4")}
        return frozenset(packs) if major else frozenset()
    if not build:
        return frozenset(name for _, name in _PACKS[major])
    return frozenset({next((name for first, name in _PACKS[major] if build >= first), major)})


def _major_of(build: re.Match[str] | None) -> str:
    """10.50 of 10.50.6000 and of Windows' 10.53.6000; 13.0 of 13.3.6300."""
    if build is None:
        return ""
    return "10.50" if build["major"] == "10" and build["minor"].startswith("5") else f"{build['major']}.0"


def exchange_cycle(name: str, version: str) -> str | None:
    """The cycle of an Exchange named without its year, "" where its version does not tell it; None where it is none."""
    if not _EXCHANGE.fullmatch(name):
        return None
    plain = re.sub(r"\b0+(?=\d)", "", version)
    if found := re.match(r"15\.2\.(\d+)", plain):
        return "subscription" if int(found[1]) >= _SUBSCRIPTION else "2019"
    return next((cycle for begin, cycle in _EXCHANGE_CYCLES.items() if f"{plain}.".startswith(begin)), "")
