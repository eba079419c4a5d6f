"""The schedule of this process, put together: its turn, its workers, upkeep; started, and stopped without a loss."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime

from graph.store import GraphStore
from services import bootstrap, schedule
from services.collecting import OnWait, run_id
from services.isolation import run_isolated
from services.settings import Settings, SourceSettings
from services.turn import Turn
from services.upkeep import Done
from services.upkeep import upkeep as keep_up

RUNS_LOOKED_AT = 20


@contextmanager
def scheduling(settings: Settings, store: GraphStore, on_wait: OnWait) -> Iterator[None]:
    """While it is entered, the schedule runs, or stands by. Runs under way at its end are ended, and reported."""
    stop = threading.Event()
    turn = Turn(store, f"{socket.gethostname()}:{os.getpid()}")

    def run(source: SourceSettings, planned: datetime) -> bool:
        return run_isolated(settings, store, source, planned, on_wait, stop)

    work = schedule.Work(run, lambda source, at: took_place(store, source, at), lambda: run_upkeep(settings), stop)
    scheduler = schedule.make(settings, work, turn)
    try:
        turn.start()
        scheduler.start()
        yield
    finally:  # whenever it is told to end: what was not started yet has nothing to let go
        stop.set()
        turn.stop()
        if scheduler.running:
            scheduler.shutdown()


def took_place(store: GraphStore, source: SourceSettings, planned: datetime) -> bool:
    """Whether the graph knows of a run of the source that was planned for that time."""
    wanted = run_id(source.name, planned)
    return any(run.id == wanted for run in store.runs(source=source.name, limit=RUNS_LOOKED_AT))


def run_upkeep(settings: Settings) -> list[Done]:
    """Do what is due, on a log and a graph of its own."""
    with closing(bootstrap.open_log(settings)) as log, closing(bootstrap.open_store(settings)) as store:
        return keep_up(settings, log, store)
