"""Proxmox VE: samples of its answers, and answers in the documented form behind a real HTTP server."""

import json
from copy import deepcopy

import pytest

from inventory.lifecycle import load_table
from inventory.matching import Matcher
from services.collectors import COLLECTORS
from services.collectors.base import SourceUnavailable
from tests.inventory.feeding import said
from tests.inventory.test_batch import observed
from tests.services.collectors.checks import collected, identifiers, reasons, related
from tests.services.collectors.recorded import Refusal, recorded
from tests.services.graphs import Landscape
from tests.whole.samples import SAMPLES, reads_samples

SECRET = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
UUID = "7d8fc2e1-56b9-4f7c-8a35-1f4f5a0c9d21"
API = "/api2/json"
CA = "5C:D2:AB:01:02:03"
OWN = "proxmox/5cd2ab010203"
"""What the authority's fingerprint makes of it."""
ANSWERS = {
    "version": {"release": "8.2", "repoid": "faa83925", "version": "8.2.4"},
    "access/permissions": {"/": {"Sys.Audit": 1, "VM.Audit": 1, "VM.Monitor": 1}},
    "cluster/status": [
        {"type": "cluster", "id": "cluster", "name": "rathaus", "nodes": 2, "quorate": 1, "version": 4},
        {"type": "node", "id": "node/pve1", "name": "pve1", "ip": "10.1.0.11", "online": 1, "nodeid": 1, "local": 1},
        {"type": "node", "id": "node/pve2", "name": "pve2", "ip": "10.1.0.12", "online": 0, "nodeid": 2, "local": 0},
    ],
    "nodes": [
        {"node": "pve1", "type": "node", "status": "online", "maxcpu": 16, "maxmem": 68719476736, "uptime": 9},
        {"node": "pve2", "type": "node", "status": "offline"},
    ],
    "cluster/resources": [
        {"type": "node", "id": "node/pve1", "node": "pve1", "status": "online", "maxcpu": 16},
        {"type": "storage", "id": "storage/pve1/local", "node": "pve1", "storage": "local", "status": "available"},
        {
            "type": "qemu", "id": "qemu/100", "vmid": 100, "node": "pve1", "name": "srv-meso", "status": "running",
            "template": 0, "maxcpu": 4, "maxmem": 8589934592, "uptime": 7, "cpu": 0.5, "hastate": "started",
        },
        {
            "type": "qemu", "id": "qemu/101", "vmid": 101, "node": "pve2", "name": "srv-alt", "status": "stopped",
            "template": 0, "maxcpu": 1, "maxmem": 1073741824,
        },
        {"type": "qemu", "id": "qemu/900", "vmid": 900, "node": "pve1", "name": "muster", "template": 1},
        {
            "type": "lxc", "id": "lxc/200", "vmid": 200, "node": "pve1", "name": "ct-web", "status": "running",
            "template": 0, "maxcpu": 1, "maxmem": 536870912,
        },
    ],
    "nodes/pve1/status": {
        "pveversion": "pve-manager/8.2.4/faa83925c9641325",
        "kversion": "Linux 6.8.8-2-pve #1 SMP",
        "current-kernel": {"release": "6.8.8-2-pve", "machine": "x86_64", "sysname": "Linux"},
        "cpuinfo": {"model": "AMD EPYC 7302P", "cpus": 32, "cores": 16, "sockets": 1},
        "memory": {"total": 67430121472, "used": 5, "free": 6},
        "uptime": 99,
        "loadavg": ["0.1", "0.2", "0.3"],
    },
    "nodes/pve1/certificates/info": [
        {"filename": "pve-root-ca.pem", "subject": "/CN=Proxmox Virtual Environment", "fingerprint": CA},
        {"filename": "pve-ssl.pem", "subject": "/OU=PVE Cluster Node/O=Proxmox/CN=pve1.stadt.example"},
    ],
    "nodes/pve1/qemu/100/config": {
        "name": "srv-meso", "ostype": "l26", "agent": "1,fstrim_cloned_disks=1", "digest": "x", "cores": 4,
        "smbios1": f"uuid={UUID},manufacturer=YWJj,base64=1", "net0": "virtio=BC:24:11:5E:00:01,bridge=vmbr0",
        "net1": "e1000=BC:24:11:5E:00:02,bridge=vmbr1",
    },
    "nodes/pve1/qemu/100/agent/get-osinfo": {
        "result": {
            "id": "debian", "name": "Debian GNU/Linux", "pretty-name": "Debian GNU/Linux 12 (bookworm)",
            "version": "12 (bookworm)", "version-id": "12", "kernel-release": "6.1.0-22-amd64", "machine": "x86_64",
        }
    },
    "nodes/pve1/qemu/100/agent/network-get-interfaces": {
        "result": [
            {"name": "lo", "hardware-address": "00:00:00:00:00:00", "ip-addresses": [{"ip-address": "127.0.0.1"}]},
            {"name": "ens18", "hardware-address": "bc:24:11:5e:00:01", "ip-addresses": [{"ip-address": "10.1.0.50"}]},
            {"name": "br0", "hardware-address": "02:42:aa:bb:cc:dd", "ip-addresses": [{"ip-address": "172.17.0.1"}]},
        ]
    },
    "nodes/pve2/qemu/101/config": {"name": "srv-alt", "ostype": "win10", "net0": "virtio=BC:24:11:5E:01:01"},
    "nodes/pve1/qemu/900/config": {"name": "muster", "template": 1, "digest": "z"},
    "nodes/pve1/lxc/200/config": {
        "hostname": "ct-web", "ostype": "debian", "arch": "amd64", "digest": "v",
        "net0": "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:5E:02:01,ip=10.1.0.60/24,type=veth",
    },
    "nodes/pve1/lxc/200/interfaces": [
        {"name": "lo", "hwaddr": "00:00:00:00:00:00", "inet": "127.0.0.1/8"},
        {"name": "eth0", "hwaddr": "bc:24:11:5e:02:01", "inet": "10.1.0.60/24", "inet6": "fd00::60/64"},
    ],
}  # fmt: skip
"""Of a cluster of two nodes, one of which is off; in the form that the API's documents give."""


