"""The graph in one SQLite file: the embedded profile."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from events.database import FileDamaged, errors_of, open_database, transaction
from graph.model import Positions
from graph.sqlite_reader import SqliteReader
from graph.sqlite_schema import SCHEMA
from graph.sqlite_transaction import SqliteTransaction
from graph.store import (
    LEASE,
    SCHEMA_VERSION,
    Clock,
    StoreUnavailable,
    Writer,
    WriterLost,
    check_schema,
    is_free,
    lease_note,
    lease_text,
)
from graph.transaction import Transaction
from graph.values import time_of, time_text

APPLICATION_ID = 0x4C4B4731  # "LKG1"
BUSY_SECONDS = 10.0
_T = TypeVar("_T")


class SqliteStore(SqliteReader):
    """See `GraphStore`. Threads may share it: each gets a connection of its own. A foreign file raises FileDamaged."""

    def __init__(self, path: Path, *, clock: Clock = lambda: datetime.now(UTC)) -> None:
        super().__init__(self._reading_state)
        self._path, self._clock = path, clock
        self._local = threading.local()
        self._lock = threading.Lock()
        self._connections: list[sqlite3.Connection] = []
        self._set_up()

    def acquire(self, owner: str, lease: timedelta, *, take_over: bool = False) -> Writer | None:
        now = self._clock()
        with self._writing() as connection:
            state = dict(connection.execute("SELECT name, value FROM state"))
            until = time_of(state.get("lease_until"))
            if state.get("owner", owner) != owner and until is not None and until > now and not take_over:
                return None
            epoch = int(state.get("epoch", 0)) + 1
            _put(connection, owner=owner, epoch=epoch, lease_until=time_text(now + lease))
        return Writer(owner, epoch)

    def renew(self, writer: Writer, lease: timedelta) -> None:
        with self._writing() as connection:
            _check(connection, writer)
            _put(connection, lease_until=time_text(self._clock() + lease))

    def release(self, writer: Writer) -> None:
        with self._writing() as connection:
            if _epoch(connection) == writer.epoch:
                _put(connection, lease_until=time_text(self._clock()))

    def hold(self, name: str, owner: str, lease: timedelta) -> bool:
        key = f"note {lease_note(name)}"
        with self._writing() as connection:
            now = self._clock()
            if not is_free(_state(connection, key), owner, now):
                return False
            _put(connection, **{key: lease_text(owner, now + lease)})
            return True

    def let_go(self, name: str, owner: str) -> None:
        key = f"note {lease_note(name)}"
        with self._writing() as connection:
            if is_free(_state(connection, key), owner, self._clock()):
                _put(connection, **{key: ""})

    def positions(self, log: str) -> Positions:
        question = "SELECT topic, partition, next FROM positions WHERE log = ?"
        with self._reading_state() as connection:
            return {(topic, partition): after for topic, partition, after in connection.execute(question, (log,))}

    def logs(self) -> Sequence[str]:
        with self._reading_state() as connection:
            return [log for (log,) in connection.execute("SELECT DISTINCT log FROM positions ORDER BY log")]

    def transact(self, writer: Writer, work: Callable[[Transaction], _T], lease: timedelta = LEASE) -> _T:
        with self._writing() as connection:
            _check(connection, writer)
            result = work(SqliteTransaction(connection, self._clock))
            _put(connection, lease_until=time_text(self._clock() + lease))
            return result

    def look(self, work: Callable[[Transaction], _T]) -> _T:
        with self._reading_state() as connection:
            return work(SqliteTransaction(connection, self._clock))

    def close(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._local = threading.local()

    def _set_up(self) -> None:
        with self._writing() as connection:
            (version,) = connection.execute("SELECT max(value) FROM state WHERE name = 'schema'").fetchone()
            check_schema(str(self._path), version)
            _put(connection, schema=SCHEMA_VERSION)

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            found = open_database(self._path, SCHEMA, application_id=APPLICATION_ID, busy_seconds=BUSY_SECONDS)
            self._local.connection = found
            with self._lock:
                self._connections.append(found)
        return found

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with errors_of(self._path, StoreUnavailable):
            connection = self._connection()
            with transaction(connection):
                yield connection

    @contextmanager
    def _reading_state(self) -> Iterator[sqlite3.Connection]:
        with errors_of(self._path, StoreUnavailable):
            connection = self._connection()
            with transaction(connection, "DEFERRED"):
                yield connection


def _put(connection: sqlite3.Connection, **values: object) -> None:
    connection.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", values.items())


def _state(connection: sqlite3.Connection, name: str) -> str:
    row = connection.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def _epoch(connection: sqlite3.Connection) -> int:
    return int(_state(connection, "epoch") or 0)


def _check(connection: sqlite3.Connection, writer: Writer) -> None:
    """The transaction is immediate, so the epoch cannot change before it ends."""
    if _epoch(connection) != writer.epoch:
        raise WriterLost(f"another inventory process has taken over from {writer.owner!r}")


__all__ = ["FileDamaged", "SqliteStore"]
