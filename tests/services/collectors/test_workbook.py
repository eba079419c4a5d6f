"""The workbook: what is written can be read, examples say nothing, faults are told by cell, and the rest is taken."""

import openpyxl
import pytest

from services.collectors.spreadsheet.examples import EXAMPLES
from services.collectors.spreadsheet.rows import headers_of
from services.collectors.spreadsheet.tables import TABLES
from services.workbook import ORDER, heads_of, sheet_title, write_workbook
from tests.services.collectors.checks import collected, reasons, related

HIDDEN = {"de": "Listen", "en": "Lists"}


@pytest.fixture(params=["de", "en"])
def template(request, tmp_path):
    path = tmp_path / "workbook.xlsx"
    write_workbook(path, request.param)
    return request.param, path


@pytest.fixture
def german(tmp_path):
    """Writes rows below the header of sheets of a German workbook; gives what is read and reported."""
    path = tmp_path / "workbook.xlsx"
    write_workbook(path, "de", {})

    def fill(**sheets):
        book = openpyxl.load_workbook(path)
        for title, rows in sheets.items():
            sheet = book[title]
            columns = {cell.value: cell.column for cell in sheet[1]}
            for line, row in enumerate(rows, 2):
                for header, value in row.items():
                    sheet.cell(line, columns[header], value)
        book.save(path)
        return collected("workbook", path)

    return fill


def test_every_table_has_a_sheet_with_help_choices_and_an_example(template):
    language, path = template
    book = openpyxl.load_workbook(path)

    _, *sheets = book.sheetnames
    assert sheets == [*(sheet_title(kind, language) for kind in ORDER), HIDDEN[language]]
    assert set(ORDER) == {*(table.kind for table in TABLES), ""} == set(EXAMPLES)
    assert book[HIDDEN[language]].sheet_state == "hidden"
    for kind in ORDER:
        sheet = book[sheet_title(kind, language)]
        heads = heads_of(kind, language)
        assert [cell.value for cell in sheet[1]] == [head.title(language) for head in heads]
        assert all(cell.comment.text == head.help for cell, head in zip(sheet[1], heads, strict=True))
        assert (sheet.freeze_panes, sheet.auto_filter.ref.startswith("A1:")) == ("B2", True)
        assert sheet.max_row == 2
        assert len({head.title(language) for head in heads}) == len(heads)
        assert {head.title(language) for head in heads} <= set(
            headers_of(next((table for table in TABLES if table.kind == kind), None))
        )
        chosen = {str(rule.sqref).split("2:")[0]: rule for rule in sheet.data_validations.dataValidation}
        for cell, head in zip(sheet[1], heads, strict=True):
            if head.choice:
                assert chosen[cell.column_letter].formula1 == head.choice
            assert 14 <= sheet.column_dimensions[cell.column_letter].width <= 45
    for rule in (rule for sheet in book.worksheets for rule in sheet.data_validations.dataValidation):
        if rule.type == "list" and rule.formula1.startswith("'"):
            assert rule.formula1.split("'")[1] in book.sheetnames


def test_examples_have_real_dates_and_say_nothing_when_read_back(template):
    language, path = template
    sheet = openpyxl.load_workbook(path)[sheet_title("Contract", language)]

    assert [cell.is_date for cell in sheet[2] if cell.column == 4] == [True]
    for kind in ("workbook", "spreadsheet"):
        drafts, report = collected(kind, path)
        assert (drafts, report.counts) == ([], {"seen": 1, "remarked": 1})
        assert reasons(report) == {
            str(path): "there are only the template's examples, which say nothing; add rows of your own"
        }


def test_a_changed_example_is_told_and_one_with_a_name_of_its_own_is_read(template):
    language, path = template
    book = openpyxl.load_workbook(path)
    applications, units = (book[sheet_title(kind, language)] for kind in ("Application", "OrganisationUnit"))
    applications["C2"] = "2027"
    units["A2"] = "Standesamt"
    book.save(path)

    (draft,), report = collected("workbook", path)
    assert draft.native_key == "organisationunit:standesamt"
    assert reasons(report) == {
        f"workbook.xlsx, {applications.title}!A2": "the row is still named like the example; give it a name of its own "
        "(row skipped)"
    }


