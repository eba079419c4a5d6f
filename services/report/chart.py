"""Stacked bars, as geometry: the shares of each over the same width, with the numbers that fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from inventory.counts import Counts
from services.report.forms import Forms

Shade = Literal["unsupported", "ending", "paid", "supported", "unknown"]
SHADES: tuple[Shade, ...] = ("unsupported", "ending", "paid", "supported", "unknown")
LEFT, WIDTH, HEIGHT, GAP = 190.0, 880.0, 28.0, 12.0
_LETTER = 11.0
"""Width that a digit of a label needs."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a bar. `label`: its number, "" where it does not fit."""

    shade: Shade
    x: float
    width: float
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, that begins at `y`, of what stands at its left."""

    name: str
    y: float
    segments: Sequence[Segment]


def shades(counts: Counts) -> dict[Shade, int]:
    """How many have each shade; each is counted once, so that they make up what was considered."""
    return {
        "unsupported": counts.unsupported,
        "ending": counts.ending,
        "paid": counts.paid_lasting,
        "supported": counts.unpaid,
        "unknown": counts.unknown,
    }


def bars(named: Sequence[tuple[str, Counts]], forms: Forms) -> list[Bar]:
    """A bar for each, below each other."""
    return [Bar(name, number * (HEIGHT + GAP), _segments(counts, forms)) for number, (name, counts) in enumerate(named)]


def _segments(counts: Counts, forms: Forms) -> list[Segment]:
    found, x = [], LEFT
    for shade, count in shades(counts).items():
        if count:
            width, text = WIDTH * count / counts.considered, forms.number(count)
            found.append(Segment(shade, round(x, 2), round(width, 2), text if len(text) * _LETTER < width else ""))
            x += width
    return found


def height(bars: Sequence[Bar]) -> float:
    """Of the whole chart."""
    return max(len(bars) * (HEIGHT + GAP) - GAP, 0)
