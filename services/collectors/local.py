"""This computer, without root. What may not be read lowers the coverage it reports, and never fails the run."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, Field

from events.models import Draft, Relation, Section
from services.collectors.base import Check, CollectorType, Run
from services.collectors.local_packages import read_packages
from services.collectors.local_sockets import Sockets, read_sockets, served, to_relations
from services.collectors.parts import given, has_os, identifiers, installed, is_model, key_of, serial

_HYPERVISORS = {
    "kvm": "kvm",
    "qemu": "kvm",
    "vmware": "vmware",
    "virtualbox": "virtualbox",
    "innotek": "virtualbox",
    "microsoft corporation virtual": "hyper-v",
    "xen": "xen",
    "bochs": "bochs",
    "amazon ec2": "amazon",
    "google compute": "google",
    "openstack": "openstack",
    "firecracker": "firecracker",
}
_SERVER_CHASSIS = {"17", "23", "25", "28", "29"}
"""SMBIOS 3.7, table 17: main server, rack mount, multi-system, blade, blade enclosure."""
_VIRTUAL_PORTS = re.compile(r"^(lo|docker|br-|veth|virbr|vnet|tun|tap|wg|cni|flannel|cali|kube|podman)")


class LocalSettings(BaseModel):
    """Settings of the collector `local`."""

    model_config = ConfigDict(extra="forbid")

    root: Path = Field(default=Path("/"), description="where /etc, /sys, /proc and /var are read below")
    name: str = Field(default="", description="the record's key; the machine's id or host name where empty")
    connections: bool = Field(default=True, description="whether sockets and connections are read")


class Facts(BaseModel):
    """What was read, as it stood there; `missing` names what could not be."""

    hostname: str
    fqdn: str = ""
    machine_id: str = ""
    dmi: dict[str, str] = {}
    os_release: dict[str, str] = {}
    kernel: str = ""
    architecture: str = ""
    processor: str = ""
    cores: int = 0
    memory_mib: int = 0
    container: str = ""
    macs: list[str] = []
    addresses: list[str] = []
    packages: list[dict[str, str]] = []
    sockets: Sockets = Sockets()
    missing: list[str] = []


def collect(settings: LocalSettings, run: Run) -> None:
    """Read this computer, make one record of it, emit it."""
    run.report.seen()
    run.emit(to_draft(read(settings), settings.name))


def read(settings: LocalSettings) -> Facts:
    """What can be read without root."""
    missing: list[str] = []
    root, here = settings.root, psutil
    system = root == Path("/")
    kernel = _text(root / "proc/sys/kernel/osrelease", missing)
    facts = Facts(
        hostname=_text(root / "proc/sys/kernel/hostname", missing) or _text(root / "etc/hostname", missing),
        machine_id=_text(root / "etc/machine-id", missing),
        dmi={name: _text(root / f"sys/class/dmi/id/{name}", missing) for name in _DMI},
        os_release=_assignments(_text(root / "etc/os-release", missing)),
        kernel=kernel,
        container=_container(root),
        packages=read_packages(root, missing),
    )
    if not system:
        return facts.model_copy(update={"missing": missing})
    macs, addresses = _interfaces()
    return facts.model_copy(
        update={
            "fqdn": fqdn if "." in (fqdn := socket.getfqdn()) else "",
            "architecture": _architecture(),
            "processor": _processor(root, missing),
            "cores": here.cpu_count(logical=False) or 0,
            "memory_mib": here.virtual_memory().total // 2**20,
            "macs": macs,
            "addresses": addresses,
            "sockets": read_sockets(missing) if settings.connections else Sockets(),
            "missing": missing,
        }
    )


_DMI = ("sys_vendor", "product_name", "product_serial", "product_uuid", "chassis_type", "bios_date", "bios_version")


def to_draft(facts: Facts, name: str = "") -> Draft:
    """The record of this computer."""
    key = name or (f"machine-{facts.machine_id}" if facts.machine_id else facts.hostname) or "unnamed"
    return Draft(
        native_key=key_of(key),
        kind=kind_of(facts),
        sections={
            "core": _core(facts),
            "system": _system(facts),
            "network": _network(facts),
            "software": Section(relations=tuple(_installed(package) for package in facts.packages)),
            "connections": Section(
                properties=given(listening=served(facts.sockets)), relations=to_relations(facts.sockets)
            ),
        },
    )


def kind_of(facts: Facts) -> str:
    """VirtualMachine for a guest or a container, Server by chassis, else Client where it has a desktop's chassis."""
    if facts.container or virtualisation(facts.dmi):
        return "VirtualMachine"
    return "Server" if facts.dmi.get("chassis_type", "") in _SERVER_CHASSIS | {"", "1", "2"} else "Client"


