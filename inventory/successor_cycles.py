"""The cycle to move to from one that ends."""

from collections.abc import Iterable
from datetime import date

from inventory.lifecycle import Cycle, Product
from inventory.match import Match
from inventory.milestones import judge, rank_of
from inventory.obsolescence import Question


def move_to(product: Product, match: Match, question: Question) -> str:
    """What somebody says that follows; else the supported cycle of the product that lasts longest, if it lasts longer.

    Of several the newest, and of editions the same (Windows 10 Enterprise goes to 11 Enterprise).
    """
    last = match.cycles[-1]
    if last.successor:
        return last.successor
    milestone = question.policy.counts(product.name)
    marks = {_marks(cycle) for cycle in match.cycles}
    longer = [cycle for cycle in _there(product.cycles, question.on) if _marks(cycle) in marks]
    ends = {cycle: rank_of(cycle.end(milestone)) for cycle in longer}
    best = max(longer, key=lambda cycle: (ends[cycle], cycle.released or date.min), default=None)
    supported = best is not None and judge(best.end(milestone), question.on) == "supported"
    if best is None or not supported or ends[best] <= max(rank_of(cycle.end(milestone)) for cycle in match.cycles):
        return ""
    return best.name


def _there(cycles: Iterable[Cycle], on: date) -> list[Cycle]:
    return [cycle for cycle in cycles if cycle.released is None or cycle.released <= on]


def _marks(cycle: Cycle) -> str:
    """The edition that a cycle's name ends in, in lower case: w, e, lts, iot, esm, ...; "" for none."""
    last = cycle.name.rpartition("-")[2]
    return last if last.isalpha() and "-" in cycle.name else ""
