"""Protection needs as rows: one for each asset and goal, the highest first."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from events.models import CURATION
from graph.store import EVERY_ASSET, Selection
from inventory.need_levels import BASE_KINDS, GOALS, NAMES, Goal, Level, LevelName
from inventory.protection import How, Need, Protection

Remark = Literal["override below computed", "set below inherited", "override without a reason", "not a level"]
_Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """Which assets and goals are asked for, and which levels of these are shown. `named`: these ids, of any kind."""

    selection: Selection = EVERY_ASSET
    named: frozenset[str] = frozenset()
    goals: frozenset[Goal] = frozenset(GOALS)
    levels: frozenset[LevelName] = frozenset(NAMES)


@dataclass(frozen=True, slots=True)
class Row:
    """The need of an asset for a goal. `level` counts; `computed` is what it is without the override.

    `how`: set (on the asset itself), maximum, distribution or cumulation, "" where it is unknown. `cause`: the name of
    what it is inherited from; of what is raised by cumulation, how many assets of which kind raise it. `way`: names
    from this asset to the cause's, both included. `override`: "" for none. `reason`, `by`, `since`, `until`: of what is
    set on it, override or not.
    """

    asset: str
    asset_id: str
    kind: str
    goal: Goal
    level: LevelName
    computed: LevelName
    how: How
    cause: str
    way: tuple[str, ...]
    override: str
    reason: str
    by: str
    since: datetime | None
    until: date | None
    remarks: tuple[Remark, ...]
    cursor: tuple[str, ...] = field(compare=False)


class Rows(Sequence[Row]):
    """The rows of a question, highest level first, then by the assets' names; each is made when it is looked at.

    `totals`: how many of the assets that are asked for have which level, shown or not.
    """

    def __init__(self, protection: Protection, question: Question) -> None:
        self._protection = protection
        self.totals: dict[Goal, Counter[LevelName]] = {}
        self._keys: list[_Key] = []
        asked = [node for node in protection.wiring.ids if _asked(protection, question, node)]
        self.assets = len(asked)
        for goal in GOALS:
            if goal in question.goals:
                self._add(goal, asked, question)
        self._keys.sort()

    def _add(self, goal: Goal, asked: list[str], question: Question) -> None:
        wiring, place = self._protection.wiring, str(GOALS.index(goal))
        levels, totals = self._protection.levels(goal).tolist(), Counter[LevelName]()
        for node in asked:
            level = Level(levels[wiring.number[node]])
            totals[level.told] += 1
            if level.told in question.levels:
                self._keys.append((str(Level.VERY_HIGH - level), wiring.outline.nodes[node].name, node, place))
        self.totals[goal] = totals

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204 - an index or a slice
        if isinstance(index, slice):
            return [self._row(key) for key in self._keys[index]]
        return self._row(self._keys[index])

    def after(self, cursor: str, limit: int) -> list[Row]:
        r"""Rows behind that cursor (a row's `cursor`, joined by "\x00"; "" for the first). Raises ValueError."""
        parts = cursor.split("\x00") if cursor else []
        if parts and len(parts) != 4:  # noqa: PLR2004 - the parts of a key
            raise ValueError("no cursor of this question")
        start = bisect_right(self._keys, tuple(parts)) if parts else 0
        return [self._row(key) for key in self._keys[start : start + limit]]

    def all(self) -> Iterator[Row]:
        return map(self._row, self._keys)

    def _row(self, key: _Key) -> Row:
        *_, node, place = key
        return row_of(self._protection, self._protection.need(node, GOALS[int(place)]), key)


def row_of(protection: Protection, need: Need, cursor: tuple[str, ...] = ()) -> Row:
    """The need with names."""
    nodes, said = protection.wiring.outline.nodes, need.said
    asset = nodes[need.node]
    override = said.level.told if said and said.level and asset.kind not in BASE_KINDS else ""
    return Row(
        asset.name, asset.id, asset.kind, need.goal, need.level.told, need.computed.told, need.how,
        _cause(protection, need),
        tuple(nodes[node].name for node in need.way) if need.how else (),
        override,
        said.reason if said else "",
        said.by if said else "",
        said.since if said else None,
        said.until if said else None,
        tuple(remarks(protection, need)),
        cursor,
    )  # fmt: skip


def _cause(protection: Protection, need: Need) -> str:
    if need.how == "cumulation":
        return f"{protection.cumulation} or more: {protection.kind_raising(need.node, need.goal)}"
    return protection.wiring.outline.nodes[need.root].name if need.how else ""


def remarks(protection: Protection, need: Need) -> Iterator[Remark]:
    """What a person should look at again."""
    said, base = need.said, protection.wiring.outline.nodes[need.node].kind in BASE_KINDS
    if said is None:
        return
    if not said.level:
        yield "not a level"
    elif base and said.level < protection.inherited(need.node, need.goal):
        yield "set below inherited"
    elif not base and said.level < need.computed:
        yield "override below computed"
    if said.level and not base and not said.reason and said.by != CURATION:  # whose reason the past does not keep
        yield "override without a reason"


def _asked(protection: Protection, question: Question, node: str) -> bool:
    selection = question.selection
    if question.named and node not in question.named:
        return False
    kinds = selection.kinds or (() if question.named else selection.asked)
    return (
        (not kinds or protection.wiring.outline.nodes[node].kind in kinds)
        and (selection.among is None or node in selection.among)
        and node not in selection.without
    )
