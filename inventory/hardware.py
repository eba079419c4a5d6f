"""Hardware: by what its owner says, else by its model's lifecycle, else by its age, which is an estimate."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from graph.metamodel import DEVICES
from inventory.judging import Policy
from inventory.lifecycle import Cycle
from inventory.match import CERTAIN, Match
from inventory.matching import Matcher
from inventory.milestones import day_of, months_later

PHYSICAL = DEVICES - {"VirtualMachine"}
PROPERTIES = ("vendor", "model", "purchase_date", "bios_date", "warranty_end", "end_of_support", "virtualisation")
"""What is read of a device; all that have the same are judged together."""
BY_PURCHASE, BY_BIOS = 0.6, 0.3
"""Confidence of an age: from the day of purchase, and from the date of the firmware, which an update makes younger."""
FIRST = date(1990, 1, 1)
"""An earlier day is a placeholder, and no purchase."""
_REAL = frozenset({"", "physical", "none"})


def hardware_match(matcher: Matcher, policy: Policy, kind: str, told: Mapping[str, str], on: date) -> Match | None:
    """What a device's hardware follows; None where it has none of its own, being a guest.

    What persons decided of its model on that day counts, but not against a date of the device's own.
    """
    if told["virtualisation"].casefold() not in _REAL:
        return None
    name = f"{told['vendor']} {told['model']}".strip()
    warranty = day_of(told["warranty_end"])
    if own := day_of(told["end_of_support"]):
        match = Match("its owner's own date", (_cycle(own),), confidence=CERTAIN, matched_on="end_of_support")
    else:
        model = matcher.hardware({"name": told["model"], "vendor": told["vendor"]}) if told["model"] else Match("")
        match = matcher.decided("hardware", name or kind, model, on)
        match = match if match.cycles else _otherwise(match, match is not model, policy.ages.get(kind, 0), told, name)
    if not warranty:
        return match
    cycles = match.cycles or (Cycle("", ""),)
    return replace(match, cycles=tuple(replace(cycle, warranty=warranty) for cycle in cycles))


def _otherwise(match: Match, decided: bool, years: int, told: Mapping[str, str], name: str) -> Match:
    """By age, where no lifecycle of the model is known; what a person decided of the model is told all the same."""
    by_age = _by_age(years, told)
    if by_age is None:
        nothing = Match("neither a model's lifecycle nor a date of purchase is known", matched_on=name)
        return match if decided else nothing
    return replace(by_age, method=f"{match.method}; {by_age.method}") if decided else by_age


def _by_age(years: int, told: Mapping[str, str]) -> Match | None:
    bought, firmware = day_of(told["purchase_date"]), day_of(told["bios_date"])
    since = next((day for day in (bought, firmware) if day and day >= FIRST), None)
    if since is None or not years:
        return None
    what = "its purchase" if since == bought else "the date of its firmware, as an estimate"
    confidence = BY_PURCHASE if since == bought else BY_BIOS
    end = months_later(since, 12 * years)
    return Match(f"age: {years} years from {what}", (_cycle(end),), confidence=confidence, matched_on=since.isoformat())


def _cycle(end: date) -> Cycle:
    """A lifecycle of its own, of no product."""
    return Cycle("", "", security=end)
