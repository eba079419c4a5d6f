"""Workbooks and CSV files as text cells: typed cells read as they look, and nothing hostile is believed."""

import csv
import functools
import io
import re
import subprocess
import sys
import time
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from services.collectors import sheets
from services.collectors.sheets import Unreadable, sheets_of
from services.collectors.spreadsheet.cells import Faulty, day, decode, names, number
from tests.services.collectors.checks import collected, reasons

MIB = 1024 * 1024
UNPACKED = 200 * MIB
MOMENT = datetime.fromisoformat("2026-01-02T03:04")
SHEET = "xl/worksheets/sheet1.xml"
MEMORY = """
import resource, sys
sys.path.insert(0, ".")
from pathlib import Path
from services.collectors.sheets import Unreadable, sheets_of
resource.setrlimit(resource.RLIMIT_AS, (1536 << 20,) * 2)
path = Path(sys.argv[1])
try:
    print(sum(1 for sheet in sheets_of(path.name, path.read_bytes(), 200 << 20) for row in sheet.rows), "rows")
except Unreadable as error:
    print(error)
"""


def book(*rows, **more):
    """A workbook of one sheet, as bytes."""
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.title = "Blatt"
    for row in rows:
        sheet.append(row)
    for title, others in more.items():
        other = made.create_sheet(title)
        for row in others:
            other.append(row)
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


def with_strings(data):
    """The same workbook with a table of strings, as office programs write one and openpyxl does not."""
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>'
    strings = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>shared</t></si></sst>'
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b"</Types>", override))
        new.writestr("xl/sharedStrings.xml", strings)
    return out.getvalue()