def served(answers=ANSWERS):
    return recorded({f"{API}/{path}": v if isinstance(v, Refusal) else {"data": v} for path, v in answers.items()})


@pytest.fixture
def login(monkeypatch):
    monkeypatch.setenv("PVE_TOKEN", SECRET)
    return {"token_id": "landkarte@pve!inventory", "token": "env:PVE_TOKEN"}


def asked(login, answers=ANSWERS, **more):
    with served(answers) as server:
        drafts, report = collected("proxmox", url=server.url, **login, **more)
    return {draft.native_key: draft for draft in drafts}, report, server


def changed(**answers):
    return {**deepcopy(ANSWERS), **answers}


def test_a_cluster_its_nodes_and_guests_are_read(login):
    drafts, report, server = asked(login)

    assert {key: draft.kind for key, draft in drafts.items()} == {
        "cluster": "Cluster",
        "node pve1": "Server",
        "node pve2": "Server",
        "guest 100": "VirtualMachine",
        "guest 101": "VirtualMachine",
        "guest 200": "VirtualMachine",
    }
    assert reasons(report) == {"guest 900": "a template: it never runs"}
    assert {token for _, token in server.asked} == {f"PVEAPIToken=landkarte@pve!inventory={SECRET}"}
    assert SECRET not in "".join(draft.model_dump_json() for draft in drafts.values())


def test_a_node_says_its_system_and_its_full_name(login):
    node = asked(login)[0]["node pve1"]

    assert identifiers(node) == {
        ("hostname", "pve1"),
        ("fqdn", "pve1.stadt.example"),
        ("ip", "10.1.0.11"),
        ("cloud-id", f"{OWN}/pve1"),
    }
    assert node.sections["system"].properties["kernel"] == "6.8.8-2-pve"
    (system,) = related(node, "HAS_OS")
    (cycle,) = Matcher(load_table()).system(system.properties).cycles
    assert (cycle.product, cycle.name) == ("proxmox-ve", "8")
    assert [to.value for to in related(node, "MEMBER_OF")] == [OWN]


