"""What is obsolete by group, under /api/v1."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from inventory.grouping import OVERLAPPING, By, Group
from inventory.milestones import Verdict
from inventory.obsolescence import obsolete
from inventory.rollup import Rollup, groups_with_status
from inventory.things import Part
from services.api.obsolescence import End, ObsoleteQuery, Table, Verdicts, end_of, tables, totals
from services.api.routes import AsOf, Graph, Here
from services.asking import question_of, within_of

router = APIRouter(prefix="/api/v1")


class Status(BaseModel):
    """What a unit, location, application or citizen service comes to; see `inventory.rollup.Rollup`."""

    status: Verdict = Field(
        description="unsupported if anything that counts is; else unknown if anything but a program is, or nothing is "
        "known; else ending; else supported"
    )
    cause: str = Field(description="what makes it so, as reported: the first of its rows; empty where there is none")
    part: Part | None = Field(description="of the cause")
    end: End | None = Field(description="of the cause's support")
    asset: str = Field(description="the first asset that has the cause")
    earliest: date | None = Field(description="first day on which the support of anything that counts ends, or ended")
    unmatched_programs: int = Field(description="programs of no known verdict, which do not count")


class ObsolescenceGroup(BaseModel):
    """One group, and how many of its rows have which verdict."""

    name: str = Field(description="`-` for what is in no group, or of no known product or vendor")
    id: str = Field(description="of the unit, location, application or citizen service; else empty")
    counts: Verdicts
    rollup: Status | None = Field(description="of units, locations, applications and citizen services only")
    opens: dict[str, str] = Field(
        description="parameters of /api/v1/obsolescence that open it to its rows, instead of those of the same name"
    )


class ObsolescenceGroups(BaseModel):
    """Counts by group, worst first, with what they were found among: `totals` by part."""

    on: date
    within_months: int
    as_known_at: datetime | None
    by: By
    overlapping: bool = Field(description="groups share assets, so that their counts add up to more than the totals")
    totals: dict[Part, Verdicts]
    inherited: int
    computers: int
    with_system: int
    tables: dict[str, Table]
    as_of: dict[str, datetime]
    items: list[ObsolescenceGroup]


@router.get("/obsolescence/groups")
def get_obsolescence_groups(
    here: Here,
    graph: Graph,
    by: Annotated[By, Query(description="what makes a group")],
    asked: Annotated[ObsoleteQuery, Depends()],
    as_of: AsOf = None,
) -> ObsolescenceGroups:
    """How much is obsolete by group, worst first; unknown is counted apart, whichever verdicts are asked for."""
    told = asked.asked()
    question, matcher = question_of(graph, told, here.settings.support.policy(), as_of), here.matcher(graph)
    answer = obsolete(graph, matcher, question)
    found = groups_with_status(graph, matcher, answer, by, within_of(graph, told, by))
    return ObsolescenceGroups(
        on=question.on,
        within_months=question.within_months,
        as_known_at=as_of,
        by=by,
        overlapping=by in OVERLAPPING,
        totals=totals(answer),
        inherited=answer.inherited,
        computers=answer.computers,
        with_system=answer.with_system,
        tables=tables(answer.editions),
        as_of=answer.as_of,
        items=[_item(*pair) for pair in found],
    )


def _item(group: Group, rollup: Rollup | None) -> ObsolescenceGroup:
    counts = Verdicts.model_validate({**group.counts, "paid": group.paid})
    status = _status(rollup) if rollup else None
    return ObsolescenceGroup(name=group.name, id=group.id, counts=counts, rollup=status, opens=dict(group.opens))


def _status(rollup: Rollup) -> Status:
    cause = rollup.cause
    return Status(
        status=rollup.status,
        cause=cause.thing.reported if cause else "",
        part=cause.thing.part if cause else None,
        end=end_of(cause.judgement.end) if cause else None,
        asset=rollup.cause_asset,
        earliest=rollup.earliest,
        unmatched_programs=rollup.programs["unknown"],
    )
