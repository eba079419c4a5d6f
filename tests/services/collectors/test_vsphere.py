"""vSphere: a real simulator of a vCenter, and what it cannot show, as objects of pyVmomi."""

import socket
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from pyVmomi import vim

from events.models import Reference
from services.collectors import COLLECTORS
from services.collectors.base import SourceUnavailable
from services.collectors.vsphere import client, collector
from services.collectors.vsphere.client import Found
from services.collectors.vsphere.records import Platform, machine_draft
from tests.inventory.test_batch import observed
from tests.servers.process import free_port
from tests.servers.vcsim_server import PASSWORD, VcsimServer, require_vcsim
from tests.services.collectors.checks import assert_in_metamodel, collected, identifiers, reasons, related
from tests.services.collectors.hostile import BODY, HEADERS, answering, flood
from tests.services.collectors.recorded import recorded
from tests.services.graphs import Landscape

CLUSTERS, HOSTS, MACHINES = 2, 3, 20
ALL_HOSTS = CLUSTERS * HOSTS + 1
ALL_MACHINES = (CLUSTERS + 1) * MACHINES
"""vcsim's -vm is per resource pool: each cluster has one, and so has the host on its own."""


@pytest.fixture(scope="module")
def vcenter(tmp_path_factory):
    require_vcsim()
    server = VcsimServer(tmp_path_factory.mktemp("vcsim"), clusters=CLUSTERS, hosts=HOSTS, machines=MACHINES)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def settings(monkeypatch):
    monkeypatch.setenv("VSPHERE_PASSWORD", PASSWORD)
    return {"user": "reader", "password": "env:VSPHERE_PASSWORD", "timeout": 20}


def spoken(drafts):
    """What the drafts say, as events."""
    return [
        observed(f"vc/{draft.native_key}", 10, content, kind=draft.kind, first=0, section=name)
        for draft in drafts
        for name, content in draft.sections.items()
    ]


def checks(settings):
    collector = COLLECTORS["vsphere"]
    return list(collector.check(collector.settings.model_validate(settings)))


