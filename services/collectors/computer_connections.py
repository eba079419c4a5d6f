"""Whom a computer talks to: connections put together by process and the server's port, and the databases among them.

Pure. A port below EPHEMERAL is told as it is; what is served or asked for at a port that a system lends for a while is
told as `dynamic`, since its number is another one next time.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from events.models import Properties, Reference, Relation, Section
from services.collectors.databases import engine_at, engine_of, socket_of
from services.collectors.machine_network import CONNECTED, LISTENING, Socket, is_public
from services.collectors.parts import OBSERVED, given

EPHEMERAL = 32_768
"""The first port that Linux lends to connections by default (ip_local_port_range)."""
MAX_PEERS = 50
MaxPeers = Annotated[
    int,
    Field(
        ge=0,
        description="computers that are named for a port and a process; of more, only about how many there are",
    ),
]
"""A setting: see section_of."""
Direction = Literal["out", "in"]
_DEGRADES: Properties = {"strength": "degrades"}
"""Nobody told what stops without a database that is asked."""


class Listener(BaseModel, frozen=True):
    """A port that is served. `addresses`: those it is bound to; "" is any."""

    protocol: str
    port: int
    process: str = ""
    addresses: frozenset[str] = frozenset({""})


class Talk(BaseModel, frozen=True):
    """Connections of one process with one other computer. `port`: the server's, 0 for a dynamic one."""

    address: str
    port: int
    process: str = ""
    seen: int = 1


@dataclass(frozen=True)
class Database:
    """A database server that listens. `addresses`: by which others reach it; `clients`: those that do."""

    engine: str
    port: int
    addresses: tuple[str, ...]
    clients: tuple[Relation, ...]


class Connections(BaseModel):
    """Ports that a computer serves, connections that it opened to others, and those that others opened to it."""

    listeners: tuple[Listener, ...] = ()
    outgoing: tuple[Talk, ...] = ()
    incoming: tuple[Talk, ...] = ()

    def databases(self, own_addresses: Iterable[str], max_peers: int) -> list[Database]:
        """The database servers among the listeners, with the computers that are connected to them."""
        found = []
        callers = _few(self.incoming, max_peers)
        for item in self.listeners:
            engine = engine_of(item.process, item.port) if item.protocol == "tcp" else ""
            if engine:
                clients = tuple(_is_asked(talk for talk in callers if talk.port == item.port))
                found.append(Database(engine, item.port, _reached_at(item, own_addresses), clients))
        return found


def connections_of(sockets: Iterable[Socket], own: Iterable[str] = ()) -> Connections:
    """The sockets of a computer, put together. `own`: its addresses; what it says to itself is left out."""
    sockets, itself = list(sockets), frozenset(own)
    listeners = _listeners(sockets)
    served = {item.port for item in listeners if item.protocol == "tcp"}
    outgoing: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    incoming: Counter[tuple[str, int]] = Counter()
    for item in sockets:
        if item.protocol != "tcp" or item.state not in CONNECTED or not is_public(item.peer) or item.peer in itself:
            continue
        if item.port in served:
            incoming[item.peer, item.port] += 1
        elif not (item.port < EPHEMERAL <= item.peer_port):  # else: what it served before it stopped listening
            port = item.peer_port if item.peer_port < EPHEMERAL else 0
            outgoing[item.peer, port][item.process] += 1
    return Connections(
        listeners=listeners,
        outgoing=tuple(sorted(_talks(outgoing), key=_order)),
        incoming=tuple(sorted((Talk(address=a, port=p, seen=n) for (a, p), n in incoming.items()), key=_order)),
    )


def _listeners(sockets: Iterable[Socket]) -> tuple[Listener, ...]:
    bound: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for item in sockets:
        if item.state == LISTENING or (item.protocol == "udp" and not item.peer_port):
            at = bound[item.protocol, item.port]
            at[item.address] = at.get(item.address) or item.process
    return tuple(
        Listener(
            protocol=protocol,
            port=port,
            process=next((name for _, name in sorted(at.items()) if name), ""),
            addresses=frozenset(at),
        )
        for (protocol, port), at in sorted(bound.items())
    )


def _talks(outgoing: dict[tuple[str, int], Counter[str]]) -> Iterable[Talk]:
    """A connection that just ended has no process any more; it counts with those to the same port that have one."""
    for (address, port), processes in outgoing.items():
        named = sorted(name for name in processes if name) or [""]
        for name in named:
            ended = processes[""] if name and name == named[0] else 0
            yield Talk(address=address, port=port, process=name, seen=processes[name] + ended)


def _order(talk: Talk) -> tuple[str, int, str]:
    return talk.address, talk.port, talk.process


