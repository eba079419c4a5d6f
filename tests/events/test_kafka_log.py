"""What is particular to the log in Kafka, on a real broker; the rest is in test_log_contract."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kafka import TopicPartition as KafkaPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from events.kafka_client import KafkaSecurity
from events.kafka_log import KafkaLog, TopicMisconfigured
from events.log import CHANGES, RECORDS, RUNS, TOPICS, LogUnavailable, PositionLost, TopicPartition, up_to
from tests.events.conftest import message, read_all
from tests.servers.kafka_server import KafkaServer
from tests.servers.process import free_port

pytestmark = pytest.mark.servers
FIRST = TopicPartition(RECORDS, 0)
DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def broker(kafka: KafkaServer) -> Iterator[KafkaServer]:
    """Empty, and running again afterwards."""
    kafka.wipe()
    yield kafka
    if not kafka.running:
        kafka.start()


@pytest.fixture
def log(broker: KafkaServer) -> Iterator[KafkaLog]:
    log = KafkaLog(broker.bootstrap, 2, wait_seconds=2)
    yield log
    log.close()


@pytest.fixture
def admin(broker: KafkaServer) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    yield admin
    admin.close()


def settings(admin: KafkaAdminClient, topic: str) -> dict[str, str]:
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])["topic"][topic]
    return {name: entry["value"] for name, entry in found.items()}


def test_records_are_compacted_and_never_expire(log: KafkaLog, admin: KafkaAdminClient):
    found = settings(admin, RECORDS)

    assert found["cleanup.policy"] == "compact"
    assert int(found["delete.retention.ms"]) >= 30 * DAY_MS
    assert int(found["max.message.bytes"]) > 8 * 1024 * 1024
    assert log.partitions(RECORDS) == 2


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic != RECORDS])
@pytest.mark.usefixtures("log")
def test_the_other_topics_are_kept_for_over_a_year(admin: KafkaAdminClient, topic: str):
    found = settings(admin, topic)

    assert found["cleanup.policy"] == "delete"
    assert int(found["retention.ms"]) > 366 * DAY_MS
    assert int(found["max.message.bytes"]) > 8 * 1024 * 1024


@pytest.mark.parametrize(
    ("setting", "value"), [("cleanup.policy", "delete"), ("max.message.bytes", "1000000")], ids=["policy", "size"]
)
@pytest.mark.usefixtures("log")
def test_a_topic_that_would_lose_messages_is_refused(admin, broker: KafkaServer, setting: str, value: str):
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, RECORDS, {setting: value})])

    with pytest.raises(TopicMisconfigured, match=rf"{broker.bootstrap}: topic {RECORDS} has {setting}={value}"):
        KafkaLog(broker.bootstrap)


def test_a_reader_who_begins_gets_what_retention_left(log: KafkaLog, admin: KafkaAdminClient):
    at = TopicPartition(RUNS, 1)
    log.append([message(str(number), partition=1, topic=RUNS) for number in range(5)])
    admin.delete_records({KafkaPartition(*at): 3})

    assert [stored.offset for stored in log.read({at: 0}, timeout=10, max_bytes=1000)] == [3, 4]
    with pytest.raises(PositionLost):
        log.read({at: 1}, timeout=10, max_bytes=1000)


def test_reading_up_to_the_ends_leaves_out_what_has_expired(log: KafkaLog, admin: KafkaAdminClient, monkeypatch):
    monkeypatch.setattr("events.log.SILENT_SECONDS", 1.0)
    log.append([message(str(number), partition=number % 2, topic=RUNS) for number in range(10)])
    admin.delete_records({KafkaPartition(RUNS, 0): 5, KafkaPartition(RUNS, 1): 3})
    ends = log.ends([RUNS])

    found = [stored for batch in up_to(log, dict.fromkeys(ends, 0), ends, max_bytes=1000) for stored in batch]
    assert [(stored.at.partition, stored.offset) for stored in found] == [(1, 3), (1, 4)]


def test_every_call_tells_of_the_outage_and_works_again_after_it(log: KafkaLog, broker: KafkaServer):
    log.append([message("before", partition=0)])
    assert len(log.read({FIRST: 0}, timeout=10, max_bytes=1)) == 1
    broker.kill()

    calls = (
        lambda: log.append([message("lost?", partition=0)]),
        lambda: log.read({FIRST: 1}, timeout=0.5, max_bytes=1),
        lambda: log.ends([RECORDS]),
        lambda: log.identity,
    )
    for call in calls:
        with pytest.raises(LogUnavailable, match=f"Kafka at {broker.bootstrap} gives no answer: "):
            call()
    broker.start()

    log.append([message("after", partition=0)])
    keys = [stored.key for stored in read_all(log)]
    assert (keys[0], keys[-1]) == (b"before", b"after")
    assert log.identity


def test_what_failed_is_not_sent_later(broker: KafkaServer):
    log = KafkaLog(broker.bootstrap, 2, wait_seconds=10)  # longer than the broker takes to come back
    log.append([message("key", b"1", partition=0)])
    broker.kill()
    with pytest.raises(LogUnavailable):
        log.append([message("key", b"2", partition=0)])
    broker.start()

    log.append([message("key", b"3", partition=0)])
    log.close()

    with closing(KafkaLog(broker.bootstrap)) as again:
        assert [stored.value for stored in read_all(again)] == [b"1", b"3"]


def test_a_dead_broker_costs_no_threads_and_files(log: KafkaLog, broker: KafkaServer):
    broker.kill()

    def outage() -> tuple[int, int]:
        for call in (lambda: log.ends([RECORDS]), lambda: log.read({FIRST: 0}, timeout=0.1, max_bytes=1)):
            with pytest.raises(LogUnavailable):
                call()
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    after_one = outage()
    for _ in range(10):
        after_many = outage()

    assert after_many == after_one


def test_a_topic_made_anew_while_in_use_changes_the_identity(log: KafkaLog, broker: KafkaServer):
    before = log.identity
    broker.wipe()
    KafkaLog(broker.bootstrap, 2).close()

    assert log.identity != before


def test_the_watchdog_replaces_a_consumer_that_stalls(log: KafkaLog, monkeypatch):
    log.append([message("a", partition=0)])
    log.read({FIRST: 0}, timeout=10, max_bytes=1)
    log.append([message("b", partition=0)])
    stalled = log._reader._client._client
    monkeypatch.setattr(stalled, "poll", lambda **_: {})
    monkeypatch.setattr(log._reader, "_stall_seconds", 0.0)

    assert log.read({FIRST: 1}, timeout=0.1, max_bytes=1) == []
    found = log.read({FIRST: 1}, timeout=10, max_bytes=1)

    assert [stored.key for stored in found] == [b"b"]
    assert log._reader._client._client is not stalled


def test_reading_on_keeps_the_consumers_position(log: KafkaLog, monkeypatch):
    log.append([message(str(number), partition=0) for number in range(10)])
    first = log.read({FIRST: 0}, timeout=10, max_bytes=1)
    seeks = []
    monkeypatch.setattr(log._reader._client._client, "seek", lambda *at: seeks.append(at))

    second = log.read({FIRST: 1}, timeout=10, max_bytes=1)

    assert ([stored.offset for stored in first], [stored.offset for stored in second]) == ([0], [1])
    assert seeks == []


def test_large_messages_are_not_held_all_at_once(log: KafkaLog):
    value = b"x" * 2_000_000  # compresses to nothing, so that one fetch brings all of them
    log.append([message(str(number), value, partition=0) for number in range(12)])

    sizes = []
    position = 0
    while position < 12:
        batch = log.read({FIRST: position}, timeout=10, max_bytes=3_000_000)
        sizes.append(len(batch))
        position = batch[-1].offset + 1

    assert set(sizes) <= {1, 2}


def test_processes_that_open_at_once_make_the_topics_once(broker: KafkaServer):
    opened: list[KafkaLog] = []
    threads = [threading.Thread(target=lambda: opened.append(KafkaLog(broker.bootstrap, 2))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({log.identity for log in opened}) == 1
    assert {log.partitions(CHANGES) for log in opened} == {2}
    for log in opened:
        log.close()


def test_no_broker_at_the_address_is_told_with_the_address():
    address = f"127.0.0.1:{free_port()}"

    with pytest.raises(LogUnavailable, match=f"Kafka at {address} gives no answer: ConnectionRefusedError"):
        KafkaLog(address)


def test_several_addresses_may_be_given(broker: KafkaServer):
    with closing(KafkaLog(f"127.0.0.1:{free_port()},{broker.bootstrap}", 2)) as log:
        log.append([message("a")])


def test_secrets_are_not_shown():
    security = KafkaSecurity(
        "SASL_SSL", mechanism="SCRAM-SHA-512", user="landkarte", password="geheim", key_password="x9"
    )

    assert "geheim" not in repr(security)
    assert "x9" not in repr(security)


def test_security_settings_reach_the_client(broker: KafkaServer):
    security = KafkaSecurity("SASL_PLAINTEXT", mechanism="PLAIN", user="landkarte", password="geheim")

    with pytest.raises(LogUnavailable) as caught:
        KafkaLog(broker.bootstrap, security=security, wait_seconds=2)

    assert "geheim" not in str(caught.value)


def test_the_last_place_of_a_topic_that_has_expired_is_lost(log: KafkaLog, admin: KafkaAdminClient):
    """By which the publisher of changes tells it from one that is slow."""
    at = TopicPartition(CHANGES, 0)
    log.append([message(str(number), partition=0, topic=CHANGES) for number in range(3)])
    admin.delete_records({KafkaPartition(*at): 3})

    assert log.ends([CHANGES])[at] == 3
    with pytest.raises(PositionLost):
        log.read({at: 2}, timeout=10, max_bytes=1)
