"""Verdicts at the edges of their dates: the day before, the day, the day after; ended, open, paid for and not."""

from datetime import date, timedelta

import pytest

from graph.store import Selection
from inventory.decisions import Decision
from inventory.judging import Cover, Policy, judgement
from inventory.lifecycle import Cycle, LifecycleTable, Product
from inventory.lifecycle_records import matcher_of
from inventory.match import Match
from inventory.matching import Matcher
from inventory.milestones import MILESTONES, Undated, judge, milestone_text, read_milestone
from inventory.obsolescence import Question, obsolete
from inventory.rows import Rows
from tests.inventory.facts import DEBIAN, facts
from tests.inventory.feeding import program, said, system, to
from tests.inventory.test_batch import Graph, observed

END, EXTENDED = date(2026, 7, 11), date(2028, 6, 30)
BEFORE, AFTER = END - timedelta(days=1), END + timedelta(days=1)
BOOKWORM = system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12")


def match(*cycles, **more):
    return Match("alias", cycles, confidence=1.0, matched_on="x", **more)


def cycle(security=END, extended=EXTENDED, **more):
    return Cycle("debian", "12", security=security, extended=extended, **more)


def cover(end=None, products=None):
    return Cover("id", "ESU", products, end)


def judged(found, on, *covers, policy=None):
    told = judgement(found, policy or Policy(), on, 0, covers)
    return told.verdict, told.end, told.paid


@pytest.mark.parametrize(("on", "verdict"), [(BEFORE, "supported"), (END, "supported"), (AFTER, "unsupported")])
def test_the_last_day_is_supported_and_the_next_is_not(on, verdict):
    assert judged(match(cycle()), on) == (verdict, END, "")


@pytest.mark.parametrize(
    ("end", "verdict"), [(Undated.ENDED, "unsupported"), (Undated.OPEN, "supported"), (None, "unknown")]
)
def test_without_a_day_it_has_ended_or_is_open_or_unknown_on_every_day(end, verdict):
    for on in (date.min, END, date.max - timedelta(days=800)):
        assert judged(match(cycle(security=end)), on)[0] == verdict
        assert judge(end, on, 24) == verdict


@pytest.mark.parametrize("milestone", [END, Undated.ENDED, Undated.OPEN, None])
def test_a_milestone_is_kept_as_text_and_read_back(milestone):
    assert read_milestone(milestone_text(milestone)) == milestone


@pytest.mark.parametrize(
    ("on", "contract", "expected"),
    [
        (END, cover(), ("supported", EXTENDED, "")),  # the contract changes nothing yet but the end
        (AFTER, cover(), ("supported", EXTENDED, "ESU")),
        (EXTENDED, cover(), ("supported", EXTENDED, "ESU")),
        (EXTENDED + timedelta(days=1), cover(), ("unsupported", EXTENDED, "")),
        (AFTER, cover(end=date(2027, 12, 31)), ("supported", date(2027, 12, 31), "ESU")),
        (AFTER, cover(end=date(2030, 1, 1)), ("supported", EXTENDED, "ESU")),
        (AFTER, cover(end=date(2026, 1, 1)), ("unsupported", END, "")),
    ],
)
def test_paid_extended_support_lasts_as_long_as_it_and_the_contract(on, contract, expected):
    paying = [contract] if contract.pays_for({"debian"}, on) else []

    assert judged(match(cycle()), on, *paying) == expected


@pytest.mark.parametrize(
    ("contract", "on", "pays"),
    [
        (cover(), END, True),
        (cover(end=END), END, True),
        (cover(end=END), AFTER, False),
        (cover(products=frozenset({"debian"})), END, True),
        (cover(products=frozenset({"windowsserver"})), END, False),
    ],
)
def test_a_contract_pays_for_its_products_until_its_last_day(contract, on, pays):
    assert contract.pays_for({"debian"}, on) is pays


@pytest.mark.parametrize("extended", [None, END])
def test_a_contract_for_support_that_there_is_not_changes_nothing(extended):
    assert judged(match(cycle(extended=extended)), AFTER, cover()) == ("unsupported", END, "")


