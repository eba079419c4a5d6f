"""What both logs promise, see `events.log`."""

import os
import threading
from collections import defaultdict
from dataclasses import replace

import pytest

from events.log import (
    CHANGES,
    DEADLETTERS,
    MAX_MESSAGE_BYTES,
    RECORDS,
    RUNS,
    TOPICS,
    EventLog,
    LogUnavailable,
    Message,
    MessageTooLarge,
    PositionLost,
    TopicPartition,
    lag,
    partition_of,
    up_to,
)
from events.sizes import size_of
from tests.events.conftest import PARTITIONS, Logs, message, read_all

FIRST = TopicPartition(RECORDS, 0)


def test_messages_of_a_partition_come_back_in_order(log: EventLog):
    keys = [f"source/{number}#core" for number in range(300)]

    log.append([message(key) for key in keys])

    found = defaultdict(list)
    for stored in read_all(log):
        found[stored.at].append(stored.key.decode())
    expected = defaultdict(list)
    for key in keys:
        expected[TopicPartition(RECORDS, partition_of(key, PARTITIONS))].append(key)
    assert found == expected


def test_every_topic_has_its_own_messages(log: EventLog):
    log.append([message(topic, partition=2, topic=topic) for topic in TOPICS])

    assert {(stored.at, stored.key.decode()) for stored in read_all(log, TOPICS)} == {
        (TopicPartition(topic, 2), topic) for topic in TOPICS
    }


def test_a_message_comes_back_byte_for_byte(log: EventLog):
    headers = (("ce_id", "ä".encode()), ("twice", b"1"), ("twice", b"\x00\xff"), ("empty", b""))
    sent = Message(RECORDS, b"key\x00\xff", headers, bytes(range(256)), 1)

    log.append([sent])

    (stored,) = read_all(log)
    assert (stored.at, stored.offset) == (TopicPartition(RECORDS, 1), 0)
    assert (stored.key, stored.headers, stored.value) == (sent.key, sent.headers, sent.value)


def test_an_empty_value_stays_a_message(log: EventLog):
    log.append([message("a", b"", partition=0)])

    assert [stored.value for stored in read_all(log)] == [b""]


def test_the_largest_value_fits_even_if_it_does_not_compress(log: EventLog):
    value = os.urandom(MAX_MESSAGE_BYTES)

    log.append([message("small", partition=0), message("large", value, partition=0), message("last", partition=0)])

    assert [stored.value == value for stored in read_all(log)] == [False, True, False]


@pytest.mark.parametrize(
    "large",
    [
        message("large", b"x" * (MAX_MESSAGE_BYTES + 1)),
        replace(message("large"), headers=(("dl_reason", b"x" * 2_000_000),)),
    ],
    ids=["value", "headers"],
)
def test_a_message_too_large_is_named_and_nothing_is_stored(log: EventLog, large: Message):
    with pytest.raises(MessageTooLarge, match=r"large: [\d,]{9,} bytes"):
        log.append([message("small"), large])

    assert read_all(log) == []


def test_a_partition_that_does_not_exist_is_refused_and_nothing_is_stored(log: EventLog):
    with pytest.raises(ValueError, match=rf"no partition {RECORDS}/{PARTITIONS}"):
        log.append([message("small"), message("lost", partition=PARTITIONS)])
    with pytest.raises(ValueError, match="no partition elsewhere/0"):
        log.append([message("lost", partition=0, topic="elsewhere")])

    assert read_all(log) == []


def test_the_same_positions_give_the_same_messages(log: EventLog):
    log.append([message(str(number), partition=0) for number in range(20)])
    middle = {FIRST: 7}

    first = log.read(middle, timeout=10, max_bytes=1)
    log.read({FIRST: 15}, timeout=10, max_bytes=1_000_000)
    again = log.read(middle, timeout=10, max_bytes=1)

    assert first == again
    assert [stored.offset for stored in first] == [7]


def test_only_the_partitions_asked_for_are_read(log: EventLog):
    log.append([message(str(number), partition=number % PARTITIONS) for number in range(9)])

    found = log.read({TopicPartition(RECORDS, 1): 1}, timeout=10, max_bytes=1_000_000)

    assert [(stored.at.partition, stored.key) for stored in found] == [(1, b"4"), (1, b"7")]


def test_a_batch_ends_with_the_message_that_reaches_its_size(log: EventLog):
    log.append([message(str(number), os.urandom(1000), partition=number % PARTITIONS) for number in range(60)])
    positions = dict.fromkeys(log.ends([RECORDS]), 0)

    batch = log.read(positions, timeout=10, max_bytes=5000)

    assert 0 < sum(size_of(stored) for stored in batch[:-1]) < 5000


def test_at_least_one_message_is_given_however_small_the_limit(log: EventLog):
    log.append([message("a", b"x" * 5000, partition=0)])

    assert len(log.read({FIRST: 0}, timeout=10, max_bytes=0)) == 1


def test_nothing_new_gives_nothing(log: EventLog):
    log.append([message("a", partition=0)])

    assert log.read({FIRST: 1}, timeout=0.2, max_bytes=1000) == []
    assert log.read({}, timeout=0.2, max_bytes=1000) == []


