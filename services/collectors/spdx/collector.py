"""SPDX 2 documents (JSON, YAML, tag-value, RDF/XML) and SPDX 3 (JSON-LD).

Read as plain data and not with spdx-tools: that raises for a whole document where one field of one package is missing
or wrong (a licence it cannot parse, a package without a download location), which tools write. RDF/XML is read as
triples with rdflib, which spdx-tools uses too. Package URLs are read with packageurl-python.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from events.models import Draft
from services.collectors.base import CollectorType, NotOurs, Run
from services.collectors.files import check_files
from services.collectors.formats import parse_json
from services.collectors.sbom import Bill, SbomSettings, gather, many, subject_of, text, to_draft
from services.collectors.spdx.graph import from_graph
from services.collectors.spdx.packages import to_bill
from services.collectors.spdx.texts import from_rdf, from_tags, parse_yaml

SUFFIXES = (".json", ".yaml", ".yml", ".spdx", ".tag", ".rdf", ".xml", ".jsonld")


def collect(settings: SbomSettings, run: Run) -> None:
    """Every file that is an SPDX document: what it describes, with its packages as software."""
    gather(settings, SUFFIXES, "SPDX", run, lambda name, data: to_drafts(parse(name, data), settings, name))


def parse(name: str, data: bytes) -> Bill:
    """The bill in a file, in whatever form it begins with. Raises NotOurs, and what parsing raises."""
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"{", b"[")) or start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return _from_mapping(parse_json(data))
    if start.startswith(b"<"):
        return to_bill(from_rdf(data))
    if name.lower().endswith((".yaml", ".yml")) or start.startswith((b"spdxVersion:", b"---", b"SPDXID:", b"name:")):
        return _from_mapping(parse_yaml(data))
    return to_bill(from_tags(data.decode("utf-8-sig")))


def to_drafts(bill: Bill, settings: SbomSettings, file: str) -> Iterator[Draft]:
    """The thing described. Raises ValueError where nothing says what that is."""
    kind, thing = subject_of(bill, settings, file)
    yield to_draft(kind, thing, bill.parts)


def _from_mapping(found: Any) -> Bill:  # noqa: ANN401 - whatever stands there
    if not isinstance(found, Mapping):
        raise NotOurs("data, but no object: no SPDX document")
    reader: Callable[[Mapping[str, Any]], Bill] = from_graph if many(found, "@graph") else to_bill
    if reader is to_bill and not text(found, "spdxVersion").startswith("SPDX-"):
        other = "; a source of the type cyclonedx reads it" if text(found, "bomFormat") == "CycloneDX" else ""
        raise NotOurs(f"no SPDX document: it has no 'spdxVersion'{other}")
    return reader(found)


COLLECTOR = CollectorType(
    "spdx",
    "SPDX documents (JSON, YAML, tag-value, RDF/XML)",
    SbomSettings,
    collect,
    40,
    partial(check_files, suffixes=SUFFIXES),
)
