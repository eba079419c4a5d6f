"""The journal for others: each entry once, whatever the log does; and what is dropped of the journal, and when."""

import threading
from datetime import timedelta

import pytest

from events.codec import decode, encode
from events.log import CHANGES, LogUnavailable, PositionLost, TopicPartition
from events.models import Section
from events.sqlite_log import SqliteLog
from services import consumer
from services.consumer import BUILDING
from services.publishing import Publisher
from tests.inventory.test_batch import START, observed
from tests.services.graphs import Landscape, later

CHANGED = TopicPartition(CHANGES, 0)


class Faulty(SqliteLog):
    """What the topic of changes does wrong: gives nothing so many times, or has expired, or is away so many times."""

    silent, expired, away = 0, False, 0

    def read(self, positions, *, timeout, max_bytes):
        if CHANGED in positions and self.expired:
            raise PositionLost("it has expired")
        if CHANGED in positions and self.silent:
            self.silent -= 1
            return []
        return super().read(positions, timeout=timeout, max_bytes=max_bytes)

    def append(self, messages):
        if self.away and messages and messages[0].topic == CHANGES:
            self.away -= 1
            super().append(messages[:1])
            raise LogUnavailable("the cable was pulled")
        super().append(messages)


@pytest.fixture
def city(tmp_path, monkeypatch):
    monkeypatch.setattr(consumer, "BACK_OFF", (0.01,))
    found = Landscape(tmp_path / "one", Faulty(tmp_path / "log.db", partitions=1))
    yield found
    found.close()


def server(number):
    """One record, said on the day of that number."""
    return later(observed(f"a/{number}", 10 + number, Section(name="x"), first=0), days=number)


def published(city):
    found = SqliteLog.read(city.log, {CHANGED: 0}, timeout=0, max_bytes=1 << 24)
    return [decode(message).sequence for message in found]


def kept(city):
    return [entry.number for entry in city.store.changes()]


def test_a_topic_that_hesitates_is_not_taken_for_an_empty_one(city):
    city.apply(server(1), server(2))
    city.log.silent = 1

    city.apply(server(3))
    assert published(city) == [1, 2, 3]


def test_a_topic_that_gives_nothing_though_it_has_entries_is_waited_for(city, monkeypatch):
    monkeypatch.setattr("events.log.SILENT_SECONDS", 0.01)
    city.apply(server(1), server(2))
    city.log.silent = 1000

    with pytest.raises(LogUnavailable, match=f"gives nothing from 1 of {CHANGES}/0 on"):
        Publisher(city.log, city.store).publish()


def test_what_was_published_and_has_expired_is_not_published_again(city):
    city.apply(server(1), server(2))
    city.log.expired = True

    city.apply(server(3))
    assert published(city) == [1, 2, 3]


def test_what_was_stored_before_the_log_went_away_is_not_published_again(city):
    city.log.away = 2

    city.apply(server(1), server(2), server(3), server(4))
    assert published(city) == [1, 2, 3, 4]


def test_nothing_is_dropped_that_was_not_published(city):
    city.apply(*(server(number) for number in range(4)), publish=False)
    city.log.away = 1

    city.apply(journal_days=2, clock=lambda: START + timedelta(days=4))
    assert published(city) == [1, 2, 3, 4]
    assert kept(city) == [4]


def test_a_process_that_runs_once_drops_what_need_not_be_kept(city):
    city.apply(*(server(number) for number in range(4)))

    city.apply(journal_days=2, clock=lambda: START + timedelta(days=4))
    assert kept(city) == [4]


class Busy(Faulty):
    """Somebody says something more each time before it is read, until `stop` is set."""

    def __init__(self, path):
        super().__init__(path, 1)
        self.said, self.stop = 0, threading.Event()

    def read(self, positions, *, timeout, max_bytes):
        self.said += 1
        if self.said == 20:
            self.stop.set()
        self.append([encode(server(self.said))])
        return super().read(positions, timeout=timeout, max_bytes=max_bytes)


def test_a_process_that_is_never_idle_drops_it_too_and_ends_its_building(tmp_path):
    busy = Landscape(tmp_path / "busy", Busy(tmp_path / "log.db"))
    with busy.consumer(journal_days=2, clock=lambda: START + timedelta(days=4)) as working:
        working.run(busy.log.stop)

    assert kept(busy)[0] > 1
    assert busy.store.note(BUILDING) == ""
    busy.close()
