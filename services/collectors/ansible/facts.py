"""Facts of Ansible, without their prefix `ansible_`, as those of a computer. Pure; no person's name is read."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from services.collectors.agent_inventory import many, part, text
from services.collectors.computer import Facts, System, is_container
from services.collectors.machine_network import Interface, is_virtual, own_addresses
from services.collectors.machine_packages import Package
from services.collectors.machine_reading import fqdn_of, service_names

Told = Mapping[str, Any]
_DMI = {
    "sys_vendor": "system_vendor",
    "product_name": "product_name",
    "product_serial": "product_serial",
    "product_uuid": "product_uuid",
    "chassis_asset_tag": "chassis_asset_tag",
    "bios_date": "bios_date",
    "bios_version": "bios_version",
}
_UNKNOWN = {"NA", "N/A", "na"}
_PACKAGES = {"apt": "deb", "dpkg": "deb"}
"""What Ansible calls where a package is from, where others call it otherwise."""


def to_facts(told: Told) -> Facts:
    """What Ansible gathered of a host."""
    kind, guest = known(told, "virtualization_type"), known(told, "virtualization_role") == "guest"
    interfaces = list(_interfaces(told))
    return Facts(
        hostname=known(told, "hostname", "nodename"),
        fqdn=fqdn_of(known(told, "fqdn")),
        machine_id=known(told, "machine_id"),
        dmi={name: known(told, field) for name, field in _DMI.items()},
        chassis=known(told, "form_factor"),
        system=_system(told),
        kernel=known(told, "kernel"),
        architecture=known(told, "architecture"),
        processor=_processor(told),
        cores=_number(told, "processor_cores") * (_number(told, "processor_count") or 1),
        memory_mib=_number(told, "memtotal_mb"),
        domain=known(told, "windows_domain"),
        virtualisation=kind if guest else "physical" if kind else "",
        container=kind if guest and is_container(kind) else "",
        macs=[item.mac for item in interfaces if item.mac] if "interfaces" in told else None,
        addresses=sorted(own_addresses(interfaces)),
        packages=list(_packages(part(told, "packages"))) if "packages" in told else None,
        services=_services(part(told, "services")) if "services" in told else None,
    )


def known(told: Told, *names: str) -> str:
    """The first of these facts that Ansible could find out, or ""."""
    return next((value for name in names if (value := text(told, name)) and value not in _UNKNOWN), "")


def _system(told: Told) -> System:
    name, version = known(told, "distribution"), known(told, "distribution_version")
    if known(told, "os_family") == "Windows":
        full_name = known(told, "os_name").split("|")[0] or name
        return System(name="Windows", version=version, full_name=full_name, build=version)
    described = known(part(told, "lsb"), "description")
    return System(name=name, version=version, full_name=described or f"{name} {version}".strip())


def _processor(told: Told) -> str:
    """The model: for each processor Ansible lists its number, maker and model on Linux, and fewer of them elsewhere."""
    listed = told.get("processor")
    words = [str(word).strip() for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
    named = [word for word in words if not word.isdigit()] or [known(told, "processor")]
    return max(named, key=lambda word: (" " in word, len(word)))


def _number(told: Told, name: str) -> int:
    value = told.get(name)
    return int(value) if isinstance(value, int | float) and 0 < value < 2**40 else 0


def _interfaces(told: Told) -> Iterator[Interface]:
    """The real interfaces: named one by one on Unix, listed whole on Windows."""
    listed = told.get("interfaces")
    for item in listed if isinstance(listed, list) else []:
        details = item if isinstance(item, Mapping) else part(told, str(item).replace("-", "_").replace(".", "_"))
        name = text(details, "device", "connection_name", "interface_name") or str(item)
        if not is_virtual(name) and text(details, "type") not in {"bridge", "loopback", "tunnel"}:
            yield Interface(name, text(details, "macaddress"), tuple(_addresses(details)))


def _addresses(details: Told) -> Iterator[str]:
    for family in ("ipv4", "ipv4_secondaries", "ipv6"):
        for found in many(details, family):
            yield from (word.split("/")[0] for word in text(found, "address").split(","))


def _packages(told: Told) -> Iterable[Package]:
    for name, versions in told.items():
        for one in many({"packages": versions}, "packages"):
            epoch, version, release = text(one, "epoch"), text(one, "version"), text(one, "release")
            whole = f"{epoch}:{version}" if epoch not in {"", "0"} else version
            found = {
                "name": text(one, "name") or str(name),
                "version": f"{whole}-{release}" if release else whole,
                "architecture": text(one, "arch"),
                "package_type": _PACKAGES.get(text(one, "source"), text(one, "source")),
            }
            yield {field: value for field, value in found.items() if value}


def _services(told: Told) -> list[str]:
    running = (
        str(name) for name, about in told.items() if isinstance(about, Mapping) and about.get("state") == "running"
    )
    return service_names(running)
