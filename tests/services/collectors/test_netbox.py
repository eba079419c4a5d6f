"""NetBox: samples of version 2's answers, and version 4's behind a real HTTP server."""

import json

import pytest

from services.collectors import COLLECTORS
from services.collectors.base import SourceUnavailable
from services.collectors.netbox import collector as netbox
from services.collectors.netbox.records import kind_of
from tests.inventory.test_batch import observed
from tests.services.collectors.checks import collected, identifiers, reasons, related
from tests.services.collectors.recorded import Refusal, recorded
from tests.services.graphs import Landscape
from tests.whole.samples import SAMPLES, reads_samples

TOKEN = "0123456789abcdef0123456789abcdef01234567"
SITE = {"id": 1, "url": "http://nb/api/dcim/sites/1/", "display": "Rathaus", "name": "Rathaus", "slug": "rathaus"}
ROOM = {"id": 5, "display": "Keller", "name": "Keller", "slug": "keller"}
RACK = {"id": 7, "display": "1", "name": "1"}
TENANT = {"id": 3, "display": "Fachdienst IT", "name": "Fachdienst IT", "slug": "it"}
CLUSTER = {"id": 9, "display": "esx-prod", "name": "esx-prod"}
PLATFORM = {"id": 2, "display": "VMware ESXi 8.0", "name": "VMware ESXi 8.0", "slug": "esxi-8"}
IP = {"id": 40, "display": "10.1.0.7/24", "family": {"value": 4, "label": "IPv4"}, "address": "10.1.0.7/24"}
DEVICE = {
    "id": 11,
    "url": "http://nb/api/dcim/devices/11/",
    "display": "esx-01",
    "name": "esx-01",
    "device_type": {
        "id": 21,
        "display": "PowerEdge R740",
        "manufacturer": {"id": 31, "display": "Dell", "name": "Dell", "slug": "dell"},
        "model": "PowerEdge R740",
        "slug": "r740",
    },
    "role": {"id": 4, "display": "Hypervisor", "name": "Hypervisor", "slug": "hypervisor"},
    "tenant": TENANT,
    "platform": PLATFORM,
    "serial": "640HP72",
    "asset_tag": "INV-0815",
    "site": SITE,
    "location": ROOM,
    "rack": RACK,
    "status": {"value": "decommissioning", "label": "Decommissioning"},
    "primary_ip": IP,
    "primary_ip4": IP,
    "primary_ip6": None,
    "cluster": CLUSTER,
    "description": "Frau Mustermann fragen",
    "comments": "erika.mustermann@stadt.example",
    "custom_fields": {"Kaufdatum": "2021-03-01", "Kosten": 12000, "Umgebung": {"value": 1, "label": "Produktion"}},
    "last_updated": "2026-11-25T10:00:00Z",
}
MACHINE = {
    "id": 12,
    "name": "srv-meso",
    "status": {"value": "active", "label": "Active"},
    "site": SITE,
    "cluster": CLUSTER,
    "device": {"id": 11, "display": "esx-01", "name": "esx-01"},
    "role": None,
    "tenant": None,
    "platform": {"id": 3, "name": "Debian 12"},
    "primary_ip": None,
    "vcpus": "2.00",
    "memory": 4096,
    "disk": 50,
    "custom_fields": {},
}
LISTS = {
    "dcim/sites": [SITE | {"physical_address": "Rathausplatz 1\r\n12345 Musterstadt", "contact_name": "E. Mustermann"}],
    "dcim/locations": [ROOM | {"site": SITE, "parent": None}],
    "dcim/racks": [RACK | {"site": SITE, "location": ROOM, "u_height": 42}],
    "tenancy/tenants": [TENANT],
    "dcim/devices": [DEVICE],
    "virtualization/clusters": [
        CLUSTER | {"type": {"id": 1, "name": "VMware"}, "scope_type": "dcim.site", "scope": SITE}
    ],
    "virtualization/virtual-machines": [MACHINE],
    "ipam/ip-addresses": [
        IP | {"assigned_object": {"id": 1, "device": {"id": 11}}, "dns_name": "esx-01.stadt.example", "role": None},
        {
            "id": 41,
            "address": "10.9.0.7/24",
            "assigned_object": {"id": 2, "device": {"id": 11}},
            "dns_name": "backup.stadt.example",
        },
        {
            "id": 42,
            "address": "10.1.0.99/24",
            "assigned_object": {"id": 1, "device": {"id": 11}},
            "role": {"value": "vip", "label": "VIP"},
        },
        {"id": 43, "address": "10.1.0.20/24", "assigned_object": {"id": 1, "virtual_machine": {"id": 12}}},
        {"id": 44, "address": "10.1.0.21/24", "assigned_object": None},
    ],
    "dcim/interfaces": [
        {"id": 1, "device": {"id": 11}, "mac_address": "00:11:22:33:44:55", "type": {"value": "1000base-t"}},
        {"id": 2, "device": {"id": 11}, "mac_address": "00:11:22:33:44:56", "type": {"value": "bridge"}},
        {"id": 3, "device": {"id": 11}, "mac_address": None, "type": {"value": "1000base-t"}},
    ],
    "virtualization/interfaces": [{"id": 1, "virtual_machine": {"id": 12}, "mac_address": "00:50:56:00:00:01"}],
}


