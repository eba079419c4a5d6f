"""Scans of nmap: samples, a real scan of loopback, and bad input."""

import socket
import subprocess
import threading
import tracemalloc
from contextlib import contextmanager, suppress

import pytest

from inventory.identifiers import identifiers_of, joins
from services.collectors.nmap import collector as nmap
from services.collectors.nmap.collector import COLLECTOR, NmapSettings
from tests.servers.process import free_port
from tests.services.collectors.checks import collected, identifiers, reasons, related
from tests.services.collectors.tools import require_tool
from tests.whole.samples import SAMPLES, needed

HEAD = '<?xml version="1.0"?><!DOCTYPE nmaprun><?xml-stylesheet href="file:///nmap.xsl" type="text/xsl"?>'
UP = '<status state="up"/>'
PRINTER = f"""<host>{UP}<address addr="10.0.0.5" addrtype="ipv4"/>
<address addr="00:17:C8:00:00:01" addrtype="mac" vendor="Kyocera Display"/>
<hostnames><hostname name="www.stadt.example" type="user"/>
<hostname name="drucker5.stadt.example" type="PTR"/></hostnames>
<ports><port protocol="tcp" portid="9100"><state state="open"/><service name="jetdirect" method="table"/></port>
<port protocol="tcp" portid="631"><state state="open"/>
<service name="ipp" product="CUPS" version="2.4" method="probed"><cpe>cpe:/a:apple:cups:2.4</cpe></service></port>
<port protocol="tcp" portid="22"><state state="closed"/><service name="ssh" product="no"/></port></ports></host>"""


def scan(*hosts, start=1, attributes=""):
    return f'{HEAD}<nmaprun scanner="nmap" start="{start}"{attributes}>{"".join(hosts)}</nmaprun>'


def host(ip, mac="", inner=""):
    card = f'<address addr="{mac}" addrtype="mac"/>' if mac else ""
    return f'<host>{UP}<address addr="{ip}" addrtype="ipv4"/>{card}{inner}</host>'


