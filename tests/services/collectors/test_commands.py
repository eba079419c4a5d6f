"""Saved outputs of commands: a folder for each computer, by hand and from samples."""

import codecs

import pytest

from services.collectors.base import SourceUnavailable
from tests.services.collectors.checks import collected, identifiers, reasons, related
from tests.whole.samples import SAMPLES, reads_samples

OS_RELEASE = 'ID="rhel"\nVERSION_ID="8.10"\nPRETTY_NAME="Red Hat Enterprise Linux 8.10"\n'
RPM = """\
bash-4.4.20-5.el8.x86_64
gpg-pubkey-fd431d51-4ae0493b
openssl-1.1.1k-12.el8_9.x86_64
java-1.8.0-openjdk-1.8.0.402.b06-2.el8.x86_64
"""
SS = """\
Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
tcp   LISTEN 0      128          0.0.0.0:1521      0.0.0.0:*     users:(("tnslsnr",pid=1204,fd=8)) uid:54321 sk:1 <->
tcp   ESTAB  0      0        198.18.0.30:1521 198.18.0.31:51442  users:(("oracle_1205_xe",pid=1209,fd=20))
"""
IP = """\
2: ens192: <UP> mtu 1500
    link/ether 00:50:56:8f:11:22 brd ff:ff:ff:ff:ff:ff
    inet 198.18.0.30/24 scope global ens192
"""
DMIDECODE = """\
# dmidecode 3.3
Getting SMBIOS data from sysfs.
SMBIOS 2.7 present.

Handle 0x0000, DMI type 0, 24 bytes
BIOS Information
\tVendor: Phoenix Technologies LTD
\tVersion: 6.00
\tRelease Date: 11/12/2020

Handle 0x0001, DMI type 1, 27 bytes
System Information
\tManufacturer: VMware, Inc.
\tProduct Name: VMware Virtual Platform
\tSerial Number: VMware-56 4d 8f 11 22 33 44 55-66 77 88 99 aa bb cc dd
\tUUID: 118f4d56-3322-5544-6677-8899aabbccdd

"""
SYSTEMCTL = """\
  UNIT                 LOAD   ACTIVE SUB     DESCRIPTION
  crond.service        loaded active running Command Scheduler
  sync@erika.service   loaded active running Files of Erika Mustermann
  user@1000.service    loaded active running User Manager for UID 1000
  old.service          loaded failed failed  Something old
"""
UNAME = "Linux srv-ora1 4.18.0-553.el8.x86_64 #1 SMP Fri May 10 15:19:13 EDT 2024 x86_64 x86_64 x86_64 GNU/Linux\n"
HOST = {
    "os-release": OS_RELEASE,
    "rpm-qa.txt": RPM,
    "ss-tulpen.out": SS,
    "ip-addr.txt": IP,
    "dmidecode.txt": DMIDECODE,
    "systemctl.txt": SYSTEMCTL,
    "hostname.txt": "srv-ora1\n",
    "hostname-f.txt": "srv-ora1.stadt.example\n",
    "uname-a.txt": UNAME,
}


def save(folder, files):
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_a_folder_becomes_the_record_of_its_computer(tmp_path):
    save(tmp_path / "oracle-alt", HOST)

    (host, database), report = collected("commands", tmp_path)
    assert report.counts == {"seen": 9}
    assert (host.native_key, host.kind) == ("oracle-alt", "VirtualMachine")
    assert identifiers(host) == {
        ("hostname", "srv-ora1"),
        ("fqdn", "srv-ora1.stadt.example"),
        ("smbios-uuid", "118f4d56-3322-5544-6677-8899aabbccdd"),
        ("serial", "VMware, Inc.\tVMware-56 4d 8f 11 22 33 44 55-66 77 88 99 aa bb cc dd"),
        ("mac", "00:50:56:8f:11:22"),
        ("ip", "198.18.0.30"),
    }
    assert host.sections["core"].properties["bios_date"] == "2020-11-12"
    assert host.sections["system"].properties["kernel"] == "4.18.0-553.el8.x86_64"
    assert host.sections["system"].properties["architecture"] == "x86_64"
    assert related(host, "HAS_OS")[0].properties["full_name"] == "Red Hat Enterprise Linux 8.10"
    assert {(item.properties["name"], item.properties["version"]) for item in related(host, "INSTALLED")} == {
        ("bash", "4.4.20-5.el8"),
        ("openssl", "1.1.1k-12.el8_9"),
        ("java-1.8.0-openjdk", "1.8.0.402.b06-2.el8"),
    }
    assert host.sections["connections"].properties["listening"] == "1521 tnslsnr"
    assert database.sections["core"].name == "Oracle Database on srv-ora1:1521"
    assert ("socket", "198.18.0.30:1521") in identifiers(database)
    assert [to.value for to in related(database, "DEPENDS_ON")] == ["198.18.0.31"]


def test_no_person_is_taken(tmp_path):
    save(tmp_path / "srv", HOST)

    (host, _), _ = collected("commands", tmp_path)
    assert host.sections["services"].properties == {"services": "crond, sync"}
    assert "erika" not in host.model_dump_json().casefold()


def test_only_what_was_saved_is_said(tmp_path):
    save(tmp_path / "srv", {"rpm-qa": RPM})

    (host,), _ = collected("commands", tmp_path)
    assert set(host.sections) == {"core", "software"}
    assert identifiers(host) == {("hostname", "srv")}
    assert "virtualisation" not in host.sections["core"].properties


