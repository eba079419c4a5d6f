"""The journal for others: each entry once, in order, in the topic of changes."""

import json

from events.codec import decode, encode
from events.log import CHANGES, EventLog, Message, MessageTooLarge, TopicPartition
from events.models import GraphChanged
from graph.model import Change
from graph.store import GraphStore

SOURCE = "inventory"
PAGE = 200
_PLACE = TopicPartition(CHANGES, 0)


class Publisher:
    """Publishes what the journal has and the topic has not; the topic itself tells how far it is.

    Only the writer may use it. A crash repeats nothing; two writers at once, of which one was frozen, might: then the
    event's id is the same.
    """

    def __init__(self, log: EventLog, store: GraphStore) -> None:
        self._log, self._store = log, store
        self._last: int | None = None

    @property
    def begun(self) -> bool:
        return self._last is not None

    def forget(self) -> None:
        """Ask the topic again: another may have published meanwhile."""
        self._last = None

    def publish(self) -> int:
        """Publish all there is; gives how many. Raises LogUnavailable, StoreUnavailable."""
        if self._last is None:
            self._last = self._published()
        done = 0
        while entries := self._store.changes(after=self._last, limit=PAGE):
            self._log.append([message_of(entry) for entry in entries])
            self._last, done = entries[-1].number, done + len(entries)
        return done

    def _published(self) -> int:
        """The number of the last entry in the topic; 0 for an empty one."""
        end = self._log.ends([CHANGES]).get(_PLACE, 0)
        found = self._log.read({_PLACE: end - 1}, timeout=1.0, max_bytes=1) if end else []
        event = decode(found[0]) if found else None
        return event.sequence if isinstance(event, GraphChanged) else 0


def message_of(entry: Change) -> Message:
    """The event of an entry."""
    detail = json.loads(entry.detail)
    event = GraphChanged(
        source=SOURCE,
        sequence=entry.number,
        time=entry.recorded_at,
        asset_id=entry.asset_id,
        kind=detail["kind"],
        name=detail["name"],
        what=entry.what,
        event_ids=entry.event_ids,
        fields=detail["fields"],
        edges=detail["edges"],
        began=detail.get("began", {}),
    )
    try:
        return encode(event)
    except MessageTooLarge:
        return encode(event.model_copy(update={"fields": {}, "edges": ()}))
