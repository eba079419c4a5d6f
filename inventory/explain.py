"""Why records are one asset, or are not: which identifiers joined them, and which were ignored, and why."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from events.models import CURATION, Identifier, Section
from graph.model import Holders, Node, RecordRow
from graph.store import GraphReader
from inventory.identifiers import CURATED, EXCLUSIVE, ORDER, identifiers_of, joins, scheme_of
from inventory.identity import COMMON, usable
from inventory.merge import sections_of


@dataclass(frozen=True, slots=True)
class Reason:
    """What one identifier of one record does. `state`: joins, alone, ignored or barred.

    `records`: of this asset, which it joins; `elsewhere`: records of other assets that have it too, with their asset.
    """

    scheme: str
    value: str
    state: str
    text: str
    records: tuple[str, ...] = ()
    elsewhere: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """A record of the asset with the reasons of its identifiers, and what a person said about it."""

    record: str
    kind: str
    reasons: tuple[Reason, ...]
    curation: tuple[str, ...] = ()


@dataclass(slots=True)
class _Around:
    """What is known of the identifiers of one asset, and of who else has them."""

    mine: frozenset[str]
    holders: Mapping[str, Holders]
    rows: Mapping[str, RecordRow]
    held: Mapping[str, frozenset[str]]

    def ok(self, identifier: str) -> bool:
        return usable(identifier, self.holders.get(identifier, Holders(0, frozenset())))

    def names_of(self, records: Iterable[str]) -> set[str]:
        """The identifiers of these records that are usable, as far as their holders are known."""
        names = {name for record in records for name in self.held.get(record, frozenset())}
        return {name for name in names if name not in self.holders or self.ok(name)}

    def with_joined(self, record: str) -> set[str]:
        """The record, and those that a person joined with it."""
        groups = _groups([self.held.get(record, frozenset())])
        return {record}.union(*(self.holders[group].records for group in groups))


def explain(reader: GraphReader, asset: Node) -> list[Why]:
    """For each live record that describes the asset why it does. Raises StoreUnavailable; NotKept for the past."""
    said = {row.key: (row, sections_of(bodies)) for row, bodies in reader.describing(asset.id) if row.live}
    mine = {key: pair for key, pair in said.items() if pair[0].source != CURATION}
    around = _look_around(reader, mine)
    return [
        Why(key, row.kind, tuple(_reasons(row, sections, around)), _persons(said.get(f"{CURATION}/{key}")))
        for key, (row, sections) in sorted(mine.items())
    ]


def _look_around(reader: GraphReader, mine: Mapping[str, tuple[RecordRow, Mapping[str, Section]]]) -> _Around:
    held = reader.identifiers(mine.keys())
    names = {key for row, sections in mine.values() for key in _keys(row, sections)} | set().union(*held.values(), ())
    holders = reader.holders(names, COMMON)
    others = {record for found in holders.values() for record in found.records} - mine.keys()
    rows = {row.key: row for row, _ in mine.values()} | reader.records(others)
    held |= reader.identifiers(others)
    holders |= reader.holders(_groups(held.values()), COMMON)
    joined = {record for found in holders.values() for record in found.records} - held.keys()
    return _Around(frozenset(mine), holders, rows, {**held, **reader.identifiers(joined)})


def _groups(held: Iterable[Iterable[str]]) -> set[str]:
    return {name for names in held for name in names if scheme_of(name) == CURATED}


def _keys(row: RecordRow, sections: Mapping[str, Section]) -> set[str]:
    return {key for section in sections.values() for key in identifiers_of(row.kind, section.identifiers)}


def _reasons(row: RecordRow, sections: Mapping[str, Section], around: _Around) -> Iterator[Reason]:
    """In order of rank: the curated group, then what the record reports."""
    held = around.held.get(row.key, frozenset())
    for key in sorted(key for key in held if scheme_of(key) == CURATED):
        yield _reason(row.key, key, key.split("|", 2)[2], around)
    told: set[tuple[str, str]] = set()
    reported = {item for section in sections.values() for item in section.identifiers}
    for item in sorted(reported, key=lambda item: (_rank(item.scheme), item.value)):
        yield from (reason for reason in _of_reported(row, item, held, around) if _is_new(reason, told))


def _is_new(reason: Reason, told: set[tuple[str, str]]) -> bool:
    """A host name may come from several identifiers; it is told once."""
    said = (reason.scheme, reason.value.casefold())
    new = said not in told
    told.add(said)
    return new


def _of_reported(row: RecordRow, item: Identifier, held: frozenset[str], around: _Around) -> Iterator[Reason]:
    keys = identifiers_of(row.kind, [item])
    if not keys:
        yield Reason(item.scheme, item.value, "ignored", "no usable value: junk, incomplete or of an unknown form")
    for key in sorted(keys):
        if key not in held:
            text = f"the record names several values of {scheme_of(key)}, of which an asset has one: it uses none"
            yield Reason(scheme_of(key), item.value, "ignored", text)
        elif not joins(key):
            yield Reason(scheme_of(key), item.value, "ignored", "finds what is referred to, and never joins")
        else:
            yield _reason(row.key, key, item.value, around)


def _reason(record: str, key: str, value: str, around: _Around) -> Reason:
    holders = around.holders[key]
    here = tuple(sorted((holders.records & around.mine) - {record}))
    elsewhere = tuple(sorted((other, around.rows[other].asset_id) for other in holders.records - around.mine))
    scheme = scheme_of(key)
    if not around.ok(key):
        return Reason(scheme, value, "ignored", _unusable(holders), here, elsewhere)
    if elsewhere:
        return Reason(scheme, value, "barred", _barred(key, elsewhere[0][0], around), here, elsewhere)
    if here:
        return Reason(scheme, value, "joins", f"the same in {', '.join(here)}", here)
    return Reason(scheme, value, "alone", "no other record has it")


def _unusable(holders: Holders) -> str:
    if holders.count > COMMON:
        return f"{holders.count} records have it, more than {COMMON}: it names no single asset"
    sources = [record.split("/", 1)[0] for record in sorted(holders.records)]
    twice = sorted({source for source in sources if sources.count(source) > 1})
    return f"{', '.join(twice)} names several things so: it names no single asset"


def _barred(key: str, other: str, around: _Around) -> str:
    """The scheme that keeps the two apart, as far as these two, and what a person joined with them, tell."""
    ours, theirs = around.names_of(around.mine), around.names_of(around.with_joined(other))
    for scheme in EXCLUSIVE[: _rank(scheme_of(key)) + 1]:
        here, there = (
            {name.split("|", 2)[2] for name in names if scheme_of(name) == scheme} for names in (ours, theirs)
        )
        if here and there and len(here | there) > 1:
            word = _why_apart(scheme, [(here, ours, "this one"), (there, theirs, other)])
            return f"would join {other}, but {word}: {', '.join(sorted(here))} and {', '.join(sorted(there))}"
    return f"would join {other}, but not all that it links agree: a source names several of them, or values differ"


def _why_apart(scheme: str, sides: Iterable[tuple[set[str], set[str], str]]) -> str:
    """Each side: its values of the scheme, all its names, and what it is called."""
    if scheme == CURATED:
        return "a person parted them"
    for values, names, title in sides:
        if len(values) > 1 and _groups([names]):
            return f"a person joined {title} with what has another {scheme}"
    return f"{scheme} differs"


def _rank(scheme: str) -> int:
    return ORDER.index(scheme) if scheme in ORDER else len(ORDER)


def _persons(said: tuple[RecordRow, Mapping[str, Section]] | None) -> tuple[str, ...]:
    """What persons said of the record, and why."""
    if said is None:
        return ()
    return tuple(
        f"{name}: {json.dumps(dict(section.properties), ensure_ascii=False, sort_keys=True)}"
        for name, section in sorted(said[1].items())
        if section.properties
    )
