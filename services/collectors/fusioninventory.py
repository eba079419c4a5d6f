"""FusionInventory and OCS inventories: XML files as the agents write them with `--local`."""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException
from pydantic import ValidationError

from events.models import Draft
from services.collectors.agent_inventory import computer, device, text
from services.collectors.base import CollectorType, Run
from services.collectors.files import FileSettings, read_files

_OBJECTS = {"bios", "hardware", "operatingsystem", "accesslog", "info"}
MAX_DEPTH = 50
"""Elements inside one another; inventories have about six."""


class NotOurs(ValueError):
    """Readable, but no inventory of a kind this collector takes."""


def collect(settings: FileSettings, run: Run) -> None:
    """Every `.xml` and `.ocs` file: read, made records, emitted. One file may tell of several devices."""
    for name, data in read_files(settings, (".xml", ".ocs"), run.report):
        try:
            for draft in to_drafts(parse(data)):
                run.emit(draft)
        except NotOurs as error:
            run.report.skipped(name, str(error))
        except DefusedXmlException as error:
            run.report.failed(name, f"refused: it declares entities or a DTD, which no inventory does ({error})")
        except ValidationError as error:
            run.report.failed(name, f"not a usable inventory: {error.errors()[0]['msg']}")
        except (ParseError, ValueError, LookupError, RecursionError) as error:
            run.report.failed(name, f"not readable as XML: {error}")


def parse(data: bytes) -> Element:
    """The root element. Raises ParseError, ValueError, LookupError (an encoding nobody knows), DefusedXmlException."""
    root: Element = defusedxml.ElementTree.fromstring(data, forbid_dtd=True)
    return root


def to_drafts(root: Element) -> Iterator[Draft]:
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
        yield computer(device_id, to_content(content))
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
    "fusioninventory", "FusionInventory and OCS inventories (XML files)", FileSettings, collect, 55
)
