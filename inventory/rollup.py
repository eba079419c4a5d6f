"""How old an application, citizen service, organisation unit or location is: as old as what it has or needs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from graph.store import EVERY_ASSET, GraphReader, Selection
from inventory.grouping import By, Group, group_of, groups
from inventory.matching import Matcher
from inventory.milestones import VERDICTS, Verdict
from inventory.obsolescence import Judged, Obsolescence, Question, judged_of
from inventory.scopes import ScopeName, scoped
from inventory.things import Part

WORST: tuple[Verdict, ...] = ("unsupported", "unknown", "ending", "supported")
"""The first of these that anything has which counts is the status: what is not known may have ended."""
PROGRAM: Part = "program"


@dataclass(frozen=True, slots=True)
class Rollup:
    """One of them, and what it comes to. Of what is in none the name is `-` and the id empty.

    `status`: the first of `WORST` that something has; unknown too where nothing is known at all. A program counts only
    where its verdict is known: most programs have no lifecycle that anybody tells. `cause`: what makes it so, the first
    by `Judged.order`, and `cause_asset`: the name of the first asset that has it; None and "" where there is nothing.
    `earliest`: the first day on which the support of anything that counts ends, or has ended. `counts`, `paid`: of all
    but programs; `programs`: of these, `unknown` being those that do not count.
    """

    name: str
    id: str
    status: Verdict
    cause: Judged | None
    cause_asset: str
    earliest: date | None
    counts: Mapping[Verdict, int]
    paid: int
    programs: Mapping[Verdict, int]

    @property
    def order(self) -> tuple[int, str, str, str]:
        """Worst first; of the same status what has ended, or ends, first."""
        day = self.cause.order[1] if self.cause else ""
        return WORST.index(self.status), day, self.name, self.id


def rollups(reader: GraphReader, matcher: Matcher, question: Question, by: ScopeName) -> list[Rollup]:
    """Each of them, also those that nothing is known of, and what is in none if there is any; worst first.

    Of the assets and parts that the question asks for; its verdicts do not matter. Raises StoreUnavailable.
    """
    return [rollup for _, rollup in rolled(reader, matcher, question, by)]


def rolled(
    reader: GraphReader, matcher: Matcher, question: Question, by: ScopeName, within: Selection = EVERY_ASSET
) -> list[tuple[Group, Rollup]]:
    """The same, each with the group that counts and opens it. `within`: see `groups`."""
    return sorted(_rolled(reader, matcher, question, by, within), key=lambda pair: pair[1].order)


def groups_with_status(
    reader: GraphReader, matcher: Matcher, answer: Obsolescence, by: By, within: Selection = EVERY_ASSET
) -> list[tuple[Group, Rollup | None]]:
    """The groups, worst first, with what each comes to where that is asked of: as `rolled` has them, or `groups`."""
    match by:
        case "unit" | "location" | "application" | "service":
            return list[tuple[Group, Rollup | None]](rolled(reader, matcher, answer.question, by, within))
        case _:
            return [(group, None) for group in groups(reader, matcher, answer, by)]


def _rolled(
    reader: GraphReader, matcher: Matcher, question: Question, by: ScopeName, within: Selection
) -> Iterator[tuple[Group, Rollup]]:
    for scope in scoped(reader, question, by, within):
        answer = judged_of(reader, matcher, scope.question)
        if scope.id or answer.judged:
            group = group_of(scope, answer)
            yield group, _rollup(reader, group, answer)


def _rollup(reader: GraphReader, group: Group, answer: Obsolescence) -> Rollup:
    counting = [item for item in answer.judged if _counts(item)]
    status = next((verdict for verdict in WORST if any(item.judgement.verdict == verdict for item in counting)), None)
    cause = next((item for item in counting if item.judgement.verdict == status), None)
    programs = _count(item for item in answer.judged if item.thing.part == PROGRAM)
    return Rollup(
        group.name,
        group.id,
        status or "unknown",
        cause,
        next((node.name for node in cause.page(reader, "", 1)), "") if cause else "",
        _earliest(counting),
        {verdict: group.counts[verdict] - programs[verdict] for verdict in VERDICTS},
        group.paid - answer.paid[PROGRAM],
        programs,
    )


def _counts(item: Judged) -> bool:
    return item.thing.part != PROGRAM or item.judgement.verdict != "unknown"


def _count(items: Iterator[Judged]) -> Mapping[Verdict, int]:
    found = Counter[Verdict]()
    for item in items:
        found[item.judgement.verdict] += item.assets
    return {verdict: found[verdict] for verdict in VERDICTS}


def _earliest(counting: list[Judged]) -> date | None:
    """What is unknown says no day that is sure: of several candidates it may be the latest."""
    ends = (item.judgement.end for item in counting if item.judgement.verdict != "unknown")
    return min((end for end in ends if isinstance(end, date)), default=None)
