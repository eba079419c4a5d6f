"""CycloneDX: samples of real bills, both forms, what deviates from the standard, and bad input."""

import json

import pytest
from pydantic import ValidationError

from tests.services.collectors.checks import collected, identifiers, reasons, related
from tests.whole.samples import SAMPLES, needed

BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "metadata": {
        "authors": [{"name": "Erika Mustermann", "email": "erika@example.org"}],
        "component": {
            "type": "application",
            "bom-ref": "portal",
            "name": "Portal",
            "version": "4.2",
            "supplier": {"name": "Stadtwerk IT", "contact": [{"name": "Max Muster", "email": "max@example.org"}]},
        },
    },
    "components": [
        {
            "type": "framework",
            "name": "spring-core",
            "group": "org.springframework",
            "version": "6.1.0",
            "publisher": "Jane Doe",
            "author": "Jane Doe",
            "purl": "pkg:maven/org.springframework/spring-core@6.1.0?repository_url=https://bob:secret@nexus.example/r&type=jar",
            "components": [
                {"type": "library", "name": "spring-jcl", "version": "6.1.0", "publisher": "Spring Project"}
            ],
        },
        {"type": "file", "name": "/etc/passwd"},
        {"type": "library", "name": "junit", "version": "5", "scope": "excluded"},
    ],
}


def write(folder, name, value):
    path = folder / name
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return path


def software(draft):
    return {(item.properties["name"], item.properties.get("version", "")) for item in related(draft, "INSTALLED")}


def test_a_bill_becomes_what_it_describes_with_its_software(tmp_path):
    (draft,), report = collected("cyclonedx", write(tmp_path, "bom.json", BOM))

    assert (draft.native_key, draft.kind) == ("Application Portal", "Application")
    assert draft.sections["core"].properties == {"version": "4.2", "vendor": "Stadtwerk IT"}
    assert identifiers(draft) == {("name", "Portal")}
    assert software(draft) == {("spring-core", "6.1.0"), ("spring-jcl", "6.1.0")}
    assert report.counts == {"seen": 1}


def test_no_person_and_no_password_is_taken(tmp_path):
    (draft,), _ = collected("cyclonedx", write(tmp_path, "bom.json", BOM))

    said = draft.model_dump_json()
    assert not [word for word in ("Mustermann", "Muster", "Doe", "@example.org", "secret") if word in said]
    assert "Spring Project" in said
    assert "pkg:maven/org.springframework/spring-core@6.1.0?type=jar" in said


def test_a_new_version_is_the_same_thing(tmp_path):
    described = BOM["metadata"]["component"]
    later = BOM | {"metadata": {"component": described | {"version": "4.3"}}}

    ((before,), _), ((after,), _) = (
        collected("cyclonedx", write(tmp_path, name, bom)) for name, bom in (("a.json", BOM), ("b.json", later))
    )
    assert before.native_key == after.native_key


def test_several_files_about_one_thing_are_one_record(tmp_path):
    other = BOM | {"components": [{"type": "library", "name": "react", "version": "18"}]}
    write(tmp_path, "backend.json", BOM)
    write(tmp_path, "frontend.json", other)

    (draft,), _ = collected("cyclonedx", tmp_path)
    assert software(draft) == {("spring-core", "6.1.0"), ("spring-jcl", "6.1.0"), ("react", "18")}


@pytest.mark.parametrize(
    ("settings", "kind", "identifier"),
    [
        ({"thing": "MESO"}, "Application", ("name", "MESO")),
        ({"thing": "srv1.example.org", "kind": "Server"}, "Server", ("fqdn", "srv1.example.org")),
        ({"kind": "Workload"}, "Workload", ("name", "Portal")),
    ],
)
def test_settings_attach_a_bill_to_an_existing_thing(tmp_path, settings, kind, identifier):
    (draft,), _ = collected("cyclonedx", write(tmp_path, "bom.json", BOM), **settings)

    assert (draft.kind, identifiers(draft)) == (kind, {identifier})


def test_a_kind_that_has_no_software_is_refused(tmp_path):
    with pytest.raises(ValidationError):
        collected("cyclonedx", write(tmp_path, "bom.json", BOM), kind="Vendor")


