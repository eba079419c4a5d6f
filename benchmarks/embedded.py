"""The embedded profile: loading SQLite beside the bare upsert, a question as of a month back, memory."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from benchmarks import city
from benchmarks.figures import Figure, seconds_of, told
from events.sqlite_log import SqliteLog
from graph.sqlite_schema import SCHEMA
from graph.sqlite_store import SqliteStore
from graph.values import pages
from inventory.lifecycle import load_table
from inventory.matching import Matcher
from inventory.obsolescence import Question, obsolete
from inventory.rows import Rows
from services.answers import past_of
from services.consumer import Consumer
from services.sample_city import Size

ROWS, SHOWN = 5000, 100
"""Rows a transaction; and how many of an answer are read."""


def run(size: Size, folder: Path) -> Iterator[Figure]:
    """First load from a SQLite log, beside `executemany` of the same rows into the same tables."""
    log = _filled_log(size, folder)
    store = SqliteStore(folder / "graph.db")
    with told("first load: Landkarte into SQLite"):
        ours, _ = seconds_of(lambda: Consumer(log, store, owner="bench").catch_up())
    relations = store.status().relationships
    store.close()
    log.close()
    with told("the same rows by executemany"):
        plain, rows = seconds_of(lambda: _copy(folder / "graph.db", folder / "bare.db"))
    yield Figure("sqlite", "rows", rows, "")
    yield Figure("sqlite", "Landkarte", relations / ours, "relationships/s")
    yield Figure("sqlite", "bare upsert", relations / plain, "relationships/s")
    yield Figure("sqlite", "Landkarte : bare upsert", plain / ours, "times", least=0.5)


def memory(size: Size, folder: Path) -> Iterator[Figure]:  # noqa: ARG001 - always small and large, whatever is asked
    """Peak resident memory of the inventory process for a small city and one of four times its size."""
    peaks = {}
    for name, copies in (("city", Size.CITY), ("large", Size.LARGE)):
        place = folder / name
        place.mkdir()
        _filled_log(copies, place).close()
        with told(f"the inventory of the {name} city"):
            peaks[name] = _peak(place)
        yield Figure("memory", name, peaks[name], "MiB")
    yield Figure("memory", "large : city", peaks["large"] / peaks["city"], "times", most=1.2)


def as_of(size: Size, folder: Path) -> Iterator[Figure]:
    """What is obsolete, as of a month back, after 5 % of the machines changed one package."""
    log, store = _filled_log(size, folder), SqliteStore(folder / "graph.db")
    Consumer(log, store, owner="bench").catch_up()
    moment = datetime.now(UTC)
    for first in range(5):
        city.change(folder / "city", first)
    city.say(folder / "city", folder / "outboxes", log)
    Consumer(log, store, owner="bench").catch_up()
    matcher, question = Matcher(load_table()), Question(on=moment.date() - timedelta(days=30))
    now, _ = seconds_of(lambda: Rows(store, matcher, obsolete(store, matcher, question))[:SHOWN])
    start = time.perf_counter()
    with past_of(store, moment) as past:
        opened = time.perf_counter() - start
        changed = past.changed
        rows = Rows(past, matcher, obsolete(past, matcher, question))[:SHOWN]
    yield Figure("as-of", "assets set back", changed, "")
    yield Figure("as-of", "rows read", len(rows), "")
    yield Figure("as-of", "obsolete, now", now, "s")
    yield Figure("as-of", "of it setting back", opened, "s")
    yield Figure("as-of", "obsolete, as of then", time.perf_counter() - start, "s", most=10)


def _filled_log(size: Size, folder: Path) -> SqliteLog:
    log = SqliteLog(folder / "log.db")
    with told(f"collecting the {size.value} city"):
        city.say(city.write_files(folder / "city", size), folder / "outboxes", log)
    return log


def _copy(source: Path, target: Path) -> int:
    """Every row of every table, upserted 5,000 a transaction."""
    total = 0
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        new.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {SCHEMA}")
        for (table,) in old.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            width = len(old.execute(f"SELECT * FROM {table} LIMIT 1").description)  # noqa: S608 - tables of our own
            statement = f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * width)})"  # noqa: S608 - the same
            for page in pages(old.execute(f"SELECT * FROM {table}"), ROWS):  # noqa: S608 - the same
                new.executemany(statement, page)
                new.commit()
                total += len(page)
    return total


def _peak(folder: Path) -> float:
    """MiB that `landkarte inventory --once` held at most."""
    env = os.environ | {
        "LANDKARTE_LOG": f"sqlite:///{folder / 'log.db'}".replace(":///", ":////"),
        "LANDKARTE_GRAPH": f"sqlite:///{folder / 'graph.db'}".replace(":///", ":////"),
        "LANDKARTE_DATA_DIR": str(folder),
    }
    command = [str(Path(sys.executable).parent / "landkarte"), "inventory", "--once"]
    process = psutil.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        try:
            peak = max(peak, process.memory_info().rss / 1024**2)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.05)  # a sample of its memory
    if process.wait():
        raise SystemExit("the inventory failed")
    return peak
