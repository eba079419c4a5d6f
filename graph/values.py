"""Values as both stores keep them: times and JSON as text, bodies compressed."""

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import TypeVar

from graph.model import Claim, Claims, Scalar

_T = TypeVar("_T")
_COMPRESSION = 1  # JSON shrinks tenfold at the fastest level already


def pages(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    rest = iter(values)
    while page := list(islice(rest, size)):
        yield page


text_of: Callable[[object], str] = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
"""Canonical JSON: the same value is the same text."""


_NO_TEXT = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]+)?(e[+-]?[0-9]+)?|true|false")


def value_text(value: Scalar | None) -> str:
    """A property's value as text: a number or truth value as JSON writes it, "" for none."""
    return "" if value is None else value if isinstance(value, str) else text_of(value)


def values_of(text: str) -> list[Scalar]:
    """What a value with this text may be: the text itself, and the number or truth value that is written so."""
    other: Scalar = json.loads(text) if _NO_TEXT.fullmatch(text) else text
    return [text, other] if other != text and value_text(other) == text else [text]


@lru_cache(maxsize=1024)  # a batch has few times, and each of them thousands of times
def time_text(value: datetime | None) -> str | None:
    """UTC with microseconds, always: so that the order of the texts is that of the times."""
    return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")


def sequence_of(moment: datetime) -> int:
    """The least sequence that a source gives from that moment on: µs since 1970, see `events.outbox`."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment(now: datetime, said: datetime | None, latest: str) -> str:
    """When a change is recorded: as `said`, but never after now, and never before the entry that is the latest."""
    return max(str(time_text(min(said or now, now))), latest)


def time_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def claims_text(claims: Claims) -> str:
    """Claims as JSON: for each name its [record, value] pairs, the winner first."""
    return text_of({name: [list(claim) for claim in many] for name, many in claims.items()})


def claims_of(text: str) -> Claims:
    return {name: tuple(Claim(*claim) for claim in many) for name, many in json.loads(text).items()}


def times_text(times: Mapping[str, datetime]) -> str:
    return text_of({name: time_text(at) for name, at in times.items()})


def times_of(text: str) -> dict[str, datetime]:
    return {name: when(at) for name, at in json.loads(text).items()}


def pack(data: bytes) -> bytes:
    return zlib.compress(data, _COMPRESSION)


unpack = zlib.decompress
