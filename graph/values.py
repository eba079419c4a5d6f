"""Values as both stores keep them: times and JSON as text, bodies compressed."""

import json
import zlib
from datetime import UTC, datetime

_COMPRESSION = 1  # JSON shrinks tenfold at the fastest level already


def text_of(value: object) -> str:
    """Canonical JSON: the same value is the same text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def time_text(value: datetime | None) -> str | None:
    """UTC with microseconds, always: so that the order of the texts is that of the times."""
    return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")


def time_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def pack(data: bytes) -> bytes:
    return zlib.compress(data, _COMPRESSION)


unpack = zlib.decompress