def served(lists=LISTS, folder=""):
    """Each list as one page."""
    pages = {
        f"{folder}/api/{path}/": items
        if isinstance(items, Refusal)
        else {"count": len(items), "next": None, "previous": None, "results": items}
        for path, items in lists.items()
    }
    return recorded(pages)


@pytest.fixture
def token(monkeypatch):
    monkeypatch.setenv("NETBOX_TOKEN", TOKEN)
    return {"token": "env:NETBOX_TOKEN"}


def asked(token, lists=LISTS, **more):
    with served(lists) as server:
        drafts, report = collected("netbox", url=server.url, **token, **more)
    return {draft.native_key: draft for draft in drafts}, report, server


def test_all_lists_are_read_with_the_token(token):
    drafts, report, server = asked(token)

    assert {key: draft.kind for key, draft in drafts.items()} == {
        "site 1": "Location",
        "location 5": "Location",
        "rack 7": "Location",
        "tenant 3": "OrganisationUnit",
        "cluster 9": "Cluster",
        "device 11": "Server",
        "vm 12": "VirtualMachine",
    }
    assert (report.problems, report.counts["seen"]) == ([], 12)
    assert {login for _, login in server.asked} == {f"Token {TOKEN}"}


def test_a_token_of_version_4_5_is_sent_in_its_way(token, monkeypatch):
    monkeypatch.setenv("NETBOX_TOKEN", "nbt_abc.def")

    _, _, server = asked(token)
    assert {login for _, login in server.asked} == {"Bearer nbt_abc.def"}


def test_a_device_says_what_names_it_what_it_is_and_where_it_stands(token):
    device = asked(token, interfaces=True)[0]["device 11"]

    assert identifiers(device) == {
        ("hostname", "esx-01"),
        ("serial", "Dell\t640HP72"),
        ("ip", "10.1.0.7"),
        ("ip", "10.9.0.7"),  # its own; the virtual one of a pair is not
        ("fqdn", "esx-01.stadt.example"),  # of the primary address; "backup" is a service's name
        ("mac", "00:11:22:33:44:55"),
    }
    assert device.sections["core"].properties["hardware_status"] == "decommissioning"
    assert device.sections["core"].properties["asset_tag"] == "INV-0815"
    assert related(device, "IS_MODEL")[0].properties == {"name": "PowerEdge R740", "vendor": "Dell"}
    assert related(device, "HAS_OS")[0].properties == {"full_name": "VMware ESXi 8.0"}
    told = {name: [to.value for to in related(device, name)] for name in ("LOCATED_IN", "OWNED_BY", "MEMBER_OF")}
    assert told == {"LOCATED_IN": ["Rathaus / 1"], "OWNED_BY": ["Fachdienst IT"], "MEMBER_OF": ["esx-prod"]}


def test_places_lie_in_one_another_and_have_the_sites_name(token):
    drafts, _, _ = asked(token)

    within = {d.sections["core"].name: [to.value for to in related(d, "LOCATED_IN")] for d in drafts.values()}
    assert {name: within[name] for name in ("Rathaus", "Rathaus / Keller", "Rathaus / 1", "esx-prod")} == {
        "Rathaus": [],
        "Rathaus / Keller": ["Rathaus"],
        "Rathaus / 1": ["Rathaus / Keller"],
        "esx-prod": ["Rathaus"],
    }
    assert drafts["site 1"].sections["core"].properties["address"] == "Rathausplatz 1, 12345 Musterstadt"


