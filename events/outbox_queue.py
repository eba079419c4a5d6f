"""What an outbox keeps in its SQLite file: the queue, and what its source said last. One transaction stays open."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from events.codec import content_hash, encode
from events.database import headers_from_text, headers_to_text, pack, unpack
from events.lease import Lease, LeaseHeld
from events.log import RECORDS, EventLog, Message
from events.models import RecordObserved, RunCompleted, RunReport, Section, write_ranks
from events.outbox_errors import OutboxBusy
from events.runs import Held
from events.sizes import size_of

SCHEMA = """
CREATE TABLE state (
    source TEXT NOT NULL, last_sequence INTEGER NOT NULL, holder TEXT NOT NULL,
    last_complete INTEGER, held_report TEXT, held_first INTEGER, log TEXT
);
CREATE TABLE records (native_key TEXT PRIMARY KEY, first_observed TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sections (
    native_key TEXT NOT NULL, section TEXT NOT NULL, mark TEXT NOT NULL,
    changed INTEGER NOT NULL, sent INTEGER NOT NULL,
    PRIMARY KEY (native_key, section)
) WITHOUT ROWID;
CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT, marker TEXT, topic TEXT, key BLOB, headers TEXT, placement TEXT, value BLOB
)
"""


class Said(NamedTuple):
    """The sequences at which a section became what it is, and at which it was last sent."""

    changed: int
    sent: int


@dataclass(frozen=True)
class Queued:
    """A message, or a marker that becomes one message for each partition when it is sent."""

    id: int
    what: Message | RunCompleted

    def messages(self, log: EventLog) -> list[Message]:
        if isinstance(self.what, Message):
            return [self.what]
        numbers = range(log.partitions(RECORDS))
        return [encode(self.what.model_copy(update={"partition": number})) for number in numbers]


class Queue:
    """Every change joins the open transaction, which `commit` ends. Raises sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        (self.bytes,) = connection.execute("SELECT coalesce(sum(length(value)), 0) FROM queue").fetchone()

    def claim(self, source: str, holder: str) -> tuple[str, int]:
        """Note who has the outbox; gives the source it belongs to and its last sequence."""
        self._begin()
        if not self._db.execute("SELECT 1 FROM state").fetchone():
            self._db.execute("INSERT INTO state (source, last_sequence, holder) VALUES (?, 0, '')", (source,))
        self._db.execute("UPDATE state SET holder = ?", (holder,))
        owner, last = self._db.execute("SELECT source, last_sequence FROM state").fetchone()
        self._db.execute("COMMIT")
        return owner, last

    def add(self, message: Message) -> None:
        value = pack(message.value)
        row = (message.topic, message.key, headers_to_text(message.headers), str(message.placement), value)
        self._begin()
        self._db.execute("INSERT INTO queue (topic, key, headers, placement, value) VALUES (?, ?, ?, ?, ?)", row)
        self.bytes += len(value)

    def add_marker(self, marker: RunCompleted) -> None:
        self._begin()
        self._db.execute("INSERT INTO queue (marker) VALUES (?)", (marker.model_dump_json(),))

    def next_batch(self, max_bytes: int) -> list[Queued]:
        """The oldest messages up to about `max_bytes`, or the one marker whose turn it is."""
        batch: list[Queued] = []
        size = 0
        with closing(self._db.execute("SELECT * FROM queue ORDER BY id")) as rows:
            for item in map(_queued, rows):
                if isinstance(item.what, RunCompleted):
                    return batch or [item]
                batch.append(item)
                size += size_of(item.what)
                if size >= max_bytes:
                    break
        return batch

    def delete_up_to(self, row: int) -> None:
        self._begin()
        (gone,) = self._db.execute("SELECT coalesce(sum(length(value)), 0) FROM queue WHERE id <= ?", (row,)).fetchone()
        self._db.execute("DELETE FROM queue WHERE id <= ?", (row,))
        self.bytes -= gone

    def depth(self) -> int:
        (count,) = self._db.execute("SELECT count(*) FROM queue").fetchone()
        return int(count)

    def first_observed(self, native_key: str) -> datetime | None:
        row = self._db.execute("SELECT first_observed FROM records WHERE native_key = ?", (native_key,)).fetchone()
        return datetime.fromisoformat(row[0]) if row else None

    def said(self, native_key: str, section: str, mark: str) -> Said | None:
        """What is known of a section that says this; None where it is news."""
        query = "SELECT changed, sent FROM sections WHERE native_key = ? AND section = ? AND mark = ?"
        row = self._db.execute(query, (native_key, section, mark)).fetchone()
        return Said(*row) if row else None

    def remember(self, event: RecordObserved, mark: str) -> None:
        self._begin()
        record = (event.native_key, event.first_observed.isoformat())
        self._db.execute("INSERT OR IGNORE INTO records VALUES (?, ?)", record)
        section = (event.native_key, event.section, mark, event.changed, event.sequence)
        self._db.execute("INSERT OR REPLACE INTO sections VALUES (?, ?, ?, ?, ?)", section)

    def goes_to(self, log: str) -> bool:
        """Note which log all is sent to; whether it is another one than before, which knows nothing yet."""
        (before,) = self._db.execute("SELECT log FROM state").fetchone()
        if before != log:
            self._begin()
            self._db.execute("UPDATE state SET log = ?", (log,))
        return before not in {None, log}

    def forget_sent(self) -> None:
        """Nothing counts as sent, so that all is said again; what changed when is still known."""
        self._begin()
        self._db.execute("UPDATE sections SET sent = 0")

    def forget_sections(self, native_key: str) -> None:
        """What comes back after a withdrawal is a change, though the record was first observed long ago."""
        self._begin()
        self._db.execute("DELETE FROM sections WHERE native_key = ?", (native_key,))

    def last_complete(self) -> int | None:
        """How many records the last complete run emitted; None before the first."""
        (emitted,) = self._db.execute("SELECT last_complete FROM state").fetchone()
        return None if emitted is None else int(emitted)

    def completed(self, emitted: int) -> None:
        """Note a complete run; whatever was held is forgotten."""
        self._begin()
        self._db.execute("UPDATE state SET last_complete = ?, held_report = NULL, held_first = NULL", (emitted,))

    def held(self) -> Held | None:
        """The run that waits for a person's word."""
        report, first = self._db.execute("SELECT held_report, held_first FROM state").fetchone()
        return None if report is None else Held(RunReport.model_validate_json(report), first)

    def hold(self, held: Held) -> None:
        """Let this run wait, in the place of one that did before."""
        self._begin()
        self._db.execute(
            "UPDATE state SET held_report = ?, held_first = ?", (held.report.model_dump_json(), held.first)
        )

    def commit(self, last_sequence: int) -> None:
        if self._db.in_transaction:
            self._db.execute("UPDATE state SET last_sequence = ?", (last_sequence,))
            self._db.execute("COMMIT")

    def rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        (self.bytes,) = self._db.execute("SELECT coalesce(sum(length(value)), 0) FROM queue").fetchone()

    def _begin(self) -> None:
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")


