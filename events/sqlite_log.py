"""The log in one SQLite file: the embedded profile, shared by any number of processes on one computer."""

import threading
import time
import uuid
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from events.database import (
    errors_of,
    headers_from_text,
    headers_to_text,
    open_database,
    pack,
    transaction,
    unpack,
)
from events.log import (
    COMPACTED,
    TOPICS,
    LogUnavailable,
    Message,
    PositionLost,
    Positions,
    StoredMessage,
    TopicPartition,
    partition_of,
)
from events.sizes import check_sizes, size_of

APPLICATION_ID = 0x4C4B4C31  # "LKL1"; the last letter is the schema's version
COMPACT_FROM = 10_000
"""Below this many messages in the compacted topics the log is never compacted on its own."""
POLL_SECONDS = 0.1
"""How soon a reader sees what another process wrote; within the process it is told at once."""
_SCHEMA = """
CREATE TABLE log (identity TEXT NOT NULL, left_by_compaction INTEGER NOT NULL);
CREATE TABLE streams (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL,
    next INTEGER NOT NULL DEFAULT 0, stored INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, partition)
);
CREATE TABLE messages (
    stream INTEGER NOT NULL, "offset" INTEGER NOT NULL, key BLOB NOT NULL, headers TEXT NOT NULL, value BLOB NOT NULL,
    UNIQUE (stream, "offset")
)
"""
_COMPACT = """
DELETE FROM messages WHERE stream = :stream
AND "offset" NOT IN (SELECT max("offset") FROM messages WHERE stream = :stream GROUP BY key)
"""
_Streams = dict[TopicPartition, tuple[int, int]]


