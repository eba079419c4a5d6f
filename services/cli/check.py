"""Commands check and collectors: whether what is configured works, and what may be configured."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from events.outbox_errors import OutboxBusy
from services import bootstrap
from services.cli.check_graph import check_graph
from services.cli.common import EXPECTED, FAILED, Config, settings_of
from services.cli.output import Format, cell, counted, print_rows, say
from services.collecting import crash
from services.collectors import COLLECTORS, BrokenCollector
from services.collectors.base import Check
from services.schedule import trigger_of
from services.settings import ConfigurationError, Settings, SourceSettings

SECONDS = 120.0
"""How long the check of one source may take."""
NEXT = 3
"""How many of the next times of a schedule are told."""
As = Annotated[Format, typer.Option("--format", help="how it is printed")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("check")(check)
    app.command("collectors")(collectors)


def check(
    source: Annotated[str, typer.Argument(help="a configured source: its connection and its rights are tried")] = "",
    graph: Annotated[
        bool, typer.Option("--graph", help="compare the graph with what its records say, and list what differs")
    ] = False,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """Check the configuration, the log and the graph, and whether the sources' paths are there; nothing is collected.

    With SOURCE that source alone: its connection, its rights, its files. With --graph the graph alone: whether somebody
    has changed it by hand.
    """
    settings = settings_of(config)
    if graph:
        if source:
            raise typer.BadParameter("it compares the whole graph, and takes no SOURCE", param_hint="--graph")
        check_graph(settings, form)
        return
    checks = list(_of_source(settings, settings.source(source)) if source else _of_all(settings))
    rows = [{"what": one.what, "state": "missing" if one.fault else "good", "fault": one.fault} for one in checks]
    print_rows(rows, {"what": "WHAT", "state": "STATE", "fault": "FAULT"}, form)
    if not source and settings.sources:
        say("no source was connected to: `landkarte check SOURCE` tries one")
    if any(one.fault for one in checks):
        raise typer.Exit(FAILED)


def _of_all(settings: Settings) -> Iterator[Check]:
    yield Check(f"configuration, {counted(len(settings.sources), 'source')}")
    for name, address, opened in (
        ("log", settings.log, lambda: bootstrap.open_log(settings).identity),
        ("graph", settings.graph, lambda: bootstrap.open_store(settings).status().schema),
    ):
        try:
            opened()
        except EXPECTED as error:
            yield Check(f"{name} {address}", str(error))
        else:
            yield Check(f"{name} {address}")
    for name in COLLECTORS:
        try:
            COLLECTORS[name]
        except BrokenCollector as error:
            yield Check(f"type {name}", str(error))
    for source in settings.sources:
        yield _configured(source)


def _configured(source: SourceSettings) -> Check:
    """When it runs, and whether it can. Its own settings were checked as they were read, if its type is usable."""
    schedule = _schedule(source)
    what = f"source {source.name} ({source.type}), {schedule.what}"
    try:
        own = source.own()
    except BrokenCollector as error:
        return Check(what, str(error))
    faults = [schedule.fault, *(_fault_of(Path(path)) for path in getattr(own, "paths", None) or ())]
    return Check(what, "; ".join(filter(None, faults)))


def _fault_of(path: Path) -> str:
    """Why there is nothing to be read; "" where there is."""
    try:
        path.stat()
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    return ""


def _schedule(source: SourceSettings) -> Check:
    """The source's schedule with its next times."""
    if not source.schedule:
        return Check("no schedule")
    trigger, at = trigger_of(source.schedule), datetime.now(UTC)
    times: list[datetime] = []
    while len(times) < NEXT and (following := trigger.get_next_fire_time(times[-1] if times else None, at)):
        times.append(following)
        at = following
    what = f"schedule {source.schedule}"
    if not times:
        return Check(what, "it never comes: no day fits it")
    return Check(f"{what}, next {', '.join(map(cell, times))}")


def _of_source(settings: Settings, source: SourceSettings) -> Iterator[Check]:
    if source.schedule:
        yield _schedule(source)
    try:
        settings.person(source)
        bootstrap.open_outbox(settings, source.name).close()
    except OutboxBusy as busy:
        yield Check(f"outbox in use: {busy}")  # as it should be while it is collected, or pushed to
    except (ConfigurationError, *EXPECTED) as error:
        yield Check("persons and outbox", str(error))
    yield from _within(source)


def _within(source: SourceSettings) -> list[Check]:
    """What the type's own check tells, and where it did not come to its end."""
    found: list[Check] = []
    thread = threading.Thread(target=_try, args=(source, found), daemon=True)
    thread.start()
    thread.join(SECONDS)
    if thread.is_alive():
        return [*found, Check(source.name, f"the check is not done after {SECONDS:g} s; it was given up")]
    return found


def _try(source: SourceSettings, found: list[Check]) -> None:
    try:
        for one in COLLECTORS[source.type].check(source.own()):
            found.append(one)  # noqa: PERF402 - what was told before it fails counts
    except EXPECTED as error:
        found.append(Check(source.name, str(error)))
    except Exception as error:  # noqa: BLE001 - a check of somebody else's may raise anything; told, not its text
        found.append(Check(source.name, crash(error)))


def collectors(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="show the settings of this type")] = "",
    form: As = Format.TABLE,
) -> None:
    """The types of sources, ours and those of other distributions; with TYPE, its settings."""
    if kind:
        _show_settings(kind, form)
        return
    rows = []
    for name in sorted(COLLECTORS):
        try:
            rows.append({"type": name, "reads": COLLECTORS[name].summary, "from": COLLECTORS.origin(name)})
        except BrokenCollector as error:
            say(str(error))
    print_rows(rows, {"type": "TYPE", "reads": "READS", "from": "FROM"}, form)


def _show_settings(kind: str, form: Format) -> None:
    if kind not in COLLECTORS:
        raise BrokenCollector(f"{kind!r} is no type of source; known are {', '.join(sorted(COLLECTORS))}")
    rows = [
        {"setting": field.alias or name, "default": _default(field), "meaning": field.description or ""}
        for name, field in COLLECTORS[kind].settings.model_fields.items()
    ]
    print_rows(rows, {"setting": "SETTING", "default": "DEFAULT", "meaning": "MEANING"}, form)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(required)"
    value = field.get_default(call_default_factory=False)
    if value in (None, "", PydanticUndefined):
        return ""
    return json.dumps(value, default=_plain, ensure_ascii=False)  # as it is written in landkarte.toml


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset | set) else str(value)
