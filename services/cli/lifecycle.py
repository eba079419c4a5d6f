"""Command lifecycle: a newer table of lifecycles, looked at before it is used."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from events.models import Draft
from graph.store import GraphReader
from inventory.lifecycle_changes import FactChange, Update
from inventory.lifecycle_records import aliases_of, decisions_of, matcher_of
from inventory.matching import Matcher
from inventory.milestones import VERDICTS
from inventory.obsolescence import Question, obsolete
from inventory.things import PARTS
from services import bootstrap
from services.asking import Asked, question_of
from services.cli.common import FAILED, Config, Failed, settings_of
from services.cli.output import Format, fields, print_rows, say, waiting
from services.cli.reading import As
from services.cli.sources import show_report
from services.collecting import Job
from services.collectors.base import Report, Run
from services.collectors.lifecycle.collector import OWN
from services.running import job_of, run_once
from services.settings import Settings, load_source

COLUMNS = {"kind": "KIND", "name": "NAME", "what": "WHAT", "before": "BEFORE", "after": "AFTER", "counts": "COUNTS"}
SHOWN = 50


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    group = typer.Typer(help="Facts about the lifecycles of products.", no_args_is_help=True)
    group.command("update")(update)
    group.callback()(lambda: None)
    app.add_typer(group, name="lifecycle")


def update(
    place: Annotated[
        str, typer.Argument(metavar="[FILE|URL]", help="a newer table; none: the source's own, or the bundled one")
    ] = "",
    source: Annotated[
        str, typer.Option(show_default="by the file, endoflife or lifecycle", help="the source that says it")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="what would change, without saying it")] = False,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """Say a newer table of lifecycles: endoflife.date's (JSON, a file or its address), or the city's own."""
    settings = settings_of(config)
    job = _job(settings, place, source)
    if not dry_run:
        report = run_once(settings, job, waiting, say)
        show_report(job, report)
        if report.status in {"failed", "held"}:
            raise typer.Exit(FAILED)
        return
    drafts = _drafts(job)
    with closing(bootstrap.open_store(settings)) as store:
        _show(store, Update(store, job.source, drafts), question_of(store, Asked(), settings.support.policy()), form)


def _job(settings: Settings, place: str, name: str) -> Job:
    """The configured source of that name, or one of that type; with another place where one is given."""
    kind = "lifecycle" if place.casefold().endswith(OWN) else "endoflife"
    configured = {source.name: source for source in settings.sources if source.type == kind}
    name = name or next(iter(configured), kind)
    if name in configured and not place:
        return job_of(settings, configured[name])
    where: dict[str, object] = {"url": place} if "://" in place else {"paths": [Path(place)]} if place else {}
    rank = {"rank": configured[name].rank} if name in configured else {}
    return job_of(settings, load_source({"type": kind, "name": name, **rank, **where}))


def _drafts(job: Job) -> list[Draft]:
    """What the table would say. Raises Failed for one with faults, SourceUnavailable."""
    drafts, report = list[Draft](), Report()
    job.collector.collect(job.settings, Run(drafts.append, report))
    for problem in report.problems:
        say(f"  {problem.item}: {problem.reason}")
    if report.problems:
        raise Failed(f"{job.source}: the table has faults; nothing of it would be used")
    return drafts


def _show(reader: GraphReader, update: Update, question: Question, form: Format) -> None:
    changes = list(update.changes())
    shown = changes[:SHOWN] if form is Format.TABLE else changes
    print_rows([fields(change) for change in shown], COLUMNS, form)
    if len(changes) > len(shown):
        say(f"… and {len(changes) - len(shown):,} more; --format csv")
    say(_counted(changes))
    before = obsolete(reader, matcher_of(reader), question)
    after = obsolete(reader, Matcher(update.table(), aliases_of(reader), decisions_of(reader)), question)
    for part in PARTS:
        for verdict in VERDICTS:
            was, then = before.totals[part, verdict], after.totals[part, verdict]
            if was != then:
                say(f"{part}: {was:,} → {then:,} {verdict}")


def _counted(changes: list[FactChange]) -> str:
    new, gone = (sum(change.what == what for change in changes) for what in ("new", "gone"))
    return f"{new:,} new, {gone:,} gone, {len(changes) - new - gone:,} facts of others changed; nothing was said"
