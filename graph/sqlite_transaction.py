"""One transaction of the writer on the SQLite graph."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime

from graph.metamodel import CATALOGUE_RELATIONS
from graph.model import Changes, Edge, EdgeKey, Holders, Node, Part, RecordRow, ReferenceRow, node_id
from graph.sqlite_counts import Counts, recount_items
from graph.sqlite_questions import asked, grouped, holders_of, identifiers_of, records_of
from graph.sqlite_schema import (
    NODE,
    Row,
    array,
    edge_of,
    edge_row,
    node_of,
    node_row,
    record_row,
    reference_of,
    reference_row,
)
from graph.sqlite_strays import SqliteStrays
from graph.store import PositionsDiffer
from graph.values import moment, pack, text_of, time_text, unpack

_REFERENCE = "record, relation, direction, identifier, kind, properties, drawn"
_ONE_OF = "IN (SELECT value FROM json_each(?))"
_ITEM = "\x00"
"""What the cursor of an item begins with, and no identifier."""
_HAVING = 100
"""An item is counted along with as much as so many identifiers are."""


class SqliteTransaction(SqliteStrays):
    """See `Transaction`."""

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], datetime]) -> None:
        self._connection, self._clock = connection, clock

    def records(self, keys: Collection[str]) -> dict[str, RecordRow]:
        return records_of(self._connection, keys)

    def bodies(self, records: Collection[str]) -> dict[str, dict[str, bytes]]:
        found: dict[str, dict[str, bytes]] = {}
        for record, section, body in self._read(
            f"SELECT record, section, body FROM bodies WHERE record {_ONE_OF}", records
        ):
            found.setdefault(record, {})[section] = unpack(body)
        return found

    def identifiers(self, records: Collection[str]) -> dict[str, frozenset[str]]:
        return identifiers_of(self._connection, records)

    def holders(self, identifiers: Collection[str], limit: int) -> dict[str, Holders]:
        return holders_of(self._connection, identifiers, limit)

    def references(self, records: Collection[str]) -> dict[str, tuple[ReferenceRow, ...]]:
        found: dict[str, tuple[ReferenceRow, ...]] = {}
        for row in self._read(
            f"SELECT {_REFERENCE} FROM refers WHERE record {_ONE_OF} ORDER BY record, number", records
        ):
            found[row[0]] = (*found.get(row[0], ()), reference_of(row))
        return found

    def referrers(self, identifiers: Collection[str]) -> dict[str, frozenset[str]]:
        return grouped(self._read(f"SELECT identifier, record FROM refers WHERE identifier {_ONE_OF}", identifiers))

    def reference_counts(self, identifiers: Collection[str]) -> dict[str, int]:
        question = f"SELECT key, referrers FROM identifiers WHERE referrers > 0 AND key {_ONE_OF}"
        return dict(self._read(question, identifiers))

    def nodes(self, ids: Collection[str]) -> dict[str, Node]:
        return {row[0]: node_of(row) for row in self._read(f"SELECT {NODE} FROM nodes WHERE id {_ONE_OF}", ids)}

    def catalogue_edges(self, asset_ids: Collection[str]) -> dict[EdgeKey, Edge]:
        question = f"SELECT edges.* FROM edges JOIN catalogue ON catalogue.id = target_id WHERE source_id {_ONE_OF}"
        return {edge.key: edge for edge in map(edge_of, self._read(question, asset_ids))}

    def edges(self, keys: Collection[EdgeKey]) -> dict[EdgeKey, Edge]:
        question = """
            SELECT edges.* FROM json_each(?) AS wanted JOIN edges ON source_id = wanted.value ->> 0
            AND edges.type = wanted.value ->> 1 AND target_id = wanted.value ->> 2
        """
        return {edge.key: edge for edge in map(edge_of, self._read(question, keys))}

    def markers(self, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
        question = """
            SELECT source, partition, sequence FROM json_each(?) AS wanted JOIN markers
            ON source = wanted.value ->> 0 AND partition = wanted.value ->> 1
        """
        return {(source, partition): sequence for source, partition, sequence in self._read(question, keys)}

    def records_below(self, source: str, partition: int, sequence: int, limit: int) -> list[str]:
        question = """
            SELECT key FROM records WHERE source = ? AND partition = ? AND live = 1 AND sequence < ?
            ORDER BY key LIMIT ?
        """
        return [key for (key,) in self._connection.execute(question, (source, partition, sequence, limit))]

    def members(self, asset_ids: Collection[str]) -> dict[str, frozenset[str]]:
        question = f"SELECT asset_id, key FROM records WHERE live = 1 AND asset_id {_ONE_OF}"
        return grouped(self._read(question, asset_ids))

    def live_records(self, after: str, limit: int) -> list[str]:
        question = "SELECT key FROM records WHERE key > ? AND live = 1 ORDER BY key LIMIT ?"
        return [key for (key,) in self._connection.execute(question, (after, limit))]

    def asset_ids(self, after: str, limit: int) -> list[str]:
        question = "SELECT id FROM nodes WHERE id > ? ORDER BY id LIMIT ?"
        return [node for (node,) in self._connection.execute(question, (after, limit))]

    def asset_edges(self, after: EdgeKey, limit: int) -> list[Edge]:
        question = f"""
            SELECT edges.* FROM edges JOIN nodes ON id = source_id WHERE (source_id, type, target_id) > (?, ?, ?)
            AND type NOT {_ONE_OF} ORDER BY source_id, type, target_id LIMIT ?
        """
        values = (*after, array(sorted(CATALOGUE_RELATIONS)), limit)
        return [edge_of(row) for row in self._connection.execute(question, values)]

    def related(self, ids: Collection[str]) -> set[str]:
        found: set[str] = set()
        for end in ("source_id", "target_id"):
            question = f"SELECT DISTINCT {end} FROM edges WHERE {end} {_ONE_OF} AND type NOT {_ONE_OF}"
            rows = self._connection.execute(question, (array(ids), array(sorted(CATALOGUE_RELATIONS))))
            found.update(node for (node,) in rows)
        return found

    def recount(self, after: str, limit: int) -> str:
        if not after.startswith(_ITEM) and (last := self._recount_identifiers(after, limit)):
            return last
        last = recount_items(self._connection, after.removeprefix(_ITEM), max(1, limit // _HAVING))
        return _ITEM + last if last else ""

    def _recount_identifiers(self, after: str, limit: int) -> str:
        question = """
            SELECT key FROM identifiers WHERE key > ?1 UNION SELECT identifier FROM holds WHERE identifier > ?1
            UNION SELECT identifier FROM refers WHERE identifier > ?1 ORDER BY 1 LIMIT ?2
        """
        names = [name for (name,) in self._connection.execute(question, (after, limit))]
        counted = """
            INSERT INTO identifiers SELECT value, (SELECT count(*) FROM holds WHERE identifier = value),
            (SELECT count(*) FROM refers WHERE identifier = value) FROM json_each(?) WHERE true
            ON CONFLICT (key) DO UPDATE SET holders = excluded.holders, referrers = excluded.referrers
            WHERE holders <> excluded.holders OR referrers <> excluded.referrers
        """
        self._connection.execute(counted, (array(names),))
        return names[-1] if names else ""

    def write(self, changes: Changes, parts: Iterable[Part] = ()) -> None:
        self._write_positions(changes)
        counts = Counts(self._connection)
        for part in parts:
            with counts.following(_written(part)):
                self._write_part(part)
        self._write_records(changes)
        self._write_names(changes)
        with counts.following(_written(changes) | changes.removed | {key.source_id for key in changes.erased}):
            self._write_graph(changes)
        counts.write()
        self._write_journal(changes)

    def _read(self, question: str, values: Collection[object]) -> Iterator[Row]:
        return asked(self._connection, question, values)

    def _many(self, statement: str, rows: Iterable[Row]) -> None:
        self._connection.executemany(statement, rows)

    def _write_positions(self, changes: Changes) -> None:
        question = "SELECT topic, partition, next FROM positions WHERE log = ?"
        stored = {(topic, part): after for topic, part, after in self._connection.execute(question, (changes.log,))}
        expected = {tuple(at): after for at, after in changes.expected.items()}
        if stored != {at: after for at, after in expected.items() if at in stored or after}:
            raise PositionsDiffer(f"positions of log {changes.log}: {stored} are stored, {expected} were expected")
        self._many(
            "INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)",
            ((changes.log, topic, part, after) for (topic, part), after in sorted(changes.positions.items())),
        )
        self._many(
            "INSERT OR REPLACE INTO markers VALUES (?, ?, ?)",
            ((source, part, sequence) for (source, part), sequence in sorted(changes.markers.items())),
        )

    def _write_records(self, changes: Changes) -> None:
        self._many(
            f"INSERT OR REPLACE INTO records VALUES ({', '.join('?' * 16)})",
            (record_row(row, node_id(key)) for key, row in sorted(changes.records.items())),
        )
        gone = [key for key, body in changes.bodies.items() if body is None]
        self._many("DELETE FROM bodies WHERE record = ? AND section = ?", sorted(gone))
        self._many(
            "INSERT OR REPLACE INTO bodies VALUES (?, ?, ?)",
            ((*key, pack(body)) for key, body in sorted(changes.bodies.items()) if body is not None),
        )
        for old, new in sorted(changes.continued.items()):
            self._connection.execute("UPDATE records SET asset_id = ? WHERE asset_id = ? AND live = 0", (new, old))

    def _write_names(self, changes: Changes) -> None:
        """Who holds and who refers to an identifier, with the counts that stand on the identifier."""
        held = sorted((identifier, record) for record, identifier in changes.held)
        released = sorted((identifier, record) for record, identifier in changes.released)
        self._many("DELETE FROM holds WHERE identifier = ? AND record = ?", released)
        self._many("INSERT INTO holds VALUES (?, ?)", held)
        holders = Counter(identifier for identifier, _ in held)
        holders.subtract(identifier for identifier, _ in released)
        referrers = self._replace_references(changes)
        names = sorted(holders.keys() | referrers.keys())
        self._many(
            "INSERT INTO identifiers VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE "
            "SET holders = holders + ?2, referrers = referrers + ?3",
            ((name, holders[name], referrers[name]) for name in names),
        )
        self._many(
            "DELETE FROM identifiers WHERE key = ? AND holders = 0 AND referrers = 0", ((name,) for name in names)
        )

    def _replace_references(self, changes: Changes) -> Counter[str]:
        """Replace all references of records; gives what that adds to each identifier's count."""
        steps = Counter(row.identifier for rows in changes.references.values() for row in rows)
        steps.subtract(row.identifier for rows in self.references(changes.references.keys()).values() for row in rows)
        self._many("DELETE FROM refers WHERE record = ?", ((record,) for record in sorted(changes.references)))
        self._many(
            "INSERT INTO refers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (reference_row(n, row) for _, rows in sorted(changes.references.items()) for n, row in enumerate(rows)),
        )
        return steps

    def _write_graph(self, changes: Changes) -> None:
        self._many("DELETE FROM edges WHERE source_id = ? AND type = ? AND target_id = ?", sorted(changes.erased))
        gone = [(node,) for node in sorted(changes.removed)]
        self._many("DELETE FROM edges WHERE target_id = ? AND type = 'FOLLOWS'", gone)
        self._many("DELETE FROM nodes WHERE id = ?", gone)
        self._many(
            "DELETE FROM edges WHERE ?1 IN (source_id, target_id)", ((item,) for item in sorted(changes.dropped))
        )
        self._many("DELETE FROM catalogue WHERE id = ?", ((item,) for item in sorted(changes.dropped)))
        self._many(
            "UPDATE catalogue SET kind = ?2, name = ?3, properties = ?4 WHERE id = ?1",
            ((n.id, n.kind, n.name, text_of(n.properties)) for n in changes.mended.values()),
        )
        self._write_part(changes)

    def _write_part(self, part: Part) -> None:
        self._many(
            f"INSERT OR REPLACE INTO nodes VALUES ({', '.join('?' * 12)})",
            (node_row(node) for _, node in sorted(part.nodes.items())),
        )
        self._many(
            "INSERT OR IGNORE INTO catalogue VALUES (?, ?, ?, ?)",
            ((node.id, node.kind, node.name, text_of(node.properties)) for _, node in sorted(part.catalogue.items())),
        )
        self._many(
            "INSERT OR REPLACE INTO edges VALUES (?, ?, ?, ?, ?, ?)",
            (edge_row(edge) for _, edge in sorted(part.edges.items())),
        )

    def _write_journal(self, changes: Changes) -> None:
        self._many(
            f"INSERT OR REPLACE INTO runs VALUES ({', '.join('?' * 11)})",
            (
                (
                    run.id, run.source, run.collector, run.status, time_text(run.started), time_text(run.ended),
                    run.seen, run.emitted, run.skipped, run.failed, run.problems,
                )
                for run in changes.runs.values()
            ),
        )  # fmt: skip
        self._many("INSERT OR REPLACE INTO state VALUES (?, ?)", ((f"note {n}", t) for n, t in changes.notes.items()))
        self._connection.execute("DELETE FROM changes WHERE number < ?", (changes.forget,))
        if not changes.journal:
            return
        state = dict(self._connection.execute("SELECT name, value FROM state WHERE name IN ('journal', 'recorded_at')"))
        last, now = state.get("journal", 0), moment(self._clock(), changes.recorded_at, state.get("recorded_at", ""))
        self._many(
            "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)",
            (
                (number, now, change.asset_id, change.what, text_of(change.event_ids), pack(change.detail.encode()))
                for number, change in enumerate(changes.journal, start=last + 1)
            ),
        )
        counted = [("journal", last + len(changes.journal)), ("recorded_at", now)]
        self._many("INSERT OR REPLACE INTO state VALUES (?, ?)", counted)


def _written(part: Part) -> set[str]:
    """The nodes that are written, or get a relationship."""
    return {*part.nodes, *(key.source_id for key in part.edges)}
