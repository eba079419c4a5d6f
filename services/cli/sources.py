"""Commands that collect: import, collect, agree, schedule, sample-city."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from events.models import RunReport
from services import bootstrap, logs
from services.cli.common import FAILED, Config, Failed, end_when_told, patiently, settings_of, until_stopped
from services.cli.output import Format, counted, print_json, print_rows, say, waiting
from services.collecting import Job, preview
from services.collectors import COLLECTORS
from services.collectors.pushed import PUSHED
from services.running import job_of, run_once, sending
from services.sample_city import Size, write_city
from services.scheduling import scheduling
from services.settings import ConfigurationError, Settings, SourceSettings, load_source

SHOWN = 20
IMPORTED = sorted(COLLECTORS.keys() - PUSHED)
"""The types that fetch something."""
REPORTED = ("skipped", "failed", "remarked")
MANY = (list, tuple, set, frozenset)
Full = Annotated[bool, typer.Option("--full", help="also say again what did not change since the last run")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("import")(import_files)
    app.command("collect")(collect_source)
    app.command("agree")(agree)
    app.command("schedule")(run_schedule)
    app.command("sample-city")(sample_city)


def import_files(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help=f"one of {', '.join(IMPORTED)}")],
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help="files or folders")] = None,
    source: Annotated[str, typer.Option(show_default="the type's", help="the source's name")] = "",
    complete: Annotated[
        bool, typer.Option("--complete", help="these files are all the source has: what is missing is retired")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="what would be said, without saying it")] = False,
    own: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="a setting of the type's own; again for a list's next value"),
    ] = None,
    full: Full = False,
    config: Config = None,
) -> None:
    """Files of a type become events (for `local`: this computer)."""
    settings = settings_of(config)
    job = _job(settings, kind, _own(kind, paths or [], own or []), source or kind, complete=complete)
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
    with sending(settings, source, waiting, say) as outbox:
        report = outbox.agree()
    if report is None:
        raise Failed(
            f"{source}: no run is held: none was, or a later complete run has taken its place; nothing was changed"
        )
    say(f"{source}: agreed; what run {report.run} did not see is retired (`landkarte inventory` applies it)")


def run_schedule(config: Config = None) -> None:
    """Run the configured sources on their schedules, and upkeep, until stopped."""
    logs.set_up()
    end_when_told()
    settings = settings_of(config)
    planned = len([source for source in settings.sources if source.schedule])
    none = "no source has a schedule, so none is collected"
    runs = f"{counted(planned, 'source')} on schedule (UTC)" if planned else none
    say(f"{runs}; upkeep is done every hour; Ctrl-C stops")
    with closing(patiently(lambda: bootstrap.open_store(settings))) as store, scheduling(settings, store):
        until_stopped()


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


def _job(settings: Settings, kind: str, own: dict[str, object], source: str, *, complete: bool) -> Job:
    checked = load_source({"type": kind, "name": source, "complete": complete, **own})
    return job_of(settings, checked)


def _own(kind: str, paths: list[Path], given: list[str]) -> dict[str, object]:
    """The type's own settings, as PATH and --set say them. Raises ConfigurationError, BrokenCollector."""
    if kind not in COLLECTORS:
        raise ConfigurationError(f"{kind!r} is no type of source; known are {', '.join(IMPORTED)}")
    if kind in PUSHED:
        raise ConfigurationError(f"import {kind}: such a source is pushed to; configure one, and run `landkarte serve`")
    fields = {field.alias or name: field for name, field in COLLECTORS[kind].settings.model_fields.items()}
    if paths and "paths" not in fields:
        raise ConfigurationError(f"import {kind} takes no PATH")
    if not paths and "paths" in fields and fields["paths"].is_required():
        raise ConfigurationError(f"import {kind} needs at least one PATH")
    own: dict[str, object] = {"paths": paths} if paths else {}
    return own | _set(kind, fields, given)


def _set(kind: str, fields: Mapping[str, FieldInfo], given: list[str]) -> dict[str, object]:
    """Values by setting, as text, which the type's own model reads; those of a list as a list."""
    values: dict[str, list[str]] = {}
    known = sorted(fields.keys() - {"paths"} - SourceSettings.model_fields.keys())
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or name not in known:
            raise ConfigurationError(f"--set {name}: import {kind} takes KEY=VALUE of {', '.join(known) or 'nothing'}")
        values.setdefault(name, []).append(value)
    many = {name for name in values if _takes_many(fields[name].annotation)}
    if twice := sorted(name for name in values.keys() - many if len(values[name]) > 1):
        raise ConfigurationError(f"--set {twice[0]}: it takes one value")
    return {name: found if name in many else found[0] for name, found in values.items()}


def _takes_many(annotation: object) -> bool:
    """Whether a setting is a list of some form, or may be one."""
    return get_origin(annotation) in MANY or any(get_origin(part) in MANY for part in get_args(annotation))


def _run(settings: Settings, job: Job, *, full: bool) -> None:
    report = run_once(settings, job, waiting, say, full=full)
    show_report(job, report)
    if report.status == "failed":
        raise typer.Exit(FAILED)


def show_report(job: Job, report: RunReport) -> None:
    """What a run used, skipped and could not use, and why."""
    say(
        f"{job.source}: {report.status}; seen {report.seen}, emitted {report.emitted}, skipped {report.skipped}, "
        f"failed {report.failed}"
    )
    for problem in report.problems[:SHOWN]:
        say(f"  {problem.item}: {problem.reason}")
    if len(report.problems) > SHOWN:
        say(f"  and {len(report.problems) - SHOWN} more; the API's /runs has them")


def _show_preview(job: Job) -> None:
    seen = preview(job)
    counts = seen.report.counts
    say(f"{job.source}: would say {counted(seen.records, 'record')}; nothing was said")
    rows = [
        {"what": what, "name": name, "count": number}
        for what, many in (("kind", seen.kinds), ("section", seen.sections), ("relation", seen.relations))
        for name, number in sorted(many.items())
    ]
    print_rows(rows, {"what": "WHAT", "name": "NAME", "count": "COUNT"}, Format.TABLE)
    for draft in seen.first:
        print_json(draft.model_dump(mode="json") | {"sections": sorted(draft.sections)})
    for problem in seen.report.problems:  # all of them: nothing else keeps those of a preview
        say(f"  {problem.item}: {problem.reason}")
    if hidden := sum(counts[what] for what in REPORTED) - len(seen.report.problems):
        say(f"  and {hidden} more")
    if not seen.records and not seen.report.problems:
        raise Failed("there is nothing in what was read; is it still empty, or another one than you mean?")
    if not seen.records and (counts["skipped"] or counts["failed"]):
        raise Failed(f"nothing usable: {counts['skipped']} skipped, {counts['failed']} failed")
