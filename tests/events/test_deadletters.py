import pytest

from events.codec import decode, encode
from events.deadletters import NoDeadLetter, dead_letter, read_dead_letter
from events.log import DEADLETTERS, RECORDS, EventLog, StoredMessage, TopicPartition, partition_of
from tests.events.conftest import PARTITIONS, message, read_all
from tests.events.test_codec import COMPLETED, OBSERVED

ORIGIN = TopicPartition(RECORDS, 1)


def lost(value: bytes = b"\xff?", headers: tuple[tuple[str, bytes], ...] = ()) -> StoredMessage:
    return StoredMessage(ORIGIN, 42, b"k\xff", headers, value)


def test_a_dead_letter_keeps_the_message_whole(log: EventLog):
    bad = lost(headers=(("dl_reason", b"its own"), ("twice", b"1"), ("twice", b"2")))

    log.append([dead_letter(bad, "Bytes sind kein JSON: ä")])

    (found,) = [read_dead_letter(stored) for stored in read_all(log, (DEADLETTERS,))]
    assert (found.origin, found.offset, found.reason) == (ORIGIN, 42, "Bytes sind kein JSON: ä")
    assert (found.original.topic, found.original.key) == (RECORDS, bad.key)
    assert (found.original.headers, found.original.value) == (bad.headers, bad.value)


def test_the_same_origin_gives_the_same_letter():
    assert dead_letter(lost(), "reason") == dead_letter(lost(), "reason")
    assert dead_letter(lost(), "reason").key == b"landkarte.records/1@42"


@pytest.mark.parametrize("event", [OBSERVED, COMPLETED], ids=["record", "marker"])
def test_a_retry_goes_to_the_partition_it_belongs_to(log: EventLog, event):
    sent = encode(event.model_copy(update={"partition": 1}))
    number = partition_of(sent.placement, PARTITIONS)
    at = TopicPartition(RECORDS, number)
    log.append([dead_letter(StoredMessage(at, 5, sent.key, sent.headers, sent.value), "the code was wrong")])
    (letter,) = [read_dead_letter(stored) for stored in read_all(log, (DEADLETTERS,))]

    log.append([letter.original])

    (again,) = read_all(log)
    assert again.at == at
    assert decode(again) == decode(sent)


def test_another_message_is_no_dead_letter(log: EventLog):
    log.append([message("a", topic=DEADLETTERS)])

    with pytest.raises(NoDeadLetter, match=r"landkarte\.deadletters/\d@0"):
        read_dead_letter(read_all(log, (DEADLETTERS,))[0])