@pytest.mark.agents
class TestVcsim:
    """Counts are those of vcsim's own arguments."""

    def test_hosts_clusters_and_machines_are_read_with_what_runs_where(self, vcenter, settings):
        drafts, report = collected("vsphere", url=vcenter.url, ca_file=vcenter.certificate(), **settings)

        kinds = [draft.kind for draft in drafts]
        assert {kind: kinds.count(kind) for kind in set(kinds)} == {
            "Cluster": CLUSTERS,
            "Server": ALL_HOSTS,
            "VirtualMachine": ALL_MACHINES,
        }
        assert reasons(report) == {}
        hosts = {value for d in drafts if d.kind == "Server" for scheme, value in identifiers(d) if "uuid" in scheme}
        on = [related(draft, "RUNS_ON") for draft in drafts if draft.kind == "VirtualMachine"]
        assert len(hosts) == ALL_HOSTS
        assert [(len(to), to[0].scheme, to[0].value in hosts) for to in on] == [(1, "smbios-uuid", True)] * ALL_MACHINES
        members = [to.kind for draft in drafts if draft.kind == "Server" for to in related(draft, "MEMBER_OF")]
        assert members == ["Cluster"] * CLUSTERS * HOSTS

    def test_a_machine_and_a_host_say_what_names_them_and_what_they_run(self, vcenter, settings):
        drafts, _ = collected("vsphere", url=vcenter.url, verify_tls=False, **settings)

        machine = next(draft for draft in drafts if draft.sections["core"].name == "DC0_C0_RP0_VM0")
        host = next(draft for draft in drafts if draft.sections["core"].name == "DC0_C0_H0")
        assert {scheme for scheme, _ in identifiers(machine)} == {"smbios-uuid", "cloud-id", "mac"}
        assert machine.sections["core"].properties["power"] == "on"
        assert related(machine, "HAS_OS")[0].properties == {"full_name": "otherGuest"}
        assert {"smbios-uuid", "serial", "hostname", "mac"} <= {scheme for scheme, _ in identifiers(host)}
        assert related(host, "HAS_OS")[0].properties["name"] == "VMware ESXi"
        assert related(host, "IS_MODEL")[0].properties["name"] == "VMware Virtual Platform"

    def test_in_the_graph_each_host_and_machine_is_one_and_runs_where_it_does(self, vcenter, settings, tmp_path):
        """vcsim gives all hosts the same MAC addresses and the same serial number: they must stay seven."""
        drafts, _ = collected("vsphere", url=vcenter.url, verify_tls=False, **settings)
        city = Landscape(tmp_path / "city")
        city.apply(*spoken(drafts))

        counts = city.store.status().counts
        edges = [edge.key.type for edge in city.store.everything()[1]]
        city.close()
        assert {kind: counts.get(kind, 0) for kind in ("Server", "VirtualMachine", "Cluster", "Endpoint")} == {
            "Server": ALL_HOSTS,
            "VirtualMachine": ALL_MACHINES,
            "Cluster": CLUSTERS,
            "Endpoint": 0,
        }
        assert (edges.count("RUNS_ON"), edges.count("MEMBER_OF")) == (ALL_MACHINES, CLUSTERS * HOSTS)

    def test_an_unchanged_vcenter_is_told_byte_for_byte_alike(self, vcenter, settings):
        def told():
            drafts, _ = collected("vsphere", url=vcenter.url, verify_tls=False, **settings)
            return [draft.model_dump_json() for draft in drafts]

        assert told() == told()

    def test_all_is_read_in_small_pages_too(self, vcenter, settings, monkeypatch):
        whole, _ = collected("vsphere", url=vcenter.url, verify_tls=False, **settings)
        monkeypatch.setattr(client, "PAGE", 7)

        paged, _ = collected("vsphere", url=vcenter.url, verify_tls=False, **settings)
        assert [draft.native_key for draft in paged] == [draft.native_key for draft in whole]

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, vcenter, settings):
        with pytest.raises(SourceUnavailable, match="not trusted; name the authority's certificate in ca_file"):
            collected("vsphere", url=vcenter.url, **settings)

    def test_a_wrong_password_is_told_without_it(self, vcenter, settings, monkeypatch):
        monkeypatch.setenv("VSPHERE_PASSWORD", "wrong-secret")

        with pytest.raises(SourceUnavailable, match="the user or the password is not accepted") as told:
            collected("vsphere", url=vcenter.url, verify_tls=False, **settings)
        assert "wrong-secret" not in str(told.value)

    def test_check_says_what_is_visible(self, vcenter, settings):
        found = checks({"url": vcenter.url, "verify_tls": False, **settings})

        assert [check.fault for check in found] == ["", "", ""]
        assert found[1].what == f"{ALL_HOSTS} hosts are visible"
        assert found[2].what == f"{ALL_MACHINES} virtual machines are visible"


def test_a_vcenter_that_is_not_there_is_named_with_what_to_do(settings):
    url = f"https://127.0.0.1:{free_port()}"

    with pytest.raises(SourceUnavailable, match=url):
        collected("vsphere", url=url, **settings)


def test_a_server_that_is_no_vcenter_is_named(settings):
    with recorded({}) as server, pytest.raises(SourceUnavailable, match=f"{server.url}: 501"):
        collected("vsphere", url=server.url, **settings)


