"""What a person corrects survives every collection and wins; why records are one asset, or not; findings."""

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from events.models import Draft, Identifier, Reference, Relation, Section
from events.outbox import Outbox
from graph.metamodel import KINDS
from graph.model import node_id
from inventory.explain import explain
from inventory.quality import Expected, quality
from services import curating
from services.curating import Note, Refused
from services.lookup import NotFound, find_one
from tests.inventory.feeding import to
from tests.inventory.test_batch import PARTITIONS, marker, observed
from tests.services.graphs import Landscape

NOTE = Note("seen in the rack", "Erika Mustermann")
SERIAL = Identifier(scheme="serial", value="Dell\tS1")
MAC = Identifier(scheme="mac", value="00:e0:4c:68:01:db")


def thing(key, at, *identifiers, kind="Server", name="", relations=(), **properties):
    content = Section(
        name=name or key.partition("/")[2], identifiers=identifiers, properties=properties, relations=relations
    )
    return observed(key, at, content, kind=kind, first=0)


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "one")
    yield found
    found.close()


@pytest.fixture
def curate(city):
    """Correct something through the outbox, and let the inventory apply it."""
    outbox = Outbox(city.folder / "curation.db", "curation")

    def do(find, *names, note=NOTE):
        curating.say(find(city.store, *names, note) if note else find(city.store, *names), outbox)
        outbox.drain(city.log)
        city.apply()

    yield do
    outbox.close()


def ids(city):
    return {node.name: node.id for node in city.store.assets()}


def test_what_a_person_joins_stays_one_asset_through_every_collection(city, curate):
    city.apply(thing("a/x", 10, memory_mib=8), thing("b/y", 11, cores=4))
    first = ids(city)

    curate(lambda store, *rest: curating.join(store, ["x", "y"], *rest))
    city.apply(thing("a/x", 20, memory_mib=16), *(marker("a", n, 20) for n in range(PARTITIONS)))
    (one,) = city.store.assets()
    assert one.id in first.values()
    assert (one.properties, one.sources) == ({"memory_mib": 16, "cores": 4}, ("a", "b"))


def test_what_a_person_separates_stays_apart_though_its_serials_are_equal(city, curate):
    city.apply(thing("a/x", 10, SERIAL), thing("b/y", 11, SERIAL))
    assert len(city.store.assets()) == 1

    curate(lambda store, *rest: curating.separate(store, ["b/y"], *rest))
    city.apply(thing("a/x", 20, SERIAL, MAC), thing("b/y", 21, SERIAL, MAC))
    assert sorted(ids(city)) == ["x", "y"]
    curate(lambda store: curating.unset(store, "x", "identity"), note=None)
    curate(lambda store: curating.unset(store, "y", "identity"), note=None)
    assert len(city.store.assets()) == 1


def test_joining_what_was_joined_before_takes_the_others_along(city, curate):
    city.apply(thing("a/x", 10), thing("b/y", 11), thing("c/z", 12), thing("c/w", 13))
    curate(lambda store, *rest: curating.join(store, ["x", "y"], *rest))
    curate(lambda store, *rest: curating.join(store, ["z", "w"], *rest))

    curate(lambda store, *rest: curating.join(store, ["b/y", "c/w"], *rest))
    assert len(city.store.assets()) == 1


def test_joining_records_takes_the_others_of_their_assets_along(city, curate):
    uuids = [Identifier(scheme="smbios-uuid", value=f"{n}c4c4544-0034-3010-8048-b6c04f503732") for n in (4, 5)]
    city.apply(thing("a/x", 10, uuids[0]), thing("b/y", 11, uuids[1]), thing("c/x", 12, uuids[0]))

    curate(lambda store, *rest: curating.join(store, ["a/x", "b/y"], *rest))
    (one,) = city.store.assets()
    assert one.sources == ("a", "b", "c")


