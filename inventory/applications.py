"""Which application what is observed belongs to, by rules that persons declare; and what belongs to none.

Observed are: processes that listen or connect, ports, images of containers, installed packages. Hosts are servers,
virtual machines and workloads; at a client somebody works with an application, which does not run there.
"""

import fnmatch
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple
from urllib.parse import unquote

from graph.model import Node
from graph.store import GraphReader
from inventory.products import DISTRIBUTION_PACKAGES

HOSTS = frozenset({"Server", "VirtualMachine", "Workload"})
IMAGE_PACKAGES = frozenset({"oci", "docker", "container", "image"})
"""Types of software that are images of containers."""
IMAGE_PROPERTIES = ("images", "image")
_SERVED = re.compile(r"(?P<port>\d{1,5})(?:/\w+)?(?: (?P<process>[^,]+))?")
_REPOSITORY = re.compile(r"[?&]repository_url=([^&#]+)")
"""Of a package URL of an image: its name with the registry, which its own name lacks."""
_AROUND = ("CONNECTS_TO", "OWNED_BY", "LOCATED_IN")


@dataclass(frozen=True)
class Rule:
    """What is observed belongs to this application ("": to none, it is to be ignored).

    Any one of `process`, `package`, `image` (patterns, as of file names, without regard to case) and `port` is enough;
    `host`, `unit` and `location` limit where. A rule that has only these takes all that such a host has.
    """

    application: str
    process: tuple[str, ...] = ()
    package: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    port: tuple[int, ...] = ()
    host: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()
    location: tuple[str, ...] = ()

    @property
    def of_hosts(self) -> bool:
        """Whether it takes whole hosts."""
        return not (self.process or self.package or self.image or self.port)

    @property
    def limited(self) -> bool:
        """Whether it holds at some hosts alone."""
        return bool(self.host or self.unit or self.location)


class Seen(NamedTuple):
    """One thing that is observed at a host: `what` is process, port, image or package; a process may have a port."""

    what: str
    name: str
    port: int = 0


@dataclass
class Host:
    """A host with what is observed there, but its packages, of which there are too many."""

    node: Node
    served: set[Seen] = field(default_factory=set)
    processes: set[Seen] = field(default_factory=set)
    images: set[Seen] = field(default_factory=set)
    units: set[str] = field(default_factory=set)
    locations: set[str] = field(default_factory=set)

    @cached_property
    def names(self) -> set[str]:
        """Its name, and its host name in both forms."""
        told = (self.node.name, *(self.node.properties.get(name) for name in ("hostname", "fqdn")))
        return {str(name) for name in told if name}

    @property
    def seen(self) -> Iterator[Seen]:
        yield from (*self.served, *self.processes, *self.images)


