"""Decisions about matches: what a person says that a reported string means, checked before it is said."""

import difflib
from datetime import UTC, datetime

from graph.store import GraphReader, Selection
from inventory.decisions import Decision
from inventory.judging import Policy
from inventory.lifecycle import LifecycleTable, Product
from inventory.lifecycle_records import decisions_of, matcher_of
from inventory.products import letters, names_of
from inventory.things import PARTS, Thing, things
from services.curating import Note, Refused

SHOWN = 10


def decide(reader: GraphReader, reported: str, told: str, cycle: str, note: Note, *, rejected: bool) -> Decision:
    """A decision about a string that is reported. `told`: the product; none: what rules make of the string.

    Raises Refused for a string that nothing has, and for a product or cycle that there is not.
    """
    matcher = matcher_of(reader)
    thing = _thing(list(things(reader, matcher, Policy(), Selection(), PARTS, datetime.now(UTC).date())), reported)
    product = _product(matcher.table, told or _guessed(thing))
    found = cycle if told or cycle else _only(thing, rejected=rejected)
    if not rejected and not any(known.name == found for known in product.cycles):
        names = ", ".join(known.name or "(all)" for known in product.cycles[:SHOWN])
        raise Refused(f"{product.label} has no cycle {found!r}; it has {names}")
    return Decision(
        thing.part, reported, product.name, "" if rejected else found, rejected, note.reason, note.author, note.expires
    )


def known_decision(reader: GraphReader, reported: str) -> Decision:
    """The decision about a string, to be taken back. Raises Refused."""
    found = [decision for decision in decisions_of(reader).values() if decision.reported == reported]
    if not found:
        raise Refused(
            f"nothing was decided about {reported!r}; `landkarte ask find --kind MatchDecision` lists decisions"
        )
    return found[0]


def _thing(found: list[Thing], reported: str) -> Thing:
    fitting = [thing for thing in found if thing.reported == reported]
    if fitting:
        return fitting[0]
    near = difflib.get_close_matches(reported, {thing.reported for thing in found}, 3)
    hint = f"; nearest are {', '.join(map(repr, near))}" if near else "; `landkarte ask obsolete --all` shows all"
    raise Refused(f"no asset reports {reported!r}{hint}")


def _guessed(thing: Thing) -> str:
    if not thing.match.cycles:
        raise Refused(
            f"{thing.reported!r} is not matched ({thing.match.method}): say what it is, --is PRODUCT --cycle CYCLE"
        )
    return thing.match.cycles[0].product


def _only(thing: Thing, *, rejected: bool) -> str:
    if thing.match.inferred and not rejected:
        raise Refused(f"{thing.reported!r} is older than every cycle that is known: say which it is, --is and --cycle")
    if len(thing.match.cycles) > 1 and not rejected:
        names = ", ".join(cycle.name for cycle in thing.match.cycles)
        raise Refused(f"{thing.reported!r} may be any of {names}: say which, --cycle CYCLE")
    return thing.match.cycles[0].name


def _product(table: LifecycleTable, told: str) -> Product:
    wanted = letters(told)
    for product in table.products.values():
        if wanted in names_of(product):
            return product
    near = difflib.get_close_matches(told, table.products, 3)
    raise Refused(f"no product {told!r} is known" + (f"; nearest are {', '.join(near)}" if near else ""))
