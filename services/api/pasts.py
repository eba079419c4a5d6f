"""The graph as it was known at some moments, shared by the requests that ask for the same."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from graph.store import GraphStore
from inventory.kept import check_kept
from inventory.past import Past
from services.answers import past_of

KEPT = 4
"""Moments kept for the next request; each is a scratch file with the assets that changed since."""


@dataclass(slots=True, eq=False)
class _Shared:
    """A past with how many requests read it, and what closes it."""

    past: Past
    closing: ExitStack
    users: int = 1


class Pasts:
    """Pasts that are lent to requests.

    One that is read is neither closed nor changed: it is refreshed while nobody has it, and closed by its last reader
    where it is not kept. Nobody waits for a reader, which needs a thread of the same few to go on.
    """

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self._kept: OrderedDict[datetime, _Shared] = OrderedDict()
        self._counting = threading.Lock()
        """Held while users are counted, and never while anything is read."""
        self._making = threading.Lock()
        """Held while a past is made or refreshed: what two requests ask for is made once."""

    @contextmanager
    def lend(self, moment: datetime) -> Iterator[Past]:
        """The graph as it was known then, with all set back that changed until now. Raises BeforeThePast."""
        journal = self._store.status().journal
        shared = self._borrow(moment, journal) or self._make(moment, journal)
        try:
            check_kept(self._store, moment)  # the journal may have been pruned since it was made
            yield shared.past
        finally:
            self._give_back(moment, shared)

    def close(self) -> None:
        """Keep none any longer; those that are still read go with their last reader."""
        with self._counting:
            idle = [shared for shared in self._kept.values() if not shared.users]
            self._kept.clear()
        for shared in idle:
            shared.closing.close()

    def _borrow(self, moment: datetime, journal: int) -> _Shared | None:
        """The kept one, where it has set back what changed up to that entry."""
        with self._counting:
            found = self._kept.get(moment)
            if found is None or found.past.head < journal:
                return None
            found.users += 1
            self._kept.move_to_end(moment)
            return found

    def _make(self, moment: datetime, journal: int) -> _Shared:
        with self._making:
            made = self._borrow(moment, journal)  # who was here before has perhaps made it
            if made is None:
                made = self._refreshed(moment) or self._opened(moment)
                self._keep(moment, made)
            return made

    def _refreshed(self, moment: datetime) -> _Shared | None:
        """The kept one, brought up to now; None where there is none, or somebody reads it."""
        with self._counting:
            found = self._kept.pop(moment, None)
            if found is None or found.users:
                return None
            found.users = 1
        with ExitStack() as failed:
            failed.push(found.closing)
            found.past.refresh()
            failed.pop_all()
        return found

    def _opened(self, moment: datetime) -> _Shared:
        with ExitStack() as closing:
            past = closing.enter_context(past_of(self._store, moment))
            return _Shared(past, closing.pop_all())

    def _keep(self, moment: datetime, made: _Shared) -> None:
        with self._counting:
            self._kept[moment] = made
            oldest = self._kept.popitem(last=False)[1] if len(self._kept) > KEPT else made
            idle = not oldest.users
        if idle:
            oldest.closing.close()

    def _give_back(self, moment: datetime, shared: _Shared) -> None:
        with self._counting:
            shared.users -= 1
            last = not shared.users and self._kept.get(moment) is not shared
        if last:
            shared.closing.close()
