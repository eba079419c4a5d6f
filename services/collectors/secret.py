"""Secrets of a source: the configuration says where one is, never what it is."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from services.collectors.base import SourceUnavailable

_FORMS = "env:NAME (a variable) or file:PATH"


def _where(value: str) -> str:
    place, _, name = value.partition(":")
    if value and (place not in {"env", "file"} or not name):
        raise ValueError(f"say where the secret is, not what it is: {_FORMS}")
    return value


SecretPlace = Annotated[str, AfterValidator(_where)]
"""A setting that names where a secret is: `env:NAME` or `file:PATH`; empty: none."""


def read_secret(place: str) -> str:
    """The secret at that place, or "" where there is no place. Raises SourceUnavailable, without the secret."""
    kind, _, name = place.partition(":")
    if kind == "env":
        if not os.environ.get(name):
            raise SourceUnavailable(f"the variable {name} is not set or empty; it must hold the secret")
        return os.environ[name]
    if kind == "file":
        try:
            found = Path(name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no text"
            raise SourceUnavailable(f"{name}: the file with the secret cannot be read: {reason}") from None
        if not found:
            raise SourceUnavailable(f"{name}: the file that must hold the secret is empty")
        return found
    return ""
