"""What a vCenter says of clusters, hosts, datastores and virtual machines, made records. Pure.

`Found.properties` holds pyVmomi's data objects, which are read by their names alone.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from events.models import Draft, Properties, Reference, Relation, Section
from services.collectors.answers import mebibytes
from services.collectors.parts import OBSERVED, given, has_os, identifiers, is_model, key_of, serial
from services.collectors.vsphere.client import Found

CLUSTER, HOST, DATASTORE, MACHINE = "ClusterComputeResource", "HostSystem", "Datastore", "VirtualMachine"
WANTED = {
    CLUSTER: ("name", "host", "configuration.dasConfig"),
    HOST: (
        "name", "parent", "hardware.systemInfo", "hardware.biosInfo", "hardware.cpuInfo", "hardware.memorySize",
        "summary.hardware.cpuModel", "config.product", "config.network.pnic", "config.network.vnic",
        "config.network.dnsConfig", "runtime.powerState", "vm",
    ),
    DATASTORE: ("name", "info", "host"),
    MACHINE: (
        "name", "config.uuid", "config.instanceUuid", "config.template", "config.managedBy",
        "config.guestFullName", "config.tools",
        "config.hardware.numCPU", "config.hardware.memoryMB", "config.hardware.device", "datastore",
        "guest.hostName", "guest.guestFullName", "guest.net", "runtime.host", "runtime.powerState",
    ),
}  # fmt: skip
"""What is asked of each type."""
TELLS = {CLUSTER: ("host",), HOST: ("vm",), MACHINE: ("runtime.host",)}
"""The property of each type that tells of others."""
REQUIRED: Properties = {**OBSERVED, "strength": "required"}
_SERIALS = ("ServiceTag", "SerialNumberTag")
_POWER = {"poweredOn": "on", "poweredOff": "off", "suspended": "suspended", "standBy": "suspended"}


@dataclass
class Platform:
    """What machines run on, by the vCenter's ids.

    `restarting`: for a host the cluster that starts its machines again elsewhere when it fails. `told`: hosts and
    machines that others tell of, whether the user sees them or not.
    """

    server: str
    hosts: dict[str, Reference] = field(default_factory=dict)
    clusters: dict[str, Reference] = field(default_factory=dict)
    restarting: dict[str, Reference] = field(default_factory=dict)
    storage: dict[str, Reference] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def add(self, found: Found) -> Draft | None:
        """Remember what machines refer to; its record, or None for a datastore that is none of its own."""
        self.hear(found)
        if found.type == CLUSTER:
            return self._add_cluster(found)
        if found.type == HOST:
            draft = host_draft(found, self.clusters.get(_id(found.properties.get("parent"))))
            self.hosts[found.id] = _reference_to(draft)
            return draft
        return self._add_storage(found)

    def hear(self, found: Found) -> None:
        """Remember the hosts and machines that it tells of."""
        told = found.properties.get(TELLS[found.type][0]) if found.type in TELLS else None
        self.told |= {_id(one) for one in (told if isinstance(told, list) else [told])}

    def _add_cluster(self, found: Found) -> Draft:
        name = str(found.properties.get("name") or found.id)
        own = identifiers(("cloud-id", f"vsphere/{self.server}/{found.id}" if self.server else ""), ("name", name))
        self.clusters[found.id] = Reference(scheme=own[0].scheme, value=own[0].value, kind="Cluster")
        hosts, settings = found.properties.get("host") or [], found.properties.get("configuration.dasConfig")
        if getattr(settings, "enabled", None):
            self.restarting |= {_id(host): self.clusters[found.id] for host in hosts}
        core = Section(name=name, identifiers=own, properties=given(required=_required(settings, len(hosts))))
        return Draft(native_key=key_of("cluster", found.id), kind="Cluster", sections={"core": core})

    def _add_storage(self, found: Found) -> Draft | None:
        """A filer is referred to by its name; a volume that hosts share is a thing; a host's own disk is neither."""
        info = found.properties.get("info")
        filer = str(getattr(getattr(info, "nas", None), "remoteHost", None) or "")
        volume = str(getattr(getattr(info, "vmfs", None), "uuid", None) or "")
        if filer:
            self.storage[found.id] = Reference(scheme=_scheme(filer), value=filer, kind="StorageSystem")
        elif volume and len(found.properties.get("host") or []) > 1:
            own = identifiers(("cloud-id", f"vmfs/{volume}"))
            self.storage[found.id] = Reference(scheme="cloud-id", value=own[0].value, kind="StorageSystem")
            core = Section(name=str(found.properties.get("name") or found.id), identifiers=own)
            return Draft(native_key=key_of("datastore", volume), kind="StorageSystem", sections={"core": core})
        return None


