"""Protection needs in sentences, German and English, as an office reads them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from graph.metamodel import KINDS
from inventory.need_levels import BASE_KINDS, Goal, LevelName
from inventory.protection import Need, Protection
from inventory.protection_rows import Remark, remarks

Language = Literal["de", "en"]


@dataclass(frozen=True, slots=True)
class _Words:
    """One language's sentences."""

    goals: dict[Goal, str]
    levels: dict[LevelName, str]
    unknown: str
    set_here: str
    maximum: str
    distribution: str
    cumulation: str
    through: str
    override: str
    since: str
    until: str
    no_reason: str
    remarks: dict[Remark, str]


_WORDS: dict[Language, _Words] = {
    "de": _Words(
        goals={"confidentiality": "Vertraulichkeit", "integrity": "Integrität", "availability": "Verfügbarkeit"},
        levels={"normal": "normal", "hoch": "hoch", "sehr hoch": "sehr hoch", "unknown": "unbekannt"},
        unknown="für nichts, was davon abhängt, ist ein Schutzbedarf festgelegt",
        set_here="so festgelegt",
        maximum="vererbt von {root}{through} (Maximumprinzip)",
        distribution="vererbt von {root}{through}, eine Stufe niedriger (Verteilungseffekt)",
        cumulation="{number} oder mehr mit der Stufe darunter hängen davon ab: {kind} (Kumulationseffekt)",
        through=" über {way}",
        override="von Hand {level} statt {computed}: {reason} ({by}{since}{until})",
        since=", seit {day}",
        until=", bis {day}",
        no_reason="ohne Begründung",
        remarks={
            "override below computed": "Achtung: von Hand niedriger als berechnet.",
            "set below inherited": "Achtung: niedriger festgelegt, als es sich vererbt.",
            "override without a reason": "Achtung: von Hand, und ohne Begründung.",
            "not a level": "Achtung: {text} ist keine Stufe.",
        },
    ),
    "en": _Words(
        goals={"confidentiality": "Confidentiality", "integrity": "Integrity", "availability": "Availability"},
        levels={"normal": "normal", "hoch": "high", "sehr hoch": "very high", "unknown": "unknown"},
        unknown="no protection need is set on anything that depends on it",
        set_here="set so",
        maximum="inherited from {root}{through} (maximum)",
        distribution="inherited from {root}{through}, one level less (distribution)",
        cumulation="{number} or more with the level below depend on it: {kind} (cumulation)",
        through=" through {way}",
        override="by hand {level} instead of {computed}: {reason} ({by}{since}{until})",
        since=", since {day}",
        until=", until {day}",
        no_reason="no reason given",
        remarks={
            "override below computed": "Note: by hand below what is computed.",
            "set below inherited": "Note: set below what it inherits.",
            "override without a reason": "Note: by hand, and without a reason.",
            "not a level": "Note: {text} is no level.",
        },
    ),
}


def in_words(protection: Protection, need: Need, language: Language) -> str:
    """What the need is, why, and what to look at, in one line."""
    words = _WORDS[language]
    why = _why(protection, need, words, language)
    return " ".join(_sentences(protection, need, words, why))


def _sentences(protection: Protection, need: Need, words: _Words, why: str) -> Iterator[str]:
    goal, said = words.goals[need.goal], need.said
    kind = protection.wiring.outline.nodes[need.node].kind
    if said and said.level and kind not in BASE_KINDS:
        yield f"{goal}: {words.levels[need.level.told]}; {_override(need, words)}."
        yield f"{words.levels[need.computed.told].capitalize()}: {why}."
    else:
        yield f"{goal}: {words.levels[need.level.told]}; {why}."
    for remark in remarks(protection, need):
        yield words.remarks[remark].format(text=repr(said.text) if said else "")


def _override(need: Need, words: _Words) -> str:
    said = need.said
    assert said is not None
    return words.override.format(
        level=words.levels[said.level.told],
        computed=words.levels[need.computed.told],
        reason=said.reason or words.no_reason,
        by=said.by,
        since=words.since.format(day=said.since.date()) if said.since else "",
        until=words.until.format(day=said.until) if said.until else "",
    )


def _why(protection: Protection, need: Need, words: _Words, language: Language) -> str:
    nodes = protection.wiring.outline.nodes
    if not need.how:
        return words.unknown
    if need.how == "set":
        return words.set_here
    if need.how == "cumulation":
        declared = KINDS[protection.kind_raising(need.node, need.goal)]
        kind = declared.german if language == "de" else declared.english
        return words.cumulation.format(number=protection.cumulation, kind=kind)
    between = ", ".join(f"'{nodes[node].name}'" for node in need.way[1:-1][::-1])
    text = words.maximum if need.how == "maximum" else words.distribution
    through = words.through.format(way=between) if between else ""
    return text.format(root=f"'{nodes[need.root].name}'", through=through)
