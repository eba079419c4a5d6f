"""What GLPI, FusionInventory and OCS agents report, made records. Pure; one shape for JSON and XML: the GLPI agent's.

Persons are left out: no login, user name, contact or e-mail address is read, but for the user who was last logged in,
where the source keeps hashes of persons.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from events.models import Draft, Reference, Relation, Section
from services.collectors.base import nobody
from services.collectors.computer import is_container
from services.collectors.databases import database_instance, engine_named
from services.collectors.parts import (
    FIRMWARE,
    OBSERVED,
    day_of,
    given,
    has_os,
    identifiers,
    installed,
    is_model,
    serial,
)
from services.collectors.persons import maker
from services.collectors.signs import computer_kind, virtualisation

Content = Mapping[str, Any]
Item = Mapping[str, Any]

_DEVICE_KINDS = {"PRINTER": "Printer", "STORAGE": "StorageSystem", "PHONE": "MobileDevice"}
_FIRST_PERSON = 1000
"""User numbers below belong to services (login.defs)."""
_INSTALLED = ("%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%Y/%m/%d")
"""Agents write the day of an installation as Europeans do."""


def computer(device_id: str, content: Content, person: Callable[[str], str] = nobody) -> Draft:
    """A computer. Only what the inventory mentions becomes a section, so that a partial one deletes nothing."""
    sections = {
        name: build(content)
        for name, needs, build in (
            ("core", ("hardware", "bios"), partial(_core, person)),
            ("system", ("operatingsystem",), _system),
            ("processor", ("cpus",), _processor),
            ("network", ("networks",), _network),
            ("software", ("softwares",), _software),
            ("guests", ("virtualmachines",), _guests),
        )
        if any(part in content for part in needs)
    }
    return Draft(native_key=device_id, kind=kind_of(content), sections=sections)


def databases(of: Draft, content: Content) -> Iterator[Draft]:
    """The database servers on a computer, of which `of` is the record; none where its name is not told."""
    names = [(one.scheme, one.value) for section in of.sections.values() for one in section.identifiers]
    host = text(part(content, "hardware"), "name")
    for service in many(content, "databases_services") if host else ():
        told = text(service, "type"), text(service, "manufacturer"), text(service, "name")
        if engine := engine_named(*told) or text(service, "name", "type"):
            yield database_instance(
                of.native_key,
                host,
                names,
                engine,
                _number(service, "port") or 0,
                addresses=[value for scheme, value in names if scheme == "ip"],
                version=text(service, "version"),
            )


def device(native_key: str, info: Item, content: Content) -> Draft:
    """A device that was asked over the network (SNMP): switch, router, printer, filer."""
    kind = _DEVICE_KINDS.get(text(info, "type").upper(), "NetworkDevice")
    vendor, model = text(info, "manufacturer"), text(info, "model")
    core = Section(
        name=text(info, "name"),
        identifiers=identifiers(("mac", text(info, "mac")), ("serial", serial(vendor, text(info, "serial")))),
        properties=given(
            vendor=vendor,
            model=model,
            serial=text(info, "serial"),
            asset_tag=text(info, "assettag"),
            hostname=text(info, "name"),
            firmware=text(info, "firmware") or _firmware(content),
        ),
        relations=is_model(vendor, model),
    )
    ips = info.get("ips")
    addresses = ips if isinstance(ips, list) else []
    network = Section(
        identifiers=identifiers(
            ("hostname", text(info, "name")), *(("ip", str(address)) for address in addresses if address)
        )
    )
    return Draft(
        native_key=native_key,
        kind=kind,
        sections={"core": core, "network": network, "neighbours": _neighbours(content)},
    )


def kind_of(content: Content) -> str:
    """VirtualMachine where the agent sees a hypervisor, else by its chassis and system, else Client."""
    hardware, system = part(content, "hardware"), part(content, "operatingsystem")
    if text(hardware, "vmsystem").casefold() not in {"", "physical"}:
        return "VirtualMachine"
    chassis = text(hardware, "chassis_type") or text(part(content, "bios"), "type")
    told = f"{text(system, 'full_name')} {text(system, 'name')} {text(hardware, 'osname')}"
    return computer_kind(chassis, told) or "Client"


def part(content: Content, name: str) -> Item:
    """A section that is one object; some agents send a list with one."""
    found = content.get(name)
    if isinstance(found, list):
        found = found[0] if found else None
    return found if isinstance(found, Mapping) else {}


def many(content: Content, name: str) -> Iterator[Item]:
    """A section that is a list; some agents send a single object bare."""
    found = content.get(name)
    items = found if isinstance(found, list) else [found]
    return (item for item in items if isinstance(item, Mapping))


def text(item: Item, *names: str) -> str:
    """The first of these fields that has a value, as text, or ""."""
    for name in names:
        value = item.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def _core(person: Callable[[str], str], content: Content) -> Section:
    hardware, bios = part(content, "hardware"), part(content, "bios")
    vendor, model = text(bios, "smanufacturer", "mmanufacturer"), text(bios, "smodel", "mmodel")
    firmware = [("smbios-uuid", text(hardware, "uuid")), ("serial", serial(vendor, text(bios, "ssn")))]
    if is_container(text(hardware, "vmsystem")):
        firmware = []  # it is the host's
    return Section(
        name=text(hardware, "name"),
        identifiers=identifiers(*firmware, ("hostname", text(hardware, "name"))),
        properties=given(
            vendor=vendor,
            model=model,
            serial=text(bios, "ssn"),
            asset_tag=text(bios, "assettag"),
            bios_date=day_of(text(bios, "bdate"), FIRMWARE),
            bios_version=text(bios, "bversion"),
            hostname=text(hardware, "name"),
            chassis=text(hardware, "chassis_type") or text(bios, "type"),
            virtualisation=virtualisation(text(hardware, "vmsystem")),
            domain=text(hardware, "workgroup"),
            memory_mib=_number(hardware, "memory"),
            last_user=person(text(hardware, "lastloggeduser", "userid").split("/")[0]),
        ),
        relations=is_model(vendor, model),
    )


def _system(content: Content) -> Section:
    system = part(content, "operatingsystem")
    name, version = text(system, "name"), text(system, "version")
    full_name, kernel = text(system, "full_name"), text(system, "kernel_version")
    windows = "windows" in f"{full_name} {name}".casefold()
    return Section(
        identifiers=identifiers(("fqdn", text(system, "fqdn"))),
        properties=given(
            fqdn=text(system, "fqdn"),
            os_name=full_name or name,
            os_version=version,
            kernel=kernel,
            architecture=text(system, "arch"),
        ),
        relations=has_os(name=name, version=version, full_name=full_name, build=kernel if windows else "")
        if name or full_name
        else (),
    )


def _processor(content: Content) -> Section:
    cpus = list(many(content, "cpus"))
    cores = sum(_number(cpu, "core", "corecount") or 0 for cpu in cpus)
    return Section(properties=given(processor=next((text(cpu, "name") for cpu in cpus), ""), cores=cores))


def _network(content: Content) -> Section:
    """Identifiers of real interfaces: bridges, tunnels and container networks look alike on many hosts."""
    real = [port for port in many(content, "networks") if not _virtual(port)]
    macs = (("mac", text(port, "mac", "macaddr")) for port in real)
    ips = (("ip", text(port, field)) for port in real for field in ("ipaddress", "ipaddress6"))
    return Section(identifiers=identifiers(*macs, *ips))


def _virtual(port: Item) -> bool:
    flagged = port.get("virtualdev") in (True, 1, "1", "yes", "true")
    return (flagged and text(port, "type") != "aggregate") or text(port, "type") in {"loopback", "bridge"}


def _software(content: Content) -> Section:
    relations, users = [], _users(content)
    for item in many(content, "softwares"):
        name = text(item, "name", "guid")
        if name:
            said = given(
                architecture=text(item, "arch"),
                installed_on=day_of(text(item, "install_date", "installdate"), _INSTALLED),
            )
            relations.append(
                installed(
                    said,
                    name=name,
                    version=text(item, "version"),
                    vendor=_publisher(item, users),
                    package_type=text(item, "from"),
                )
            )
    return Section(relations=tuple(relations))


def _users(content: Content) -> frozenset[str]:
    """The logins of the persons that use the computer, without case."""
    hardware = part(content, "hardware")
    accounts = (item for item in many(content, "local_users") if (_number(item, "id") or 0) >= _FIRST_PERSON)
    logins = [text(item, "login") for item in (*many(content, "users"), *accounts)]
    return frozenset(login.casefold() for login in (*logins, text(hardware, "lastloggeduser", "userid")) if login)


def _publisher(item: Item, users: frozenset[str]) -> str:
    """Without e-mail addresses and accounts. Who builds an RPM names himself as he likes: no user of this computer."""
    publisher = maker(text(item, "publisher"))
    by_user = text(item, "from") == "rpm" and users & set(publisher.casefold().split())
    return "" if by_user else publisher


def _guests(content: Content) -> Section:
    """The guests of a host, by their UUID; a name alone would name nothing surely."""
    named = (Reference(scheme="smbios-uuid", value=uuid, kind="VirtualMachine") for uuid in _uuids(content))
    return Section(
        relations=tuple(Relation(type="RUNS_ON", direction="in", to=to, properties=OBSERVED) for to in named)
    )


def _uuids(content: Content) -> Iterable[str]:
    return (uuid for guest in many(content, "virtualmachines") if (uuid := text(guest, "uuid")))


def _neighbours(content: Content) -> Section:
    """What a port's other end said of itself (LLDP, CDP, EDP); mere lists of seen MACs are no neighbours."""
    relations = []
    for port in many(content, "network_ports"):
        for other in many(port, "connections"):
            scheme, value = ("ip", text(other, "ip")) if text(other, "ip") else ("mac", text(other, "sysmac"))
            if value:
                to = Reference(scheme=scheme, value=value, kind="NetworkDevice")
                relations.append(Relation(type="CONNECTS_TO", to=to, properties=OBSERVED))
    return Section(relations=tuple(relations))


def _firmware(content: Content) -> str:
    return next((text(item, "version") for item in many(content, "firmwares")), "")


def _number(item: Item, *names: str) -> int | None:
    found = text(item, *names)
    return int(found) if re.fullmatch(r"\d{1,12}", found) else None
