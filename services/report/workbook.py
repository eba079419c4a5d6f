"""The page's numbers as a workbook: summary, rows, and what is unknown."""

from collections.abc import Iterator, Sequence

from inventory.counts import Counts
from inventory.rows import Rows
from services.report.columns import PART, Language, said
from services.report.sheets import Share, Sheet, rows_sheet
from services.report.view import Gap, Ranking, Report
from services.report.words import Words

COUNTED = ("unsupported", "ending_short", "paid", "supported", "unknown", "considered")


def sheets_of(report: Report, rows: Rows, gaps: Iterator[Gap], language: Language) -> list[Sheet]:
    """The sheets. `rows`, `gaps`: all of them, not only those that the page shows."""
    words = Words(language)
    return [
        Sheet(words("summary_sheet"), _heads(words), list(_summary(report, words, language)), [44, *[18] * 7]),
        rows_sheet(words("rows_sheet"), rows, language),
        _ranking(words("services_title"), words("service"), report.services, words),
        _ranking(words("units_title"), words("unit"), report.units, words),
        _trend(report, words, language),
        _unknown(gaps, words, language),
    ]


def _heads(words: Words) -> list[str]:
    return [words("key"), *(words(name) for name in (*COUNTED, "unknown_share"))]


def _summary(report: Report, words: Words, language: Language) -> Iterator[Sequence[object]]:
    for part, counts in report.parts:
        yield _line(said(PART[part], language), counts)
    yield _line(words("devices"), report.devices)
    question = report.question
    yield words("day_asked"), question.on
    yield words("day_known"), report.known_at
    yield words("months"), question.within_months
    yield words("inherited"), report.inherited
    yield words("computers"), report.computers
    yield words("with_system"), report.with_system
    for source, at in report.heard:
        yield words("last_heard", source=source), at
    for edition in report.editions:
        yield words("table_named", title=edition.title), edition.as_of
    if not report.editions:
        yield words("tables"), words("no_table_short")


def _line(name: str, counts: Counts) -> Sequence[object]:
    share = Share(counts.unknown / counts.considered) if counts.considered else None
    return name, *_numbers(counts), share


def _numbers(counts: Counts) -> Sequence[int]:
    return counts.unsupported, counts.ending, counts.paid, counts.supported, counts.unknown, counts.considered


def _ranking(title: str, head: str, ranking: Ranking, words: Words) -> Sheet:
    names = (
        "status",
        "cause",
        "cause_asset",
        "earliest",
        "unsupported",
        "ending_short",
        "paid",
        "supported",
        "unknown",
    )
    lines = (
        (
            rollup.name if rollup.id else words("in_none"),
            words("ending_short") if rollup.status == "ending" else words(rollup.status),
            rollup.cause.thing.reported if rollup.cause else "",
            rollup.cause_asset,
            rollup.earliest,
            rollup.counts["unsupported"],
            rollup.counts["ending"],
            rollup.paid,
            rollup.counts["supported"],
            rollup.counts["unknown"],
        )
        for rollup in ranking.rollups
    )
    return Sheet(title, [head, *map(words, names)], lines, [36, 20, 40, 24, *[18] * 6])


def _trend(report: Report, words: Words, language: Language) -> Sheet:
    """All points, of all parts."""
    lines = (
        (point.day, said(PART[part], language), *_numbers(counts))
        for point in report.trend
        for part, counts in point.parts.items()
    )
    return Sheet(words("trend_title"), [words(name) for name in ("day", "part", *COUNTED)], lines, [18, 24, *[18] * 6])


def _unknown(gaps: Iterator[Gap], words: Words, language: Language) -> Sheet:
    lines = (
        (said(PART[gap.part], language), thing.reported, thing.assets, words.reason(thing.reason), words.todo(gap.part))
        for gap in gaps
        for thing in gap.things
    )
    heads = [words(name) for name in ("part", "reported", "machines", "why", "todo_head")]
    return Sheet(words("unknown_sheet"), heads, lines, [20, 50, 16, 40, 60])