def virtualisation(dmi: dict[str, str]) -> str:
    """The hypervisor that the firmware names, or ""."""
    told = f"{dmi.get('sys_vendor', '')} {dmi.get('product_name', '')}".casefold()
    return next((name for sign, name in _HYPERVISORS.items() if sign in told), "")


def _core(facts: Facts) -> Section:
    vendor, model = facts.dmi.get("sys_vendor", ""), facts.dmi.get("product_name", "")
    number, uuid = facts.dmi.get("product_serial", ""), facts.dmi.get("product_uuid", "")
    return Section(
        name=facts.hostname,
        identifiers=identifiers(
            ("hostname", facts.hostname),
            ("fqdn", facts.fqdn),
            # a container shows its host's firmware and, often, an image's machine-id
            ("machine-id", "" if facts.container else facts.machine_id),
            ("smbios-uuid", "" if facts.container else uuid),
            ("serial", "" if facts.container else serial(vendor, number)),
        ),
        properties=given(
            vendor=vendor,
            model=model,
            serial=number,
            hostname=facts.hostname,
            fqdn=facts.fqdn,
            bios_date=_us_day(facts.dmi.get("bios_date", "")),
            bios_version=facts.dmi.get("bios_version", ""),
            virtualisation=facts.container or virtualisation(facts.dmi) or "physical",
            processor=facts.processor,
            cores=facts.cores,
            memory_mib=facts.memory_mib,
            coverage=", ".join(facts.missing),
        ),
        relations=is_model(vendor, model),
    )


def _system(facts: Facts) -> Section:
    release = facts.os_release
    about = {"name": "ID", "version": "VERSION_ID", "full_name": "PRETTY_NAME"}
    return Section(
        properties=given(
            os_name=release.get("PRETTY_NAME", "") or release.get("ID", ""),
            os_version=release.get("VERSION_ID", ""),
            kernel=facts.kernel,
            architecture=facts.architecture,
        ),
        relations=has_os(**{name: release.get(field, "") for name, field in about.items()}),
    )


def _network(facts: Facts) -> Section:
    return Section(identifiers=identifiers(*(("mac", m) for m in facts.macs), *(("ip", a) for a in facts.addresses)))


def _installed(package: dict[str, str]) -> Relation:
    about = {name: package.get(name, "") for name in ("name", "version", "vendor", "package_type")}
    return installed(given(architecture=package.get("architecture", "")), **about)


def _interfaces() -> tuple[list[str], list[str]]:
    macs, addresses = [], []
    for name, found in psutil.net_if_addrs().items():
        if not _VIRTUAL_PORTS.match(name):
            macs += [item.address for item in found if item.family == psutil.AF_LINK]
            addresses += [item.address for item in found if item.family in (socket.AF_INET, socket.AF_INET6)]
    return macs, addresses


def _container(root: Path) -> str:
    """Which container this runs in, by what Docker, Podman and systemd leave for the purpose, or ""."""
    if (root / ".dockerenv").exists():
        return "docker"
    if (root / "run/.containerenv").exists():
        return "podman"
    return _text(root / "run/systemd/container", [])


def _architecture() -> str:
    import platform  # noqa: PLC0415 - needed once, and slow to import

    return platform.machine()


def _processor(root: Path, missing: list[str]) -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _text(root / "proc/cpuinfo", missing), re.MULTILINE)
    return found.group(1) if found else ""


def _text(path: Path, missing: list[str]) -> str:
    """The file's text; where it may not be read that is noted in `missing`, where there is none it is not."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except PermissionError:
        missing.append(path.name)
    except OSError:
        return ""  # not there on this kind of machine
    return ""


def _assignments(text: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


def _us_day(text: str) -> str:
    found = re.fullmatch(r"(\d{2})/(\d{2})/(\d{4})", text)
    return f"{found.group(3)}-{found.group(1)}-{found.group(2)}" if found else ""


def check(settings: LocalSettings) -> Iterator[Check]:
    """What of this computer may be read."""
    facts = read(settings)
    yield Check(f"{facts.hostname}: {len(facts.packages):,} packages")
    for what in facts.missing:
        yield Check(what, "may not be read; run as root, or do without: it is named in the asset's coverage")


COLLECTOR = CollectorType("local", "this computer, without root", LocalSettings, collect, 50, check)
