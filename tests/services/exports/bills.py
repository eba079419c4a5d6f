"""Bills of materials as a test reads them, each validated by cyclonedx-python-lib."""

import json
from datetime import date

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from inventory.judging import Policy
from inventory.lifecycle import load_table
from inventory.matching import Matcher
from services.exports.asking import bill_of

TODAY = date(2026, 11, 23)


def text_of(reader, *names, matcher=None, on=TODAY, **more):
    matcher = matcher or Matcher(load_table())
    return "".join(bill_of(reader, matcher, Policy(), names, on, **more).parts())


def read(text):
    """The document, if it is valid: by the library's schema, and in what no schema says, that no reference dangles."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    subject = document["metadata"]["component"]["bom-ref"]
    refs = [subject, *(item["bom-ref"] for item in document["components"])]
    assert len(refs) == len(set(refs))
    told = [item["ref"] for item in document["dependencies"]]
    assert len(told) == len(set(told))
    named = {other for item in document["dependencies"] for other in item["dependsOn"]} | set(told)
    incomplete = {ref for item in document["compositions"] for ref in item["dependencies"]}
    assert (named | incomplete) - set(refs) == set()
    return document


def bill(reader, *names, **more):
    return read(text_of(reader, *names, **more))


def components(document):
    """All components by name, the subject too."""
    return {item["name"]: item for item in [document["metadata"]["component"], *document["components"]]}


def by_ref(document):
    return {item["bom-ref"]: item for item in [document["metadata"]["component"], *document["components"]]}


def told(component):
    """Its properties; names are unique."""
    pairs = [(item["name"], item["value"]) for item in component.get("properties", ())]
    sources = [pair for pair in pairs if pair[0] == "landkarte:source"]
    assert len(dict(pairs)) == len(pairs) - max(0, len(sources) - 1)
    return dict(pairs)


def lifecycle(component, prefix="landkarte:lifecycle:"):
    return {name.removeprefix(prefix): value for name, value in told(component).items() if name.startswith(prefix)}


def needs(document, name):
    """The names of what a component depends on; None where it has no entry."""
    found, ref = by_ref(document), components(document)[name]["bom-ref"]
    entry = next((item["dependsOn"] for item in document["dependencies"] if item["ref"] == ref), None)
    return None if entry is None else {found[other]["name"] for other in entry}
