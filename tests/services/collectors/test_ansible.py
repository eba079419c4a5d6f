"""Facts of Ansible: by hand, what it says of hosts it does not reach, and of this computer by the real one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.collectors import COLLECTORS
from services.collectors.base import SourceUnavailable
from tests.services.collectors.checks import collected, identifiers, reasons, related

LINUX = {
    "ansible_facts": {
        "ansible_hostname": "srv-1",
        "ansible_fqdn": "srv-1.stadt.example",
        "ansible_machine_id": "3d1219c7c4c5404aaa1f6d2a48adfda4",
        "ansible_system_vendor": "Dell Inc.",
        "ansible_product_name": "PowerEdge R740",
        "ansible_product_serial": "ABC1234",
        "ansible_product_uuid": "4C4C4544-0034-3010-8048-B6C04F503732",
        "ansible_bios_date": "03/15/2022",
        "ansible_bios_version": "2.13.3",
        "ansible_chassis_asset_tag": "Not Specified",
        "ansible_form_factor": "Rack Mount Chassis",
        "ansible_distribution": "RedHat",
        "ansible_distribution_version": "8.10",
        "ansible_os_family": "RedHat",
        "ansible_kernel": "4.18.0",
        "ansible_architecture": "x86_64",
        "ansible_processor": [
            "0",
            "GenuineIntel",
            "Intel(R) Xeon(R) Gold 6230",
            "1",
            "GenuineIntel",
            "Intel(R) Xeon(R) Gold 6230",
        ],
        "ansible_processor_cores": 20,
        "ansible_processor_count": 2,
        "ansible_memtotal_mb": 257598,
        "ansible_memfree_mb": 12345,
        "ansible_uptime_seconds": 42,
        "ansible_virtualization_role": "host",
        "ansible_virtualization_type": "kvm",
        "ansible_interfaces": ["eno1", "virbr0", "lo", "eno1.20"],
        "ansible_eno1": {
            "device": "eno1",
            "macaddress": "e4:43:4b:00:00:01",
            "type": "ether",
            "ipv4": {"address": "198.18.0.5"},
            "ipv4_secondaries": [{"address": "198.18.0.6"}],
            "ipv6": [{"address": "fe80::1", "scope": "link"}, {"address": "2001:db8::5", "scope": "global"}],
        },
        "ansible_eno1_20": {"device": "eno1.20", "macaddress": "e4:43:4b:00:00:01", "ipv4": {"address": "198.19.0.5"}},
        "ansible_virbr0": {"device": "virbr0", "macaddress": "52:54:00:00:00:01", "type": "bridge"},
        "ansible_user_id": "erika",
        "ansible_user_gecos": "Erika Mustermann",
        "ansible_env": {"HOME": "/home/erika"},
        "packages": {
            "bash": [
                {
                    "name": "bash",
                    "version": "4.4.20",
                    "release": "5.el8",
                    "epoch": None,
                    "arch": "x86_64",
                    "source": "rpm",
                }
            ],
            "openssl": [
                {
                    "name": "openssl",
                    "version": "1.1.1k",
                    "release": "12.el8",
                    "epoch": 1,
                    "arch": "x86_64",
                    "source": "rpm",
                }
            ],
        },
        "services": {
            "sshd.service": {"name": "sshd.service", "state": "running", "status": "enabled"},
            "user@1000.service": {"name": "user@1000.service", "state": "running"},
            "cups.service": {"name": "cups.service", "state": "stopped"},
        },
    },
    "changed": False,
}
WINDOWS = {
    "ansible_facts": {
        "ansible_hostname": "WIN2019-1",
        "ansible_fqdn": "WIN2019-1.stadt.example",
        "ansible_windows_domain": "stadt.example",
        "ansible_os_family": "Windows",
        "ansible_os_name": "Microsoft Windows Server 2019 Standard",
        "ansible_distribution": "Microsoft Windows Server 2019 Standard",
        "ansible_distribution_version": "10.0.17763.0",
        "ansible_machine_id": "S-1-5-21-1004336348-1177238915-682003330",
        "ansible_system_vendor": "VMware, Inc.",
        "ansible_product_name": "VMware7,1",
        "ansible_product_serial": "VMware-42 1e 5d",
        "ansible_virtualization_role": "guest",
        "ansible_virtualization_type": "VMware",
        "ansible_memtotal_mb": 8191,
        "ansible_interfaces": [
            {
                "macaddress": "00:50:56:8F:00:01",
                "interface_name": "vmxnet3 Ethernet Adapter",
                "ipv4": {"address": "198.18.0.8"},
            }
        ],
        "ansible_owner_name": "Erika Mustermann",
        "ansible_user_id": "erika",
    },
    "changed": False,
}


def write(folder, name, value):
    path = folder / name
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return path


def test_a_linux_host_is_read(tmp_path):
    write(tmp_path, "srv-1.stadt.example", LINUX)

    (draft,), report = collected("ansible", tmp_path)
    assert report.counts == {"seen": 1}
    assert (draft.native_key, draft.kind) == ("srv-1.stadt.example", "Server")
    assert identifiers(draft) == {
        ("hostname", "srv-1"),
        ("fqdn", "srv-1.stadt.example"),
        ("machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4"),
        ("smbios-uuid", "4C4C4544-0034-3010-8048-B6C04F503732"),
        ("serial", "Dell Inc.\tABC1234"),
        ("mac", "e4:43:4b:00:00:01"),
        *(("ip", address) for address in ("198.18.0.5", "198.18.0.6", "198.19.0.5", "2001:db8::5")),
    }
    core = draft.sections["core"].properties
    assert (core["cores"], core["memory_mib"], core["processor"]) == (40, 257598, "Intel(R) Xeon(R) Gold 6230")
    assert (core["bios_date"], core["virtualisation"]) == ("2022-03-15", "physical")
    assert "asset_tag" not in core
    assert related(draft, "HAS_OS")[0].properties == {"name": "RedHat", "version": "8.10", "full_name": "RedHat 8.10"}
    assert {(item.properties["name"], item.properties["version"]) for item in related(draft, "INSTALLED")} == {
        ("bash", "4.4.20-5.el8"),
        ("openssl", "1:1.1.1k-12.el8"),
    }
    assert draft.sections["services"].properties == {"services": "sshd"}


def test_a_windows_host_is_read(tmp_path):
    write(tmp_path, "win2019-1", WINDOWS)

    (draft,), _ = collected("ansible", tmp_path)
    assert (draft.kind, draft.sections["core"].properties["domain"]) == ("VirtualMachine", "stadt.example")
    assert related(draft, "HAS_OS")[0].properties == {
        "name": "Windows",
        "version": "10.0.17763.0",
        "full_name": "Microsoft Windows Server 2019 Standard",
        "build": "10.0.17763.0",
    }
    assert {("mac", "00:50:56:8F:00:01"), ("ip", "198.18.0.8")} <= identifiers(draft)


def told(folder, **facts):
    host = {"ansible_hostname": "x", **{f"ansible_{name}": value for name, value in facts.items()}}
    (draft,), _ = collected("ansible", write(folder, "x", {"ansible_facts": host}))
    return draft


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("via ssh: erika@srv1: Permission denied", "via ssh: srv1: Permission denied"),
        ("mkdir /home/erika/.ansible/tmp: full", "mkdir /home/.../.ansible/tmp: full"),
        (r"C:\Users\erika\Temp: denied", r"C:\Users\...\Temp: denied"),
        ("Permission denied for user erika", "Permission denied for user "),
    ],
)
def test_a_reason_names_no_person(tmp_path, said, kept):
    _, report = collected("ansible", write(tmp_path, "x", {"unreachable": True, "msg": said}))

    assert reasons(report) == {"x": f"Ansible did not reach the host: {kept}"}


def test_a_number_is_no_processor(tmp_path):
    assert "processor" not in told(tmp_path, processor=["0", "1"]).sections["core"].properties


@pytest.mark.parametrize(("said", "name"), [("VMware", "vmware"), ("VirtualPC", "hyper-v"), ("ldom", "ldom")])
def test_a_hypervisor_has_one_name(tmp_path, said, name):
    draft = told(tmp_path, virtualization_type=said, virtualization_role="guest")

    assert draft.sections["core"].properties["virtualisation"] == name


def test_a_mac_is_a_client(tmp_path):
    assert told(tmp_path, distribution="MacOSX", distribution_version="14.4").kind == "Client"


@pytest.mark.parametrize("facts", [LINUX, WINDOWS])
def test_no_person_is_taken(tmp_path, facts):
    (draft,), _ = collected("ansible", write(tmp_path, "host", facts))

    assert "erika" not in draft.model_dump_json().casefold()
    assert "mustermann" not in draft.model_dump_json().casefold()


def test_what_changes_with_every_run_is_not_told(tmp_path):
    write(tmp_path, "host", LINUX)
    before, _ = collected("ansible", tmp_path)
    later = LINUX["ansible_facts"] | {
        "ansible_memfree_mb": 1,
        "ansible_uptime_seconds": 4711,
        "ansible_loadavg": {"1m": 9},
    }
    write(tmp_path, "host", {"ansible_facts": later})

    after, _ = collected("ansible", tmp_path)
    assert [draft.model_dump_json() for draft in before] == [draft.model_dump_json() for draft in after]


def test_what_ansible_could_not_find_out_is_no_value(tmp_path):
    unknown = {"ansible_hostname": "vm", **dict.fromkeys(("ansible_product_serial", "ansible_system_vendor"), "NA")}

    (draft,), _ = collected("ansible", write(tmp_path, "vm", {"ansible_facts": unknown}))
    assert draft.sections["core"].properties == {"hostname": "vm"}
    assert identifiers(draft) == {("hostname", "vm")}


def test_a_fact_cache_is_read_in_both_its_forms(tmp_path):
    plain, wrapped = tmp_path / "plain", tmp_path / "wrapped"
    plain.mkdir()
    wrapped.mkdir()
    write(plain, "srv-1", LINUX["ansible_facts"])
    write(wrapped, "s1_srv-1", {"__payload__": json.dumps(LINUX["ansible_facts"])})

    (one,), _ = collected("ansible", plain)
    (other,), _ = collected("ansible", wrapped)
    assert one == other
    assert one.native_key == "srv-1"


def test_what_was_saved_from_the_terminal_is_read(tmp_path):
    text = f"srv-1 | SUCCESS => {json.dumps(LINUX, indent=4)}\nsrv-2 | UNREACHABLE! => " + json.dumps(
        {"changed": False, "msg": "Failed to connect: erika@srv-2: Permission denied (publickey).", "unreachable": True}
    )

    (draft,), report = collected("ansible", write(tmp_path, "out.txt", text.encode()))
    assert draft.native_key == "srv-1"
    assert report.counts == {"seen": 2, "failed": 1}
    assert reasons(report) == {
        "out.txt: srv-2": "Ansible did not reach the host: Failed to connect: srv-2: Permission denied (publickey)."
    }


@pytest.mark.parametrize(
    ("value", "what", "reason"),
    [
        (
            {"unreachable": True, "msg": "No route to host"},
            "failed",
            "Ansible did not reach the host: No route to host",
        ),
        ({"failed": True, "msg": "", "module_stderr": "python: not found"}, "failed", "python: not found"),
        ({"failed": True}, "failed", "it did not say why"),
        (b"", "failed", "empty"),
        (b'{"ansible_facts": {', "failed", "not readable as JSON"),
        (b"host | SUCCESS => {", "failed", "not readable as JSON"),
        ([1], "skipped", "no object"),
        ({"items": []}, "skipped", "neither hostname nor distribution"),
        ({"ansible_facts": {"packages": {}}}, "skipped", "alone"),
        ({"ansible_facts": [1]}, "skipped", "neither hostname nor distribution"),
    ],
)
def test_a_bad_host_is_named_with_its_reason_and_the_rest_goes_on(tmp_path, value, what, reason):
    write(tmp_path, "a-bad", value)
    write(tmp_path, "b-good", LINUX)

    drafts, report = collected("ansible", tmp_path)
    assert [draft.native_key for draft in drafts] == ["b-good"]
    assert report.counts == {"seen": 2, what: 1}
    assert reason in reasons(report)["a-bad"]


@pytest.mark.parametrize("odd", [None, [], {}, [[None]], "x", 10**30, -1, True, {"a": {"b": []}}])
def test_facts_of_odd_types_are_passed_over(tmp_path, odd):
    for name in LINUX["ansible_facts"]:
        if name != "ansible_hostname":
            (draft,), _ = collected(
                "ansible", write(tmp_path, "h", {"ansible_facts": LINUX["ansible_facts"] | {name: odd}})
            )
            assert draft.sections["core"].name == "srv-1"


def test_a_path_that_is_not_there_ends_the_run(tmp_path):
    with pytest.raises(SourceUnavailable, match="no such file or folder"):
        collected("ansible", tmp_path / "none")


def test_check_counts_the_files(tmp_path):
    write(tmp_path, "srv-1.stadt.example", LINUX)

    kind = COLLECTORS["ansible"]
    (found,) = kind.check(kind.settings(paths=[tmp_path]))
    assert (found.what, found.fault) == (f"1 files in {tmp_path}", "")


def ansible(folder, *words):
    """Run the real ansible on this computer, its files below `folder`. Its exit code tells of hosts not reached."""
    command = Path(sys.executable).with_name("ansible")
    if not command.exists() and os.environ.get("LANDKARTE_EMBEDDED_ONLY") == "1":
        pytest.skip("ansible is not installed")
    env = {
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(folder / "cache"),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    }
    return subprocess.run(
        [command, *words, "--tree", folder / "tree"],
        env=os.environ | env,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.agents
def test_the_real_ansible_is_read(tmp_path):
    done = ansible(tmp_path, "-m", "setup", "-c", "local", "localhost")
    assert done.returncode == 0, done.stderr

    (told,), report = collected("ansible", tmp_path / "tree")
    (cached,), _ = collected("ansible", tmp_path / "cache")
    (local, *_), _ = collected("local")
    assert report.counts == {"seen": 1}
    assert told.sections["core"] == cached.sections["core"]
    assert told.native_key == cached.native_key == "localhost"
    assert told.kind == local.kind
    assert told.sections["core"].name == local.sections["core"].name
    for name in ("kernel", "architecture", "os_name"):
        assert told.sections["system"].properties[name] == local.sections["system"].properties[name]
    assert told.sections["network"] == local.sections["network"]
    for name in ("memory_mib", "cores", "processor"):
        assert told.sections["core"].properties[name] == local.sections["core"].properties[name]


@pytest.mark.agents
@pytest.mark.skipif(shutil.which("dpkg") is None, reason="this computer has no packages of Debian")
def test_packages_that_the_real_ansible_gathered_are_those_of_this_computer(tmp_path):
    for module in ("setup", "package_facts"):
        assert ansible(tmp_path, "-m", module, "-c", "local", "localhost").returncode == 0

    (cached,), _ = collected("ansible", tmp_path / "cache")
    (local, *_), _ = collected("local")
    ours, theirs = (
        {(item.properties["name"], item.properties["version"]) for item in related(draft, "INSTALLED")}
        for draft in (local, cached)
    )
    assert theirs == ours != set()


@pytest.mark.agents
def test_a_host_that_the_real_ansible_does_not_reach_is_failed(tmp_path):
    ansible(tmp_path, "-m", "setup", "-i", "ghost,", "ghost", "-e", "ansible_host=127.0.0.1", "-e", "ansible_port=1")

    drafts, report = collected("ansible", tmp_path / "tree")
    assert drafts == []
    assert "Ansible did not reach the host" in reasons(report)["ghost"]
