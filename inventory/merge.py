"""One asset from its records. Pure: the same records give the same asset, in whatever order."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from events.models import CURATION, CatalogueItem, Reference, Relation, Section
from graph.metamodel import KINDS, RELATIONS
from graph.model import Claim, Claims, EdgeKey, Node, Properties, RecordRow, ReferenceRow, Scalar, node_id
from inventory.identifiers import CURATED, EXCLUSIVE, curated_key, identifiers_of, own, reference_key
from inventory.identity import founder

RULES = 4
"""Version of the rules of identity and merging; raised when the same records would give another graph."""
_PINNED = 101
"""Above every rank that a source may have: what a person sets wins."""
_Order = tuple[int, int, str, str]
_Found = dict[str, list[tuple[_Order, Claim]]]
_OfCatalogue = tuple[_Order, str, Node, Properties]
"""Of a catalogue node: how far it is trusted, whose record claims it, the node, what the relationship says."""


@dataclass(frozen=True, slots=True)
class Said:
    """A live record with its sections read, and what a person said about it, if anything."""

    row: RecordRow
    sections: Mapping[str, Section]
    curation: "Said | None" = None


@dataclass(slots=True)
class Merged:
    """An asset as its records make it: its node, and what it has of the catalogue, with the claims of each edge."""

    node: Node
    catalogue: dict[str, Node] = field(default_factory=dict)
    edges: dict[EdgeKey, dict[str, Properties]] = field(default_factory=dict)


def sections_of(bodies: Mapping[str, bytes]) -> dict[str, Section]:
    """A record's sections, read from what the store keeps of them."""
    return {name: Section.model_validate_json(body) for name, body in bodies.items()}


def asset_id(rows: Iterable[RecordRow]) -> str:
    """The hash of the founding record's key: the least (first observed, key) of the live records."""
    return node_id(founder((row.first_observed, row.key) for row in rows))


def merge(said: Iterable[Said]) -> Merged:
    """The asset that these records, one cluster, describe."""
    records = sorted(said, key=lambda item: item.row.key)
    kind = str(min((*_order(item, "", ""), item.row.kind) for item in records)[-1])
    claims = _claims(records, kind)
    merged = Merged(
        Node(
            id=asset_id(item.row for item in records),
            kind=kind,
            name=str(claims["name"][0].value),
            properties={name: many[0].value for name, many in sorted(claims.items()) if name not in {"name", "kind"}},
            sources=tuple(sorted({item.row.source for item in records})),
            first_seen=min(item.row.first_observed for item in records),
            rules=RULES,
            claims=claims,
            conflicts=_conflicts(records),
        )
    )
    for relation, found in _catalogue_claims(records).items():
        _add_catalogue(merged, relation, found)
    return merged


def aged(node: Node, old: Node | None, when: datetime) -> Node:
    """The node with since when each of its properties is what it is: as `old` knew, else since `when`."""
    values = {**node.properties, "name": node.name, "kind": node.kind}
    before = {**old.properties, "name": old.name, "kind": old.kind} if old else {}
    known = old.since if old else {}
    since = {
        name: known[name] if name in known and before.get(name) == value else when for name, value in values.items()
    }
    return replace(node, since=since)


def held(said: Said) -> frozenset[str]:
    """The identifiers a record holds: normalised, and none of an exclusive scheme with which it contradicts itself.

    A person's word comes last: it is the one group that the record was put into.
    """
    return own(reported(said)) | _groups(said)


def reported(said: Said) -> frozenset[str]:
    """The identifiers that a record reports, contradictions included."""
    return identifiers_of(said.row.kind, (item for section in said.sections.values() for item in section.identifiers))


def _groups(said: Said) -> frozenset[str]:
    sections = said.curation.sections.values() if said.curation else ()
    groups = [item.value for section in sections for item in section.identifiers if item.scheme == CURATED]
    return frozenset(curated_key(said.row.kind, group) for group in groups)


def references(said: Said) -> tuple[ReferenceRow, ...]:
    """What a record refers to, not yet drawn, in a fixed order."""
    rows = {
        _row_order(row): row
        for section in said.sections.values()
        for relation in section.relations
        if isinstance(relation.to, Reference) and (row := _reference(said.row.key, relation, relation.to))
    }
    return tuple(rows[order] for order in sorted(rows))


