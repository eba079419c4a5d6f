"""A computer as a record: what was read of it, in one shape for all who read computers by files, commands or facts."""

import re

from pydantic import BaseModel

from events.models import Draft, Relation, Section
from services.collectors import signs
from services.collectors.computer_connections import Connections, section_of
from services.collectors.databases import database_instance
from services.collectors.machine_packages import Package
from services.collectors.parts import FIRMWARE, day_of, given, has_os, identifiers, installed, is_model, key_of, serial

_NO_TAG = re.compile(r"no asset|not specified|default|to be filled|^(none|n/?a|unknown|0+)$", re.IGNORECASE)
_CONTAINERS = {"docker", "podman", "lxc", "container", "systemd-nspawn", "openvz", "kubernetes", "containerd"}
_CONTAINERS |= {"virtuozzo", "bsdjail", "jail", "solaris zone", "zone"}


class System(BaseModel):
    """The operating system, as reported."""

    name: str = ""
    version: str = ""
    full_name: str = ""
    edition: str = ""
    build: str = ""


class Facts(BaseModel):
    """What was read, as it stood there. `dmi`: by the names of /sys/class/dmi/id; `missing`: what could not be read.

    None: it is not known whether there is any, and what was said of it before is kept.
    """

    hostname: str = ""
    fqdn: str = ""
    machine_id: str = ""
    dmi: dict[str, str] = {}
    chassis: str = ""
    system: System = System()
    kernel: str = ""
    architecture: str = ""
    processor: str = ""
    cores: int = 0
    memory_mib: int = 0
    domain: str = ""
    virtualisation: str = ""
    container: str = ""
    macs: list[str] | None = None
    addresses: list[str] = []
    packages: list[Package] | None = None
    services: list[str] | None = None
    connections: Connections | None = None
    missing: list[str] = []


def to_drafts(facts: Facts, key: str, max_peers: int) -> list[Draft]:
    """The record of a computer, and of each database server that it runs. `max_peers`: see section_of."""
    sections = {"core": _core(facts)}
    if facts.system.full_name or facts.system.name or facts.kernel:
        sections["system"] = _system(facts)
    if facts.macs is not None:
        sections["network"] = _network(facts)
    if facts.packages is not None:
        sections["software"] = Section(relations=tuple(_installed(package) for package in facts.packages))
    if facts.services is not None:
        sections["services"] = Section(properties=given(services=", ".join(sorted(set(facts.services)))))
    if facts.connections is not None:
        sections["connections"] = section_of(facts.connections, max_peers)
    host = Draft(native_key=key_of(key or facts.hostname or "unnamed"), kind=kind_of(facts), sections=sections)
    return [host, *_databases(facts, host, max_peers)]


def kind_of(facts: Facts) -> str:
    """VirtualMachine for a guest or a container, else by its chassis and system, else Server."""
    if facts.container or virtualisation(facts) not in {"", "physical"}:
        return "VirtualMachine"
    chassis = facts.chassis or facts.dmi.get("chassis_type", "")
    return signs.computer_kind(chassis, f"{facts.system.full_name} {facts.system.name}") or "Server"


def virtualisation(facts: Facts) -> str:
    """The hypervisor that was told or that the firmware names, `physical` where it names none; "" if unknown."""
    told = facts.dmi.get("sys_vendor", ""), facts.dmi.get("product_name", "")
    return signs.virtualisation(facts.virtualisation) or signs.hypervisor(*told) or ("physical" if any(told) else "")


def is_container(name: str) -> bool:
    """Whether what a tool calls its virtualisation is a container, which has its host's firmware."""
    return name.casefold().replace("_", "-") in _CONTAINERS


def _names(facts: Facts) -> list[tuple[str, str]]:
    """(scheme, value) of what names the computer itself."""
    vendor, number = facts.dmi.get("sys_vendor", ""), facts.dmi.get("product_serial", "")
    firmware = {
        "machine-id": facts.machine_id,
        "smbios-uuid": facts.dmi.get("product_uuid", ""),
        "serial": serial(vendor, number),
    }
    # a container shows its host's firmware and, often, an image's machine-id
    own = {} if facts.container else firmware
    return [("hostname", facts.hostname), ("fqdn", facts.fqdn), *own.items()]


def _core(facts: Facts) -> Section:
    dmi = facts.dmi
    vendor, model = dmi.get("sys_vendor", ""), dmi.get("product_name", "")
    return Section(
        name=facts.hostname,
        identifiers=identifiers(*_names(facts)),
        properties=given(
            vendor=vendor,
            model=model,
            serial=dmi.get("product_serial", ""),
            asset_tag=_tag(dmi.get("chassis_asset_tag", "")),
            hostname=facts.hostname,
            fqdn=facts.fqdn,
            domain=facts.domain,
            bios_date=day_of(dmi.get("bios_date", ""), FIRMWARE),
            bios_version=dmi.get("bios_version", ""),
            chassis=facts.chassis,
            virtualisation=facts.container or virtualisation(facts),
            processor=facts.processor,
            cores=facts.cores,
            memory_mib=facts.memory_mib,
            coverage=", ".join(facts.missing),
        ),
        relations=is_model(vendor, model),
    )


def _tag(text: str) -> str:
    return "" if _NO_TAG.search(text) else text


def _system(facts: Facts) -> Section:
    about = facts.system
    return Section(
        properties=given(
            os_name=about.full_name or about.name,
            os_version=about.version,
            kernel=facts.kernel,
            architecture=facts.architecture,
        ),
        relations=has_os(**about.model_dump()) if about.name or about.full_name else (),
    )


def _network(facts: Facts) -> Section:
    macs, addresses = facts.macs or [], facts.addresses
    return Section(identifiers=identifiers(*(("mac", m) for m in macs), *(("ip", a) for a in addresses)))


def _installed(package: Package) -> Relation:
    about = {name: package.get(name, "") for name in ("name", "version", "vendor", "package_type")}
    return installed(given(architecture=package.get("architecture", "")), **about)


def _databases(facts: Facts, host: Draft, max_peers: int) -> list[Draft]:
    names = [*_names(facts), *(("mac", mac) for mac in facts.macs or [])]
    found = facts.connections.databases(facts.addresses, max_peers) if facts.connections else []
    return [
        database_instance(
            host.native_key,
            facts.hostname,
            names,
            _engine(d.engine, facts),
            d.port,
            addresses=d.addresses,
            clients=d.clients,
        )
        for d in found
    ]


def _engine(engine: str, facts: Facts) -> str:
    """MariaDB before 10.4 calls its process `mysqld`, as MySQL does; its package tells."""
    mariadb = any(package.get("name", "").casefold().startswith("mariadb-server") for package in facts.packages or [])
    return "MariaDB" if engine == "MySQL" and mariadb else engine
