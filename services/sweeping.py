"""What a rebuild does before it looks at any record: what the store has not written goes, and counts are set right."""

from collections.abc import Callable
from functools import partial

from graph.store import GraphStore, Writer
from graph.stray import Stray
from inventory import again, deviations

OnSwept = Callable[[Stray], None]


def set_right(store: GraphStore, keep_writing: Callable[[], Writer], told: OnSwept) -> None:
    """Page by page. How many hold an identifier decides what it joins: that must be right before records are read."""
    _sweep(store, keep_writing, told)
    after: str | None = ""
    while after is not None:
        after = store.transact(keep_writing(), partial(again.recount, after=after))


def _sweep(store: GraphStore, keep_writing: Callable[[], Writer], told: OnSwept) -> None:
    """Where something was found, the same place is looked at again; what cannot be set right is left after a try."""
    after, before = "", list[Stray]()
    while True:
        found, following = store.transact(keep_writing(), partial(deviations.sweep, after=after))
        if not found or found == before:
            before, after = [], following
            if not following:
                return
            continue
        for stray in found:
            told(stray)
        before = found