def test_joining_a_record_leaves_what_a_person_parted_from_it(city, curate):
    city.apply(thing("a/x", 10, SERIAL), thing("b/y", 11, SERIAL), thing("c/z", 12))
    curate(lambda store, *rest: curating.separate(store, ["b/y"], *rest))

    curate(lambda store, *rest: curating.join(store, ["b/y", "c/z"], *rest))
    assert sorted(node.sources for node in city.store.assets()) == [("a",), ("b", "c")]


def test_why_names_the_correction_that_keeps_a_record_out(city, curate):
    uuids = [Identifier(scheme="smbios-uuid", value=f"{n}c4c4544-0034-3010-8048-b6c04f503732") for n in (4, 5)]
    city.apply(thing("a/x", 10, uuids[0]), thing("b/y", 11, uuids[1], name="x"))
    curate(lambda store, *rest: curating.join(store, ["a/x", "b/y"], *rest))
    city.apply(thing("c/late", 20, uuids[0]))

    for name, record in (("late", "c/late"), ("x", "a/x")):
        state, text = reasons(city, name)[record, "smbios-uuid"]
        assert state == "barred"
        assert "a person joined" in text
    assert reasons(city, "x")["a/x", "curation"][0] == "joins"


def test_what_a_person_sets_beats_every_source_until_it_is_taken_back(city, curate):
    city.apply(thing("a/x", 10, memory_mib=8))

    curate(lambda store, *rest: curating.pin(store, "x", "memory_mib", "32", *rest))
    curate(lambda store, *rest: curating.pin(store, "x", "name", "Hauptserver", *rest))
    city.apply(thing("a/x", 20, memory_mib=64))
    (node,) = city.store.assets()
    assert (node.name, node.properties["memory_mib"]) == ("Hauptserver", 32)
    assert [tuple(claim) for claim in node.claims["memory_mib"]] == [("curation/a/x", 32), ("a/x", 64)]
    assert node.sources == ("a",)  # a person corrects; that does not make the thing seen
    curate(lambda store: curating.unset(store, "a/x", "memory_mib"), note=None)
    assert city.store.node(node.id).properties["memory_mib"] == 64


def test_the_later_decision_holds_though_its_computer_has_a_clock_that_is_behind(city):
    city.apply(thing("a/x", 10, SERIAL, cores=1), thing("b/x", 11, SERIAL, name="x"))
    noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    for name, number, cores, minutes in (("one", "x", "16", 5), ("two", "b/x", "32", 2), ("three", "x", "64", 0)):
        clock = partial(datetime.__add__, noon, timedelta(minutes=minutes))
        drafts = curating.pin(city.store, number, "cores", cores, NOTE)
        with closing(Outbox(city.folder / f"{name}.db", "curation", clock=clock)) as outbox:
            curating.say(drafts, outbox, clock, above=curating.latest(city.store, drafts))
            outbox.drain(city.log)
        city.apply()

        assert city.store.assets()[0].properties["cores"] == int(cores)


def test_a_correction_waits_for_an_asset_that_is_retired_and_comes_back(city, curate):
    city.apply(thing("a/x", 10, memory_mib=8))
    curate(lambda store, *rest: curating.pin(store, "x", "memory_mib", "32", *rest))
    city.apply(*(marker("a", n, 11) for n in range(PARTITIONS)))
    assert city.store.assets() == []

    city.apply(thing("a/x", 20, memory_mib=8))
    assert city.store.assets()[0].properties["memory_mib"] == 32


