"""SPDX 3 (JSON-LD) made a bill of materials. Pure; read as the plain JSON that the standard fixes."""

from collections.abc import Mapping
from typing import Any

from services.collectors.base import NotOurs
from services.collectors.sbom import Bill, Part, many, text

_PURPOSES = {
    "container": "container",
    "operatingSystem": "operating-system",
    "device": "device",
    "firmware": "firmware",
    "file": "file",
}
Element = Mapping[str, Any]


def from_graph(document: Element) -> Bill:
    """What it describes (its one root), and the packages in it. Raises NotOurs for one without packages."""
    elements = many(document, "@graph")
    by_id = {ref: item for item in elements if (ref := text(item, "spdxId", "@id"))}
    packages = [item for item in elements if _type(item) == "software_Package" and text(item, "name")]
    if not packages:
        raise NotOurs("an SPDX 3 document without packages" if by_id else "JSON-LD, but no SPDX")
    roots = [by_id[ref] for ref in _roots(elements, by_id) if by_id[ref] in packages]
    root = roots[0] if len(roots) == 1 else None
    name = next((text(item, "name") for item in elements if _type(item) == "SpdxDocument"), "")
    subject = to_part(root, by_id) if root else Part(name)
    parts = tuple(to_part(item, by_id) for item in packages if item is not root)
    return Bill(subject if subject.name else None, parts)


def to_part(package: Element, by_id: Mapping[str, Element]) -> Part:
    """A package as it is reported."""
    supplier = by_id.get(text(package, "suppliedBy"), {})
    vendor = text(supplier, "name") if _type(supplier) == "Organization" else ""
    return Part(
        name=text(package, "name"),
        version=text(package, "software_packageVersion"),
        vendor="" if "@" in vendor else vendor,
        type=_PURPOSES.get(text(package, "software_primaryPurpose"), ""),
        purl=text(package, "software_packageUrl") or _external(package, "packageUrl"),
        cpe=_external(package, "cpe23") or _external(package, "cpe22"),
    )


def _roots(elements: list[Element], by_id: Mapping[str, Element]) -> dict[str, None]:
    """What documents and the bills in them have as root, by id."""
    found: dict[str, None] = {}
    for item in elements:
        if _type(item) in {"SpdxDocument", "software_Sbom", "Bom"}:
            roots = item.get("rootElement")
            for ref in roots if isinstance(roots, list) else [roots]:
                if isinstance(ref, str) and ref in by_id:
                    found[ref] = None
    return found


def _type(item: Element) -> str:
    return text(item, "type", "@type")


def _external(package: Element, kind: str) -> str:
    for item in many(package, "externalIdentifier"):
        if text(item, "externalIdentifierType") == kind:
            return text(item, "identifier")
    return ""
