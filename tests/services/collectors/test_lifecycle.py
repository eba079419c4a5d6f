"""Lifecycle facts as records: endoflife.date's table, tables of the city's own, and tables with faults."""

import json
from datetime import date

import pytest
from openpyxl import Workbook

from inventory.lifecycle import load_table
from inventory.lifecycle_records import aliases_of, drafts_of, table_of
from inventory.matching import Matcher
from services.collectors import COLLECTORS
from services.collectors.base import Report, Run
from tests.inventory.test_batch import Graph, observed

CITY = """Produktlinie;Hersteller;Produkt oder Modell;Versionslinie;Erschienen;Ende der Sicherheitsaktualisierungen;\
Ende der Wartung;Verkaufsende;Quelle
PowerEdge R740;Dell;;;01.07.2017;;31.05.2028;beendet;Schreiben des Herstellers vom 3.2.2026
MESO 5;HSH;MESO;5;;30.06.2027;;;Rahmenvertrag, Anlage 2
MESO 6;HSH;MESO;6;;offen;;;Rahmenvertrag, Anlage 2
"""


def collect(kind, **settings):
    collector = COLLECTORS[kind]
    drafts, report = [], Report()
    collector.collect(collector.settings.model_validate(settings), Run(drafts.append, report))
    return drafts, report


