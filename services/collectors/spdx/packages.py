"""The packages of an SPDX 2 document, in the shape of its JSON form, made a bill of materials. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from services.collectors.base import NotOurs
from services.collectors.sbom import Bill, Part, many, organisation, text

_PURPOSES = {
    "CONTAINER": "container",
    "OPERATING-SYSTEM": "operating-system",
    "DEVICE": "device",
    "FIRMWARE": "firmware",
    "FILE": "file",
}
_ONLY_TO_BUILD = {
    "BUILD_TOOL_OF",
    "BUILD_DEPENDENCY_OF",
    "DEV_TOOL_OF",
    "DEV_DEPENDENCY_OF",
    "TEST_TOOL_OF",
    "TEST_DEPENDENCY_OF",
    "TEST_OF",
    "TEST_CASE_OF",
}
_NOTHING = {"NOASSERTION", "NONE"}


def to_bill(document: Mapping[str, Any]) -> Bill:
    """What it describes, and the packages in it. Raises NotOurs for a document without packages."""
    packages = {_id(item) or f"package {number}": item for number, item in enumerate(many(document, "packages"))}
    if not packages:
        raise NotOurs("an SPDX document without packages")
    described = [ref for ref in dict.fromkeys(_described(document)) if ref in packages]
    left_out = {ref for ref, relation, _ in _relationships(document) if relation in _ONLY_TO_BUILD}
    if len(described) == 1:
        left_out.add(described[0])
        subject = to_part(packages[described[0]])
    else:  # several, or none: the document is what holds them together
        name = text(document, "name")
        subject = Part("" if name in _NOTHING else name)
    parts = tuple(to_part(item) for ref, item in packages.items() if ref not in left_out and text(item, "name"))
    return Bill(subject if subject.name else None, parts)


def to_part(package: Mapping[str, Any]) -> Part:
    """A package as it is reported."""
    purpose = text(package, "primaryPackagePurpose").replace("_", "-").upper()
    version = text(package, "versionInfo")
    return Part(
        name=text(package, "name"),
        version="" if version in _NOTHING else version,
        vendor=party(text(package, "supplier")) or party(text(package, "originator")),
        type=_PURPOSES.get(purpose, ""),
        purl=_external(package, "purl"),
        cpe=_external(package, "cpe23Type") or _external(package, "cpe22Type"),
    )


def party(reported: str) -> str:
    """The organisation of `Organization: NAME (MAIL)`, without its address; "" for a person or for nobody."""
    kind, colon, name = reported.partition(":")
    name = re.sub(r"\s*\([^()]*\)\s*$", "", name).strip()
    if colon and kind.strip().casefold() == "organization":
        return "" if "@" in name else name
    return "" if colon else organisation(reported)


def _described(document: Mapping[str, Any]) -> Iterator[str]:
    named = document.get("documentDescribes")
    yield from (ref for ref in (named if isinstance(named, list) else []) if isinstance(ref, str))
    for source, relation, target in _relationships(document):
        if relation == "DESCRIBES" and source == (text(document, "SPDXID") or "SPDXRef-DOCUMENT"):
            yield target
        elif relation == "DESCRIBED_BY":
            yield source


def _relationships(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for item in many(document, "relationships"):
        yield text(item, "spdxElementId"), text(item, "relationshipType").upper(), text(item, "relatedSpdxElement")


def _id(package: Mapping[str, Any]) -> str:
    return text(package, "SPDXID", "spdxId")


def _external(package: Mapping[str, Any], kind: str) -> str:
    """The first external reference of this type; RDF writes the type as an address that ends in it."""
    for item in many(package, "externalRefs"):
        if text(item, "referenceType").rpartition("/")[2] == kind:
            return text(item, "referenceLocator")
    return ""