def write(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_host_becomes_a_record(tmp_path):
    (draft,), report = collected("nmap", write(tmp_path, "a.xml", scan(PRINTER)))

    assert (draft.native_key, draft.kind, set(draft.sections)) == (
        "00:17:c8:00:00:01",
        "Printer",
        {"core", "network", "services"},
    )
    assert draft.sections["core"].name == "drucker5.stadt.example"
    assert identifiers(draft) == {
        ("mac", "00:17:C8:00:00:01"),
        ("ip", "10.0.0.5"),
        ("fqdn", "drucker5.stadt.example"),
        ("hostname", "www.stadt.example"),
    }
    assert draft.sections["services"].properties == {"listening": "631/tcp ipp, 9100/tcp jetdirect"}
    assert [item.properties for item in related(draft, "INSTALLED")] == [
        {"name": "CUPS", "version": "2.4", "cpe": "cpe:/a:apple:cups:2.4"}
    ]
    assert report.counts == {"seen": 1}


def test_a_scan_without_ports_keeps_what_was_said_of_services(tmp_path):
    (draft,), _ = collected("nmap", write(tmp_path, "a.xml", scan(host("10.0.0.1"))))

    assert set(draft.sections) == {"core", "network"}


@pytest.mark.parametrize(
    ("inner", "kind", "system"),
    [
        ("", "Server", ""),
        ('<os><osmatch name="Linux 5" accuracy="96"><osclass type="general purpose" accuracy="96"/></osmatch></os>',
         "Server", "Linux 5"),
        ('<os><osmatch name="Linux 5" accuracy="80"><osclass type="switch" accuracy="80"/></osmatch></os>',
         "Server", ""),
        ('<os><osmatch name="A" accuracy="100"/><osmatch name="B" accuracy="100"/></os>', "Server", ""),
        ('<os><osmatch name="Windows 10 1809" accuracy="99"/><osclass type="general purpose" accuracy="99"/></os>',
         "Client", "Windows 10 1809"),
        ('<os><osclass type="firewall" accuracy="95"/></os>', "NetworkDevice", ""),
        ('<os><osclass type="phone" accuracy="95"/></os>', "MobileDevice", ""),
        ('<ports><port portid="23"><state state="open"/><service devicetype="switch"/></port></ports>',
         "NetworkDevice", ""),
        ('<os><osclass accuracy="lots"/><osmatch accuracy="99999999999999999999"/></os>', "Server", ""),
    ],
)  # fmt: skip
def test_what_nmap_is_not_sure_of_is_not_said(tmp_path, inner, kind, system):
    (draft,), _ = collected("nmap", write(tmp_path, "a.xml", scan(host("10.0.0.1", inner=inner))))

    assert (draft.kind, draft.sections["core"].properties.get("os_name", "")) == (kind, system)
    assert ("guessed" in str(draft.sections["core"].properties.get("coverage"))) == bool(system)


def test_a_host_meets_the_records_of_others_by_its_mac_and_its_own_name_and_never_by_address(tmp_path):
    named = '<hostnames><hostname name="srv.stadt.example" type="PTR"/></hostnames>'
    scanned, _ = collected("nmap", write(tmp_path, "a.xml", scan(host("10.0.0.1", "00:E0:4C:68:01:DB", named))))

    joining = {key for key in identifiers_of("Server", _all(scanned[0])) if joins(key)}
    assert joining == {"computer|mac|00e04c6801db", "computer|fqdn|srv.stadt.example"}


def _all(draft):
    return [item for section in draft.sections.values() for item in section.identifiers]


def test_hosts_that_are_down_are_none(tmp_path):
    down = '<host><status state="down"/><address addr="10.0.0.9" addrtype="ipv4"/></host>'

    drafts, report = collected("nmap", write(tmp_path, "a.xml", scan(down)))
    assert (drafts, report.counts) == ([], {"seen": 1, "skipped": 1})
    assert reasons(report) == {"a.xml": "a scan in which no host is up"}


def test_a_host_without_an_address_is_named(tmp_path):
    nameless = '<host><status state="up"/></host>'

    drafts, report = collected("nmap", write(tmp_path, "a.xml", scan(nameless)))
    assert (drafts, reasons(report)) == ([], {"a.xml, host 1": "it has no address, so that nothing names it"})


def test_of_several_scans_the_newest_tells_of_a_host(tmp_path):
    write(tmp_path, "a.xml", scan(host("10.0.0.1", inner="<ports/>"), host("10.0.0.2"), start=200))
    write(tmp_path, "b.xml", scan(host("10.0.0.1"), host("10.0.0.3"), start=100))

    drafts, _ = collected("nmap", tmp_path)
    assert [(d.native_key, "services" in d.sections) for d in drafts] == [
        ("10.0.0.1", True),
        ("10.0.0.2", False),
        ("10.0.0.3", False),
    ]


def test_a_mac_that_answers_for_several_addresses_makes_none_of_them_disappear(tmp_path):
    mac = "00:00:5E:11:22:33"

    drafts, _ = collected("nmap", write(tmp_path, "a.xml", scan(host("10.0.0.1", mac), host("10.0.0.2", mac))))
    assert {draft.native_key for draft in drafts} == {mac.lower(), f"{mac.lower()} 10.0.0.2"}


@pytest.mark.parametrize(
    ("data", "what", "reason"),
    [
        (b"", "failed", "empty"),
        (b"\x00\x01", "failed", "not readable as XML"),
        (scan(PRINTER)[:-30], "failed", "not readable as XML"),
        (HEAD.replace("nmaprun>", 'nmaprun [<!ENTITY x SYSTEM "file:///etc/passwd">]>') + "<nmaprun>&x;</nmaprun>",
         "failed", "refused"),
        (HEAD.replace("nmaprun>", 'nmaprun [<!ENTITY a "1"><!ENTITY b "&a;&a;">]>') + "<nmaprun>&b;</nmaprun>",
         "failed", "refused"),
        (HEAD.replace("nmaprun>", 'nmaprun [<!ENTITY % x SYSTEM "http://127.0.0.1/"> %x;]>') + "<nmaprun/>",
         "failed", "refused"),
        (scan("<host>" + "<a>" * 200 + "</a>" * 200 + "</host>"), "failed", "in one another"),
        (scan("<host>" + "<a/>" * 300_001 + "</host>"), "failed", "300,000 of one host"),
        (scan(host("10.0.0.1", inner=f'<hostnames><hostname name="{"x" * 600}"/></hostnames>')),
         "failed", "not usable"),
        ("<html/>", "skipped", "begins with <html>"),
        (scan(PRINTER).replace('scanner="nmap"', 'scanner="masscan"'), "skipped", "masscan"),
    ],
)  # fmt: skip
def test_a_bad_file_is_named_with_its_reason_and_the_rest_goes_on(tmp_path, data, what, reason):
    write(tmp_path, "a-bad.xml", data)
    write(tmp_path, "b-good.xml", scan(host("10.9.9.9")))

    drafts, report = collected("nmap", tmp_path)
    assert "10.9.9.9" in {draft.native_key for draft in drafts}
    assert report.counts == {"seen": 2, what: 1}
    assert reason in reasons(report)["a-bad.xml"]


def test_a_dtd_without_entities_is_read_and_never_fetched(tmp_path):
    text = scan(PRINTER).replace("nmaprun>", 'nmaprun PUBLIC "-//nmap//DTD" "http://127.0.0.1:1/nmap.dtd">', 1)

    drafts, report = collected("nmap", write(tmp_path, "a.xml", text))
    assert (len(drafts), report.counts) == (1, {"seen": 1})


def test_hosts_before_the_end_of_a_scan_that_was_cut_off_are_kept(tmp_path):
    drafts, report = collected("nmap", write(tmp_path, "a.xml", scan(PRINTER).removesuffix("</nmaprun>")))

    assert (len(drafts), report.counts) == (1, {"seen": 1, "failed": 1})


def test_a_long_scan_is_read_within_a_bounded_memory(tmp_path):
    path = tmp_path / "a.xml"
    with path.open("w") as file:
        file.write(f'{HEAD}<nmaprun scanner="nmap">')
        file.writelines(host(f"10.1.{n // 250}.{n % 250}", inner=f"<a>{'x' * 2000}</a>") for n in range(20_000))
        file.write("</nmaprun>")

    tracemalloc.start()
    try:
        count = sum(1 for _ in nmap.read_hosts(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert path.stat().st_size > 40_000_000
    assert peak < 4_000_000


def test_one_host_of_hundreds_of_megabytes_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(nmap, "MAX_HOST", 100_000)
    path = write(tmp_path, "a.xml", scan(host("10.0.0.1"), host("10.0.0.2", inner=f"<a>{'x' * 300_000}</a>")))

    drafts, report = collected("nmap", path)
    assert len(drafts) == 1
    assert "one host alone takes more than 100,000 bytes" in reasons(report)["a.xml"]


def test_check_tells_what_is_no_scan(tmp_path):
    write(tmp_path, "a.xml", scan(PRINTER))
    write(tmp_path, "b.xml", "<html/>")

    found = {check.what: check.fault for check in COLLECTOR.check(NmapSettings(paths=[tmp_path]))}
    assert found["a.xml: 1 hosts are up"] == ""
    assert "begins with <html>" in found["b.xml"]


class TestSamples:
    """Counted in the files: `<status state="up"` and `<state state="open"`; two files tell of 127.0.0.1."""

    pytestmark = needed

    def test_each_file_is_read_or_named(self):
        drafts, report = collected("nmap", SAMPLES / "nmap-xml")

        assert report.counts == {"seen": 6, "skipped": 2, "failed": 1}
        told = reasons(report)
        folder = "libnmap/test/files"
        assert "refused: it declares entities" in told[f"{folder}/defused_et_local_includer.xml"]
        assert "begins with <root>" in told[f"{folder}/defused_et_included.xml"]
        assert "does not end in .xml" in told["LICENCE"]
        assert {draft.native_key for draft in drafts} == {
            "127.0.0.1",
            "74.207.244.221",
            "6c:2e:85:19:af:00",
            "88:1f:a1:23:ee:02",
            "192.168.1.4",
            "00:1f:3c:87:66:50",
        }

    @pytest.mark.parametrize(
        ("name", "hosts", "ports"), [("1_hosts", 1, 5), ("2_hosts_version", 2, 8), ("os_scan5", 4, 11)]
    )
    def test_counts(self, name, hosts, ports):
        drafts, _ = collected("nmap", SAMPLES / f"nmap-xml/libnmap/test/files/{name}.xml")

        served = [draft.sections["services"].properties.get("listening", "") for draft in drafts]
        assert (len(drafts), sum(len(text.split(", ")) for text in served if text)) == (hosts, ports)


@contextmanager
def ssh_banner():
    """A port of loopback that answers as an OpenSSH does."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as server:

        def answer():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client, suppress(OSError):  # a scan hangs up as soon as it is connected
                    client.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield port
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.agents
def test_a_real_scan_of_loopback_is_read(tmp_path):
    tool = require_tool("nmap", "nmap")
    with ssh_banner() as port:
        command = [tool, "-sT", "-sV", "-oX", str(tmp_path / "scan.xml"), "-p", str(port), "127.0.0.1"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)

    (draft,), report = collected("nmap", tmp_path)
    assert report.counts == {"seen": 1}
    assert draft.native_key == "127.0.0.1"
    assert draft.sections["services"].properties == {"listening": f"{port}/tcp ssh"}
    (software,) = related(draft, "INSTALLED")
    assert software.properties["name"] == "OpenSSH"
    assert software.properties["version"].startswith("9.2p1")
    assert software.properties["cpe"] == "cpe:/a:openbsd:openssh:9.2p1"
