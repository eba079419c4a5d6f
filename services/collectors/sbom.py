"""What bills of materials of any format say, made records: one thing, and the software in it. Pure.

Persons are left out: authors and contacts are not read, and a publisher only where it is an organisation's name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from packageurl import PackageURL
from pydantic import Field

from events.models import LONGEST_NAME, Draft, Identifier, Properties, Relation, Section
from graph.metamodel import DEVICES, KINDS
from services.collectors.base import Run
from services.collectors.files import FileSettings, read_files
from services.collectors.formats import reported
from services.collectors.parts import given, has_os, identifiers, installed, is_model, key_of

SubjectKind = Literal[
    "",
    "Application",
    "Workload",
    "DatabaseInstance",
    "ExternalService",
    "Server",
    "VirtualMachine",
    "Client",
    "NetworkDevice",
    "Printer",
    "MobileDevice",
    "StorageSystem",
    "Cluster",
]
_KINDS = {"container": "Workload", "operating-system": "Server", "device": "Server", "firmware": "Server"}
"""What a bill describes, by its own word for it; anything else is an application."""
_NO_SOFTWARE = {"file", "data", "cryptographic-asset", "device", "operating-system"}
_ORGANISATION = re.compile(
    r"\b(inc|corp|corporation|company|co|ltd|limited|gmbh|ag|se|llc|plc|sa|srl|kg|foundation|project|team|community|"
    r"group|software|systems|technologies|labs|university|institute|authors|contributors|developers|consortium|"
    r"microsoft|oracle|google|apache|mozilla|canonical|debian|ubuntu|fedora|ibm|sap|vmware|red hat|adobe|intel)\b",
    re.IGNORECASE,
)
LONGEST = 2048
"""Characters of a value; names, versions and package URLs are far shorter."""
_NO_NAMES = {"bom", "sbom", "obom", "saasbom", "cyclonedx", "spdx", "manifest", "document"}
_ENDINGS = re.compile(
    r"(\.(cdx|cyclonedx|spdx|bom|sbom|json|xml|ya?ml|rdf|tag|1\.\d))+$|[._-](s?bom|spdx|cdx)$", re.IGNORECASE
)


class SbomSettings(FileSettings):
    """Settings of a collector of bills of materials."""

    thing: str = Field(
        default="",
        max_length=LONGEST_NAME,
        description="the existing thing all these files describe: an application's name, or a computer's FQDN",
    )
    kind: SubjectKind = Field(
        default="", description="kind of what the files describe; empty: what they say themselves"
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A component: what is described, or something in it. `type`: CycloneDX's word for what it is."""

    name: str
    version: str = ""
    vendor: str = ""
    group: str = ""
    type: str = ""
    purl: str = ""
    cpe: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill of materials. `subject`: what it describes; None where it does not say."""

    subject: Part | None
    parts: tuple[Part, ...]


def gather(
    settings: SbomSettings,
    suffixes: tuple[str, ...],
    form: str,
    run: Run,
    to_drafts: Callable[[str, bytes], Iterable[Draft]],
) -> None:
    """Every file read and what they say emitted, one record for each thing, however many files describe it.

    `to_drafts` is given a file's name and content; it raises NotOurs, and what parsing raises.
    """
    found: dict[str, Draft] = {}
    for name, data in read_files(settings, suffixes, run.report):
        with reported(run.report, name, form):
            for draft in tuple(to_drafts(name, data)):
                earlier = found.get(draft.native_key)
                found[draft.native_key] = _merged(earlier, draft) if earlier else draft
    for draft in found.values():
        run.emit(draft)


def subject_of(bill: Bill, settings: SbomSettings, file: str) -> tuple[str, Part]:
    """Kind and component of what a file describes: as the settings say, the bill itself, or the file's name.

    Raises ValueError where none of them says it.
    """
    part = bill.subject or Part(_name_of(file))
    part = (
        Part(settings.thing, part.version, part.vendor, "", part.type, "", "", part.description)
        if settings.thing
        else part
    )
    if not part.name:
        raise ValueError("it does not say what it describes; name that in the setting `thing`, or in the file's name")
    return settings.kind or _KINDS.get(part.type, "Application"), part


def key_of_subject(kind: str, part: Part) -> str:
    """Without the version, so that a new one is the same thing."""
    return key_of(kind, part.group, part.name)


def to_draft(kind: str, subject: Part, parts: Iterable[Part] | None, more: Iterable[Relation] = ()) -> Draft:
    """The record of what is described. `parts`: None: the bill tells of none; `more`: relations to other things."""
    found = tuple(parts or ())
    device = kind in DEVICES
    core = Section(
        name=subject.name[:LONGEST_NAME],
        identifiers=_identifiers(kind, subject.name),
        properties=_declared(
            kind,
            version=subject.version,
            vendor=subject.vendor,
            description="" if "@" in subject.description else subject.description[:1000],
        ),
        relations=_model(found) if device else (),
    )
    sections = {"core": core}
    if parts is not None:
        sections["software"] = Section(relations=(*_software(found), *_system(found)))
    if relations := tuple(more):
        sections["dependencies"] = Section(relations=relations)
    return Draft(native_key=key_of_subject(kind, subject), kind=kind, sections=sections)


def text(item: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that has a value, as one line of text within LONGEST, or ""."""
    for name in names:
        value = item.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            plain = " ".join(str(value)[:LONGEST].split())
            return plain.encode("utf-8", "replace").decode()  # half of a surrogate pair is no text
    return ""


