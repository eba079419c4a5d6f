"""A lock on a name that the operating system takes back when its holder dies, however it dies."""

import sqlite3
from pathlib import Path

from events.database import primary_code


class Lease:
    """Held from construction to `close`. Raises LeaseHeld, or sqlite3.Error where the file cannot be made.

    `patience`: for how many seconds it is waited for until somebody else lets go of it.

    It is the exclusive lock on an empty SQLite file: portable, and free again after kill -9. The file itself stays.
    """

    def __init__(self, path: Path, patience: float = 0.0) -> None:
        self._connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._connection.close()
            if primary_code(error) == sqlite3.SQLITE_BUSY:
                raise LeaseHeld(str(path)) from error
            raise

    def close(self) -> None:
        """Let go; does nothing the second time."""
        self._connection.close()


class LeaseHeld(Exception):
    """Another process, or another object of this one, has the lease."""
