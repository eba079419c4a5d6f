"""What is known, written into a workbook and read back: nothing changes but who claims it."""

import openpyxl
import pytest

from graph.sqlite_store import SqliteStore

TABLES = {
    "anwendungen.csv": (
        "Fachverfahren;Version;Nutzer;Supportende;Organisationseinheit;Server;Datenbanken;Externe Dienste\n"
        'VOIS;=1+1;1.200;31.12.2029;"Amt für Umwelt, Klima;";"SRV-1, SRV-9";Meldedaten;Bezahldienst\n'
        "+49 Telefon;@x;;;Standesamt;;;\n"
    ),
    "organisation.csv": 'Organisationseinheit;Ebene;Übergeordnet\n'
    '"Amt für Umwelt, Klima";Amt;Dezernat I\nDezernat I;;\n',
    "datenbanken.csv": "Datenbankinstanz;Produkt;Server\nMeldedaten;PostgreSQL;SRV-2\n",
    "dienste.csv": "Externer Dienst;Anbieter;Schutzbedarf Verfügbarkeit\nBezahldienst;Land;sehr hoch\n",
    "cluster.csv": "Cluster;Benötigt;Mitglieder\nRathaus;2;ESX-1, ESX-2\n",
    "geraete.csv": (
        "Gerät;Art;Hersteller;Seriennummer;UUID;Kaufdatum;Standort\n"
        "SRV-1;Server;Dell;ABC1234;;15.03.2022;Serverraum\n"
        "ESX-1;Server;;;3f1c5a52-8d7e-4b6c-9a2b-112233445566;;\n"
        "DR-1;Drucker;;;;;Flur\n"
    ),
    "orte.csv": "Standort;Liegt in;Versorgung\nServerraum;Rathaus;Einspeisung A\n",
    "vertraege.csv": "Vertrag;Lieferant;Jährliche Kosten (EUR);Vertragsende;Fachverfahren\n"
    "Pflege;HSH;18.000;31.12.2027;VOIS\n",
    "projekte.csv": "Projekt;Beginn;Fachverfahren\nAblösung;01.01.2027;VOIS\n",
    "zyklen.csv": "Produktlinie;Hersteller;Ende der Sicherheitsaktualisierungen\nR650;Dell;30.06.2030\n",
    "abhaengig.csv": (
        "Von;Von Art;Nach;Nach Art;Stärke;Alternativen;Davon benötigt\n"
        "VOIS;Fachverfahren;DC-1;Server;zwingend;Anmeldung;1\n"
        "VOIS;Fachverfahren;SRV-1;Server;beeinträchtigt;Anmeldung;\n"
        "SRV-1;Server;Bezahldienst;Externer Dienst;;;\n"
    ),
}  # fmt: skip


def known(folder):
    """Every asset with its values, and every relationship, without who says so."""
    store = SqliteStore(folder / "var" / "graph.db")
    nodes, edges = store.everything()
    live = {(n.id, n.kind, n.name, tuple(sorted(n.properties.items()))) for n in nodes if n.retired_at is None}
    drawn = {(*edge.key, tuple(sorted(edge.properties.items()))) for edge in edges}
    store.close()
    return live, drawn


def take(landkarte, kind, path, source):
    assert landkarte("import", kind, str(path), "--source", source, "--complete")[0] == 0
    assert landkarte("inventory", "--once")[0] == 0


@pytest.fixture
def city(tmp_path, landkarte):
    folder = tmp_path / "tables"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    take(landkarte, "spreadsheet", folder, "tables")
    return folder


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize("language", ["de", "en"])
def test_what_is_known_is_read_back_by_another_source_without_a_change(tmp_path, landkarte, language):
    before = known(tmp_path)
    code, _, said = landkarte("template", "known.xlsx", "--filled", "--language", language)
    assert code == 0
    assert [line for line in said.splitlines() if "left out" in line] == [
        "  left out: Printer 'DR-1': only a host name tells what it is, which another source would not join"
    ]

    take(landkarte, "workbook", tmp_path / "known.xlsx", "workbook")

    live, drawn = known(tmp_path)
    assert (live - before[0], before[0] - live) == (set(), set())
    assert (drawn - before[1], before[1] - drawn) == (set(), set())
    assert len(before[0]) > 15
    assert len(before[1]) > 15


@pytest.mark.usefixtures("city")
def test_what_is_known_is_read_back_by_its_own_source_without_a_change(tmp_path, landkarte):
    before = known(tmp_path)
    code, _, said = landkarte("template", "known.xlsx", "--filled", "--source", "tables")
    assert (code, "left out" in said) == (0, False)

    take(landkarte, "workbook", tmp_path / "known.xlsx", "tables")
    assert known(tmp_path) == before

    assert landkarte("template", "again.xlsx", "--filled", "--source", "tables")[0] == 0
    assert cells(tmp_path / "again.xlsx") == cells(tmp_path / "known.xlsx")


def cells(path):
    book = openpyxl.load_workbook(path)
    return [[cell.value for cell in row] for sheet in book.worksheets for row in sheet.iter_rows()]


@pytest.mark.usefixtures("city")
def test_no_cell_is_a_formula(tmp_path, landkarte):
    assert landkarte("template", "known.xlsx", "--filled")[0] == 0

    sheet = openpyxl.load_workbook(tmp_path / "known.xlsx")["Anwendungen"]
    told = {cell.value: (cell.data_type, cell.quotePrefix) for row in sheet.iter_rows(min_row=2) for cell in row}
    assert {value: told[value] for value in ("=1+1", "@x", "+49 Telefon")} == dict.fromkeys(
        ("=1+1", "@x", "+49 Telefon"), ("s", True)
    )


def test_a_file_that_is_there_is_not_overwritten(tmp_path, landkarte):
    (tmp_path / "mine.xlsx").write_text("work")

    code, _, said = landkarte("template", "mine.xlsx")
    assert (code, "is there already" in said, (tmp_path / "mine.xlsx").read_text()) == (1, True, "work")
