from datetime import date

import pytest

from inventory.lifecycle import Cycle, LifecycleTable, Product, begins_with, load_table, read_table
from inventory.match import Evidence, place
from inventory.milestones import Undated, judge, months_later

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def table():
    return load_table()


def cycle(table, product, version):
    found = table.products[product].cycle(version)
    return found and found.name


def verdict(cycle, on, within_months=0, milestone="security"):
    return judge(cycle.end(milestone), on, within_months)


def named(table, product, name):
    return next(c for c in table.products[product].cycles if c.name == name)


def test_the_table_has_all_products_and_says_where_each_is_from(table):
    assert len(table.products) == 464
    assert sum(len(product.cycles) for product in table.products.values()) == 8351
    assert [edition.as_of for edition in table.editions.values()] == [date(2026, 8, 22)]
    assert table.products["windows-server"].link == "https://endoflife.date/windows-server"
    assert "cpe:cpe:2.3:a:postgresql:postgresql" in table.products["postgresql"].identifiers


@pytest.mark.parametrize(
    ("product", "name", "security", "extended"),
    [
        ("debian", "12", date(2026, 7, 11), date(2028, 6, 30)),
        ("windows-server", "2012-r2", date(2023, 10, 10), date(2026, 10, 13)),
        ("windows-server", "2016", date(2027, 1, 12), date(2030, 1, 12)),
        ("postgresql", "14", date(2026, 11, 12), None),
        ("proxmox-ve", "9", Undated.OPEN, None),
        ("veeam-backup-and-replication", "9.0", Undated.ENDED, None),
        ("oracle-database", "23", date(2031, 12, 31), Undated.OPEN),
    ],
)
def test_milestones_are_a_day_or_ended_or_not_ended_or_unknown(table, product, name, security, extended):
    found = named(table, product, name)

    assert (found.security, found.extended) == (security, extended)


@pytest.mark.parametrize(
    ("product", "version", "expected"),
    [
        ("postgresql", "10.18", "10"),
        ("postgresql", "9.6.1", "9.6"),
        ("proxmox-ve", "10.1", None),  # 10 does not begin with 1
        ("docker-engine", "19.3.13", "19.03"),
        ("debian", "12.5", "12"),
        ("kubernetes", "1.19.3", "1.19"),
        ("jenkins", "2.568.1", "2.568"),  # and not 2
        ("mssqlserver", "", None),
    ],
)
def test_the_longest_cycle_on_a_dot_boundary_is_taken(table, product, version, expected):
    assert cycle(table, product, version) == expected


def test_a_version_begins_with_whole_parts_only():
    assert begins_with("10.1", "10")
    assert begins_with("10", "10")
    assert not begins_with("10.1", "1")
    assert not begins_with("1", "1.0")
    assert not begins_with("1.0", "")


def test_the_last_day_is_still_supported(table):
    postgresql = named(table, "postgresql", "14")

    assert verdict(postgresql, date(2026, 11, 12)) == "supported"
    assert verdict(postgresql, date(2026, 11, 13)) == "unsupported"


def test_ending_reaches_as_many_months_as_asked(table):
    server = named(table, "windows-server", "2016")  # until 2027-01-12

    assert verdict(server, TODAY, within_months=0) == "supported"
    assert verdict(server, TODAY, within_months=1) == "supported"
    assert verdict(server, TODAY, within_months=2) == "ending"
    assert verdict(server, date(2026, 11, 12), within_months=2) == "ending"
    assert verdict(server, date(2026, 11, 11), within_months=2) == "supported"
    assert verdict(server, date(2027, 1, 13), within_months=2) == "unsupported"


def test_the_milestone_that_counts_is_the_users_choice(table):
    server = named(table, "windows-server", "2016")

    assert verdict(server, TODAY, milestone="active") == "unsupported"
    assert verdict(server, date(2027, 2, 1), milestone="security") == "unsupported"
    assert verdict(server, date(2027, 2, 1), milestone="extended") == "supported"


def test_security_support_stands_for_a_phase_that_a_product_has_not(table):
    fedora = named(table, "fedora", "43")  # until 2026-12-09, with no active or extended phase

    assert verdict(fedora, TODAY, milestone="active") == "supported"
    assert verdict(fedora, date(2026, 12, 10), milestone="extended") == "unsupported"


def test_dates_decide_and_ended_or_not_ended_only_where_there_is_none(table):
    assert verdict(named(table, "proxmox-ve", "9"), date(2100, 1, 1)) == "supported"
    assert verdict(named(table, "veeam-backup-and-replication", "9.0"), date(2000, 1, 1)) == "unsupported"


def test_no_milestone_at_all_is_unknown():
    table = read_table(
        '{"snapshot":"2026-01-01T00:00:00+00:00","source":"","licence":""}\n'
        '{"name":"x","label":"X","category":"app","aliases":[],"identifiers":[],"cycles":[["1",null,null,null,null]]}\n'
    )

    assert verdict(named(table, "x", "1"), TODAY) == "unknown"


def test_months_end_on_the_last_day_there_is():
    assert months_later(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert months_later(date(2027, 12, 31), 2) == date(2028, 2, 29)
    assert months_later(date(2026, 12, 1), 1) == date(2027, 1, 1)


def test_older_than_every_cycle_is_told_only_where_all_cycles_are_numbers(table):
    assert table.products["centos"].newer_than("4.9").name == "5"
    assert table.products["centos"].newer_than("5.1") is None
    assert table.products["centos"].newer_than("nine") is None
    assert table.products["linuxmint"].newer_than("3") is None  # has cycles such as lmde7


@pytest.mark.parametrize(("version", "cycles"), [
    ("5.2", ["5.2"]), ("5.2.7", ["5.2"]), ("4", [""]), ("5", ["", "5.2", "5.3"]), ("", ["", "5.2", "5.3"]),
])  # fmt: skip
def test_a_line_about_a_whole_product_does_not_hide_its_finer_ones(version, cycles):
    product = Product("meso", "MESO", cycles=tuple(Cycle("meso", name) for name in ("", "5.2", "5.3")))

    match = place(LifecycleTable({"meso": product}), "meso", version, Evidence("alias", 1.0, "MESO"))
    assert [cycle.name for cycle in match.cycles] == cycles
