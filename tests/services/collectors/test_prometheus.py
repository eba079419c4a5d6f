"""Exporters of machines: a sample, a real node_exporter, targets of all sorts, and bad input."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.collectors.base import SourceUnavailable
from services.collectors.prometheus.collector import COLLECTOR, PrometheusSettings
from tests.servers.process import free_port, listening
from tests.services.collectors.checks import collected, identifiers, reasons, related
from tests.services.collectors.tools import require_tool, running
from tests.whole.samples import SAMPLES, needed

LINUX = """# HELP node_uname_info Labeled system information.
# TYPE node_uname_info gauge
node_uname_info{domainname="(none)",machine="x86_64",nodename="web1.stadt.example",release="6.1.0-18-amd64",sysname="Linux"} 1
node_os_info{id="debian",name="Debian GNU/Linux",pretty_name="Debian GNU/Linux 12 (bookworm)",version_id="12"} 1
node_dmi_info{bios_date="04/12/2021",bios_version="2.2",product_name="PowerEdge R6515",product_serial="7N62AI2",product_uuid="4c4c4544-0034-3010-8048-b6c04f503732",system_vendor="Dell Inc."} 1
node_network_info{address="00:e0:4c:68:01:db",device="eth0",ifalias="",operstate="up"} 1
node_network_info{address="52:54:00:74:5e:f1",device="virbr0",operstate="up"} 1
node_cpu_info{core="0",cpu="0",model_name="EPYC 7302P",package="0"} 1
node_cpu_info{core="0",cpu="1",model_name="EPYC 7302P",package="0"} 1
node_cpu_info{core="1",cpu="2",model_name="EPYC 7302P",package="0"} 1
node_memory_MemTotal_bytes 1.7179869184e+10
node_load1 0.21
"""  # noqa: E501 - a metric is one line
WINDOWS = """windows_os_info{product="Microsoft Windows Server 2022 Standard",version="10.0.20348"} 1
windows_cs_hostname{domain="stadt.example",fqdn="SRV-7.stadt.example",hostname="SRV-7"} 1
windows_cs_physical_memory_bytes 8.589934592e+09
"""


def write(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@contextmanager
def exporter(body=LINUX, *, needs="", status=200):
    """A server on loopback that answers /metrics, and what it was asked with."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("Authorization", "")))
            allowed = not needs or self.headers.get("Authorization") == needs
            self.send_response(status if allowed else 401)
            self.end_headers()
            self.wfile.write(body.encode() if allowed else b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_machine_becomes_a_record_of_what_lasts(tmp_path):
    (draft,), report = collected("prometheus", write(tmp_path, "web1.prom", LINUX))

    assert (draft.native_key, draft.kind) == ("web1.prom", "Server")
    assert identifiers(draft) == {
        ("fqdn", "web1.stadt.example"),
        ("hostname", "web1.stadt.example"),
        ("smbios-uuid", "4c4c4544-0034-3010-8048-b6c04f503732"),
        ("serial", "Dell Inc.\t7N62AI2"),
        ("mac", "00:e0:4c:68:01:db"),
    }
    about = draft.sections["core"].properties
    assert (about["memory_mib"], about["bios_date"], about["model"]) == (16384, "2021-04-12", "PowerEdge R6515")
    assert draft.sections["processor"].properties == {"processor": "EPYC 7302P", "cores": 2}
    assert draft.sections["system"].properties["kernel"] == "6.1.0-18-amd64"
    assert related(draft, "HAS_OS")[0].properties == {
        "name": "debian",
        "version": "12",
        "full_name": "Debian GNU/Linux 12 (bookworm)",
    }
    assert report.counts == {"seen": 1}


def test_values_that_change_change_nothing(tmp_path):
    (first,), _ = collected("prometheus", write(tmp_path, "a.prom", LINUX))
    (second,), _ = collected("prometheus", write(tmp_path, "a.prom", LINUX.replace("0.21", "7.5")))

    assert first == second


def test_a_windows_machine_is_read(tmp_path):
    (draft,), _ = collected("prometheus", write(tmp_path, "a.prom", WINDOWS))

    assert (draft.kind, draft.sections["core"].name) == ("Server", "SRV-7")
    assert ("fqdn", "SRV-7.stadt.example") in identifiers(draft)
    assert draft.sections["core"].properties["memory_mib"] == 8192
    assert related(draft, "HAS_OS")[0].properties["build"] == "10.0.20348"


def test_a_guest_is_told_by_its_firmware(tmp_path):
    text = LINUX.replace("Dell Inc.", "QEMU")

    (draft,), _ = collected("prometheus", write(tmp_path, "a.prom", text))
    assert (draft.kind, draft.sections["core"].properties["virtualisation"]) == ("VirtualMachine", "kvm")


def test_a_guest_that_does_not_tell_its_firmware_is_told_by_its_network_cards(tmp_path):
    """Its own bridges and the loopback adapter are no cards."""
    windows = """windows_os_info{product="Microsoft Windows Server 2022",version="10.0.20348"} 1
windows_os_hostname{hostname="srv-7",fqdn="srv-7.stadt.example"} 1
windows_net_nic_info{nic="Ethernet0",mac="00:50:56:AA:00:01"} 1
windows_net_nic_info{nic="Loopback Pseudo-Interface 1",mac="02:00:4C:4F:4F:50"} 1
"""
    (tmp_path / "srv-7.prom").write_text(windows)
    (draft,), _ = collected("prometheus", tmp_path)

    assert draft.kind == "VirtualMachine"
    assert {value for scheme, value in identifiers(draft) if scheme == "mac"} == {"00:50:56:AA:00:01"}


@pytest.mark.parametrize(
    ("data", "what", "reason"),
    [
        (b"", "failed", "empty"),
        (b"\xff\xfe\x00", "failed", "not readable as metrics"),
        (b"<html><body/></html>", "failed", "not readable as metrics"),
        (b'{"status": "success"}', "failed", "not readable as metrics"),
        (b'node_uname_info{nodename="x} 1', "failed", "line 1"),
        (b'a 1\nnode_uname_info{nodename="x",nodename="y"} 1', "failed", "line 2"),
        (b'node_uname_info{nodename="' + b"x" * 600 + b'"} 1', "failed", "not usable"),
        (b'node_network_info{device="eth0"} 1\n' * 20_001, "failed", "more than 20,000 lines"),
        (b"mysql_up 1\n", "skipped", "it begins with 'mysql_up'"),
        (b"# nothing\n", "skipped", "no metric"),
    ],
)
def test_a_bad_file_is_named_with_its_reason_and_the_rest_goes_on(tmp_path, data, what, reason):
    write(tmp_path, "a-bad.prom", data)
    write(tmp_path, "b-good.prom", LINUX)

    drafts, report = collected("prometheus", tmp_path)
    assert [draft.native_key for draft in drafts] == ["b-good.prom"]
    assert report.counts == {"seen": 2, what: 1}
    assert reason in reasons(report)["a-bad.prom"]


@pytest.mark.parametrize("memory", ["NaN", "+Inf", "-1", "1e300"])
def test_a_memory_that_is_no_number_of_bytes_is_not_said(tmp_path, memory):
    text = LINUX.replace("1.7179869184e+10", memory)

    (draft,), _ = collected("prometheus", write(tmp_path, "a.prom", text))
    assert "memory_mib" not in draft.sections["core"].properties


def test_targets_are_asked_and_one_that_is_down_harms_no_other():
    down = f"127.0.0.1:{free_port()}"
    with exporter() as (one, asked), exporter(WINDOWS) as (two, _):
        drafts, report = collected("prometheus", targets=[one, down, f"http://{two}/metrics"], timeout=5)

    assert [draft.native_key for draft in drafts] == [f"http://{one}/metrics", f"http://{two}/metrics"]
    assert ("ip", "127.0.0.1") in identifiers(drafts[0])
    assert asked == [("/metrics", "")]
    assert report.counts == {"seen": 3, "failed": 1}
    assert set(reasons(report)) == {f"http://{down}/metrics"}


@pytest.mark.parametrize(
    ("settings", "needs"),
    [
        ({"token": "env:THE_TOKEN"}, "Bearer s3cret"),
        ({"user": "scraper", "password": "env:THE_TOKEN"}, "Basic c2NyYXBlcjpzM2NyZXQ="),
    ],
)
def test_secrets_are_sent_and_never_told(monkeypatch, settings, needs):
    monkeypatch.setenv("THE_TOKEN", "s3cret")
    with exporter(needs=needs) as (target, _):
        drafts, _ = collected("prometheus", targets=[target], **settings)
    with exporter(needs="other") as (target, _):
        _, report = collected("prometheus", targets=[target], **settings)

    assert len(drafts) == 1
    (reason,) = reasons(report).values()
    assert "the secret is not accepted" in reason
    assert "s3cret" not in reason


def test_a_secret_that_is_not_there_ends_the_run(monkeypatch):
    monkeypatch.delenv("THE_TOKEN", raising=False)

    with pytest.raises(SourceUnavailable, match="THE_TOKEN"):
        collected("prometheus", targets=["127.0.0.1:1"], token="env:THE_TOKEN")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"targets": ["ftp://x"]},
        {"targets": ["http://"]},
        {"targets": ["http://me:pass@host/"]},
        {"targets": ["host:99999"]},
        {"targets": ["h"], "token": "s3cret"},
        {"targets": ["h"], "token": "env:A", "user": "b"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(ValidationError):
        PrometheusSettings(**settings)


def test_check_names_each_target_with_its_fault():
    with exporter() as (one, _), exporter("mysql_up 1\n") as (two, _), exporter(status=404) as (three, _):
        found = list(COLLECTOR.check(PrometheusSettings(targets=[one, two, three])))

    assert [bool(check.fault) for check in found] == [False, True, True]
    assert "mysql_up" in found[1].fault
    assert "404" in found[2].fault


class TestSample:
    pytestmark = needed

    def test_the_sample_is_read(self):
        (draft,), report = collected("prometheus", SAMPLES / "prometheus")

        assert report.counts == {"seen": 2, "skipped": 1}
        assert "LICENSE" in reasons(report)
        assert draft.sections["core"].properties["serial"] == "7N62AI2"
        assert draft.sections["core"].properties["memory_mib"] == 3_831_959_552 // 2**20
        assert draft.sections["processor"].properties["cores"] == 4
        assert related(draft, "HAS_OS")[0].properties["full_name"] == "Ubuntu 20.04.2 LTS"


@pytest.mark.agents
def test_a_real_node_exporter_is_read(tmp_path):
    tool, port = require_tool("prometheus-node-exporter", "prometheus-node-exporter"), free_port()
    command = [tool, f"--web.listen-address=127.0.0.1:{port}", "--collector.cpu.info"]
    with running(command, tmp_path / "log", lambda: listening(port)):
        (first,), report = collected("prometheus", targets=[f"127.0.0.1:{port}"])
        (second,), _ = collected("prometheus", targets=[f"127.0.0.1:{port}"])

    assert report.counts == {"seen": 1}
    assert first.sections["core"].name == Path("/proc/sys/kernel/hostname").read_text().strip()
    assert related(first, "HAS_OS")
    assert first.sections["system"].properties["kernel"] == Path("/proc/sys/kernel/osrelease").read_text().strip()
    assert first == second
