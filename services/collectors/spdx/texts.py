"""SPDX 2 in its other forms (YAML, tag-value, RDF/XML) in the shape of its JSON form. Pure."""

import logging
import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from services.collectors.base import NotOurs
from services.collectors.files import MIB
from services.collectors.formats import MAX_DEPTH, parse_xml

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

LARGEST = 10 * MIB
"""RDF and YAML take some forty to sixty times their size in memory."""
_TERMS = "http://spdx.org/rdf/terms#"
_IN_PACKAGE = {
    "PackageName": "name",
    "SPDXID": "SPDXID",
    "PackageVersion": "versionInfo",
    "PackageSupplier": "supplier",
    "PackageOriginator": "originator",
    "PrimaryPackagePurpose": "primaryPackagePurpose",
}
_IN_DOCUMENT = {"SPDXVersion": "spdxVersion", "DocumentName": "name", "SPDXID": "SPDXID"}
_TAG = re.compile(r"^([A-Za-z]+):[ \t]*(.*)$")


def parse_yaml(data: bytes) -> Any:  # noqa: ANN401 - whatever stands there
    """The value in a YAML file. Raises ValueError: no YAML, too large, aliases, or nested too deep.

    The parts are looked at one by one first: the fast loader does not survive deep nesting.
    """
    import yaml  # noqa: PLC0415 - slow to import

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    _bounded(data, "YAML")
    depth = 0
    try:
        for event in yaml.parse(data, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > MAX_DEPTH:
                raise ValueError("it has aliases, or nests too deep; no SPDX document does")
        return yaml.load(data, Loader=loader)  # noqa: S506 - a safe loader, in C where there is one
    except yaml.YAMLError as error:
        raise ValueError(f"no YAML: {error}") from error


def from_tags(content: str) -> dict[str, Any]:
    """A document of lines `Tag: value`. Raises NotOurs where it is none."""
    document: dict[str, Any] = {"packages": [], "relationships": []}
    package: dict[str, Any] | None = None
    for tag, value in _tags(content):
        if tag == "PackageName":
            package = {"name": value, "externalRefs": []}
            document["packages"].append(package)
        elif tag in {"FileName", "SnippetSPDXID", "LicenseID"}:
            package = {}  # what follows is a file's, and of no package
        elif tag == "Relationship":
            document["relationships"].append(_relationship(value))
        elif tag == "ExternalRef" and package:
            package["externalRefs"].append(_reference(value))
        elif package is None and tag in _IN_DOCUMENT:
            document[_IN_DOCUMENT[tag]] = value
        elif package and tag in _IN_PACKAGE:
            package[_IN_PACKAGE[tag]] = value
    if not document.get("spdxVersion"):
        raise NotOurs("text, but no SPDX document: it has no line 'SPDXVersion: '")
    return document


def from_rdf(data: bytes) -> dict[str, Any]:
    """A document in RDF/XML. Raises NotOurs for other XML, ValueError for a large one, and what parsing raises."""
    root = parse_xml(data)  # no DTD, no entities
    if "rdf-syntax-ns" not in str(root.tag) or _TERMS.encode() not in data:
        raise NotOurs(f"XML, but no SPDX document: its root is <{str(root.tag).rpartition('}')[2]}>")
    _bounded(data, "RDF")
    from rdflib import Graph  # noqa: PLC0415 - slow to import
    from rdflib.exceptions import ParserError  # noqa: PLC0415

    logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)  # it says every literal that it finds odd
    try:
        with warnings.catch_warnings(action="ignore"):
            return _from_graph(Graph().parse(data=data, format="xml"))
    except ParserError as error:
        raise ValueError(str(error)) from error


def _bounded(data: bytes, form: str) -> None:
    if len(data) > LARGEST:
        raise ValueError(f"more than the {LARGEST:,} bytes that are read of {form}; write it as JSON")


def _tags(content: str) -> Iterator[tuple[str, str]]:
    """(tag, value) in order; a value in <text> may span lines."""
    lines = iter(content.splitlines())
    for line in lines:
        found = _TAG.match(line.strip())
        if not found:
            continue
        tag, value = found.groups()
        if value.startswith("<text>"):
            parts = [value.removeprefix("<text>")]
            while "</text>" not in parts[-1]:
                following = next(lines, None)
                if following is None:
                    break
                parts.append(following)
            value = "\n".join(parts).partition("</text>")[0]
        yield tag, value.strip()


def _relationship(value: str) -> dict[str, str]:
    source, relation, target = (*value.split(), "", "", "")[:3]
    return {"spdxElementId": source, "relationshipType": relation, "relatedSpdxElement": target}


def _reference(value: str) -> dict[str, str]:
    _, kind, locator = (*value.split(maxsplit=2), "", "", "")[:3]
    return {"referenceType": kind, "referenceLocator": locator}


def _from_graph(graph: "Graph") -> dict[str, Any]:
    from rdflib import RDF, Namespace  # noqa: PLC0415 - slow to import

    spdx = Namespace(_TERMS)
    documents = list(graph.subjects(RDF.type, spdx.SpdxDocument))
    document = documents[0] if documents else None
    relationships = [
        {
            "spdxElementId": str(source),
            "relationshipType": _words(graph.value(item, spdx.relationshipType)).removeprefix("RELATIONSHIP_TYPE_"),
            "relatedSpdxElement": str(graph.value(item, spdx.relatedSpdxElement) or ""),
        }
        for source, item in sorted(graph.subject_objects(spdx.relationship), key=str)
    ]
    return {
        "spdxVersion": _text(graph, document, "specVersion"),
        "SPDXID": str(document),
        "name": _text(graph, document, "name"),
        "documentDescribes": sorted(str(item) for item in graph.objects(document, spdx.describesPackage)),
        "relationships": relationships,
        "packages": [_package(graph, node) for node in sorted(graph.subjects(RDF.type, spdx.Package), key=str)],
    }


def _package(graph: "Graph", node: "Node") -> dict[str, Any]:
    from rdflib import Namespace  # noqa: PLC0415 - slow to import

    spdx = Namespace(_TERMS)
    names = ("name", "versionInfo", "supplier", "originator")
    return {
        "SPDXID": str(node),
        "primaryPackagePurpose": _words(graph.value(node, spdx.primaryPackagePurpose)).removeprefix("PURPOSE_"),
        "externalRefs": [
            {
                "referenceType": str(graph.value(item, spdx.referenceType) or ""),
                "referenceLocator": _text(graph, item, "referenceLocator"),
            }
            for item in sorted(graph.objects(node, spdx.externalRef), key=str)
        ],
        **{name: _text(graph, node, name) for name in names},
    }


def _text(graph: "Graph", node: "Node | None", name: str) -> str:
    from rdflib import Namespace  # noqa: PLC0415 - slow to import

    return str(graph.value(node, Namespace(_TERMS)[name]) or "") if node is not None else ""


def _words(node: "Node | None") -> str:
    """`...#relationshipType_describedBy` as the other forms write it: RELATIONSHIP_TYPE_DESCRIBED_BY."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(node or "").rpartition("#")[2]).upper()
