"""This computer, and computers that are folders recorded for the purpose."""

import socket
from pathlib import Path

import pytest

from services.collectors import COLLECTORS
from services.collectors.computer import Facts, System, kind_of
from services.collectors.computer_connections import Listener
from services.collectors.local import LocalSettings
from services.collectors.machine import CommandFailed, LocalMachine
from services.collectors.machine_packages import rpm_packages
from services.collectors.machine_reading import read_facts
from services.settings import load_source
from tests.services.collectors.checks import collected, identifiers, related

DPKG = """\
Package: tar
Status: install ok installed
Architecture: amd64
Version: 1.34+dfsg-1.2

Package: linux-image-4.15
Status: deinstall ok config-files
Architecture: amd64
Version: 4.15.0

Package: adduser
Status: install ok installed
Architecture: all
Version: 3.134
"""
APK = "P:musl\nV:1.2.5-r0\nA:x86_64\n\nP:busybox\nV:1.36.1-r29\nA:x86_64\n"


def machine(folder, **files):
    for path, text in files.items():
        place = folder / path.replace("__", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return folder


def refusing(name):
    read = LocalMachine.read

    def refuse(machine, path):
        if path.endswith(name):
            raise PermissionError(13, "Permission denied")
        return read(machine, path)

    return refuse


@pytest.fixture
def debian(tmp_path):
    return machine(
        tmp_path,
        **{
            "proc__sys__kernel__hostname": "srv-1\n",
            "proc__sys__kernel__osrelease": "6.1.0-28-amd64\n",
            "etc__machine-id": "3d1219c7c4c5404aaa1f6d2a48adfda4\n",
            "etc__os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
            "sys__class__dmi__id__sys_vendor": "Dell Inc.\n",
            "sys__class__dmi__id__product_name": "PowerEdge R740\n",
            "sys__class__dmi__id__chassis_type": "23\n",
            "sys__class__dmi__id__bios_date": "03/15/2022\n",
            "sys__class__dmi__id__product_serial": "ABC1234\n",
            "var__lib__dpkg__status": DPKG,
        },
    )


def test_a_server_without_root_is_read(debian):
    (draft,), report = collected("local", root=debian)

    assert (draft.native_key, draft.kind) == ("machine-3d1219c7c4c5404aaa1f6d2a48adfda4", "Server")
    assert draft.sections["core"].properties["bios_date"] == "2022-03-15"
    assert ("serial", "Dell Inc.\tABC1234") in identifiers(draft)
    assert related(draft, "HAS_OS")[0].properties == {
        "name": "debian",
        "version": "12",
        "full_name": "Debian GNU/Linux 12 (bookworm)",
    }
    assert {item.properties["name"] for item in related(draft, "INSTALLED")} == {"tar", "adduser"}
    assert report.counts == {"seen": 1}


def test_what_is_removed_with_its_configuration_left_is_not_installed(debian):
    (draft,), _ = collected("local", root=debian)

    assert "linux-image-4.15" not in draft.model_dump_json()


def test_what_may_not_be_read_is_told_and_fails_nothing(debian, monkeypatch):
    monkeypatch.setattr(LocalMachine, "read", refusing("product_serial"))

    (draft,), report = collected("local", root=debian)
    assert draft.sections["core"].properties["coverage"] == "product_serial, connections"
    assert report.counts == {"seen": 1}


def test_a_container_does_not_take_its_hosts_identity(debian):
    machine(debian, **{".dockerenv": ""})

    (draft,), _ = collected("local", root=debian)
    assert draft.kind == "VirtualMachine"
    assert draft.sections["core"].properties["virtualisation"] == "docker"
    assert identifiers(draft) == {("hostname", "srv-1")}


def test_packages_of_alpine_are_read(tmp_path):
    machine(tmp_path, etc__hostname="alpine", lib__apk__db__installed=APK)

    (draft,), _ = collected("local", root=tmp_path)
    assert {(i.properties["name"], i.properties["package_type"]) for i in related(draft, "INSTALLED")} == {
        ("musl", "apk"),
        ("busybox", "apk"),
    }


def test_packages_of_rpm_are_read_as_they_are_asked_for():
    told = (
        "bash\t5.1.8-9.el9\tx86_64\tRed Hat, Inc.\n"
        "perl\t4:5.32.1-481.el9\tnoarch\t(none)\n"
        "gpg-pubkey\t0:fd431d51-4ae0493b\t(none)\t(none)\n"
        "tool\t1-1\tnoarch\tFedora Copr - user erika\n"
        "other\t0:1-1\tnoarch\tobs://build.opensuse.org/home:erika\n"
    )

    found = {(p["name"], p["version"], p.get("architecture"), p.get("vendor")) for p in rpm_packages(told)}
    assert found == {
        ("bash", "5.1.8-9.el9", "x86_64", "Red Hat, Inc."),
        ("perl", "4:5.32.1-481.el9", "noarch", None),
        ("tool", "1-1", "noarch", "Fedora Copr"),
        ("other", "1-1", "noarch", "obs://build.opensuse.org"),
    }


def test_an_empty_folder_is_still_a_computer(tmp_path):
    (draft,), report = collected("local", root=tmp_path)

    assert draft.native_key == "unnamed"
    assert report.counts == {"seen": 1}


def test_this_computers_own_listening_socket_is_seen():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        found = read_facts(LocalMachine(Path("/"))).connections

        assert listener.getsockname()[1] in {item.port for item in found.listeners}


def test_without_ss_sockets_are_told_as_the_kernel_has_them(monkeypatch):
    run = LocalMachine.run

    def without_ss(machine, command):
        if command[0] == "ss":
            raise CommandFailed("ss is not installed")
        return run(machine, command)

    monkeypatch.setattr(LocalMachine, "run", without_ss)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        facts = read_facts(LocalMachine(Path("/")))

        assert (
            Listener(protocol="tcp", port=listener.getsockname()[1], addresses=frozenset({"127.0.0.1"}))
            in facts.connections.listeners
        )
        assert "processes of other users" in facts.missing


def test_without_ip_interfaces_are_told_by_the_kernel(monkeypatch):
    run = LocalMachine.run

    def without_ip(machine, command):
        if command[0] == "ip":
            raise CommandFailed("ip is not installed")
        return run(machine, command)

    whole = read_facts(LocalMachine(Path("/")))
    monkeypatch.setattr(LocalMachine, "run", without_ip)
    assert set(read_facts(LocalMachine(Path("/"))).macs) == set(whole.macs)


@pytest.mark.parametrize(("user", "missing"), [("0", False), ("1000", True)])
def test_sockets_without_a_process_are_the_kernels_own_where_root_asks(monkeypatch, user, missing):
    answers = {("ss", "-tunap"): "tcp LISTEN 0 9 0.0.0.0:2049 0.0.0.0:*", ("id", "-u"): user}
    monkeypatch.setattr(LocalMachine, "run", lambda _machine, command: answers.get(command, ""))

    assert ("processes of other users" in read_facts(LocalMachine(Path("/"))).missing) == missing


def test_connections_are_not_read_where_the_settings_say_so():
    (draft,), _ = collected("local", connections=False)

    assert "connections" not in draft.sections


def test_an_unchanged_computer_says_the_same_again(debian):
    first, second = (collected("local", root=debian)[0] for _ in range(2))

    assert [draft.model_dump_json() for draft in first] == [draft.model_dump_json() for draft in second]


def test_check_names_what_may_not_be_read(debian, monkeypatch):
    monkeypatch.setattr(LocalMachine, "read", refusing("product_uuid"))

    found = list(COLLECTORS["local"].check(LocalSettings(root=debian)))
    assert [item.what for item in found] == ["srv-1: 2 packages", "product_uuid", "connections"]
    assert found[0].fault == ""
    assert "run as root" in found[1].fault


@pytest.mark.parametrize(
    ("dmi", "kind"),
    [
        ({"sys_vendor": "QEMU", "chassis_type": "1"}, "VirtualMachine"),
        ({"sys_vendor": "VMware, Inc.", "product_name": "VMware7,1"}, "VirtualMachine"),
        ({"sys_vendor": "LENOVO", "chassis_type": "10"}, "Client"),
        ({"sys_vendor": "HPE", "chassis_type": "23"}, "Server"),
        ({"sys_vendor": "oVirt", "product_name": "oVirt Node"}, "VirtualMachine"),
        ({"sys_vendor": "Nutanix", "product_name": "AHV"}, "VirtualMachine"),
        ({"sys_vendor": "Nutanix", "product_name": "NX-3060-G6", "chassis_type": "23"}, "Server"),
    ],
)
def test_the_kind_is_told_by_the_firmware(dmi, kind):
    assert kind_of(Facts(hostname="x", dmi=dmi)) == kind


@pytest.mark.parametrize("chassis", [{"chassis": "Mini Tower"}, {"dmi": {"sys_vendor": "HPE", "chassis_type": "7"}}])
def test_a_tower_is_a_server_where_its_system_is_a_servers(chassis):
    told = {
        name: kind_of(Facts(hostname="x", system=System(full_name=name), **chassis))
        for name in ("Windows Server 2022 Standard", "Windows 11 Pro")
    }

    assert told == {"Windows Server 2022 Standard": "Server", "Windows 11 Pro": "Client"}


def test_this_computer_is_read():
    (draft, *_), report = collected("local")

    assert report.counts == {"seen": 1}
    assert draft.sections["core"].name
    assert draft.sections["system"].properties["kernel"]


def test_a_configured_source_names_its_record(debian):
    source = load_source({"type": "local", "name": "here", "root": debian, "key": "srv-1"})

    (draft,), _ = collected("local", **source.own().model_dump())

    assert draft.native_key == "srv-1"
