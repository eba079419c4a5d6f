"""Interfaces and sockets of a computer, as `ip`, `ss` and /proc/net tell them. Pure; other lines are passed over."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

LISTENING = "LISTEN"
CONNECTED = frozenset({"ESTAB", "TIME-WAIT", "CLOSE-WAIT", "FIN-WAIT-1", "FIN-WAIT-2", "LAST-ACK", "CLOSING"})
"""States of a connection that is or was just now: one that lasts a second is seen for a minute as TIME-WAIT."""
_VIRTUAL = re.compile(
    r"^(lo\d*$|docker|br-|veth|virbr|vnet|tun|tap|wg|cni|flannel|cali|kube|podman|ifb|dummy|vxlan|lxc|lxd|ovs|sit\d|gre|"
    r"ip6tnl|tunl|nodelocaldns|zt|tailscale|isatap|teredo|loopback|npcap|awdl|llw\d|utun|bridge\d)",
    re.IGNORECASE,
)
_SS = re.compile(
    r"^(?:(?P<protocol>tcp|udp)6?\s+)?(?P<state>[A-Z][A-Z0-9-]+)\s+\d+\s+\d+\s+(?P<local>\S+):(?P<port>\d+)\s+"
    r"(?P<peer>\S+):(?P<peer_port>\d+|\*)(?P<rest>.*)$"
)
_PROCESS = re.compile(r'\("([^"]*)",(?:pid=)?\d')  # before iproute2 4, it wrote ("sshd",1420,4)
_NETSTAT = re.compile(
    r"^(?P<protocol>tcp|udp)6?\s+\d+\s+\d+\s+(?P<local>\S+):(?P<port>\d+)\s+(?P<peer>\S+):(?P<peer_port>\d+|\*)"
    r"(?:\s+(?P<state>[A-Z][A-Z0-9_]+))?(?P<rest>\s.*)?$"
)
_NETSTAT_PROCESS = re.compile(r"\s\d+/(.+)$")
_PROC_STATES = {"01": "ESTAB", "0A": LISTENING, "06": "TIME-WAIT", "07": "UNCONN", "08": "CLOSE-WAIT"}


class Socket(NamedTuple):
    """One end of a connection, or a port that is served. `address`, `peer`: "" for any; `peer_port`: 0 for none."""

    protocol: str
    state: str
    address: str
    port: int
    peer: str = ""
    peer_port: int = 0
    process: str = ""


class Interface(NamedTuple):
    """A network interface of the computer's own, with its addresses."""

    name: str
    mac: str
    addresses: tuple[str, ...]


def is_virtual(interface: str) -> bool:
    """Whether an interface of this name is a bridge, a tunnel or a container's, which look alike on many computers."""
    return bool(_VIRTUAL.match(interface))


def read_interfaces(text: str) -> list[Interface]:
    """The real interfaces in what `ip addr`, `ip -o addr`, `ip link` or `ifconfig` writes."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    name = ""
    for line in text.splitlines():
        head = re.match(r"(?:\d+:\s+)?([\w.-]+)(?:@[\w.-]+)?(?::|\s\s+)", line)
        name = head.group(1) if head else name
        macs, addresses = found.setdefault(name, ([], []))
        macs += re.findall(r"\b(?:link/ether|ether|HWaddr) ([0-9a-fA-F:]{17})\b", line)
        if " temporary" not in line:  # of these a computer makes itself a new one every day
            addresses += re.findall(r"\binet6? (?:addr: ?)?([0-9a-fA-F.:]+)", line)
    return [
        Interface(name, (macs or [""])[0], tuple(addresses))
        for name, (macs, addresses) in found.items()
        if name and not is_virtual(name)
    ]


def read_ss(text: str) -> list[Socket]:
    """The TCP and UDP sockets in what `ss` writes with any of -t -u -n -a -l -p -e, or `netstat` with the same."""
    lines = [line.strip() for line in text.splitlines()]
    by_ss = [_socket(found, _PROCESS) for line in lines if (found := _SS.match(line))]
    return by_ss or [_socket(found, _NETSTAT_PROCESS) for line in lines if (found := _NETSTAT.match(line))]


def _socket(found: re.Match[str], process_in: re.Pattern[str]) -> Socket:
    process = process_in.search(found["rest"] or "")
    state = (found["state"] or "UNCONN").replace("_", "-").replace("ESTABLISHED", "ESTAB")
    return Socket(
        found["protocol"] or ("udp" if state == "UNCONN" else "tcp"),
        re.sub(r"WAIT(\d)$", r"WAIT-\1", state),
        _address(found["local"]),
        int(found["port"][:6]),
        _address(found["peer"]),
        int(found["peer_port"][:6]) if found["peer_port"] != "*" else 0,
        process_name(process.group(1)) if process else "",
    )


def read_proc_net(protocol: str, text: str) -> Iterator[Socket]:
    """The sockets in /proc/net/tcp, tcp6, udp or udp6, which tell no process."""
    for line in text.splitlines():
        found = re.match(r"\s*\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) ([0-9A-F]{8,32}):([0-9A-F]{4}) ([0-9A-F]{2}) ", line)
        if found:
            local, port, peer, peer_port, state = found.groups()
            yield Socket(
                protocol, _PROC_STATES.get(state, state), _hex(local), int(port, 16), _hex(peer), int(peer_port, 16)
            )


def _hex(text: str) -> str:
    """An address as the kernel writes it: words of four bytes, each with its last byte first."""
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text) - len(text) % 8, 8)]
    try:
        return _address(str(ipaddress.ip_address(b"".join(words))))
    except ValueError:
        return ""


def _address(text: str) -> str:
    bare = text.split("%", maxsplit=1)[0].removeprefix("[").removesuffix("]")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return "" if address.is_unspecified else str(mapped or address)


def process_name(text: str) -> str:
    """A process's name without what may name a person: no title that it gave itself, no path, none of a home folder."""
    name = re.split(r"[: ]*: ", text.strip())[0]
    if re.match(r"(/home|/Users|~|\w:\\Users)", name):
        return ""
    return re.split(r"[/\\]", name.rstrip("/\\"))[-1].removesuffix(":")[:64]


def own_addresses(interfaces: Iterable[Interface]) -> frozenset[str]:
    """Addresses by which others reach these interfaces."""
    return frozenset(
        text for item in interfaces for address in item.addresses if (text := _address(address)) and is_public(text)
    )


def is_public(address: str) -> bool:
    """Whether an address means the same computer to others: no loopback, no link-local one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast)
