"""Browsers, whose extended releases share their number with ordinary ones, which end earlier."""

import re
from datetime import date, timedelta

from inventory.lifecycle import Cycle, LifecycleTable
from inventory.match import CERTAIN, Evidence, Match, cycles_named, place

_FIREFOX = re.compile(
    r"mozilla firefox(?P<esr> (?:[\d.]+ )?esr)?(?: [\d.]+)?(?: \((?:(?:x64|x86|arm64|aarch64) )?[\w-]+\))?",
    re.IGNORECASE,
)
_CHROME = re.compile(r"google chrome", re.IGNORECASE)


_EXTENDED = timedelta(days=100)
"""What a release of Firefox is cared for at least where it is an extended one; an ordinary one is for six weeks."""


def browser(table: LifecycleTable, name: str, version: str) -> Match | None:
    """The cycle of a Firefox or Chrome by the name that its installer writes; None where it is neither."""
    by = Evidence("alias", CERTAIN, f"{name} {version}".strip())
    if found := _FIREFOX.fullmatch(name):
        match = place(table, "firefox", version, by)
        sure = found["esr"] or match.inferred or all(map(_is_ordinary, match.cycles))
        return match if sure else _this_or_next(table, "firefox", version, by)
    return _this_or_next(table, "chrome", version, by) if _CHROME.fullmatch(name) else None


def _is_ordinary(cycle: Cycle) -> bool:
    end, released = cycle.security, cycle.released
    return isinstance(end, date) and released is not None and end - released < _EXTENDED


def _this_or_next(table: LifecycleTable, product: str, version: str, by: Evidence) -> Match:
    """Ordinary or extended, nobody says: what counts is that this release and the next have both ended.

    Chrome's extended channel is cared for as long as the release after it; an ordinary Firefox ends when that comes.
    """
    number = version.split(".", maxsplit=1)[0]
    wanted = {number, str(int(number) + 1)} if number.isdecimal() else set()
    found = cycles_named(table, product, wanted)
    if len(found) < 2 or not all(isinstance(cycle.security, date) for cycle in found):  # noqa: PLR2004 - this and next
        return by.unknown(f"{product} {number}: the table has no end of it and of the release after it")
    return by.among(product, found)