def test_a_correction_ends_on_its_day(city, curate):
    city.apply(thing("a/x", 10, memory_mib=8))
    curate(
        lambda store, *rest: curating.pin(store, "x", "memory_mib", "32", *rest),
        note=Note("until it is replaced", "Erika Mustermann", date(2026, 12, 31)),
    )

    assert curating.expired(city.store, date(2026, 12, 31), ["curation/a/x"]) == []
    over = curating.expired(city.store, date(2027, 1, 1), ["curation/a/x"])
    curate(lambda _store: over, note=None)
    assert city.store.assets()[0].properties["memory_mib"] == 8


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (lambda store: curating.join(store, ["a/x"], NOTE), "at least two"),
        (lambda store: curating.join(store, ["x", "office"], NOTE), "different families"),
        (lambda store: curating.separate(store, ["x"], NOTE), "nothing to be separated from"),
        (lambda store: curating.pin(store, "x", "colour", "red", NOTE), "Server has no property 'colour'"),
        (lambda store: curating.pin(store, "x", "cores", "many", NOTE), "cores: 'many' is no integer"),
        (lambda store: curating.pin(store, "x", "warranty_end", "31.12.2026", NOTE), "YYYY-MM-DD"),
        (lambda store: curating.pin(store, "x", "memory_mib", "99999999999999999999999", NOTE), "too large"),
        (lambda store: curating.pin(store, "x", "memory_mib", str(-(2**63) - 1), NOTE), "too large"),
        (lambda store: curating.pin(store, "x", "name", " ", NOTE), "an empty name says nothing"),
        (lambda store: curating.pin(store, "x", "name", "x" * 513, NOTE), "513 characters"),
        (
            lambda store: curating.pin(store, f"a/{'k' * 511}", "cores", "1", NOTE),
            "with its source it has 513 characters",
        ),
        (lambda store: curating.unset(store, "x", "cores"), "nothing was said of 'cores'"),
    ],
)
def test_a_correction_without_sense_is_refused(city, wrong, reason):
    city.apply(thing("a/x", 10), thing("b/office", 11, kind="OrganisationUnit"), thing(f"a/{'k' * 511}", 12))

    with pytest.raises(Refused, match=reason):
        wrong(city.store)
    with pytest.raises(NotFound):
        curating.pin(city.store, "nobody", "cores", "1", NOTE)


@pytest.mark.parametrize("text", [str(2**63 - 1), str(-(2**63))])
def test_the_largest_integers_can_be_set(city, curate, text):
    city.apply(thing("a/x", 10))

    curate(lambda store, *rest: curating.pin(store, "x", "memory_mib", text, *rest))
    assert city.store.assets()[0].properties["memory_mib"] == int(text)


def test_every_property_has_a_section_that_pins_it():
    for kind in KINDS.values():
        for declared in (*(item.name for item in kind.properties), "name"):
            Draft(native_key="a/x", kind=kind.label, sections={curating.section_of(declared): Section()})


def reasons(city, name):
    (node,) = [node for node in city.store.assets() if node.name == name]
    return {(item.record, r.scheme): (r.state, r.text) for item in explain(city.store, node) for r in item.reasons}


def test_every_decision_is_explained(city, curate):
    twice = Identifier(scheme="serial", value="Dell\tS2")
    junk = Identifier(scheme="serial", value="Dell\tNA")
    city.apply(
        thing("a/x", 10, SERIAL, MAC),
        thing("b/x", 11, SERIAL),
        thing("c/two", 12, SERIAL, twice),
        thing("c/na", 13, junk),
        thing("a/p", 14, Identifier(scheme="fqdn", value="p.example")),
        thing("a/q", 15, Identifier(scheme="fqdn", value="P.example.")),
    )
    assert reasons(city, "x")["a/x", "serial"] == ("joins", "the same in b/x")
    assert reasons(city, "x")["a/x", "mac"] == ("alone", "no other record has it")
    assert reasons(city, "two")["c/two", "serial"][0] == "ignored"
    assert "several values of serial" in reasons(city, "two")["c/two", "serial"][1]
    assert "junk" in reasons(city, "na")["c/na", "serial"][1]
    assert reasons(city, "p")["a/p", "fqdn"] == ("ignored", "a names several things so: it names no single asset")

    curate(lambda store, *rest: curating.separate(store, ["b/x"], *rest))
    (node,) = [node for node in city.store.assets() if node.sources == ("b",)]
    (why,) = explain(city.store, node)
    assert any(r.state == "barred" and "a person parted them" in r.text for r in why.reasons)
    assert "seen in the rack" in why.curation[0]