def test_a_bill_that_describes_nothing_goes_by_its_file_or_folder(tmp_path):
    bare = {name: value for name, value in BOM.items() if name != "metadata"}
    (tmp_path / "ratsinfo").mkdir()
    write(tmp_path / "ratsinfo", "bom.json", bare)
    write(tmp_path, "gis.cdx.json", bare)
    write(tmp_path, "sbom.json", bare)

    drafts, report = collected("cyclonedx", tmp_path)
    assert {draft.sections["core"].name for draft in drafts} == {"gis", "ratsinfo"}
    assert "setting `thing`" in reasons(report)["sbom.json"]
    assert report.counts["failed"] == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "gadget", "name": "odd"},
        {"type": "library", "name": "odd", "purl": "nonsense"},
        {"type": "library", "name": "odd", "version": 7},
        {"type": "library", "name": "odd", "hashes": [{"alg": "X"}], "licenses": "none", "supplier": "a text"},
        {"name": "odd", "components": {"a": 1}, "purl": ["x"], "version": None, "publisher": {}},
        {"name": "odd \ud800", "type": ["x"], "group": 1.5},
    ],
)
def test_one_component_that_deviates_costs_no_other(tmp_path, odd):
    (draft,), report = collected(
        "cyclonedx", write(tmp_path, "b.json", BOM | {"components": [*BOM["components"], odd, 7]})
    )

    assert len(related(draft, "INSTALLED")) == 3
    assert report.counts == {"seen": 1}


def test_an_obom_tells_system_model_and_firmware_of_a_machine(tmp_path):
    obom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": {"component": {"type": "device", "name": "srv1.example.org"}},
        "components": [
            {"type": "operating-system", "name": "debian", "version": "12"},
            {"type": "device", "name": "PowerEdge R740", "manufacturer": {"name": "Dell Inc."}},
            {"type": "firmware", "name": "iDRAC", "version": "6.10"},
        ],
    }

    (draft,), _ = collected("cyclonedx", write(tmp_path, "obom.json", obom))
    assert (draft.kind, identifiers(draft)) == ("Server", {("fqdn", "srv1.example.org")})
    assert related(draft, "HAS_OS")[0].properties == {"name": "debian", "version": "12"}
    assert related(draft, "IS_MODEL")[0].properties == {"name": "PowerEdge R740", "vendor": "Dell Inc."}
    assert related(draft, "INSTALLED")[0].properties["package_type"] == "firmware"


def test_services_without_a_provider_run_on_their_host(tmp_path):
    bom = BOM | {
        "services": [
            {"bom-ref": "db", "name": "Postgres", "endpoints": ["https://db.example.org:5432", "http://[bad", 5]},
            {"bom-ref": "pay", "name": "Pay", "provider": {"name": "Bank"}, "endpoints": ["https://pay.example.com/"]},
            {"bom-ref": "shop", "name": "Shop", "x-trust-boundary": True, "data": [{"flow": "inbound"}]},
        ],
        "dependencies": [
            {"ref": "portal", "dependsOn": ["db", "spring"]},
            {"ref": "db", "dependsOn": "pay"},
            {"ref": "pay", "dependsOn": ["shop", "pay"]},
            3,
        ],
    }

    portal, database, bank, shop = collected("cyclonedx", write(tmp_path, "b.json", bom))[0]
    assert {to.value for to in related(portal, "DEPENDS_ON")} == {"Portal: Postgres", "Portal: Pay"}
    assert (database.kind, related(database, "RUNS_ON")[0].value) == ("Workload", "db.example.org")
    assert {to.value for to in related(bank, "DEPENDS_ON")} == {"Portal: Shop"}
    assert {to.value for to in related(bank, "EXCHANGES_DATA_WITH")} == {"Portal: Shop"}
    assert related(portal, "EXCHANGES_DATA_WITH") == []  # neither says that data flow
    assert shop.kind == "ExternalService"
    assert bank.sections["core"].properties == {"provider": "Bank"}
    assert identifiers(bank) == {("name", "Portal: Pay"), ("hostname", "pay.example.com")}


def test_the_xml_form_says_the_same_as_the_json_form(tmp_path):
    text = """<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5"><metadata>
      <authors><author><name>Erika Mustermann</name></author></authors>
      <component type="application" bom-ref="portal"><supplier><name>Stadtwerk IT</name></supplier>
      <name>Portal</name><version>4.2</version></component></metadata>
      <components><component type="framework"><publisher>Jane Doe</publisher><group>org.springframework</group>
      <name>spring-core</name><version>6.1.0</version>
      <purl>pkg:maven/org.springframework/spring-core@6.1.0?type=jar</purl>
      <components><component type="library"><publisher>Spring Project</publisher><name>spring-jcl</name>
      <version>6.1.0</version></component></components></component>
      <component type="library"><name>junit</name><version>5</version><scope>excluded</scope></component>
      </components></bom>"""
    write(tmp_path, "bom.xml", text.encode())

    ((by_xml,), _), ((by_json,), _) = (
        collected("cyclonedx", tmp_path / "bom.xml"),
        collected("cyclonedx", write(tmp_path, "bom.json", BOM)),
    )
    assert by_xml == by_json


