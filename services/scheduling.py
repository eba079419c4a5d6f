"""The schedule of this process, put together: its turn, its workers, upkeep; started, and stopped without a loss."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial

from graph.store import GraphStore
from services import bootstrap, schedule
from services.collecting import run_id
from services.isolation import run_isolated
from services.sending import Sender
from services.settings import Settings, SourceSettings
from services.turn import Turn
from services.upkeep import Done
from services.upkeep import upkeep as keep_up

RUNS_LOOKED_AT = 20


@contextmanager
def scheduling(settings: Settings, store: GraphStore) -> Iterator[None]:
    """While it is entered, the schedule runs, or stands by. Runs under way at its end are ended, and reported."""
    stop = threading.Event()
    work = _work(settings, store, stop)
    turn = Turn(store, bootstrap.owner(), lambda: schedule.make_up(settings, scheduler))
    scheduler = schedule.make(settings, work, turn)
    try:
        scheduler.start()  # its jobs wait for the turn
        turn.start()
        yield
    finally:  # whenever it is told to end: what was not started yet has nothing to let go
        stop.set()
        turn.dismiss()
        if scheduler.running:
            scheduler.shutdown()
        turn.stop()  # last: another scheduler may begin what has ended here


def _work(settings: Settings, store: GraphStore, stop: threading.Event) -> schedule.Work:
    sender = Sender(settings, stop)
    last: dict[str, datetime] = {}
    """The planned time of each source's last usable run here, which the graph may not know yet."""

    def run(source: SourceSettings, planned: datetime) -> bool:
        usable = run_isolated(settings, store, source, planned, sender, stop)
        if usable:
            last[source.name] = planned
        return usable

    def done(source: SourceSettings, planned: datetime) -> bool:
        return last.get(source.name) == planned or took_place(store, source, planned)

    return schedule.Work(run, done, partial(run_upkeep, settings), sender.send, stop)


def took_place(store: GraphStore, source: SourceSettings, planned: datetime) -> bool:
    """Whether the graph knows of a usable run of the source that was planned for that time."""
    wanted = run_id(source.name, planned)
    runs = store.runs(source=source.name, limit=RUNS_LOOKED_AT)
    return any(run.id == wanted and run.status != "failed" for run in runs)


def run_upkeep(settings: Settings) -> list[Done]:
    """Do what is due, on a log and a graph of its own."""
    with closing(bootstrap.open_log(settings)) as log, closing(bootstrap.open_store(settings)) as store:
        return keep_up(settings, log, store)