def test_extended_support_without_a_day_ends_with_the_contract():
    endless = match(cycle(extended=Undated.OPEN))

    assert judged(endless, AFTER, cover(end=date(2027, 1, 1))) == ("supported", date(2027, 1, 1), "ESU")
    assert judged(endless, AFTER, cover()) == ("supported", Undated.OPEN, "ESU")
    assert judged(match(cycle(extended=Undated.ENDED)), AFTER, cover()) == ("unsupported", END, "")


def test_of_two_contracts_the_one_that_helps_longer_counts():
    short, long = cover(end=date(2027, 1, 1)), Cover("id2", "longer", None, date(2028, 1, 1))

    assert judged(match(cycle()), AFTER, short, long) == ("supported", date(2028, 1, 1), "longer")


def test_the_milestone_of_a_product_counts_before_the_overall_one():
    extended = Policy("active", {"debian": "extended"})

    assert judged(match(cycle()), AFTER, policy=extended) == ("supported", EXTENDED, "")
    assert judged(match(cycle(active=BEFORE)), END, policy=Policy("active")) == ("unsupported", BEFORE, "")


def test_several_candidates_share_a_verdict_or_it_is_unknown():
    other = Cycle("debian", "13", security=date(2028, 8, 9))

    assert judged(match(cycle(), other), END) == ("supported", date(2028, 8, 9), "")
    assert judged(match(cycle(), other), AFTER)[0] == "unknown"
    assert judged(match(cycle(), other), AFTER, cover())[0] == "supported"  # whichever it is


def test_what_is_inferred_is_unsupported_or_unknown_and_never_supported():
    for on, verdict in ((BEFORE, "unknown"), (AFTER, "unsupported")):
        assert judged(match(cycle(), inferred=True), on)[0] == verdict


@pytest.fixture
def graph(tmp_path):
    graph = Graph(tmp_path)
    yield graph
    graph.close()


def ask(graph, table=DEBIAN, **more):
    products = {table.name: table} if table else {}
    matcher = Matcher(LifecycleTable(products))
    given = {
        "on": AFTER,
        "within_months": 0,
        "verdicts": frozenset({"unsupported", "ending", "supported", "unknown"}),
        **more,
    }
    answer = obsolete(graph.store, matcher, Question(**given))
    return answer, list(Rows(graph.store, matcher, answer))


def with_properties(item, **properties):
    """The same record, with properties."""
    event = item.event
    content = event.content.model_copy(update={"properties": properties})
    return observed(f"{event.source}/{event.native_key}", event.sequence, content, kind=event.kind, first=0)


def test_a_contract_divides_the_assets_that_have_the_same(graph):
    esu = with_properties(said("city", "Contract", "ESU", at=11), extended_support_of="Debian, Windows Server")
    graph.feed([
        said("city", "Server", "paid", BOOKWORM, to("COVERED_BY", "Contract", "ESU")),
        said("city", "Server", "unpaid", BOOKWORM),
        esu,
    ])  # fmt: skip

    answer, rows = ask(graph, parts=frozenset({"system"}))
    assert [(row.asset, row.verdict, row.paid, row.end) for row in rows] == [
        ("unpaid", "unsupported", "", END),
        ("paid", "supported", "ESU", EXTENDED),
    ]
    assert (answer.count("supported"), answer.count("unsupported"), answer.paid["system"]) == (1, 1, 1)


def test_a_contract_for_another_product_or_one_that_has_ended_pays_for_nothing(graph):
    graph.feed([
        said("city", "Server", "a", BOOKWORM, to("COVERED_BY", "Contract", "other")),
        said("city", "Server", "b", BOOKWORM, to("COVERED_BY", "Contract", "over")),
        with_properties(said("city", "Contract", "other", at=11), extended_support_of="Windows Server"),
        with_properties(said("city", "Contract", "over", at=12), extended_support_of="*", end="2026-07-11"),
    ])  # fmt: skip

    assert ask(graph, parts=frozenset({"system"}))[0].count("unsupported") == 2
    assert ask(graph, parts=frozenset({"system"}), on=END)[0].count("supported") == 2


