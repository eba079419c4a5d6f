"""What a Proxmox cluster answers, put together: by the answer's shape and, where it does not say of what, by its path.

A saved answer has the path that it was asked with: `nodes/pve1/qemu/100/config.json`. Those that name their node or
guest themselves may have any.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from services.collectors.agent_inventory import text
from services.collectors.answers import Item, objects
from services.collectors.base import NotOurs

_READ = "nodes, cluster/status, cluster/resources, version, a node's status and certificates, qemu, lxc, config, agent"
_CONFIG = ("smbios1", "net0", "ostype", "digest")
_GUEST_TYPES = ("qemu", "lxc")
_OF_NO_USE = ("storage", "pool", "sdn", "network")
"""Types of `cluster/resources` that are not read."""


@dataclass
class Node:
    """A node. `system`: whether it was asked, and so is known, beyond its name."""

    name: str
    listed: Item = field(default_factory=dict)
    status: Item = field(default_factory=dict)
    fqdn: str = ""
    ip: str = ""


@dataclass
class Guest:
    """A virtual machine or container. `agent`: what the agent in it answers, None where it was not asked."""

    vmid: str
    type: str = ""
    node: str = ""
    listed: Item = field(default_factory=dict)
    config: Item = field(default_factory=dict)
    system: Item | None = None
    interfaces: list[Item] | None = None


@dataclass
class Answers:
    """All that a cluster answered. `version`: of the node that was asked; `authority`: its own, which no other has."""

    cluster: str = ""
    authority: str = ""
    version: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    guests: dict[str, Guest] = field(default_factory=dict)

    def own_id(self, name: str = "") -> str:
        """What names the cluster, or the node of that name, alone; "" where the authority is not known."""
        return "/".join(filter(None, ("proxmox", self.authority, name))) if self.authority else ""

    def node(self, name: str) -> Node:
        return self.nodes.setdefault(name, Node(name))

    def guest(self, vmid: str) -> Guest:
        return self.guests.setdefault(vmid, Guest(vmid))


@dataclass(frozen=True)
class Place:
    """What a path says: of which node and guest the answer is."""

    node: str = ""
    type: str = ""
    vmid: str = ""


def place_of(path: str) -> Place:
    """`nodes/pve1/qemu/100/config` is of the guest 100 on pve1; what a path does not say stays empty."""
    parts = PurePosixPath(path).parts
    inner = [*parts[:-1], PurePosixPath(parts[-1]).stem] if parts else []
    node = next((inner[at + 1] for at, part in enumerate(inner[:-2]) if part == "nodes"), "")
    of_type = next((part for part in inner if part in _GUEST_TYPES), "")
    vmid = next((inner[at + 1] for at, part in enumerate(inner[:-1]) if part in _GUEST_TYPES), "")
    return Place(node, of_type, vmid if vmid.isdigit() else "")


def take(answers: Answers, path: str, value: object) -> None:
    """Add one answer, with or without the `data` that the API puts around it. Raises NotOurs."""
    if isinstance(value, Mapping) and "data" in value:
        value = value["data"]
    place = place_of(path)
    if isinstance(value, Mapping):
        _take_object(answers, place, value)
    elif isinstance(value, list):
        taken = [_take_item(answers, place, item) for item in objects(value)]
        if not any(taken):
            raise NotOurs(f"a list with nothing in it that is read; read are the answers of {_READ}")
    else:
        raise NotOurs(f"JSON, but no answer of the Proxmox API that is read: {_READ}")


def _take_object(answers: Answers, place: Place, value: Item) -> None:
    if "pveversion" in value:
        answers.node(_needed(place.node, "a node's status", "nodes/NODE/status.json")).status = value
    elif "result" in value:
        vmid = _needed(place.vmid, "an agent's answer", "nodes/NODE/qemu/VMID/agent/get-osinfo.json")
        _take_agent(answers.guest(vmid), value["result"])
    elif any(name in value for name in _CONFIG):
        vmid = _needed(place.vmid, "a guest's configuration", "nodes/NODE/qemu/VMID/config.json")
        guest = answers.guest(vmid)
        guest.config, guest.type, guest.node = value, guest.type or place.type, guest.node or place.node
    elif "release" in value and text(value, "version"):
        answers.version = text(value, "version")
    else:
        raise NotOurs(f"JSON, but no answer of the Proxmox API that is read: {_READ}")


def _needed(name: str, what: str, path: str) -> str:
    if not name:
        raise NotOurs(f"{what}, but of which? Save it as {path}")
    return name


def _take_agent(guest: Guest, result: object) -> None:
    if isinstance(result, list):
        guest.interfaces = objects(result)
    elif isinstance(result, Mapping):
        guest.system = result
    else:
        raise NotOurs("an agent's answer without a result")


def _take_item(answers: Answers, place: Place, item: Item) -> bool:
    """Whether it is one of those that are read."""
    of_type = text(item, "type")
    if text(item, "vmid") and of_type in {"", *_GUEST_TYPES}:
        guest = answers.guest(text(item, "vmid"))
        guest.listed, guest.type = item, of_type or place.type or guest.type
        guest.node = text(item, "node") or place.node or guest.node
    elif of_type == "cluster":
        answers.cluster = text(item, "name")
    elif of_type == "node" and text(item, "ip"):
        answers.node(text(item, "name")).ip = text(item, "ip")
    elif text(item, "node") and of_type in {"", "node"}:
        answers.node(text(item, "node")).listed = item
    elif text(item, "filename") == "pve-root-ca.pem":
        answers.authority = text(item, "fingerprint").replace(":", "").casefold()
    elif text(item, "filename") == "pve-ssl.pem" and place.node:
        answers.node(place.node).fqdn = _common_name(text(item, "subject"))
    elif place.vmid and text(item, "hwaddr", "hardware-address"):
        guest = answers.guest(place.vmid)
        guest.interfaces = [*(guest.interfaces or []), item]
    else:
        return of_type in _OF_NO_USE or bool(text(item, "filename"))
    return True


def _common_name(subject: str) -> str:
    """The name that a node gives itself in the certificate that the cluster makes for it."""
    found = re.search(r"CN\s*=\s*([^/,]+)", subject)
    return found[1].strip() if found else ""


def agent_asked_for(config: Item) -> bool:
    """Whether the guest's configuration says that an agent runs in it: `1`, `enabled=1,...`."""
    first = text(config, "agent").split(",")[0]
    return first in {"1", "enabled=1"}


def addresses(interface: Item) -> list[str]:
    """Of an interface, as a guest agent or a container's list names them."""
    told = [text(item, "ip-address") for item in objects(interface.get("ip-addresses"))]
    return [address.split("/")[0] for address in (*told, text(interface, "inet"), text(interface, "inet6")) if address]