def test_a_virtual_machine_says_what_it_has_and_runs_on(token):
    machine = asked(token, interfaces=True)[0]["vm 12"]

    assert machine.sections["core"].properties == {
        "hostname": "srv-meso",
        "os_name": "Debian 12",
        "hardware_status": "active",
        "cores": 2,
        "memory_mib": 4096,
    }
    assert {(to.kind, to.value) for to in related(machine, "RUNS_ON")} == {
        ("Cluster", "esx-prod"),
        ("Server", "esx-01"),
    }
    assert identifiers(machine) == {("hostname", "srv-meso"), ("ip", "10.1.0.20"), ("mac", "00:50:56:00:00:01")}


def test_all_is_declared(token):
    drafts, _, _ = asked(token)

    said = [r.properties for d in drafts.values() for s in d.sections.values() for r in s.relations if r.properties]
    assert said
    assert {properties["evidence"] for properties in said} == {"declared"}


def test_in_the_graph_places_lie_in_one_another_and_machines_run_on_their_host(token, tmp_path):
    drafts, _, _ = asked(token)
    city = Landscape(tmp_path / "city")
    city.apply(
        *(
            observed(f"nb/{key}", 10, content, kind=draft.kind, first=0, section=name)
            for key, draft in drafts.items()
            for name, content in draft.sections.items()
        )
    )

    names = {node.id: node.name for node in city.store.everything()[0]}
    edges = {
        (names[edge.key.source_id], edge.key.type, names[edge.key.target_id])
        for edge in city.store.everything()[1]
        if edge.key.type in {"LOCATED_IN", "RUNS_ON", "MEMBER_OF", "OWNED_BY"}
    }
    counts = city.store.status().counts
    city.close()
    assert edges == {
        ("Rathaus / 1", "LOCATED_IN", "Rathaus / Keller"),
        ("Rathaus / Keller", "LOCATED_IN", "Rathaus"),
        ("esx-01", "LOCATED_IN", "Rathaus / 1"),
        ("esx-prod", "LOCATED_IN", "Rathaus"),
        ("esx-01", "MEMBER_OF", "esx-prod"),
        ("esx-01", "OWNED_BY", "Fachdienst IT"),
        ("srv-meso", "RUNS_ON", "esx-prod"),
        ("srv-meso", "RUNS_ON", "esx-01"),
    }
    assert "Endpoint" not in counts


def test_no_person_is_taken(token):
    drafts, _, _ = asked(token)

    assert "ustermann" not in "".join(draft.model_dump_json() for draft in drafts.values())


def test_custom_fields_are_properties_where_the_source_maps_them(token):
    mapped = {"Kaufdatum": "purchase_date", "Kosten": "replacement_cost", "Umgebung": "environment"}

    told = asked(token, custom_fields=mapped)[0]["device 11"].sections["core"].properties
    assert {name: told[name] for name in mapped.values()} == {
        "purchase_date": "2021-03-01",
        "replacement_cost": 12000,
        "environment": "Produktion",
    }


def test_tenants_are_left_out_where_the_source_wants_it(token):
    drafts, _, _ = asked(token, tenants=False)

    assert "tenant 3" not in drafts
    assert related(drafts["device 11"], "OWNED_BY") == []


@pytest.mark.parametrize(
    ("setting", "value"), [("roles", {"x": "Application"}), ("custom_fields", {"x": "no_such_property"})]
)
def test_a_mapping_to_what_is_not_there_is_refused(setting, value):
    with pytest.raises(ValueError, match=r"'(Application|no_such_property)' is no"):
        COLLECTORS["netbox"].settings.model_validate({"url": "https://nb", setting: value})


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        ("Core Switch", "NetworkDevice"),
        ("Console Server", "NetworkDevice"),
        ("Firewall", "NetworkDevice"),
        ("Wireless AP", "NetworkDevice"),
        ("Server", "Server"),
        ("Hypervisor", "Server"),
        ("Drucker", "Printer"),
        ("SAN Storage", "StorageSystem"),
        ("PDU", "Utility"),
        ("USV", "Utility"),
    ],
)
def test_the_kind_is_told_by_the_role(role, kind):
    assert kind_of({"role": {"name": role, "slug": "x"}}, {}) == kind
    assert kind_of({"device_role": {"name": role, "slug": "x"}}, {}) == kind  # until version 3.5
    assert kind_of({"role": {"name": role, "slug": "x"}}, {"x": "Client"}) == "Client"


