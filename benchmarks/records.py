"""Messages of made-up records, where no collector is measured."""

from datetime import UTC, datetime, timedelta

from events.codec import encode
from events.log import Message
from events.models import RecordObserved, Section

START = datetime(2026, 1, 1, tzinfo=UTC)


def server_said(source: str, native_key: str, sequence: int, section: Section) -> Message:
    """What a source says of a server."""
    return encode(
        RecordObserved(
            source=source,
            native_key=native_key,
            section="core",
            kind="Server",
            sequence=sequence,
            time=START + timedelta(seconds=sequence),
            run="bench",
            rank=50,
            first_observed=START,
            changed=sequence,
            content=section,
        )
    )
