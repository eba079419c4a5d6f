"""The journal for others: each entry once, in order, in the topic of changes."""

import json
from collections.abc import Callable

from events.codec import DecodeError, decode, encode
from events.log import CHANGES, EventLog, LogUnavailable, Message, MessageTooLarge, PositionLost, TopicPartition, up_to
from events.models import GraphChanged
from graph.model import Change
from graph.store import GraphStore

SOURCE = "inventory"
PAGE = 200
PUBLISHED = "published"
"""The note with the number of the last entry published, for when the topic, which does not last, has none any more."""
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

    def notes(self) -> dict[str, str]:
        """What the graph is to remember of it, where that is news."""
        last = str(self._last or 0)
        return {PUBLISHED: last} if last != (self._store.note(PUBLISHED) or "0") else {}

    def forget(self) -> None:
        """Ask the topic again: another may have published meanwhile."""
        self._last = None

    def publish(self, meanwhile: Callable[[], object] = lambda: None) -> int:
        """Publish all there is; gives how many. Raises LogUnavailable, StoreUnavailable.

        `meanwhile` is called every few seconds while the log is asked how far the topic is.
        """
        if self._last is None:
            self._last = self._published(meanwhile)
        done = 0
        while entries := self._store.changes(after=self._last, limit=PAGE):
            self._append([message_of(entry) for entry in entries])
            self._last, done = entries[-1].number, done + len(entries)
        return done

    def _append(self, messages: list[Message]) -> None:
        try:
            self._log.append(messages)
        except LogUnavailable:
            self.forget()  # any of them may have been stored
            raise

    def _published(self, meanwhile: Callable[[], object]) -> int:
        """The number of the last entry in the topic, or as noted where it has expired; 0 where there never was one."""
        end = self._log.ends([CHANGES]).get(_PLACE, 0)
        if not end:
            return 0
        try:
            found = list(up_to(self._log, {_PLACE: end - 1}, {_PLACE: end}, max_bytes=1, meanwhile=meanwhile))
            event = decode(found[0][0]) if found else None
        except (PositionLost, DecodeError):  # it has expired; or somebody else wrote there
            event = None
        return event.sequence if isinstance(event, GraphChanged) else int(self._store.note(PUBLISHED) or 0)


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