def test_a_wrong_cell_is_told_and_costs_the_cell(german):
    (draft,), report = german(
        Anwendungen=[
            {"Fachverfahren": "AutiSta", "Nutzer": "viele", "Version": "12"},
            {"Version": "13"},
            {"Fachverfahren": "AUTISTA"},
        ]
    )

    assert draft.sections["core"].properties == {"version": "12"}
    assert reasons(report) == {
        "workbook.xlsx, Anwendungen!E2": "'viele' is no number (cell ignored)",
        "workbook.xlsx, Anwendungen!A3": "Fachverfahren is empty (row skipped)",
        "workbook.xlsx, Anwendungen!A4": "'AUTISTA' stands already in workbook.xlsx, Anwendungen!A2 (row skipped)",
    }


def test_an_unknown_name_is_told_with_the_nearest_and_taken(german):
    drafts, report = german(
        Organisation=[{"Organisationseinheit": "Bürgeramt"}],
        Anwendungen=[
            {"Fachverfahren": "VOIS", "Organisationseinheit": "Bürgramt", "Server": "SRV-APP-1, WEB"},
            {"Fachverfahren": "AutiSta", "Organisationseinheit": "Standesamt"},
        ],
        **{"Server und Geräte": [{"Gerät": "SRV-APP-01", "Art": "Server"}]},
    )

    assert {to.value for draft in drafts for to in related(draft, "OWNED_BY")} == {"Bürgramt", "Standesamt"}
    assert report.counts == {"seen": 5, "remarked": 3}
    assert {to.value for draft in drafts for to in related(draft, "RUNS_ON")} == {"SRV-APP-1", "WEB"}
    columns = [head.headers[0] for head in heads_of("Application", "de")]
    unit, server = (f"{chr(ord('A') + columns.index(name))}" for name in ("Organisationseinheit", "Server"))
    assert reasons(report) == {
        f"workbook.xlsx, Anwendungen!{unit}2": "'Bürgramt' stands in no sheet; nearest is 'Bürgeramt' "
        "(taken as it is written)",
        f"workbook.xlsx, Anwendungen!{unit}3": "'Standesamt' stands in no sheet "
        "(taken, in case another source knows it)",
        f"workbook.xlsx, Anwendungen!{server}2": "'SRV-APP-1' stands in no sheet; nearest is 'SRV-APP-01' "
        "(taken as it is written)",
    }


def test_alternatives_say_how_many_are_needed(german):
    (draft,), report = german(
        Abhängigkeiten=[
            {
                "Von": "VOIS",
                "Von Art": "Fachverfahren",
                "Nach": f"DC-{number}",
                "Nach Art": "Server",
                "Alternativen": "Anmeldung",
                "Davon benötigt": 2,
            }
            for number in (1, 2, 3)
        ]
        + [{"Von": "VOIS", "Von Art": "Fachverfahrn", "Nach": "X", "Nach Art": "Server"}]
    )

    assert [relation.properties for relation in draft.sections["dependencies"].relations] == [
        {"evidence": "declared", "strength": "required", "alternatives": "Anmeldung", "alternatives_required": 2}
    ] * 3
    assert list(reasons(report)) == ["workbook.xlsx, Abhängigkeiten!B5"]


def test_projects_contracts_and_lifecycle_dates_are_records(german):
    drafts, report = german(
        Projekte=[{"Projekt": "Ablösung", "Fachverfahren": "VOIS", "Ende": "31.12.2027"}],
        Lebenszyklen=[
            {"Produktlinie": "R650", "Hersteller": "Dell", "Ende der Sicherheitsaktualisierungen": "2030-06-30"}
        ],
        **{"Verträge und Kosten": [{"Vertrag": "Pflege", "Lieferant": "HSH", "Jährliche Kosten (EUR)": 18000.4}]},
    )  # fmt: skip

    said = {draft.kind: draft.sections["core"].properties for draft in drafts}
    assert said == {
        "Contract": {"annual_cost": 18000},
        "Project": {"end": "2027-12-31"},
        "LifecycleCycle": {"vendor": "Dell", "end_of_security_support": "2030-06-30"},
    }
    assert {to.value for draft in drafts for to in related(draft, "CHANGES")} == {"VOIS"}
    assert {to.value for draft in drafts for to in related(draft, "SUPPLIED_BY")} == {"HSH"}
    assert report.problems == []


def test_a_kind_that_is_nearly_right_is_told_with_the_nearest(german):
    _, report = german(
        Abhängigkeiten=[{"Von": "VOIS", "Von Art": "Fachverfahrn", "Nach": "X", "Nach Art": "Server"}],
        **{"Server und Geräte": [{"Gerät": "SRV-1", "Art": "Sever"}]},
    )

    assert set(reasons(report).values()) == {
        "'Fachverfahrn' is no kind of thing; nearest is 'Fachverfahren' (row skipped)",
        "'Sever' is no kind of thing; nearest is 'Server' (row skipped)",
    }


