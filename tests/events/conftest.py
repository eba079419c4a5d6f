"""Both logs behind one handle, so that a contract is tested on each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from events.kafka_log import KafkaLog
from events.log import RECORDS, EventLog, Message, StoredMessage, TopicPartition
from events.sqlite_log import SqliteLog
from tests.servers.kafka_server import KafkaServer
from tests.servers.process import await_condition

PARTITIONS = 3
EAGER_COMPACTION = {
    "segment.ms": "1",
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "1",
    "min.cleanable.dirty.ratio": "0.001",
}


class Logs:
    """One place where a log is kept; `open` gives another object on the same log."""

    def __init__(self) -> None:
        self.opened: list[EventLog] = []

    def open(self) -> EventLog:
        self.opened.append(self._open())
        return self.opened[-1]

    def close(self) -> None:
        for log in self.opened:
            log.close()

    def _open(self) -> EventLog:
        raise NotImplementedError

    def replace(self) -> None:
        """What was there is gone; `open` gives a new, empty log."""
        raise NotImplementedError

    def compact(self, log: EventLog) -> None:
        """Returns when the first message of records/0 was dropped."""
        raise NotImplementedError


class SqliteLogs(Logs):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._path = folder / "log.db"

    def _open(self) -> SqliteLog:
        return SqliteLog(self._path, PARTITIONS)

    def replace(self) -> None:
        self.close()
        for file in self._path.parent.glob("log.db*"):
            file.unlink()

    def compact(self, log: EventLog) -> None:
        assert isinstance(log, SqliteLog)
        log.compact()


class KafkaLogs(Logs):
    def __init__(self, server: KafkaServer) -> None:
        super().__init__()
        self._server = server
        server.wipe()

    def _open(self) -> KafkaLog:
        return KafkaLog(self._server.bootstrap, PARTITIONS)

    def replace(self) -> None:
        self.close()
        self._server.wipe()

    def compact(self, log: EventLog) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self._server.bootstrap)
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, RECORDS, EAGER_COMPACTION)])
        admin.close()
        # The segment that is written to is never compacted; one more message closes it.
        log.append([message(f"other-{number}", partition=0) for number in range(2)])
        start = {TopicPartition(RECORDS, 0): 0}
        await_condition(
            lambda: log.read(start, timeout=5, max_bytes=1)[0].offset > 0, seconds=240, what="Kafka to compact"
        )


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.servers)])
def logs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Logs]:
    made = SqliteLogs(tmp_path) if request.param == "sqlite" else KafkaLogs(request.getfixturevalue("kafka"))
    yield made
    made.close()


@pytest.fixture
def log(logs: Logs) -> EventLog:
    return logs.open()


def message(key: str, value: bytes = b"{}", *, partition: int | None = None, topic: str = RECORDS) -> Message:
    return Message(topic, key.encode(), (), value, key if partition is None else partition)


def read_all(log: EventLog, topics: tuple[str, ...] = (RECORDS,)) -> list[StoredMessage]:
    """Everything up to the ends as they are now."""
    ends = log.ends(topics)
    positions = dict.fromkeys(ends, 0)
    found: list[StoredMessage] = []
    while any(position < ends[at] for at, position in positions.items()):
        batch = log.read(positions, timeout=10, max_bytes=100_000)
        assert batch, "the log ends before its ends"
        found += batch
        positions |= {stored.at: stored.offset + 1 for stored in batch}
    return found
