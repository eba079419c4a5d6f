"""Questions that the writer's transaction and the readers of the SQLite graph both ask."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator

from graph.model import GraphStatus, Holders, RecordRow
from graph.sqlite_counts import RELATIONSHIPS
from graph.sqlite_schema import RECORD, Row, array, record_of
from graph.store import SCHEMA_VERSION
from graph.values import time_of, when

_ONE_OF = "IN (SELECT value FROM json_each(?))"


def asked(connection: sqlite3.Connection, question: str, values: Collection[object]) -> Iterator[Row]:
    """The rows of a question about any number of values; none for no value."""
    return iter(connection.execute(question, (array(values),)) if values else ())


def grouped(pairs: Iterable[Row]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in found.items()}


def records_of(connection: sqlite3.Connection, keys: Collection[str]) -> dict[str, RecordRow]:
    rows = asked(connection, f"SELECT {RECORD} FROM records WHERE key {_ONE_OF}", keys)
    return {row[0]: record_of(row) for row in rows}


def identifiers_of(connection: sqlite3.Connection, records: Collection[str]) -> dict[str, frozenset[str]]:
    return grouped(asked(connection, f"SELECT record, identifier FROM holds WHERE record {_ONE_OF}", records))


def holders_of(connection: sqlite3.Connection, identifiers: Collection[str], limit: int) -> dict[str, Holders]:
    counts: dict[str, int] = dict(
        asked(connection, f"SELECT key, holders FROM identifiers WHERE holders > 0 AND key {_ONE_OF}", identifiers)
    )
    few = [key for key, count in counts.items() if count <= limit]
    keys = grouped(asked(connection, f"SELECT identifier, record FROM holds WHERE identifier {_ONE_OF}", few))
    return {key: Holders(count, keys.get(key, frozenset())) for key, count in counts.items()}


def status_of(connection: sqlite3.Connection) -> GraphStatus:
    """How far the graph is, and what it holds."""
    positions: dict[str, dict[tuple[str, int], int]] = {}
    for log, topic, partition, after in connection.execute("SELECT * FROM positions"):
        positions.setdefault(log, {})[(topic, partition)] = after
    counts = dict(connection.execute("SELECT kind, count(*) FROM nodes WHERE retired_at IS NULL GROUP BY kind"))
    used = "SELECT kind, count(*) FROM catalogue WHERE EXISTS (SELECT 1 FROM edges WHERE target_id = id) GROUP BY kind"
    counts |= dict(connection.execute(used))
    seen = connection.execute("SELECT source, max(last_seen) FROM records GROUP BY source")
    state = dict(connection.execute("SELECT name, value FROM state"))
    return GraphStatus(
        positions=positions,
        counts=dict(sorted(counts.items())),
        relationships=int(state.get(RELATIONSHIPS, 0)),
        journal=int(state.get("journal", 0)),
        last_change=time_of(state.get("recorded_at")),
        last_seen={source: when(at) for source, at in seen},
        schema=SCHEMA_VERSION,
        writer=str(state.get("owner", "")),
    )