def test_a_role_that_names_no_kind_is_named_with_the_setting(token):
    odd = DEVICE | {"role": {"id": 8, "name": "Sonstiges", "slug": "sonstiges"}}

    drafts, report, _ = asked(token, LISTS | {"dcim/devices": [odd]})
    assert "device 11" not in drafts
    assert reasons(report) == {
        "device 11": "its role 'Sonstiges' names no kind; say which in the setting roles: 'sonstiges' = a kind"
    }
    assert asked(token, LISTS | {"dcim/devices": [odd]}, roles={"sonstiges": "Server"})[0]["device 11"].kind == "Server"


def test_pages_are_followed_on_the_own_address_alone(token):
    """A NetBox behind a proxy names its own address in `next`, without TLS: the token must not go there."""
    first = {"count": 2, "next": "http://inside.example/api/dcim/devices/?limit=500&offset=500", "results": [DEVICE]}
    second = {"count": 2, "next": None, "results": [DEVICE | {"id": 13, "name": "esx-02", "serial": "X"}]}
    with served() as server:
        server.answers["/api/dcim/devices/"] = first
        server.answers["/api/dcim/devices/?limit=500&offset=500"] = second
        drafts, _ = collected("netbox", url=server.url, **token)

    assert {"device 11", "device 13"} <= {draft.native_key for draft in drafts}


def test_a_list_that_refers_to_itself_ends(token):
    with served() as server:
        server.answers["/api/dcim/devices/"] = {"next": f"{server.url}/api/dcim/devices/?offset=1", "results": []}
        with pytest.raises(SourceUnavailable, match="refers to a page of it that was read already"):
            collected("netbox", url=server.url, **token)


def test_a_list_without_end_is_given_up(token, monkeypatch):
    monkeypatch.setattr(netbox, "MOST_PAGES", 3)
    with served() as server:
        for number in range(9):
            path = f"/api/dcim/devices/?offset={number}" if number else "/api/dcim/devices/"
            server.answers[path] = {"next": f"{server.url}/api/dcim/devices/?offset={number + 1}", "results": []}
        with pytest.raises(SourceUnavailable, match="no end of it"):
            collected("netbox", url=server.url, **token)


@pytest.mark.parametrize("later", [1, 3], ids=["one was deleted", "one was added"])
def test_a_list_that_changes_while_it_is_read_makes_no_complete_run(token, later):
    """Pages are counted from the first: where one before goes, the next page begins one too late."""
    first = {"count": 2, "next": "http://x/api/dcim/devices/?offset=500", "results": [DEVICE]}
    with served() as server:
        server.answers["/api/dcim/devices/"] = first
        server.answers["/api/dcim/devices/?offset=500"] = {"count": later, "next": None, "results": []}
        drafts, report = collected("netbox", url=server.url, **token)

    assert "device 11" in {draft.native_key for draft in drafts}
    assert "changed while it was read" in reasons(report)["dcim/devices"]
    assert report.counts["failed"] == 1


def test_a_netbox_that_shows_no_device_and_no_machine_makes_no_complete_run(token):
    """Where the permission's constraints fit nothing, NetBox answers with empty lists."""
    _, report, _ = asked(token, LISTS | {"dcim/devices": [], "virtualization/virtual-machines": []})

    assert "none is visible" in reasons(report)["devices and virtual machines"]
    assert report.counts["failed"] == 1


def test_a_list_of_what_netbox_does_not_have_is_named(token):
    with pytest.raises(SourceUnavailable, match=r"dcim/sites.*no list of NetBox"):
        asked(token, LISTS | {"dcim/sites": [{"strange": 1}]})


def test_a_netbox_in_a_folder_is_asked_there(token):
    with served(folder="/netbox") as server:
        drafts, _ = collected("netbox", url=f"{server.url}/netbox/", **token)

    assert len(drafts) == 7


