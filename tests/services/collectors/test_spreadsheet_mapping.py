"""Any spreadsheet by a mapping: kinds, keys, columns, and a mapping's mistakes told where they stand."""

import pytest

from services.collectors import COLLECTORS
from services.collectors.base import SourceUnavailable
from services.collectors.spreadsheet.mapping import bundled, load_mapping
from tests.services.collectors.checks import collected, identifiers, reasons, related

MAPPING = """
[[sheets]]
sheet = "Inventar"
key = ["Inventarnr"]
name = "Bezeichnung"
date_formats = ["%d/%m/%Y"]
skip = [{ column = "Status", values = ["verschrottet"] }]
kind = { column = "Typ", values = { PC = "Client", Drucker = "Printer" }, otherwise = "Server" }
columns = [
    { from = "Bezeichnung", identifier = "hostname", property = "hostname" },
    { from = "SN", identifier = "serial", vendor = "Marke", property = "serial" },
    { from = "Marke", property = "vendor", relation = "IS_MODEL", field = "vendor" },
    { from = "Typenbezeichnung", relation = "IS_MODEL" },
    { from = "Gekauft", property = "purchase_date", form = "date" },
    { from = ["OS ist", "OS soll"], relation = "HAS_OS", field = "full_name" },
    { from = "Ort", relation = "LOCATED_IN", kind = "Location" },
    { from = "Programme", relation = "INSTALLED", separator = "," },
]
"""
TABLE = (
    "Inventarnr;Bezeichnung;Typ;Marke;SN;Typenbezeichnung;Gekauft;OS soll;OS ist;Ort;Status\n"
    "1;PC-1;pc;Dell;ABC;OptiPlex;31/12/2024;Windows 10;Windows 11;Raum 1;aktiv\n"
    "2;DR-1;Drucker;;XYZ;;bald;;;;aktiv\n"
    "3;SRV-1;Kiste;;;;;Debian 12;;;\n"
    "4;PC-2;PC;;;;;;;;Verschrottet\n"
    ";PC-3;PC;;;;;;;;\n"
    "1;PC-4;PC;;;;;;;;\n"
)


def mapping(folder, text=MAPPING):
    path = folder / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_rows_become_what_the_mapping_says(tmp_path):
    (tmp_path / "Inventar.csv").write_text(TABLE, encoding="utf-8")

    drafts, report = collected("spreadsheet", tmp_path / "Inventar.csv", mapping=mapping(tmp_path))

    assert [(draft.native_key, draft.kind) for draft in drafts] == [
        ("computer:1", "Client"),
        ("printer:2", "Printer"),
        ("computer:3", "Server"),
    ]
    first = drafts[0]
    assert first.sections["core"].properties == {
        "hostname": "PC-1",
        "serial": "ABC",
        "vendor": "Dell",
        "purchase_date": "2024-12-31",
    }
    assert identifiers(first) == {("hostname", "PC-1"), ("serial", "Dell\tABC")}
    assert [to.properties for to in related(first, "IS_MODEL")] == [{"vendor": "Dell", "name": "OptiPlex"}]
    assert [to.properties for to in related(first, "HAS_OS")] == [{"full_name": "Windows 11"}]
    assert [to.value for to in related(first, "LOCATED_IN")] == ["Raum 1"]
    assert identifiers(drafts[1]) == {("hostname", "DR-1")}
    assert [to.properties for to in related(drafts[2], "HAS_OS")] == [{"full_name": "Debian 12"}]
    assert reasons(report) == {
        "Inventar.csv, line 3": "Gekauft: 'bald' is no date: 31.12.2026 or 2026-12-31 (cell ignored)",
        "Inventar.csv, line 6": "Inventarnr are empty; nothing tells what this row is (row skipped)",
        "Inventar.csv, line 7": "'1' stands already in Inventar.csv, line 2 (row skipped)",
    }


