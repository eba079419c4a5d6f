"""The tables of the graph in SQLite, and how values become rows and back."""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from graph.metamodel import SOUGHT
from graph.model import Edge, EdgeKey, Node, RecordRow, ReferenceRow, SectionMark
from graph.salvage import UNREADABLE, texts, tried
from graph.values import claims_of, claims_text, text_of, time_of, time_text, times_of, times_text, when


def value_of(name: str) -> str:
    """The value of a property, as JSON writes it."""
    return f"properties -> '{name}'"


def index_of(name: str) -> str:
    return f"nodes_by_{name}"


SCHEMA = """
CREATE TABLE state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE positions (log TEXT, topic TEXT, partition INTEGER, next INTEGER NOT NULL,
    PRIMARY KEY (log, topic, partition)) WITHOUT ROWID;
CREATE TABLE markers (source TEXT, partition INTEGER, sequence INTEGER NOT NULL,
    PRIMARY KEY (source, partition)) WITHOUT ROWID;
CREATE TABLE nodes (id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL,
    properties TEXT NOT NULL, sources TEXT NOT NULL, first_seen TEXT, retired_at TEXT, rules INTEGER NOT NULL,
    claims TEXT NOT NULL, since TEXT NOT NULL, conflicts TEXT NOT NULL)
    WITHOUT ROWID;
CREATE INDEX nodes_by_name ON nodes (name, id);
CREATE INDEX nodes_by_kind ON nodes (kind, retired_at, name, id);
CREATE TABLE catalogue (id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, properties TEXT NOT NULL)
    WITHOUT ROWID;
CREATE INDEX catalogue_by_kind ON catalogue (kind, id);
CREATE TABLE edges (source_id TEXT, type TEXT, target_id TEXT, properties TEXT NOT NULL, claims TEXT NOT NULL,
    since TEXT NOT NULL, PRIMARY KEY (source_id, type, target_id)) WITHOUT ROWID;
CREATE INDEX edges_by_target ON edges (target_id, type);
CREATE TABLE had (relation TEXT, item TEXT, kind TEXT, assets INTEGER NOT NULL, PRIMARY KEY (relation, item, kind))
    WITHOUT ROWID;
CREATE TABLE records (key TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, native_key TEXT NOT NULL,
    kind TEXT NOT NULL, partition INTEGER NOT NULL, rank INTEGER NOT NULL, sequence INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL, live INTEGER NOT NULL, run TEXT NOT NULL, first_observed TEXT NOT NULL,
    last_seen TEXT NOT NULL, asset_id TEXT NOT NULL, sections TEXT NOT NULL, ranks TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX records_by_asset ON records (asset_id);
CREATE INDEX records_by_time ON records (source, last_seen);
CREATE INDEX records_by_sequence ON records (source, partition, live, sequence);
CREATE TABLE bodies (record TEXT, section TEXT, body BLOB NOT NULL, PRIMARY KEY (record, section));
CREATE TABLE holds (identifier TEXT, record TEXT, PRIMARY KEY (identifier, record)) WITHOUT ROWID;
CREATE INDEX holds_by_record ON holds (record);
CREATE TABLE identifiers (key TEXT PRIMARY KEY, holders INTEGER NOT NULL, referrers INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE refers (record TEXT, number INTEGER, relation TEXT NOT NULL, direction TEXT NOT NULL,
    identifier TEXT NOT NULL, kind TEXT NOT NULL, properties TEXT NOT NULL, drawn TEXT,
    PRIMARY KEY (record, number)) WITHOUT ROWID;
CREATE INDEX refers_by_identifier ON refers (identifier);
CREATE TABLE runs (id TEXT PRIMARY KEY, source TEXT NOT NULL, collector TEXT NOT NULL, status TEXT NOT NULL,
    started TEXT NOT NULL, ended TEXT NOT NULL, seen INTEGER NOT NULL, emitted INTEGER NOT NULL,
    skipped INTEGER NOT NULL, failed INTEGER NOT NULL, problems TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX runs_by_end ON runs (ended, id);
CREATE TABLE changes (number INTEGER PRIMARY KEY, recorded_at TEXT NOT NULL, asset_id TEXT NOT NULL,
    what TEXT NOT NULL, event_ids TEXT NOT NULL, detail BLOB NOT NULL);
CREATE INDEX changes_by_asset ON changes (asset_id, number);
CREATE INDEX changes_by_time ON changes (recorded_at, number)
""" + "".join(
    f";\nCREATE INDEX {index_of(name)} ON nodes ({value_of(name)}, name, id) WHERE {value_of(name)} IS NOT NULL"
    for name in SOUGHT
)
NODE = "id, kind, name, properties, sources, first_seen, retired_at, rules, claims, since, conflicts"
RECORD = (
    "key, source, native_key, kind, partition, rank, sequence, withdrawn, live, run, first_observed, last_seen, "
    "asset_id, sections, ranks"
)

