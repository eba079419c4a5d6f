"""Constraints and indexes of the graph in Neo4j, and how values become nodes and back.

An asset is `(:Asset:Server {id, kind, name, ...})` with its properties under their own names, so that an architect
reads them in Neo4j Browser. Relationships carry `sources`, `since`, and `records`, the keys of the records that claim
them.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from graph.metamodel import CATALOGUE, KINDS, RELATIONS, SOUGHT
from graph.metamodel_form import Property
from graph.model import Change, Edge, EdgeKey, Node, Properties, RecordRow, ReferenceRow, RunRow, SectionMark
from graph.salvage import UNREADABLE, plain_properties, texts, tried
from graph.values import (
    claims_of,
    claims_text,
    text_of,
    time_of,
    time_text,
    times_of,
    times_text,
    unpack,
    when,
)

CONSTRAINTS = {
    "Asset": "id",
    "Catalogue": "id",
    "Record": "key",
    "Body": "key",
    "Identifier": "key",
    "Marker": "key",
    "Position": "key",
    "Change": "number",
    "Run": "key",
    "Writer": "name",
    "Schema": "name",
    "Note": "name",
}
"""Label to the property that is unique; a key is what it says, and several parts are joined by |."""
INDEXES = {
    "Asset": ("sort",),
    "Catalogue": ("kind",),
    "Record": ("id", "asset_id", "place"),
    "Run": ("ended",),
    "Change": ("asset_id", "recorded_at"),
}
OWN = frozenset(
    {"id", "kind", "name", "sort", "folded", "sources", "first_seen", "retired_at", "rules", "claims", "since"}
    | {"conflicts"}
)
CATALOGUE_OWN = frozenset({"id", "kind", "title"})
EDGE_OWN = frozenset({"sources", "since", "records", "details"})
"""What is kept beside the metamodel's properties: none of those may have such a name (`collisions`)."""
_KEYED, _SORTED = 1000, 2000
"""Characters of a text that go into an index: Neo4j refuses what has more than 8,167 bytes, up to 4 a character."""
_NEVER = "0001-01-01T00:00:00.000000+00:00"
_PLAIN = 0xD7FF
"""The last code point before those that UTF-16 and UTF-8 do not order alike."""


def collisions() -> set[str]:
    """Names of the metamodel's properties that would overwrite what the store keeps itself."""
    found = {name for relation in RELATIONS.values() for name in _names(relation.properties) & EDGE_OWN}
    for kind in KINDS.values():
        found |= _names(kind.properties) & (CATALOGUE_OWN if kind.label in CATALOGUE else OWN)
    return found


def _names(properties: Iterable[Property]) -> set[str]:
    return {declared.name for declared in properties}


def key_of(text: str) -> str:
    """The text itself where an index takes it, else its beginning and its hash."""
    if len(text) <= _KEYED:
        return text
    return f"{text[:_KEYED]}#{hashlib.sha256(text.encode()).hexdigest()}"


def sort_of(name: str) -> str:
    """What the index orders names by: as code points do. Names are told apart by their first 2,000 characters.

    Neo4j compares in UTF-16 here and in UTF-8 there, so that a page could begin after what was not yet shown.
    """
    return "".join(char if ord(char) < _PLAIN else _ordered(ord(char)) for char in name)[:_SORTED]


def _ordered(point: int) -> str:
    """A high code point as three low ones that keep its place in the order."""
    return chr(_PLAIN) + chr(1 + (point >> 12)) + chr(1 + (point & 0xFFF))


def schema_statements() -> list[str]:
    """What sets the schema up; each does nothing where it is there already."""
    unique = [
        f"CREATE CONSTRAINT {label.lower()}_{name} IF NOT EXISTS FOR (n:{label}) REQUIRE n.{name} IS UNIQUE"
        for label, name in CONSTRAINTS.items()
    ]
    indexes = [
        f"CREATE INDEX {label.lower()}_{name}_index IF NOT EXISTS FOR (n:{label}) ON (n.{name})"
        for label, names in INDEXES.items()
        for name in names
    ]
    sought = [f"CREATE TEXT INDEX asset_{name}_text IF NOT EXISTS FOR (n:Asset) ON (n.{name})" for name in SOUGHT]
    return unique + indexes + sought


def node_map(node: Node) -> dict[str, Any]:
    """All of an asset or Endpoint, as Neo4j keeps it."""
    own = {
        "id": node.id,
        "kind": node.kind,
        "name": node.name,
        "sort": sort_of(node.name),
        "folded": node.name.casefold(),
        "sources": list(node.sources),
        "first_seen": time_text(node.first_seen),
        "retired_at": time_text(node.retired_at),
        "rules": node.rules,
        "claims": claims_text(node.claims),
        "since": times_text(node.since),
        "conflicts": claims_text(node.conflicts) if node.conflicts else None,
    }
    return {**node.properties, **own}


def catalogue_map(node: Node) -> dict[str, Any]:
    """A catalogue node; its title stands apart from the name that is one of its properties."""
    return {**node.properties, "id": node.id, "kind": node.kind, "title": node.name}


def node_of(found: Mapping[str, Any]) -> Node:
    """An asset, Endpoint or catalogue node from what Neo4j keeps; of what a hand has written, what can be read."""
    try:
        node = _node_of(found)
    except UNREADABLE:
        return _salvaged(found)
    return node if isinstance(node.name, str) and isinstance(node.kind, str) else _salvaged(found)


