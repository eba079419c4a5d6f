"""Assets and what they have as components of CycloneDX 1.6, without what is judged of them. Pure.

What is told is chosen by name: a bill of materials leaves the house. Addresses, serial numbers, ports, remarks, needs
for protection and whatever else the graph knows of an asset are not in it, nor is anything of a person.
"""

import json
from collections.abc import Iterable, Mapping

from graph.metamodel import KINDS
from graph.model import Node, Scalar
from inventory.coordinates import IMAGES, read_cpe
from inventory.products import OS_RELEASE
from services.collectors.sbom import purl_of

Component = dict[str, object]
Pairs = Iterable[tuple[str, str]]
TYPES: Mapping[str, str] = {
    "Server": "device",
    "VirtualMachine": "device",
    "Client": "device",
    "NetworkDevice": "device",
    "Printer": "device",
    "MobileDevice": "device",
    "StorageSystem": "device",
    "Utility": "device",
    "Cluster": "platform",
    "Workload": "container",
    "DatabaseInstance": "application",
    "Application": "application",
    "ExternalService": "application",
    "Location": "data",
    "BusinessProcess": "data",
    "CitizenService": "data",
}
"""Kinds of assets that a bill of materials has, with the nearest of CycloneDX's types; `landkarte:kind` is exact."""
TOLD = (
    "model", "environment", "hardware_status", "purchase_date", "warranty_end", "end_of_support", "bios_date",
    "bios_version", "firmware", "chassis", "virtualisation", "architecture", "processor", "cores", "memory_mib",
    "os_name", "os_version", "kernel", "engine", "namespace", "controller", "part_of", "required", "operated_by",
    "provider", "leika", "level", "planned_successor",
)  # fmt: skip
"""Properties of assets that are told, where a kind has them; vendor and version have fields of their own."""
LONGEST_VERSION = 1024
"""Characters that the schema allows."""
_SPACE = "landkarte"
_LIBRARIES_NOT = frozenset({"", "windows", "macos", "generic"})


def of_asset(node: Node) -> Component:
    """An asset; its bom-ref is its id."""
    declared = {item.name for item in KINDS[node.kind].properties}
    told = [(name, text_of(node.properties[name])) for name in TOLD if name in declared and name in node.properties]
    return {
        **_named(TYPES[node.kind], node, node.name, _text(node, "version")),
        **_party("manufacturer", _text(node, "vendor")),
        **_party("supplier", _text(node, "provider")),
        **properties([("kind", node.kind), *(("source", source) for source in node.sources), *told]),
    }


def of_catalogue(node: Node) -> Component:
    """What assets have: a system, a model or software."""
    return {"OperatingSystem": _system, "HardwareModel": _model, "Software": _software}[node.kind](node)


def properties(pairs: Pairs, space: str = _SPACE) -> Component:
    """The field `properties` with these, in this project's name space; nothing where there are none."""
    told = [{"name": f"{space}:{name}" if space else name, "value": value} for name, value in pairs if value]
    return {"properties": told} if told else {}


def with_properties(component: Component, pairs: Pairs) -> Component:
    """The component with more properties, whose names stand in full."""
    before, more = component.get("properties", []), properties(pairs, "").get("properties", [])
    assert isinstance(before, list)
    assert isinstance(more, list)
    return {**component, "properties": [*before, *more]}


def text_of(value: Scalar) -> str:
    """A value of the graph as text."""
    return value if isinstance(value, str) else json.dumps(value)


def _system(node: Node) -> Component:
    """By its os-release ID where it has one that is known, as scanners name systems; else in full."""
    name, version, full = (_text(node, key) for key in ("name", "version", "full_name"))
    short = name if version and name.casefold() in OS_RELEASE else ""
    return {
        **_named("operating-system", node, short or full or name or node.name, version),
        **({"description": full} if full else {}),
        **_rest(node, "name", "full_name", "edition", "build"),
    }


def _model(node: Node) -> Component:
    return {
        **_named("device", node, _text(node, "name") or node.name, ""),
        **_party("manufacturer", _text(node, "vendor")),
        **_rest(node),
    }


def _software(node: Node) -> Component:
    """A CPE name that is none is told under a name of our own; a package URL that is none may hold anything."""
    vendor, cpe = _text(node, "vendor"), _text(node, "cpe")
    (purl, _), known = purl_of(_text(node, "purl")), read_cpe(cpe) is not None
    return {
        **_named(_type_of(_text(node, "package_type")), node, _text(node, "name") or node.name, _text(node, "version")),
        **_party("supplier", vendor),
        **({"publisher": vendor} if vendor and "@" not in vendor else {}),
        **({"cpe": cpe} if known else {}),
        **({"purl": purl} if purl else {}),
        **_rest(node, "package_type", *(() if known else ("cpe",))),
    }


def _type_of(package_type: str) -> str:
    """Packages may be libraries or programs, and nobody says which: the standard's advice for that is library."""
    if package_type == "firmware":
        return "firmware"
    if package_type in IMAGES:
        return "container"
    return "application" if package_type.casefold() in _LIBRARIES_NOT else "library"


def _named(kind: str, node: Node, name: str, version: str) -> Component:
    told = {"version": version[:LONGEST_VERSION]} if version else {}
    return {"type": kind, "bom-ref": node.id, "name": name or node.id, **told}


def _rest(node: Node, *names: str) -> Component:
    return properties([("kind", node.kind), *((name, _text(node, name)) for name in names)])


def _party(field: str, name: str) -> Component:
    """An organisation; an address is a person's."""
    return {field: {"name": name}} if name and "@" not in name else {}


def _text(node: Node, name: str) -> str:
    return text_of(node.properties.get(name, ""))
