"""What is affected when something fails: everything that depends on it, with the shortest way to each.

Redundancy (clusters, alternatives) is not weighed yet, and the answer says so: it names what is affected, not what
stops.
"""

from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from graph.metamodel import KINDS
from graph.model import Node
from graph.topology import Step, Topology

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
    """Everything affected, citizen services first, then nearest first. `covered`: a source tells of dependencies."""

    failed: tuple[Node, ...]
    affected: tuple[Affected, ...]
    covered: bool
    journal: int

    @property
    def counts(self) -> Counter[str]:
        """How many of each kind are affected."""
        return Counter(item.node.kind for item in self.affected)

    @property
    def services(self) -> tuple[Affected, ...]:
        return tuple(item for item in self.affected if item.node.kind == "CitizenService")


def dependants(topology: Topology, failed: Collection[str]) -> Impact:
    """Who depends on these, transitively. Cycles are walked once. Raises KeyError for an id that is no live node."""
    start = sorted(failed)
    paths = _shortest(topology, start)
    affected = [_affected(topology, node, path) for node, path in paths.items() if path]
    covered = any(True for node in start for _ in (*topology.effects(node), *topology.causes(node)))
    return Impact(
        failed=tuple(topology.nodes[node] for node in start),
        affected=tuple(sorted(affected, key=_order)),
        covered=covered,
        journal=topology.journal,
    )


def in_words(impact: Impact, language: Language) -> str:
    """The answer as an office reads it."""
    return "\n".join(_german(impact) if language == "de" else _english(impact))


def _shortest(topology: Topology, start: list[str]) -> dict[str, tuple[Step, ...]]:
    paths: dict[str, tuple[Step, ...]] = {node: () for node in start if topology.nodes[node]}
    frontier = deque(start)
    while frontier:
        node = frontier.popleft()
        for step in sorted(topology.effects(node), key=lambda step: (step.effect, step.edge.key.type)):
            if step.effect not in paths:
                paths[step.effect] = (*paths[node], step)
                frontier.append(step.effect)
    return paths


def _affected(topology: Topology, node: str, path: tuple[Step, ...]) -> Affected:
    owners = [topology.nodes[owner] for owner in topology.owners.get(node, ()) if owner in topology.nodes]
    return Affected(topology.nodes[node], path, tuple(sorted(owners, key=lambda owner: owner.name)))


def _order(item: Affected) -> tuple[bool, int, str, str, str]:
    return item.node.kind != "CitizenService", item.distance, item.node.kind, item.node.name, item.node.id


def _names(nodes: Collection[Node]) -> str:
    return ", ".join(f"'{node.name}'" for node in nodes)


def _way(item: Affected, nodes: dict[str, str]) -> str:
    return " → ".join([nodes[item.path[0].cause], *(nodes[step.effect] for step in item.path)])


def _offices(item: Affected) -> str:
    return f" ({', '.join(office.name for office in item.offices)})" if item.offices else ""


def _titles(impact: Impact) -> dict[str, str]:
    return {node.id: node.name for node in (*impact.failed, *(item.node for item in impact.affected))}


def _german(impact: Impact) -> list[str]:
    failed = _names(impact.failed)
    if not impact.affected:
        why = "nichts hängt davon ab" if impact.covered else "keine Quelle hat Abhängigkeiten dazu gemeldet"
        return [f"Wenn {failed} ausfällt, ist nichts Bekanntes betroffen: {why}."]
    titles, services = _titles(impact), impact.services
    counts = ", ".join(f"{KINDS[kind].german}: {n}" for kind, n in sorted(impact.counts.items()))
    lines = [f"Wenn {failed} ausfällt, sind {len(impact.affected)} Dinge betroffen ({counts})."]
    lines += [f"  '{s.node.name}'{_offices(s)} ist betroffen: {_way(s, titles)}." for s in services[:SERVICES_SHOWN]]
    if len(services) > SERVICES_SHOWN:
        lines.append(f"  … und {len(services) - SERVICES_SHOWN} weitere Bürgerdienste.")
    if not services:
        lines.append("  Kein Bürgerdienst ist betroffen, soweit bekannt.")
    return [*lines, "Cluster und Alternativen sind noch nicht gewichtet: betroffen heißt nicht, dass es steht."]


def _english(impact: Impact) -> list[str]:
    failed = _names(impact.failed)
    if not impact.affected:
        why = "nothing depends on it" if impact.covered else "no source has told of dependencies here"
        return [f"If {failed} fails, nothing known is affected: {why}."]
    titles, services = _titles(impact), impact.services
    counts = ", ".join(f"{KINDS[kind].english}: {n}" for kind, n in sorted(impact.counts.items()))
    lines = [f"If {failed} fails, {len(impact.affected)} things are affected ({counts})."]
    lines += [f"  '{s.node.name}'{_offices(s)} is affected: {_way(s, titles)}." for s in services[:SERVICES_SHOWN]]
    if len(services) > SERVICES_SHOWN:
        lines.append(f"  … and {len(services) - SERVICES_SHOWN} more citizen services.")
    if not services:
        lines.append("  No citizen service is affected, as far as is known.")
    return [*lines, "Clusters and alternatives are not weighed yet: affected does not mean stopped."]
