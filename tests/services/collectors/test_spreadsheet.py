"""CSV tables: both languages, every encoding, wrong rows told by line, the rest used."""

import pytest

from graph.metamodel import KINDS
from services.collectors.spreadsheet.cells import CellError, day, number
from services.collectors.spreadsheet.doc import DOCUMENT, document
from services.collectors.spreadsheet.tables import TABLES
from tests.services.collectors.checks import collected, identifiers, reasons, related

APPLICATIONS = (
    "Fachverfahren;Hersteller;Organisationseinheit;Server;Nutzer\nAutiSta;Verlag;Standesamt;SRV-1, SRV-2;1.200\n"
)


def table(folder, text, name="t.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_a_row_is_a_record(tmp_path):
    (draft,), report = collected("spreadsheet", table(tmp_path, APPLICATIONS))

    assert (draft.native_key, draft.kind, draft.sections["core"].name) == (
        "application:autista",
        "Application",
        "AutiSta",
    )
    assert draft.sections["core"].properties == {"vendor": "Verlag", "users": 1200}
    assert identifiers(draft) == {("name", "AutiSta")}
    assert {(to.scheme, to.value, to.kind) for to in related(draft, "RUNS_ON")} == {
        ("host", "SRV-1", "Server"),
        ("host", "SRV-2", "Server"),
    }
    assert [to.value for to in related(draft, "OWNED_BY")] == ["Standesamt"]
    assert report.counts == {"seen": 2}


def test_german_and_english_headers_say_the_same(tmp_path):
    german, _ = collected("spreadsheet", table(tmp_path, APPLICATIONS, "de.csv"))
    english = 'Application,Vendor,Organisation unit,Servers,Users\nAutiSta,Verlag,Standesamt,"SRV-1, SRV-2","1,200"\n'

    assert collected("spreadsheet", table(tmp_path, english, "en.csv"))[0] == german


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encodings_are_told_apart(tmp_path, encoding):
    text = "Organisationseinheit;Übergeordnet\nBürgeramt;Dezernat für Bürger \u2013 Süd\n"

    (draft,), _ = collected("spreadsheet", table(tmp_path, text, encoding=encoding))
    assert draft.sections["core"].name == "Bürgeramt"
    assert related(draft, "MEMBER_OF")[0].value == "Dezernat für Bürger \u2013 Süd"


def test_wrong_rows_are_told_by_line_and_the_rest_is_used(tmp_path):
    text = (
        "Bürgerdienst;LeiKa;Priorität\n"
        "Wohnsitz anmelden;99115005104000;1\n"
        "Falsche Nummer;12345;1\n"
        '"zwei\nZeilen";;2\n'
        ";;3\n"
        "Keine Zahl;;viel\n"
        "Wohnsitz  ANMELDEN;;2\n"
        "Zu viele;;1;2;3\n"
        "Hundesteuer;;2\n"
    )

    drafts, report = collected("spreadsheet", table(tmp_path, text))
    assert [draft.sections["core"].name for draft in drafts] == ["Wohnsitz anmelden", "zwei Zeilen", "Hundesteuer"]
    found = reasons(report)
    assert set(found) == {f"t.csv, line {line}" for line in (3, 6, 7, 8, 9)}
    assert found["t.csv, line 3"] == "'12345' is no LeiKa key: 14 digits that begin with 99 (row skipped)"
    assert found["t.csv, line 6"] == "Bürgerdienst is empty (row skipped)"
    assert found["t.csv, line 8"] == "'Wohnsitz ANMELDEN' stands already in t.csv, line 2 (row skipped)"
    assert report.counts["failed"] == 0


def test_an_unknown_column_is_told_with_the_nearest(tmp_path):
    _, report = collected("spreadsheet", table(tmp_path, "Fachverfahren;Herstellr\nAutiSta;x\n"))

    assert reasons(report) == {
        "t.csv, column 'Herstellr'": "there is no such column in this table; nearest is 'Hersteller' (column ignored)"
    }


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"Unbekannt;x\na;b\n", "names no table; known are Fachverfahren"),
        (b"PK\x03\x04\x00\x00", "zero bytes"),
        (b"\n\n\n", "names no table"),
        (b"Fachverfahren;Version\n" + b"x" * 40_000 + b";1\n", "field larger than field limit"),
        (b'Fachverfahren;Version\n"never closed;1\n', "unexpected end of data"),
    ],
)
def test_a_file_that_is_no_table_is_named_and_the_rest_goes_on(tmp_path, data, reason):
    (tmp_path / "a.csv").write_bytes(data)
    table(tmp_path, APPLICATIONS, "b.csv")

    drafts, report = collected("spreadsheet", tmp_path)
    assert [draft.kind for draft in drafts] == ["Application"]
    assert reason in reasons(report)["a.csv"]
    assert report.counts["failed"] == 1