def test_what_bars_two_records_is_named(city):
    uuids = [Identifier(scheme="smbios-uuid", value=f"{n}c4c4544-0034-3010-8048-b6c04f503732") for n in (4, 5)]
    city.apply(thing("a/x", 10, uuids[0], SERIAL), thing("b/y", 11, uuids[1], SERIAL))

    state, text = reasons(city, "x")["a/x", "serial"]
    assert state == "barred"
    assert "smbios-uuid differs" in text


def findings(city, **expected):
    return {(f.kind, f.name): f for f in quality(city.store, expected).findings}


def test_findings_name_the_records_behind_them(city):
    unit = to("OWNED_BY", "OrganisationUnit", "Fachdienst IT")
    waiting = Relation(type="CONNECTS_TO", to=Reference(scheme="ip", value="198.18.0.9", kind="Server"))
    uuid = Identifier(scheme="smbios-uuid", value="4c4c4544-0034-3010-8048-b6c04f503732")
    other = Identifier(scheme="serial", value="Dell\tS2")
    host = Identifier(scheme="hostname", value="twin")
    city.apply(
        thing("c/Fachdienst IT", 9, Identifier(scheme="name", value="Fachdienst IT"), kind="OrganisationUnit"),
        thing("a/x", 10, uuid, SERIAL, name="x", memory_mib=8, relations=(unit, waiting)),
        thing("b/x", 11, uuid, other, name="x", memory_mib=16),
        thing("a/m", 12, MAC), thing("a/n", 13, MAC),
        thing("a/t", 14, host), thing("b/t", 15, host),
    )  # fmt: skip

    found = findings(city)
    assert found["contradiction", "x"].records == ("a/x", "b/x")
    assert found["contradiction", "x"].units == ("Fachdienst IT",)
    assert "dell:s1 (a/x); dell:s2 (b/x)" in found["contradiction", "x"].text
    assert found["disagreement", "x"].text == "memory_mib: 16 (b/x); 8 (a/x)"
    assert found["shared", "00e04c6801db"].records == ("a/m", "a/n")
    assert found["near", "twin"].records == ("a/t", "b/t")
    assert found["unanswered", "198.18.0.9"].records == ("a/x",)
    answer = quality(city.store, {})
    assert answer.by_source["b"] == {"contradiction": 1, "disagreement": 1, "near": 1}
    assert answer.by_unit["Fachdienst IT"] == {"contradiction": 1, "disagreement": 1}


def test_an_authoritative_list_is_what_coverage_is_measured_against(city):
    city.apply(thing("ad/x", 10, SERIAL), thing("a/x", 11, SERIAL), thing("ad/lost", 12), thing("a/rogue", 13))

    found = findings(city, ad=Expected(kinds=frozenset({"Server"})))
    assert found["listed-only", "lost"].sources == ("ad",)
    assert found["unlisted", "rogue"].sources == ("a",)
    assert quality(city.store, {"ad": Expected(kinds=frozenset({"Server"}))}).coverage == {"ad": (2, 1, 1)}


def test_what_only_lists_name_is_seen_by_nobody_however_many_they_are(city):
    servers = Expected(kinds=frozenset({"Server"}))
    city.apply(
        thing("ad/ghost", 10, SERIAL, name="ghost"),
        thing("einkauf/4711", 11, SERIAL, name="ghost"),
        thing("ad/half", 12),
        thing("ad/x", 13, MAC, name="x"),
        thing("a/x", 14, MAC),
    )

    found = findings(city, ad=servers, einkauf=servers)
    assert found["listed-only", "ghost"].text == "ad, einkauf list it, and no other source has seen it"
    assert found["listed-only", "ghost"].records == ("ad/ghost", "einkauf/4711")
    assert {name for kind, name in found if kind == "unlisted"} == {"x"}  # nobody saw what only another list names
    answer = quality(city.store, {"ad": servers, "einkauf": servers})
    assert answer.counts["listed-only"] == 2
    assert answer.coverage == {"ad": (3, 1, 0), "einkauf": (1, 0, 1)}


