"""This computer, without root. What may not be read lowers the coverage it reports, and never fails the run."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from services.collectors.base import Check, CollectorType, Run
from services.collectors.computer import Facts, to_drafts
from services.collectors.computer_connections import MAX_PEERS, MaxPeers
from services.collectors.machine import LocalMachine
from services.collectors.machine_reading import read_facts


class ComputerSettings(BaseModel):
    """Settings of a collector that asks computers for files and commands."""

    model_config = ConfigDict(extra="forbid")

    connections: bool = Field(default=True, description="whether sockets and connections are read")
    max_peers: MaxPeers = MAX_PEERS


class LocalSettings(ComputerSettings):
    """Settings of the collector `local`."""

    root: Path = Field(default=Path("/"), description="where /etc, /sys, /proc and /var are read below")
    key: str = Field(default="", description="the record's key; the machine's id or host name where empty")


def collect(settings: LocalSettings, run: Run) -> None:
    """Read this computer, make a record of it and of each of its database servers, emit them."""
    run.report.seen()
    facts = read(settings)
    for draft in to_drafts(facts, settings.key or _key(facts), settings.max_peers):
        run.emit(draft)


def read(settings: LocalSettings) -> Facts:
    """What can be read with the rights there are."""
    return read_facts(LocalMachine(settings.root), connections=settings.connections)


def _key(facts: Facts) -> str:
    return f"machine-{facts.machine_id}" if facts.machine_id else facts.hostname


def check(settings: LocalSettings) -> Iterator[Check]:
    """What of this computer may be read."""
    facts = read(settings)
    yield Check(f"{facts.hostname}: {len(facts.packages or []):,} packages")
    for what in facts.missing:
        yield Check(what, "may not be read; run as root, or do without: it is named in the asset's coverage")


COLLECTOR = CollectorType("local", "this computer, without root", LocalSettings, collect, 50, check)