def test_without_a_table_everything_is_unknown_and_nothing_supported(graph):
    graph.feed([
        said("city", "Server", "a", BOOKWORM, program("Firefox", "100", package_type="windows")),
        said("city", "Application", "app"),
        said("city", "DatabaseInstance", "db"),
    ])  # fmt: skip

    answer, rows = ask(graph, table=None)
    assert {verdict for (_, verdict), count in answer.totals.items() if count} == {"unknown"}
    assert {row.verdict for row in rows} == {"unknown"}
    assert {row.part for row in rows} == {"system", "program", "hardware", "application", "database"}


def hardware(name, kind="Server", **properties):
    return with_properties(said("city", kind, name), **properties)


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("Server", {"purchase_date": "2021-07-11"}, ("supported", END)),
        ("Server", {"purchase_date": "2021-07-10"}, ("unsupported", BEFORE)),
        ("NetworkDevice", {"purchase_date": "2018-07-10"}, ("unsupported", BEFORE)),
        ("Client", {"bios_date": "2021-07-10"}, ("unsupported", BEFORE)),
        ("Server", {"purchase_date": "2025-01-01", "bios_date": "2010-01-01"}, ("supported", date(2030, 1, 1))),
        ("Server", {"purchase_date": "2025-01-01", "end_of_support": "2026-07-10"}, ("unsupported", BEFORE)),
        ("Server", {"vendor": "Dell"}, ("unknown", None)),
        ("Server", {"purchase_date": "unreadable"}, ("unknown", None)),
        ("Utility", {}, None),
        ("VirtualMachine", {"bios_date": "2010-01-01"}, None),
        ("Server", {"bios_date": "2010-01-01", "virtualisation": "kvm"}, None),
    ],
)
def test_hardware_is_judged_by_its_owners_date_or_its_age(graph, kind, properties, expected):
    graph.feed([hardware("x", kind, **properties)])

    rows = ask(graph, parts=frozenset({"hardware"}), on=END)[1]
    assert [(row.verdict, row.end) for row in rows] == ([expected] if expected else [])


def test_an_age_from_firmware_is_an_estimate_and_less_sure(graph):
    graph.feed([hardware("a", purchase_date="2019-01-01"), hardware("b", bios_date="2019-01-01")])

    rows = {row.asset: row for row in ask(graph, parts=frozenset({"hardware"}))[1]}
    assert rows["b"].confidence < rows["a"].confidence < 1
    assert "estimate" in rows["b"].method
    assert (rows["a"].source, rows["b"].source) == ("city", "city")


def test_a_model_of_the_citys_table_counts_before_its_age(graph):
    model = Cycle("PowerEdge R740", "", vendor="Dell", maintenance=date(2028, 5, 31), sale=Undated.ENDED)
    table = Product("PowerEdge R740", "PowerEdge R740", vendor="Dell", cycles=(model,))
    graph.feed([hardware("a", vendor="Dell Inc.", model="PowerEdge R740", purchase_date="2018-01-01")])

    (row,) = ask(graph, table, parts=frozenset({"hardware"}))[1]
    assert (row.verdict, row.end, row.product, row.method) == (
        "supported",
        date(2028, 5, 31),
        "PowerEdge R740",
        "the city's own table",
    )
    assert ask(graph, table, parts=frozenset({"hardware"}), policy=Policy("sale"))[1][0].verdict == "unsupported"


def test_warranty_is_a_devices_own(graph):
    graph.feed([hardware("a", warranty_end="2026-07-11"), hardware("b", purchase_date="2025-01-01")])

    rows = ask(graph, parts=frozenset({"hardware"}), policy=Policy("warranty"))[1]
    assert [(row.asset, row.verdict, row.end) for row in rows] == [("a", "unsupported", END), ("b", "unknown", None)]


def test_ages_are_the_citys_choice(graph):
    graph.feed([hardware("a", purchase_date="2019-01-01")])

    assert ask(graph, policy=Policy(ages={"Server": 10}), parts=frozenset({"hardware"}))[0].count("supported") == 1
    assert ask(graph, policy=Policy(ages={}), parts=frozenset({"hardware"}))[0].count("unknown") == 1


