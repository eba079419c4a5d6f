"""Values that somebody else has written, read as far as they can be: what cannot be is taken for nothing."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from graph.model import Properties, Scalar

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)
"""What reading a value of another form may raise."""
_SCALARS = (str, int, float, bool)
_T = TypeVar("_T")


def tried(read: Callable[[Any], _T], value: object, other: _T) -> _T:
    """What `read` makes of the value, else `other`."""
    try:
        return read(value)
    except UNREADABLE:
        return other


def plain(value: Any) -> Scalar:  # noqa: ANN401 - whatever the database gives
    """A property's value; of a type that none has, its text."""
    return value if isinstance(value, _SCALARS) else str(value)


def plain_properties(pairs: Iterable[tuple[str, Any]]) -> Properties:
    return {name: plain(value) for name, value in sorted(pairs)}


def texts(value: object) -> tuple[str, ...]:
    """A list of texts; what else is in it is left out."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list | tuple) else ()
