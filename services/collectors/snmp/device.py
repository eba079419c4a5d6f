"""What a device answered over SNMP, as a record. Pure. Its contact is a person and is not even asked for."""

import ipaddress
import re
from collections.abc import Iterator, Mapping

from events.models import Draft, Relation, Section
from services.collectors.machine_network import is_virtual
from services.collectors.parts import OBSERVED, given, has_os, identifiers, installed, is_model, key_of, related, serial
from services.collectors.signs import kind_by_maker, virtual_cards
from services.collectors.snmp import oids
from services.collectors.snmp.oids import Oid, Value

Told = Mapping[Oid, Value]
_SHARED_MACS = ("00005e00", "00000c07ac", "00000c9ff", "0007b400", "00090f09", "02bf")
"""VRRP, HSRP, GLBP, clusters of FortiGate, Windows load balancing: addresses that wander between devices."""
_UNIX = re.compile(r"^(Linux|FreeBSD|OpenBSD|NetBSD|SunOS|Darwin|AIX) \S+ (\S+)")
_WINDOWS = re.compile(r"Software: Windows .*?Version (\S+) \(Build (\d+)")
_MAC_CHASSIS, _ADDRESS_CHASSIS = 4, 5
"""LldpChassisIdSubtype (IEEE 802.1AB)."""
_FORWARDS = 0b0111_1000
"""LldpSystemCapabilitiesMap, first octet: repeater, bridge, access point, router."""
_NETWORK_LAYERS, _APPLICATION_LAYER = 0b110, 0b100_0000
"""sysServices (RFC 3418): data link, internet; applications."""
LONGEST = 400


def to_draft(told: Told, address: str, *, software: bool = False) -> Draft:
    """The record of a device that was asked at `address`; its key is the MAC of its first port, else the address."""
    kind = kind_of(told)
    sections = {
        "core": _core(told, kind),
        "network": _network(told, address),
        "neighbours": _neighbours(told),
    }
    if software:
        programs = _column(told, oids.PROGRAM).values()
        sections["software"] = Section(relations=tuple(installed(name=name) for v in programs if (name := _text(v))))
    return Draft(native_key=key_of(next(_macs(told), address)), kind=kind, sections=sections)


def kind_of(told: Told) -> str:
    """By Printer-MIB, the maker, the devices it lists, its layers, its network cards."""
    maker, descr = _enterprise(told), _descr(told)
    printing = oids.PRINTER_DEVICE in _column(told, oids.DEVICE_TYPE).values() and maker not in oids.COMPUTERS
    if printing or maker in oids.PRINTERS or _column(told, oids.PRINTER_SERIAL) or _column(told, oids.PRINTER_COVER):
        return "Printer"
    if maker in oids.STORAGE:
        return "StorageSystem"
    services = told.get(oids.SERVICES, 0)
    layers = services if isinstance(services, int) else 0
    forwards = layers & _NETWORK_LAYERS and not layers & _APPLICATION_LAYER
    if forwards or (maker not in oids.COMPUTERS and kind_by_maker(f"{oids.VENDORS.get(maker, '')} {descr}")):
        return "NetworkDevice"
    if maker not in oids.COMPUTERS and not _UNIX.match(descr):
        return "NetworkDevice"
    return "VirtualMachine" if virtual_cards(_macs(told)) else "Server"


def _core(told: Told, kind: str) -> Section:
    name, parts = _text(told.get(oids.NAME)).rstrip("."), _parts(told, kind)
    vendor, number = parts["vendor"], parts["serial"]
    return Section(
        name=name,
        identifiers=identifiers(
            ("fqdn" if "." in name else "hostname", name), ("serial", serial(vendor, number) if _single(told) else "")
        ),
        properties=given(
            **parts,
            hostname=name,
            fqdn=name if "." in name else "",
            location=_location(told),
            memory_mib=_memory(told),
            **_system(told, kind),
        ),
        relations=(*is_model(vendor, parts["model"]), *_has_os(told, kind)),
    )


def _parts(told: Told, kind: str) -> dict[str, str]:
    """Vendor, model, serial number and firmware: of the printer, else of the first chassis."""
    first = next(iter(_chassis(told)), None)
    entity = {column: _text(told.get((*column, *(first or ())))) if first else "" for column in oids.PARTS}
    maker = _enterprise(told)
    vendor = entity[oids.MAKER] or ("" if maker in oids.COMPUTERS else oids.VENDORS.get(maker, ""))
    model, number = entity[oids.MODEL], entity[oids.SERIAL]
    if kind == "Printer":
        model = model or _printer_name(told)
        number = next((_text(value) for value in _column(told, oids.PRINTER_SERIAL).values()), "") or number
    firmware = entity[oids.SOFTWARE_REVISION] or entity[oids.FIRMWARE_REVISION]
    return {"vendor": vendor, "model": model, "serial": number, "firmware": firmware}


def _chassis(told: Told) -> list[Oid]:
    return [index for index, value in sorted(_column(told, oids.CLASS).items()) if value == oids.CHASSIS]


def _single(told: Told) -> bool:
    """Whether it is one machine: in a stack each has a serial number, and which comes first may change."""
    return len(_chassis(told)) < 2  # noqa: PLR2004 - more than one


def _printer_name(told: Told) -> str:
    names = _column(told, oids.DEVICE_NAME)
    printers = (index for index, value in _column(told, oids.DEVICE_TYPE).items() if value == oids.PRINTER_DEVICE)
    return next((_text(names.get(index)) for index in printers), "")


