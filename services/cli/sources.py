"""Commands that collect: import, collect, agree, schedule, sample-city."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from events.log import EventLog, LogUnavailable
from events.models import RunReport
from events.outbox import Outbox
from events.outbox_errors import OutboxUnavailable
from services import bootstrap, logs, schedule
from services.cli.common import FAILED, Config, Failed, settings_of
from services.cli.operating import run_upkeep
from services.cli.output import Format, print_json, print_rows, say, waiting
from services.collecting import Job, collect, drain, preview
from services.collectors import COLLECTORS
from services.sample_city import Size, write_city
from services.settings import ConfigurationError, Settings, SourceSettings

SHOWN = 20
Full = Annotated[bool, typer.Option("--full", help="also say again what did not change since the last run")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("import")(import_files)
    app.command("collect")(collect_source)
    app.command("agree")(agree)
    app.command("schedule")(run_schedule)
    app.command("sample-city")(sample_city)


def import_files(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help=f"one of {', '.join(sorted(COLLECTORS))}")],
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help="files or folders")] = None,
    source: Annotated[str, typer.Option(help="the source's name [default: the type's]")] = "",
    complete: Annotated[
        bool, typer.Option("--complete", help="these files are all the source has: what is missing is retired")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="what would be said, without saying it")] = False,
    full: Full = False,
    config: Config = None,
) -> None:
    """Files of a type become events (for `local`: this computer)."""
    settings = settings_of(config)
    job = _job(settings, kind, paths or [], source or kind, complete=complete)
    if dry_run:
        _show_preview(job)
        return
    known = (configured.max_shrink for configured in settings.sources if configured.name == job.source)
    _run(settings, replace(job, max_shrink=next(known, job.max_shrink)), full=full)


def collect_source(
    source: Annotated[str, typer.Argument(help="a configured source")], full: Full = False, config: Config = None
) -> None:
    """Run a configured source once."""
    settings = settings_of(config)
    _run(settings, job_of(settings, settings.source(source)), full=full)


def agree(
    source: Annotated[str, typer.Argument(help="whose last complete run is held")], config: Config = None
) -> None:
    """Agree to a held run, which is so much smaller than the one before: what it did not see is retired."""
    settings = settings_of(config)
    known = bootstrap.outboxes(settings)
    if source not in known:
        raise Failed(
            f"source {source!r} has no outbox in {bootstrap.outbox_folder(settings)}; agree where it is collected; "
            f"here are {', '.join(known) or 'none'}"
        )
    with _sending(settings, source) as outbox:
        report = outbox.agree()
    if report is None:
        raise Failed(
            f"{source}: no run is held: none was, or a later complete run has taken its place; nothing was changed"
        )
    say(f"{source}: agreed; what run {report.run} did not see is retired (`landkarte inventory` applies it)")


def run_schedule(config: Config = None) -> None:
    """Run the configured sources on their schedules, and upkeep, until stopped."""
    logs.set_up()
    settings = settings_of(config)
    planned = len([source for source in settings.sources if source.schedule])
    runs = f"{planned} sources are on schedule (UTC)" if planned else "no source has a schedule, so none is collected"
    say(f"{runs}; upkeep is done every hour; Ctrl-C stops")
    schedule.make(settings, lambda source: _run_scheduled(settings, source), lambda: run_upkeep(settings)).start()
    threading.Event().wait()


def sample_city(
    out: Annotated[Path, typer.Option(help="the folder to write to")],
    size: Annotated[Size, typer.Option(help="small: a tenth; large: four times")] = Size.CITY,
    seed: Annotated[int, typer.Option(help="the same seed gives the same files")] = 1,
) -> None:
    """Write the sample city's source files."""
    counts = write_city(out, size, seed)
    say(
        f"{out}: {counts.machines} machines in {counts.glpi} GLPI and {counts.fusioninventory} FusionInventory files, "
        f"{counts.rows} rows in {counts.tables} tables"
    )


def job_of(settings: Settings, source: SourceSettings) -> Job:
    """A run of a configured source, now. Raises ConfigurationError, SourceUnavailable."""
    return Job(
        source.name,
        COLLECTORS[source.type],
        source.own(),
        source.trust(),
        source.complete,
        ranks=source.ranks,
        max_shrink=source.max_shrink,
        person=settings.person(source),
    )


