"""The rules of identity as properties: nothing but the records decides, in whatever order and steps they came."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model import Holders
from inventory.identity import COMMON, Claimant, resolve, usable

SCHEMES = ("smbios-uuid", "serial", "mac", "fqdn")
identifiers = st.builds(lambda scheme, value: f"computer|{scheme}|{value}", st.sampled_from(SCHEMES), st.integers(0, 2))
claimants = st.lists(
    st.builds(
        lambda number, source, held: Claimant(f"{source}/{number}", source, frozenset(held)),
        st.integers(0, 5),
        st.sampled_from("abc"),
        st.sets(identifiers, max_size=4),
    ),
    max_size=14,
    unique_by=lambda record: record.key,
)


def usable_among(records):
    held = defaultdict(set)
    for record in records:
        for identifier in record.identifiers:
            held[identifier].add(record.key)
    return lambda identifier: usable(identifier, Holders(len(held[identifier]), frozenset(held[identifier])))


def clusters(records):
    return {frozenset(record.key for record in c) for c in resolve(records, usable_among(records))}


def record(key, *held):
    return Claimant(key, key.split("/")[0], frozenset(f"computer|{identifier}" for identifier in held))


@settings(max_examples=400, deadline=None)
@given(claimants, st.randoms())
def test_order_decides_nothing(records, rnd):
    shuffled = records[:]
    rnd.shuffle(shuffled)

    assert clusters(records) == clusters(shuffled)


@settings(max_examples=400, deadline=None)
@given(claimants)
def test_a_cluster_never_has_two_uuids(records):
    for cluster in resolve(records, usable_among(records)):
        own = [{i for i in r.identifiers if "|smbios-uuid|" in i} for r in cluster]
        assert len(set().union(*(ids for ids in own if len(ids) == 1))) <= 1


@settings(max_examples=400, deadline=None)
@given(claimants)
def test_a_lone_record_of_a_source_joins_no_other_of_it_by_a_medium_identifier(records):
    weak = [r for r in records if not any(s in i for i in r.identifiers for s in ("|smbios-uuid|", "|serial|"))]

    for cluster in resolve(weak, usable_among(weak)):
        assert len({r.source for r in cluster}) == len(cluster)


def test_seven_hosts_with_one_mac_in_one_source_stay_seven():
    hosts = [record(f"glpi/{n}", "mac|0a0b0c0d0e0f") for n in range(7)]

    assert len(clusters(hosts)) == 7


def test_one_uuid_joins_despite_another_serial():
    glpi, ocs = record("glpi/LF014", "smbios-uuid|u", "serial|a"), record("ocs/LF014", "smbios-uuid|u", "serial|b")

    assert clusters([glpi, ocs]) == {frozenset({"glpi/LF014", "ocs/LF014"})}


def test_two_uuids_stay_apart_despite_one_mac():
    assert len(clusters([record("a/1", "smbios-uuid|u", "mac|m"), record("b/1", "smbios-uuid|v", "mac|m")])) == 2


def test_what_too_many_hold_names_nobody():
    few = [record(f"s{n}/1", "serial|x") for n in range(COMMON)]
    many = [record(f"s{n}/1", "serial|x") for n in range(COMMON + 1)]

    assert len(clusters(few)) == 1
    assert len(clusters(many)) == COMMON + 1


def test_host_names_and_addresses_join_nothing():
    named = [Claimant(f"{s}/1", s, frozenset({"|host|dc01", "|ip|198.18.0.1"})) for s in "ab"]

    assert len(clusters(named)) == 2
