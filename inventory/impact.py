"""What is affected when something fails: everything that depends on it, with the shortest way to each.

Redundancy (clusters, alternatives) is not weighed yet, and the answer says so: it names what is affected, not what
stops.
"""

from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from graph.metamodel import KINDS
from graph.model import Node
from graph.topology import PLACE, Step, Topology

Language = Literal["de", "en"]
SERVICES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Affected:
    """A node that depends on what failed, and the steps from there to it, nearest first. `offices`: who owns it."""

    node: Node
    path: tuple[Step, ...]
    offices: tuple[Node, ...] = ()

    @property
    def distance(self) -> int:
        return len(self.path)


@dataclass(frozen=True, slots=True)
class Impact:
    """Everything affected, citizen services first, then nearest first.

    `told_by`: the sources that know what failed and tell of dependencies; none: nobody could have said that something
    depends on it. `journal`: the number of the change up to which the graph was read.
    """

    failed: tuple[Node, ...]
    affected: tuple[Affected, ...]
    told_by: tuple[str, ...]
    journal: int

    @property
    def covered(self) -> bool:
        """Whether an empty answer means that nothing depends on it, as far as `told_by` knows."""
        return bool(self.told_by)

    @property
    def counts(self) -> Counter[str]:
        """How many of each kind are affected."""
        return Counter(item.node.kind for item in self.affected)

    @property
    def services(self) -> tuple[Affected, ...]:
        return tuple(item for item in self.affected if item.node.kind == "CitizenService")

    def way(self, item: Affected) -> list[str]:
        """The names on the way from what failed to an affected node, both included."""
        return _path(self._names(), item)

    def rows(self) -> list[dict[str, object]]:
        """Each affected node as plain values: id, kind, name, distance, path (names), offices (names)."""
        names = self._names()
        return [
            {
                "id": item.node.id,
                "kind": item.node.kind,
                "name": item.node.name,
                "distance": item.distance,
                "path": _path(names, item),
                "offices": [office.name for office in item.offices],
            }
            for item in self.affected
        ]

    def _names(self) -> dict[str, str]:
        return {node.id: node.name for node in (*self.failed, *(item.node for item in self.affected))}


def _path(names: Mapping[str, str], item: Affected) -> list[str]:
    return [names[item.path[0].cause], *(names[step.effect] for step in item.path)]


def dependants(topology: Topology, failed: Collection[str]) -> Impact:
    """Who depends on these, transitively. Cycles are walked once. Raises KeyError for an id that is no live node."""
    start = sorted(failed)
    nodes = tuple(topology.nodes[node] for node in start)
    affected = [_affected(topology, node, path) for node, path in _shortest(topology, start).items() if path]
    return Impact(
        failed=nodes,
        affected=tuple(sorted(affected, key=_order)),
        told_by=_told_by(topology, nodes),
        journal=topology.journal,
    )


def _shortest(topology: Topology, start: list[str]) -> dict[str, tuple[Step, ...]]:
    """The shortest way to each, breadth first; of several the one whose ids and types come first."""
    paths: dict[str, tuple[Step, ...]] = dict.fromkeys(start, ())
    frontier = deque(start)
    while frontier:
        node = frontier.popleft()
        for step in sorted(topology.effects(node), key=lambda step: (step.effect, step.edge.key.type)):
            if step.effect not in paths:
                paths[step.effect] = (*paths[node], step)
                frontier.append(step.effect)
    return paths


def _told_by(topology: Topology, failed: Collection[Node]) -> tuple[str, ...]:
    """Sources that describe these and tell of dependencies, and those that tell of theirs."""
    about = {source for node in failed for source in node.sources} & topology.telling
    for node in failed:
        steps = (*topology.effects(node.id), *topology.causes(node.id))
        about.update(source for step in steps if step.edge.key.type not in PLACE for source in step.edge.sources)
    return tuple(sorted(about))


def _affected(topology: Topology, node: str, path: tuple[Step, ...]) -> Affected:
    owners = [topology.nodes[owner] for owner in topology.owners.get(node, ()) if owner in topology.nodes]
    return Affected(topology.nodes[node], path, tuple(sorted(owners, key=lambda owner: owner.name)))


def _order(item: Affected) -> tuple[bool, int, str, str, str]:
    return item.node.kind != "CitizenService", item.distance, item.node.kind, item.node.name, item.node.id


