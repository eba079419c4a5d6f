"""The file of aliases: what is read, what a city adds, and what a fault in it says."""

import pytest

from inventory.aliases import SECTIONS, AliasesInvalid, load_aliases, read_aliases
from inventory.lifecycle import load_table
from inventory.matching import Matcher

CITY = """
[program]
# Our own
'stadtwiki (?P<v>\\d+\\.\\d+)' = "mediawiki"
'grafana portable' = { product = "grafana", vendor = "it department" }
'altdatenbank' = { product = "postgresql", cycle = "9.6" }
'notepad\\+\\+.*' = false

[system]
'hausdebian (?P<v>\\d+)' = "debian"
"""


def city():
    return read_aliases(CITY, "city.toml", load_table().products)


def seen(match):
    return [f"{cycle.product}/{cycle.name}" for cycle in match.cycles]


def test_the_bundled_aliases_name_products_of_the_table():
    products, bundled = load_table().products, load_aliases()

    named = {alias.product for section in SECTIONS for alias in bundled.of(section)} - {""}

    assert named <= products.keys()


def test_a_fixed_cycle_is_one_of_its_product():
    products, bundled = load_table().products, load_aliases()

    for alias in (alias for section in SECTIONS for alias in bundled.of(section) if alias.cycle):
        assert alias.cycle in {cycle.name for cycle in products[alias.product].cycles}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"name": "StadtWiki 1.43"}, ["mediawiki/1.43"]),
        ({"name": "Grafana portable", "version": "9.1.2", "vendor": "IT department"}, ["grafana/9.1"]),
        ({"name": "Grafana portable", "version": "9.1.2", "vendor": "Somebody"}, []),
        ({"name": "Altdatenbank", "version": "2"}, ["postgresql/9.6"]),
        ({"name": "Notepad++ (64-bit x64)", "version": "8.4.7"}, []),
        ({"name": "LibreOffice 7.4.3.2"}, ["libreoffice/7.4"]),
    ],
)
def test_a_citys_own_aliases_come_before_the_bundled(item, expected):
    matcher = Matcher(load_table(), city())

    assert seen(matcher.software({"package_type": "windows", **item})) == expected


def test_a_city_can_name_its_own_systems():
    assert seen(Matcher(load_table(), city()).system({"full_name": "Hausdebian 12"})) == ["debian/12"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[program]\n\n'word (' = \"office\"", "line 3", "no regular expression"),
        ('[program]\n"word" = "offize"', "line 2", "product 'offize' is not in the lifecycle table"),
        ('[program]\n# a comment\nword = ""', "line 3", "it names no product"),
        ("[program]\n'word' = 7", "line 2", "write a product's name"),
        ("[program]\n'word' = true", "line 2", "write a product's name"),
        ("[program]\n'word' = { product = \"office\", year = \"2016\" }", "line 2", "year is none of"),
        ("[program]\n'word' = { vendor = \"x\" }", "line 2", "it names no product"),
        ("[program]\n'word' = { product = \"office\", vendor = \"(\" }", "line 2", "no regular expression"),
        ("[program]\n'word' = \"office\"\n'word' = \"office\"", "line 3", ""),
        ("[programs]\n'word' = \"office\"", "'programs'", "is no kind of name"),
        ("program = 1", "'program'", "is no kind of name"),
        ('[program]\n"a\\\\d" = "offize"', "line 2", "offize"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_reason(text, line, reason):
    with pytest.raises(AliasesInvalid) as told:
        read_aliases(text, "city.toml", load_table().products)

    assert "city.toml" in str(told.value)
    assert line in str(told.value)
    assert reason in str(told.value)


def test_all_faults_are_told_at_once():
    with pytest.raises(AliasesInvalid) as told:
        read_aliases("[system]\n'a' = 1\n[program]\n'a' = 2", "city.toml")

    assert [line.partition(":")[2][:8] for line in str(told.value).splitlines()] == [" line 2:", " line 4:"]


def test_an_alias_is_found_whatever_letters_it_begins_with():
    found = read_aliases(
        "[program]\n'x?yz' = \"a\"\n'ab|cd' = \"b\"\n'(?:ef|gh)' = \"c\"\n'ÄÖ' = \"d\"\n'9x' = \"e\"", "f"
    )

    names = ("yz", "xyz", "cd", "gh", "äö", "9X", "other")
    assert [(hit := found.find("program", name)) and hit[0].product for name in names] == [*"aabcde", None]
