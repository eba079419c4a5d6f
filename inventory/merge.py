"""One asset from its records. Pure: the same records give the same asset, in whatever order."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from events.models import CatalogueItem, Reference, Relation, Section
from graph.metamodel import KINDS, RELATIONS
from graph.model import EdgeKey, Node, Properties, RecordRow, ReferenceRow, Scalar, node_id
from inventory.identifiers import identifiers_of, own, reference_key
from inventory.identity import founder

_Claim = tuple[tuple[int, int, str, str], str, Node, Properties]
"""Of a catalogue node: how far it is trusted, whose record claims it, the node, what the relationship says."""
RULES = 1
"""Version of the rules of identity and merging; raised when the same records would give another graph."""


@dataclass(frozen=True, slots=True)
class Said:
    """A live record with its sections read."""

    row: RecordRow
    sections: Mapping[str, Section]


@dataclass(slots=True)
class Merged:
    """An asset as its records make it: its node, and what it has of the catalogue, with the claims of each edge."""

    node: Node
    catalogue: dict[str, Node] = field(default_factory=dict)
    edges: dict[EdgeKey, dict[str, Properties]] = field(default_factory=dict)


def asset_id(rows: Iterable[RecordRow]) -> str:
    """The hash of the founding record's key: the least (first observed, key) of the live records."""
    return node_id(founder((row.first_observed, row.key) for row in rows))


def merge(said: Iterable[Said]) -> Merged:
    """The asset that these records, one cluster, describe."""
    records = sorted(said, key=lambda item: item.row.key)
    kind = _winner((_trust(item), item.row.kind) for item in records)
    merged = Merged(
        Node(
            id=asset_id(item.row for item in records),
            kind=kind,
            name=_name(records),
            properties=_properties(records, kind),
            sources=tuple(sorted({item.row.source for item in records})),
            first_seen=min(item.row.first_observed for item in records),
            rules=RULES,
        )
    )
    for relation, claims in _catalogue_claims(records).items():
        _add_catalogue(merged, relation, claims)
    return merged


def held(said: Said) -> frozenset[str]:
    """The identifiers a record holds: normalised, and none of an exclusive scheme with which it contradicts itself."""
    reported = [item for section in said.sections.values() for item in section.identifiers]
    return own(identifiers_of(said.row.kind, reported))


def references(said: Said) -> tuple[ReferenceRow, ...]:
    """What a record refers to, not yet drawn, in a fixed order."""
    rows = {
        _row_order(row): row
        for section in said.sections.values()
        for relation in section.relations
        if isinstance(relation.to, Reference) and (row := _reference(said.row.key, relation, relation.to))
    }
    return tuple(rows[order] for order in sorted(rows))


def win(claims: Iterable[tuple[tuple[int, int, str, str], Properties]]) -> Properties:
    """Each property from the claim that is trusted most."""
    ordered = sorted(claims, key=lambda claim: _order(claim[0]))
    result: Properties = {}
    for _, properties in reversed(ordered):
        result.update(properties)
    return result


def trust(row: RecordRow) -> tuple[int, int, str, str]:
    """What decides between records: rank, then the latest change, then source and key (design, Identity)."""
    return row.rank, max((mark.changed for mark in row.sections.values()), default=0), row.source, row.key


def _order(claim: tuple[int, int, str, str]) -> tuple[int, int, str, str]:
    return -claim[0], -claim[1], claim[2], claim[3]


def _winner(claims: Iterable[tuple[tuple[int, int, str, str], str]]) -> str:
    return min(claims, key=lambda claim: _order(claim[0]))[1]


def _trust(said: Said, section: str = "") -> tuple[int, int, str, str]:
    row = said.row
    return (row.rank, row.sections[section].changed, row.source, f"{row.key}#{section}") if section else trust(row)


def _sections(records: Iterable[Said]) -> Iterator[tuple[Said, str, Section]]:
    for item in records:
        for name in sorted(item.sections):
            yield item, name, item.sections[name]


def _name(records: list[Said]) -> str:
    named = [(_trust(item, key), section.name) for item, key, section in _sections(records) if section.name]
    return _winner(named or ((_trust(item), item.row.native_key) for item in records))


def _properties(records: list[Said], kind: str) -> Properties:
    declared = {item.name for item in KINDS[kind].properties}
    claims = [(_trust(item, key), section.properties) for item, key, section in _sections(records)]
    return {name: value for name, value in sorted(win(claims).items()) if name in declared}


def _catalogue_claims(records: list[Said]) -> dict[str, list[_Claim]]:
    """What the records claim of the catalogue, by type of relation."""
    found: dict[str, list[_Claim]] = {}
    for item, key, section in _sections(records):
        trusted = _trust(item, key)
        for claim in section.relations:
            if isinstance(claim.to, CatalogueItem) and claim.type in RELATIONS:
                node = _catalogue_node(claim.to.kind, tuple(claim.to.properties), *claim.to.properties.values())
                found.setdefault(claim.type, []).append((trusted, item.row.key, node, _edge_properties(claim)))
    return found


def _add_catalogue(merged: Merged, relation: str, found: list[_Claim]) -> None:
    """Edges of one type to catalogue nodes; where an asset has only one, the claim that is trusted most draws it."""
    if RELATIONS[relation].single:
        best = min(found, key=lambda claim: (_order(claim[0]), claim[2].id))[2].id
        found = [claim for claim in found if claim[2].id == best]
    for _, record, node, properties in found:
        merged.catalogue[node.id] = node
        claims = merged.edges.setdefault(EdgeKey(merged.node.id, relation, node.id), {})
        claims[record] = {**properties, **claims.get(record, {})}


@lru_cache(maxsize=1 << 15, typed=True)  # most of what a computer has, others have too
def _catalogue_node(kind: str, names: tuple[str, ...], *values: Scalar) -> Node:
    """The node of a catalogue item with properties of these names and values."""
    declared = {declared.name for declared in KINDS[kind].properties}
    given = sorted(zip(names, values, strict=True))
    properties = {name: value for name, value in given if name in declared and value != ""}
    title = str(properties.get("full_name") or properties.get("name") or "?")
    version = str(properties.get("version", ""))
    name = title if not version or version in title else f"{title} {version}"
    return Node(node_id(f"{kind} {_text(properties)}"), kind, name, properties)


def _edge_properties(relation: Relation) -> dict[str, Scalar]:
    if not relation.properties:
        return {}
    declared = {item.name for item in RELATIONS[relation.type].properties}
    return {name: value for name, value in sorted(relation.properties.items()) if name in declared}


def _reference(record: str, relation: Relation, to: Reference) -> ReferenceRow | None:
    key = reference_key(to)
    if key is None:
        return None
    return ReferenceRow(record, relation.type, relation.direction, key, to.kind, _edge_properties(relation))


def _row_order(row: ReferenceRow) -> tuple[str, str, str, str, str]:
    return row.relation, row.direction, row.identifier, row.kind, _text(row.properties)


def _text(properties: Properties) -> str:
    return json.dumps(properties, sort_keys=True, ensure_ascii=False)