@dataclass(frozen=True, slots=True)
class _Words:
    """One language's sentences. Pairs are of one, and of several."""

    also: str
    if_fails: tuple[str, str]
    nothing: str
    none_depends: str
    not_covered: str
    affected: tuple[str, str]
    service: str
    way: str
    on: str
    directly: str
    more: tuple[str, str]
    no_service: str
    not_weighed: str


_WORDS: dict[Language, _Words] = {
    "de": _Words(
        also="und",
        if_fails=("Wenn {failed} ausfällt,", "Wenn {failed} ausfallen,"),
        nothing="{fails} ist nichts Bekanntes betroffen:",
        none_depends="nach den Meldungen von {sources} hängt nichts davon ab.",
        not_covered="keine Quelle meldet, was davon abhängt. Das heißt nicht, dass nichts davon abhängt.",
        affected=("{fails} ist 1 Objekt betroffen ({counts}).", "{fails} sind {n} Objekte betroffen ({counts})."),
        service="{fails} ist {service} betroffen: {way}.",
        way="über {via}",
        on=" auf ",
        directly="unmittelbar",
        more=("Ein weiterer Bürgerdienst ist betroffen.", "{n} weitere Bürgerdienste sind betroffen."),
        no_service="Kein Bürgerdienst ist betroffen, soweit bekannt.",
        not_weighed="Alternativen und Cluster sind noch nicht gewichtet: betroffen heißt nicht, dass es steht.",
    ),
    "en": _Words(
        also="and",
        if_fails=("If {failed} fails,", "If {failed} fail,"),
        nothing="{fails} nothing known is affected:",
        none_depends="by the reports of {sources}, nothing depends on it.",
        not_covered="no source reports what depends on it. That does not mean that nothing does.",
        affected=("{fails} 1 object is affected ({counts}).", "{fails} {n} objects are affected ({counts})."),
        service="{fails} {service} is affected: {way}.",
        way="through {via}",
        on=" on ",
        directly="directly",
        more=("One more citizen service is affected.", "{n} more citizen services are affected."),
        no_service="No citizen service is affected, as far as is known.",
        not_weighed="Alternatives and clusters are not weighed yet: affected does not mean stopped.",
    ),
}


def in_words(impact: Impact, language: Language) -> str:
    """Sentences, one a line: what is affected, the citizen services with the way to each, and what is not known."""
    words = _WORDS[language]
    fails = words.if_fails[len(impact.failed) > 1].format(failed=_listed(impact.failed, words))
    if not impact.affected:
        told = words.none_depends.format(sources=", ".join(impact.told_by)) if impact.covered else words.not_covered
        return f"{words.nothing.format(fails=fails)} {told}"
    names = {node.id: node.name for node in (*impact.failed, *(item.node for item in impact.affected))}
    counts = ", ".join(sorted(f"{_kind(kind, language)}: {n}" for kind, n in impact.counts.items()))
    total = len(impact.affected)
    services = [
        words.service.format(fails=fails, service=_service(item), way=_way(item, names, words))
        for item in impact.services[:SERVICES_SHOWN]
    ]
    hidden = len(impact.services) - len(services)
    return "\n".join(
        (
            words.affected[total > 1].format(fails=fails, n=total, counts=counts),
            *(services or [words.no_service]),
            *([words.more[hidden > 1].format(n=hidden)] if hidden else []),
            words.not_weighed,
        )
    )


def _way(item: Affected, names: dict[str, str], words: _Words) -> str:
    """From the service down to what failed, without either: 'VOIS|MESO' auf 'srv-meso-01'."""
    text = ""
    for step in reversed(item.path[1:]):
        below = words.on if step.edge.key.type == "RUNS_ON" else ", "
        text = f"'{names[step.cause]}'" if not text else f"{text}{below}'{names[step.cause]}'"
    return words.way.format(via=text) if text else words.directly


def _service(item: Affected) -> str:
    offices = f" ({', '.join(office.name for office in item.offices)})" if item.offices else ""
    return f"'{item.node.name}'{offices}"


def _listed(nodes: Sequence[Node], words: _Words) -> str:
    *others, last = (f"'{node.name}'" for node in nodes)
    return f"{', '.join(others)} {words.also} {last}" if others else last


def _kind(kind: str, language: Language) -> str:
    return KINDS[kind].german if language == "de" else KINDS[kind].english
