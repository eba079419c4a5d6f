"""The log in Kafka: the server profile."""

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer
from kafka import TopicPartition as KafkaPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, OffsetSpec
from kafka.errors import KafkaError, TopicAlreadyExistsError

from events.kafka_client import Client, Cluster, KafkaSecurity
from events.kafka_reader import Reader
from events.log import (
    COMPACTED,
    MAX_MESSAGE_BYTES,
    RECORDS,
    RUNS,
    TOPICS,
    LogUnavailable,
    Message,
    PositionLost,
    Positions,
    StoredMessage,
    TopicPartition,
    partition_of,
)
from events.sizes import check_sizes, in_batches

REQUEST_BYTES = MAX_MESSAGE_BYTES + 2 * 1024 * 1024
"""The largest value with room for its headers and for what does not compress."""
OUTSTANDING_BYTES = 8 * 1024 * 1024
"""How much is handed to the producer before its acknowledgements are awaited: kafka-python itself sets no limit."""
BATCH_BYTES = 256 * 1024
DAY_MS = 24 * 60 * 60 * 1000
RETENTION_DAYS = 400
"""Of runs, dead letters and changes: a year and a month, so that last year's can be compared. Records have no end."""
PLAINTEXT = KafkaSecurity()
_COMMON = {"max.message.bytes": str(REQUEST_BYTES), "message.timestamp.type": "LogAppendTime"}
_COMPACT = {
    "cleanup.policy": "compact",
    "delete.retention.ms": str(45 * DAY_MS),
    "min.compaction.lag.ms": str(DAY_MS // 24),
    "max.compaction.lag.ms": str(7 * DAY_MS),  # what a source took back is gone from the disk after that time
}
_DELETE = {"cleanup.policy": "delete", "retention.ms": str(RETENTION_DAYS * DAY_MS)}


class TopicMisconfigured(Exception):
    """A topic exists with settings under which messages would be lost; the text names it and what to set."""


class KafkaLog:
    """See `EventLog`. An object belongs to the process that opened it; its threads may share it.

    `partitions` and `replication` apply to topics that are made; a topic's number of partitions must never change, or
    keys change their partition. Every call ends within about twice `wait_seconds`, `read` after `timeout` in addition.
    Opening raises TopicMisconfigured.
    """

    def __init__(
        self,
        bootstrap: str,
        partitions: int = 6,
        replication: int = 1,
        *,
        security: KafkaSecurity = PLAINTEXT,
        wait_seconds: float = 8.0,
    ) -> None:
        cluster = Cluster(bootstrap, security, wait_seconds)
        self._bootstrap, self._wait = bootstrap, wait_seconds
        self._admin = Client(cluster, _admin)
        self._producer = Client(cluster, _producer, _close_producer)
        self._reader = Reader(cluster, self.ends, self._start_of)
        try:
            self._create(partitions, replication)
            self._layout = {topic["name"]: len(topic["partitions"]) for topic in self._describe(TOPICS)}
            self._check_settings()
        except BaseException:
            self.close()
            raise

    @property
    def identity(self) -> str:
        """Cluster id and the ids of the topics whose positions are kept, asked anew each time."""
        names = [self._admin.ask(lambda admin: str(admin.describe_cluster()["cluster_id"]))]
        names += [str(topic["topic_id"]) for topic in self._describe((RECORDS, RUNS))]
        return hashlib.blake2b(" ".join(names).encode(), digest_size=16).hexdigest()

    def partitions(self, topic: str) -> int:
        return self._layout[topic]

    def append(self, messages: Sequence[Message]) -> None:
        check_sizes(messages)
        for message in messages:
            self._target(message)
        for batch in in_batches(messages, OUTSTANDING_BYTES):
            with self._producer.use() as producer:
                self._send(producer, batch)

    def read(self, positions: Positions, *, timeout: float, max_bytes: int) -> list[StoredMessage]:
        for at, position in positions.items():
            if position < 0 or not 0 <= at.partition < self._layout.get(at.topic, 0):
                raise PositionLost(
                    f"Kafka at {self._bootstrap} has no position {position} of {at.topic}/{at.partition}"
                )
        return self._reader.read(positions, timeout=timeout, max_bytes=max_bytes)

    def ends(self, topics: Sequence[str]) -> dict[TopicPartition, int]:
        wanted = [TopicPartition(t, number) for t in topics for number in range(self._layout.get(t, 0))]
        return self._offsets(wanted, OffsetSpec.LATEST)

    def close(self) -> None:
        for client in (self._producer, self._reader, self._admin):
            client.close()

    def _target(self, message: Message) -> int:
        count = self._layout.get(message.topic, 0)
        partition = partition_of(message.placement, max(1, count))
        if not 0 <= partition < count:
            raise ValueError(f"Kafka at {self._bootstrap}: there is no partition {message.topic}/{partition}")
        return partition

    def _send(self, producer: KafkaProducer, batch: Iterable[Message]) -> None:
        """Hand over, then wait for every acknowledgement or failure, whichever comes first.

        Nothing is left behind in the producer: a message sent late, after its successor with the same key had been sent
        again by another producer, would win the compaction.
        """
        futures, failure = self._hand_over(producer, batch)
        deadline = time.monotonic() + 2 * self._wait
        for future in futures:
            try:
                future.get(timeout=max(0.0, deadline - time.monotonic()))
            except KafkaError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def _hand_over(self, producer: KafkaProducer, batch: Iterable[Message]) -> tuple[list[Any], KafkaError | None]:
        futures: list[Any] = []
        try:
            for message in batch:
                where = {"partition": self._target(message), "headers": list(message.headers)}
                futures.append(producer.send(message.topic, message.value, message.key, **where))
        except KafkaError as error:
            return futures, error
        return futures, None

    def _create(self, partitions: int, replication: int) -> None:
        with self._admin.use() as admin:
            missing = set(TOPICS) - set(admin.list_topics())
            if not missing:
                return
            durable = {"min.insync.replicas": str(max(1, replication - 1))}
            topics = {
                topic: {
                    "num_partitions": partitions,
                    "replication_factor": replication,
                    "configs": _COMMON | durable | _settings(topic),
                }
                for topic in missing
            }
            with suppress(TopicAlreadyExistsError):  # another process was quicker; what it made is checked all the same
                admin.create_topics(topics)
            admin.wait_for_topics(list(TOPICS), timeout_ms=int(self._wait * 1000))

    def _describe(self, topics: Sequence[str]) -> list[Mapping[str, Any]]:
        told = self._admin.ask(lambda admin: admin.describe_topics(list(topics)))
        found = {topic["name"]: topic for topic in told if not topic["error_code"]}
        if missing := set(topics) - set(found):
            raise LogUnavailable(f"Kafka at {self._bootstrap} has no topic {', '.join(sorted(missing))} now")
        return [found[topic] for topic in topics]

    def _check_settings(self) -> None:
        resources = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in TOPICS]
        found = self._admin.ask(lambda admin: admin.describe_configs(resources)["topic"])
        for topic in TOPICS:
            policy = found[topic]["cleanup.policy"]["value"]
            size = int(found[topic]["max.message.bytes"]["value"])
            if policy != _settings(topic)["cleanup.policy"]:
                self._misconfigured(topic, f"cleanup.policy={policy}", _settings(topic)["cleanup.policy"])
            if size < REQUEST_BYTES:
                self._misconfigured(topic, f"max.message.bytes={size}", f"{REQUEST_BYTES} or more")

    def _misconfigured(self, topic: str, found: str, wanted: str) -> None:
        raise TopicMisconfigured(
            f"Kafka at {self._bootstrap}: topic {topic} has {found}, with which messages would be lost; set {wanted}"
        )

    def _start_of(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return self._offsets(partitions, OffsetSpec.EARLIEST)

    def _offsets(self, partitions: Iterable[TopicPartition], spec: OffsetSpec) -> dict[TopicPartition, int]:
        wanted = {KafkaPartition(*at): spec for at in partitions}
        found = self._admin.ask(lambda admin: admin.list_partition_offsets(wanted))
        return {TopicPartition(*at): value.offset for at, value in found.items()}


def _settings(topic: str) -> dict[str, str]:
    return _COMPACT if topic in COMPACTED else _DELETE


def _admin(settings: dict[str, object]) -> KafkaAdminClient:
    return KafkaAdminClient(**{name: value for name, value in settings.items() if name != "metrics_enabled"})


def _producer(settings: dict[str, object]) -> KafkaProducer:
    wait = int(str(settings["request_timeout_ms"]))
    return KafkaProducer(
        **settings,
        enable_idempotence=True,
        acks="all",
        compression_type="gzip",
        batch_size=BATCH_BYTES,
        max_request_size=REQUEST_BYTES,
        max_block_ms=wait,
        delivery_timeout_ms=wait + 1000,  # must be longer than one request, or kafka-python refuses it
        allow_auto_create_topics=False,
    )


def _close_producer(producer: KafkaProducer) -> None:
    try:
        producer.close(timeout=1)
    except KafkaError:
        # It refuses to close with something unsent, and would send it later: see KafkaLog._send.
        producer._sender.force_close()  # noqa: SLF001 - kafka-python has no public way to drop what is unsent
