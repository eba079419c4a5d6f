"""Events as messages and back: CloudEvents 1.0, Kafka protocol binding, binary mode, the same in every log.

Attributes travel in `ce_*` headers, the data in the value, as canonical JSON. The message's key is repeated in the
header `ce_key`, so that even a message that cannot be decoded says which record it spoke of.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import BaseModel, TypeAdapter, ValidationError

from events.log import CHANGES, RECORDS, RUNS, Headers, Message
from events.models import (
    Event,
    GraphChanged,
    LogCopied,
    RecordConfirmed,
    RecordObserved,
    RecordWithdrawn,
    RunCompleted,
    RunReport,
    Section,
    record_key,
    write_ranks,
)
from events.sizes import check_sizes

SOURCE_PREFIX = "urn:landkarte:"
CONTENT_TYPE = "application/json"
REQUIRED = ("specversion", "type", "source", "id", "time", "key", "sequence")
_CONFIRMED = "="
"""Stands in a key where a section's name would; no section can be called so."""
MAX_FAULTS = 3
"""How many of a message's faults an error names."""


class DecodeError(Exception):
    """A message that is no event of ours, or not a valid one; the text says why.

    What its key and headers still tell: `record` (source/native-key), `section`, `sequence`; None where they do not.
    """

    def __init__(
        self, reason: str, *, record: str | None = None, section: str | None = None, sequence: int | None = None
    ) -> None:
        super().__init__(reason)
        self.record, self.section, self.sequence = record, section, sequence


class Received(Protocol):
    """What `decode` needs of a message."""

    @property
    def key(self) -> bytes: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def value(self) -> bytes: ...


@dataclass(frozen=True)
class _Type:
    """How a model travels: `attributes` maps a field to its CloudEvents attribute, the other fields are the data."""

    name: str
    topic: str
    model: type[BaseModel]
    attributes: dict[str, str]


_OBJECT = TypeAdapter(dict[str, Any])
_COMMON = {"source": "source", "sequence": "sequence", "time": "time"}
_OBSERVED = _Type(
    "landkarte.record.observed.v1",
    RECORDS,
    RecordObserved,
    {field: field for field in ("section", "kind", "run", "rank", "ranks", "changed")}
    | {"native_key": "subject", "first_observed": "firstobserved"},
)
_TYPES = (
    _OBSERVED,
    _Type("landkarte.record.confirmed.v1", RECORDS, RecordConfirmed, {"native_key": "subject", "run": "run"}),
    _Type("landkarte.record.withdrawn.v1", RECORDS, RecordWithdrawn, {"native_key": "subject"}),
    _Type("landkarte.run.completed.v1", RECORDS, RunCompleted, {"run": "run", "partition": "partition"}),
    _Type("landkarte.run.report.v1", RUNS, RunReport, {"run": "run"}),
    _Type("landkarte.graph.changed.v1", CHANGES, GraphChanged, {"asset_id": "subject"}),
    _Type("landkarte.log.copied.v1", RECORDS, LogCopied, {"log": "subject", "exact_from": "exactfrom"}),
)
_UNREAD = Section()
_BY_NAME = {known.name: known for known in _TYPES}
_BY_MODEL = {known.model: known for known in _TYPES}


class _ValueAsItIs(JSONFormat):
    """The value's bytes are the data: they are hashed and stored, so nobody may reformat them on the way."""

    def read_data(self, body: bytes, datacontenttype: str | None) -> bytes:  # noqa: ARG002 - the base class's signature
        return body


def encode(event: Event) -> Message:
    """The message for an event; the same event gives the same bytes.

    Raises MessageTooLarge; ValueError for what JSON or CloudEvents cannot say (NaN, a time without zone).
    """
    known, key = _BY_MODEL[type(event)], message_key(event)
    try:
        ours = CloudEvent(_attributes(event, known, key), _data(event, known))
        sent = to_binary(ours, _ValueAsItIs(), lambda _event: key.encode())
    except (BaseCloudEventException, ValueError) as error:
        raise ValueError(f"{key}: {error}") from error
    message = Message(known.topic, key.encode(), tuple(sent.headers.items()), sent.value, _placement(event))
    check_sizes([message])
    return message


def encode_checked(event: Event) -> Message:
    """As `encode`, and sure to be read back: compaction would drop the last good version for a message that is not.

    Raises ValueError naming the message's key.
    """
    message = encode(event)
    try:
        same = decode(message) == event
    except DecodeError as error:
        raise ValueError(f"{message_key(event)}: cannot be sent: {error}") from error
    if not same:
        raise ValueError(f"{message_key(event)}: cannot be sent: it would come back different")
    return message


def decode(message: Received, *, content: bool = True) -> Event:
    """The event of a message. Attributes and fields that this version does not know are ignored. Raises DecodeError.

    Without `content` a record's section is left unread, and empty: for one that says what it said before.
    """
    try:
        return _decode(message, content=content)
    except ValueError as error:  # pydantic's is one
        record, section = record_of(message)
        raise DecodeError(_words(error), record=record, section=section, sequence=_sequence_of(message)) from error


