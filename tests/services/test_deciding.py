"""What persons decide of matches: it is checked, holds until its end, survives a newer table, and can be taken back."""

from datetime import date, timedelta

import pytest

from graph.store import Selection
from inventory.chain import chains
from inventory.decisions import MATCHING, draft_of
from inventory.judging import Policy
from inventory.lifecycle_records import matcher_of
from inventory.obsolescence import Question, obsolete
from services.curating import Note, Refused
from services.deciding import decide, known_decision
from services.lookup import find_one
from tests.inventory.facts import DEBIAN, facts
from tests.inventory.feeding import program, said, system
from tests.inventory.test_batch import observed, withdrawn
from tests.services.graphs import Landscape

ON = date(2026, 11, 26)
NOTE = Note("seen on the console", "Fachdienst IT")
BOOKWORM = system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12")
HOUSE = system("Hausdistribution 3", name="hd", version="3")
EVERY = frozenset({"unsupported", "ending", "supported", "unknown"})


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "one")
    found.apply(
        *facts(DEBIAN),
        said("a", "Server", "x", BOOKWORM),
        said("a", "Server", "y", HOUSE, program("strange", "1"), at=11),
    )
    yield found
    found.close()


def say(city, decision, at=20):
    draft = draft_of(decision)
    city.apply(observed(f"{MATCHING}/{draft.native_key}", at, draft.sections["core"], kind=draft.kind, first=0))


def verdicts(city, on=ON):
    question = Question(on, 0, verdicts=EVERY, parts=frozenset({"system"}))
    answer = obsolete(city.store, matcher_of(city.store), question)
    return {item.thing.reported: item.judgement.verdict for item in answer.judged}


def chain(city, name):
    question = Question(ON, 0, parts=frozenset({"system"}))
    (found,) = chains(city.store, matcher_of(city.store), question, find_one(city.store, name))
    return found


def test_a_person_says_what_no_rule_knows(city):
    assert verdicts(city)["Hausdistribution 3"] == "unknown"

    say(city, decide(city.store, "Hausdistribution 3", "Debian", "13", NOTE, rejected=False))
    assert verdicts(city)["Hausdistribution 3"] == "supported"
    told = chain(city, "y")
    assert (told.method, told.confidence, told.cycles) == (
        "confirmed by Fachdienst IT: seen on the console",
        1,
        ("13",),
    )
    follows = {edge.key.target_id for edge in city.store.everything()[1] if edge.key.type == "FOLLOWS"}
    assert {node.name for node in city.store.nodes(follows).values()} == {"Debian 12", "Debian 13"}


def test_a_person_rejects_what_rules_made_of_a_string(city):
    say(city, decide(city.store, "Debian GNU/Linux 12 (bookworm)", "debian", "", NOTE, rejected=True))

    assert verdicts(city)["Debian GNU/Linux 12 (bookworm)"] == "unknown"
    assert chain(city, "x").method == "rejected by Fachdienst IT: seen on the console"
    city.apply(*facts(DEBIAN, at=30))  # a newer table
    assert verdicts(city)["Debian GNU/Linux 12 (bookworm)"] == "unknown"


def test_a_rejection_of_one_product_leaves_another_alone(city):
    other = DEBIAN.__class__("devuan", "Devuan", "os", cycles=())
    city.apply(*facts(other, source="more", at=12))
    say(city, decide(city.store, "Debian GNU/Linux 12 (bookworm)", "devuan", "", NOTE, rejected=True))

    assert verdicts(city)["Debian GNU/Linux 12 (bookworm)"] == "unsupported"


def test_a_decision_can_be_taken_back_and_ends(city):
    expiring = Note("until the renewal", "IT", ON)
    say(city, decide(city.store, "Hausdistribution 3", "debian", "13", expiring, rejected=False))

    assert verdicts(city)["Hausdistribution 3"] == "supported"
    assert verdicts(city, ON + timedelta(days=1))["Hausdistribution 3"] == "unknown"
    known = known_decision(city.store, "Hausdistribution 3")
    city.apply(withdrawn(f"{MATCHING}/{known.key}", 30))
    assert verdicts(city)["Hausdistribution 3"] == "unknown"
    with pytest.raises(Refused, match="nothing was decided about 'Hausdistribution 3'"):
        known_decision(city.store, "Hausdistribution 3")


def test_what_is_matched_can_be_confirmed_as_it_is(city):
    decision = decide(city.store, "Debian GNU/Linux 12 (bookworm)", "", "", NOTE, rejected=False)

    assert (decision.part, decision.product, decision.cycle) == ("system", "debian", "12")


def test_a_cycle_that_has_gone_from_the_table_leaves_the_rules_word(city):
    say(city, decide(city.store, "Debian GNU/Linux 12 (bookworm)", "debian", "13", NOTE, rejected=False))
    city.apply(withdrawn("endoflife/cycle:debian/13", 30))

    assert verdicts(city)["Debian GNU/Linux 12 (bookworm)"] == "unsupported"
    assert "is gone" in chain(city, "x").method


@pytest.mark.parametrize(
    ("reported", "product", "cycle", "reason"),
    [
        ("Hausdistribution", "debian", "13", "no asset reports 'Hausdistribution'; nearest are 'Hausdistribution 3'"),
        ("Hausdistribution 3", "debain", "13", "no product 'debain' is known; nearest are debian"),
        ("Hausdistribution 3", "debian", "14", "Debian has no cycle '14'; it has 13, 12, 10"),
        ("Hausdistribution 3", "debian", "", "Debian has no cycle ''"),
        ("Hausdistribution 3", "", "", "is not matched .*--is PRODUCT --cycle CYCLE"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused_with_what_would(city, reported, product, cycle, reason):
    with pytest.raises(Refused, match=reason):
        decide(city.store, reported, product, cycle, NOTE, rejected=False)


def test_the_chain_says_who_reported_who_says_each_date_and_why_it_counts(city):
    told = chain(city, "x")

    assert told.records == ("a/Server:x",)
    assert [(said.milestone, said.end, said.source, str(said.snapshot)) for said in told.said] == [
        ("security", "2026-07-11", "endoflife", "2026-08-22"),
        ("extended", "2028-06-30", "endoflife", "2026-08-22"),
    ]
    assert (told.milestone, told.because, told.verdict, told.end) == (
        "security",
        "chosen for all products",
        "unsupported",
        "2026-07-11",
    )


def test_the_chain_says_what_contracts_do(city):
    told = Question(ON, 0, Selection(), Policy("active", {"debian": "extended"}), frozenset({"system"}))
    (found,) = chains(city.store, matcher_of(city.store), told, find_one(city.store, "x"))

    assert (found.because, found.verdict, found.covers) == ("chosen for debian", "supported", ())