def test_a_node_that_is_off_keeps_what_it_said(login):
    assert set(asked(login)[0]["node pve2"].sections) == {"core"}


def test_a_virtual_machine_says_what_names_it_and_what_its_agent_tells(login):
    guest = asked(login)[0]["guest 100"]

    assert identifiers(guest) == {
        ("smbios-uuid", UUID),
        ("mac", "BC:24:11:5E:00:01"),
        ("mac", "BC:24:11:5E:00:02"),
        ("hostname", "srv-meso"),
        ("cloud-id", f"{OWN}/guest/100"),
        ("ip", "10.1.0.50"),
    }
    assert related(guest, "HAS_OS")[0].properties["full_name"] == "Debian GNU/Linux 12 (bookworm)"
    assert (guest.sections["core"].properties["memory_mib"], guest.sections["core"].properties["cores"]) == (8192, 4)
    assert {(to.kind, to.value) for to in related(guest, "RUNS_ON")} == {
        ("Server", f"{OWN}/pve1"),
        ("Cluster", OWN),  # its high availability starts it again elsewhere
    }


def test_a_container_says_its_distribution_and_its_addresses(login):
    guest = asked(login)[0]["guest 200"]

    assert identifiers(guest) == {
        ("mac", "BC:24:11:5E:02:01"),
        ("hostname", "ct-web"),
        ("cloud-id", f"{OWN}/guest/200"),
        ("ip", "10.1.0.60"),
        ("ip", "fd00::60"),
    }
    assert related(guest, "HAS_OS")[0].properties == {"name": "debian"}
    assert guest.sections["core"].properties["virtualisation"] == "lxc"


def test_what_a_machine_is_configured_for_is_no_system(login):
    guest = asked(login)[0]["guest 101"]

    assert related(guest, "HAS_OS") == []
    assert guest.sections["core"].properties["os_configured"] == "win10"
    assert set(guest.sections) == {"core"}  # it is off: its agent is not asked, and what it said is kept


def test_in_the_graph_a_guest_runs_on_its_node_whatever_else_has_the_nodes_short_name(login, tmp_path):
    """An agent on another computer that is called pve1 too: a name alone would name both."""
    drafts, _, _ = asked(login)
    city = Landscape(tmp_path / "city")
    said_so = [
        observed(f"pve/{draft.native_key}", 10, content, kind=draft.kind, first=0, section=name)
        for draft in drafts.values()
        for name, content in draft.sections.items()
    ]
    city.apply(*said_so, said("glpi", "Server", "pve1", at=10))

    (guest,) = city.store.assets(kinds=["VirtualMachine"], name="srv-meso")
    on = {(item.other.kind, item.other.name) for item in city.store.relationships(guest.id, types=["RUNS_ON"])}
    city.close()
    assert on == {("Server", "pve1"), ("Cluster", "rathaus")}


def test_a_guest_runs_on_its_node_when_that_is_off_too(login):
    """When a node fails is when it counts what ran there: the relation must not change then."""
    off = changed(**{"nodes/pve2/certificates/info": ANSWERS["nodes/pve1/certificates/info"][:1]})
    off["nodes"] = [{"node": "pve1", "status": "offline"}, {"node": "pve2", "status": "online"}]
    off["nodes/pve2/status"] = {"pveversion": "pve-manager/8.2.4/x"}

    assert related(asked(login, off)[0]["guest 100"], "RUNS_ON") == related(asked(login)[0]["guest 100"], "RUNS_ON")


def test_load_and_uptime_change_nothing(login):
    later = changed()
    later["cluster/resources"][2] |= {"uptime": 900, "cpu": 0.9, "mem": 5}
    later["nodes/pve1/status"] |= {
        "uptime": 901,
        "loadavg": ["9", "9", "9"],
        "memory": {"total": 67430121472, "used": 9},
    }

    first, _, _ = asked(login)
    second, _, _ = asked(login, later)
    assert {k: d.model_dump_json() for k, d in first.items()} == {k: d.model_dump_json() for k, d in second.items()}