def test_a_copied_example_refers_to_nothing_that_is_only_an_example(german):
    (draft,), report = german(
        Anwendungen=[{"Fachverfahren": "VOIS", "Organisationseinheit": "Beispiel: Bürgeramt", "Server": "SRV-1"}],
        Abhängigkeiten=[
            {
                "Von": "VOIS",
                "Von Art": "Fachverfahren",
                "Nach": "Beispiel: Meldedatenbank",
                "Nach Art": "Datenbankinstanz",
            }
        ],
    )

    assert {relation.type for relation in draft.sections["core"].relations} == {"RUNS_ON"}
    assert reasons(report) == {
        "workbook.xlsx, Anwendungen!F2": "'Beispiel: Bürgeramt' is still what the example says (cell ignored)",
        "workbook.xlsx, Abhängigkeiten!C2": "'Beispiel: Meldedatenbank' is still what the example says (row skipped)",
    }


def test_a_note_beside_the_table_costs_no_row(german, tmp_path):
    german(Cluster=[{"Cluster": "Rathaus", "Benötigt": 2}])
    book = openpyxl.load_workbook(tmp_path / "workbook.xlsx")
    book["Cluster"]["ZZ2"] = "prüfen!"
    book["Cluster"]["ZZ4"] = "Stand 2026"
    book.save(tmp_path / "workbook.xlsx")

    (draft,), report = collected("workbook", tmp_path / "workbook.xlsx")
    assert draft.sections["core"].properties == {"required": 2}
    assert reasons(report) == {
        "workbook.xlsx, Cluster!ZZ2": "there is no header above (cell ignored)",
        "workbook.xlsx, Cluster!A4": "this stands beside the table; it is not read (row skipped)",
    }


def test_a_cell_merged_with_one_above_is_told(german, tmp_path):
    german(Anwendungen=[{"Fachverfahren": "ALLRIS", "Organisationseinheit": "Ratsbüro"}, {"Fachverfahren": "enaio"}])
    book = openpyxl.load_workbook(tmp_path / "workbook.xlsx")
    book["Anwendungen"].merge_cells("F2:F3")
    book.save(tmp_path / "workbook.xlsx")

    drafts, report = collected("workbook", tmp_path / "workbook.xlsx")
    assert {draft.sections["core"].name: len(related(draft, "OWNED_BY")) for draft in drafts} == {
        "ALLRIS": 1,
        "enaio": 0,
    }
    assert reasons(report) == {
        "workbook.xlsx, Anwendungen!F3": "it is merged with F2 and has no value of its own; fill in both (cell ignored)"
    }


def test_a_name_with_another_number_is_not_taken_for_a_mistake(german):
    _, report = german(
        Anwendungen=[{"Fachverfahren": "VOIS", "Server": "SRV-APP-2"}],
        **{"Server und Geräte": [{"Gerät": "SRV-APP-1", "Art": "Server"}]},
    )

    assert report.problems == []


def test_a_dependency_that_stands_twice_is_told(german):
    row = {"Von": "VOIS", "Von Art": "Fachverfahren", "Nach": "DC-1", "Nach Art": "Server"}
    (draft,), report = german(Abhängigkeiten=[row, row | {"Von": "vois ", "Stärke": "beeinträchtigt"}])

    assert [item.properties["strength"] for item in draft.sections["dependencies"].relations] == ["required"]
    assert reasons(report) == {
        "workbook.xlsx, Abhängigkeiten!A3": "'vois' to 'DC-1' stands already in workbook.xlsx, Abhängigkeiten!A2 "
        "(row skipped)"
    }


def test_addresses_of_persons_are_left_out_and_told_those_of_functions_kept(german):
    drafts, report = german(
        Anwendungen=[{"Fachverfahren": "VOIS", "Kommentar": "fragt Erika (erika.muster@stadt.example), Zimmer 3"}],
        Organisation=[{"Organisationseinheit": "Bürgeramt", "Funktionspostfach": "amt@stadt.example"}],
    )

    said = {draft.kind: draft.sections["core"].properties for draft in drafts}
    assert said == {
        "Application": {"comment": "fragt Erika, Zimmer 3"},
        "OrganisationUnit": {"mailbox": "amt@stadt.example"},
    }
    assert list(reasons(report).values()) == [
        "an e-mail address was left out; function mailboxes have columns of their own"
    ]
