"""Reading from Kafka by positions of one's own, without a consumer group."""

import time
from collections.abc import Callable, Iterable, Sequence

from kafka import KafkaConsumer
from kafka import TopicPartition as KafkaPartition
from kafka.consumer.fetcher import ConsumerRecord

from events.kafka_client import Client, Cluster
from events.log import COMPACTED, Positions, StoredMessage, TopicPartition
from events.sizes import size_of

STALL_SECONDS = 30.0
FETCH_BYTES = 8 * 1024 * 1024
"""What one broker sends at once, compressed; a single larger message comes all the same."""
LINGER_SECONDS = 0.05
"""How long to wait for more once there is something: a transaction for every few messages would be slow."""

Ends = Callable[[Sequence[str]], dict[TopicPartition, int]]
Starts = Callable[[Iterable[TopicPartition]], dict[TopicPartition, int]]


class Reader:
    """Reads from one consumer, which goes on where the last call ended if the positions say so, else is set anew.

    Watchdog: when the log has messages beyond the positions and the consumer gives none for `stall_seconds`, the
    consumer is replaced (kafka-python had such stalls).
    """

    def __init__(self, cluster: Cluster, ends: Ends, starts: Starts, *, stall_seconds: float = STALL_SECONDS) -> None:
        self._client = Client(cluster, _consumer)
        self._ends, self._starts = ends, starts
        self._stall_seconds = stall_seconds
        self._consumer: KafkaConsumer | None = None
        self._at: dict[TopicPartition, int] = {}
        self._progress = time.monotonic()

    def read(self, positions: Positions, *, timeout: float, max_bytes: int) -> list[StoredMessage]:
        """See `EventLog.read`."""
        if not positions:
            return []
        with self._client.use() as consumer:
            self._place(consumer, positions)
            found = self._poll(consumer, timeout, max_bytes)
        if found:
            self._progress = time.monotonic()
        else:
            self._check(positions)
        return found

    def close(self) -> None:
        self._client.close()

    def _place(self, consumer: KafkaConsumer, positions: Positions) -> None:
        if consumer is not self._consumer:
            self._consumer, self._at, self._progress = consumer, {}, time.monotonic()
        if self._at.keys() != positions.keys():
            consumer.assign([KafkaPartition(*at) for at in positions])
            self._at = {}
        wanted = {at: position for at, position in positions.items() if self._at.get(at) != position}
        for at, position in (wanted | self._beginnings(wanted)).items():
            consumer.seek(KafkaPartition(*at), position)
        self._at.update(wanted)

    def _beginnings(self, wanted: Positions) -> dict[TopicPartition, int]:
        """Who has read nothing yet begins with what retention has left, and has lost nothing by it."""
        fresh = [at for at, position in wanted.items() if position == 0 and at.topic not in COMPACTED]
        return self._starts(fresh) if fresh else {}

    def _poll(self, consumer: KafkaConsumer, timeout: float, max_bytes: int) -> list[StoredMessage]:
        found: list[StoredMessage] = []
        size, wait = 0, timeout
        while not found or size < max_bytes:
            # One at a time: a poll decompresses all it returns, and a few large ones would exceed any limit.
            records = consumer.poll(timeout_ms=int(wait * 1000), max_records=1)
            if not records:
                return found
            wait = min(wait, LINGER_SECONDS)
            for message in [_message(record) for group in records.values() for record in group]:
                found.append(message)
                size += size_of(message)
                self._at[message.at] = message.offset + 1
        return found

    def _check(self, positions: Positions) -> None:
        """Tell an outage and a stall, during which the consumer is silent, from an idle log. Raises LogUnavailable."""
        try:
            ends = self._ends(sorted({at.topic for at in positions}))
        except BaseException:
            self._client.close()
            raise
        if all(ends[at] <= position for at, position in positions.items()):
            self._progress = time.monotonic()
        elif time.monotonic() - self._progress > self._stall_seconds:
            self._client.close()


def _message(record: ConsumerRecord) -> StoredMessage:
    at = TopicPartition(record.topic, record.partition)
    headers = tuple((name, value or b"") for name, value in record.headers)
    return StoredMessage(at, record.offset, record.key or b"", headers, record.value or b"")


def _consumer(settings: dict[str, object]) -> KafkaConsumer:
    return KafkaConsumer(
        **settings,
        enable_auto_commit=False,
        auto_offset_reset="none",
        fetch_max_bytes=FETCH_BYTES,
        max_partition_fetch_bytes=FETCH_BYTES // 4,
        fetch_max_wait_ms=200,
        allow_auto_create_topics=False,
    )
