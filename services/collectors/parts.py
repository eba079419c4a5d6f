"""Parts of a record that many collectors make. Pure: what has no value is left out."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from events.models import LONGEST_KEY, CatalogueItem, Identifier, Properties, Reference, Relation, Scalar

OBSERVED: Properties = {"evidence": "observed"}
DECLARED: Properties = {"evidence": "declared"}
ISO = ("%Y-%m-%d",)
FIRMWARE = ("%Y-%m-%d", "%m/%d/%Y")
"""A BIOS's date: SMBIOS has it as Americans write it (SMBIOS 3.7, type 0), some tools have turned it into ISO 8601."""


def key_of(*parts: str) -> str:
    """A native key of these parts: `#` and control characters are no part of one."""
    return re.sub(r"[#\x00-\x1f]", "_", " ".join(part for part in parts if part))[:LONGEST_KEY]


def given(**values: Scalar | None) -> Properties:
    """The properties that have a value: neither None nor "" nor 0 nor false."""
    return {name: value for name, value in values.items() if value}


def identifiers(*pairs: tuple[str, str]) -> tuple[Identifier, ...]:
    """(scheme, value) of those that have a value."""
    return tuple(Identifier(scheme=scheme, value=value) for scheme, value in pairs if value)


def serial(vendor: str, number: str) -> str:
    """The value of the scheme `serial`, or "": a serial alone names nothing."""
    return f"{vendor}\t{number}" if vendor and number else ""


def is_model(vendor: str, model: str) -> tuple[Relation, ...]:
    """IS_MODEL, where there is a model."""
    if not model:
        return ()
    return (
        Relation(type="IS_MODEL", to=CatalogueItem(kind="HardwareModel", properties=given(name=model, vendor=vendor))),
    )


def has_os(**properties: str) -> tuple[Relation, ...]:
    """HAS_OS to a system with these properties as reported: name, version, full_name, edition, build."""
    about = given(**properties)
    if not about:
        return ()
    return (Relation(type="HAS_OS", to=CatalogueItem(kind="OperatingSystem", properties=about)),)


def installed(said: Properties | None = None, **properties: str) -> Relation:
    """INSTALLED of a Software with these properties; `said`: those of the relation."""
    return Relation(
        type="INSTALLED", to=CatalogueItem(kind="Software", properties=given(**properties)), properties=said or {}
    )


def related(
    relation: str, kind: str, names: Mapping[str, str] | Iterable[tuple[str, str]], said: Properties = OBSERVED
) -> tuple[Relation, ...]:
    """Relations from this thing to others of that kind, by (scheme, value)."""
    pairs = names.items() if isinstance(names, Mapping) else names
    return tuple(
        Relation(type=relation, to=Reference(scheme=scheme, value=value, kind=kind), properties=said)
        for scheme, value in pairs
        if value
    )


@lru_cache(maxsize=1 << 14)  # a computer has hundreds of packages, installed on a few days
def day_of(value: str, forms: tuple[str, ...] = ISO) -> str:
    """A day as ISO 8601, or "" for what is a date in none of these forms; a time after it is ignored."""
    for form in forms:
        try:
            return datetime.strptime(value[:10], form).date().isoformat()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    return ""