def test_agents_are_asked_only_where_the_source_wants_it(login):
    drafts, _, server = asked(login, agent=False)

    assert not any("agent" in path or "interfaces" in path for path, _ in server.asked)
    assert set(drafts["guest 100"].sections) == {"core"}


@pytest.mark.parametrize(("status", "reason"), [(403, "VM.GuestAgent.Audit"), (500, "HTTP 500")])
def test_an_agent_that_is_not_to_be_asked_is_named_and_its_word_kept(login, status, reason):
    drafts, report, _ = asked(login, changed(**{"nodes/pve1/qemu/100/agent/get-osinfo": Refusal(status)}))

    assert set(drafts["guest 100"].sections) == {"core"}
    assert reason in reasons(report)["agent in guest 100"]
    assert report.counts["failed"] == 0


def test_a_guest_that_cannot_be_read_is_named_and_the_others_are_read(login):
    drafts, report, _ = asked(login, changed(**{"nodes/pve1/qemu/100/config": Refusal(500)}))

    assert "guest 100" not in drafts
    assert {"guest 101", "guest 200"} <= drafts.keys()
    assert "HTTP 500" in reasons(report)["guest 100"]
    assert report.counts["failed"] == 1


def test_a_token_without_rights_looks_like_no_empty_cluster(login):
    with pytest.raises(SourceUnavailable, match="pveum acl modify / --tokens 'landkarte@pve!inventory'"):
        asked(login, changed(**{"access/permissions": {"/": {}}}))


@pytest.mark.parametrize(
    ("rights", "where"),
    [
        ({"/": {"Sys.Audit": 1}, "/vms/100": {"VM.Audit": 1}}, "/vms"),
        ({"/": {"Sys.Audit": 1, "VM.Audit": 1}, "/vms": {"Sys.Audit": 1}}, "/vms"),
        ({"/": {"Sys.Audit": 1, "VM.Audit": 0}, "/vms/100": {"VM.Audit": 1}}, "/vms"),
        ({"/": {"Sys.Audit": 1, "VM.Audit": 1}, "/vms/101": {"VM.Console": 1}}, "/vms/101"),
    ],
    ids=["one guest alone", "none below", "not handed down", "taken from one guest"],
)
def test_a_token_that_may_see_some_guests_alone_makes_no_complete_run(login, rights, where):
    """The cluster leaves out what it may not see, with a status of 200."""
    drafts, report, _ = asked(login, changed(**{"access/permissions": rights}))

    assert "guest 100" in drafts
    assert "pveum acl modify" in reasons(report)[f"right VM.Audit on {where}"]
    assert report.counts["failed"] == 1


@pytest.mark.parametrize("path", ["cluster/resources", "nodes"])
@pytest.mark.parametrize("value", [None, {}, "x"])
def test_an_answer_that_says_nothing_is_no_empty_cluster(login, path, value):
    with pytest.raises(SourceUnavailable, match=rf"{path}.*is not what Proxmox VE answers"):
        asked(login, changed(**{path: value}))


def test_a_guest_whose_configuration_is_empty_is_named(login):
    drafts, report, _ = asked(login, changed(**{"nodes/pve1/qemu/100/config": None}))

    assert "guest 100" not in drafts
    assert report.counts["failed"] == 1


def test_a_guest_restored_beside_the_first_stays_another(login, tmp_path):
    """A backup that is restored under another number has the UUID and the MAC addresses of the first."""
    answers = changed()
    answers["cluster/resources"] += [{**answers["cluster/resources"][2], "id": "qemu/555", "vmid": 555}]
    answers["nodes/pve1/qemu/555/config"] = answers["nodes/pve1/qemu/100/config"]
    drafts, _, _ = asked(login, answers | {"nodes/pve1/qemu/555/agent/get-osinfo": {"result": {}}})

    city = Landscape(tmp_path / "city")
    city.apply(
        *(
            observed(f"pve/{key}", 10, content, kind=draft.kind, first=0, section=name)
            for key, draft in drafts.items()
            for name, content in draft.sections.items()
        )
    )
    counts = city.store.status().counts
    city.close()
    assert counts["VirtualMachine"] == 4


