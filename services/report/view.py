"""What the page tells, as plain values: no words, no form, no layout."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from inventory.lifecycle import Edition
from inventory.milestones import Verdict
from inventory.obsolescence import Question
from inventory.rollup import Rollup
from inventory.rows import Row
from inventory.things import Part

SEVERAL, UNDATED = "several", "undated"
"""Why a thing of a known product is unknown: it may be any of several cycles, or nobody says when its cycle ends."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of some parts, how many have which verdict; unknown is none of the others.

    `paid`: how many are supported only because extended support is paid for; they are among `supported` or, of
    `paid_ending`, among `ending`.
    """

    unsupported: int = 0
    ending: int = 0
    supported: int = 0
    unknown: int = 0
    paid: int = 0
    paid_ending: int = 0

    @property
    def considered(self) -> int:
        """How many were judged, or could not be."""
        return self.unsupported + self.ending + self.supported + self.unknown

    @property
    def paid_lasting(self) -> int:
        """Those supported by a paid extension that does not end soon."""
        return self.paid - self.paid_ending

    @property
    def unpaid(self) -> int:
        """Those supported without a paid extension."""
        return self.supported - self.paid_lasting

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.unsupported + other.unsupported,
            self.ending + other.ending,
            self.supported + other.supported,
            self.unknown + other.unknown,
            self.paid + other.paid,
            self.paid_ending + other.paid_ending,
        )


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
    risks, of which `accepted` are those that end first.
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

    @property
    def devices(self) -> Counts:
        """All parts but programs: thousands of packages that nobody knows would drown the rest."""
        return sum((counts for part, counts in self.parts if part != "program"), Counts())

    @property
    def programs(self) -> Counts:
        """Programs alone."""
        return sum((counts for part, counts in self.parts if part == "program"), Counts())
