"""What is done from time to time: what an agent has not seen for long is taken back, corrections end or are carried on.

Such sources have no complete runs, so that absence retires nothing (law 4). Upkeep only says events: what it withdraws
is retired by the inventory, as with any other withdrawal, and comes back with the agent's next word.
"""

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from events.codec import record_of
from events.database import FileDamaged
from events.log import RECORDS, EventLog, TopicPartition, lag, up_to
from events.models import CURATION, Draft, record_key
from events.outbox import Clock
from events.outbox_errors import OutboxUnavailable
from events.runs import is_held
from graph.store import GraphStore
from services import bootstrap, carrying, curating
from services.collectors.pushed import PUSHED
from services.hearing import silent_before
from services.settings import Settings, SourceSettings
from services.times import parse_age

AT_ONCE = 1000
"""How many records of one source are withdrawn in one go; the rest the next time."""
MAX_LAG = 10_000
"""Further behind, the graph is not asked: all that it has not applied would have to be read here too."""
MOST_CORRECTIONS, MOST_RECORDS = 100_000, 1_000_000
"""How many corrections, and records of one source, are looked at."""
FOR_EVER = datetime.max.replace(tzinfo=UTC)
READ_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Done:
    """What upkeep did for a source; `left`: what it left for the next time, and why.

    `ended`, `carried`: corrections that came to their end, and that were said anew of what came in a record's place.
    """

    source: str
    withdrawn: int = 0
    left: str = ""
    ended: int = 0
    carried: int = 0

    @property
    def text(self) -> str:
        """What was done, for people."""
        if self.source != CURATION:
            return f"{self.withdrawn:,} records withdrawn"
        return f"{self.ended:,} corrections ended, {self.carried:,} carried on to a new record"


def upkeep(
    settings: Settings, log: EventLog, store: GraphStore, clock: Clock = lambda: datetime.now(UTC)
) -> list[Done]:
    """Do what is due. Raises LogUnavailable, StoreUnavailable, PositionLost; what was withdrawn is sent later then."""
    done = [_retire_unseen(settings, source, log, store, clock) for source in settings.sources if source.retire_after]
    return [*done, _look_after_corrections(settings, log, store, clock)]


def _look_after_corrections(settings: Settings, log: EventLog, store: GraphStore, clock: Clock) -> Done:
    """Take back what persons said only until a day that has passed; say anew what they said of a record that is gone.

    Asked twice: nobody who corrects has to wait where nothing is due, and what is due is told while nobody does.
    """
    over, carried = _due(store, clock)
    if not over and not carried.drafts:
        return Done(CURATION, left="; ".join(carried.refused))
    try:
        with closing(bootstrap.open_outbox(settings, CURATION, clock)) as outbox:
            outbox.drain(log)
            waiting = _not_applied(CURATION, log, store)
            if isinstance(waiting, str):
                return Done(CURATION, left=waiting)
            over, carried = _due(store, clock)
            ended, said = ([d for d in some if d.native_key not in waiting] for some in (over, carried.drafts))
            above = curating.latest(store, [*ended, *said], _corrections(store, clock))
            curating.say([*ended, *said], outbox, clock, above=above)
            outbox.drain(log)
    except (OutboxUnavailable, FileDamaged) as error:
        return Done(CURATION, left=str(error))
    return Done(CURATION, left="; ".join(carried.refused), ended=len(ended), carried=len(said))


def _due(store: GraphStore, clock: Clock) -> tuple[list[Draft], carrying.Carried]:
    """What ends, and what is carried on."""
    keys, today = _corrections(store, clock), clock().date()
    return curating.expired(store, today, keys), carrying.carried(store, today, keys)


def _corrections(store: GraphStore, clock: Clock) -> list[str]:
    found = store.unseen(CURATION, clock() + timedelta(days=1), MOST_CORRECTIONS)
    return [record_key(CURATION, key) for key in found]


