import pytest

from events.models import Identifier, Reference
from inventory.identifiers import identifiers_of, joins, own, reference_key


def keys(kind, *pairs):
    return identifiers_of(kind, [Identifier(scheme=scheme, value=value) for scheme, value in pairs])


def test_a_uuid_and_its_byte_swapped_form_are_one_identifier():
    straight = keys("Server", ("smbios-uuid", "4C4C4544-0034-3010-8048-B6C04F503732"))
    swapped = keys("Client", ("smbios-uuid", "44454c4c-3400-1030-8048-b6c04f503732"))

    assert straight == swapped
    assert len(straight) == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (("mac", "00:E0:4C:68:01:DB"), ("mac", "00e0.4c68.01db")),
        (("mac", "0:e0:4c:68:1:db"), ("mac", "00:e0:4c:68:01:db")),
        (("mac", "00-e0-4c-68-01-db"), ("mac", "00E04C6801DB")),
        (("serial", "Dell Inc.\t640HP72"), ("serial", "DELL\t640hp72")),
        (("serial", "Hewlett-Packard\tCN5BFP62CP"), ("serial", "HP Inc.\tCN5BFP62CP")),
        (("serial", "Hewlett Packard Enterprise\tCN5BFP62CP"), ("serial", "Aruba Networks\tCN5BFP62CP")),
        (("serial", "Cisco Systems, Inc.\tFOC1234X0AB"), ("serial", "Cisco\tFOC1234X0AB")),
        (("serial", "FUJITSU CLIENT COMPUTING LIMITED\tYLXX012345"), ("serial", "FUJITSU\tYLXX012345")),
        (("fqdn", "LF014.glpi-project.infra."), ("fqdn", "lf014.glpi-project.INFRA")),
        (("ip", "2001:0DB8::1"), ("ip", "2001:db8:0:0:0:0:0:1")),
        (("socket", "198.18.0.9:5432"), ("socket", " [198.18.0.9]:05432")),
        (("socket", "[2001:0DB8::1]:5432"), ("socket", "2001:db8:0:0:0:0:0:1:5432")),
    ],
)
def test_notations_of_one_value_are_one_identifier(left, right):
    assert keys("Client", left) == keys("Client", right) != frozenset()


@pytest.mark.parametrize(
    "pair",
    [
        ("serial", f"Dell Inc.\t{junk}")
        for junk in ("NA", "0", "System Serial Number", "Not Specified", "Default string", "To be filled by O.E.M.")
    ]
    + [("serial", f"ASUS\t{junk}") for junk in (".........", "XXXXXXXXXX", "None", "0000000000", "", "  ")]
    + [
        ("serial", "640HP72"),
        ("serial", "\t640HP72"),
        ("smbios-uuid", "NA"),
        ("smbios-uuid", "00000000-0000-0000-0000-000000000000"),
        ("smbios-uuid", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"),
        ("smbios-uuid", "03000200-0400-0500-0006-000700080009"),
        ("mac", "00:00:00:00:00:00"),
        ("mac", "00:00:5e:00:01:0a"),  # VRRP
        ("mac", "00:00:0c:07:ac:01"),  # HSRP
        ("mac", "02:bf:c6:12:00:09"),  # Windows load balancing
        ("mac", "02:00:4c:4f:4f:50"),  # Microsoft's loopback adapter
        ("mac", "ff:ff:ff:ff:ff:ff"),
        ("mac", "44:45:53:54:00:00"),
        ("mac", "02:42:ac:11:00:02"),
        ("mac", "01:00:5e:00:00:fb"),
        ("mac", "dev"),
        ("ip", "127.0.0.1"),
        ("ip", "::1"),
        ("ip", "fe80::1%eth0"),
        ("ip", "0.0.0.0"),
        ("socket", "127.0.0.1:5432"),
        ("socket", "[::1]:5432"),
        ("socket", "0.0.0.0:5432"),
        ("socket", "198.18.0.9:0"),
        ("socket", "198.18.0.9:65536"),
        ("socket", "198.18.0.9:http"),
        ("socket", "198.18.0.9"),
        ("socket", "srv-1:5432"),
        ("hostname", "localhost"),
        ("machine-id", "0" * 32),
        ("leika", "12345"),
        ("name", "a server's name is no identifier"),
        ("nonsense", "x"),
    ],
)
def test_junk_is_no_identifier(pair):
    assert keys("Server", pair) == frozenset()


def test_a_scheme_that_joins_is_scoped_by_the_family_of_the_kind():
    assert keys("Server", ("serial", "Apple\tC02X")) == keys("Client", ("serial", "Apple\tC02X"))
    assert keys("Server", ("serial", "Apple\tC02X")) != keys("MobileDevice", ("serial", "Apple\tC02X"))


def test_a_socket_finds_what_is_served_there_and_joins_nothing():
    (held,) = keys("DatabaseInstance", ("socket", "198.18.0.9:5432"))

    assert not joins(held)
    assert reference_key(Reference(scheme="socket", value="198.18.0.9:5432", kind="DatabaseInstance")) == held


def test_an_fqdn_is_found_by_its_whole_and_by_its_first_label():
    held = keys("Server", ("fqdn", "dc01.musterstadt.example"))

    assert held == {"computer|fqdn|dc01.musterstadt.example", "|host|dc01.musterstadt.example", "|host|dc01"}
    assert reference_key(Reference(scheme="fqdn", value="DC01.musterstadt.example", kind="Server")) in held
    assert reference_key(Reference(scheme="hostname", value="DC01", kind="Client")) in held


def test_only_kinds_that_are_named_are_identified_by_name():
    assert keys("Application", ("name", "VOIS|MESO ")) == {"application|name|vois|meso"}
    assert (
        reference_key(Reference(scheme="name", value="Vois|Meso", kind="Application")) == "application|name|vois|meso"
    )


def test_a_reference_to_junk_asks_for_nothing():
    assert reference_key(Reference(scheme="ip", value="127.0.0.1", kind="Server")) is None


def test_a_record_with_two_values_of_an_exclusive_scheme_uses_neither():
    held = keys(
        "Server", ("serial", "Dell\tA1B2"), ("serial", "Dell\tC3D4"), ("mac", "00e04c6801db"), ("mac", "00e04c6801dc")
    )

    assert own(held) == keys("Server", ("mac", "00e04c6801db"), ("mac", "00e04c6801dc"))
