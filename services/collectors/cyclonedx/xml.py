"""The XML form of CycloneDX in the shape of its JSON form. Pure; only what is read of it."""

from typing import Any
from xml.etree.ElementTree import Element

from services.collectors.base import NotOurs
from services.collectors.formats import MAX_DEPTH

_TEXTS = ("group", "name", "version", "publisher", "purl", "cpe", "description", "scope", "x-trust-boundary")
_PARTIES = ("supplier", "manufacturer", "provider")


def from_xml(root: Element) -> dict[str, Any]:
    """A bill. Raises NotOurs for another kind of XML, ValueError for one that nests too deep."""
    if _tag(root) != "bom":
        raise NotOurs(f"XML, but no CycloneDX: its root is <{_tag(root)}>")
    bom: dict[str, Any] = {
        name: [_item(child, 0) for child in found]
        for name in ("components", "services", "vulnerabilities")
        if (found := _child(root, name)) is not None
    }
    metadata = _child(root, "metadata")
    described = _child(metadata, "component") if metadata is not None else None
    bom["metadata"] = {} if described is None else {"component": _item(described, 0)}
    dependencies = _child(root, "dependencies")
    bom["dependencies"] = [
        {"ref": item.get("ref", ""), "dependsOn": [other.get("ref", "") for other in item]}
        for item in (dependencies if dependencies is not None else ())
    ]
    return bom


def _item(element: Element, depth: int) -> dict[str, Any]:
    """A component or service."""
    if depth > MAX_DEPTH:
        raise ValueError(f"components inside one another more than {MAX_DEPTH} deep")
    item: dict[str, Any] = {"type": element.get("type", ""), "bom-ref": element.get("bom-ref", "")}
    for child in element:
        name = _tag(child)
        if name in _TEXTS:
            item[name] = child.text or ""
        elif name in _PARTIES:
            inner = _child(child, "name")
            item[name] = {"name": inner.text or "" if inner is not None else ""}
        elif name in {"components", "services"}:
            item[name] = [_item(part, depth + 1) for part in child]
        elif name == "endpoints":
            item[name] = [part.text or "" for part in child]
        elif name == "data":
            item[name] = [{} for _ in child]
    if "x-trust-boundary" in item:
        item["x-trust-boundary"] = item["x-trust-boundary"].strip() in {"true", "1"}
    return item


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if _tag(child) == name), None)