def own(tmp_path, text, name="lifecycles.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return collect("lifecycle", paths=[path])


def faults(report):
    return [f"{problem.item}: {problem.reason}" for problem in report.problems]


def cycles(drafts):
    return {d.sections["core"].name: d.sections["core"].properties for d in drafts if d.kind == "LifecycleCycle"}


def answer(*products, **more):
    return {"schema_version": "1.2.0", "generated_at": "2026-10-01T08:00:00+00:00", "result": list(products)} | more


def product(name="tool", *releases):
    releases = releases or ({"name": "1", "isEol": True, "eolFrom": "2025-01-31"},)
    return {"name": name, "label": name.title(), "category": "app", "releases": list(releases)}


def api(tmp_path, document):
    path = tmp_path / "full.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return collect("endoflife", paths=[path])


def test_without_a_file_the_bundled_table_is_said():
    drafts, report = collect("endoflife")

    assert (len(cycles(drafts)), report.problems) == (8351, [])
    assert cycles(drafts)["Debian 12"] == {
        "product": "debian",
        "cycle": "12",
        "released": "2023-06-10",
        "end_of_security_support": "2026-07-11",
        "end_of_extended_support": "2028-06-30",
        "citation": "https://endoflife.date/debian",
    }


def test_the_table_in_the_graph_is_the_table_that_was_said(tmp_path):
    table = load_table()
    (edition,) = table.editions.values()
    graph = Graph(tmp_path)
    graph.feed(
        observed(f"endoflife/{draft.native_key}", 10, draft.sections["core"], kind=draft.kind, first=0)
        for draft in drafts_of(table, edition)
    )

    known = table_of(graph.store)
    graph.close()
    assert known.editions == table.editions
    assert known.products.keys() == table.products.keys()
    for name, product in table.products.items():
        assert frozenset(known.products[name].cycles) == frozenset(product.cycles), name
        assert known.products[name].identifiers == product.identifiers
        assert (known.products[name].aliases, known.products[name].link) == (product.aliases, product.link)


def test_the_citys_own_table_says_days_words_and_where_they_are_from(tmp_path):
    drafts, report = own(tmp_path, CITY)

    assert faults(report) == []
    assert cycles(drafts) == {
        "PowerEdge R740": {
            "vendor": "Dell",
            "released": "2017-07-01",
            "end_of_maintenance": "2028-05-31",
            "end_of_sale": "ended",
            "citation": "Schreiben des Herstellers vom 3.2.2026",
        },
        "MESO 5": {
            "vendor": "HSH",
            "product": "MESO",
            "cycle": "5",
            "end_of_security_support": "2027-06-30",
            "citation": "Rahmenvertrag, Anlage 2",
        },
        "MESO 6": {
            "vendor": "HSH",
            "product": "MESO",
            "cycle": "6",
            "end_of_security_support": "open",
            "citation": "Rahmenvertrag, Anlage 2",
        },
    }


def test_toml_and_a_workbook_say_the_same_as_csv(tmp_path):
    toml = """
        [[cycles]]
        name = "MESO 5"
        vendor = "HSH"
        product = "MESO"
        cycle = "5"
        end_of_security_support = 2027-06-30
        citation = "Rahmenvertrag, Anlage 2"
    """
    book = Workbook()
    for row in (line.split(";") for line in CITY.splitlines() if line.startswith(("Produktlinie", "MESO 5"))):
        book.active.append(row)
    book.active["F2"] = date(2027, 6, 30)
    book.save(tmp_path / "made.xlsx")

    expected = cycles(own(tmp_path, CITY)[0])["MESO 5"]
    assert cycles(own(tmp_path, toml, "own.toml")[0]) == {"MESO 5": expected}
    assert cycles(own(tmp_path, (tmp_path / "made.xlsx").read_bytes(), "own.xlsx")[0]) == {"MESO 5": expected}


HEAD = "Product line;Product or model;Cycle;Released;End of active support;End of security support;Source\n"


@pytest.mark.parametrize(
    ("rows", "line", "reason"),
    [
        ("A 1;A;1;;;31.02.2027;x", "line 2, column 6", "'31.02.2027' is no date"),
        ("A 1;A;1;;;soon;x", "line 2, column 6", "'soon' is no date"),
        ("A 1;A;1;;;2027-01-31;", "line 2", "dates without a source"),
        (";A;1;;;2027-01-31;x", "line 2", "which cycle is meant?"),
        ("A 1;A;1;;;;\nB;A;1;;;;", "line 3", "A 1 stands already at lifecycles.csv, line 2"),
        ("A 19.3;A;19.3;;;;\nB;A;19.03;;;;", "line 3", "A 19.03 stands already at lifecycles.csv, line 2"),
        ("A 1;A;1;;2028-01-01;2027-01-31;x", "line 2", "support (2027-01-31) lies before the end of active support"),
        ("A 1;A;1;2027-02-01;;2027-01-31;x", "line 2", "(2027-01-31) lies before released (2027-02-01)"),
        ("A 1;A;1;;;2027-01-31;x;more", "line 2, column 8", "'more' stands below no header"),
    ],
)
def test_a_fault_is_told_with_its_line_and_nothing_of_the_table_is_used(tmp_path, rows, line, reason):
    drafts, report = own(tmp_path, HEAD + rows)

    assert drafts == []
    (fault,) = faults(report)
    assert fault.startswith(f"lifecycles.csv, {line}: ")
    assert reason in fault
    assert fault.endswith("(nothing of the table is used)")


def test_one_bad_row_keeps_the_good_ones_out_and_all_faults_are_told_at_once(tmp_path):
    drafts, report = own(tmp_path, f"{HEAD}Good 1;Good;1;;;2030-01-01;x\nA 1;A;1;;;never;x\nB 1;B;1;;;2030-13-01;x\n")

    assert drafts == []
    assert [problem.item for problem in report.problems] == [
        "lifecycles.csv, line 3, column 6",
        "lifecycles.csv, line 4, column 6",
    ]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("x.csv", "Produktlinie;Ende\nA;2030-01-01\n", "'Ende' is no column of this table; known are Produktlinie"),
        ("x.csv", "Produktlinie;Quelle;Source\nA;x;y\n", "the column 'Source' stands twice"),
        ("x.csv", "Produkt;Quelle\nA;x\n", "there is no column 'Produktlinie'"),
        ("x.csv", "Produktlinie;Quelle\n", "it holds no cycle"),
        ("x.toml", "cycles = 3", "write [[cycles]]"),
        ("x.toml", "[[cycles]]\nname = ", "not readable as TOML"),
        ("x.toml", '[[cycles]]\nname = "A"\nend_of_life = 2030-01-01\n', "'end_of_life' is no property of a cycle"),
        ("x.toml", '[[cycle]]\nname = "A"\n', "'cycle' is not known"),
    ],
)
def test_a_table_of_another_form_is_told(tmp_path, name, text, reason):
    drafts, report = own(tmp_path, text, name)

    assert drafts == []
    assert any(reason in fault for fault in faults(report)), faults(report)


