"""What the API returns; OpenAPI derives from it."""

from datetime import datetime
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


class Claim(BaseModel):
    """What one record says. `confirmed`: when the record was last seen; null as of a day in the past."""

    record: str
    source: str
    value: Scalar | dict[str, Scalar]
    confirmed: datetime | None


class PropertyClaims(BaseModel):
    """A property: since when it is so, the claim that won, and those that lost."""

    name: str
    value: Scalar
    since: datetime | None
    won: Claim
    lost: list[Claim]


class Related(BaseModel):
    """A relationship seen from the asset asked for; `records` claim it, `claims` what each says, the winner first."""

    type: str
    direction: str
    id: str
    kind: str
    name: str
    properties: dict[str, Scalar]
    sources: list[str]
    records: list[str]
    claims: list[Claim]
    since: datetime


class AssetDetail(Asset):
    """An asset with who says what of it, and its relationships; `more_relationships`: the cursor of their next page."""

    claims: list[PropertyClaims]
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


class IdentifierReason(BaseModel):
    """What one identifier does: joins, alone, ignored or barred; `elsewhere`: [record, its asset] that have it too."""

    scheme: str
    value: str
    state: str
    text: str
    records: list[str]
    elsewhere: list[tuple[str, str]]


class RecordIdentity(BaseModel):
    """Why a record describes the asset; `curation`: what a person said of it."""

    record: str
    kind: str
    reasons: list[IdentifierReason]
    curation: list[str]


class Change(BaseModel):
    """An entry of the journal in words."""

    number: int
    recorded_at: datetime
    asset_id: str
    kind: str
    name: str
    what: str
    continued: str
    lines: list[str]
    events: list[str]


class ChangePage(BaseModel):
    """Entries of the journal; `next` is what to ask for next, null where there are no more now.

    `begins`: since when the journal tells what was; null where nothing ever came.
    """

    items: list[Change]
    next: int | None
    begins: datetime | None


class Finding(BaseModel):
    """Something to look at, with the assets and records behind it."""

    kind: str
    name: str
    text: str
    assets: list[str]
    records: list[str]
    sources: list[str]
    units: list[str]


class Coverage(BaseModel):
    """Of an authoritative list: how many it has, of these seen by others, and seen by others but not listed."""

    listed: int
    confirmed: int
    unlisted: int


class QualityPage(BaseModel):
    """Findings, with counts by kind, by source and by organisation unit; `limits`: what could not be looked at."""

    counts: dict[str, int]
    by_source: dict[str, dict[str, int]]
    by_unit: dict[str, dict[str, int]]
    coverage: dict[str, Coverage]
    limits: list[str]
    items: list[Finding]
    next: str | None


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
    """How far the graph is; `lag`: messages not applied yet; `held`: sources whose run waits for a person's word."""

    lag: int
    dead_letters: int
    outboxes: list[str]
    journal: int
    last_change: datetime | None
    relationships: int
    counts: dict[str, int]
    last_seen: dict[str, datetime]
    held: dict[str, str]


class Health(BaseModel):
    """Whether the process, or what it needs, works."""

    status: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
