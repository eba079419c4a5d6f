"""Messages of the log as events; what cannot be read becomes a dead letter that still confirms its record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from events.codec import DecodeError, decode, record_of
from events.deadletters import dead_letter
from events.log import Message, StoredMessage
from events.models import GraphChanged, RecordObserved, record_key
from graph.model import RecordRow
from inventory.fold import Arrived, Confirmed, digest
from inventory.reading import fault


@dataclass(slots=True)
class Received:
    """What some messages said: events, records that dead letters confirm, and these letters, to be appended."""

    arrived: list[Arrived] = field(default_factory=list)
    confirmed: list[Confirmed] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)


def receive(
    messages: Iterable[StoredMessage], refused: str = "", known: Mapping[str, RecordRow] | None = None
) -> Received:
    """Decode them. `refused`: why none of their records can be taken, though they can be read.

    `known`: rows of their records; what says the same as these is not read again, which a complete run mostly is.
    """
    got = Received()
    for message in messages:
        try:
            got.arrived.append(_arrived(message, refused, unread=_says_the_same(message, known or {})))
        except DecodeError as error:
            got.dead.append(dead_letter(message, str(error)))
            if error.record and error.sequence is not None:
                origin = f"{message.at.topic}/{message.at.partition}@{message.offset}"
                got.confirmed.append(Confirmed(error.record, error.sequence, origin))
    return got


def records_of(messages: Iterable[StoredMessage]) -> set[str]:
    """Keys of the records that these name."""
    return {record for record, _ in map(record_of, messages) if record}


def _says_the_same(message: StoredMessage, known: Mapping[str, RecordRow]) -> bool:
    record, section = record_of(message)
    row = known.get(record or "")
    mark = row.sections.get(section or "") if row else None
    return mark is not None and mark.hash == digest(message.value)


def _arrived(message: StoredMessage, refused: str, *, unread: bool) -> Arrived:
    event = decode(message, content=not unread)
    if isinstance(event, GraphChanged):
        raise DecodeError("the graph's own changes are no record")
    if isinstance(event, RecordObserved) and (reason := refused or fault(event)):
        raise DecodeError(reason, record=record_key(event.source, event.native_key), sequence=event.sequence)
    return Arrived(event, _id(message), message.at.partition, message.value, unread)


def _id(message: StoredMessage) -> str:
    return next((value.decode() for name, value in message.headers if name == "ce_id"), "")