def test_what_a_person_has_set_is_no_disagreement_unless_persons_differ(city, curate):
    city.apply(thing("a/x", 10, SERIAL, memory_mib=8), thing("b/x", 11, SERIAL, memory_mib=16))
    assert ("disagreement", "x") in findings(city)

    curate(lambda store, *rest: curating.pin(store, "a/x", "memory_mib", "32", *rest))
    assert ("disagreement", "x") not in findings(city)
    curate(lambda store, *rest: curating.pin(store, "b/x", "memory_mib", "64", *rest))
    assert findings(city)["disagreement", "x"].text.startswith("memory_mib: 64 (curation/b/x); 32 (curation/a/x)")


def test_a_source_that_is_not_heard_of_is_a_finding(city):
    city.apply(thing("a/x", 10))
    seen = datetime(2026, 1, 1, tzinfo=UTC)

    found = findings(city, a=Expected(seen + timedelta(days=1)), b=Expected(seen), c=Expected(None))
    assert {name for kind, name in found if kind == "silent"} == {"a", "b"}
    assert found["silent", "b"].text == "never heard of"


def test_a_reference_moves_to_its_owner_and_back(city):
    address = Identifier(scheme="ip", value="198.18.0.9")
    waiting = Relation(type="CONNECTS_TO", to=Reference(scheme="ip", value="198.18.0.9", kind="Server"))
    city.apply(thing("a/x", 10, relations=(waiting,)))
    assert ends(city) == [("x", "Endpoint", "198.18.0.9")]

    city.apply(thing("b/owner", 11, address))
    assert ends(city) == [("x", "Server", "owner")]
    assert findings(city) == {}
    city.apply(thing("b/owner", 12))
    assert ends(city) == [("x", "Endpoint", "198.18.0.9")]


def test_a_reference_that_several_assets_answer_is_a_finding(city):
    address = Identifier(scheme="ip", value="198.18.0.9")
    unit = to("OWNED_BY", "OrganisationUnit", "Fachdienst IT")
    waiting = Relation(type="CONNECTS_TO", to=Reference(scheme="ip", value="198.18.0.9", kind="Server"))
    city.apply(
        thing("c/Fachdienst IT", 9, Identifier(scheme="name", value="Fachdienst IT"), kind="OrganisationUnit"),
        thing("a/one", 10, address), thing("a/two", 11, address), thing("b/asks", 12, relations=(unit, waiting)),
    )  # fmt: skip

    found = findings(city)["ambiguous", "198.18.0.9"]
    assert found.records == ("b/asks",)
    assert {city.store.node(asset).name for asset in found.assets} == {"one", "two", "asks"}
    assert found.text.startswith("ip 198.18.0.9 is referred to, and 2 assets have it, so that none is meant: ")
    assert (found.sources, found.units) == (("b",), ("Fachdienst IT",))
    assert quality(city.store, {}).by_source["b"] == {"ambiguous": 1}
    city.apply(thing("a/two", 13))
    assert ("ambiguous", "198.18.0.9") not in findings(city)


def test_an_old_id_is_answered_with_what_carries_on(city):
    city.apply(thing("a/old", 10, SERIAL, name="x"))
    city.apply(*(marker("a", n, 11) for n in range(PARTITIONS)))
    city.apply(thing("b/new", 12, SERIAL, name="y"))

    assert find_one(city.store, node_id("a/old")).name == "y"


def ends(city):
    nodes, edges = city.store.network(["CONNECTS_TO"])
    by_id = {node.id: node for node in nodes}
    _, edges = city.store.everything()
    pairs = [(by_id[edge.key.source_id], by_id[edge.key.target_id]) for edge in edges]
    return [(source.name, target.kind, target.name) for source, target in pairs]