def rewritten(data, **parts):
    """The same workbook with some parts written anew: by the end of their name, new content or a change of the old."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(with_strings(data))) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            change = next((change for name, change in parts.items() if part.endswith(f"{name}.xml")), None)
            content = old.read(part)
            new.writestr(part, change(content) if change else content)
    return out.getvalue()


def cells(data, name="t.xlsx"):
    return [row for sheet in sheets_of(name, data, UNPACKED) for _, row in sheet.rows]


def test_typed_cells_read_as_they_look():
    row = (
        4711.0,
        12.5,
        1234.567,
        99115005104000,
        True,
        date(2026, 12, 31),
        MOMENT,
        " a  b ",
        None,
        "x",
    )

    (read,) = cells(book(row))

    assert read == [
        "4711", "12.5", "1234.567", "99115005104000", "true", "2026-12-31", "2026-01-02 03:04:00", " a  b ", "", "x"
    ]  # fmt: skip
    assert (number(read[2]), day(read[5]), day(read[6])) == (1235, date(2026, 12, 31), date(2026, 1, 2))


def test_a_number_of_a_day_is_a_day_and_other_numbers_are_none():
    (read,) = cells(book((46387, 7)))

    assert day(read[0]) == date(2026, 12, 31)
    with pytest.raises(ValueError, match="'7' is no date"):
        day(read[1])


def test_cells_that_show_no_value_say_why():
    (read,) = cells(book(("#N/A", "=1+1", "a" * 32_767, "end")))

    assert [getattr(cell, "reason", "") for cell in read] == [
        "the cell shows the error #N/A",
        "a formula without a stored value; open the workbook, save it, and try again",
        "",
        "",
    ]
    assert all(cell == "" for cell in read if isinstance(cell, Faulty))


def test_a_formula_counts_as_the_value_that_was_stored():
    def stored(xml):
        return re.sub(rb"<f>1\+1</f><v ?/?>(</v>)?", b"<f>1+1</f><v>2</v>", xml)

    assert cells(rewritten(book(("=1+1", "x")), sheet1=stored)) == [["2", "x"]]


def test_shared_strings_are_read():
    shared = rewritten(book(("a",)), sheet1=lambda xml: re.sub(rb"<c r.*?</c>", b'<c r="A1" t="s"><v>0</v></c>', xml))

    assert cells(shared) == [["shared"]]


def test_every_sheet_is_a_table_and_cells_are_named_as_programs_name_them():
    first, second = sheets_of("b.xlsx", book(("a",), Zwei=[("b",)]), UNPACKED)

    assert [sheet.title for sheet in (first, second)] == ["Blatt", "Zwei"]
    assert (second.where(14, 2), second.where(3, 27)) == ("b.xlsx, Zwei!C14", "b.xlsx, Zwei!AB3")


def test_a_million_blank_rows_end_a_sheet():
    def claimed(xml):
        rows = (
            b"".join(b'<row r="%d"/>' % number for number in range(3, 100_000))
            + b'<row r="1048576"><c><v>9</v></c></row>'
        )
        return re.sub(rb"<dimension[^>]*>", b'<dimension ref="A1:XFD1048576"/>', xml).replace(
            b"</sheetData>", rows + b"</sheetData>"
        )

    assert cells(rewritten(book(("a",), ("b",)), sheet1=claimed)) == [["a"], ["b"]]


def test_a_row_number_beyond_all_rows_is_not_counted_up_to():
    far = rewritten(
        book(("a",)),
        sheet1=lambda xml: xml.replace(b"</sheetData>", b'<row r="9999999999"><c><v>9</v></c></row></sheetData>'),
    )

    assert cells(far) == [["a"]]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, r"old format \(.xls\); save it as .xlsx"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "encrypted workbook; save it without a password",
        ),
        (b"PK\x03\x04 and no more", "cannot be unpacked"),
        (b"name;value\n", "no workbook"),
    ],
    ids=["xls", "encrypted", "cut off", "renamed"],
)
def test_what_is_no_workbook_says_what_to_do(data, reason):
    with pytest.raises(Unreadable, match=reason):
        cells(data)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"mimetype": b"x", "content.xml": b"x"}, r"OpenDocument spreadsheet \(.ods\); save it as .xlsx"),
        ({"xl/workbook.bin": b"x"}, r"binary workbook \(.xlsb\)"),
        ({"readme.txt": b"x"}, "no workbook"),
        ({"[Content_Types].xml": b"<Types/>", "xl/x.xml": b""}, "damaged"),
        ({"[Content_Types].xml": b"\xff\xfe<", "xl/x.xml": b""}, "damaged"),
    ],
    ids=["ods", "xlsb", "zip", "empty", "broken"],
)
def test_other_archives_are_named(parts, reason):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)

    with pytest.raises(Unreadable, match=reason):
        cells(data.getvalue())


@pytest.mark.parametrize("part", ["sheet1", "sharedStrings", "workbook", "styles"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_in_every_part(part, encoding):
    def declared(xml):
        text = re.sub(r"^<\?xml[^>]*\?>", "", xml.decode())
        return f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "b">]>{text}'.encode(encoding)

    with pytest.raises(Unreadable, match="entities or a DTD"):
        cells(rewritten(book(("a",)), **{part: declared}))


def test_a_workbook_that_unpacks_to_too_much_is_not_opened():
    with pytest.raises(Unreadable, match="1,000 that max_unpacked_bytes allows"):
        list(sheets_of("t.xlsx", book(("a",)), 1000))


def test_a_part_that_is_packed_like_a_bomb_is_refused():
    bomb = rewritten(book(("a",)), sheet1=lambda xml: xml + b" " * (20 * MIB))

    with pytest.raises(Unreadable, match="times larger than it is packed"):
        cells(bomb)


def test_a_size_that_is_a_lie_is_not_believed():
    data = bytearray(
        rewritten(book(("a",)), sheet1=lambda xml: xml.replace(b"<sheetData>", b"<sheetData>" + b" " * 400_000))
    )
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(SHEET.encode()))
    data[entry + 24 : entry + 28] = (100).to_bytes(4, "little")

    with pytest.raises(Unreadable, match="damaged"):
        cells(bytes(data))


@functools.cache
def noise():
    """20 MiB of tags that a parser keeps, no two alike."""
    return b"".join(b"<a%07x/>" % number for number in range(2_000_000))


@pytest.mark.parametrize(
    "change",
    [
        {"sheet1": lambda xml: xml.replace(b"<sheetData>", noise() + b"<sheetData>")},
        {"sheet1": lambda xml: xml.replace(b"</row>", noise() + b"</row>")},
        {"styles": lambda xml: xml.replace(b"</styleSheet>", noise() + b"</styleSheet>")},
        {"workbook": lambda xml: xml.replace(b"</workbook>", noise() + b"</workbook>")},
    ],
    ids=["before the rows", "in a row", "styles", "workbook"],
)
def test_what_unpacks_to_a_lot_in_one_piece_is_read_in_bounded_memory(tmp_path, change):
    file = tmp_path / "large.xlsx"
    file.write_bytes(rewritten(book(("a",)), **change))

    done = subprocess.run([sys.executable, "-c", MEMORY, str(file)], capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert "a single row or part unpacks to more than" in done.stdout


def test_what_is_no_string_among_the_strings_is_let_go(tmp_path):
    file = tmp_path / "large.xlsx"
    file.write_bytes(rewritten(book(("a",)), sharedStrings=lambda xml: xml.replace(b"</sst>", noise() + b"</sst>")))

    done = subprocess.run([sys.executable, "-c", MEMORY, str(file)], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("1 rows\n", "")


def test_strings_have_a_limit(monkeypatch):
    monkeypatch.setattr("services.collectors.sheets_xlsx.MAX_STRINGS", 1000)
    many = rewritten(
        book(("a",)), sharedStrings=lambda xml: xml.replace(b"</sst>", b"<si><t>x</t></si>" * 100 + b"</sst>")
    )

    with pytest.raises(Unreadable, match="more than 1,000 bytes"):
        cells(many)


def test_columns_and_rows_have_a_limit(monkeypatch):
    with pytest.raises(Unreadable, match=r"row 1 has 1,025 columns"):
        cells(book(["x"] * 1025))
    monkeypatch.setattr("services.collectors.sheets_xlsx.MAX_ROWS", 3)
    with pytest.raises(Unreadable, match="more than 3 rows"):
        cells(book(*[("x",)] * 4))


def test_csv_lines_have_a_limit_even_where_the_line_is_all_separators():
    with pytest.raises(Unreadable, match="longer than"):
        cells(b"a;b\n" + b";" * (sheets.MAX_LINE + 1), "t.csv")
    with pytest.raises(csv.Error, match="field larger than field limit"):
        cells(b"a;b\n" + b"x" * 100_000, "t.csv")


def test_texts_are_told_by_their_bytes():
    assert decode("Bürger;ß".encode("utf-16")) == "Bürger;ß"
    assert decode("Bürger".encode("cp1252")) == "Bürger"
    with pytest.raises(ValueError, match="holds zero bytes"):
        decode(b"a;b\n" + b"x" * 5000 + b"\x00")
    with pytest.raises(ValueError, match="neither UTF-8 nor Windows-1252"):
        decode(b"a\x81b")


def test_names_with_signs_are_separated_by_the_next_sign():
    assert names("SRV-1, SRV-2") == ["SRV-1", "SRV-2"]
    assert names("Amt für Umwelt, Klima; Bauamt") == ["Amt für Umwelt, Klima", "Bauamt"]
    assert names("A; B, C\n") == ["A; B, C"]


def test_hostile_files_harm_no_other(tmp_path):
    (tmp_path / "a.xlsx").mkdir()
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04broken")
    (tmp_path / "~$c.xlsx").write_bytes(b"x" * 165)
    (tmp_path / "d.xlsx").write_bytes(book(("Fachverfahren",), ("AutiSta",), Notizen=[("Einkaufsliste",), ("Milch",)]))
    (tmp_path / "e.csv").write_bytes(b"Fachverfahren\n\x00\n")
    (tmp_path / "f.xlsm").write_bytes(book(("Fachverfahren",), ("enaio",)))

    drafts, report = collected("spreadsheet", tmp_path)

    assert [draft.native_key for draft in drafts] == ["application:autista", "application:enaio"]
    told = reasons(report)
    assert set(told) == {"b.xlsx", "d.xlsx, Notizen", "e.csv", "~$c.xlsx"}
    assert "lock file" in told["~$c.xlsx"]
    assert report.counts["failed"] == 2


def test_merged_areas_as_large_as_a_sheet_cost_nothing(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Cluster", "Benötigt"])
    for row in range(2000):
        book.active.append([f"C{row}", 1])
    path = tmp_path / "merged.xlsx"
    book.save(path)
    areas = '<mergeCells count="900">' + '<mergeCell ref="A1:XFD1048576"/>' * 900 + "</mergeCells>"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name).replace(b"</sheetData>", b"</sheetData>" + areas.encode())
            new.writestr(name, part)

    start = time.process_time()
    drafts, report = collected("workbook", tmp_path / "bomb.xlsx")
    assert (len(drafts), report.problems) == (2000, [])
    assert time.process_time() - start < 20