class SqliteLog:
    """See `EventLog`. An object belongs to the process that opened it; its threads may share it.

    `partitions` applies when the file is made; an existing log keeps its own. A file that is no log raises FileDamaged.
    `compact_from`: compact on its own once this many messages, and twice what the last time left, stand in the
    compacted topics.
    """

    def __init__(
        self, path: Path, partitions: int = 4, *, busy_seconds: float = 10.0, compact_from: int = COMPACT_FROM
    ) -> None:
        self._path, self._compact_from = path, compact_from
        self._changed = threading.Condition(threading.RLock())
        with self._errors():
            self._connection = open_database(path, _SCHEMA, application_id=APPLICATION_ID, busy_seconds=busy_seconds)
            self._file = path.stat().st_ino
            try:
                self._create(partitions)
                (self._identity,) = self._connection.execute("SELECT identity FROM log").fetchone()
            except BaseException:
                self._connection.close()
                raise

    @property
    def identity(self) -> str:
        return str(self._identity)

    def partitions(self, topic: str) -> int:
        return len(self.ends([topic]))

    def append(self, messages: Sequence[Message]) -> None:
        check_sizes(messages)
        with self._changed, self._errors(), transaction(self._connection):
            self._store(messages)
            self._compact_if_doubled()
        with self._changed:
            self._changed.notify_all()

    def read(self, positions: Positions, *, timeout: float, max_bytes: int) -> list[StoredMessage]:
        deadline = time.monotonic() + timeout
        with self._changed:
            while not (found := self._read(positions, max_bytes)):
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(min(left, POLL_SECONDS))
        return found

    def ends(self, topics: Sequence[str]) -> dict[TopicPartition, int]:
        with self._changed, self._errors():
            return {at: end for at, (_, end) in self._streams().items() if at.topic in topics}

    def compact(self) -> None:
        """Drop what a later message with the same key in the same partition of a compacted topic replaces."""
        with self._changed, self._errors(), transaction(self._connection):
            self._compact()

    def close(self) -> None:
        with self._changed:
            self._connection.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with errors_of(self._path, lambda text: LogUnavailable(f"log {text}")):
            yield

    def _create(self, partitions: int) -> None:
        with transaction(self._connection):
            if self._connection.execute("SELECT 1 FROM log").fetchone():
                return
            self._connection.execute("INSERT INTO log VALUES (?, 0)", (uuid.uuid4().hex,))
            rows = [(topic, number) for topic in TOPICS for number in range(partitions)]
            self._connection.executemany("INSERT INTO streams (topic, partition) VALUES (?, ?)", rows)

    def _streams(self) -> _Streams:
        """The row's id and the next offset of every partition."""
        rows = self._connection.execute("SELECT id, topic, partition, next FROM streams ORDER BY id")
        return {TopicPartition(topic, number): (stream, end) for stream, topic, number, end in rows}

    def _store(self, messages: Sequence[Message]) -> None:
        self._check_file()
        streams = self._streams()
        ends = dict(streams.values())
        counts = {topic: len([at for at in streams if at.topic == topic]) for topic in TOPICS}
        for message in messages:
            at = TopicPartition(message.topic, partition_of(message.placement, counts.get(message.topic, 1)))
            if at not in streams:
                raise ValueError(f"log {self._path}: there is no partition {at.topic}/{at.partition}")
            stream, _ = streams[at]
            row = (stream, ends[stream], message.key, headers_to_text(message.headers))
            value = pack(message.value)
            self._connection.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?)", (*row, value))
            ends[stream] += 1
        moved = [(ends[stream] - end, ends[stream] - end, stream) for stream, end in streams.values()]
        self._connection.executemany("UPDATE streams SET next = next + ?, stored = stored + ? WHERE id = ?", moved)

    def _check_file(self) -> None:
        """SQLite would go on writing into a file that was deleted, and nobody would ever find it."""
        if not self._path.exists() or self._path.stat().st_ino != self._file:
            raise LogUnavailable(f"log {self._path}: the file was removed or replaced while in use; start again")

    def _read(self, positions: Positions, max_bytes: int) -> list[StoredMessage]:
        with self._errors(), transaction(self._connection, "DEFERRED"):
            streams = self._streams()
            for at, position in positions.items():
                if not 0 <= position <= streams.get(at, (0, -1))[1]:
                    raise PositionLost(
                        f"log {self._path}: position {position} of {at.topic}/{at.partition} lies outside what it holds"
                    )
            # Those that are least far go first, so that a busy partition does not keep a quiet one waiting.
            behind = [at for at in sorted(positions, key=lambda at: positions[at]) if positions[at] < streams[at][1]]
            return self._fill([(at, streams[at][0], positions[at]) for at in behind], max_bytes)

    def _fill(self, starts: list[tuple[TopicPartition, int, int]], max_bytes: int) -> list[StoredMessage]:
        """One message of each partition in turn, until `max_bytes` are reached."""
        found: list[StoredMessage] = []
        size, cursors = 0, [self._messages(*start) for start in starts]
        while cursors and (size < max_bytes or not found):
            for cursor in list(cursors):
                message = next(cursor, None)
                if message is None:
                    cursors.remove(cursor)
                    continue
                found.append(message)
                size += size_of(message)
                if size >= max_bytes:
                    break
        for cursor in cursors:
            cursor.close()
        return found

    def _messages(self, at: TopicPartition, stream: int, position: int) -> Generator[StoredMessage, None, None]:
        query = (
            'SELECT "offset", key, headers, value FROM messages WHERE stream = ? AND "offset" >= ? ORDER BY "offset"'
        )
        with closing(self._connection.execute(query, (stream, position))) as rows:
            for offset, key, headers, value in rows:
                yield StoredMessage(at, offset, key, headers_from_text(headers), unpack(value))

    def _compact_if_doubled(self) -> None:
        (left,) = self._connection.execute("SELECT left_by_compaction FROM log").fetchone()
        if self._stored() >= max(self._compact_from, 2 * left):
            self._compact()

    def _compact(self) -> None:
        for at, (stream, _) in self._streams().items():
            if at.topic in COMPACTED:
                dropped = self._connection.execute(_COMPACT, {"stream": stream}).rowcount
                self._connection.execute("UPDATE streams SET stored = stored - ? WHERE id = ?", (dropped, stream))
        self._connection.execute("UPDATE log SET left_by_compaction = ?", (self._stored(),))

    def _stored(self) -> int:
        """How many messages stand in the compacted topics."""
        rows = self._connection.execute("SELECT topic, stored FROM streams")
        return sum(stored for topic, stored in rows if topic in COMPACTED)
