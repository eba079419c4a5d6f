"""A run of a configured source on this computer: its outbox, whether the log is the one it knows, and sending."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache, partial

from events.log import EventLog, LogUnavailable
from events.models import RunReport
from events.outbox import Outbox
from events.outbox_errors import OutboxUnavailable
from services import bootstrap
from services.collecting import Job, OnWait, collect, drain
from services.collectors import COLLECTORS
from services.settings import Settings, SourceSettings

Tell = Callable[[str], None]
"""Says a line to the person, or to the log."""


def job_of(settings: Settings, source: SourceSettings, planned: datetime | None = None) -> Job:
    """A run of a configured source, planned for now or that time. Raises ConfigurationError, SourceUnavailable."""
    return Job(
        source.name,
        COLLECTORS[source.type],
        source.own(),
        source.trust(),
        source.complete,
        planned or datetime.now(UTC),
        ranks=source.ranks,
        max_shrink=source.max_shrink,
        person=settings.person(source),
        graph=partial(bootstrap.read_graph, settings),
    )


def run_once(settings: Settings, job: Job, on_wait: OnWait, tell: Tell, *, full: bool = False) -> RunReport:
    """Collect into the outbox, then send, waiting for the log. `full`: say what did not change too."""
    with sending(settings, job.source, on_wait, tell) as outbox:
        if full:
            outbox.repeat()
        return collect(job, outbox)


@contextmanager
def sending(
    settings: Settings, source: str, on_wait: OnWait, tell: Tell, stop: threading.Event | None = None
) -> Iterator[Outbox]:
    """The source's outbox; what waits in it at the end is sent, waiting for the log until `stop` is set.

    After an error, of which the report may wait there, it is sent if the log answers, so that the error is not kept up.
    """
    with knowing_log(settings, source, tell) as (outbox, log):
        try:
            yield outbox
        except Exception:
            with suppress(LogUnavailable, OutboxUnavailable):  # that error is the one to tell; what waits is not lost
                outbox.drain(log())
            raise
        drain(outbox, log, on_wait, stop or threading.Event())


@contextmanager
def knowing_log(
    settings: Settings, source: str, tell: Tell, patience: float = 0.0
) -> Iterator[tuple[Outbox, Callable[[], EventLog]]]:
    """The source's outbox, which knows whether the log has what it said before; and the log, opened once it answers."""
    with ExitStack() as opened:
        outbox = opened.enter_context(closing(bootstrap.open_outbox(settings, source, patience=patience)))
        log = cache(lambda: opened.enter_context(closing(bootstrap.open_log(settings))))
        know_log(outbox, source, log, tell)
        yield outbox, log


def know_log(outbox: Outbox, source: str, log: Callable[[], EventLog], tell: Tell) -> None:
    """Whether the log has what was said before: all is said again to another one, and where nobody can tell.

    Once: what comes later in an outage goes to the same log as what waits already.
    """
    try:
        if outbox.goes_to(log()):
            tell(f"{source}: the log is another one than before, so everything is said again")
    except LogUnavailable:
        if not outbox.depth():
            outbox.repeat()