def _retire_unseen(settings: Settings, source: SourceSettings, log: EventLog, store: GraphStore, clock: Clock) -> Done:
    if not store.unseen(source.name, clock() - parse_age(source.retire_after), 1):
        return Done(source.name)  # and nobody who wants to collect it has to wait
    if source.type in PUSHED:
        return Done(
            source.name, left=f"{source.name} is pushed to: `landkarte serve` has its outbox, and looks after it"
        )
    if source.name not in bootstrap.outboxes(settings):
        return Done(source.name, left=f"{source.name} has no outbox here; upkeep works where the source is collected")
    before = silent_before(source, clock(), store)
    if isinstance(before, str):
        return Done(source.name, left=before)
    try:
        with closing(bootstrap.open_outbox(settings, source.name, clock)) as outbox:
            return withdraw_unseen(source, before, outbox, log, store)
    except (OutboxUnavailable, FileDamaged) as error:
        return Done(source.name, left=str(error))


class Withdraws(Protocol):
    """What withdraws: an outbox, or who stands for one."""

    def drain(self, log: EventLog) -> int:
        """See `Outbox.drain`."""

    def withdraw(self, native_key: str, reason: str) -> None:
        """See `Outbox.withdraw`."""


def withdraw_unseen(
    source: SourceSettings, before: datetime, outbox: Withdraws, log: EventLog, store: GraphStore
) -> Done:
    """Take back what the source has not seen since; meanwhile nobody may put anything into its outbox.

    So what it said is in the graph or in the log. More than the share `max_shrink` of what is known of the source is
    left: a person has to look. Raises LogUnavailable, StoreUnavailable, PositionLost.
    """
    outbox.drain(log)
    waiting = _not_applied(source.name, log, store)
    if isinstance(waiting, str):
        return Done(source.name, left=waiting)
    due = [key for key in store.unseen(source.name, before, MOST_RECORDS) if key not in waiting]
    if left := _too_many(source, before, store) if due else "":
        return Done(source.name, left=left)
    reason = f"not seen for {source.retire_after}: not since {before:%Y-%m-%d %H:%M} UTC"
    for key in due[:AT_ONCE]:
        outbox.withdraw(key, reason)
    outbox.drain(log)
    return Done(source.name, min(len(due), AT_ONCE), f"more than {AT_ONCE:,} are due" if len(due) > AT_ONCE else "")


def _too_many(source: SourceSettings, before: datetime, store: GraphStore) -> str:
    """Why a person has to look, where most of what the source has seen is silent; empty where it is not.

    All count that were silent for half of the time: what fell silent on one day is due hour by hour.
    """
    known = len(store.unseen(source.name, FOR_EVER, MOST_RECORDS))
    silent = len(store.unseen(source.name, before + parse_age(source.retire_after) / 2, MOST_RECORDS))
    if not is_held(known - silent, known, source.max_shrink):
        return ""
    return (
        f"{silent:,} of its {known:,} records were not seen for half of {source.retire_after}, a share above "
        f"max_shrink = {source.max_shrink:g}: does it see what it should? Raise that where they are gone for good"
    )


def _not_applied(source: str, log: EventLog, store: GraphStore) -> set[str] | str:
    """The source's native keys that stand in the log and not yet in the graph, or why that cannot be told.

    These the graph would call unseen though their agent has spoken, or withdrawn already. Asking only whether the graph
    has caught up would not do: where many sources talk, it is a few messages behind at any moment.
    """
    positions = {TopicPartition(*at): after for at, after in store.positions(log.identity).items()}
    ends = log.ends([RECORDS])
    behind = lag(log, positions, [RECORDS])
    if behind > MAX_LAG or not positions:
        return f"the graph is {behind:,} messages behind the log: `landkarte inventory` has to catch up first"
    starts = {at: positions.get(at, 0) for at in ends}
    prefix = record_key(source, "")
    batches = up_to(log, starts, ends, max_bytes=READ_BYTES)
    named = (record_of(message)[0] or "" for batch in batches for message in batch)
    return {record.removeprefix(prefix) for record in named if record.startswith(prefix)}