def test_dependencies_are_one_section_of_who_depends(tmp_path):
    table(tmp_path, APPLICATIONS, "apps.csv")
    text = (
        "Von;Von Art;Nach;Nach Art;Stärke;Alternativen\n"
        "AutiSta;Fachverfahren;DC01;Server;zwingend;Anmeldung\n"
        "AutiSta;Fachverfahren;DC02;Server;;Anmeldung\n"
        "SRV-1;Server;enaio;Fachverfahren;beeinträchtigt;\n"
        "SRV-1;Server;SRV-2;Server;zwingend;\n"
        "AutiSta;Fachverfahren;DC01;Unsinn;zwingend;\n"
    )
    table(tmp_path, text, "deps.csv")

    drafts, report = collected("spreadsheet", tmp_path)
    told = {(draft.native_key, *draft.sections): draft for draft in drafts}
    assert set(told) == {
        ("application:autista", "core"),
        ("application:autista", "dependencies"),
        ("application:enaio", "dependencies"),
    }
    needs = told["application:autista", "dependencies"].sections["dependencies"].relations
    assert {(r.to.value, r.properties["strength"], r.properties["alternatives"]) for r in needs} == {
        ("DC01", "required", "Anmeldung"),
        ("DC02", "required", "Anmeldung"),
    }
    (back,) = told["application:enaio", "dependencies"].sections["dependencies"].relations
    assert (back.direction, back.to.value, back.properties["strength"]) == ("in", "SRV-1", "degrades")
    assert "both computers" in reasons(report)["deps.csv, line 5"]
    assert "'Unsinn' is no kind of thing" in reasons(report)["deps.csv, line 6"]


def test_a_device_is_identified_by_its_serial_with_its_vendor(tmp_path):
    text = "Gerät;Art;Hersteller;Seriennummer;Kaufdatum\nPC-1;Arbeitsplatzrechner;Dell Inc.;640HP72;15.03.2022\n"

    (draft,), _ = collected("spreadsheet", table(tmp_path, text))
    assert identifiers(draft) == {("hostname", "PC-1"), ("serial", "Dell Inc.\t640HP72")}
    assert draft.sections["core"].properties["purchase_date"] == "2022-03-15"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1.234", 1234),
        ("1,234", 1234),
        ("1.234,50 €", 1234),
        ("12", 12),
        ("12,5", 12),
        ("4 h", 4),
        ("18.000,- €", 18000),
    ],
)
def test_numbers_are_read_german_and_english(cell, value):
    assert number(cell) == value


@pytest.mark.parametrize("cell", ["viel", "1.2.3", "12-", "=1+1", "1.23.456"])
def test_what_is_no_number_is_an_error(cell):
    with pytest.raises(CellError, match="is no number"):
        number(cell)


@pytest.mark.parametrize("cell", ["31.02.2026", "12/31/2026", "bald"])
def test_what_is_no_date_is_an_error(cell):
    with pytest.raises(CellError, match="is no date"):
        day(cell)


def test_columns_say_what_the_metamodel_declares():
    for one in TABLES:
        declared = {item.name for item in KINDS[one.kind].properties}
        assert {column.property for column in one.columns} - {""} <= declared, one.kind


def test_headers_of_first_columns_are_unique():
    headers = [header.casefold() for one in TABLES for header in one.headers]

    assert len(headers) == len(set(headers))


def test_the_document_shows_the_tables_that_are_read():
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run python -m services.collectors.spreadsheet.doc"


def test_a_wrong_number_needed_and_columns_that_stand_twice(tmp_path):
    text = (
        "Von;Von Art;Nach;Nach Art;Davon benötigt\n"
        "AutiSta;Fachverfahren;DC01;Server;2\n"
    )  # fmt: skip
    _, report = collected("spreadsheet", table(tmp_path, text))
    assert reasons(report) == {"t.csv, line 2": "Davon benötigt says nothing without Alternativen (row skipped)"}

    (draft,), _ = collected("spreadsheet", table(tmp_path, "Versorgung;Versorgt durch;Versorgung\nA;B;C\n"))
    assert (draft.sections["core"].name, [to.value for to in related(draft, "POWERED_BY")]) == ("A", ["B"])
