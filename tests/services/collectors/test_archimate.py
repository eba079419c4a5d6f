"""ArchiMate models: a hand-written one of a registration office, a sample, settings, and bad input."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.services.collectors.checks import collected, identifiers, reasons, related
from tests.whole.samples import SAMPLES, reads_samples

MODEL = Path(__file__).parents[2] / "data" / "archimate" / "buergeramt.xml"
HEAD = (
    '<model xmlns="http://www.opengroup.org/xsd/archimate/3.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)


def model(elements, relationships=()):
    """A model of (id, type, name) and (type, source, target)."""
    written = "".join(f'<element identifier="{i}" xsi:type="{t}"><name>{n}</name></element>' for i, t, n in elements)
    lines = "".join(
        f'<relationship identifier="r{k}" xsi:type="{t}" source="{s}" target="{g}"/>'
        for k, (t, s, g) in enumerate(relationships)
    )
    return f"{HEAD}<elements>{written}</elements><relationships>{lines}</relationships></model>".encode()


def write(folder, data, name="model.xml"):
    path = folder / name
    path.write_bytes(data)
    return path


def edges(drafts):
    """(from, relation, to) by name, whichever end says it."""
    found = set()
    for draft in drafts:
        own = draft.sections["core"].name
        for item in draft.sections["dependencies"].relations:
            ends = (own, item.to.value) if item.direction == "out" else (item.to.value, own)
            found.add((ends[0], item.type, ends[1]))
    return found


def test_elements_become_things_by_their_type_and_name():
    drafts, _ = collected("archimate", MODEL)

    assert {(draft.native_key, draft.kind, draft.sections["core"].name) for draft in drafts} == {
        ("id-amt", "OrganisationUnit", "Bürgeramt"),
        ("id-it", "OrganisationUnit", "IT-Amt"),
        ("id-dez", "OrganisationUnit", "Dezernat I"),
        ("id-dienst", "CitizenService", "Wohnsitz anmelden"),
        ("id-prozess", "BusinessProcess", "Meldewesen bearbeiten"),
        ("id-folge", "BusinessProcess", "Ausweis ausstellen"),
        ("id-meso", "Application", "MESO"),
        ("id-dms", "Application", "enaio"),
        ("id-archiv", "Application", "Langzeitarchiv"),
        ("id-karten", "Application", "Kartendienst"),  # a service that nothing realizes stands for an application
        ("id-db", "DatabaseInstance", "Oracle Meldewesen"),
        ("id-tomcat", "Workload", "Tomcat Fachverfahren"),
        ("id-srv2", "Server", "srv-app-01.musterstadt.example"),  # SRV-DB-01 is only referred to
        ("id-san", "StorageSystem", "SAN Rathaus Keller"),
        ("id-rz", "Location", "Rechenzentrum Rathaus"),
        ("id-rathaus", "Location", "Rathaus"),
        ("id-vertrag", "Contract", "Pflegevertrag MESO"),
    }


def test_relationships_say_what_the_landscape_has_derived_ones_too():
    drafts, _ = collected("archimate", MODEL)

    assert edges(drafts) == {
        ("MESO", "SUPPORTS", "Meldewesen bearbeiten"),  # through the application service
        ("Meldewesen bearbeiten", "DELIVERS", "Wohnsitz anmelden"),
        ("Meldewesen bearbeiten", "OWNED_BY", "Bürgeramt"),
        ("Bürgeramt", "MEMBER_OF", "Dezernat I"),
        ("MESO", "DEPENDS_ON", "Oracle Meldewesen"),  # through the technology service
        ("Oracle Meldewesen", "RUNS_ON", "SRV-DB-01"),
        ("Tomcat Fachverfahren", "RUNS_ON", "srv-app-01.musterstadt.example"),
        ("enaio", "DEPENDS_ON", "Tomcat Fachverfahren"),  # through the junction
        ("MESO", "EXCHANGES_DATA_WITH", "enaio"),
        ("enaio", "EXCHANGES_DATA_WITH", "Langzeitarchiv"),  # over the data that one writes and the other reads
        ("Rechenzentrum Rathaus", "LOCATED_IN", "Rathaus"),
        ("SRV-DB-01", "LOCATED_IN", "Rechenzentrum Rathaus"),  # said by the location: the server has no record
        ("Ausweis ausstellen", "DEPENDS_ON", "Meldewesen bearbeiten"),
        ("MESO", "COVERED_BY", "Pflegevertrag MESO"),
        ("MESO", "OWNED_BY", "IT-Amt"),
        ("Kartendienst", "SUPPORTS", "Ausweis ausstellen"),
    }
    assert {item.properties["evidence"] for d in drafts for item in d.sections["dependencies"].relations} == {
        "declared"
    }


def test_properties_with_a_name_of_ours_are_taken():
    drafts, _ = collected("archimate", MODEL)

    found = {draft.native_key: draft for draft in drafts}
    assert found["id-meso"].sections["core"].properties == {
        "protection_availability": "sehr hoch",
        "users": 120,
        "description": "Fachverfahren des Einwohnermeldeamts",
    }
    assert identifiers(found["id-dienst"]) == {("name", "Wohnsitz anmelden"), ("leika", "99115005104000")}


def test_addresses_of_persons_are_left_out_of_properties(tmp_path):
    text = (
        f'{HEAD}<elements><element identifier="a" xsi:type="ApplicationComponent"><name>VOIS</name><properties>'
        '<property propertyDefinitionRef="p"><value>fragt erika@stadt.example, Zimmer 3</value></property>'
        "</properties></element></elements><propertyDefinitions>"
        '<propertyDefinition identifier="p" type="string"><name>Kommentar</name></propertyDefinition>'
        "</propertyDefinitions></model>"
    )

    (draft,), _ = collected("archimate", write(tmp_path, text.encode()))
    assert draft.sections["core"].properties == {"comment": "fragt, Zimmer 3"}


def test_what_is_not_taken_is_said_once_each_with_its_count():
    _, report = collected("archimate", MODEL)

    assert reasons(report) == {
        "buergeramt.xml: Association": "1 not taken: an end is no element of the model",
        "buergeramt.xml: Association from Server to StorageSystem": (
            "1 not taken: this relationship says nothing that the landscape has"
        ),
        "buergeramt.xml: Specialization from Application to Application": (
            "1 not taken: this relationship says nothing that the landscape has"
        ),
        "buergeramt.xml: CommunicationNetwork": "1 not taken: this type has no counterpart here",
        "buergeramt.xml: Goal": "2 not taken: this type has no counterpart here",
        "buergeramt.xml: MESO: Wiederanlaufzeit (h): 'bald' is no number": "1 not taken: a value that cannot be read",
    }
    assert report.counts == {"seen": 7, "skipped": 6}


def test_settings_choose_kinds_language_and_whether_hosts_become_records():
    drafts, report = collected(
        "archimate", MODEL, kinds={"ApplicationService": "Application", "Goal": ""}, language="en", host_records=True
    )

    names = {draft.sections["core"].name for draft in drafts}
    assert {"Meldeauskunft", "Register residence", "SRV-DB-01"} <= names
    assert "Wohnsitz anmelden" not in names
    assert ("Meldeauskunft", "SUPPORTS", "Meldewesen bearbeiten") in edges(drafts)
    assert not report.counts["failed"]


def test_a_kind_that_there_is_not_is_refused():
    with pytest.raises(ValidationError, match="no kind of thing"):
        collected("archimate", MODEL, kinds={"Node": "Toaster"})


def test_elements_of_one_kind_and_name_are_one_thing(tmp_path):
    data = model(
        [("a", "BusinessActor", "Amt"), ("b", "BusinessRole", "amt"), ("p", "BusinessProcess", "P")],
        [("Assignment", "b", "p")],
    )

    drafts, _ = collected("archimate", write(tmp_path, data))
    assert {draft.native_key for draft in drafts} == {"a", "p"}
    assert edges(drafts) == {("P", "OWNED_BY", "Amt")}


def test_chains_and_circles_of_services_are_followed_to_the_applications(tmp_path):
    data = model(
        [
            ("app", "ApplicationComponent", "App"),
            ("f", "ApplicationFunction", "F"),
            ("s1", "ApplicationService", "S1"),
            ("s2", "ApplicationService", "S2"),
            ("p", "BusinessProcess", "P"),
        ],
        [
            ("Assignment", "app", "f"),
            ("Realization", "f", "s1"),
            ("Aggregation", "s1", "s2"),
            ("Aggregation", "s2", "s1"),
            ("Aggregation", "s1", "f"),
            ("Serving", "s2", "p"),
        ],
    )

    assert edges(collected("archimate", write(tmp_path, data))[0]) == {("App", "SUPPORTS", "P")}


def test_the_format_before_version_3_is_read(tmp_path):
    text = """<model xmlns="http://www.opengroup.org/xsd/archimate" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
      <elements><element identifier="a" xsi:type="ApplicationComponent"><label>A</label></element>
      <element identifier="b" xsi:type="ApplicationComponent"><label>B</label></element></elements>
      <relationships><relationship identifier="r" source="a" target="b" xsi:type="UsedByRelationship"/></relationships>
      </model>"""

    assert edges(collected("archimate", write(tmp_path, text.encode()))[0]) == {("B", "DEPENDS_ON", "A")}


@pytest.mark.parametrize(
    ("data", "what", "reason"),
    [
        (b"<model", "failed", "not readable as XML"),
        (b"<html/>", "skipped", "<html>"),
        (HEAD.encode() + b"</model>", "skipped", "without elements"),
        (b'<a:model xmlns:a="http://www.archimatetool.com/archimate"/>', "skipped", "export the model"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><model>&x;</model>', "failed", "refused"),
    ],
)
def test_a_bad_file_is_named_with_its_reason_and_the_rest_goes_on(tmp_path, data, what, reason):
    write(tmp_path, data, "a-bad.xml")
    write(tmp_path, model([("x", "ApplicationComponent", "X")]), "b-good.xml")

    drafts, report = collected("archimate", tmp_path)
    assert [draft.native_key for draft in drafts] == ["x"]
    assert report.counts == {"seen": 2, what: 1}
    assert reason in reasons(report)["a-bad.xml"]


def test_a_model_that_says_too_much_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("services.collectors.archimate.collector.MOST", 3)
    elements = [(f"e{number}", "ApplicationComponent", f"A{number}") for number in range(6)]
    serving = [("Serving", "e0", f"e{number}") for number in range(1, 6)]

    drafts, report = collected("archimate", write(tmp_path, model(elements, serving)))
    assert drafts == []
    assert "more than 3 relations" in reasons(report)["model.xml"]


@reads_samples
def test_the_sample_is_read():
    drafts, report = collected("archimate", SAMPLES / "archimate")

    assert [(draft.native_key, draft.kind) for draft in drafts] == [
        ("id-37d5bc4b", "OrganisationUnit"),
        ("id-89c22226", "BusinessProcess"),
    ]
    assert related(drafts[1], "OWNED_BY")[0].value == "Sales Person"
    assert reasons(report) == {"License.txt": "not read: its name does not end in .xml"}
