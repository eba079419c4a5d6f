"""The sample city, said to a log by the real collectors; and a second run in which 1 % of the machines changed."""

import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import seconds_of
from events.log import EventLog
from events.outbox import Outbox
from services.collecting import Job, collect, drain
from services.collectors import COLLECTORS
from services.sample_city import Size, write_city

SOURCES = ("glpi", "fusioninventory", "spreadsheet")
CHANGED = 100
"""Every so many machines change one package."""
_VERSION = {
    "glpi": re.compile(r'(?s)("softwares": \[.*?"version": ")'),
    "fusioninventory": re.compile(r"(?s)(<SOFTWARES>.*?<VERSION>)"),
}
"""What stands before the version of a file's first package."""


@dataclass(slots=True)
class Said:
    """What saying it took: seconds of the collectors, which end in their outboxes, and of sending it to the log."""

    collecting: float = 0.0
    sending: float = 0.0
    events: int = 0


def write_files(folder: Path, size: Size) -> Path:
    write_city(folder, size, 1)
    return folder


def say(folder: Path, outboxes: Path, log: EventLog) -> Said:
    """A complete run of every source, into the log."""
    said = Said()
    for kind in SOURCES:
        say_one(f"city-{kind}", kind, folder / kind, outboxes, log, said)
    return said


def say_one(source: str, kind: str, files: Path, outboxes: Path, log: EventLog, said: Said) -> None:
    """A complete run of one source, into the log."""
    outboxes.mkdir(exist_ok=True)
    collector = COLLECTORS[kind]
    own = collector.settings.model_validate({"paths": [files]})
    job = Job(source, collector, own, collector.rank, True, datetime.now(UTC))
    outbox = Outbox(outboxes / f"{source}.db", source)
    collecting, report = seconds_of(lambda: collect(job, outbox))
    if report.status != "complete":
        raise SystemExit(f"{source}: {report.status}: {report.problems[:3]}")
    sending, events = seconds_of(lambda: drain(outbox, lambda: log, unexpected, threading.Event()))
    outbox.close()
    said.collecting += collecting
    said.sending += sending
    said.events += events


def change(folder: Path, first: int = 0) -> int:
    """One package of every hundredth machine, from the `first`, gets another version; gives how many those are."""
    files = [file for kind in _VERSION for file in sorted((folder / kind).iterdir()) if _inventory(file)]
    for file in files[first::CHANGED]:
        text = _VERSION[file.parent.name].sub(r"\g<1>9.", file.read_text(encoding="utf-8"), count=1)
        file.write_text(text, encoding="utf-8")
    return len(files[first::CHANGED])


def _inventory(file: Path) -> bool:
    """Whether it tells of a machine with packages: hypervisors have none."""
    return _VERSION[file.parent.name].search(file.read_text(encoding="utf-8")) is not None


def unexpected(reason: str, _seconds: float) -> None:
    """An outage has no place in a measurement."""
    raise SystemExit(reason)
