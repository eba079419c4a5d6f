"""What the page tells, as plain values: no words, no form, no layout."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from inventory.counts import Counts, devices_of
from inventory.lifecycle import Edition
from inventory.milestones import Verdict
from inventory.obsolescence import Question
from inventory.rollup import Rollup
from inventory.rows import Row
from inventory.things import Part
from services.trend import Point

SEVERAL, UNDATED = "several", "undated"
"""Why a thing of a known product is unknown: it may be any of several cycles, or nobody says when its cycle ends."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row. `alike`: how many more assets, that are not named, have the same thing with the same end."""

    row: Row
    alike: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """The worst rows, and how many there are in all."""

    entries: Sequence[Entry] = ()
    total: int = 0

    @property
    def covered(self) -> int:
        """How many of all are named, or told of as alike."""
        return sum(1 + entry.alike for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Group:
    """Installations of programs of the same cycle; `row`: the first of them."""

    row: Row
    assets: int


@dataclass(frozen=True, slots=True)
class Groups:
    """The worst groups of programs, how many groups there are, and how many installations these are in all."""

    groups: Sequence[Group] = ()
    number: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """A risk that somebody accepted. `verdict`, `end`: the worst of what the asset has; None where nothing ends."""

    asset: str
    kind: str
    until: date
    by: str
    reason: str
    verdict: Verdict | None
    row: Row | None


@dataclass(frozen=True, slots=True)
class Unmatched:
    """What was reported and cannot be judged. `reason`: SEVERAL, UNDATED, or what the matcher says."""

    reported: str
    assets: int
    reason: str


@dataclass(frozen=True, slots=True)
class Gap:
    """What is not known of a part: the most frequent things, how many distinct ones, and how many assets have them."""

    part: Part
    things: Sequence[Unmatched]
    distinct: int
    assets: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """Units, or citizen services, worst first; `rollups` has them all, and what is in none."""

    rollups: Sequence[Rollup] = ()

    @property
    def named(self) -> Sequence[Rollup]:
        """Without what is in none."""
        return [rollup for rollup in self.rollups if rollup.id]

    @property
    def in_none(self) -> Sequence[Rollup]:
        """What is in none, where there is any."""
        return [rollup for rollup in self.rollups if not rollup.id]


@dataclass(frozen=True, slots=True)
class Silent:
    """A source that was expected to be heard of. `last`: None where it never was."""

    source: str
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page tells. `known_at`: of when the knowledge is; `past`: whether that is not now.

    `heard`: sources, oldest word first. `parts`: those of which anything is there. `accepted_total`: of the accepted
    risks, of which `accepted` are those that end first. `trend`: points that were kept, and the page's own figures last
    where these are of today.
    """

    question: Question
    known_at: datetime
    past: bool
    parts: Sequence[tuple[Part, Counts]]
    inherited: int
    computers: int
    with_system: int
    heard: Sequence[tuple[str, datetime]]
    editions: Sequence[Edition]
    unsupported: Listing
    ending: Listing
    unsupported_programs: Groups
    ending_programs: Groups
    accepted: Sequence[Accepted]
    accepted_total: int
    gaps: Sequence[Gap]
    silent: Sequence[Silent]
    units: Ranking
    services: Ranking
    trend: Sequence[Point] = ()

    @property
    def devices(self) -> Counts:
        """All parts but programs."""
        return devices_of(self.parts)

    @property
    def programs(self) -> Counts:
        """Programs alone."""
        return dict(self.parts).get("program", Counts())
