"""FusionInventory and OCS inventories: XML files as the agents write them with `--local`."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from events.models import Draft
from services.collectors.agent_inventory import computer, device, text
from services.collectors.base import CollectorType, NotOurs, Run, nobody
from services.collectors.files import FileSettings, check_files
from services.collectors.formats import MAX_DEPTH, emit_files, parse_xml

_OBJECTS = {"bios", "hardware", "operatingsystem", "accesslog", "info"}
SUFFIXES = (".xml", ".ocs")


def collect(settings: FileSettings, run: Run) -> None:
    """Every `.xml` and `.ocs` file: read, made records, emitted. One file may tell of several devices."""
    emit_files(settings, SUFFIXES, "XML", run, lambda data: to_drafts(parse_xml(data), run.person))


def to_drafts(root: Element, person: Callable[[str], str] = nobody) -> Iterator[Draft]:
    """The records of one file. Raises NotOurs."""
    content = root.find("CONTENT")
    if root.tag != "REQUEST" or content is None:
        raise NotOurs(f"XML, but no inventory: it begins with <{root.tag}>, not <REQUEST><CONTENT>")
    query = (root.findtext("QUERY") or "").strip().upper()
    device_id = (root.findtext("DEVICEID") or "").strip().replace("#", "_")
    if query in {"SNMPQUERY", "SNMP", "NETINVENTORY", "NETDISCOVERY"}:
        yield from _devices(content, device_id)
    elif query == "INVENTORY":
        if not device_id:
            raise NotOurs("an inventory without a DEVICEID")
        yield computer(device_id, to_content(content), person)
    else:
        raise NotOurs(f"a message {query or 'without QUERY'!r}, which is no inventory")


def to_content(element: Element) -> dict[str, Any]:
    """The content in the GLPI agent's shape: lower-case names, objects, and lists of objects."""
    content: dict[str, Any] = {}
    for child in element:
        name, value = child.tag.lower(), _value(child)
        if name in _OBJECTS:
            content[name] = value
        elif isinstance(value, Mapping):
            content.setdefault(name, []).append(value)
    hardware = content.get("hardware")
    if isinstance(hardware, Mapping) and "operatingsystem" not in content and text(hardware, "osname"):
        content["operatingsystem"] = _system(hardware)
    return content


def _system(hardware: Mapping[str, Any]) -> dict[str, str]:
    """OCS agents tell the system in HARDWARE; its version is the kernel's on Unix, and the build on Windows."""
    return {"full_name": text(hardware, "osname"), "kernel_version": text(hardware, "osversion")}


def _devices(content: Element, scanner: str) -> Iterator[Draft]:
    """Devices found or asked over the network. At its start and end a discovery tells of none."""
    devices = content.findall("DEVICE")
    if not devices:
        raise NotOurs("a message of a network discovery that tells of no device")
    for number, found in enumerate(devices):
        told = found.find("INFO")
        info = _info(found if told is None else told)
        key = text(info, "mac") or text(info, "serial") or text(info, "ip") or f"{scanner} {number}"
        yield device(key.replace("#", "_").lower(), info, to_content(found))


def _info(element: Element) -> dict[str, Any]:
    info = {child.tag.lower(): (child.text or "").strip() for child in element if not len(child)}
    ips = [(ip.text or "").strip() for ip in element.iter("IP")]
    renamed = {"name": info.get("name") or info.get("snmphostname") or info.get("dnshostname") or ""}
    return {**info, **renamed, "ips": ips}


def _value(element: Element, depth: int = 0) -> object:
    if depth > MAX_DEPTH:
        raise ValueError(f"elements stand more than {MAX_DEPTH} deep in one another")
    if not len(element):
        return (element.text or "").strip()
    value: dict[str, object] = {}
    for child in element:
        name, inner = child.tag.lower(), _value(child, depth + 1)
        if isinstance(inner, Mapping):
            many = value.setdefault(f"{name}s" if not name.endswith("s") else name, [])
            if isinstance(many, list):
                many.append(inner)
        else:
            value[name] = inner
    return value


COLLECTOR = CollectorType(
    "fusioninventory",
    "FusionInventory and OCS inventories (XML files)",
    FileSettings,
    collect,
    55,
    partial(check_files, suffixes=SUFFIXES),
)