@pytest.mark.parametrize(
    ("file", "text", "system"),
    [
        ("redhat-release", "CentOS release 6.10 (Final)\n", ("centos", "6.10", "CentOS 6.10")),
        (
            "redhat-release",
            "Red Hat Enterprise Linux Server release 5.11 (Tikanga)\n",
            ("rhel", "5.11", "Red Hat Enterprise Linux Server 5.11"),
        ),
        (
            "SuSE-release",
            "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
            ("sles", "11.4", "SUSE Linux Enterprise Server 11.4"),
        ),
    ],
)
def test_a_system_older_than_os_release_is_told_by_its_makers_file(tmp_path, file, text, system):
    save(tmp_path / "old", {file: text})

    (host,), _ = collected("commands", tmp_path)
    (found,) = related(host, "HAS_OS")
    assert tuple(found.properties[name] for name in ("name", "version", "full_name")) == system


def test_a_host_name_in_full_is_the_full_name(tmp_path):
    save(tmp_path / "srv", {"hostname": "srv.stadt.example\n"})

    (host,), _ = collected("commands", tmp_path)
    assert ("fqdn", "srv.stadt.example") in identifiers(host)


def test_the_chassis_of_dmidecode_tells_the_kind(tmp_path):
    chassis = "\nHandle 0x0300, DMI type 3, 22 bytes\nChassis Information\n\tManufacturer: LENOVO\n\tType: Notebook\n"
    save(tmp_path / "pc", {"dmidecode": f"# dmidecode 3.2\n{chassis}"})

    (host,), _ = collected("commands", tmp_path)
    assert host.kind == "Client"


def test_what_a_file_is_of_is_told_by_its_beginning_where_its_name_tells_nothing(tmp_path):
    save(tmp_path / "srv", {"1.txt": OS_RELEASE, "2.txt": SS, "3.txt": IP})

    (host, _), report = collected("commands", tmp_path)
    assert set(host.sections) == {"core", "system", "network", "connections"}
    assert report.counts == {"seen": 3}


@pytest.mark.parametrize(
    ("name", "data", "what", "reason"),
    [
        ("ss.txt", b"bash: ss: command not found\n", "failed", "nothing in it"),
        ("dpkg-l.txt", b"\n\n", "failed", "nothing in it"),
        ("rpm-qa", b"", "failed", "empty"),
        ("notes.md", b"# to do\n", "skipped", "neither its name nor its beginning"),
        ("ss.txt", bytes(range(256)) * 9, "failed", "nothing in it"),
        ("hostname", b"two words\n", "failed", "nothing in it"),
    ],
)
def test_a_bad_file_is_named_with_its_reason_and_the_rest_goes_on(tmp_path, name, data, what, reason):
    save(tmp_path / "srv", {name: data, "os-release": OS_RELEASE})

    (host,), report = collected("commands", tmp_path)
    assert related(host, "HAS_OS")
    assert report.counts == {"seen": 2, what: 1}
    assert reason in reasons(report)[f"srv/{name}"]


def test_outputs_of_several_computers_do_not_mix(tmp_path):
    save(tmp_path / "a", {"hostname": "srv-a", "os-release": OS_RELEASE})
    save(tmp_path / "a" / "nested", {"hostname": "srv-n"})
    save(tmp_path / "b", {"hostname": "srv-b"})
    (tmp_path / "a" / "rpm-qa").write_text(RPM)

    drafts, _ = collected("commands", tmp_path)
    told = {d.native_key: (d.sections["core"].name, len(related(d, "INSTALLED"))) for d in drafts}
    assert told == {"a": ("srv-a", 3), "nested": ("srv-n", 0), "b": ("srv-b", 0)}


def test_two_folders_of_one_name_are_one_too_many(tmp_path):
    save(tmp_path / "x" / "srv", {"hostname": "srv-1"})
    save(tmp_path / "y" / "srv", {"hostname": "srv-2"})

    drafts, report = collected("commands", tmp_path)
    assert [draft.sections["core"].name for draft in drafts] == ["srv-1"]
    assert "another folder is called srv" in next(iter(reasons(report).values()))


def test_a_file_saved_by_windows_is_read(tmp_path):
    save(tmp_path / "srv", {"os-release": codecs.BOM_UTF16_LE + OS_RELEASE.replace("\n", "\r\n").encode("utf-16-le")})

    (host,), _ = collected("commands", tmp_path)
    assert related(host, "HAS_OS")[0].properties["version"] == "8.10"


def test_a_path_that_is_not_there_ends_the_run(tmp_path):
    with pytest.raises(SourceUnavailable, match="no such file or folder"):
        collected("commands", tmp_path / "none")


@reads_samples
def test_the_samples_are_read():
    """Counted by hand: 614 lines `ii`, 23 services that run for nobody, 5 databases behind mysqld and dockerd."""
    drafts, report = collected("commands", SAMPLES / "cmd-outputs")

    host, *databases = drafts
    assert set(reasons(report)) == {"LICENSE.md"}
    assert report.counts == {"seen": 4, "skipped": 1}
    assert (host.native_key, len(related(host, "INSTALLED"))) == ("ubuntu-18.04", 614)
    assert len(host.sections["services"].properties["services"].split(", ")) == 23
    assert "5432 dockerd" in host.sections["connections"].properties["listening"]
    assert {draft.sections["core"].properties["engine"] for draft in databases} == {
        "MySQL",
        "PostgreSQL",
        "Redis",
        "InfluxDB",
        "MongoDB",
    }
    assert not any("kbrazil" in draft.model_dump_json() for draft in drafts)
