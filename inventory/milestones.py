"""Milestones: what is known of the end of a kind of support, and what a day makes of it."""

from datetime import date
from enum import Enum
from typing import Literal


class Undated(Enum):
    """A milestone without a day: it has passed and nobody says when, or it has not and none is announced."""

    ENDED = "ended"
    OPEN = "open"


Milestone = date | Undated | None
"""The last day on which it holds, or what is known instead of a day; None: unknown."""
MilestoneName = Literal["active", "security", "extended", "maintenance", "sale", "warranty"]
"""The end of active, security, extended (paid, or a community's) support, of maintenance, of sale, of the warranty."""
MILESTONES: tuple[MilestoneName, ...] = ("active", "security", "extended", "maintenance", "sale", "warranty")
Verdict = Literal["supported", "ending", "unsupported", "unknown"]
VERDICTS: tuple[Verdict, ...] = ("unsupported", "ending", "supported", "unknown")


def read_milestone(text: str) -> Milestone:
    """From the text that the graph keeps: an ISO day, `ended`, `open`, or "" for unknown. Raises ValueError."""
    if not text:
        return None
    return Undated(text) if text in ("ended", "open") else date.fromisoformat(text)


def known_milestone(text: str) -> Milestone:
    """The same of what anybody may have said: what cannot be read is unknown."""
    try:
        return read_milestone(text)
    except ValueError:
        return None


def rank_of(end: Milestone) -> date:
    """Ends in order of time: what has ended before all days, and what is open after them."""
    if isinstance(end, Undated):
        return date.min if end is Undated.ENDED else date.max
    return end or date.min


def milestone_text(milestone: Milestone) -> str:
    """The text that the graph keeps."""
    if isinstance(milestone, Undated):
        return milestone.value
    return milestone.isoformat() if milestone else ""


def day_of(value: object) -> date | None:
    """A date as the graph keeps it; None for what is no day, such as a year that a tool reports for one."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def judge(end: Milestone, on: date, within_months: int = 0) -> Verdict:
    """What an end says on a day; `ending`: still supported, and ends within so many months."""
    if end is None:
        return "unknown"
    if isinstance(end, Undated):
        return "unsupported" if end is Undated.ENDED else "supported"
    if on > end:
        return "unsupported"
    return "ending" if end <= months_later(on, within_months) and within_months else "supported"


def months_later(day: date, months: int) -> date:
    """The same day so many months on, or the last of that month; never behind the last day that there is."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
