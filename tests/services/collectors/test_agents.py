"""Inventories of GLPI, FusionInventory and OCS agents: samples of real ones, the real agents, and bad input."""

import json
import os
import shutil
import subprocess

import pytest

from services.collectors.agent_inventory import kind_of
from services.collectors.base import SourceUnavailable
from tests.services.collectors.checks import assert_in_metamodel, collected, identifiers, reasons, related
from tests.whole.samples import SAMPLES, needed

INVENTORY = {
    "deviceid": "PC-1-2026",
    "itemtype": "Computer",
    "content": {
        "hardware": {"name": "PC-1", "uuid": "4C4C4544-0034-3010-8048-B6C04F503732", "chassis_type": "Laptop"},
        "bios": {"smanufacturer": "Dell Inc.", "smodel": "XPS 13", "ssn": "640HP72", "bdate": "02/06/2016"},
        "operatingsystem": {"name": "Debian", "version": "12", "full_name": "Debian GNU/Linux 12 (bookworm)"},
        "users": [{"login": "erika.mustermann"}],
        "softwares": [
            {"name": "tar", "version": "1.34", "from": "deb"},
            {"name": "tar", "version": "1.34", "from": "deb"},
        ],
        "networks": [
            {"mac": "00:e0:4c:68:01:db", "ipaddress": "198.18.0.5", "type": "ethernet"},
            {"mac": "52:54:00:74:5e:f1", "ipaddress": "192.168.122.1", "type": "bridge", "virtualdev": True},
        ],
    },
}


def write(folder, name, value):
    path = folder / name
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return path


def xml(content, query="INVENTORY", device="PC-2"):
    return (
        f"<REQUEST><CONTENT>{content}</CONTENT><DEVICEID>{device}</DEVICEID><QUERY>{query}</QUERY></REQUEST>".encode()
    )


def test_an_inventory_becomes_a_record_in_sections(tmp_path):
    (draft,), report = collected("glpi", write(tmp_path, "pc.json", INVENTORY))

    assert (draft.native_key, draft.kind, set(draft.sections)) == (
        "PC-1-2026",
        "Client",
        {"core", "system", "network", "software"},
    )
    assert draft.sections["core"].name == "PC-1"
    assert draft.sections["core"].properties["bios_date"] == "2016-02-06"
    assert identifiers(draft) == {
        ("smbios-uuid", "4C4C4544-0034-3010-8048-B6C04F503732"),
        ("serial", "Dell Inc.\t640HP72"),
        ("hostname", "PC-1"),
        ("mac", "00:e0:4c:68:01:db"),
        ("ip", "198.18.0.5"),
    }
    assert [item.properties["name"] for item in related(draft, "INSTALLED")] == ["tar"]
    assert related(draft, "HAS_OS")[0].properties["full_name"] == "Debian GNU/Linux 12 (bookworm)"
    assert report.counts == {"seen": 1}


def test_no_person_is_taken(tmp_path):
    (draft,), _ = collected("glpi", write(tmp_path, "pc.json", INVENTORY))

    assert "mustermann" not in draft.model_dump_json()


def test_a_partial_inventory_has_only_the_sections_it_mentions(tmp_path):
    partial = {
        "deviceid": "PC-1-2026",
        "partial": True,
        "content": {"hardware": {"name": "PC-1"}, "cpus": [{"name": "i5"}]},
    }

    (draft,), _ = collected("glpi", write(tmp_path, "pc.json", partial))
    assert set(draft.sections) == {"core", "processor"}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"hardware": {"chassis_type": "Notebook"}}, "Client"),
        ({"hardware": {"chassis_type": "Rack Mount Chassis"}}, "Server"),
        ({"hardware": {"chassis_type": "Rack Mount Chassis", "vmsystem": "VMware"}}, "VirtualMachine"),
        ({"hardware": {"vmsystem": "Physical"}, "operatingsystem": {"full_name": "Windows Server 2019"}}, "Server"),
        ({"hardware": {}, "operatingsystem": {"full_name": "VMware ESXi 7.0.3"}}, "Server"),
        ({"hardware": {}, "operatingsystem": {"full_name": "Microsoft Windows 10 Pro"}}, "Client"),
    ],
)
def test_the_kind_is_told_by_hypervisor_chassis_and_system(content, kind):
    assert kind_of(content) == kind


