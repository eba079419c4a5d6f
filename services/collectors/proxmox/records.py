"""What a Proxmox cluster answered, made records. Pure."""

import re
from collections.abc import Callable, Iterator
from functools import partial

from events.models import Draft, Identifier, Reference, Relation, Section
from services.collectors.agent_inventory import part, text
from services.collectors.answers import Item, mebibytes, whole
from services.collectors.parts import OBSERVED, given, has_os, identifiers
from services.collectors.proxmox.answers import Answers, Guest, Node, addresses

_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_UUID = re.compile(r"(?:^|,)uuid=([0-9A-Fa-f-]{36})(?:,|$)")
_ADDRESS = re.compile(r"(?:^|,)ip6?=([0-9A-Fa-f.:]+)(?:/\d+)?(?=,|$)")
_HYPERVISOR = {"qemu": "kvm", "lxc": "lxc"}
_POWER = {"running": "on", "stopped": "off", "paused": "suspended", "suspended": "suspended"}


def to_drafts(answers: Answers) -> Iterator[tuple[str, Callable[[], Draft]]]:
    """The name and the draft of each: the cluster, its nodes, its guests but templates."""
    if answers.cluster:
        yield f"cluster {answers.cluster}", partial(_cluster, answers)
    for node in answers.nodes.values():
        yield f"node {node.name}", partial(node_draft, node, answers)
    for guest in answers.guests.values():
        if not is_template(guest):
            yield f"guest {guest.vmid}", partial(guest_draft, guest, answers)


def is_template(guest: Guest) -> bool:
    """What guests are made of, and never runs."""
    return bool(whole(guest.listed.get("template")) or whole(guest.config.get("template")))


def _cluster(answers: Answers) -> Draft:
    named = identifiers(("name", answers.cluster), ("cloud-id", answers.own_id()))
    return Draft(
        native_key="cluster",
        kind="Cluster",
        sections={"core": Section(name=answers.cluster, identifiers=named)},
    )


def node_draft(node: Node, answers: Answers) -> Draft:
    """A node. What it says of itself is a section of its own: one that is off is not asked, and keeps what it said."""
    core = Section(
        name=node.name,
        identifiers=identifiers(("hostname", node.name), ("ip", node.ip), ("cloud-id", answers.own_id(node.name))),
        properties=given(hostname=node.name),
        relations=(Relation(type="MEMBER_OF", to=_cluster_of(answers), properties=OBSERVED),)
        if answers.cluster
        else (),
    )
    system = _system(node, answers.version)
    known = system.properties or system.relations or system.identifiers
    return Draft(
        native_key=f"node {node.name}",
        kind="Server",
        sections={"core": core} | ({"system": system} if known else {}),
    )


def _system(node: Node, version: str) -> Section:
    """`version`: that of the node which was asked, taken where this one does not say its own."""
    told = text(node.status, "pveversion").split("/")
    number = told[1] if len(told) > 1 else version
    cpu, memory = part(node.status, "cpuinfo"), part(node.status, "memory")
    return Section(
        identifiers=identifiers(("fqdn", node.fqdn)),
        properties=given(
            fqdn=node.fqdn,
            os_name="Proxmox VE" if number else "",
            os_version=number,
            kernel=text(part(node.status, "current-kernel"), "release"),
            processor=text(cpu, "model"),
            cores=whole(cpu.get("cpus")) or whole(node.listed.get("maxcpu")),
            memory_mib=mebibytes(memory.get("total")) or mebibytes(node.listed.get("maxmem")),
        ),
        relations=has_os(name="Proxmox VE", version=number, full_name=f"Proxmox VE {number}") if number else (),
    )


def guest_draft(guest: Guest, answers: Answers) -> Draft:
    """A virtual machine or container; what its agent says is a section of its own, and kept while it is not asked."""
    name = text(guest.listed, "name") or text(guest.config, "name", "hostname")
    sections = {"core": _core(guest, name, answers)}
    if guest.system is not None or guest.interfaces is not None:
        sections["agent"] = _agent(guest)
    return Draft(native_key=f"guest {guest.vmid}", kind="VirtualMachine", sections=sections)


def _core(guest: Guest, name: str, answers: Answers) -> Section:
    container = guest.type == "lxc"
    system = text(guest.config, "ostype")
    return Section(
        name=name or f"guest {guest.vmid}",
        # A guest restored beside the first has its UUID and its MAC addresses: only its number tells them apart.
        identifiers=(
            *_of_config(guest.config),
            *identifiers(("hostname", name), ("cloud-id", answers.own_id(f"guest/{guest.vmid}"))),
        ),
        properties=given(
            hostname=name,
            virtualisation=_HYPERVISOR.get(guest.type, ""),
            cores=whole(guest.listed.get("cpus")) or whole(guest.listed.get("maxcpu")),
            memory_mib=mebibytes(guest.listed.get("maxmem")),
            os_configured=system,
            power=_POWER.get(text(guest.listed, "status"), ""),
        ),
        # What a virtual machine is configured for ("l26") names no system; a container's names its distribution.
        relations=(*(has_os(name=system) if container else ()), *_runs_on(guest, answers)),
    )


def _of_config(config: Item) -> tuple[Identifier, ...]:
    """What names the guest itself: the UUID it is given, its interfaces, and addresses that are set."""
    uuid = _UUID.search(text(config, "smbios1"))
    interfaces = [text(config, name) for name in sorted(config) if re.fullmatch(r"net\d+", name)]
    macs = [("mac", found) for told in interfaces for found in _MAC.findall(told)]
    ips = [("ip", found) for told in interfaces for found in _ADDRESS.findall(told)]
    return identifiers(("smbios-uuid", uuid[1] if uuid else ""), *macs, *ips)


def _runs_on(guest: Guest, answers: Answers) -> tuple[Relation, ...]:
    """The node it is seen on; and the cluster, where its high availability starts it again on another node."""
    only = next(iter(answers.nodes)) if len(answers.nodes) == 1 else ""
    found = [_node(name, answers)] if (name := guest.node or only) else []
    if answers.cluster and text(guest.listed, "hastate") not in {"", "ignored", "disabled"}:
        found.append(_cluster_of(answers))
    return tuple(Relation(type="RUNS_ON", to=to, properties=OBSERVED) for to in found)


def _node(name: str, answers: Answers) -> Reference:
    """By what is its own whether it is on or off; its name alone may be another's too."""
    own = answers.own_id(name)
    return Reference(scheme="cloud-id" if own else "host", value=own or name, kind="Server")


def _cluster_of(answers: Answers) -> Reference:
    own = answers.own_id()
    return Reference(scheme="cloud-id" if own else "name", value=own or answers.cluster, kind="Cluster")


def _agent(guest: Guest) -> Section:
    """Only addresses of interfaces that the guest is given: those it makes itself look alike on many."""
    system = guest.system or {}
    own = {item.value.casefold() for item in _of_config(guest.config) if item.scheme == "mac"}
    given_to_it = [
        item for item in guest.interfaces or [] if text(item, "hwaddr", "hardware-address").casefold() in own
    ]
    ips = sorted({address for item in given_to_it for address in addresses(item)})
    full_name = text(system, "pretty-name", "name")
    return Section(
        identifiers=identifiers(*(("ip", address) for address in ips)),
        properties=given(
            os_name=full_name,
            os_version=text(system, "version-id", "version"),
            kernel=text(system, "kernel-release"),
            architecture=text(system, "machine"),
        ),
        relations=has_os(name=text(system, "id", "name"), version=text(system, "version-id"), full_name=full_name),
    )