def test_applications_are_judged_by_their_owners_date_or_the_citys_table(graph):
    meso = Product("MESO", "MESO", vendor="HSH", cycles=(Cycle("MESO", "5", security=BEFORE, vendor="HSH"),))
    graph.feed([
        with_properties(said("city", "Application", "MESO"), version="5.2", vendor="HSH Soft- und Hardware"),
        with_properties(said("city", "Application", "MESO West"), version="5.2"),
        with_properties(said("city", "Application", "enaio", at=12), end_of_support="2026-07-11"),
    ])  # fmt: skip

    rows = ask(graph, meso, parts=frozenset({"application"}))[1]
    assert [(row.asset, row.verdict, row.end, row.product) for row in rows] == [
        ("MESO", "unsupported", BEFORE, "MESO"),
        ("enaio", "unsupported", END, ""),
        ("MESO West", "unknown", None, ""),
    ]


def test_what_was_decided_of_a_model_does_not_speak_against_a_devices_own_dates(graph):
    table = LifecycleTable({"box": Product("box", "Box", cycles=(Cycle("box", "1", security=date(2030, 1, 1)),))})
    said_so = {
        (part, reported): Decision(part, reported, "box", "1", False, "seen", "IT")
        for part, reported in (("hardware", "Dell R1"), ("application", "enaio"))
    }
    graph.feed([
        hardware("own", vendor="Dell", model="R1", end_of_support="2026-07-10", warranty_end="2026-07-11"),
        hardware("aged", vendor="Dell", model="R1", purchase_date="2010-01-01", warranty_end="2026-07-11"),
        with_properties(said("city", "Application", "enaio", at=12), end_of_support="2026-07-10"),
    ])  # fmt: skip

    def ends(milestone):
        policy, parts = Policy(milestone), frozenset({"hardware", "application"})
        answer = obsolete(graph.store, Matcher(table, decisions=said_so), Question(AFTER, policy=policy, parts=parts))
        return {node.name: item.judgement.end for item in answer.judged for node in item.all(graph.store)}

    assert ends("security") == {"own": BEFORE, "aged": date(2030, 1, 1), "enaio": BEFORE}
    assert {name: end for name, end in ends("warranty").items() if name != "enaio"} == {"own": END, "aged": END}


def test_what_a_person_rejected_of_a_model_is_told_with_its_age(graph):
    model = Product("box", "Box", cycles=(Cycle("box", "", vendor="Dell", security=date(2030, 1, 1)),))
    table = LifecycleTable({"box": model})
    no = {("hardware", "Dell Box"): Decision("hardware", "Dell Box", "box", "", True, "a copy", "IT")}
    graph.feed(
        [
            hardware("old", vendor="Dell", model="Box", purchase_date="2010-01-01"),
            hardware("undated", vendor="Dell", model="Box"),
        ]
    )

    question = Question(AFTER, parts=frozenset({"hardware"}))
    answer = obsolete(graph.store, Matcher(table, decisions=no), question)
    told = {node.name: item.thing.match.method for item in answer.judged for node in item.all(graph.store)}
    assert told == {
        "old": "rejected by IT: a copy; age: 5 years from its purchase",
        "undated": "rejected by IT: a copy",
    }


def test_rows_say_who_owns_what_depends_on_it_and_where_the_date_is_from(graph):
    graph.feed([
        *facts(DEBIAN),
        *facts(Product("debian", "Debian", cycles=(Cycle("debian", "12", extended=date(2029, 1, 1)),), link="contract"),
               source="own", rank=80),
        said("city", "Server", "srv", BOOKWORM, to("OWNED_BY", "OrganisationUnit", "IT")),
        said("city", "OrganisationUnit", "IT"),
        said("city", "Application", "MESO", to("RUNS_ON", "Server", "srv"), to("SUPPORTS", "BusinessProcess", "desk")),
        said("city", "BusinessProcess", "desk", to("DELIVERS", "CitizenService", "Register")),
        said("city", "CitizenService", "Register"),
    ])  # fmt: skip

    matcher = matcher_of(graph.store)
    answer = obsolete(graph.store, matcher, Question(AFTER, parts=frozenset({"system"})))
    (row,) = Rows(graph.store, matcher, answer)
    assert (row.owners, row.dependents) == (("IT",), ("MESO", "Register"))
    assert (row.source, row.citation, row.snapshot) == (
        "endoflife",
        "https://endoflife.date/debian",
        date(2026, 8, 22),
    )
    assert (row.end, row.extended, row.move_to) == (END, date(2029, 1, 1), "13")  # the city's word is trusted more
    assert matcher.table.products["debian"].cycle("12").security == END
    by_extended = Question(AFTER, policy=Policy("extended"), parts=frozenset({"system"}), selection=Selection(),
                           verdicts=frozenset({"supported"}))  # fmt: skip
    (row,) = Rows(graph.store, matcher, obsolete(graph.store, matcher, by_extended))
    assert (row.source, row.citation) == ("own", "contract")


