"""Protection needs, under /api/v1."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from inventory.need_levels import GOALS, NAMES, Goal, LevelName
from inventory.protection import How, Protection
from inventory.protection_rows import Remark, Row, row_of
from inventory.protection_words import in_words
from services.api import cursors
from services.api.routes import AsOf, Cursor, Graph, Here, Kinds, Limit, node_of
from services.api.structure import topology_of
from services.protecting import AskedNeeds, needing, protection_of, rows_of

router = APIRouter(prefix="/api/v1")


class ProtectionRow(BaseModel):
    """The protection need of an asset for a goal; see `inventory.protection_rows.Row`."""

    asset: str
    asset_id: str
    kind: str
    goal: Goal
    level: LevelName = Field(description="what counts: the override where there is one")
    computed: LevelName
    how: How = Field(description="why it is computed so; empty where it is unknown")
    cause: str
    way: list[str] = Field(description="names from this asset to what it inherits from, both included")
    override: str = Field(description="empty for none")
    reason: str
    by: str
    since: datetime | None
    until: date | None
    remarks: list[Remark]


class ProtectionPage(BaseModel):
    """Rows, the highest level first. `totals`: by goal, of all assets that are asked for, whatever the level."""

    as_known_at: datetime | None
    cumulation: int
    assets: int
    totals: dict[Goal, dict[LevelName, int]]
    items: list[ProtectionRow]
    next: str | None


class ProtectionWhy(ProtectionRow):
    """The same, with why in words, `de` and `en`."""

    words: dict[str, str]


@dataclass
class NeedFilters:
    """Of which assets, for which goals, and which levels."""

    asset: Annotated[list[str] | None, Query(alias="id", description="only these assets: ids or names")] = None
    kind: Kinds = None
    unit: Annotated[list[str] | None, Query(description="only what this unit's things need; - for none")] = None
    location: Annotated[list[str] | None, Query(description="only what stands there; - for nowhere")] = None
    level: Annotated[list[str] | None, Query(description=f"only these levels: {', '.join(NAMES)}")] = None
    goal: Annotated[list[str] | None, Query(description=f"only these goals: {', '.join(GOALS)}")] = None

    def asked(self) -> AskedNeeds:
        return AskedNeeds(
            self.asset or (), self.kind or (), self.unit or (), self.location or (), self.level or (), self.goal or ()
        )


@router.get("/protection")
def get_protection(
    here: Here,
    graph: Graph,
    filters: Annotated[NeedFilters, Depends()],
    as_of: AsOf = None,
    after: Cursor = "",
    limit: Limit = 100,
) -> ProtectionPage:
    """The protection need of assets for each goal: what follows from what is set, and what a person overrides."""
    protection = _protection(here, graph)
    rows = rows_of(graph, protection, filters.asked())
    try:
        page = rows.after(cursors.read(after), limit)
    except ValueError as error:
        raise cursors.WrongCursor(f"after: {error}; use `next` of the page before") from error
    return ProtectionPage(
        as_known_at=as_of,
        cumulation=protection.cumulation,
        assets=rows.assets,
        totals={goal: {level: totals[level] for level in NAMES} for goal, totals in rows.totals.items()},
        items=[ProtectionRow.model_validate(_told(row)) for row in page],
        next=cursors.write(*page[-1].cursor) if len(page) == limit else None,
    )


@router.get("/assets/{asset_id}/protection")
def explain_protection(here: Here, graph: Graph, asset_id: str) -> list[ProtectionWhy]:
    """The protection needs of one asset, each with why."""
    protection = _protection(here, graph)
    node = needing(protection, node_of(graph, asset_id))
    needs = [protection.need(node.id, goal) for goal in GOALS]
    words = [{"de": in_words(protection, need, "de"), "en": in_words(protection, need, "en")} for need in needs]
    return [
        ProtectionWhy.model_validate(_told(row_of(protection, need)) | {"words": line})
        for need, line in zip(needs, words, strict=True)
    ]


def _protection(here: Here, graph: Graph) -> Protection:
    return protection_of(graph, topology_of(here, graph), here.settings.protection.cumulation)


def _told(row: Row) -> dict[str, object]:
    told = asdict(row)
    told.pop("cursor")
    return told