def _node_of(found: Mapping[str, Any]) -> Node:
    if "title" in found:
        properties = plain_properties((name, value) for name, value in found.items() if name not in CATALOGUE_OWN)
        return Node(found["id"], found["kind"], found["title"], properties)
    return Node(
        found["id"],
        found["kind"],
        found["name"],
        plain_properties((name, value) for name, value in found.items() if name not in OWN),
        tuple(found["sources"]),
        time_of(found.get("first_seen")),
        time_of(found.get("retired_at")),
        found["rules"],
        claims_of(found["claims"]),
        times_of(found["since"]),
        claims_of(found.get("conflicts") or "{}"),
    )


def _salvaged(found: Mapping[str, Any]) -> Node:
    node_id, kind, name = (str(found.get(part) or "") for part in ("id", "kind", "name"))
    if "title" in found:
        properties = plain_properties((name, value) for name, value in found.items() if name not in CATALOGUE_OWN)
        return Node(node_id, kind, str(found["title"]), properties)
    return Node(
        node_id,
        kind,
        name,
        plain_properties((name, value) for name, value in found.items() if name not in OWN),
        texts(found.get("sources")),
        tried(time_of, found.get("first_seen"), None),
        tried(time_of, found.get("retired_at"), None),
        tried(int, found.get("rules"), 0),
        tried(claims_of, found.get("claims"), {}),
        tried(times_of, found.get("since"), {}),
        tried(claims_of, found.get("conflicts"), {}),
    )


def edge_map(edge: Edge) -> dict[str, Any]:
    """A relationship's properties. What the claims say is kept apart only where they say something."""
    told = {record: dict(said) for record, said in edge.claims.items() if said}
    own: dict[str, Any] = {
        "sources": list(edge.sources),
        "since": time_text(edge.since),
        "records": sorted(edge.claims),
    }
    return {**edge.properties, **own, **({"details": text_of(told)} if told else {})}


def fans(edges: Iterable[Edge]) -> list[list[Any]]:
    """Relationships as rows (source, targets, properties): one for those of a node that say the same, one by one."""
    rows = []
    for _, some in groupby(edges, key=lambda edge: (edge.key.source_id, edge.since, edge.claims, edge.properties)):
        same = list(some)
        rows.append([same[0].key.source_id, [edge.key.target_id for edge in same], edge_map(same[0])])
    return rows


def edge_of(source: str, kind: str, target: str, found: Mapping[str, Any]) -> Edge:
    """A relationship from what Neo4j keeps; one that a hand has drawn in the Browser has nobody who claims it."""
    told: dict[str, Properties] = tried(json.loads, found["details"], {}) if "details" in found else {}
    claims = {record: told.get(record, {}) for record in texts(found.get("records", ()))}
    properties = plain_properties((name, value) for name, value in found.items() if name not in EDGE_OWN)
    since = tried(when, found["since"], when(_NEVER)) if "since" in found else when(_NEVER)
    return Edge(EdgeKey(source, kind, target), properties, claims, since)


def edges_of(rows: Iterable[Mapping[str, Any]]) -> Iterator[Edge]:
    """The relationships of several nodes, all of one in a row: the driver takes long over each row.

    What a hand has drawn to a node without id is left out.
    """
    return (
        edge_of(row["id"], kind, target, told)
        for row in rows
        for kind, target, told in row["edges"]
        if target is not None
    )


def record_map(row: RecordRow, record_id: str) -> dict[str, Any]:
    """A record's row. `place`: where records of a source in a partition are looked for."""
    plain = {name: getattr(row, name) for name in RecordRow.__slots__ if name not in {"sections", "ranks"}}
    plain |= {name: time_text(plain[name]) for name in ("first_observed", "last_seen")}
    sections = text_of({name: list(mark) for name, mark in row.sections.items()})
    return {
        **plain,
        "id": record_id,
        "sections": sections,
        "ranks": text_of(dict(row.ranks)),
        "place": place(row.source, row.partition),
    }


def place(source: str, partition: int) -> str:
    """A source in a partition, as one key."""
    return f"{source}|{partition}"


def record_of(found: Mapping[str, Any]) -> RecordRow:
    values = {name: found[name] for name in RecordRow.__slots__}
    values |= {name: when(found[name]) for name in ("first_observed", "last_seen")}
    marks = {name: SectionMark(*mark) for name, mark in json.loads(found["sections"]).items()}
    return RecordRow(**{**values, "sections": marks, "ranks": json.loads(found["ranks"])})


def reference_map(number: int, row: ReferenceRow) -> dict[str, Any]:
    """One REFERS relationship: `number` keeps the order of a record's references."""
    told = {"relation": row.relation, "direction": row.direction, "kind": row.kind, "number": number}
    drawn = {"drawn": text_of(list(row.drawn))} if row.drawn else {}
    return {**told, **drawn, "properties": text_of(row.properties)}


def reference_of(record: str, identifier: str, found: Mapping[str, Any]) -> ReferenceRow:
    drawn = EdgeKey(*json.loads(found["drawn"])) if "drawn" in found else None
    properties = json.loads(found["properties"])
    return ReferenceRow(record, found["relation"], found["direction"], identifier, found["kind"], properties, drawn)


def run_map(run: RunRow) -> dict[str, Any]:
    plain = {name: getattr(run, name) for name in RunRow.__slots__}
    return {**plain, "key": key_of(run.id), "started": time_text(run.started), "ended": time_text(run.ended)}


def run_of(found: Mapping[str, Any]) -> RunRow:
    values = {name: found[name] for name in RunRow.__slots__}
    return RunRow(**{**values, "started": when(found["started"]), "ended": when(found["ended"])})


def change_of(found: Mapping[str, Any]) -> Change:
    detail = unpack(bytes(found["detail"])).decode()
    ids = tuple(found["event_ids"])
    return Change(found["asset_id"], found["what"], ids, detail, found["number"], when(found["recorded_at"]))