def test_a_refused_token_is_told_without_it(login):
    with pytest.raises(SourceUnavailable, match="HTTP 401: the secret is not accepted") as told:
        asked(login, changed(**{"access/permissions": Refusal(401)}))
    assert SECRET not in str(told.value)


def test_a_source_needs_a_token_and_either_an_address_or_files(tmp_path):
    model = COLLECTORS["proxmox"].settings
    for wrong in ({}, {"url": "https://pve:8006", "paths": [tmp_path]}):
        with pytest.raises(ValueError, match="either url"):
            model.model_validate(wrong)
    with pytest.raises(SourceUnavailable, match="token_id and token must be set"):
        collected("proxmox", url="https://pve:8006")


def test_check_names_each_right_that_is_missing(login):
    collector = COLLECTORS["proxmox"]
    with served(changed(**{"access/permissions": {"/": {"VM.Audit": 1}}})) as server:
        found = list(collector.check(collector.settings.model_validate({"url": server.url, **login})))

    faults = {check.what: check.fault for check in found}
    assert f"{server.url} answers: Proxmox VE 8.2.4" in faults
    assert "pveum acl modify" in faults["right Sys.Audit (nodes)"]
    assert faults["right VM.Audit (guests)"] == ""
    assert "VM.GuestAgent.Audit" in faults["right to ask guest agents"]


def test_saved_answers_in_the_paths_of_the_api_say_the_same(login, tmp_path):
    for path, value in ANSWERS.items():
        file = tmp_path / f"{path}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"data": value}))
    (tmp_path / "version.json").unlink()  # a live source takes each node's own word alone

    saved, report = collected("proxmox", tmp_path)
    live, _, _ = asked(login)
    assert {draft.native_key: draft for draft in saved} | {"node pve2": live["node pve2"]} == live
    assert report.counts["failed"] == 0


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("a.json", {"data": []}, "a list with nothing in it"),
        ("a.json", [{"iface": "eth0"}], "a list with nothing in it that is read"),
        ("a.json", {"smbios1": "uuid=x"}, "Save it as nodes/NODE/qemu/VMID/config.json"),
        ("a.json", {"pveversion": "pve-manager/8.2.4/x"}, "Save it as nodes/NODE/status.json"),
        ("a.json", "text", "no answer of the Proxmox API"),
        ("version.json", ANSWERS["version"], "it only adds to things that other files list"),
    ],
)
def test_a_file_that_says_nothing_is_named_with_its_reason(tmp_path, name, value, reason):
    (tmp_path / name).write_text(json.dumps(value))

    drafts, report = collected("proxmox", tmp_path)
    assert drafts == []
    assert reason in " ".join(reasons(report).values())


def test_a_name_that_no_record_can_have_costs_no_other_guest(tmp_path):
    guests = [{"vmid": 1, "name": "x" * 600}, {"vmid": 2, "name": "good"}]
    (tmp_path / "qemu.json").write_text(json.dumps(guests))

    drafts, report = collected("proxmox", tmp_path)
    assert [draft.native_key for draft in drafts] == ["guest 2"]
    assert "512" in reasons(report)["guest 1"]


@reads_samples
def test_the_samples():
    """nodes.json: 3, one of them off; qemu.json: 2; lxc.json: 2; version.json: 9.1.6, of the node that was asked."""
    drafts, report = collected("proxmox", SAMPLES / "proxmox")

    assert {draft.native_key: (draft.kind, draft.sections["core"].name) for draft in drafts} == {
        "node pve1": ("Server", "pve1"),
        "node pve2": ("Server", "pve2"),
        "node pve3": ("Server", "pve3"),
        "guest 100": ("VirtualMachine", "vm-web"),
        "guest 101": ("VirtualMachine", "vm-db"),
        "guest 200": ("VirtualMachine", "ct-nginx"),
        "guest 201": ("VirtualMachine", "ct-backup"),
    }
    assert {to.properties["version"] for draft in drafts for to in related(draft, "HAS_OS")} == {"9.1.6"}
    assert all(related(draft, "RUNS_ON") == [] for draft in drafts)  # the files do not say on which of the three
    assert (report.counts["seen"], report.problems) == (4, [])