@pytest.mark.timeout(10)
def test_a_server_that_is_silent_is_given_up(settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(SourceUnavailable, match=f"{url}: no answer within 0.5 s"):
            collected("vsphere", url=url, **settings | {"timeout": 0.5})


@pytest.mark.parametrize("talk", [HEADERS, BODY], ids=["headers", "body"])
def test_an_answer_that_never_ends_is_given_up(settings, monkeypatch, talk):
    monkeypatch.setattr(client, "WHOLE", 2)
    with answering(talk) as port, pytest.raises(SourceUnavailable, match="not complete after"):
        collected("vsphere", url=f"http://127.0.0.1:{port}", **settings | {"timeout": 0.2})


def test_an_answer_without_a_size_is_given_up(settings):
    endless = flood(b"HTTP/1.1 200 OK\r\n\r\n<a>", b" " * 65_536)
    with answering(endless) as port, pytest.raises(SourceUnavailable, match="larger than the 1,000,000 bytes"):
        collected("vsphere", url=f"http://127.0.0.1:{port}", max_bytes=1_000_000, **settings)


@pytest.mark.parametrize("missing", ["url", "user", "password"])
def test_a_source_without_address_or_login_is_refused(settings, missing):
    with pytest.raises(ValueError, match=missing):
        COLLECTORS["vsphere"].settings.model_validate({"url": "https://vc", **settings} | {missing: ""})


def reference(of_type, number):
    return getattr(vim, of_type)(number)


def machine(**more):
    said = {
        "name": "srv-meso-01",
        "config.uuid": "4203a5c1-7e0f-6b0a-3b70-2f9d0a6a1c11",
        "config.instanceUuid": "5003a5c1-7e0f-6b0a-3b70-2f9d0a6a1c12",
        "config.guestFullName": "Debian GNU/Linux 7 (64-bit)",
        "config.tools": vim.vm.ToolsConfigInfo(toolsVersion=12352),
        "runtime.host": reference("HostSystem", "host-1"),
        "runtime.powerState": "poweredOn",
    }
    return Found("VirtualMachine", "vm-1", said | more)


def card(mac, *addresses, key=4000):
    return vim.vm.GuestInfo.NicInfo(macAddress=mac, ipAddress=list(addresses), deviceConfigId=key)


def of_machine(found, platform=None):
    draft = machine_draft(found, platform or Platform("vc"))
    assert_in_metamodel(draft)
    return draft


def test_the_tools_word_on_the_system_is_preferred_and_the_configured_one_kept():
    draft = of_machine(machine(**{"guest.guestFullName": "Debian GNU/Linux 9 (64-bit)"}))

    assert [to.properties["full_name"] for to in related(draft, "HAS_OS")] == ["Debian GNU/Linux 9 (64-bit)"]
    assert draft.sections["core"].properties["os_configured"] == "Debian GNU/Linux 7 (64-bit)"


def test_a_machine_that_is_off_keeps_what_its_tools_said():
    assert set(of_machine(machine(**{"runtime.powerState": "poweredOff"})).sections) == {"core", "network"}


def test_a_machine_without_tools_has_the_system_that_it_is_configured_for():
    draft = of_machine(machine(**{"config.tools": None}))

    assert related(draft, "HAS_OS")[0].properties["full_name"] == "Debian GNU/Linux 7 (64-bit)"


def test_addresses_are_those_of_its_cards_and_not_of_what_it_makes_itself():
    cards = [card("00:50:56:aa:00:01", "10.1.0.5"), card("02:42:ac:11:00:01", "172.17.0.1", key=-1)]

    draft = of_machine(machine(**{"guest.hostName": "srv-meso-01.stadt.example", "guest.net": cards}))
    assert {pair for pair in identifiers(draft) if pair[0] in {"ip", "fqdn"}} == {
        ("ip", "10.1.0.5"),
        ("fqdn", "srv-meso-01.stadt.example"),
    }


def cluster(**settings):
    das = vim.cluster.DasConfigInfo(**settings)
    hosts = [reference("HostSystem", f"host-{number}") for number in (1, 2, 3)]
    return Found("ClusterComputeResource", "c-1", {"name": "C1", "host": hosts, "configuration.dasConfig": das})


@pytest.mark.parametrize(
    ("settings", "kinds", "required"),
    [
        ({"enabled": True, "failoverLevel": 1}, ["Server", "Cluster"], 2),
        ({"enabled": True}, ["Server", "Cluster"], None),
        ({"enabled": False, "failoverLevel": 1}, ["Server"], None),
    ],
)
def test_a_machine_runs_on_the_cluster_too_where_that_starts_it_again(settings, kinds, required):
    platform = Platform("vc")
    drafts = [platform.add(cluster(**settings)), platform.add(Found("HostSystem", "host-1", {"name": "esx-01"}))]

    assert {to.kind for to in related(of_machine(machine(), platform), "RUNS_ON")} == set(kinds)
    assert drafts[0].sections["core"].properties.get("required") == required


def datastore(info, hosts):
    mounts = [
        vim.Datastore.HostMount(key=reference("HostSystem", f"host-{number}"), mountInfo=vim.host.MountInfo())
        for number in range(hosts)
    ]
    return Found("Datastore", "ds-1", {"name": "DS1", "info": info, "host": mounts})


VMFS = vim.host.VmfsDatastoreInfo(
    name="DS1",
    timestamp=datetime.now(UTC),
    vmfs=vim.host.VmfsVolume(uuid="5a2b-77", name="DS1", type="VMFS", capacity=1, blockSizeMb=1, maxBlocks=1),
)
NAS = vim.host.NasDatastoreInfo(
    nas=vim.host.NasVolume(name="DS1", type="NFS", capacity=1, remoteHost="10.9.0.9", remotePath="/vol")
)


@pytest.mark.parametrize(
    ("info", "hosts", "to", "records"),
    [
        (VMFS, 2, Reference(scheme="cloud-id", value="vmfs/5a2b-77", kind="StorageSystem"), 1),
        (NAS, 2, Reference(scheme="ip", value="10.9.0.9", kind="StorageSystem"), 0),
        (VMFS, 1, None, 0),
    ],
    ids=["volume", "filer", "disk of a host"],
)
def test_a_machine_depends_on_shared_storage_alone(info, hosts, to, records):
    platform = Platform("vc")
    draft = platform.add(datastore(info, hosts))

    found = of_machine(machine(datastore=[reference("Datastore", "ds-1")]), platform)
    assert related(found, "DEPENDS_ON") == ([to] if to else [])
    assert (draft is not None) == bool(records)


class Visible:
    """A vCenter that shows these objects: what the account may not see is in no list of it."""

    id = "vc"

    def __init__(self, *objects, gone=()):
        self.objects, self.gone, self.asked = objects, gone, []

    def all(self, wanted):
        self.asked += wanted
        again = self.asked.count("HostSystem") > 1
        for found in self.objects:
            if found.type in wanted:
                machines = [vm for vm in found.properties.get("vm", []) if not (again and vm._moId in self.gone)]
                yield Found(found.type, found.id, {**found.properties, "vm": machines})


def host(number, *machines):
    return Found("HostSystem", f"host-{number}", {"name": f"esx-{number}", "vm": [of_id(vm) for vm in machines]})


def of_id(number):
    return reference("VirtualMachine", f"vm-{number}")


def shown_by(server, monkeypatch, settings):
    @contextmanager
    def connected(*_):
        yield server

    monkeypatch.setattr(collector, "connect", connected)
    return collected("vsphere", url="https://vc.stadt.example", **settings)


@pytest.mark.parametrize(
    ("objects", "item"),
    [
        ((cluster(), host(1, 1), host(2), machine()), "host-3"),
        ((machine(),), "host-1"),
        ((host(1, 1, 2), machine()), "vm-2"),
        ((host(1, 1, 2),), "vm-1, vm-2"),
    ],
    ids=["a host of a cluster", "the host of a machine", "a machine of a host", "all machines"],
)
def test_what_others_tell_of_and_no_list_shows_makes_no_complete_run(monkeypatch, settings, objects, item):
    """An account that may not read a folder is shown no error, and nothing of what is in it."""
    _, report = shown_by(Visible(*objects), monkeypatch, settings)

    assert "the user may not see" in reasons(report)[item]
    assert report.counts["failed"] == 1


def test_a_machine_that_was_removed_meanwhile_is_not_missed(monkeypatch, settings):
    _, report = shown_by(Visible(host(1, 1, 2), machine(), gone={"vm-2"}), monkeypatch, settings)

    assert report.counts["failed"] == 0


def test_a_placeholder_of_a_disaster_recovery_is_skipped(monkeypatch, settings):
    """The machine itself is at the other site, and has the same UUID."""
    managed = vim.ext.ManagedByInfo(extensionKey="com.vmware.vcDr", type="placeholderVm")
    drafts, report = shown_by(Visible(host(1, 1), machine(**{"config.managedBy": managed})), monkeypatch, settings)

    assert [draft.kind for draft in drafts] == ["Server"]
    assert "placeholder" in reasons(report)["srv-meso-01"]
