"""Protection need (Schutzbedarf) of every asset: what is set, what follows from it, and what a person overrides.

The rules are those of BSI-Standard 200-2, section 8.2, along the relations that carry failure, from what needs to
what is needed (see docs/protection.md):

- *Maximum*: an asset has the highest need of all that needs it.
- *Distribution*: availability is one level less, never below normal, where a need has an asset to spare, or only runs
  worse without it; whole again where one asset alone takes all that can be spared.
- *Cumulation*: where a number of assets with a need of one level, all of one kind, rest on an asset, its need is one
  level more. This is worked out once, over what maximum and distribution give.
- *Override*: what is set on a citizen service, process or application is where needs begin. What is set on anything
  else takes the place of what is computed, also for all that it needs.

What nothing with a need depends on is unknown, and not normal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import numpy as np

from inventory.cumulation import Raised, Setters, cumulated
from inventory.failing import fail
from inventory.handing_down import JOINT, OWN, Handed, Ways, hand_down, weighed_ways, whole_ways
from inventory.need_levels import BASE_KINDS, GOALS, Goal, Level
from inventory.ways import ways_of
from inventory.wiring import Numbers, Wiring

How = Literal["", "set", "maximum", "distribution", "cumulation"]
CUMULATION = 10
"""How many needs of one level and kind are worth the next, unless it is configured."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is set on an asset for a goal, as `text`; UNKNOWN where that is no level.

    `by`: the person, or the source, that says it. `until`: the last day on which it holds, where it ends.
    """

    level: Level
    text: str
    by: str = ""
    reason: str = ""
    since: datetime | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """The protection need of an asset for a goal: `level` is what counts, `computed` what it is without an override.

    `how`: why it is computed so; "" where it is unknown. `way`: assets from this one to the one that it is from, both
    included, by the shortest way. `said`: what is set on it, if anything.
    """

    node: str
    goal: Goal
    level: Level
    computed: Level
    how: How
    way: tuple[str, ...]
    said: Said | None

    @property
    def root(self) -> str:
        """The asset that the computed level is from; "" where it is unknown."""
        return self.way[-1] if self.how else ""


@dataclass(frozen=True, slots=True)
class _Worked:
    """One goal, worked out; by node. `alone`: the same without the override of a node that would inherit its own."""

    ways: Ways
    handed: Handed
    raised: Raised
    setters: Setters
    own: Numbers
    override: Numbers
    alone: dict[int, "_Worked"] = field(default_factory=dict)


class Protection:
    """The protection needs of all assets of a wiring."""

    def __init__(self, wiring: Wiring, said: Mapping[str, Mapping[Goal, Said]], cumulation: int = CUMULATION) -> None:
        self.wiring, self.said, self.cumulation = wiring, said, cumulation
        kinds = [wiring.outline.nodes[node].kind for node in wiring.ids]
        self.kinds = sorted(set(kinds))
        self._kind = np.array([self.kinds.index(kind) for kind in kinds], dtype=np.int64)
        self._base = np.array([kind in BASE_KINDS for kind in kinds], dtype=np.bool_)
        self._worked = {goal: self._work_out(goal) for goal in GOALS}
        self._between: dict[tuple[int, int], tuple[str, ...]] = {}

    def levels(self, goal: Goal) -> Numbers:
        """By number of the node: the level that counts."""
        return self._worked[goal].handed.effective

    def need(self, node: str, goal: Goal) -> Need:
        """Of one asset. Raises KeyError."""
        number, worked = self.wiring.number[node], self._worked[goal]
        effective = Level(int(worked.handed.effective[number]))
        worked = worked.alone.get(number, worked)
        return Need(
            node,
            goal,
            effective,
            Level(int(worked.handed.level[number])),
            _how(worked, number),
            self._way(worked, number),
            self.said.get(node, {}).get(goal),
        )

    def inherited(self, node: str, goal: Goal) -> Level:
        """The highest level that what needs it hands down to it, with no regard to its own and to cumulation."""
        number, worked = self.wiring.number[node], self._worked[goal]
        into = np.flatnonzero(worked.ways.taker == number)
        levels = worked.handed.effective[worked.ways.giver[into]]
        lowered = np.where(worked.ways.lowers[into], np.maximum(levels - 1, np.minimum(levels, 1)), levels)
        return Level(int(lowered.max(initial=0)))

    def kind_raising(self, node: str, goal: Goal) -> str:
        """Of which kind the assets are whose needs raise it by cumulation; "" where it is not raised."""
        number, worked = self.wiring.number[node], self._worked[goal]
        worked = worked.alone.get(number, worked)
        return self.kinds[worked.raised.kind[number]] if worked.raised.level[number] else ""

    def _work_out(self, goal: Goal) -> _Worked:
        levels = np.zeros(len(self.wiring.ids), dtype=np.int64)
        for node, said in self.said.items():
            if goal in said and node in self.wiring.number:
                levels[self.wiring.number[node]] = said[goal].level
        own, override = np.where(self._base, levels, 0), np.where(self._base, 0, levels)
        worked = self._work(goal, own, override)
        handed = worked.handed
        mine = (handed.by != OWN) & (override > 0) & (handed.root == np.arange(len(own)))
        for number in np.flatnonzero(mine).tolist():
            worked.alone[number] = self._work(goal, own, np.where(np.arange(len(own)) == number, 0, override))
        return worked

    def _work(self, goal: Goal, own: Numbers, override: Numbers) -> _Worked:
        """The override of a node is a wall: a level that comes in does not go on."""
        ways = weighed_ways(self.wiring, override > 0) if goal == "availability" else whole_ways(self.wiring)
        setters = Setters(np.flatnonzero(own + override), self._kind, len(self.kinds))
        handed = hand_down(ways, own, override)
        raised = cumulated(ways, handed, override, setters, self.cumulation)
        if raised.level.any():
            handed = hand_down(ways, np.maximum(own, raised.level), override)
        return _Worked(ways, handed, raised, setters, own, override)

    def _way(self, worked: _Worked, number: int) -> tuple[str, ...]:
        ids, found = self.wiring.ids, [self.wiring.ids[number]]
        while (by := int(worked.handed.by[number])) != OWN:
            giver = int(worked.ways.giver[by])
            if worked.ways.link[by] == JOINT:
                found.extend(self._joint(number, giver))
            found.append(ids[giver])
            if worked.override[giver]:
                break
            number = giver
        return tuple(found)

    def _joint(self, number: int, owner: int) -> tuple[str, ...]:
        """What stops between an asset that takes all that the owner's need can spare, and the owner."""
        if (number, owner) not in self._between:
            ids, links = self.wiring.ids, self.wiring.links
            way = ways_of(fail(self.wiring, [ids[number]])).to(ids[owner])
            self._between[number, owner] = tuple(links[link].effect for link in way[:-1])
        return self._between[number, owner]


def _how(worked: _Worked, number: int) -> How:
    handed, by = worked.handed, int(worked.handed.by[number])
    level = int(handed.level[number])
    if not level:
        return ""
    if by == OWN:
        return "cumulation" if worked.own[number] < level else "set"
    return "distribution" if level < handed.effective[worked.ways.giver[by]] else "maximum"
