"""Musterstadt's source files: GLPI agents' JSON, FusionInventory agents' XML, and tables."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from services.sample_city.plan import City, Machine, Size, make_city
from services.sample_city.tables import tables

WHEN = "2026-11-23"
"""The day the agents' files are from; nothing depends on the day they are written."""


@dataclass(frozen=True)
class CityCounts:
    """What was written: files and machines of each kind, and rows of tables."""

    glpi: int
    fusioninventory: int
    machines: int
    tables: int
    rows: int


def write_city(out: Path, size: Size, seed: int) -> CityCounts:
    """Write the city's files below `out`: glpi/, fusioninventory/, spreadsheet/. The same seed gives the same bytes."""
    city = make_city(size, seed)
    glpi, fusion = _shared_out(city)
    for machine in glpi:
        _write(out / "glpi" / f"{machine.name}.json", _json(machine))
    for machine in fusion:
        _write(out / "fusioninventory" / f"{machine.name}.xml", _xml(machine))
    rows = 0
    for name, (header, lines, encoding) in tables(city).items():
        rows += len(lines)
        _write(out / "spreadsheet" / name, _csv(header, lines).encode(encoding))
    return CityCounts(len(glpi), len(fusion), len(city.machines), len(tables(city)), rows)


def _shared_out(city: City) -> tuple[list[Machine], list[Machine]]:
    """Two in three report by the GLPI agent, the rest by the older FusionInventory; one laptop by both."""
    old = {m.name for n, m in enumerate(city.machines) if n % 3 == 0} - {host.name for host in city.hosts}
    old.add("SRV-ALT-07")
    both = {city.laptop.name} if city.laptop else set()
    glpi = [m for m in city.machines if m.name not in old or m.name in both]
    return glpi, [m for m in city.machines if m.name in old or m.name in both]


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def content_of(machine: Machine) -> dict[str, Any]:
    """The inventory in the GLPI agent's shape."""
    name, version, full_name, kernel = machine.system
    content: dict[str, Any] = {
        "bios": {
            "smanufacturer": machine.vendor,
            "smodel": machine.model,
            "ssn": machine.serial,
            "bdate": "2022-03-15",
        },
        "hardware": {
            "name": machine.name,
            "uuid": machine.uuid,
            "chassis_type": machine.chassis,
            "vmsystem": machine.virtual,
            "workgroup": "musterstadt.example",
            "memory": 16384,
        },
        "operatingsystem": {
            "name": name,
            "version": version,
            "full_name": full_name,
            "kernel_version": kernel,
            "fqdn": machine.fqdn,
            "arch": "x86_64",
        },
        "networks": [
            {
                "description": "eth0",
                "type": "ethernet",
                "mac": machine.mac,
                "ipaddress": machine.address,
                "status": "up",
                "virtualdev": False,
            }
        ],
        "softwares": [_package(package) for package in machine.packages],
        "versionclient": "GLPI-Agent_v1.15",
    }
    if machine.guests:
        content["virtualmachines"] = [
            {"name": guest.name, "uuid": guest.uuid, "vmtype": "vmware", "status": "running"}
            for guest in machine.guests
        ]
    return content


def _package(package: tuple[str, str, str, str]) -> dict[str, str]:
    fields = zip(("name", "version", "publisher", "from"), package, strict=True)
    return {name: value for name, value in fields if value}


def _json(machine: Machine) -> bytes:
    document = {
        "action": "inventory",
        "deviceid": f"{machine.name}-{WHEN}-06-00-00",
        "itemtype": "Computer",
        "content": content_of(machine),
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _xml(machine: Machine) -> bytes:
    root = Element("REQUEST")
    content = SubElement(root, "CONTENT")
    told = content_of(machine) | {"versionclient": "FusionInventory-Agent_v2.6"}
    for name, part in told.items():
        for item in part if isinstance(part, list) else [part]:
            _add(content, name, item)
    SubElement(root, "DEVICEID").text = f"{machine.name}-2021-05-01-06-00-00"
    SubElement(root, "QUERY").text = "INVENTORY"
    indent(root)
    text = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8" ?>\n{text}\n'.encode()


def _add(parent: Element, name: str, item: object) -> None:
    element = SubElement(parent, {"mac": "MACADDR"}.get(name, name.upper()))
    if isinstance(item, dict):
        for key, value in item.items():
            _add(element, key, value)
    else:
        element.text = str(int(item)) if isinstance(item, bool) else str(item)


def _csv(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