def test_every_milestone_can_be_asked_for(graph):
    graph.feed([said("city", "Server", "a", BOOKWORM)])

    seen = {name: ask(graph, parts=frozenset({"system"}), policy=Policy(name))[1][0].verdict for name in MILESTONES}
    assert seen == {
        "active": "unsupported",
        "security": "unsupported",
        "extended": "supported",
        "maintenance": "unsupported",
        "sale": "unknown",
        "warranty": "unknown",
    }


def test_of_several_candidates_a_contract_counts_where_they_agree_with_it():
    one, two = cycle(), Cycle("debian", "12b", security=END, extended=date(2029, 1, 1))

    assert judged(match(one, two), AFTER, cover())[0] == "supported"
    assert judged(match(one, two), date(2028, 12, 1), cover())[0] == "unknown"
    assert judged(match(one, two), AFTER)[0] == "unsupported"


def test_candidates_that_are_all_supported_never_become_unknown_by_the_months_asked_for():
    found = match(Cycle("x", "1", security=date(2026, 12, 1)), Cycle("x", "2", security=date(2028, 12, 1)))

    assert [judgement(found, Policy(), date(2026, 6, 1), months).verdict for months in (0, 12, 36)] == [
        "supported",
        "ending",
        "ending",
    ]


def test_what_is_unknown_has_no_end():
    assert judged(match(cycle(), inferred=True), BEFORE)[:2] == ("unknown", None)
    assert judged(match(cycle(), inferred=True), AFTER)[:2] == ("unsupported", Undated.ENDED)


def test_extended_support_never_ends_before_security_support():
    corrected = match(cycle(security=date(2031, 1, 1)))

    assert judged(corrected, date(2029, 1, 1), policy=Policy("extended")) == ("supported", date(2031, 1, 1), "")


@pytest.mark.parametrize("bought", ["9999-12-31", "0001-01-01", "1970-01-01"])
def test_days_of_purchase_that_are_placeholders_stop_nothing_and_end_nothing(graph, bought):
    graph.feed([hardware("a", purchase_date=bought)])

    answer = ask(graph, parts=frozenset({"hardware"}), within_months=600)[0]
    assert answer.count("unsupported") == 0


def test_a_contract_whose_end_cannot_be_read_pays_for_nothing(graph):
    graph.feed([
        said("city", "Server", "a", BOOKWORM, to("COVERED_BY", "Contract", "odd")),
        with_properties(said("city", "Contract", "odd", at=11), extended_support_of="*", end="nächstes Jahr"),
    ])  # fmt: skip

    assert ask(graph, parts=frozenset({"system"}))[0].count("unsupported") == 1


def test_signs_that_make_another_product_count_in_the_citys_own_names(graph):
    old = Product("Galaxy S10", "Galaxy S10", cycles=(Cycle("Galaxy S10", "", security=BEFORE),))
    graph.feed([hardware("a", "MobileDevice", model="Galaxy S10+"), hardware("b", "MobileDevice", model="Galaxy S10")])

    rows = ask(graph, old, parts=frozenset({"hardware"}))[1]
    assert {row.asset: row.verdict for row in rows} == {"a": "unknown", "b": "unsupported"}


def test_what_is_older_than_the_citys_cycles_may_count_its_versions_otherwise(graph):
    visa = Product("OK.VISA", "OK.VISA", cycles=(Cycle("OK.VISA", "2019", security=date(2022, 1, 1)),))
    graph.feed([with_properties(said("city", "Application", "OK.VISA"), version="12.4")])

    assert ask(graph, visa, parts=frozenset({"application"}))[0].count("unknown") == 1