@pytest.mark.parametrize("system", ["lxc", "LXC", "Docker", "OpenVZ", "systemd_nspawn"])
def test_a_container_is_not_named_by_the_firmware_of_its_host(tmp_path, system):
    """It sees the host's UUID and serial number: with them, all containers and their host would be one."""
    content = {
        "hardware": {"name": "ct-web", "vmsystem": system, "uuid": "7d8fc2e1-56b9-4f7c-8a35-1f4f5a0c9d21"},
        "bios": {"smanufacturer": "Dell Inc.", "ssn": "ABC1234"},
        "networks": [{"mac": "bc:24:11:5e:02:01", "type": "ethernet"}],
    }
    write(tmp_path, "ct.json", {"deviceid": "ct-web", "content": content})
    (draft,), _ = collected("glpi", tmp_path)

    assert draft.kind == "VirtualMachine"
    assert identifiers(draft) == {("hostname", "ct-web"), ("mac", "bc:24:11:5e:02:01")}


def test_a_database_server_is_a_thing_that_runs_on_the_computer(tmp_path):
    services = [
        {"type": "postgresql", "name": "PostgreSQL", "version": "15.6", "port": 5432, "is_active": True},
        {"type": "exotic", "name": "FooDB", "version": "1"},
        {"version": "2"},
        "odd",
    ]
    content = INVENTORY["content"] | {"databases_services": services}
    drafts, _ = collected("glpi", write(tmp_path, "pc.json", INVENTORY | {"content": content}))

    found = {d.native_key: (d.sections["core"].name, d.sections["core"].properties) for d in drafts[1:]}
    assert found == {
        "PC-1-2026 PostgreSQL 5432": ("PostgreSQL on pc-1:5432", {"engine": "PostgreSQL", "version": "15.6"}),
        "PC-1-2026 FooDB": ("FooDB on pc-1", {"engine": "FooDB", "version": "1"}),
    }
    assert ("socket", "198.18.0.5:5432") in identifiers(drafts[1])
    (host,) = related(drafts[1], "RUNS_ON")
    assert (host.scheme, host.value) == ("smbios-uuid", "4C4C4544-0034-3010-8048-B6C04F503732")


@pytest.mark.parametrize(
    ("data", "what", "reason"),
    [
        (b"", "failed", "empty"),
        (b'{"deviceid": "cut', "failed", "not readable as JSON"),
        (b"\xff\xfe\x00binary", "failed", "not readable as JSON"),
        (b"[" * 200_000, "failed", "not readable as JSON"),
        (b'{"deviceid": "x", "content": {"hardware": {"name": "' + b"x" * 5000 + b'"}}}', "failed", "not usable"),
        (b"[1, 2]", "skipped", "no object"),
        (b'{"title": "a schema"}', "skipped", "no 'content'"),
        (b'{"content": {}}', "skipped", "no 'deviceid'"),
        (b'{"deviceid": "x", "content": {}}', "skipped", "without any section"),
        (b'{"deviceid": "x", "itemtype": "Unmanaged", "content": {"a": 1}}', "skipped", "'Unmanaged'"),
    ],
)
def test_a_bad_json_file_is_named_with_its_reason_and_the_rest_goes_on(tmp_path, data, what, reason):
    write(tmp_path, "a-bad.json", data)
    write(tmp_path, "b-good.json", INVENTORY)

    drafts, report = collected("glpi", tmp_path)
    assert [draft.native_key for draft in drafts] == ["PC-1-2026"]
    assert report.counts == {"seen": 2, what: 1}
    assert reason in reasons(report)["a-bad.json"]