def test_an_older_version_has_no_locations(token):
    drafts, _, _ = asked(token, LISTS | {"dcim/locations": Refusal(404)})

    assert "device 11" in drafts


def test_a_list_that_may_not_be_seen_ends_the_run(token):
    with pytest.raises(SourceUnavailable, match="HTTP 403: the account may not read this"):
        asked(token, LISTS | {"tenancy/tenants": Refusal(403)})


def test_check_names_each_list_that_may_not_be_seen(token):
    with served(LISTS | {"dcim/racks": Refusal(403)}) as server:
        collector = COLLECTORS["netbox"]
        found = list(collector.check(collector.settings.model_validate({"url": server.url, **token})))

    assert len(found) == len(netbox.ENDPOINTS)
    assert [check.fault for check in found if check.fault] == [
        "the token may not see it; add a permission with the action 'view' for dcim/racks"
    ]
    assert "dcim/devices: 1 objects" in {check.what for check in found}


def test_saved_lists_say_the_same_whatever_their_names(token, tmp_path):
    for number, (path, items) in enumerate(LISTS.items()):
        told = [item | {"url": f"http://nb/api/{path}/{item['id']}/"} for item in items]
        (tmp_path / f"{number}.json").write_text(json.dumps(told if number % 2 else {"results": told}))
    live, _, _ = asked(token, interfaces=True)

    saved, report = collected("netbox", tmp_path)
    assert {draft.native_key: draft for draft in saved} == live
    assert report.problems == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "an empty list"),
        ({"count": 0, "results": []}, "an empty list"),
        ([{"id": 1, "name": "x"}], "no list of NetBox that is read"),
        ("text", "JSON, but no list of NetBox"),
        ([{"id": 1, "model": "R740", "manufacturer": {"name": "Dell"}}], "it only adds to things"),
    ],
)
def test_a_file_that_says_nothing_is_named_with_its_reason(tmp_path, value, reason):
    (tmp_path / "a.json").write_text(json.dumps(value))

    drafts, report = collected("netbox", tmp_path)
    assert drafts == []
    assert reason in " ".join(reasons(report).values())


@reads_samples
class TestSamples:
    """11 devices (9 switches and routers, 2 PDUs) in 2 racks of 1 site, 1 cluster with 1 machine, 18 addresses."""

    def test_the_folder_is_read_as_a_whole(self):
        drafts, report = collected("netbox", SAMPLES / "netbox-api")

        kinds = [draft.kind for draft in drafts]
        assert {kind: kinds.count(kind) for kind in set(kinds)} == {
            "NetworkDevice": 9,
            "Utility": 2,
            "Location": 3,
            "Cluster": 1,
            "VirtualMachine": 1,
        }
        assert reasons(report) == {"LICENSE": "not read: its name does not end in .json"}
        assert report.counts["seen"] == 8

    def test_a_device_of_version_2_has_its_addresses_and_its_model(self):
        drafts, _ = collected("netbox", SAMPLES / "netbox-api")

        device = next(draft for draft in drafts if draft.native_key == "device 2")
        ips = {value for scheme, value in identifiers(device) if scheme == "ip"}
        assert ips == {"10.0.254.1", "10.15.22.2", "10.16.22.2", "169.254.1.2"}
        assert related(device, "IS_MODEL")[0].properties == {"name": "EX9214", "vendor": "Juniper"}
        assert [to.value for to in related(device, "LOCATED_IN")] == ["TEST1 / A1R1"]

    @pytest.mark.parametrize(
        ("file", "records"),
        [
            ("dcim/devices.json", 14),  # 11 devices, and the site and the 2 racks that they stand in
            ("dcim/sites.json", 1),
            ("dcim/device_types.json", 0),
            ("dcim/platforms.json", 0),
            ("ipam/ip_addresses.json", 0),
            ("virtualization/clusters.json", 1),
            ("virtualization/virtual_machines.json", 1),
        ],
    )
    def test_each_file_alone_is_read_or_named(self, file, records):
        drafts, report = collected("netbox", SAMPLES / "netbox-api" / "tests" / "fixtures" / file)

        assert len(drafts) == records
        assert bool(report.problems) == (records == 0)
