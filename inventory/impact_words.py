"""The answer to what a failure does, in sentences, for who is called at night; German and English."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from graph.metamodel import KINDS
from graph.model import Node
from graph.outline import OutlineNode
from inventory.failing import Result
from inventory.impact import AFFECTED, Affected, Impact
from inventory.wiring import Link

Language = Literal["de", "en"]
SERVICES_SHOWN, NAMED = 10, 5


@dataclass(frozen=True, slots=True)
class _Words:
    """One language's sentences. Pairs are of one, and of several."""

    also: str
    and_more: str
    if_fails: tuple[str, str]
    nothing: str
    none_depends: str
    not_covered: str
    results: Mapping[Result, tuple[str, str]]
    states: Mapping[Result, str]
    service: str
    way: str
    on: str
    directly: str
    endpoint: str
    silent: str
    more: tuple[str, str]
    no_service: str
    beyond: tuple[str, str]


_WORDS: dict[Language, _Words] = {
    "de": _Words(
        also="und",
        and_more="und {n} weitere",
        if_fails=("Wenn {failed} ausfällt", "Wenn {failed} ausfallen"),
        nothing="{fails}, ist nichts Bekanntes betroffen:",
        none_depends="nach den Meldungen von {sources} hängt nichts davon ab.",
        not_covered="keine Quelle meldet, was davon abhängt. Das heißt nicht, dass nichts davon abhängt.",
        results={
            Result.STOPS: (
                "{fails}, steht 1 Objekt still ({counts}).",
                "{fails}, stehen {n} Objekte still ({counts}).",
            ),
            Result.UNKNOWN: (
                "Über 1 Objekt lässt sich nichts sagen ({counts}).",
                "Über {n} Objekte lässt sich nichts sagen ({counts}).",
            ),
            Result.RESERVE: (
                "1 Objekt läuft ohne Reserve weiter: der nächste Ausfall legt es still ({counts}).",
                "{n} Objekte laufen ohne Reserve weiter: der nächste Ausfall legt sie still ({counts}).",
            ),
            Result.DEGRADED: (
                "1 Objekt läuft eingeschränkt weiter ({counts}).",
                "{n} Objekte laufen eingeschränkt weiter ({counts}).",
            ),
        },
        states={
            Result.STOPS: "steht still",
            Result.UNKNOWN: "ist ungewiss",
            Result.RESERVE: "läuft ohne Reserve",
            Result.DEGRADED: "läuft eingeschränkt",
        },
        service="{service} {state}: {way}{doubt}.",
        way="über {via}",
        on=" auf ",
        directly="unmittelbar",
        endpoint="; niemand sagt, was {name} ist",
        silent="; dass {effect} {cause} braucht, hat zuletzt niemand bestätigt ({sources})",
        more=("Ein weiterer Bürgerdienst ist betroffen.", "{n} weitere Bürgerdienste sind betroffen."),
        no_service="Kein Bürgerdienst ist betroffen, soweit bekannt.",
        beyond=("1 weiteres Objekt liegt weiter entfernt.", "{n} weitere Objekte liegen weiter entfernt."),
    ),
    "en": _Words(
        also="and",
        and_more="and {n} more",
        if_fails=("If {failed} fails", "If {failed} fail"),
        nothing="{fails}, nothing known is affected:",
        none_depends="by the reports of {sources}, nothing depends on it.",
        not_covered="no source reports what depends on it. That does not mean that nothing does.",
        results={
            Result.STOPS: ("{fails}, 1 object stops ({counts}).", "{fails}, {n} objects stop ({counts})."),
            Result.UNKNOWN: (
                "Of 1 object nothing can be told ({counts}).",
                "Of {n} objects nothing can be told ({counts}).",
            ),
            Result.RESERVE: (
                "1 object keeps running without reserve: the next failure stops it ({counts}).",
                "{n} objects keep running without reserve: the next failure stops them ({counts}).",
            ),
            Result.DEGRADED: ("1 object runs worse ({counts}).", "{n} objects run worse ({counts})."),
        },
        states={
            Result.STOPS: "stops",
            Result.UNKNOWN: "is uncertain",
            Result.RESERVE: "runs without reserve",
            Result.DEGRADED: "runs worse",
        },
        service="{service} {state}: {way}{doubt}.",
        way="through {via}",
        on=" on ",
        directly="directly",
        endpoint="; nobody says what {name} is",
        silent="; nobody has lately confirmed that {effect} needs {cause} ({sources})",
        more=("One more citizen service is affected.", "{n} more citizen services are affected."),
        no_service="No citizen service is affected, as far as is known.",
        beyond=("1 more object is further away.", "{n} more objects are further away."),
    ),
}  # fmt: skip


