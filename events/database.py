"""SQLite files that outlive a crash: opened alike, their errors in words, and how messages are kept in them."""

import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from events.log import Headers

_COMPRESSION = 1  # JSON shrinks tenfold at the fastest level already
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_HINTS = {
    sqlite3.SQLITE_BUSY: "another process keeps it locked",
    sqlite3.SQLITE_LOCKED: "another process keeps it locked",
    sqlite3.SQLITE_READONLY: "it cannot be written: check the owner and rights of the file and its folder",
    sqlite3.SQLITE_PERM: "it cannot be opened: check the owner and rights of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: check that its folder exists and may be written",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_FULL: "the disk is full: make room",
}


class FileDamaged(Exception):
    """A file that is no database, a foreign one, one of a newer version, or a damaged one. Waiting does not help."""


def open_database(path: Path, schema: str, *, application_id: int, busy_seconds: float) -> sqlite3.Connection:
    """A connection in autocommit mode to the file, which is made with `schema` where it is missing.

    Every commit is on the disk when it returns. Any thread may use the connection, one at a time.
    Raises FileDamaged where the file is not ours, sqlite3.Error otherwise.
    """
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        _until(time.monotonic() + busy_seconds, lambda: connection.execute("PRAGMA journal_mode = WAL"))
        connection.execute("PRAGMA synchronous = FULL")
        _set_up(connection, path, schema, application_id)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, mode: str = "IMMEDIATE") -> Iterator[None]:
    """All or nothing. `mode` DEFERRED reads one state of the file, whatever others write meanwhile."""
    connection.execute(f"BEGIN {mode}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def errors_of(
    path: Path, unavailable: Callable[[str], Exception], full: Callable[[str], Exception] | None = None
) -> Iterator[None]:
    """Turns SQLite's errors into FileDamaged, `unavailable` or `full`, with the file's name and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = primary_code(error)
        if code in _DAMAGED:
            raise FileDamaged(f"{path}: {error}; move it away, or name another file") from error
        if code in _HINTS:
            kind = full if full and code == sqlite3.SQLITE_FULL else unavailable
            raise kind(f"{path}: {_HINTS[code]} ({error})") from error
        raise  # a mistake of ours


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without the details in its upper bits; -1 where there is none."""
    code = getattr(error, "sqlite_errorcode", None)
    return -1 if code is None else code & 0xFF


def pack(value: bytes) -> bytes:
    return zlib.compress(value, _COMPRESSION)


def unpack(value: bytes) -> bytes:
    return zlib.decompress(value)


def headers_to_text(headers: Headers) -> str:
    return json.dumps([(name, value.decode("latin-1")) for name, value in headers])


def headers_from_text(text: str) -> Headers:
    return tuple((name, value.encode("latin-1")) for name, value in json.loads(text))


def _until(deadline: float, action: Callable[[], object]) -> None:
    """Entering WAL mode does not wait for a lock by itself when two processes open a new file at once."""
    while True:
        try:
            action()
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)  # nothing tells when the other process is through
        else:
            return


def _set_up(connection: sqlite3.Connection, path: Path, schema: str, application_id: int) -> None:
    if connection.execute("PRAGMA application_id").fetchone() == (application_id,):
        return  # without a lock: a reader opens while another process writes
    with transaction(connection):
        (found,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if found == application_id:
            return
        if found or tables:
            raise FileDamaged(f"{path}: this database belongs to another program, version or use; name another file")
        for statement in schema.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {application_id}")
