"""Who this computer talks to: its connections, put together by process and the server's port."""

import socket
from collections.abc import Iterable

import psutil
from pydantic import BaseModel

from events.models import Properties, Reference, Relation

EPHEMERAL = 32_768
"""The first port that Linux lends to connections by default (ip_local_port_range)."""
_LOOPBACK = ("127.", "::1")


class Outgoing(BaseModel, frozen=True):
    """A connection that this computer opened: its process, and the address and port of the server."""

    process: str
    address: str
    port: int


class Sockets(BaseModel):
    """Ports that this computer serves, and connections it opened to others."""

    listening: dict[int, str] = {}
    outgoing: frozenset[Outgoing] = frozenset()


def read_sockets(missing: list[str]) -> Sockets:
    """TCP and UDP sockets; processes of other users only where they may be read, which `missing` notes."""
    try:
        found = psutil.net_connections(kind="inet")
    except (psutil.AccessDenied, PermissionError, OSError):
        missing.append("connections")
        return Sockets()
    if any(item.pid is None for item in found if item.status in (psutil.CONN_LISTEN, psutil.CONN_ESTABLISHED)):
        missing.append("processes of other users")
    names = _names({item.pid for item in found if item.pid is not None})
    listening = {
        item.laddr.port: names.get(item.pid, "")
        for item in found
        if item.laddr and (item.status == psutil.CONN_LISTEN or (item.type == socket.SOCK_DGRAM and not item.raddr))
    }
    established = [item for item in found if item.status == psutil.CONN_ESTABLISHED]
    return Sockets(
        listening=listening,
        outgoing=frozenset(
            Outgoing(process=names.get(item.pid, ""), address=item.raddr.ip, port=item.raddr.port)
            for item in established
            if item.raddr and item.laddr and item.laddr.port not in listening
            if not item.raddr.ip.startswith(_LOOPBACK)
        ),
    )


def served(sockets: Sockets) -> str:
    """The ports this computer serves, with their processes; those a system lends for a while are left out."""
    ports = ((port, process) for port, process in sorted(sockets.listening.items()) if port < EPHEMERAL)
    return ", ".join(f"{port} {process}".strip() for port, process in ports)


def to_relations(sockets: Sockets) -> tuple[Relation, ...]:
    """CONNECTS_TO for each server; who connects here is told by the other side."""
    return tuple(
        Relation(
            type="CONNECTS_TO",
            to=Reference(scheme="ip", value=item.address.removeprefix("::ffff:"), kind="Server"),
            properties=_seen(item.port, item.process),
        )
        for item in sorted(sockets.outgoing, key=lambda item: (item.address, item.port, item.process))
    )


def _seen(port: int, process: str) -> Properties:
    seen: Properties = {"evidence": "observed", "port": port, "protocol": "tcp"}
    return seen | ({"process": process} if process else {})


def _names(pids: Iterable[int]) -> dict[int | None, str]:
    names: dict[int | None, str] = {}
    for pid in pids:
        try:
            names[pid] = psutil.Process(pid).name()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            names[pid] = ""  # it ended, or is another user's
    return names