def waiting(path: Path) -> int:
    """How many messages wait in an outbox, whoever has it; 0 where its file does not tell."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT count(*) FROM queue").fetchone()[0])
    return 0


def lease_of(path: Path, source: str, patience: float) -> Lease:
    """The lease on an outbox, waited for so many seconds. Raises OutboxBusy, sqlite3.Error."""
    try:
        return Lease(path.with_name(f"{path.name}.lease"), patience)
    except LeaseHeld:
        raise OutboxBusy(
            f"{source} is being collected by {_holder_of(path)}; wait until it is done, or stop it"
        ) from None


def _holder_of(path: Path) -> str:
    """Who has the outbox, as far as its file tells; it may be so new that it does not."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as db:
        return str(db.execute("SELECT holder FROM state").fetchone()[0])
    return "another process"


def mark_of(content: Section, kind: str, rank: int, ranks: Mapping[str, int]) -> str:
    """Equal for sections that say the same: content, kind and trust. Raises ValueError for what JSON cannot say."""
    return f"{content_hash(content)} {rank} {kind} {write_ranks(ranks)}"


def _queued(row: tuple[int, str | None, str, bytes, str, str, bytes]) -> Queued:
    number, marker, topic, key, headers, placement, value = row
    if marker is not None:
        return Queued(number, RunCompleted.model_validate_json(marker))
    return Queued(number, Message(topic, key, headers_from_text(headers), unpack(value), placement))