def test_a_waiting_reader_gets_what_another_object_appends(logs: Logs, log: EventLog):
    writer = logs.open()
    reading = threading.Event()
    found = []

    def wait() -> None:
        reading.set()
        found.extend(log.read({FIRST: 0}, timeout=30, max_bytes=1))

    thread = threading.Thread(target=wait)
    thread.start()
    reading.wait()
    writer.append([message("a", partition=0)])
    thread.join()

    assert [stored.key for stored in found] == [b"a"]


def test_ends_and_lag_count_what_is_not_read(log: EventLog):
    log.append([message(str(number), partition=0) for number in range(5)] + [message("r", partition=1, topic=RUNS)])

    assert log.ends([RECORDS, CHANGES]) == {
        TopicPartition(topic, number): 5 if (topic, number) == FIRST else 0
        for topic in (RECORDS, CHANGES)
        for number in range(PARTITIONS)
    }
    assert lag(log, {FIRST: 2}, [RECORDS, RUNS]) == 4


def test_reading_up_to_the_ends_gives_what_stood_there_then_and_no_more(log: EventLog):
    log.append([message(str(number), partition=number % PARTITIONS) for number in range(60)])
    starts, ends = {FIRST: 5, TopicPartition(RECORDS, 1): 20, TopicPartition(RECORDS, 2): 0}, log.ends([RECORDS])
    log.append([message("late", partition=number) for number in range(PARTITIONS)])

    found = defaultdict(list)
    for batch in up_to(log, starts, ends, max_bytes=1):
        for stored in batch:
            found[stored.at].append(stored.offset)
    assert found == {FIRST: list(range(5, 20)), TopicPartition(RECORDS, 2): list(range(20))}


def test_a_log_that_gives_nothing_though_it_goes_on_is_told(log: EventLog, monkeypatch):
    log.append([message("a", partition=0)])
    monkeypatch.setattr(log, "read", lambda _positions, **_limits: [])

    with pytest.raises(LogUnavailable, match=f"gives nothing from 0 of {RECORDS}/0 on, though it ends at 1; try again"):
        list(up_to(log, {FIRST: 0}, {FIRST: 1}, max_bytes=1000))


def test_compaction_drops_what_was_replaced_and_reading_steps_over_the_gap(logs: Logs, log: EventLog):
    log.append([message("a", b"old", partition=0), message("b", b"kept", partition=0)])
    log.append([message("a", b"new", partition=0)])

    logs.compact(log)

    found = log.read({FIRST: 0}, timeout=10, max_bytes=10_000)
    assert [(stored.offset, stored.key, stored.value) for stored in found[:2]] == [
        (1, b"b", b"kept"),
        (2, b"a", b"new"),
    ]
    assert log.ends([RECORDS])[FIRST] >= 3


def test_topics_that_are_not_compacted_keep_everything(logs: Logs, log: EventLog):
    repeated = [message("a", value, partition=0, topic=DEADLETTERS) for value in (b"1", b"2")]
    log.append([*repeated, *[message("a", value, partition=0) for value in (b"1", b"2")]])

    logs.compact(log)

    assert [stored.value for stored in read_all(log, (DEADLETTERS,))] == [b"1", b"2"]


@pytest.mark.parametrize(
    "lost",
    [{FIRST: 4}, {FIRST: -1}, {TopicPartition(RECORDS, 99): 0}, {TopicPartition("elsewhere", 0): 0}],
    ids=["beyond the end", "negative", "no such partition", "no such topic"],
)
def test_a_position_the_log_does_not_have_is_lost(log: EventLog, lost: dict[TopicPartition, int]):
    log.append([message(str(number), partition=0) for number in range(3)])

    with pytest.raises(PositionLost):
        log.read(lost, timeout=5, max_bytes=1000)

    assert len(log.read({FIRST: 0}, timeout=10, max_bytes=1000)) == 3


def test_identity_stays_with_the_log(logs: Logs, log: EventLog):
    before = log.identity
    log.append([message("a")])

    assert logs.open().identity == before


def test_identity_differs_for_a_log_made_anew(logs: Logs, log: EventLog):
    before = log.identity

    logs.replace()

    assert logs.open().identity != before


def test_reopening_keeps_messages_and_partitions(logs: Logs, log: EventLog):
    log.append([message("a", partition=0)])
    log.close()

    again = logs.open()

    assert again.partitions(RECORDS) == PARTITIONS
    assert [stored.key for stored in read_all(again)] == [b"a"]


def test_concurrent_appenders_lose_and_mix_nothing(logs: Logs):
    def write(log: EventLog, name: str) -> None:
        for number in range(0, 60, 3):
            log.append([message(f"{name}/{number + step}", partition=0) for step in range(3)])

    writers = {name: logs.open() for name in "abcd"}
    threads = [threading.Thread(target=write, args=(log, name)) for name, log in writers.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    keys = [stored.key.decode() for stored in read_all(writers["a"])]
    for name in writers:
        assert [key for key in keys if key.startswith(name)] == [f"{name}/{number}" for number in range(60)]


def test_closing_twice_does_nothing(log: EventLog):
    log.append([message("a")])

    log.close()
    log.close()
