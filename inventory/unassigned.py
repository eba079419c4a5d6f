"""What is observed and belongs to no application, biggest first; and among what it was looked for."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from events.models import CURATION
from graph.model import Node
from graph.store import GraphReader, Selection
from inventory.applications import (
    HOSTS,
    Host,
    Rules,
    Seen,
    observed,
    of_distribution,
    seen_as,
    software,
    whole_hosts,
)

EXAMPLES = 3
COMPUTERS = frozenset({"Server", "VirtualMachine"})


@dataclass(frozen=True, slots=True)
class Row:
    """`what`: process, port, image or program. `hosts`: on how many it is; `ports`: served; `examples`: some hosts."""

    what: str
    name: str
    hosts: int
    ports: tuple[int, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass
class Unassigned:
    """The answer. `total`: how many rows there are, of which `rows` are the biggest.

    `hosts`: servers, virtual machines and workloads that were looked at; `with_ports`: of how many the ports are
    reported; `left_out`: installations of distributions' packages, which are not listed. `rules`: how many were held
    against them. `as_of`: when each source was last heard of.
    """

    rows: list[Row]
    total: int
    hosts: int
    with_ports: int
    left_out: int
    rules: int
    as_of: dict[str, datetime] = field(default_factory=dict)
    limits: tuple[str, ...] = (
        "processes count where they listen; those that only connect to others are assigned, and not listed",
        "packages of distributions (deb, rpm, apk) are assigned where a rule names them, and not listed",
        "programs are counted by version: a host with two versions counts twice",
        "clients are not looked at: an application does not run where somebody works with it",
    )


@dataclass
class _Counted:
    """How many have a thing, and how to name some of them."""

    hosts: int = 0
    ports: set[int] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)


def unassigned(reader: GraphReader, rules: Rules, limit: int) -> Unassigned:
    """The biggest of what no rule takes. Programs are counted by the store. Raises StoreUnavailable."""
    hosts = observed(reader)
    whole = whole_hosts(rules, hosts)
    counted: dict[tuple[str, str], _Counted] = defaultdict(_Counted)
    for seen, host in _left(rules, hosts.values()):
        _count(counted[seen.what, seen.name], seen, host)
    left_out = _add_software(reader, rules, hosts, whole, counted)
    order = sorted(counted.items(), key=lambda pair: (-pair[1].hosts, pair[0]))
    return Unassigned(
        rows=[_row(reader, what, name, found) for (what, name), found in order[:limit]],
        total=len(order),
        hosts=len(hosts),
        with_ports=sum(1 for host in hosts.values() if host.served),
        left_out=left_out,
        rules=len(rules.rules),
        as_of={name: at for name, at in sorted(reader.status().last_seen.items()) if name != CURATION},
    )


def _left(rules: Rules, hosts: Iterable[Host]) -> Iterator[tuple[Seen, Host]]:
    """What listens and what images run that no rule takes, once for each host and name."""
    for host in hosts:
        holding = rules.of_host(host)
        for seen in sorted({*host.served, *host.images}):
            if not any(rule.takes(seen) for rule in holding):
                yield seen, host


def _count(found: _Counted, seen: Seen, host: Host) -> None:
    if host.node.name not in found.names[-1:]:  # one process may serve several ports: they follow one another
        found.hosts += 1
        found.names.append(host.node.name)
    if seen.port:
        found.ports.add(seen.port)


def _add_software(
    reader: GraphReader,
    rules: Rules,
    hosts: dict[str, Host],
    whole: set[str],
    counted: dict[tuple[str, str], _Counted],
) -> int:
    """Programs and images of the catalogue, counted by the store; how many installations are left out."""
    spread = {
        "image": reader.spread("INSTALLED", Selection(HOSTS, without=frozenset(whole))),
        "package": reader.spread("INSTALLED", Selection(COMPUTERS, without=frozenset(whole))),
    }
    items = software(reader, rules)
    everywhere = {item_id for item_id, seen in items.items() if rules.everywhere(seen)}
    taken = _taken(reader, rules, hosts, whole, {i: seen for i, seen in items.items() if i not in everywhere})
    left_out = 0
    for item in reader.catalogue("Software"):
        seen = seen_as(item)
        number = spread[seen.what].get(item.id, 0)
        if of_distribution(item):
            left_out += number
        elif item.id not in everywhere and (left := number - taken[item.id]) > 0:
            found = counted["program" if seen.what == "package" else "image", seen.name]
            found.hosts += left
            found.items.append(item.id)
    return left_out


def _taken(
    reader: GraphReader, rules: Rules, hosts: dict[str, Host], whole: set[str], items: dict[str, Seen]
) -> Counter[str]:
    """On how many of the hosts that count some rule takes each of these items."""
    taken = Counter[str]()
    at = {node_id: rules.of_host(host) for node_id, host in hosts.items()} if items else {}
    for item_id, haver in reader.havers("INSTALLED", sorted(items)):
        seen = items[item_id]
        counts = haver.id not in whole and (seen.what == "image" or haver.kind in COMPUTERS)
        if counts and any(rule.takes(seen) for rule in at.get(haver.id, ())):
            taken[item_id] += 1
    return taken


def _row(reader: GraphReader, what: str, name: str, found: _Counted) -> Row:
    examples = sorted(found.names)[:EXAMPLES] or _some(reader, found.items)
    return Row(what, name, found.hosts, tuple(sorted(found.ports)), tuple(examples))


def _some(reader: GraphReader, items: list[str]) -> list[str]:
    kinds: tuple[str, ...] = tuple(HOSTS)
    havers: Iterator[Node] = (node for _, node in reader.havers("INSTALLED", items[:1]) if node.kind in kinds)
    return [node.name for node in islice(havers, EXAMPLES)]