class Rules:
    """Rules, ready to be asked: each pattern is compiled once. An application is named as it was first."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        names: dict[str, str] = {}
        self.rules = tuple(
            replace(rule, application=names.setdefault(_folded(rule.application), rule.application)) for rule in rules
        )
        self.packages = _pattern(pattern for rule in self.rules for pattern in rule.package)
        self.images = _pattern(pattern for rule in self.rules for pattern in rule.image)
        self._compiled = [Compiled(rule) for rule in self.rules]

    def everywhere(self, seen: Seen) -> bool:
        """Whether some rule takes it at whatever host it is."""
        return any(not rule.rule.limited and rule.takes(seen) for rule in self._compiled)

    def taking(self, seen: Seen) -> frozenset["Compiled"]:
        """Those that take it at a host where they hold; not those that take whole hosts."""
        return frozenset(rule for rule in self._compiled if not rule.rule.of_hosts and rule.takes(seen))

    def of_host(self, host: Host) -> list["Compiled"]:
        """Those that hold at this host."""
        return [rule for rule in self._compiled if rule.holds_at(host)]


class Compiled:
    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._process, self._package, self._image = map(_pattern, (rule.process, rule.package, rule.image))
        self._host, self._unit, self._location = map(_pattern, (rule.host, rule.unit, rule.location))

    def holds_at(self, host: Host) -> bool:
        return (
            (not self.rule.host or _any(self._host, host.names))
            and (not self.rule.unit or _any(self._unit, host.units))
            and (not self.rule.location or _any(self._location, host.locations))
        )

    def takes(self, seen: Seen) -> bool:
        """Whether what is seen at a host where this holds belongs to its application."""
        if self.rule.of_hosts:
            return True
        if seen.what == "image":
            return _any(self._image, _image_names(seen.name))
        if seen.what == "package":
            return bool(self._package.fullmatch(seen.name.casefold()))
        return bool(seen.port and seen.port in self.rule.port) or bool(self._process.fullmatch(seen.name.casefold()))


def observed(reader: GraphReader) -> dict[str, Host]:
    """All live hosts by id, with the processes, ports and images that are observed there. Raises StoreUnavailable."""
    nodes, edges = reader.network(_AROUND)
    hosts = {node.id: _host(node) for node in nodes if node.kind in HOSTS}
    names = {node.id: node.name for node in nodes}
    for edge in edges:
        host = hosts.get(edge.key.source_id)
        if host is None:
            continue
        if edge.key.type == "CONNECTS_TO":
            host.processes |= {Seen("process", name) for name in _processes(edge.claims.values())}
        else:
            around = host.units if edge.key.type == "OWNED_BY" else host.locations
            around.add(names.get(edge.key.target_id, ""))
    return hosts


def _host(node: Node) -> Host:
    images = [str(node.properties[name]) for name in IMAGE_PROPERTIES if name in node.properties]
    return Host(
        node,
        served=set(served(str(node.properties.get("listening", "")))),
        images={Seen("image", name) for told in images for name in _listed(told)},
    )


def served(listening: str) -> Iterator[Seen]:
    """`443 nginx, 8080`: what listens, by its process or, where nobody could read that, by its port."""
    for told in _listed(listening):
        if found := _SERVED.fullmatch(told):
            process, port = (found["process"] or "").strip(), int(found["port"])
            yield Seen("process", process, port) if process else Seen("port", str(port), port)


def _processes(claims: Iterable[Mapping[str, object]]) -> Iterator[str]:
    for claim in claims:
        if process := str(claim.get("process", "")):
            yield process
        yield from (seen.name for seen in served(str(claim.get("ports", ""))) if seen.what == "process")


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def software(reader: GraphReader, rules: Rules) -> dict[str, Seen]:
    """Catalogue ids of the packages and images that some rule may take."""
    found = {}
    for item in reader.catalogue("Software"):
        seen = seen_as(item)
        pattern = rules.images if seen.what == "image" else rules.packages
        if _any(pattern, _image_names(seen.name) if seen.what == "image" else {seen.name}):
            found[item.id] = seen
    return found


def seen_as(item: Node) -> Seen:
    """A Software of the catalogue, by its name alone: a new version belongs to the same application."""
    kind = str(item.properties.get("package_type", "")).casefold()
    purl, name = str(item.properties.get("purl", "")), str(item.properties.get("name", item.name)).strip()
    if kind in IMAGE_PACKAGES or purl.startswith(("pkg:oci/", "pkg:docker/")):
        repository = _REPOSITORY.search(purl)
        return Seen("image", unquote(repository[1]) if repository else name)
    return Seen("package", name)


def of_distribution(item: Node) -> bool:
    """Packages of a distribution: thousands on each host, most of them parts of the system."""
    return str(item.properties.get("package_type", "")).casefold() in DISTRIBUTION_PACKAGES


Found = Mapping[str, Mapping[str, Collection[str]]]
"""By application and id of a host: what of the host belongs to it, in words."""


def assigned(reader: GraphReader, rules: Rules) -> tuple[dict[str, Host], Found]:
    """The hosts, and what belongs to which application where. Raises StoreUnavailable."""
    hosts = observed(reader)
    at = {node_id: rules.of_host(host) for node_id, host in hosts.items()}
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for application, node_id, what in (*_of_hosts(hosts, at), *_of_software(reader, rules, at)):
        if application:
            found[application][node_id].add(what)
    return hosts, found


_Holding = Mapping[str, list["Compiled"]]
"""The rules that hold at each host."""


def _of_hosts(hosts: Mapping[str, Host], at: _Holding) -> Iterator[tuple[str, str, str]]:
    """(application, id of the host, what belongs to it in words): whole hosts, and what is observed there."""
    for node_id, host in hosts.items():
        for rule in at[node_id]:
            if rule.rule.of_hosts:
                yield rule.rule.application, node_id, f"host {host.node.name}"
            else:
                taken = (in_words(seen) for seen in host.seen if rule.takes(seen))
                yield from ((rule.rule.application, node_id, what) for what in taken)


def _of_software(reader: GraphReader, rules: Rules, at: _Holding) -> Iterator[tuple[str, str, str]]:
    """The same of installed packages and images."""
    items = software(reader, rules)
    holding = {node_id: frozenset(held) for node_id, held in at.items()}
    taking = {seen: rules.taking(seen) for seen in set(items.values())}  # asked once, and not at each host that has it
    for item_id, haver in reader.havers("INSTALLED", sorted(items)):
        seen = items[item_id]
        for name in sorted(rule.rule.application for rule in taking[seen] & holding.get(haver.id, frozenset())):
            yield name, haver.id, in_words(seen)


def in_words(seen: Seen) -> str:
    """`process nginx (port 443)`."""
    with_port = seen.what == "process" and seen.port
    return f"{seen.what} {seen.name}" + (f" (port {seen.port})" if with_port else "")


def whole_hosts(rules: Rules, hosts: Mapping[str, Host]) -> set[str]:
    """Ids of hosts of which all belongs to some application."""
    return {node_id for node_id, host in hosts.items() if any(rule.rule.of_hosts for rule in rules.of_host(host))}


def _folded(name: str) -> str:
    """The same name in any case and spacing is the same application."""
    return " ".join(name.casefold().split())


def _pattern(patterns: Iterable[str]) -> re.Pattern[str]:
    """One pattern that fits where any of these does; none fits nothing."""
    return re.compile("|".join(fnmatch.translate(pattern.casefold()) for pattern in patterns) or r"(?!)")


def _any(pattern: re.Pattern[str], names: Collection[str]) -> bool:
    return any(pattern.fullmatch(name.casefold()) for name in names)


def _image_names(image: str) -> set[str]:
    """As a person may name it: with registry and tag, without one of them, without both."""
    plain = _without_tag(image)
    first, slash, rest = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):  # a registry looks like a host
        return {image, plain, rest, _without_tag(rest)}
    return {image, plain}


def _without_tag(image: str) -> str:
    """`registry:5000/city/meso:1.2@sha256:...` without tag and digest."""
    plain = image.split("@", 1)[0]
    name, colon, tag = plain.rpartition(":")
    return name if colon and "/" not in tag else plain
