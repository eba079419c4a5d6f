"""The composition root: settings become the parts that run. Nothing is connected before it is asked for here."""

import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from events.kafka_log import KafkaLog
from events.log import EventLog
from events.models import CURATION
from events.outbox import Clock, Outbox
from events.sqlite_log import SqliteLog
from graph.sqlite_store import SqliteStore
from graph.store import GraphReader, GraphStore
from inventory.decisions import MATCHING
from services.consumer import Consumer, OnWait
from services.lookup import NotFound
from services.settings import Settings

PATIENCE = 30.0
"""Seconds for which an outbox is waited, by those who have to have it: longer than anybody sends in one go."""


def open_log(settings: Settings) -> EventLog:
    """The configured log. Raises LogUnavailable, FileDamaged."""
    return _log(settings.log)


def log_to_copy(address: str) -> EventLog:
    """An existing log, to be copied. Raises NotFound, LogUnavailable, FileDamaged."""
    if address.startswith("sqlite:") and not _path(address).is_file():
        raise NotFound(f"log {_path(address)}: there is no such file to copy from")
    return _log(address)


def copy_of_log(address: str, partitions: int) -> EventLog:
    """The log to copy to, made with so many partitions where it is missing, and not compacted by this object.

    Raises LogUnavailable, FileDamaged.
    """
    if address.startswith("kafka:"):
        return KafkaLog(address.removeprefix("kafka://"), partitions)
    return SqliteLog(_file(address), partitions, compact_from=sys.maxsize)


def _log(address: str) -> EventLog:
    return KafkaLog(address.removeprefix("kafka://")) if address.startswith("kafka:") else SqliteLog(_file(address))


def open_store(settings: Settings) -> GraphStore:
    """The configured graph. Raises StoreUnavailable, SchemaDiffers, FileDamaged."""
    scheme, _, address = settings.graph.partition("://")
    if scheme == "sqlite":
        return SqliteStore(_file(settings.graph))
    from graph.neo4j_store import Neo4jStore  # noqa: PLC0415 - the embedded profile starts faster without the driver

    password = settings.password()
    return Neo4jStore(f"bolt://{address}", auth=(settings.graph_user, password) if password else None)


@contextmanager
def read_graph(settings: Settings) -> Iterator[GraphReader]:
    """The configured graph, for reading, while the context lasts. Raises what `open_store` does, and AccessDenied."""
    with closing(open_store(settings)) as store:
        yield store


def open_outbox(
    settings: Settings, source: str, clock: Clock = lambda: datetime.now(UTC), *, patience: float = 0.0
) -> Outbox:
    """The source's outbox, waited for so many seconds. Raises OutboxBusy, OutboxUnavailable, FileDamaged."""
    folder = outbox_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{source}.db"
    if source not in {CURATION, MATCHING}:
        return Outbox(path, source, clock=clock, patience=patience)
    # Persons correct at several computers, each with an outbox of its own: there nobody knows what was said last.
    return Outbox(path, source, clock=clock, repeat_after=timedelta(0), patience=PATIENCE)


def outbox_folder(settings: Settings) -> Path:
    """Where the outboxes lie."""
    return settings.data_dir / "outbox"


def outboxes(settings: Settings) -> list[str]:
    """The sources that were ever collected on this computer."""
    return sorted(path.stem for path in outbox_folder(settings).glob("*.db"))


def make_consumer(settings: Settings, log: EventLog, store: GraphStore, on_wait: OnWait) -> Consumer:
    """The inventory of this process."""
    return Consumer(
        log,
        store,
        owner=owner(),
        on_wait=on_wait,
        max_bytes=settings.batch_bytes,
        publish=settings.publish_changes,
        journal_days=settings.journal_days,
        policy=settings.support.policy(),
    )


def owner() -> str:
    """Who holds a lease, for people, and like no other: in two containers host and process may have the same names."""
    return f"{socket.gethostname()}:{secrets.token_hex(4)}:{os.getpid()}"


def embedded(settings: Settings) -> bool:
    """Whether log and graph are files of this computer, so that one process does all."""
    return settings.log.startswith("sqlite:") and settings.graph.startswith("sqlite:")


def _file(address: str) -> Path:
    path = _path(address)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _path(address: str) -> Path:
    """`sqlite:///var/log.db` is relative and `sqlite:////var/log.db` absolute, as in SQLAlchemy's addresses."""
    return Path(address.removeprefix("sqlite://").removeprefix("/"))
