"""The words of protection need (Schutzbedarf): its goals, its levels, and where a person sets what.

The categories normal, hoch and sehr hoch, for confidentiality, integrity and availability, are those of BSI-Standard
200-2, section 8.2. Where nothing is known there is a fourth answer, which is none of the three.
"""

from enum import IntEnum
from typing import Literal, get_args

Goal = Literal["confidentiality", "integrity", "availability"]
GOALS: tuple[Goal, ...] = get_args(Goal)
LevelName = Literal["sehr hoch", "hoch", "normal", "unknown"]
NAMES: tuple[LevelName, ...] = get_args(LevelName)
"""The highest first."""
BASE_KINDS = frozenset({"CitizenService", "BusinessProcess", "Application"})
"""Kinds on which needs are set in the first place; what is set on any other overrides what is computed for it."""
REASON = "protection_reason"


class Level(IntEnum):
    """A protection need; the higher the more."""

    UNKNOWN = 0
    NORMAL = 1
    HIGH = 2
    VERY_HIGH = 3

    @property
    def told(self) -> LevelName:
        """As it is stored and shown."""
        return NAMES[Level.VERY_HIGH - self]


_READ = {"normal": Level.NORMAL, "hoch": Level.HIGH, "high": Level.HIGH}
_READ |= {"sehr hoch": Level.VERY_HIGH, "very high": Level.VERY_HIGH}


def level_of(text: str) -> Level:
    """What a source or a person wrote, German or English, in any case; UNKNOWN for what is no level."""
    return _READ.get(" ".join(text.split()).casefold(), Level.UNKNOWN)


def property_of(goal: Goal) -> str:
    """The property that holds the level of a goal."""
    return f"protection_{goal}"
