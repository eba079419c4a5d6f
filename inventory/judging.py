"""From a match to a verdict: which milestone counts, on which day, and what a paid extension makes of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from inventory.lifecycle import Cycle
from inventory.match import Match
from inventory.milestones import Milestone, MilestoneName, Undated, Verdict, judge, rank_of

AGES: Mapping[str, int] = {
    "Server": 5,
    "StorageSystem": 5,
    "Client": 5,
    "NetworkDevice": 8,
    "Printer": 8,
    "MobileDevice": 4,
}
"""Years after which hardware of a kind counts as past its support, where nobody says more: usual depreciation."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a city decided: the milestone that counts, overall and by product; ages of hardware by kind, in years."""

    milestone: MilestoneName = "security"
    milestones: Mapping[str, MilestoneName] = field(default_factory=dict)
    ages: Mapping[str, int] = field(default_factory=lambda: AGES)

    def counts(self, product: str) -> MilestoneName:
        """The milestone that counts for a product."""
        return self.milestones.get(product, self.milestone)


@dataclass(frozen=True, slots=True)
class Cover:
    """A contract that pays for extended support. `products`: of these, in plain letters; None: of all it covers.

    `end`: its last day, None where it has none.
    """

    contract: str
    name: str
    products: frozenset[str] | None
    end: date | None

    def pays_for(self, names: Collection[str], on: date) -> bool:
        """Whether it covers a product of one of these names, in plain letters, on that day."""
        open_still = self.end is None or on <= self.end
        return open_still and (self.products is None or not self.products.isdisjoint(names))


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and what it rests on. `end`: of `milestone`, or of the extension; None where no single one is known.

    `paid`: the contract without which it would be unsupported, "" where there is none.
    """

    verdict: Verdict
    end: Milestone
    milestone: MilestoneName
    paid: str = ""


def judgement(match: Match, policy: Policy, on: date, within_months: int, covers: Collection[Cover] = ()) -> Judgement:
    """What a match says on a day. `covers`: the contracts that pay for this product on that day.

    Of several candidates what they share, with the contracts: where they do not agree it is unknown.
    """
    milestone = policy.counts(match.cycles[0].product if match.cycles else "")
    verdict = match.verdict(on, within_months, milestone)
    own = Judgement(verdict, _end(match, milestone, verdict), milestone)
    if match.inferred or not covers or all(cycle.extended is None for cycle in match.cycles):
        return own
    each = [_with_contract(cycle, milestone, covers, on, within_months) for cycle in match.cycles]
    if len({found.verdict for found in each}) > 1:
        return Judgement("unknown", None, milestone)
    return max(each, key=lambda found: rank_of(found.end))


def _with_contract(
    cycle: Cycle, milestone: MilestoneName, covers: Collection[Cover], on: date, within_months: int
) -> Judgement:
    """What a cycle says, or the contract that makes it last longer."""
    end = cycle.end(milestone)
    own = Judgement(judge(end, on, within_months), end, milestone)
    best = max(covers, key=lambda cover: rank_of(_limited(cycle, cover)))
    limit = _limited(cycle, best)
    if cycle.extended is None or rank_of(limit) <= rank_of(end):
        return own
    verdict = judge(limit, on, within_months)
    helps = own.verdict in {"unsupported", "unknown"} and verdict != "unsupported"
    return Judgement(verdict, limit, "extended", best.name if helps else "")


def _end(match: Match, milestone: MilestoneName, verdict: Verdict) -> Milestone:
    """Of several candidates the latest day: the least that is sure. What is inferred ended before all known days."""
    ends = [cycle.end(milestone) for cycle in match.cycles]
    if match.inferred:
        return Undated.ENDED if verdict == "unsupported" else None
    if ends and all(isinstance(end, date) for end in ends):
        return max(end for end in ends if isinstance(end, date))
    return ends[0] if len(set(ends)) == 1 else None


def _limited(cycle: Cycle, cover: Cover) -> Milestone:
    """The end of extended support, or of the contract that pays for it, whichever is first."""
    return min((cycle.extended, cover.end or Undated.OPEN), key=rank_of)