def test_several_catalogue_items_of_a_cell_are_several(tmp_path):
    (tmp_path / "Inventar.csv").write_text("Inventarnr;Typ;Programme\n1;PC;Git, Vim\n", encoding="utf-8")

    (draft,), _ = collected("spreadsheet", tmp_path / "Inventar.csv", mapping=mapping(tmp_path))
    assert {to.properties["name"] for to in related(draft, "INSTALLED")} == {"Git", "Vim"}


def test_a_sheet_without_its_key_and_files_of_other_names_are_told(tmp_path):
    (tmp_path / "Inventar.csv").write_text("Nummer;Typ\n1;PC\n", encoding="utf-8")
    (tmp_path / "Urlaub.csv").write_text("Inventarnr\n1\n", encoding="utf-8")

    drafts, report = collected(
        "spreadsheet", tmp_path / "Inventar.csv", tmp_path / "Urlaub.csv", mapping=mapping(tmp_path)
    )
    assert (drafts, reasons(report)) == (
        [],
        {
            "Inventar.csv": "no column 'Inventarnr' in row 1, which tells the rows apart",
            "Urlaub.csv": "the mapping names no such sheet",
        },
    )


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("skip = ", "skipp = ", "sheets 1, skipp: there is no such key; nearest is 'skip'"),
        ('"Client"', '"Clinet"', "kind 'Clinet' is not known; nearest is 'Client'"),
        ('"purchase_date"', '"purchase_day"', "'purchase_day' is not known; nearest is 'purchase_date'"),
        ('"LOCATED_IN"', '"LOCATED_AT"', "columns 7: relation 'LOCATED_AT' is not known; nearest is 'LOCATED_IN'"),
        ('kind = "Location"', 'kind = "Server"', "relation LOCATED_IN does not lead from Client to Server"),
        ('"hostname", property', '"hostnam", property', "identifier 'hostnam' is not known; nearest is 'hostname'"),
        ('field = "full_name"', 'field = "fullname"', "'fullname' is not known; nearest is 'full_name'"),
        ('vendor = "Marke", ', "", "the identifier 'serial' needs `vendor`"),
        ('separator = ","', 'only = "("', "'(' is no regular expression"),
        ("key = ", "key = 3 #", "sheets 1, key: "),
        ("[[sheets]]", "[[sheets]", "no TOML"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_mapping_is_told_with_its_place_and_the_nearest_name(tmp_path, old, new, reason):
    assert old in MAPPING

    with pytest.raises(SourceUnavailable) as told:
        load_mapping(mapping(tmp_path, MAPPING.replace(old, new, 1)))

    assert reason in str(told.value)


def test_a_mapping_that_is_not_there_names_ours(tmp_path):
    with pytest.raises(SourceUnavailable, match="rvtools"):
        load_mapping(str(tmp_path / "none.toml"))
    assert bundled() == ["rvtools"]


def test_check_tries_the_mapping(tmp_path):
    (tmp_path / "Inventar.csv").write_text(TABLE, encoding="utf-8")
    kind = COLLECTORS["spreadsheet"]

    good = list(kind.check(kind.settings(paths=[tmp_path / "Inventar.csv"], mapping="rvtools")))
    assert [check.fault for check in good] == ["", ""]
    with pytest.raises(SourceUnavailable, match="cannot be read"):
        list(kind.check(kind.settings(paths=[tmp_path / "Inventar.csv"], mapping="rvtool")))


def test_addresses_of_persons_are_left_out_of_texts(tmp_path):
    (tmp_path / "Inventar.csv").write_text(
        "Nr;Name;Notiz;Postfach\n1;VOIS;gehört erika@stadt.example seit 2020;x\n2;PROSOZ;erika@stadt.example;y\n",
        encoding="utf-8",
    )
    text = (
        '[[sheets]]\nkey = ["Nr"]\nname = "Name"\nkind = "Application"\n'
        'columns = [{ from = "Notiz", property = "comment" }]\n'
    )

    drafts, _ = collected("spreadsheet", tmp_path / "Inventar.csv", mapping=mapping(tmp_path, text))
    said = {draft.sections["core"].name: draft.sections["core"].properties for draft in drafts}
    assert said == {"VOIS": {"comment": "gehört seit 2020"}, "PROSOZ": {}}
