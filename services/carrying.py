"""Corrections of a record that is gone are carried on to what came in its place, as statements like any other.

An agent that is installed anew reports the same machine under a new key, of which nobody has said anything.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from events.models import CURATION, Draft, Section, record_key
from graph.model import RecordRow, node_id
from graph.store import GraphReader
from graph.values import pages
from inventory.successors import gone_from, heirs_in, leads_to
from services.curating import AT_ONCE, IDENTITY, Refused, describing, draft_of, is_over, said_of

CARRIED = "curation_carried_from"
"""The record that it was said of first, which is gone."""


class Carried(NamedTuple):
    """What is to be said, and why something cannot be."""

    drafts: list[Draft]
    refused: list[str]


def carried(reader: GraphReader, today: date, keys: Collection[str]) -> Carried:
    """What these records of curation say of records that are gone, to be said of those that came in their place.

    Nothing where a person has said something later of these, so that doing it again does nothing.
    """
    found: list[tuple[int, Draft]] = []
    refused: list[str] = []
    for page in pages(sorted(keys), AT_ONCE):
        persons = {row.native_key: row for row in reader.records(page).values() if row.live}
        gone = {key: row for key, row in reader.records(persons.keys()).items() if not row.live}
        for key, row in gone.items():
            found += _carried(reader, row, persons[key], today, refused)
    found.sort(key=lambda pair: pair[0])
    latest = {(draft.native_key, *draft.sections): draft for _, draft in found}  # of several
    return Carried(list(latest.values()), refused)


def _carried(
    reader: GraphReader, gone: RecordRow, person: RecordRow, today: date, refused: list[str]
) -> Iterator[tuple[int, Draft]]:
    """Each with the sequence at which the person said it."""
    for name, section in said_of(reader, person).items():
        if is_over(section, today):
            continue
        at = person.sections[name].changed
        content = section.model_copy(update={"properties": {**section.properties, CARRIED: gone.key}})
        for heir in _heirs(reader, gone, name):
            if _said_later(reader, heir, name, at) or _alike(said_of(reader, heir).get(name), section):
                continue
            try:
                yield at, draft_of(heir, name, content)
            except Refused as reason:
                refused.append(f"not carried on from {gone.key}: {reason}")


def _said_later(reader: GraphReader, heir: RecordRow, name: str, at: int) -> bool:
    """Whether a person said something of the same after that: for a property, of any record of the asset."""
    about = [heir] if name == IDENTITY else describing(reader, heir.asset_id)
    own = reader.records([record_key(CURATION, row.key) for row in about]).values()
    return any(name in row.sections and row.sections[name].changed > at for row in own)


def _heirs(reader: GraphReader, gone: RecordRow, section: str) -> list[RecordRow]:
    """What came in the place of a record: of its source what has its identifiers; else the records of its asset.

    Only the former are joined and separated as it was: the others are things of their own.
    """
    said = gone_from(reader, gone.asset_id).get(gone.key)
    rows = reader.records(heirs_in(reader, replace(said, curation=None))).values() if said else ()
    own = [row for row in rows if row.source == gone.source]
    if own or section == IDENTITY:
        return own
    node = leads_to(reader, node_id(gone.key))
    return describing(reader, node.id) if node else []


def _alike(one: Section | None, other: Section) -> bool:
    """Whether two statements are the same, carried on or not."""
    if one is None:
        return False
    plain = [{k: v for k, v in said.properties.items() if k != CARRIED} for said in (one, other)]
    return plain[0] == plain[1] and (one.name, one.identifiers) == (other.name, other.identifiers)