def message_key(event: Event) -> str:  # noqa: PLR0911 - one for each type
    """The key that compaction goes by: a later message with the same key replaces this one."""
    match event:
        case RecordObserved():
            return f"{record_key(event.source, event.native_key)}#{event.section}"
        case RecordConfirmed():
            return f"{record_key(event.source, event.native_key)}#{_CONFIRMED}"
        case RecordWithdrawn():
            return f"{record_key(event.source, event.native_key)}#"
        case RunCompleted():
            return f"{event.source}@{event.partition}"
        case RunReport():
            return event.run
        case GraphChanged():
            return event.asset_id
        case LogCopied():
            return f"{event.source}:{event.log}"


def record_of(message: Received) -> tuple[str | None, str | None]:
    """Record (source/native-key) and section that a message's key names; None where it names none. Never raises."""
    try:
        key = dict(message.headers).get("ce_key", message.key).decode()
    except UnicodeDecodeError:
        return None, None
    record, hash_sign, section = key.partition("#")
    return (record, section.removeprefix(_CONFIRMED) or None) if hash_sign and "/" in record else (None, None)


def content_hash(section: Section) -> str:
    """Names the content of a section: equal for equal content, in whatever order it was reported (blake2b, 128 bit)."""
    return hashlib.blake2b(canonical_json(section.model_dump(mode="json")), digest_size=16).hexdigest()


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys, no blanks, UTF-8. Raises ValueError for NaN and infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _placement(event: Event) -> str | int:
    match event:
        case RecordObserved() | RecordConfirmed() | RecordWithdrawn():
            return record_key(event.source, event.native_key)
        case RunCompleted():
            return event.partition
        case RunReport():
            return event.source
        case GraphChanged() | LogCopied():
            return 0  # one partition, so that their order is that of the journal


def _data(event: Event, known: _Type) -> bytes:
    if isinstance(event, RecordObserved):
        return canonical_json(event.content.model_dump(mode="json"))
    return canonical_json(event.model_dump(mode="json", exclude={*_COMMON, *known.attributes}))


def _attributes(event: Event, known: _Type, key: str) -> dict[str, Any]:
    own = {attribute: _text(getattr(event, field)) for field, attribute in known.attributes.items()}
    own = {attribute: text for attribute, text in own.items() if text}  # CloudEvents: no attribute is empty
    return {
        "specversion": "1.0",
        "type": known.name,
        "source": SOURCE_PREFIX + event.source,
        "id": f"{key}@{event.sequence}",
        "time": event.time.astimezone(UTC) if event.time.tzinfo else event.time,  # without zone: refused by CloudEvent
        "datacontenttype": CONTENT_TYPE,
        "key": key,
        "sequence": str(event.sequence),
        **own,
    }


def _text(value: object) -> str:
    if isinstance(value, dict):
        return write_ranks(value)
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _decode(message: Received, *, content: bool) -> Event:
    attributes = _received_attributes(message)
    known = _BY_NAME.get(attributes["type"])
    if known is None:
        raise ValueError(_unknown(attributes["type"]))
    fields = {field: attributes[name] for field, name in (_COMMON | known.attributes).items() if name in attributes}
    fields["source"] = attributes["source"].removeprefix(SOURCE_PREFIX)
    data = _received_data(message.value, known) if content or known is not _OBSERVED else {"content": _UNREAD}
    event: Any = known.model.model_validate({**data, **fields})
    if not message.key == attributes["key"].encode() == message_key(event).encode():
        raise ValueError(
            f"the message's key {message.key!r}, its attribute 'key' {attributes['key']!r} and its content "
            f"({message_key(event)!r}) name different things"
        )
    return event  # type: ignore[no-any-return]  # a model of _TYPES, which are the members of Event


def _received_attributes(message: Received) -> dict[str, Any]:
    headers = dict(message.headers)
    missing = [name for name in REQUIRED if f"ce_{name}" not in headers]
    if missing:
        raise ValueError(f"no CloudEvent of ours: the attributes {', '.join(missing)} are missing")
    try:
        return from_binary(KafkaMessage(headers, None, message.value), _ValueAsItIs(), CloudEvent).get_attributes()
    except (BaseCloudEventException, ValueError, OverflowError) as error:
        raise ValueError(f"no CloudEvent of ours: {' '.join(str(error).split())}") from error


def _received_data(value: bytes, known: _Type) -> dict[str, Any]:
    if known is _OBSERVED:
        return {"content": Section.model_validate_json(value)}
    return _OBJECT.validate_json(value)


def _unknown(name: str) -> str:
    kind, _, version = name.rpartition(".")
    if any(known.startswith(f"{kind}.v") for known in _BY_NAME):
        return f"{kind} has a version unknown here, {version}: written by a newer Landkarte? Update this one"
    return f"the event type {name!r} is unknown; known: {', '.join(_BY_NAME)}"


def _words(error: Exception) -> str:
    """Which attribute or field, and why; never the value, which can be anything."""
    if not isinstance(error, ValidationError):
        return str(error)
    faults = [f"{'.'.join(map(str, fault['loc'])) or 'data'}: {fault['msg']}" for fault in error.errors()]
    more = f" (and {len(faults) - MAX_FAULTS} more)" if len(faults) > MAX_FAULTS else ""
    return "; ".join(faults[:MAX_FAULTS]) + more


def _sequence_of(message: Received) -> int | None:
    text = dict(message.headers).get("ce_sequence", b"")
    return int(text) if text.isdigit() and len(text) < 20 else None  # noqa: PLR2004 - more digits are no 64-bit number