def in_words(impact: Impact, language: Language, offices: Mapping[str, Sequence[Node]]) -> str:
    """Sentences, one a line: how much stops or loses its reserve, the citizen services, and what is not known.

    `offices`: the organisation units that own each citizen service, by its id.
    """
    words = _WORDS[language]
    fails = words.if_fails[len(impact.failed) > 1].format(failed=_listed(impact.failed, words))
    if not impact.total and not impact.beyond:
        told = words.none_depends.format(sources=", ".join(impact.told_by)) if impact.covered else words.not_covered
        return f"{words.nothing.format(fails=fails)} {told}"
    return "\n".join([*_totals(impact, words, fails, language), *_services(impact, words, offices)])


def _totals(impact: Impact, words: _Words, fails: str, language: Language) -> Iterator[str]:
    counts, results = impact.counts(), impact.results()
    if not results[Result.STOPS]:
        yield f"{fails}:"
    for result in AFFECTED:
        if number := results[result]:
            kinds = sorted((_kind(kind, language), n) for (kind, found), n in counts.items() if found == result)
            told = ", ".join(f"{kind}: {n}" for kind, n in kinds)
            yield words.results[result][number > 1].format(fails=fails, n=number, counts=told)
    if impact.beyond:
        yield words.beyond[impact.beyond > 1].format(n=impact.beyond)


def _services(impact: Impact, words: _Words, offices: Mapping[str, Sequence[Node]]) -> Iterator[str]:
    services = list(impact.services())
    for item in services[:SERVICES_SHOWN]:
        yield words.service.format(
            service=_service(item, offices),
            state=words.states[item.result],
            way=_way(impact, item, words),
            doubt=_doubt(impact, item, words),
        )
    if hidden := len(services) - SERVICES_SHOWN if len(services) > SERVICES_SHOWN else 0:
        yield words.more[hidden > 1].format(n=hidden)
    if not services and not impact.beyond:
        yield words.no_service


def _way(impact: Impact, item: Affected, words: _Words) -> str:
    """From the service down to what failed, without either: 'VOIS|MESO' auf 'srv-meso-01'."""
    text = ""
    for link in reversed(item.links[1:]):
        below = words.on if link.edge.type == "RUNS_ON" else ", "
        name = f"'{impact.topology.outline.nodes[link.cause].name}'"
        text = f"{text}{below}{name}" if text else name
    return words.way.format(via=text) if text else words.directly


def _doubt(impact: Impact, item: Affected, words: _Words) -> str:
    match item.doubt:
        case None:
            return ""
        case Link(cause=cause, effect=effect, edge=edge):
            nodes = impact.topology.outline.nodes
            sources = ", ".join(sorted({claim.partition("/")[0] for claim in edge.claims}))
            names = {"cause": f"'{nodes[cause].name}'", "effect": f"'{nodes[effect].name}'"}
            return words.silent.format(**names, sources=sources)
        case OutlineNode(name=name):
            return words.endpoint.format(name=f"'{name}'")


def _service(item: Affected, offices: Mapping[str, Sequence[Node]]) -> str:
    told = [_office(office) for office in offices.get(item.node.id, ())]
    return f"'{item.node.name}' ({'; '.join(told)})" if told else f"'{item.node.name}'"


def _office(office: Node) -> str:
    mailbox = str(office.properties.get("mailbox", ""))
    return f"{office.name}, {mailbox}" if mailbox else office.name


def _listed(nodes: Sequence[Node], words: _Words) -> str:
    if len(nodes) > NAMED:
        return f"{', '.join(_quoted(node) for node in nodes[:NAMED])} {words.and_more.format(n=len(nodes) - NAMED)}"
    *others, last = map(_quoted, nodes)
    return f"{', '.join(others)} {words.also} {last}" if others else last


def _quoted(node: Node) -> str:
    """Its name, as a sentence has it."""
    return f"'{node.name}'"


def _kind(kind: str, language: Language) -> str:
    return KINDS[kind].german if language == "de" else KINDS[kind].english
