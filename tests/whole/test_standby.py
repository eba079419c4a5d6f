"""Several inventory processes on the real servers: one writes, the others take over; nothing is lost or set back."""

import random
import signal
import threading

import pytest

from events.codec import decode, encode
from events.kafka_log import KafkaLog
from events.log import CHANGES, DEADLETTERS, RECORDS, TopicPartition
from events.models import Identifier, Reference, Relation, Section
from graph.neo4j_store import Neo4jStore
from services.positions import LogReplaced
from tests.inventory.oracle import frozen, graph_of
from tests.inventory.test_batch import observed
from tests.servers.process import await_condition
from tests.whole.processes import kill
from tests.whole.profiles import apply

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
MACHINES, SOURCES, ROUNDS = 150, "abcd", 4
PARTITIONS = 6


def load(rounds, seed=1):
    """Events of four sources about the same machines, that share and lose identifiers from round to round."""
    rnd, sequence, events = random.Random(seed), 100, []
    for _ in range(rounds):
        for number in range(MACHINES):
            for source in rnd.sample(SOURCES, 3):
                sequence += 1
                events.append(observed(f"{source}/{number}", sequence, _content(rnd, number), first=number))
    return events


def _content(rnd, number):
    near = max(0, number - rnd.choice([0, 0, 0, 1]))
    names = [
        Identifier(scheme="serial", value=f"Dell\tS{near:04}"),
        Identifier(scheme="mac", value=f"00e04c68{number:04x}"),
        Identifier(scheme="ip", value=f"198.18.{number // 250}.{number % 250 + 1}"),
    ]
    other = rnd.randrange(MACHINES)
    waiting = Reference(scheme="ip", value=f"198.18.{other // 250}.{other % 250 + 1}", kind="Server")
    return Section(
        name=f"srv{number}",
        identifiers=rnd.sample(names, rnd.choice([1, 2, 3])),
        properties={"memory_mib": rnd.choice([8, 16])},
        relations=[Relation(type="CONNECTS_TO", to=waiting)],
    )


def shown(store):
    nodes, edges = store.everything()
    return frozen([node for node in nodes if node.retired_at is None], edges)


def positions(store):
    return {at: after for log in store.logs() for at, after in store.positions(log).items()}


@pytest.fixture
def servers(kafka, neo4j):
    kafka.wipe()
    neo4j.wipe()
    log, store = KafkaLog(kafka.bootstrap, PARTITIONS), Neo4jStore(neo4j.uri)
    yield log, store
    store.close()
    log.close()


def test_writers_killed_and_frozen_again_and_again_leave_the_graph_of_one_undisturbed(servers, landkarte):
    log, store = servers
    landkarte.env["LANDKARTE_BATCH_BYTES"] = "30000"
    running = {}

    def writer():
        owner = store.status().writer
        return next((process for process in running.values() if owner.endswith(f":{process.pid}")), None)

    for number in range(3):
        running[number] = landkarte.start("inventory")
    events, seen, frozen_ones = load(ROUNDS), {}, []
    chunk = len(events) // 6
    for part in range(6):
        log.append([encode(item.event) for item in events[part * chunk : (part + 1) * chunk]])
        await_condition(lambda: writer() is not None and moved(store, seen), seconds=60, what="a writer to move on")
        disturbed = writer()
        if part % 2:
            disturbed.send_signal(signal.SIGSTOP)
            frozen_ones.append(disturbed)
        else:
            kill(disturbed)
            number = next(number for number, process in running.items() if process is disturbed)
            running[number] = landkarte.start("inventory")
        await_condition(lambda d=disturbed: writer() not in {None, d}, seconds=75, what="another to take over")
        at = positions(store)
        assert all(at.get(place, 0) >= offset for place, offset in seen.items())
        seen.update(at)
        while frozen_ones:
            frozen_ones.pop().send_signal(signal.SIGCONT)
    log.append([encode(item.event) for item in events[6 * chunk :]])
    ends = log.ends([RECORDS])
    await_condition(
        lambda: all(positions(store).get(tuple(at), 0) >= end for at, end in ends.items()), seconds=120, what="the end"
    )
    for process in running.values():
        kill(process)

    assert shown(store) == graph_of(events)
    assert set(log.ends([DEADLETTERS]).values()) == {0}
    numbers = [
        decode(message).sequence for message in log.read({TopicPartition(CHANGES, 0): 0}, timeout=5, max_bytes=1 << 28)
    ]
    journal = [entry.number for entry in store.changes(limit=1_000_000)]
    assert journal == list(range(1, len(journal) + 1))
    assert set(numbers) <= set(journal)


def moved(store, seen):
    at = positions(store)
    return sum(at.values()) > sum(seen.values())


def test_a_topic_made_anew_stops_with_an_error_instead_of_skipping(kafka, servers):
    log, store = servers
    log.append([encode(item.event) for item in load(1)[:20]])
    apply(log, store)
    before, at = shown(store), positions(store)
    kafka.wipe()

    other = KafkaLog(kafka.bootstrap, PARTITIONS)
    other.append([encode(item.event) for item in load(1)[20:40]])
    with pytest.raises(LogReplaced, match="recreated or copied"):
        apply(other, store)
    assert (shown(store), positions(store)) == (before, at)
    other.close()


def test_a_database_outage_of_a_minute_under_load_dead_letters_nothing(neo4j, servers, landkarte):
    log, store = servers
    landkarte.env["LANDKARTE_BATCH_BYTES"] = "30000"
    events = load(2)
    log.append([encode(item.event) for item in events[: len(events) // 2]])
    inventory = landkarte.start("inventory")
    await_condition(lambda: positions(store), seconds=60, what="the inventory to move on")
    neo4j.kill()
    landkarte.await_line("does not answer")
    away = threading.Event()
    log.append([encode(item.event) for item in events[len(events) // 2 :]])
    away.wait(60)  # the outage itself: its length is what is tested
    neo4j.start()
    ends = log.ends([RECORDS])
    await_condition(
        lambda: all(positions(store).get(tuple(at), 0) >= end for at, end in ends.items()), seconds=120, what="the end"
    )
    kill(inventory)

    assert shown(store) == graph_of(events)
    assert set(log.ends([DEADLETTERS]).values()) == {0}