def test_a_line_of_toml_is_named(tmp_path):
    text = '[[cycles]]\nname = "A"\n\n[[cycles]]\nname = "B"\nend_of_sale = "2030"\ncitation = "x"\n'

    (fault,) = faults(own(tmp_path, text, "own.toml")[1])
    assert fault.startswith("own.toml, line 4: Verkaufsende: ")


def test_two_files_may_not_say_the_same_cycle(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(CITY, encoding="utf-8")

    drafts, report = collect("lifecycle", paths=[tmp_path])
    assert drafts == []
    assert "MESO 5: another of the tables says this too (nothing of the table is used)" in faults(report)


def test_an_answer_of_the_api_is_a_table_of_its_day(tmp_path):
    drafts, report = api(tmp_path, answer(product(), product("other", {"name": "2", "isEol": False})))

    assert faults(report) == []
    assert cycles(drafts)["Tool 1"]["end_of_security_support"] == "2025-01-31"
    assert cycles(drafts)["Other 2"]["end_of_security_support"] == "open"
    assert next(d for d in drafts if d.kind == "LifecycleTable").sections["core"].properties["as_of"] == "2026-10-01"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (
            answer(product("tool", {"name": "1", "eolFrom": "2025-02-30"})),
            "product tool, release 1: releases.0.eolFrom",
        ),
        (answer(product("tool", {"isEol": True})), "product tool, release 0: releases.0.name"),
        (answer(product(), product()), "tool: the product stands twice"),
        (answer(product("tool", {"name": "1"}, {"name": "1"})), "tool: tool 1 stands already at tool"),
        (
            answer(product("tool", {"name": "1", "eoasFrom": "2026-01-01", "eolFrom": "2025-01-01"})),
            "lies before the end",
        ),
        (answer(), "it holds no products of the API v1"),
        ("[1, 2]", "it holds no products of the API v1"),
        ("{not json", "this is no JSON"),
        (answer(product("to\nol")), "'product:to\\nol' cannot be said"),
    ],
)
def test_a_damaged_answer_of_the_api_is_not_used(tmp_path, document, reason):
    drafts, report = api(tmp_path, document)

    assert drafts == []
    assert any(reason in fault for fault in faults(report)), faults(report)