def _system(told: Told, kind: str) -> dict[str, str]:
    """A Unix tells its host's name within its description, so that only the system's own words are taken."""
    descr = _descr(told)
    if found := _UNIX.match(descr):
        return {"os_name": found.group(1), "kernel": found.group(2)}
    if found := _WINDOWS.search(descr):
        return {"os_name": "Windows", "os_version": f"{found.group(1)}.{found.group(2)}"}
    return {"os_name": descr} if kind == "NetworkDevice" else {}


def _has_os(told: Told, kind: str) -> tuple[Relation, ...]:
    said = _system(told, kind)
    return has_os(full_name=said["os_name"]) if kind == "NetworkDevice" and said.get("os_name") else ()


def _network(told: Told, address: str) -> Section:
    ips = (_ip(value) for value in _column(told, oids.ADDRESS).values())
    return Section(
        identifiers=identifiers(
            *(("mac", mac) for mac in _macs(told)), *(("ip", ip) for ip in (address_ip(address), *ips))
        )
    )


def address_ip(address: str) -> str:
    """The address that was asked, where it is one and no name."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""


def _macs(told: Told) -> Iterator[str]:
    """Its own MACs: that of the bridge, that of LLDP, then those of real ports in their order."""
    own = [told.get(oids.BRIDGE)]
    if told.get(oids.LLDP_SUBTYPE) == _MAC_CHASSIS:
        own.append(told.get(oids.LLDP_CHASSIS))
    types, names = _column(told, oids.IF_TYPE), _column(told, oids.IF_NAME)
    for index, value in sorted(_column(told, oids.IF_MAC).items()):
        if types.get(index) in oids.REAL_PORTS and not is_virtual(_text(names.get(index))):
            own.append(value)
    yield from dict.fromkeys(mac for value in own if (mac := _mac(value)))


def _neighbours(told: Told) -> Section:
    """What the other end of a port said of itself (LLDP): its chassis' MAC, else an address, else its name."""
    addresses = _neighbour_addresses(told)
    abilities = _column(told, oids.NEIGHBOUR_ABILITIES)
    relations: list[Relation] = []
    for index, subtype in _column(told, oids.NEIGHBOUR_SUBTYPE).items():
        chassis = told.get((*oids.NEIGHBOUR_CHASSIS, *index))
        mac = _mac(chassis) if subtype == _MAC_CHASSIS else ""
        ip = addresses.get(index, "") or (_family_ip(chassis) if subtype == _ADDRESS_CHASSIS else "")
        name = _text(told.get((*oids.NEIGHBOUR_NAME, *index)))
        scheme, value = next((pair for pair in (("mac", mac), ("ip", ip), ("hostname", name)) if pair[1]), ("", ""))
        relations += related("CONNECTS_TO", _neighbour_kind(abilities.get(index)), [(scheme, value)], OBSERVED)
    return Section(relations=tuple(relations))


def _neighbour_kind(abilities: Value | None) -> str:
    """A server where it says that it forwards nothing; LLDP knows nothing finer."""
    forwards = not isinstance(abilities, bytes) or not abilities or abilities[0] & _FORWARDS
    return "NetworkDevice" if forwards else "Server"


def _neighbour_addresses(told: Told) -> dict[Oid, str]:
    """Management addresses; they stand in the index after the neighbour's three numbers: family, length, octets."""
    found: dict[Oid, str] = {}
    for index in sorted(_column(told, oids.NEIGHBOUR_ADDRESS)):
        neighbour, octets = index[:3], index[5:]
        if len(octets) in {4, 16} and all(octet < 256 for octet in octets):  # noqa: PLR2004 - IPv4, IPv6; an octet
            found.setdefault(neighbour, str(ipaddress.ip_address(bytes(octets))))
    return found


def _column(told: Told, column: Oid) -> dict[Oid, Value]:
    """The rows of a column by their index."""
    size = len(column)
    return {oid[size:]: value for oid, value in told.items() if oid[:size] == column}


def _enterprise(told: Told) -> int:
    found = re.match(r"1\.3\.6\.1\.4\.1\.(\d{1,9})", _text(told.get(oids.OBJECT_ID)))
    return int(found.group(1)) if found else 0


def _descr(told: Told) -> str:
    return next(iter(_text(told.get(oids.DESCRIPTION)).splitlines()), "").strip()


def _location(told: Told) -> str:
    found = _text(told.get(oids.LOCATION))
    return "" if "@" in found or found.casefold() in {"unknown", "sitting on the dock of the bay"} else found


def _memory(told: Told) -> int:
    """Its memory in MiB; hrMemorySize is in KiB."""
    found = told.get(oids.MEMORY, 0)
    return found // 1024 if isinstance(found, int) and found > 0 else 0


def _text(value: Value | None) -> str:
    if isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
    else:
        text = "" if value is None else str(value)
    return re.sub(r"[\x00-\x09\x0b-\x1f]+", " ", text).strip()[:LONGEST]


def _mac(value: Value | None) -> str:
    """A MAC that names one device, or ""."""
    if not isinstance(value, bytes) or len(value) != 6 or not any(value) or value[0] & 1:  # noqa: PLR2004 - octets
        return ""
    return "" if value.hex().startswith(_SHARED_MACS) else value.hex(":")


def _ip(value: Value | None) -> str:
    if not isinstance(value, bytes) or len(value) not in {4, 16}:
        return ""
    found = ipaddress.ip_address(value)
    return "" if found.is_loopback or found.is_unspecified else str(found)


def _family_ip(value: Value | None) -> str:
    """LLDP puts the address family's number before the address."""
    return _ip(value[1:]) if isinstance(value, bytes) else ""
