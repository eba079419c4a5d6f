"""The sample city, said to a log by the real collectors; and a second run in which 1 % of the machines changed."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from events.log import EventLog
from events.outbox import Outbox
from services.collecting import Job, collect, drain
from services.collectors import COLLECTORS
from services.sample_city import Size, write_city

SOURCES = ("glpi", "fusioninventory", "spreadsheet")
CHANGED = 100
"""Every so many machines change one package."""


def write_files(folder: Path, size: Size) -> Path:
    write_city(folder, size, 1)
    return folder


def say(folder: Path, outboxes: Path, log: EventLog) -> None:
    """A complete run of every source, into the log."""
    outboxes.mkdir(exist_ok=True)
    for kind in SOURCES:
        collector = COLLECTORS[kind]
        own = collector.settings.model_validate({"paths": [folder / kind]})
        job = Job(f"city-{kind}", collector, own, collector.rank, True, datetime.now(UTC))
        outbox = Outbox(outboxes / f"{kind}.db", job.source)
        report = collect(replace(job), outbox)
        if report.status != "complete":
            raise SystemExit(f"{job.source}: {report.status}: {report.problems[:3]}")
        drain(outbox, lambda: log, _unexpected, threading.Event())
        outbox.close()


def change(folder: Path, first: int = 0) -> int:
    """One package of every hundredth machine, from the `first`, gets another version; gives how many those are."""
    changed = 0
    for file in sorted((folder / "glpi").glob("*.json"))[first::CHANGED]:
        inventory = json.loads(file.read_text(encoding="utf-8"))
        if packages := inventory["content"].get("softwares"):
            packages[0]["version"] += ".1"
            file.write_text(json.dumps(inventory), encoding="utf-8")
            changed += 1
    return changed


def _unexpected(reason: str, _seconds: float) -> None:
    raise SystemExit(reason)
