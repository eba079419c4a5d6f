"""What the API returns; OpenAPI derives from it."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

Scalar = str | int | float | bool


class Asset(BaseModel):
    """An asset. `sources`: who describes it now."""

    id: str
    kind: str
    name: str
    properties: dict[str, Scalar]
    sources: list[str]
    first_seen: datetime | None
    retired_at: datetime | None


class Related(BaseModel):
    """A relationship seen from the asset asked for; `records` claim it."""

    type: str
    direction: str
    id: str
    kind: str
    name: str
    properties: dict[str, Scalar]
    sources: list[str]
    records: list[str]
    since: datetime


class AssetDetail(Asset):
    """An asset with its relationships; `more_relationships` is the cursor of the next page of them."""

    relationships: list[Related]
    more_relationships: str | None


class AssetPage(BaseModel):
    """A page; `next` is the cursor of the next one."""

    items: list[Asset]
    next: str | None


class SourceRecord(BaseModel):
    """What one source says of an asset, as it was reported. `live`: still said."""

    key: str
    source: str
    kind: str
    rank: int
    live: bool
    run: str
    first_observed: datetime
    last_seen: datetime
    sections: dict[str, Any]


class ObsolescenceRow(BaseModel):
    """One system or program of an asset; `end` is the last supported day, null where none is known."""

    verdict: str
    end: date | None
    asset: str
    asset_id: str
    kind: str
    part: str
    reported: str
    product: str
    cycles: list[str]
    extended: date | None
    method: str
    source: str


class Verdicts(BaseModel):
    """Counts by verdict; unknown is none of the others."""

    unsupported: int = 0
    ending: int = 0
    supported: int = 0
    unknown: int = 0


class ObsolescencePage(BaseModel):
    """Rows, worst first, with what they were found among."""

    on: date
    within_months: int
    snapshot: date
    systems: Verdicts
    programs: Verdicts
    inherited: int
    computers: int
    with_system: int
    as_of: dict[str, datetime]
    items: list[ObsolescenceRow]
    next: str | None


class ImpactItem(BaseModel):
    """One affected asset; `path` names the way from what failed to it."""

    id: str
    kind: str
    name: str
    distance: int
    path: list[str]
    offices: list[str]


class ImpactAnswer(BaseModel):
    """What is affected. `covered`: a source tells of dependencies here; `journal`: the last change it contains.

    `limitations`: what the answer does not weigh.
    """

    failed: list[Asset]
    counts: dict[str, int]
    items: list[ImpactItem]
    covered: bool
    journal: int
    limitations: list[str]
    words: dict[str, str]


class Run(BaseModel):
    """One run of a source."""

    id: str
    source: str
    collector: str
    status: str
    started: datetime
    ended: datetime
    seen: int
    emitted: int
    skipped: int
    failed: int
    problems: list[dict[str, str]]


class RunPage(BaseModel):
    """A page of runs, newest first."""

    items: list[Run]
    next: str | None


class Status(BaseModel):
    """How far the graph is; `lag`: messages not applied yet."""

    lag: int
    dead_letters: int
    outboxes: list[str]
    journal: int
    last_change: datetime | None
    relationships: int
    counts: dict[str, int]
    last_seen: dict[str, datetime]


class Health(BaseModel):
    """Whether the process, or what it needs, works."""

    status: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
