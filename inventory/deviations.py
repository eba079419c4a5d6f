"""Where the graph is not what its records say: what somebody else has written into it, or taken away.

It is what a rebuild would write, told instead of written: the same pages, taken through the same difference.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from graph.model import EdgeKey
from graph.stray import Stray
from graph.transaction import Transaction
from inventory.again import Again
from inventory.findings import About, Finding, Told, finding_of, findings_of

STRAYS = 500
"""How many strays one transaction looks for."""
FORMLESS = 10_000
"""How many that only have another form are kept until the end; a rebuild looks at all."""
_T = TypeVar("_T")


class Look(Protocol):
    """Runs what asks a transaction and writes nothing: see `GraphStore.look`."""

    def __call__(self, work: Callable[[Transaction], _T], /) -> _T: ...


def deviations(look: Look, now: datetime) -> Iterator[Finding]:
    """Every deviation but those of FOLLOWS, each told once, a page of the graph at a time.

    What only has another form is told in the end, where nothing else was told of it.
    """
    formless, places, told = list[Stray](), set[str](), set[About]()
    for stray in _strays(look):
        if stray.wanted:
            formless += [stray] if len(formless) < FORMLESS else []
        elif stray.place not in places or stray.edge:
            places.add(stray.place)
            told.add(_about(stray))
            yield finding_of(stray)
    for about, finding in _differences(look, now):
        if about not in told and (isinstance(about.part, EdgeKey) or About(about.node) not in told):
            told.add(about)
            yield finding
    nodes = {about.node for about in told if not isinstance(about.part, EdgeKey)}
    for stray in formless:
        if _about(stray) not in told and (stray.edge or stray.id not in nodes):
            told.add(_about(stray))
            yield finding_of(stray)


def sweep(tx: Transaction, after: str) -> tuple[list[Stray], str]:
    """Take away, or bring into form, the next of what the store has not written; where to go on, "" at the end.

    Behind what was found the same place must be looked at again.
    """
    found, following = tx.strays(after, STRAYS)
    tx.sweep(found)
    return found, following


def _about(stray: Stray) -> About:
    return About(stray.id or stray.place, stray.edge or "")


def _strays(look: Look) -> Iterator[Stray]:
    after, more = "", True
    while more:
        page, after = look(partial(_page_of_strays, after))
        yield from page
        more = bool(after)


def _page_of_strays(after: str, tx: Transaction) -> tuple[list[Stray], str]:
    return tx.strays(after, STRAYS)


def _differences(look: Look, now: datetime) -> Iterator[Told]:
    work, done = Again("", {}, now), False
    while not done:
        page, done = look(partial(_page, work))
        work.move_on()
        yield from page


def _page(work: Again, tx: Transaction) -> tuple[list[Told], bool]:
    changes, parts, done = work.page(tx)
    return findings_of(tx, changes, parts, work.alien), done
