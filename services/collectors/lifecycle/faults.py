"""What is wrong in a table of lifecycles. One with a fault is not used at all: half a table would be a wrong answer."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from inventory.lifecycle import Cycle

_PHASES = (("released", "released"), ("active", "the end of active support"),
           ("security", "the end of security support"), ("extended", "the end of extended support"))  # fmt: skip
"""What comes one after the other in every lifecycle."""


@dataclass(frozen=True, slots=True)
class Told:
    """A cycle as a table tells it, and where it stands there. `name`: of the line; the product with its cycle if empty.

    `citation`: where the dates are from; `comment`: a remark.
    """

    where: str
    cycle: Cycle
    name: str = ""
    citation: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Where something is wrong, and what."""

    where: str
    reason: str


def faults_in(told: Iterable[Told]) -> Iterator[Fault]:
    """Cycles that stand twice, and phases that overlap or begin after they end."""
    seen: dict[tuple[str, str], str] = {}
    for item in told:
        key = (item.cycle.product or item.name).casefold(), _plain(item.cycle.name)
        shown = f"{item.cycle.product or item.name} {item.cycle.name}".strip() if item.cycle.product else item.name
        if key in seen:
            yield Fault(item.where, f"{shown} stands already at {seen[key]}; each cycle stands once")
        seen.setdefault(key, item.where)
        for reason in _in_order(item.cycle):
            yield Fault(item.where, f"{shown}: {reason}")


def _in_order(cycle: Cycle) -> Iterator[str]:
    days = [(title, day) for name, title in _PHASES if isinstance(day := getattr(cycle, name), date)]
    for (first, earlier), (second, later) in pairwise(days):
        if later < earlier:
            yield f"{second} ({later}) lies before {first} ({earlier}); one of the two is wrong"
    for title, day in (("the end of maintenance", cycle.maintenance), ("the end of sale", cycle.sale)):
        if cycle.released and isinstance(day, date) and day < cycle.released:
            yield f"{title} ({day}) lies before released ({cycle.released}); one of the two is wrong"


def _plain(name: str) -> str:
    """19.3 and 19.03 are one cycle, as they are when a version is placed."""
    return ".".join(part.lstrip("0") or "0" for part in re.split(r"[-_.]", name.casefold()) if part)