def win(claims: Iterable[tuple[_Order, Properties]]) -> Properties:
    """Each property from the claim that is trusted most."""
    result: Properties = {}
    for _, properties in sorted(claims, key=lambda claim: claim[0], reverse=True):
        result.update(properties)
    return result


def trust(row: RecordRow) -> _Order:
    """What decides between records, the most trusted first: rank, latest change, source and key (design, Identity)."""
    return -row.rank, -max((mark.changed for mark in row.sections.values()), default=0), row.source, row.key


def _order(said: Said, section: str, group: str) -> _Order:
    """The same for one section of a record, in one group of properties."""
    row = said.row
    rank = _PINNED if row.source == CURATION else row.ranks.get(group, row.rank)
    if not section:
        return -rank, *trust(row)[1:]
    return -rank, -row.sections[section].changed, row.source, f"{row.key}#{section}"


def _sections(records: Iterable[Said]) -> Iterator[tuple[Said, str, Section]]:
    for item in records:
        for name in sorted(item.sections):
            yield item, name, item.sections[name]


def _claims(records: list[Said], kind: str) -> Claims:
    """Who says what of each property, of the name and of the kind; the claim that wins stands first."""
    found: _Found = {"kind": [(_order(item, "", ""), Claim(item.row.key, item.row.kind)) for item in records]}
    groups = {item.name: item.group for item in KINDS[kind].properties}
    persons = [item.curation for item in records if item.curation]
    for item, key, section in _sections([*records, *persons]):
        for name in section.properties.keys() & groups.keys():
            claim = Claim(item.row.key, section.properties[name])
            found.setdefault(name, []).append((_order(item, key, groups[name]), claim))
        if section.name:
            found.setdefault("name", []).append((_order(item, key, ""), Claim(item.row.key, section.name)))
    if "name" not in found:
        found["name"] = [(_order(item, "", ""), Claim(item.row.key, item.row.native_key)) for item in records]
    return {name: _ranked(many) for name, many in found.items()}


def _ranked(claims: list[tuple[_Order, Claim]]) -> tuple[Claim, ...]:
    """In order of trust; of a record that says it twice, in two sections, what it says first."""
    first: dict[str, Claim] = {}
    for _, claim in sorted(claims, key=lambda pair: pair[0]):
        first.setdefault(claim.record, claim)
    return tuple(first.values())


def _conflicts(records: list[Said]) -> Claims:
    """Schemes of which an asset has one value, where its records name several: which says what."""
    found: dict[str, set[Claim]] = {}
    for item in records:
        for scheme, value in (key.split("|", 2)[1:] for key in reported(item)):
            found.setdefault(scheme, set()).add(Claim(item.row.key, value))
    return {s: tuple(sorted(many)) for s, many in found.items() if s in EXCLUSIVE and len({c.value for c in many}) > 1}


def _catalogue_claims(records: list[Said]) -> dict[str, list[_OfCatalogue]]:
    """What the records claim of the catalogue, by type of relation."""
    found: dict[str, list[_OfCatalogue]] = {}
    for item, key, section in _sections(records):
        trusted = _order(item, key, "")
        for claim in section.relations:
            if isinstance(claim.to, CatalogueItem) and claim.type in RELATIONS:
                node = _catalogue_node(claim.to.kind, tuple(claim.to.properties), *claim.to.properties.values())
                found.setdefault(claim.type, []).append((trusted, item.row.key, node, _edge_properties(claim)))
    return found


def _add_catalogue(merged: Merged, relation: str, found: list[_OfCatalogue]) -> None:
    """Edges of one type to catalogue nodes; where an asset has only one, the claim that is trusted most draws it."""
    if RELATIONS[relation].single:
        best = min(found, key=lambda claim: (claim[0], claim[2].id))[2].id
        found = [claim for claim in found if claim[2].id == best]
    for _, record, node, properties in found:
        merged.catalogue[node.id] = node
        claims = merged.edges.setdefault(EdgeKey(merged.node.id, relation, node.id), {})
        claims[record] = {**properties, **claims[record]} if record in claims else properties


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


def genuine(item: Node) -> bool:
    """Whether a catalogue node is what records made it: its id and its name follow from what it has."""
    if item.kind not in KINDS:
        return False
    return item == _catalogue_node(item.kind, tuple(item.properties), *item.properties.values())


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
