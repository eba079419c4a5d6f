"""Facts of Puppet, structured (facter 3 and later) or flat (before), as those of a computer. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from services.collectors.agent_inventory import many, part, text
from services.collectors.computer import Facts, System, is_container
from services.collectors.files import MIB
from services.collectors.machine_network import Interface, is_virtual, own_addresses
from services.collectors.machine_reading import fqdn_of

Told = Mapping[str, Any]
_MOST = 2**40
"""No computer has so much of anything that is counted here."""


def to_facts(told: Told) -> Facts:
    """What facter found out of a node."""
    network, processors = part(told, "networking"), part(told, "processors")
    interfaces = list(_interfaces(told))
    virtual = _virtual(told)
    return Facts(
        hostname=text(network, "hostname") or text(told, "hostname"),
        fqdn=fqdn_of(text(network, "fqdn") or text(told, "fqdn")),
        dmi=_dmi(told),
        chassis=text(part(part(told, "dmi"), "chassis"), "type") or text(told, "chassistype"),
        system=_system(told),
        kernel=text(told, "kernelrelease"),
        architecture=text(part(told, "os"), "architecture") or text(told, "architecture"),
        processor=_first(processors.get("models")) or text(told, "processor0"),
        cores=_number(processors, "cores") * (_number(processors, "physicalcount") or 1),
        memory_mib=_memory(told),
        virtualisation=virtual,
        container=virtual if is_container(virtual) else "",
        macs=list(dict.fromkeys(item.mac for item in interfaces if item.mac)) if interfaces else None,
        addresses=sorted(own_addresses(interfaces)),
    )


def _virtual(told: Told) -> str:
    """What the node runs in, `physical` for a host of others too, "" where facter could not tell."""
    virtual = text(told, "virtual") or next(iter(part(told, "hypervisors")), "")
    host = virtual in {"xen0", "vmware_server", "openvzhn"} or str(told.get("is_virtual")).casefold() == "false"
    return "physical" if host else str(virtual)


def _dmi(told: Told) -> dict[str, str]:
    """By the names of /sys/class/dmi/id; flat facts have names of their own."""
    dmi = part(told, "dmi")
    product, bios, chassis = part(dmi, "product"), part(dmi, "bios"), part(dmi, "chassis")
    return {
        "sys_vendor": text(dmi, "manufacturer") or text(told, "manufacturer"),
        "product_name": text(product, "name") or text(told, "productname"),
        "product_serial": text(product, "serial_number") or text(told, "serialnumber"),
        "product_uuid": text(product, "uuid") or text(told, "uuid"),
        "chassis_asset_tag": text(chassis, "asset_tag"),
        "bios_date": text(bios, "release_date") or text(told, "bios_release_date"),
        "bios_version": text(bios, "version") or text(told, "bios_version"),
    }


def _system(told: Told) -> System:
    about = part(told, "os")
    release, windows, distro = part(about, "release"), part(about, "windows"), part(about, "distro")
    name = text(about, "name") or text(told, "operatingsystem")
    version = text(release, "full") or text(told, "operatingsystemrelease")
    product = text(windows, "product_name")
    if name.casefold() == "windows" and not product:
        product = f"Windows {'Server ' if re.match(r'20[012]', version) else ''}{version}"
    described = product or text(distro, "description") or text(told, "lsbdistdescription")
    return System(
        name=name,
        version=version,
        full_name=described or f"{name} {version}".strip(),
        edition=text(windows, "edition_id"),
        build=text(told, "kernelrelease") if product else "",
    )


def _interfaces(told: Told) -> Iterator[Interface]:
    structured = part(part(told, "networking"), "interfaces")
    for name, about in structured.items():
        if isinstance(about, Mapping) and not is_virtual(str(name)):
            yield Interface(str(name), text(about, "mac"), tuple(_addresses(about)))
    flat = text(told, "interfaces").split(",") if not structured else []
    for name in (name for name in flat if name and not is_virtual(name)):
        yield Interface(name, text(told, f"macaddress_{name}"), (text(told, f"ipaddress_{name}"),))


def _addresses(about: Told) -> Iterator[str]:
    bound = [*many(about, "bindings"), *many(about, "bindings6")]
    yield from (text(one, "address") for one in bound if "temporary" not in str(one.get("flags", "")))
    if not bound:
        yield from (text(about, "ip"), text(about, "ip6"))


def _memory(told: Told) -> int:
    total = _number(part(part(told, "memory"), "system"), "total_bytes")
    flat = re.match(r"\d{1,12}", text(told, "memorysize_mb"))
    return total // MIB or (int(flat.group()) if flat else 0)


def _number(told: Told, name: str) -> int:
    found = re.fullmatch(r"(\d{1,18})(\.\d+)?", text(told, name))
    return int(found.group(1)) if found and int(found.group(1)) < _MOST * MIB else 0


def _first(listed: object) -> str:
    return next((item.strip() for item in listed if isinstance(item, str)), "") if isinstance(listed, list) else ""