def _required(settings: Any, hosts: int) -> int | None:  # noqa: ANN401 - pyVmomi has no types
    """How many hosts must run: as many as admission control keeps machines to; None where it is not said."""
    if not getattr(settings, "enabled", None):
        return None
    policy = getattr(settings, "admissionControlPolicy", None)
    spare = getattr(policy, "failoverLevel", None) or getattr(settings, "failoverLevel", None) or 0
    return hosts - spare if 0 < spare < hosts else None


def host_draft(found: Found, cluster: Reference | None) -> Draft:
    """A host: its hardware, its ESXi, its own addresses, and the cluster it is a member of."""
    said = found.properties
    name = str(said.get("name") or found.id)
    member = (Relation(type="MEMBER_OF", to=cluster, properties=OBSERVED),) if cluster else ()
    core = _hardware(said)
    core = core.model_copy(
        update={
            "name": name,
            "relations": (*core.relations, *member),
            "identifiers": (*core.identifiers, *_names(said)),
        }
    )
    sections = {"core": Section(**core.model_dump()), "system": _esxi(said), "network": _interfaces(said)}
    return Draft(native_key=key_of("host", found.id), kind="Server", sections=sections)


def _hardware(said: Mapping[str, Any]) -> Section:
    system, bios = said.get("hardware.systemInfo"), said.get("hardware.biosInfo")
    vendor, model = _text(system, "vendor"), _text(system, "model")
    tags = {
        _text(getattr(item, "identifierType", None), "key"): _text(item, "identifierValue")
        for item in getattr(system, "otherIdentifyingInfo", None) or []
    }
    number = next((tags[tag] for tag in _SERIALS if tags.get(tag) and tags[tag] != "unknown"), "")
    released = getattr(bios, "releaseDate", None)
    return Section(
        identifiers=identifiers(("smbios-uuid", _text(system, "uuid")), ("serial", serial(vendor, number))),
        properties=given(
            vendor=vendor,
            model=model,
            serial=number,
            bios_version=_text(bios, "biosVersion"),
            bios_date=released.date().isoformat() if released else "",
        ),
        relations=is_model(vendor, model),
    )


def _names(said: Mapping[str, Any]) -> tuple[Any, ...]:
    name, dns = str(said.get("name") or ""), said.get("config.network.dnsConfig")
    host, domain = _text(dns, "hostName"), _text(dns, "domainName")
    fqdn = f"{host}.{domain}" if host and domain else ""
    return identifiers((_scheme(name, "fqdn" if "." in name else "hostname"), name), ("fqdn", fqdn), ("hostname", host))


def _esxi(said: Mapping[str, Any]) -> Section:
    product, cpu = said.get("config.product"), said.get("hardware.cpuInfo")
    name, version = _text(product, "name"), _text(product, "version")
    return Section(
        properties=given(
            os_name=_text(product, "fullName"),
            os_version=version,
            processor=str(said.get("summary.hardware.cpuModel") or ""),
            cores=getattr(cpu, "numCpuCores", None),
            memory_mib=mebibytes(said.get("hardware.memorySize")),
            power=_POWER.get(str(said.get("runtime.powerState")), ""),
        ),
        relations=has_os(
            name=name, version=version, full_name=_text(product, "fullName"), build=_text(product, "build")
        ),
    )


def _interfaces(said: Mapping[str, Any]) -> Section:
    macs = (("mac", _text(item, "mac")) for item in said.get("config.network.pnic") or [])
    specs = (getattr(item, "spec", None) for item in said.get("config.network.vnic") or [])
    ips = (("ip", _text(getattr(spec, "ip", None), "ipAddress")) for spec in specs)
    return Section(identifiers=identifiers(*macs, *ips))