@pytest.mark.parametrize(
    ("data", "what", "reason"),
    [
        (b"", "failed", "empty"),
        (b"<REQUEST><CONTENT>", "failed", "not readable as XML"),
        (b"\x00\x01\x02", "failed", "not readable as XML"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><REQUEST>&x;</REQUEST>', "failed", "refused"),
        (b'<!DOCTYPE a [<!ENTITY a "1"><!ENTITY b "&a;&a;">]><REQUEST>&b;</REQUEST>', "failed", "refused"),
        (b'<?xml version="1.0" encoding="nonsense"?><REQUEST/>', "failed", "not readable as XML"),
        (xml("<HARDWARE>" + "<A>" * 200 + "</A>" * 200 + "</HARDWARE>"), "failed", "deep"),
        (b"<html><body/></html>", "skipped", "<html>"),
        (xml("", "PROLOG"), "skipped", "PROLOG"),
        (xml("<MODULEVERSION>1</MODULEVERSION>", "NETDISCOVERY"), "skipped", "no device"),
        (xml("<HARDWARE><NAME>x</NAME></HARDWARE>", device=""), "skipped", "DEVICEID"),
    ],
)
def test_a_bad_xml_file_is_named_with_its_reason_and_the_rest_goes_on(tmp_path, data, what, reason):
    write(tmp_path, "a-bad.xml", data)
    write(tmp_path, "b-good.xml", xml("<HARDWARE><NAME>PC-2</NAME></HARDWARE>"))

    drafts, report = collected("fusioninventory", tmp_path)
    assert [draft.native_key for draft in drafts] == ["PC-2"]
    assert report.counts == {"seen": 2, what: 1}
    assert reason in reasons(report)["a-bad.xml"]


def test_a_file_over_the_limit_is_not_read(tmp_path):
    write(tmp_path, "big.json", b" " * 1001)

    drafts, report = collected("glpi", tmp_path, max_bytes=1000)
    assert drafts == []
    assert reasons(report)["big.json"] == "1,001 bytes, more than the 1,000 that max_bytes allows"


def test_a_path_that_is_not_there_ends_the_run(tmp_path):
    with pytest.raises(SourceUnavailable, match="no such file or folder"):
        collected("glpi", tmp_path / "none")


def test_an_ocs_inventory_tells_its_system_in_hardware(tmp_path):
    told = "<HARDWARE><NAME>x</NAME><OSNAME>Debian GNU/Linux 12</OSNAME><OSVERSION>6.1.0</OSVERSION></HARDWARE>"

    (draft,), _ = collected("fusioninventory", write(tmp_path, "x.xml", xml(told)))
    assert related(draft, "HAS_OS")[0].properties["full_name"] == "Debian GNU/Linux 12"


def test_latin_1_is_read_as_declared(tmp_path):
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>' + xml("<HARDWARE><NAME>Büro</NAME></HARDWARE>").decode()

    (draft,), _ = collected("fusioninventory", write(tmp_path, "x.xml", text.encode("latin-1")))
    assert draft.sections["core"].name == "Büro"


class TestSamples:
    """Every sample file is in the records or named with its reason; counts are the files' own, counted by hand."""

    pytestmark = needed

    def test_glpi(self):
        drafts, report = collected("glpi", SAMPLES / "glpi-inventory-json")

        assert reasons(report) == {
            "LICENSE": "not read: its name does not end in .json",
            "inventory.schema.json": "JSON, but no inventory of a GLPI agent: it has no 'content'",
        }
        assert report.counts == {"seen": 11, "skipped": 2}
        told = [(d.native_key[:7], d.kind, len(related(d, "INSTALLED")), len(related(d, "RUNS_ON"))) for d in drafts]
        assert told == [
            ("glpixps", "Client", 6, 0),
            *[("glpixps", "Client", 0, 0)] * 3,
            ("glpixps", "Client", 6, 0),
            ("glpixps", "Client", 0, 0),
            ("LF014-2", "Client", 3033, 0),
            ("LF014-2", "Client", 3184, 3),
            ("HP-2530", "NetworkDevice", 0, 0),
        ]
        assert set(drafts[1].sections) == {"core"}  # batteries alone: nothing else is replaced
        assert ("serial", "Hewlett-Packard\tCN5BFP62CP") in identifiers(drafts[-1])

    def test_ocs_and_fusioninventory(self):
        drafts, report = collected("fusioninventory", SAMPLES / "ocs-fusioninventory-xml")

        assert reasons(report) == {"LICENSE": "not read: its name does not end in .xml or .ocs"}
        assert report.counts == {"seen": 4, "skipped": 1}
        told = [(d.native_key, d.kind, len(related(d, "INSTALLED")), len(related(d, "RUNS_ON"))) for d in drafts]
        assert told == [
            ("LF014-2016-06-13-14-03-53", "Client", 42, 3),
            ("00:04:2d:07:6b:ae", "NetworkDevice", 0, 0),
            ("00:04:2d:07:6b:ae", "NetworkDevice", 0, 0),
        ]

    def test_no_user_of_the_samples_is_taken(self):
        for kind, folder in (("glpi", "glpi-inventory-json"), ("fusioninventory", "ocs-fusioninventory-xml")):
            for draft in collected(kind, SAMPLES / folder)[0]:
                core = draft.sections["core"].model_dump_json() + draft.sections["core"].name
                assert not any(user in core for user in ("johan", "trasher", "test@glpi-project.org"))


@pytest.mark.agents
@pytest.mark.parametrize(
    "command",
    [
        [
            "fusioninventory-agent",
            "--force",
            "--no-task=deploy,esx,wmi,collect,netdiscovery,netinventory",
            "--local={}",
        ],
        ["ocsinventory-agent", "--local={}"],
    ],
    ids=["fusioninventory", "ocs"],
)
def test_the_real_agent_is_read(tmp_path, command):
    if shutil.which(command[0]) is None and os.environ.get("LANDKARTE_EMBEDDED_ONLY") == "1":
        pytest.skip(f"{command[0]} is not installed")
    subprocess.run([part.format(tmp_path) for part in command], check=True, capture_output=True, timeout=120)

    (draft,), report = collected("fusioninventory", tmp_path)
    assert report.counts == {"seen": 1}
    assert_in_metamodel(draft)
    assert draft.sections["core"].name
    assert related(draft, "HAS_OS")
    assert len(related(draft, "INSTALLED")) > 50