def _job(settings: Settings, kind: str, paths: list[Path], source: str, *, complete: bool) -> Job:
    if kind not in COLLECTORS:
        raise ConfigurationError(f"{kind!r} is no type of source; known are {', '.join(sorted(COLLECTORS))}")
    takes_paths = "paths" in COLLECTORS[kind].settings.model_fields
    if takes_paths != bool(paths):
        wants = "needs at least one PATH" if takes_paths else "takes no PATH"
        raise ConfigurationError(f"import {kind} {wants}")
    own = {"paths": paths} if takes_paths else {}
    try:
        checked = SourceSettings.model_validate({"type": kind, "name": source, "complete": complete, **own})
    except ValidationError as error:
        fault = error.errors()[0]
        raise ConfigurationError(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from None
    return job_of(settings, checked)


def _run(settings: Settings, job: Job, *, full: bool) -> None:
    report = run_once(settings, job, full=full)
    show_report(job, report)
    if report.status == "failed":
        raise typer.Exit(FAILED)


def run_once(settings: Settings, job: Job, *, full: bool = False) -> RunReport:
    """Collect into the outbox, then send, waiting for the log. `full`: say what did not change too."""
    with _sending(settings, job.source) as outbox:
        if full:
            outbox.repeat()
        return collect(job, outbox)


@contextmanager
def _sending(settings: Settings, source: str) -> Iterator[Outbox]:
    """The source's outbox; what waits in it at the end is sent, waiting for the log.

    After an error, of which the report may wait there, it is sent if the log answers, so that the error is not kept up.
    """
    with ExitStack() as opened:
        outbox = opened.enter_context(closing(bootstrap.open_outbox(settings, source)))
        log = cache(lambda: opened.enter_context(closing(bootstrap.open_log(settings))))  # opened once it answers
        know_log(outbox, source, log)
        try:
            yield outbox
        except Exception:
            with suppress(LogUnavailable, OutboxUnavailable):  # that error is the one to tell; what waits is not lost
                outbox.drain(log())
            raise
        drain(outbox, log, waiting, threading.Event())


def know_log(outbox: Outbox, source: str, log: Callable[[], EventLog]) -> None:
    """Whether the log has what was said before: all is said again to another one, and where nobody can tell."""
    try:
        if outbox.goes_to(log()):
            say(f"{source}: the log is another one than before, so everything is said again")
    except LogUnavailable:
        outbox.repeat()


def _run_scheduled(settings: Settings, source: SourceSettings) -> None:
    job = job_of(settings, source)
    show_report(job, run_once(settings, job))


def show_report(job: Job, report: RunReport) -> None:
    """What a run used, skipped and could not use, and why."""
    say(
        f"{job.source}: {report.status}; seen {report.seen}, emitted {report.emitted}, skipped {report.skipped}, "
        f"failed {report.failed}"
    )
    for problem in report.problems[:SHOWN]:
        say(f"  {problem.item}: {problem.reason}")
    if len(report.problems) > SHOWN:
        say(f"  and {len(report.problems) - SHOWN} more; `landkarte status` and the API's /runs have them")


def _show_preview(job: Job) -> None:
    seen = preview(job)
    counts = seen.report.counts
    say(f"{job.source}: would say {seen.records} records; nothing was said")
    rows = [
        {"what": what, "name": name, "count": number}
        for what, many in (("kind", seen.kinds), ("section", seen.sections), ("relation", seen.relations))
        for name, number in sorted(many.items())
    ]
    print_rows(rows, {"what": "WHAT", "name": "NAME", "count": "COUNT"}, Format.TABLE)
    for draft in seen.first:
        print_json(draft.model_dump(mode="json") | {"sections": sorted(draft.sections)})
    for problem in seen.report.problems[:SHOWN]:
        say(f"  {problem.item}: {problem.reason}")
    if not seen.records:
        raise Failed(f"nothing usable: {counts['skipped']} skipped, {counts['failed']} failed")
