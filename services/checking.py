"""Compares the graph with what its records say; see `inventory.deviations`. FOLLOWS is compared with the matching."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol, TypeVar

from graph.metamodel import LIFECYCLE
from graph.model import EdgeKey
from graph.store import Clock, GraphStore
from graph.transaction import Transaction
from graph.values import text_of
from inventory.again import NOTE, RULES_NOTE, check_rules
from inventory.deviations import deviations
from inventory.findings import MISSING, OTHER, UNCLAIMED, Finding
from inventory.following import FOLLOWS
from services.following import Follower

_T = TypeVar("_T")


class Patient(Protocol):
    """Gives what `ask` gives, and tries again after an outage."""

    def __call__(self, ask: Callable[[], _T], /) -> _T: ...


class NotComparable(Exception):
    """The graph is not made by this version's rules throughout; the text says what to do."""


def findings(store: GraphStore, clock: Clock, patient: Patient, tell: Callable[[str], None]) -> Iterator[Finding]:
    """Every deviation of the graph from its records; `tell` hears what was not compared.

    Raises NotComparable, RulesTooNew.
    """
    patient(partial(_check_comparable, store))

    def look(work: Callable[[Transaction], _T], /) -> _T:
        return patient(lambda: store.look(work))

    facts = True
    for found in deviations(look, clock()):
        facts = facts and found.kind not in LIFECYCLE
        yield found
    follows = patient(lambda: _follows(store, clock)) if facts else []
    if not facts:
        tell(f"{FOLLOWS} was not compared: it follows from lifecycle facts, which differ")
    if follows is None:
        tell(f"{FOLLOWS} was not compared: `landkarte inventory` has still to draw it anew")
    yield from follows or ()


def _check_comparable(store: GraphStore) -> None:
    noted = store.note(RULES_NOTE)
    if (noted and not check_rules(noted)) or store.note(NOTE):
        raise NotComparable(
            "the graph is being made anew, or was interrupted in that, so that it is not compared with its records: "
            "run `landkarte inventory` to the end first"
        )


def _follows(store: GraphStore, clock: Clock) -> list[Finding] | None:
    """Cycles that items of the catalogue follow and should not, or should; None where it is not yet drawn."""
    differing = Follower(store, "", dict, clock).differing()
    if differing is None:
        return None
    found = []
    for drawing in differing:
        wanted = {key: text_of(edge.properties) for key, edge in drawing.drawn.items()}
        there = {edge.key: text_of(edge.properties) for edge in store.edges_of({k.source_id for k in wanted})}
        found += [
            _finding(store, key, OTHER if key in there else MISSING, there.get(key, ""), text)
            for key, text in wanted.items()
        ]
        found += [_finding(store, key, UNCLAIMED, "drawn", "") for key in drawing.erased]
    return found


def _finding(store: GraphStore, key: EdgeKey, what: str, there: str, said: str) -> Finding:
    nodes = store.nodes([key.source_id, key.target_id])
    item, cycle = nodes[key.source_id], nodes.get(key.target_id)
    way = f"{FOLLOWS} to {cycle.name if cycle else key.target_id}"
    told = (f"{way} {text}" if text else "" for text in (there, said))
    return Finding(what, item.kind, item.name, item.id, *told)