def machine_draft(found: Found, platform: Platform) -> Draft:
    """A virtual machine. What its tools say stands in sections of their own, which are kept while it is off."""
    said = found.properties
    own = str(said.get("config.instanceUuid") or found.id)
    sections = {"core": _machine(found, platform), "network": _cards(said)}
    if system := _system(said):
        sections["system"] = system
    if _tools_speak(said):
        sections["guest"] = _guest(said)
    return Draft(native_key=key_of("vm", own), kind="VirtualMachine", sections=sections)


def _machine(found: Found, platform: Platform) -> Section:
    said = found.properties
    return Section(
        name=str(said.get("name") or found.id),
        identifiers=identifiers(
            ("smbios-uuid", str(said.get("config.uuid") or "")),
            ("cloud-id", str(said.get("config.instanceUuid") or "")),
        ),
        properties=given(
            virtualisation="vmware",
            cores=said.get("config.hardware.numCPU"),
            memory_mib=said.get("config.hardware.memoryMB"),
            os_configured=str(said.get("config.guestFullName") or ""),
            power=_POWER.get(str(said.get("runtime.powerState")), ""),
        ),
        relations=tuple(_relations(found, platform)),
    )


def _relations(found: Found, platform: Platform) -> Iterable[Relation]:
    """The host it is seen on; the cluster where that starts it again elsewhere; the storage it needs."""
    host = _id(found.properties.get("runtime.host"))
    if host in platform.hosts:
        yield Relation(type="RUNS_ON", to=platform.hosts[host], properties=OBSERVED)
    if host in platform.restarting:
        yield Relation(type="RUNS_ON", to=platform.restarting[host], properties=OBSERVED)
    for datastore in found.properties.get("datastore") or []:
        if to := platform.storage.get(_id(datastore)):
            yield Relation(type="DEPENDS_ON", to=to, properties=REQUIRED)


def is_placeholder(machine: Found) -> bool:
    """Whether it only keeps the place of a machine at another site (Site Recovery), whose UUID it has."""
    return _text(machine.properties.get("config.managedBy"), "type") == "placeholderVm"


def _cards(said: Mapping[str, Any]) -> Section:
    """The network cards that the machine is given."""
    macs = (_text(device, "macAddress") for device in said.get("config.hardware.device") or [])
    return Section(identifiers=identifiers(*(("mac", mac) for mac in macs)))


def _tools_speak(said: Mapping[str, Any]) -> bool:
    return bool(said.get("guest.hostName") or any(_addresses(said)))


def _system(said: Mapping[str, Any]) -> Section | None:
    """By its tools, else as configured; None where tools are there that say nothing now: what they said is kept."""
    tools = str(said.get("guest.guestFullName") or "")
    if not tools and getattr(said.get("config.tools"), "toolsVersion", None):
        return None
    name = tools or str(said.get("config.guestFullName") or "")
    return Section(properties=given(os_name=name), relations=has_os(full_name=name))


def _guest(said: Mapping[str, Any]) -> Section:
    host = str(said.get("guest.hostName") or "")
    fqdn = host if "." in host else ""
    return Section(
        identifiers=identifiers(
            ("fqdn" if fqdn else "hostname", host), *(("ip", address) for address in sorted(set(_addresses(said))))
        ),
        properties=given(hostname=host, fqdn=fqdn),
    )


def _addresses(said: Mapping[str, Any]) -> Iterable[str]:
    """Of the cards that it is given; a guest's own bridges and tunnels have no card."""
    for card in said.get("guest.net") or []:
        if getattr(card, "deviceConfigId", -1) >= 0:
            yield from (str(address) for address in getattr(card, "ipAddress", None) or [])


def _reference_to(host: Draft) -> Reference:
    own = host.sections["core"].identifiers
    best = min(own, key=lambda item: ("smbios-uuid", "serial", "fqdn", "hostname", "ip").index(item.scheme))
    scheme = "host" if best.scheme in {"fqdn", "hostname"} else best.scheme
    return Reference(scheme=scheme, value=best.value, kind="Server")


def _scheme(name: str, otherwise: str = "host") -> str:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return otherwise
    return "ip"


def _id(reference: Any) -> str:  # noqa: ANN401 - pyVmomi has no types
    return str(getattr(reference, "_moId", ""))


def _text(item: object, name: str) -> str:
    return str(getattr(item, name, None) or "").strip()