def test_what_a_check_says_of_a_table_is_its_first_fault(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("Produktlinie;Verkaufsende;Quelle\nA;never;x\n", encoding="utf-8")
    collector = COLLECTORS["lifecycle"]

    (bad,) = collector.check(collector.settings.model_validate({"paths": [path]}))
    (good,) = COLLECTORS["endoflife"].check(COLLECTORS["endoflife"].settings())
    assert bad.fault.startswith("own.csv, line 2, column 2: Verkaufsende: ")
    assert (good.what, good.fault) == ("the bundled table", "")


ALIASES = """
[program]
'hausdatenbank (?P<v>\\d+)' = "postgresql"
'stadtwiki' = { product = "mediawiki", cycle = "1.43" }
'stadt.*' = false
"""


def test_a_citys_own_file_of_aliases_is_known_in_the_graph_and_comes_before_the_bundled(tmp_path):
    drafts, report = own(tmp_path, ALIASES, "aliases.toml")
    graph = Graph(tmp_path)
    graph.feed(
        observed(f"lifecycle/{draft.native_key}", 10, draft.sections["core"], kind=draft.kind, first=0)
        for draft in drafts
    )

    assert report.problems == []
    matcher = Matcher(load_table(), aliases_of(graph.store))
    graph.close()
    seen = {
        name: [f"{cycle.product}/{cycle.name}" for cycle in matcher.software({"name": name}).cycles]
        for name in ("Hausdatenbank 16", "Stadtwiki", "Stadtplan", "LibreOffice 7.4.3.2")
    }
    assert seen == {
        "Hausdatenbank 16": ["postgresql/16"],
        "Stadtwiki": ["mediawiki/1.43"],
        "Stadtplan": [],
        "LibreOffice 7.4.3.2": ["libreoffice/7.4"],
    }


def test_faults_of_an_alias_file_are_told_with_their_lines(tmp_path):
    drafts, report = own(tmp_path, "[program]\n'good' = \"x\"\n'bad(' = \"y\"\n", "aliases.toml")

    assert drafts == []
    (fault,) = faults(report)
    assert fault.startswith("aliases.toml: line 3: 'bad(': it is no regular expression")


def known(tmp_path, *drafts_of_sources):
    """The table after these have been said: (source, rank, drafts) each."""
    graph = Graph(tmp_path)
    graph.feed(
        observed(f"{source}/{draft.native_key}", 10, draft.sections["core"], kind=draft.kind, first=0, rank=rank)
        for source, rank, drafts in drafts_of_sources
        for draft in drafts
    )
    table = table_of(graph.store)
    graph.close()
    return table


@pytest.mark.parametrize(
    "line", ["Debian 12;;;2031-01-01;x", "deb;debian;12;2031-01-01;x", "deb;Debian;12;2031-01-01;x"]
)
def test_a_correction_joins_the_published_cycle_however_it_names_it(tmp_path, line):
    head = "Product line;Product or model;Cycle;End of security support;Source\n"
    published = collect("endoflife")[0]

    table = known(tmp_path, ("endoflife", 40, published), ("own", 80, own(tmp_path, head + line)[0]))
    (cycle,) = [found for found in table.products["debian"].cycles if found.name == "12"]
    assert (cycle.security, cycle.extended) == (date(2031, 1, 1), date(2028, 6, 30))
    assert table.products.keys() == load_table().products.keys()


def test_a_product_by_another_of_its_names_is_the_published_one(tmp_path):
    head = "Product line;Product or model;Cycle;End of security support;Source\n"
    published = collect("endoflife")[0]

    table = known(
        tmp_path, ("endoflife", 40, published), ("own", 80, own(tmp_path, f"{head}pg;postgres;14;2040-01-01;x")[0])
    )
    assert table.products["postgresql"].cycle("14.2").security == date(2040, 1, 1)


def test_a_day_in_the_graph_that_is_none_is_unknown_and_stops_nothing(tmp_path):
    (_, draft) = own(tmp_path, "Produktlinie;Versionslinie;Verkaufsende;Quelle\nA;1;beendet;x\n")[0]
    section = draft.sections["core"]
    odd = section.model_copy(update={"properties": {**section.properties, "end_of_sale": "Juli 2026", "released": "?"}})

    table = known(tmp_path, ("own", 80, [draft.model_copy(update={"sections": {"core": odd}})]))
    (cycle,) = table.products["A"].cycles
    assert (cycle.sale, cycle.released) == (None, None)


def test_a_number_in_toml_is_a_fault_because_it_loses_its_zeros(tmp_path):
    drafts, report = own(tmp_path, '[[cycles]]\nname = "Python"\nproduct = "python"\ncycle = 3.10\n', "own.toml")

    assert drafts == []
    assert "own.toml, line 1: cycle: write 3.1 in quotes" in faults(report)[0]


def test_saved_answers_of_single_products_make_one_table(tmp_path):
    for name in ("tool", "other"):
        (tmp_path / f"{name}.json").write_text(json.dumps(answer(product(name))))

    drafts, report = collect("endoflife", paths=[tmp_path])
    assert report.problems == []
    assert set(cycles(drafts)) == {"Tool 1", "Other 1"}
