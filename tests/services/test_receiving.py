"""Reading the log: what is read ahead, what need not be read again, and what becomes of what cannot be read."""

import pytest

from events.deadletters import read_dead_letter
from events.log import RECORDS, LogUnavailable, StoredMessage, TopicPartition
from events.models import Section
from services.receiving import Receiver
from tests.inventory.feeding import program
from tests.inventory.test_batch import observed
from tests.services.graphs import Landscape

FIRST, OTHER = Section(name="x"), Section(name="y")


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "one")
    yield found
    found.close()


def start(city):
    return dict.fromkeys(city.log.ends([RECORDS]), 0)


def after(positions, received):
    return positions | {item.message.at: item.message.offset + 1 for item in received}


def test_what_the_graph_has_is_not_read_again_but_what_the_batch_before_changes_is(city):
    city.apply(observed("a/1", 10, FIRST))
    at = start(city) | city.log.ends([RECORDS])
    city.say(observed("a/1", 11, FIRST), observed("a/1", 12, OTHER), observed("a/1", 13, FIRST))
    receiver, found = Receiver(city.log, city.store, max_bytes=1), []
    for _ in range(3):  # nothing is applied meanwhile: the graph has FIRST all the time
        received = receiver.read(at, timeout=0)
        at, found = after(at, received), found + received
    receiver.forget()

    assert [item.arrived.unread for item in found] == [True, False, False]
    assert [item.arrived.event.content.name for item in found] == ["", "y", "x"]


def test_a_section_of_another_kind_is_read_again(city):
    """What may be said depends on the kind."""
    runs = Section(name="x", relations=(program("bash", "5.1"),))
    city.apply(observed("a/1", 10, runs))
    at = start(city) | city.log.ends([RECORDS])
    city.say(observed("a/1", 11, runs, kind="Location"))

    (item,) = Receiver(city.log, city.store, max_bytes=1 << 20).read(at, timeout=0)

    assert (item.arrived, item.confirmed.record) == (None, "a/1")
    assert "INSTALLED does not lead from Location" in read_dead_letter(_as_stored(item.dead)).reason


def test_reading_elsewhere_than_ahead_gives_what_stands_there(city):
    city.say(*(observed("a/1", 10 + n, Section(name=str(n))) for n in range(4)))
    receiver = Receiver(city.log, city.store, max_bytes=1)
    first = receiver.read(start(city), timeout=0)
    receiver.read(after(start(city), first), timeout=0)

    again = receiver.read(start(city), timeout=0)
    receiver.forget()

    assert [item.arrived.event for item in again] == [item.arrived.event for item in first]


def test_an_outage_while_reading_ahead_is_told_to_who_reads_there_and_loses_nothing(city, monkeypatch):
    city.say(observed("a/1", 10, FIRST), observed("a/1", 11, OTHER))
    receiver, read = Receiver(city.log, city.store, max_bytes=1), city.log.read
    outage = [LogUnavailable("gone for a while")]

    def failing_once(positions, **more):
        if any(positions.values()) and outage:
            raise outage.pop()
        return read(positions, **more)

    monkeypatch.setattr(city.log, "read", failing_once)
    at = after(start(city), receiver.read(start(city), timeout=0))

    with pytest.raises(LogUnavailable, match="gone for a while"):
        receiver.read(at, timeout=0)
    (item,) = receiver.read(at, timeout=0)
    receiver.forget()
    assert item.arrived.event.content == OTHER


def test_a_graph_built_of_batches_read_ahead_is_that_of_one_batch(tmp_path):
    events = [observed(f"a/{n % 5}", 10 + n, Section(name=f"{n}", properties={"cores": n}), first=1) for n in range(60)]
    one, many = Landscape(tmp_path / "one"), Landscape(tmp_path / "many")
    for city, size in ((one, 1 << 20), (many, 1)):
        assert city.apply(*events, max_bytes=size) == 60

    assert one.shown() == many.shown()
    assert [(node.name, node.properties) for node in many.store.assets()] == [
        (str(n), {"cores": n}) for n in range(55, 60)
    ]
    one.close(), many.close()


def _as_stored(message):
    return StoredMessage(TopicPartition(message.topic, 0), 0, message.key, message.headers, message.value)
