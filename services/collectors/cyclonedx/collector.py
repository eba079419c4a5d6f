"""CycloneDX bills of materials (SBOM, OBOM, SaaSBOM), 1.2 to 1.6, as JSON or XML.

Read as plain data and not with cyclonedx-python-lib: that refuses a whole file for one purl, hash, type or date that
deviates, for a component without a name and for a number as version, all of which tools write. What is needed here is
few fields, and a file with one bad component has many good ones. Package URLs are read with packageurl-python.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from events.models import Draft
from services.collectors.base import CollectorType, NotOurs, Run
from services.collectors.cyclonedx.services import between, flat, services_of, uses
from services.collectors.cyclonedx.xml import from_xml
from services.collectors.files import check_files
from services.collectors.formats import parse_json, parse_xml
from services.collectors.sbom import (
    Bill,
    Part,
    SbomSettings,
    gather,
    many,
    organisation,
    part,
    subject_of,
    text,
    to_draft,
)

SUFFIXES = (".json", ".xml", ".cdx")


def collect(settings: SbomSettings, run: Run) -> None:
    """Every file that is a bill of materials: what it describes, with its software and the services it uses."""
    gather(settings, SUFFIXES, "CycloneDX", run, lambda name, data: to_drafts(parse(data), settings, name))


def parse(data: bytes) -> Mapping[str, Any]:
    """A bill in the shape of its JSON form. Raises NotOurs, and what parsing raises."""
    if data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return from_xml(parse_xml(data))
    found = parse_json(data)
    if not isinstance(found, Mapping):
        raise NotOurs("JSON, but no object: no bill of materials")
    if "spdxVersion" in found or "@graph" in found:
        raise NotOurs("an SPDX document; a source of the type spdx reads it")
    if text(found, "bomFormat") != "CycloneDX" and "cyclonedx" not in text(found, "$schema", "@context"):
        raise NotOurs("JSON, but no CycloneDX: its bomFormat is not 'CycloneDX'")
    return found


def to_drafts(bom: Mapping[str, Any], settings: SbomSettings, file: str) -> Iterator[Draft]:
    """The thing described, and each service. Raises NotOurs; ValueError where nothing says what is described."""
    if not any(
        isinstance(bom.get(name), list | tuple) for name in ("components", "services")
    ) and "component" not in part(bom, "metadata"):
        what = next((name for name in ("vulnerabilities", "declarations", "definitions") if name in bom), "")
        raise NotOurs(f"a CycloneDX file with {what} only" if what else "a CycloneDX file without any component")
    if "vulnerabilities" in bom and not (bom.get("components") or bom.get("services")):
        raise NotOurs("a CycloneDX file with vulnerabilities only (VEX)")
    described = part(part(bom, "metadata"), "component")
    subject = to_part(described) if text(described, "name") else None
    kind, thing = subject_of(Bill(subject, ()), settings, file)
    services = services_of(many(bom, "services"))
    needs = uses(bom, services, text(described, "bom-ref"))
    parts = [to_part(item) for item in components(bom, described)] if "components" in {*bom, *described} else None
    yield to_draft(kind, thing, parts, between(thing, services, needs[""]))
    for service in services:
        yield service.to_draft(thing, kind, services, needs[service.ref])


def components(bom: Mapping[str, Any], described: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All components with a name, those inside others included; not those the bill excludes."""
    for item in (*flat(many(bom, "components"), "components"), *flat(many(described, "components"), "components")):
        if text(item, "name") and text(item, "scope") != "excluded":
            yield item


def to_part(item: Mapping[str, Any]) -> Part:
    """A component as it is reported."""
    return Part(
        name=text(item, "name"),
        version=text(item, "version"),
        vendor=_vendor(item),
        group=text(item, "group"),
        type=text(item, "type"),
        purl=text(item, "purl"),
        cpe=text(item, "cpe"),
        description=text(item, "description"),
    )


def _vendor(item: Mapping[str, Any]) -> str:
    """Suppliers and manufacturers are organisations by definition; a publisher may be a person."""
    names: Iterable[str] = (text(part(item, "supplier"), "name"), text(part(item, "manufacturer"), "name"))
    return next((name for name in names if name and "@" not in name), organisation(text(item, "publisher")))


COLLECTOR = CollectorType(
    "cyclonedx",
    "CycloneDX bills of materials (SBOM, OBOM, SaaSBOM; JSON or XML)",
    SbomSettings,
    collect,
    40,
    partial(check_files, suffixes=SUFFIXES),
)