Row = tuple[Any, ...]


def array(values: Collection[object]) -> str:
    """A parameter for `json_each`: any number of values in one."""
    return json.dumps(list(values), ensure_ascii=False)


def node_row(node: Node) -> Row:
    return (
        node.id,
        node.kind,
        node.name,
        node.name.casefold(),
        text_of(node.properties),
        text_of(node.sources),
        time_text(node.first_seen),
        time_text(node.retired_at),
        node.rules,
        claims_text(node.claims),
        times_text(node.since),
        claims_text(node.conflicts),
    )


def node_of(row: Row) -> Node:
    """From the columns of NODE; of what a hand has written, what can be read."""
    node_id, kind, name, properties, sources, first_seen, retired_at, rules, claims, since, conflicts = row
    try:
        return Node(
            node_id,
            kind,
            name,
            json.loads(properties),
            tuple(json.loads(sources)),
            time_of(first_seen),
            time_of(retired_at),
            rules,
            claims_of(claims),
            times_of(since),
            claims_of(conflicts),
        )
    except UNREADABLE:
        return _salvaged(row)


def _salvaged(row: Row) -> Node:
    node_id, kind, name, properties, sources, first_seen, retired_at, rules, claims, since, conflicts = row
    return Node(
        str(node_id),
        str(kind),
        str(name),
        _object(properties),
        texts(tried(json.loads, sources, [])),
        tried(time_of, first_seen, None),
        tried(time_of, retired_at, None),
        tried(int, rules, 0),
        tried(claims_of, claims, {}),
        tried(times_of, since, {}),
        tried(claims_of, conflicts, {}),
    )


def _object(text: object) -> dict[str, Any]:
    found: object = tried(json.loads, text, {})
    return found if isinstance(found, dict) else {}


def catalogue_of(row: Row) -> Node:
    """From id, kind, name, properties."""
    node_id, kind, name, properties = row
    return Node(node_id, kind, name, _object(properties))


def edge_row(edge: Edge) -> Row:
    properties = text_of(edge.properties) if edge.properties else "{}"
    return (*edge.key, properties, _claims_text(edge, properties), time_text(edge.since))


def _claims_text(edge: Edge, properties: str) -> str:
    """Nearly every relationship is claimed by one record, which says what the relationship says."""
    if len(edge.claims) == 1:
        ((record, said),) = edge.claims.items()
        if said == edge.properties:
            return f"{{{_quoted(record)}:{properties}}}"
    return text_of({record: dict(said) for record, said in edge.claims.items()})


_quoted = lru_cache(maxsize=1024)(text_of)


def edge_of(row: Row) -> Edge:
    """From all columns of edges; of what a hand has written, what can be read."""
    source_id, kind, target_id, properties, claims, since = row
    key = EdgeKey(source_id, kind, target_id)
    try:
        return Edge(key, json.loads(properties), json.loads(claims), when(since))
    except UNREADABLE:
        return Edge(key, _object(properties), _object(claims), tried(when, since, datetime.min.replace(tzinfo=UTC)))


def record_row(row: RecordRow, record_id: str) -> Row:
    sections: Mapping[str, SectionMark] = row.sections
    return (
        row.key,
        record_id,
        row.source,
        row.native_key,
        row.kind,
        row.partition,
        row.rank,
        row.sequence,
        row.withdrawn,
        int(row.live),
        row.run,
        time_text(row.first_observed),
        time_text(row.last_seen),
        row.asset_id,
        text_of({name: list(mark) for name, mark in sections.items()}),
        text_of(dict(row.ranks)),
    )


def record_of(row: Row) -> RecordRow:
    """From the columns of RECORD."""
    values = dict(zip(RECORD.split(", "), row, strict=True))
    values |= {name: when(values[name]) for name in ("first_observed", "last_seen")}
    marks = {name: SectionMark(*mark) for name, mark in json.loads(values["sections"]).items()}
    return RecordRow(
        **{**values, "live": bool(values["live"]), "sections": marks, "ranks": json.loads(values["ranks"])}
    )


def reference_row(number: int, row: ReferenceRow) -> Row:
    drawn = text_of(list(row.drawn)) if row.drawn else None
    return row.record, number, row.relation, row.direction, row.identifier, row.kind, text_of(row.properties), drawn


def reference_of(row: Row) -> ReferenceRow:
    """From record, relation, direction, identifier, kind, properties, drawn."""
    record, relation, direction, identifier, kind, properties, drawn = row
    key = EdgeKey(*json.loads(drawn)) if drawn else None
    return ReferenceRow(record, relation, direction, identifier, kind, json.loads(properties), key)