def part(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A field that is an object, or an empty one."""
    found = item.get(name)
    return found if isinstance(found, Mapping) else {}


def many(item: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects in a field that is a list; what is none is left out."""
    found = item.get(name)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def organisation(name: str) -> str:
    """The name, if it is surely an organisation's: one that may be a person's is not taken."""
    return name if _ORGANISATION.search(name) and "@" not in name else ""


def purl_of(reported: str) -> tuple[str, str]:
    """A package URL and its type: without the qualifiers that hold addresses, which may hold a password."""
    try:
        purl = PackageURL.from_string(reported)
    except ValueError:
        return "", ""
    kept = {key: value for key, value in _qualifiers(purl).items() if "@" not in value and "/" not in value}
    return purl._replace(qualifiers=kept).to_string(), purl.type


def _qualifiers(purl: PackageURL) -> dict[str, str]:
    return dict(purl.qualifiers) if isinstance(purl.qualifiers, dict) else {}


def _name_of(file: str) -> str:
    """What a file is named for: itself, or its folder where its own name says nothing."""
    path = PurePath(file)
    for name in (_ENDINGS.sub("", path.name), path.parent.name):
        if name and name.casefold() not in _NO_NAMES:
            return name
    return ""


def _identifiers(kind: str, name: str) -> tuple[Identifier, ...]:
    if KINDS[kind].named:
        return identifiers(("name", name[:LONGEST_NAME]))
    return identifiers(("fqdn" if "." in name else "hostname", name[:255]))


def _declared(kind: str, **properties: str) -> Properties:
    """Those that this kind has."""
    known = {item.name for item in KINDS[kind].properties}
    return given(**{name: value for name, value in properties.items() if name in known})


def _software(parts: Iterable[Part]) -> Iterable[Relation]:
    for item in parts:
        if item.type not in _NO_SOFTWARE:
            purl, package_type = purl_of(item.purl)
            yield installed(
                name=item.name,
                version=item.version,
                vendor=item.vendor or item.group,
                package_type=package_type or ("firmware" if item.type == "firmware" else ""),
                purl=purl,
                cpe=item.cpe,
            )


def _system(parts: Iterable[Part]) -> tuple[Relation, ...]:
    """The one operating system among the parts; of several none is surely the one it runs."""
    systems = [item for item in parts if item.type == "operating-system"]
    if len(systems) != 1:
        return ()
    return has_os(name=systems[0].name, version=systems[0].version)


def _model(parts: Iterable[Part]) -> tuple[Relation, ...]:
    devices = [item for item in parts if item.type == "device"]
    return is_model(devices[0].vendor, devices[0].name) if len(devices) == 1 else ()


def _merged(one: Draft, other: Draft) -> Draft:
    """What two files say of one thing. Versions that differ are both told."""
    sections = dict(one.sections)
    for name, section in other.sections.items():
        earlier = sections.get(name, Section())
        versions = {str(found) for item in (earlier, section) if (found := item.properties.get("version"))}
        version = {"version": ", ".join(sorted(versions))} if versions else {}
        sections[name] = Section(
            name=section.name or earlier.name,
            identifiers=(*earlier.identifiers, *section.identifiers),
            properties={**earlier.properties, **section.properties, **version},
            relations=(*earlier.relations, *section.relations),
        )
    return one.model_copy(update={"sections": sections})
