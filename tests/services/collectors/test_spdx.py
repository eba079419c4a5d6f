"""SPDX: one document in its four forms (the others written by spdx-tools), documents with faults, and bad input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.collectors.spdx.packages import party
from tests.services.collectors.checks import collected, identifiers, reasons, related

DATA = Path(__file__).parents[2] / "data" / "spdx"
FORMS = ("portal.spdx", "portal.spdx.json", "portal.spdx.rdf.xml", "portal.spdx.yaml")
PORTAL = json.loads((DATA / "portal.spdx.json").read_text())


def write(folder, name, value):
    path = folder / name
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return path


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(form):
    (draft,), report = collected("spdx", DATA / form)

    assert (draft.native_key, draft.kind) == ("Application buergerportal", "Application")
    assert identifiers(draft) == {("name", "buergerportal")}
    assert draft.sections["core"].properties == {"version": "4.2", "vendor": "Stadtwerk IT GmbH"}
    assert [item.properties for item in related(draft, "INSTALLED")] == [
        {
            "name": "Django",
            "version": "4.2.11",
            "vendor": "Django Software Foundation",
            "package_type": "pypi",
            "purl": "pkg:pypi/django@4.2.11",
            "cpe": "cpe:2.3:a:djangoproject:django:4.2.11:*:*:*:*:*:*:*",
        },
        {"name": "left-pad", "version": "1.3.0", "package_type": "npm", "purl": "pkg:npm/left-pad@1.3.0"},
    ]
    assert report.counts == {"seen": 1}


@pytest.mark.parametrize("form", FORMS)
def test_no_person_is_taken(form):
    said = " ".join(draft.model_dump_json() for draft in collected("spdx", DATA / form)[0])

    assert not [
        word for word in ("Mustermann", "Doe", "@") if word in said.replace("@4.2.11", "").replace("@1.3.0", "")
    ]


@pytest.mark.parametrize(
    ("reported", "name"),
    [
        ("Organization: Red Hat (a@b.example)", "Red Hat"),
        ("Organization: SUSE ()", "SUSE"),
        ("Person: Jane Doe (jane@example.org)", ""),
        ("Person: Jane Doe", ""),
        ("Organization: jane@example.org", ""),
        ("NOASSERTION", ""),
        ("Jane Doe", ""),
        ("Django Software Foundation", "Django Software Foundation"),
    ],
)
def test_of_parties_only_organisations_are_taken(reported, name):
    assert party(reported) == name


def test_a_document_that_is_invalid_but_readable_is_read(tmp_path):
    odd = {"name": "odd", "licenseConcluded": "no licence at all", "externalRefs": [7, {"referenceType": 5}]}
    document = PORTAL | {"packages": [*PORTAL["packages"], odd, 5, {"versionInfo": "1"}], "relationships": "none"}

    (draft,), _ = collected("spdx", write(tmp_path, "a.json", document))
    names = {item.properties["name"] for item in related(draft, "INSTALLED")}
    assert names == {"buergerportal", "Django", "left-pad", "pytest", "odd"}
    assert draft.sections["core"].name == "buergerportal-bom"  # nothing says what it describes


def test_tags_of_files_are_no_packages(tmp_path):
    text = (
        "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: app\n"
        "PackageName: a\nSPDXID: SPDXRef-a\nPackageVersion: 1\n"
        "PackageComment: <text>PackageName: no\nPackageVersion: 9\n"
        "</text>\nFileName: ./x\nSPDXID: SPDXRef-x\nPackageVersion: 8\nPackageName: b\nSPDXID: SPDXRef-b\n"
        "Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-a\n"
    )

    (draft,), _ = collected("spdx", write(tmp_path, "a.spdx", text.encode()))
    assert (draft.sections["core"].name, draft.sections["core"].properties) == ("a", {"version": "1"})
    assert [item.properties for item in related(draft, "INSTALLED")] == [{"name": "b"}]


def test_spdx_3_is_read(tmp_path):
    graph = [
        {"type": "SpdxDocument", "spdxId": "d", "name": "doc", "rootElement": ["s"], "createdBy": ["p"]},
        {"type": "software_Sbom", "spdxId": "s", "rootElement": ["app"]},
        {"type": "Person", "spdxId": "p", "name": "Jane Doe"},
        {"type": "Organization", "spdxId": "o", "name": "Zope Foundation"},
        {"type": "software_Package", "spdxId": "app", "name": "Portal", "software_packageVersion": "1"},
        {
            "type": "software_Package",
            "spdxId": "lib",
            "name": "lib",
            "suppliedBy": "o",
            "software_packageUrl": "pkg:pypi/lib@2",
            "externalIdentifier": [
                {"externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:x:lib:2:*:*:*:*:*:*:*"}
            ],
        },
        {"type": "software_Package", "spdxId": "own", "name": "own", "suppliedBy": "p"},
    ]

    context = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    (draft,), _ = collected("spdx", write(tmp_path, "a.json", {"@context": context, "@graph": graph}))
    assert (draft.sections["core"].name, draft.sections["core"].properties) == ("Portal", {"version": "1"})
    found = {item.properties["name"]: item.properties for item in related(draft, "INSTALLED")}
    assert found["lib"]["vendor"] == "Zope Foundation"
    assert found["own"] == {"name": "own"}


@pytest.mark.parametrize(
    ("name", "data", "what", "reason"),
    [
        ("a.json", b'{"spdxVersion": "SP', "failed", "not readable as SPDX"),
        ("a.json", b'{"spdxVersion": "SPDX-2.3"}', "skipped", "without packages"),
        ("a.json", b'{"bomFormat": "CycloneDX"}', "skipped", "type cyclonedx"),
        ("a.json", b'{"@graph": [{"type": "Thing"}]}', "skipped", "no SPDX"),
        ("a.json", b"[1]", "skipped", "no object"),
        ("a.yaml", b"a: &a [1]\nb: *a\n", "failed", "aliases"),
        ("a.yaml", b"spdxVersion: " + b"[" * 100_000, "failed", "too deep"),
        ("a.yaml", b"a: b: c", "failed", "no YAML"),
        ("a.yaml", b"replicas: 1\n", "skipped", "no 'spdxVersion'"),
        ("a.spdx", b"\xff\xfe\x00\x01 no text", "failed", "not readable as SPDX"),
        ("a.tag", b"hello\n", "skipped", "no line 'SPDXVersion: '"),
        ("a.rdf", b"<rdf:RDF", "failed", "not readable as SPDX"),
        ("a.xml", b"<html/>", "skipped", "<html>"),
        ("a.xml", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "failed", "refused"),
    ],
)
def test_a_bad_file_is_named_with_its_reason_and_the_rest_goes_on(tmp_path, name, data, what, reason):
    write(tmp_path, name, data)
    write(tmp_path, "b-good.json", PORTAL)

    drafts, report = collected("spdx", tmp_path)
    assert [draft.sections["core"].name for draft in drafts] == ["buergerportal"]
    assert report.counts == {"seen": 2, what: 1}
    assert reason in reasons(report)[name]


@pytest.mark.parametrize("form", ["portal.spdx.rdf.xml", "portal.spdx.yaml"])
def test_forms_that_would_take_too_much_memory_are_not_read(monkeypatch, form):
    monkeypatch.setattr("services.collectors.spdx.texts.LARGEST", 1000)

    drafts, report = collected("spdx", DATA / form)
    assert drafts == []
    assert "write it as JSON" in reasons(report)[form]


def test_deep_yaml_does_not_end_the_process(tmp_path):
    path = write(tmp_path, "a.yaml", b"[" * 100_000)
    script = (
        "import sys; from services.collectors.spdx.texts import parse_yaml; parse_yaml(open(sys.argv[1], 'rb').read())"
    )

    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, env=os.environ, check=False)
    assert done.returncode == 1  # an error in Python's terms; the fast loader alone ends with a signal