@pytest.mark.parametrize(
    ("name", "data", "what", "reason"),
    [
        ("a.json", b"", "failed", "empty"),
        ("a.json", b'{"bomFormat": "Cyc', "failed", "not readable as CycloneDX"),
        ("a.json", b"[" * 200_000, "failed", "not readable as CycloneDX"),
        ("a.json", b"[1]", "skipped", "no object"),
        ("a.json", b'{"name": "app", "dependencies": {"react": "1"}}', "skipped", "no CycloneDX"),
        ("a.json", b'{"spdxVersion": "SPDX-2.3"}', "skipped", "type spdx"),
        ("a.json", b'{"bomFormat": "CycloneDX", "vulnerabilities": []}', "skipped", "vulnerabilities only"),
        ("a.json", b'{"bomFormat": "CycloneDX"}', "skipped", "without any component"),
        ("a.json", b'{"bomFormat": "CycloneDX", "components": {"a": 1}}', "skipped", "without any component"),
        ("a.xml", b"<html/>", "skipped", "<html>"),
        ("a.xml", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><bom>&x;</bom>', "failed", "refused"),
        (
            "a.xml",
            b"<bom><components>"
            + b"<component><components>" * 90
            + b"</components></component>" * 90
            + b"</components></bom>",
            "failed",
            "deep",
        ),
    ],
)
def test_a_bad_file_is_named_with_its_reason_and_the_rest_goes_on(tmp_path, name, data, what, reason):
    write(tmp_path, name, data)
    write(tmp_path, "b-good.json", BOM)

    drafts, report = collected("cyclonedx", tmp_path)
    assert [draft.native_key for draft in drafts] == ["Application Portal"]
    assert report.counts == {"seen": 2, what: 1}
    assert reason in reasons(report)[name]


def test_components_inside_one_another_are_read_however_deep(tmp_path):
    item = {"type": "library", "name": "0"}
    for number in range(1, 400):
        item = {"type": "library", "name": str(number), "components": [item]}

    (draft,), _ = collected("cyclonedx", write(tmp_path, "b.json", BOM | {"components": [item]}))
    assert len(related(draft, "INSTALLED")) == 400


class TestSamples:
    """Counts are the files' own, counted by hand."""

    pytestmark = needed

    def test_counts(self):
        drafts, report = collected("cyclonedx", SAMPLES / "cyclonedx")

        assert reasons(report) == {"LICENSE": "not read: its name does not end in .json or .xml or .cdx"}
        assert report.counts == {"seen": 5, "skipped": 1}
        told = [(d.sections["core"].name, d.kind, len(related(d, "INSTALLED"))) for d in drafts]
        assert told[:4] == [
            ("Keycloak", "Application", 0),
            ("keycloak-parent", "Application", 903),
            ("cyclonedx-php-composer-demo", "Application", 62),
            ("Acme Cloud Example", "Application", 0),
        ]
        assert {name for name, *_ in told[4:]} == {
            "API Gateway",
            "Microservice 1",
            "Microservice 2",
            "Microservice 3",
            "Postgres",
            "S3",
        }

    def test_dependencies_between_services_are_those_of_the_bill(self):
        drafts, _ = collected("cyclonedx", SAMPLES / "cyclonedx" / "SaaSBOM")

        found = {
            (d.sections["core"].name, to.value.partition(": ")[2]) for d in drafts for to in related(d, "DEPENDS_ON")
        }
        assert found == {
            ("Acme Cloud Example", "API Gateway"),
            ("API Gateway", "Microservice 1"),
            ("API Gateway", "Microservice 2"),
            ("API Gateway", "Microservice 3"),
            ("Microservice 1", "Postgres"),
            ("Microservice 3", "S3"),
        }

    def test_no_author_of_the_samples_is_taken(self):
        drafts, _ = collected("cyclonedx", SAMPLES / "cyclonedx")

        said = " ".join(draft.model_dump_json() for draft in drafts)
        assert not [word for word in ("Kowalleck", "@example.com", "Fabien", "Taylor Otwell") if word in said]
