"""How the figures were at the ends of weeks or months, each as it was known then."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

import structlog

from graph.store import EVERY_ASSET, Clock, GraphReader, GraphStore
from inventory.counts import Counts, counts_by_part
from inventory.judging import Policy
from inventory.kept import BeforeThePast, forgotten
from inventory.lifecycle_records import matcher_of
from inventory.obsolescence import Obsolescence, Question, obsolete
from inventory.things import PARTS, Part
from services.answers import end_of, past_of
from services.asking import Asked, question_of
from services.lookup import Ambiguous, NotFound

NOTE = "trend"
"""The note of the points that were kept when their day was over: by question, then by day, then by part."""
WITHIN_MONTHS = 12
"""Of the question whose points are kept."""
MOST_ENTRIES = 300
"""Entries of the journal that are set back for a point to keep: some 3 seconds, well within the lease of who writes."""
MOST_POINTS = 600
SHOWN, ENOUGH = 12, 6
"""Points of a page, and how many months there must be for it to show months."""
_SUNDAY = 7


@dataclass(frozen=True, slots=True)
class Point:
    """The figures of a day, by part, as they were known at its end."""

    day: date
    parts: Mapping[Part, Counts]


@dataclass(frozen=True, slots=True)
class Trend:
    """Points in order of time, the last of now. `left_out`: days of which nothing can be told, and why."""

    points: Sequence[Point]
    left_out: Mapping[date, str]


@dataclass(frozen=True, slots=True)
class Span:
    """So many months, or weeks."""

    number: int
    unit: Literal["m", "w"]

    def ends(self, today: date) -> list[date]:
        """The last days of so many whole months, or weeks (Sundays), before that day, in order."""
        found = [_end_before(today, self.unit)]
        while len(found) < self.number:
            found.append(_end_before(found[-1], self.unit))
        return found[::-1]


def span_of(text: str) -> Span:
    """From how a person says it, `12m` or `26w`. Raises ValueError."""
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdigit() and 0 < int(number) <= MOST_POINTS):
        unit = ""
    match unit:
        case "m" | "w":
            return Span(int(number), unit)
        case _:
            raise ValueError(f"{text!r} is neither so many months, as 12m, nor weeks, as 26w; at most {MOST_POINTS}")


def _end_before(day: date, unit: Literal["m", "w"]) -> date:
    return day - timedelta(days=day.isoweekday() if unit == "w" else day.day)


Asking = Callable[[GraphReader, date], Question]
"""The question, asked of what was known at the end of that day."""


def asking(asked: Asked, policy: Policy) -> Asking:
    """What a person asks, asked of each day."""
    return lambda then, day: question_of(then, asked, policy, end_of(day))


Opening = Callable[[datetime], AbstractContextManager[GraphReader]]


def trend_of(
    answer: Obsolescence, known: Mapping[date, Point], days: Iterable[date], ask: Asking, past: Opening
) -> Trend:
    """What is `known` of these days, and what is asked of the others as they were; then the answer that is of now.

    Raises StoreUnavailable.
    """
    points, left_out = list[Point](), dict[date, str]()
    for day in days:
        try:
            points.append(known.get(day) or _asked(day, ask, past))
        except (BeforeThePast, NotFound, Ambiguous) as error:
            left_out[day] = str(error)
    return Trend([*points, point_of(answer.question.on, answer)], left_out)


def _asked(day: date, ask: Asking, opened: Opening) -> Point:
    with opened(end_of(day)) as past:
        return point_of(day, obsolete(past, matcher_of(past), ask(past, day)))


def point_of(day: date, answer: Obsolescence) -> Point:
    """The figures of an answer."""
    return Point(day, dict(counts_by_part(answer)))


def kept(reader: GraphReader, question: Question) -> dict[date, Point]:
    """The points that were kept of that question, of the parts that it asks for; none of one about some assets only."""
    told = json.loads(reader.note(NOTE) or "{}").get(_key(question), {})
    return {
        date.fromisoformat(day): Point(date.fromisoformat(day), _read(parts, question)) for day, parts in told.items()
    }


def trend_kept(reader: GraphReader, answer: Obsolescence, now: date) -> list[Point]:
    """The points that were kept before that day, and the answer where it is of it and as they are: at no cost."""
    question = answer.question
    known = kept(reader, replace(question, within_months=WITHIN_MONTHS))
    points = [point for day, point in sorted(known.items()) if day < now]
    alike = question.on == now and question.within_months == WITHIN_MONTHS
    return [*points, point_of(now, answer)] if alike else points


def spaced(points: Sequence[Point]) -> list[Point]:
    """So many of them as fit a page: of months where there are enough, else of weeks; the last in any case."""
    months = [point for point in points[:-1] if (point.day + timedelta(days=1)).day == 1]
    weeks = [point for point in points[:-1] if point.day.isoweekday() == _SUNDAY]
    return [*(months if len(months) >= ENOUGH else weeks)[-SHOWN:], *points[-1:]]


def _key(question: Question) -> str:
    """What a point depends on beside what was known: the policy, and what counts as soon; "" for what is not kept."""
    whole = Question(
        question.on, question.within_months, EVERY_ASSET, question.policy, question.parts, question.verdicts
    )
    if question != whole:
        return ""
    policy = json.dumps([asdict(question.policy), question.within_months], sort_keys=True, default=dict)
    return hashlib.sha256(policy.encode()).hexdigest()[:16]


def _read(parts: Mapping[str, Mapping[str, int]], question: Question) -> dict[Part, Counts]:
    return {part: Counts(**parts[part]) for part in PARTS if part in parts and part in question.parts}


class Keeper:
    """Keeps the point of each week and month when it is over, while that costs little.

    So the trend is told at once, and of days too that the journal does not tell any longer. What was said before the
    day's end and arrives later is not in it.
    """

    def __init__(self, store: GraphStore, policy: Policy, clock: Clock) -> None:
        self._store, self._policy, self._clock = store, policy, clock
        self._seen: date | None = None

    def forget(self) -> None:
        """Others may have written since."""
        self._seen = None

    def notes(self) -> dict[str, str]:
        """What is to be noted; nothing where nothing is due. A day is tried once: the inventory has other work.

        Raises StoreUnavailable.
        """
        today = self._clock().date()
        if today == self._seen:
            return {}
        self._seen = today
        found = [point for day in _last_ends(today) if (point := self._point(day))]
        if not found:
            return {}
        every = json.loads(self._store.note(NOTE) or "{}")
        known = every.setdefault(_key(self._question(today)), {})
        for point in found:
            known[point.day.isoformat()] = {part: asdict(counts) for part, counts in point.parts.items()}
        return {NOTE: json.dumps(every)}

    def _question(self, day: date) -> Question:
        return Question(day, WITHIN_MONTHS, policy=self._policy)

    def _point(self, day: date) -> Point | None:
        """What is not kept yet, and costs little."""
        question = self._question(day)
        if day in kept(self._store, question) or self._entries_since(day) > MOST_ENTRIES:
            return None
        try:
            return _asked(day, lambda _past, _day: question, lambda moment: past_of(self._store, moment))
        except BeforeThePast:
            return None
        except OSError as error:  # no room for the scratch file: the figure can be reckoned later, events cannot wait
            structlog.get_logger().warning("no figures are kept of a day", day=day.isoformat(), reason=str(error))
            return None

    def _entries_since(self, day: date) -> int:
        return self._store.status().journal - (self._store.change_at(end_of(day)) or forgotten(self._store))


def _last_ends(today: date) -> list[date]:
    return sorted({_end_before(today, "w"), _end_before(today, "m")})
