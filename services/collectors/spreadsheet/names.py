"""Names in tables that no table explains, each with the nearest that one does. Pure."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping

from events.models import Reference
from graph.metamodel import KINDS
from services.collectors.spreadsheet.cells import plain


def unknown_names(
    asked: Iterable[tuple[str, Reference]], names: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, Reference, str]]:
    """(where, to what, what is odd) of each name that no sheet explains.

    All of things with names; of computers those near another.

    `asked`: what the rows refer to, and where. `names`: what they explain, by `space_of` and in lower case.
    """
    for where, reference in asked:
        known = names.get(space_of(reference.kind), {})
        name = plain(reference.value)
        if not known or name.casefold() in known:
            continue
        near = _near(name.casefold(), known)
        if near:
            yield where, reference, f"{name!r} stands in no sheet; nearest is {known[near]!r} (taken as it is written)"
        elif KINDS[reference.kind].named:
            yield where, reference, f"{name!r} stands in no sheet (taken, in case another source knows it)"


def space_of(of_kind: str) -> str:
    """Names are looked up within a family; computers and other devices by host name, whatever they are."""
    return KINDS[of_kind].family if KINDS[of_kind].named else "host"


def _near(name: str, known: Iterable[str]) -> str:
    """The nearest name with the same numbers: SRV-2 is no SRV-1 that somebody mistyped, SRV-01 may be; or ""."""
    near = difflib.get_close_matches(name, known, 5, cutoff=0.8)
    return next((other for other in near if _numbers(other) == _numbers(name)), "")


def _numbers(name: str) -> list[str]:
    return [digits.lstrip("0") for digits in re.findall(r"[0-9]+", name)]