def magnitude(number: int) -> int:
    """The order of magnitude: 1, 10, 100, ..."""
    return int(10 ** math.floor(math.log10(number))) if number > 0 else 0


def section_of(connections: Connections, max_peers: int = MAX_PEERS) -> Section:
    """The section `connections`. Of a port with more peers than `max_peers` only their number's magnitude is told."""
    out, into = _few(connections.outgoing, max_peers), _few(connections.incoming, max_peers)
    relations = [*_connects(out, "out"), *_connects(into, "in"), *_asks(out)]
    crowd = Counter({port: n for (port, _), n in _peers(connections.incoming).items() if n > max_peers})
    many = {said: n for said, n in _peers(connections.outgoing).items() if n > max_peers}
    return Section(
        properties=given(
            listening=_served(connections.listeners, crowd),
            connects_to_many=", ".join(f"{_port(*said)} ({magnitude(n)} peers)" for said, n in sorted(many.items())),
        ),
        relations=tuple(relations),
    )


def _peers(talks: Iterable[Talk]) -> dict[tuple[int, str], int]:
    """How many computers each port and process has to do with."""
    peers: dict[tuple[int, str], set[str]] = defaultdict(set)
    for talk in talks:
        peers[talk.port, talk.process].add(talk.address)
    return {said: len(addresses) for said, addresses in peers.items()}


def _few(talks: tuple[Talk, ...], max_peers: int) -> list[Talk]:
    peers = _peers(talks)
    return [talk for talk in talks if peers[talk.port, talk.process] <= max_peers]


def _served(listeners: Iterable[Listener], crowd: Counter[int]) -> str:
    """The ports that are served, with their processes; those that a system lends for a while are left out."""
    said = dict.fromkeys((item.port, item.process) for item in sorted(listeners, key=lambda item: item.port))
    told = ((port, process) for port, process in said if port < EPHEMERAL)
    return ", ".join(
        _port(port, process) + (f" ({magnitude(crowd[port])} peers)" if crowd[port] else "") for port, process in told
    )


def _port(port: int, process: str) -> str:
    return f"{port if 0 < port < EPHEMERAL else 'dynamic'} {process}".strip()


def _by_peer(talks: Iterable[Talk]) -> dict[str, list[Talk]]:
    found: dict[str, list[Talk]] = defaultdict(list)
    for talk in talks:
        found[talk.address].append(talk)
    return found


def _connects(talks: Iterable[Talk], direction: Direction) -> Iterable[Relation]:
    """CONNECTS_TO, one for each other computer."""
    for address, found in _by_peer(talks).items():
        to = Reference(scheme="ip", value=address, kind="Server")
        yield Relation(type="CONNECTS_TO", to=to, direction=direction, properties=_said(found))


def _asks(talks: Iterable[Talk]) -> Iterable[Relation]:
    """DEPENDS_ON, one for each database server that is asked."""
    for address, found in _by_peer(talk for talk in talks if engine_at(talk.port)).items():
        for port in sorted({talk.port for talk in found}):
            to = Reference(scheme="socket", value=socket_of(address, port), kind="DatabaseInstance")
            said = _said([talk for talk in found if talk.port == port]) | _DEGRADES
            yield Relation(type="DEPENDS_ON", to=to, properties=said)


def _is_asked(talks: Iterable[Talk]) -> Iterable[Relation]:
    """DEPENDS_ON, from each computer that asks this database server."""
    for address, found in _by_peer(talks).items():
        to = Reference(scheme="ip", value=address, kind="Server")
        yield Relation(type="DEPENDS_ON", to=to, direction="in", properties=_said(found) | _DEGRADES)


def _said(talks: list[Talk]) -> Properties:
    """What is said of all connections with one computer: `port` and `process` where there is one, `ports` else."""
    ports, processes = ({talk.port for talk in talks}, {talk.process for talk in talks})
    port = ports.pop() if len(ports) == 1 else 0
    told = dict.fromkeys(_port(talk.port, talk.process) for talk in talks)
    alone = len(told) == 1 and 0 < port < EPHEMERAL
    return OBSERVED | given(
        port=port if port < EPHEMERAL else 0,
        process=processes.pop() if len(processes) == 1 else "",
        ports="" if alone else ", ".join(told),
        protocol="tcp",
        seen=magnitude(sum(talk.seen for talk in talks)),
    )


def _reached_at(listener: Listener, own_addresses: Iterable[str]) -> tuple[str, ...]:
    """All addresses of the computer where it listens on any, else those it listens on."""
    bound = listener.addresses
    return tuple(sorted(set(own_addresses) if "" in bound else {address for address in bound if is_public(address)}))
