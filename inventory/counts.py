"""How many have which verdict, as plain numbers."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

from inventory.milestones import VERDICTS
from inventory.obsolescence import Obsolescence
from inventory.things import PARTS, Part


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
        return Counts(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def counts_by_part(answer: Obsolescence) -> Iterator[tuple[Part, Counts]]:
    """The counts of each part of which anything is there."""
    paid_ending: Counter[Part] = Counter()
    for item in answer.judged:
        if item.judgement.paid and item.judgement.verdict == "ending":
            paid_ending[item.thing.part] += item.assets
    for part in PARTS:
        unsupported, ending, supported, unknown = (answer.totals[part, verdict] for verdict in VERDICTS)
        counts = Counts(unsupported, ending, supported, unknown, answer.paid[part], paid_ending[part])
        if counts.considered:
            yield part, counts


def devices_of(parts: Iterable[tuple[Part, Counts]]) -> Counts:
    """All parts but programs: thousands of packages that nobody knows would drown the rest."""
    return sum((counts for part, counts in parts if part != "program"), Counts())
