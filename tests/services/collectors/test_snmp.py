"""Devices over SNMP: a real snmpd as itself, as a switch and as a printer; and odd answers."""

import socket
import threading
from contextlib import contextmanager

import pytest
from pyasn1.type.univ import OctetString
from pydantic import ValidationError
from pysnmp.proto.errind import RequestTimedOut

from services.collectors.base import SourceUnavailable
from services.collectors.snmp import collector as snmp
from services.collectors.snmp import live, oids
from services.collectors.snmp.collector import COLLECTOR, SnmpSettings
from services.collectors.snmp.device import kind_of, to_draft
from tests.servers.process import free_port
from tests.services.collectors.checks import assert_in_metamodel, collected, identifiers, reasons, related
from tests.services.collectors.snmpd import AUTH, COMMUNITY, OWN_MODULES, PRINTER, PRIVACY, SWITCH, snmpd


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    for name, value in {"C": COMMUNITY, "A": AUTH, "P": PRIVACY, "WRONG": "wr0ng-wr0ng"}.items():
        monkeypatch.setenv(f"SNMP_{name}", value)


V2 = {"version": "2c", "community": "env:SNMP_C", "timeout": 1, "repeats": 1}
V3 = {"user": "reader", "auth_password": "env:SNMP_A", "privacy_password": "env:SNMP_P", "timeout": 1}


@pytest.mark.agents
@pytest.mark.parametrize("access", [V2, V3], ids=["v2c", "v3"])
def test_a_switch_is_read_over_the_wire(tmp_path, access):
    with snmpd(tmp_path, SWITCH, *OWN_MODULES) as port:
        (draft,), report = collected("snmp", hosts=["127.0.0.1"], port=port, **access)
        (again,), _ = collected("snmp", hosts=["127.0.0.1"], port=port, **access)

    assert report.counts == {"seen": 1}
    assert (draft.native_key, draft.kind) == ("00:11:22:33:44:00", "NetworkDevice")
    about = draft.sections["core"].properties
    assert {name: about[name] for name in ("vendor", "model", "serial", "firmware", "location")} == {
        "vendor": "Cisco",
        "model": "WS-C2960X-48TS-L",
        "serial": "FOC1234X5YZ",
        "firmware": "15.2(7)E4",
        "location": "Rathaus, Keller",
    }
    assert {pair for pair in identifiers(draft) if pair[0] != "ip"} == {
        ("fqdn", "sw-rathaus.stadt.example"),
        ("serial", "Cisco\tFOC1234X5YZ"),
        ("mac", "00:11:22:33:44:00"),
        ("mac", "00:11:22:33:44:01"),
    }
    assert {(to.scheme, to.value, to.kind) for to in related(draft, "CONNECTS_TO")} == {
        ("mac", "00:aa:bb:cc:dd:01", "NetworkDevice"),
        ("ip", "10.0.0.9", "NetworkDevice"),
        ("ip", "10.0.0.3", "NetworkDevice"),
        ("hostname", "srv-4", "Server"),
    }
    assert "ustermann" not in draft.model_dump_json()
    assert draft == again


@pytest.mark.agents
def test_a_printer_is_read_over_the_wire(tmp_path):
    with snmpd(tmp_path, PRINTER, *OWN_MODULES) as port:
        (draft,), _ = collected("snmp", hosts=["127.0.0.1"], port=port, **V2)

    assert (draft.native_key, draft.kind, draft.sections["core"].name) == ("00:17:c8:00:00:01", "Printer", "KM1234")
    assert ("serial", "Kyocera\tVNX1234567") in identifiers(draft)
    assert related(draft, "IS_MODEL")[0].properties == {"name": "ECOSYS M5526cdw", "vendor": "Kyocera"}
    assert related(draft, "HAS_OS") == []


@pytest.mark.agents
def test_a_computer_is_read_with_its_programs_where_wanted(tmp_path):
    with snmpd(tmp_path) as port:
        (draft,), _ = collected("snmp", hosts=["127.0.0.1"], port=port, software=True, **V3)

    assert draft.kind == "Server"
    assert draft.sections["core"].properties["os_name"] == "Linux"
    assert draft.sections["core"].properties["memory_mib"] > 100
    assert len(related(draft, "INSTALLED")) > 50


@pytest.mark.agents
@pytest.mark.parametrize(
    ("access", "reason"),
    [
        (V2 | {"community": "env:SNMP_WRONG"}, "the community is wrong"),
        (V3 | {"auth_password": "env:SNMP_WRONG"}, "refuses"),
        (V3 | {"user": "nobody"}, "refuses"),
        (V3 | {"privacy_password": "env:SNMP_WRONG"}, "user or password is wrong"),
    ],
)
def test_a_wrong_secret_is_told_and_never_shown(tmp_path, access, reason):
    with snmpd(tmp_path) as port:
        drafts, report = collected("snmp", hosts=["127.0.0.1"], port=port, **access)

    assert (drafts, report.counts) == ([], {"seen": 1, "failed": 1})
    told = reasons(report)["127.0.0.1"]
    assert reason in told
    assert not [secret for secret in (COMMUNITY, AUTH, PRIVACY, "wr0ng") if secret in told]


@pytest.mark.agents
def test_a_view_without_the_system_group_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("SNMP_C", "blind")
    with snmpd(tmp_path) as port:
        settings = SnmpSettings(hosts=["127.0.0.1"], port=port, **V2)
        (check,) = [check for check in COLLECTOR.check(settings) if "127.0.0.1" in check.what]

    assert "1.3.6.1.2.1.1" in check.fault


@pytest.mark.agents
def test_one_silent_host_harms_no_other_and_a_silent_address_of_a_network_is_no_device(tmp_path):
    with snmpd(tmp_path, SWITCH, *OWN_MODULES) as port:
        own = {"port": port, **V2, "timeout": 0.5, "repeats": 0}
        drafts, report = collected("snmp", hosts=["127.0.0.9", "127.0.0.1", "no-such-host.invalid"], **own)
        of_net, net_report = collected("snmp", hosts=["127.0.0.0/29"], **own)
        checks = list(COLLECTOR.check(SnmpSettings(hosts=["127.0.0.0/29"], **own)))

    assert (len(drafts), report.counts) == (1, {"seen": 3, "failed": 2})
    assert "no answer after 1 tries" in reasons(report)["127.0.0.9"]
    assert "no host of this name" in reasons(report)["no-such-host.invalid"]
    assert (len(of_net), net_report.counts) == (1, {"seen": 1})
    assert (report.in_part, net_report.in_part) == (False, True)
    assert [check.fault for check in checks] == [""]


@pytest.mark.agents
def test_a_device_with_two_addresses_is_one(tmp_path):
    with snmpd(tmp_path, SWITCH, *OWN_MODULES) as port:
        drafts, report = collected("snmp", hosts=["127.0.0.1", "localhost"], port=port, **V2)

    assert len(drafts) == 1
    assert reasons(report) == {"localhost": "the same device as 127.0.0.1"}


def test_a_host_that_does_not_answer_fails_its_check():
    settings = SnmpSettings(hosts=["127.0.0.1"], port=free_port(), **(V2 | {"timeout": 0.3, "repeats": 0}))

    faults = [check.fault for check in COLLECTOR.check(settings)]
    assert "no answer" in faults[0]
    assert faults[-1] == "no device answers"


@contextmanager
def answering(*datagrams):
    """A UDP port of loopback that answers whatever comes with these."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def answer():
            while (asked := server.recvfrom(9999))[0] != b"stop":
                for datagram in datagrams:
                    server.sendto(datagram, asked[1])

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        server.sendto(b"stop", server.getsockname())
        thread.join()


def test_what_is_no_snmp_is_no_answer_and_leaves_no_traceback(caplog):
    garbage = b"\xb3:j\x8d", b"\x30\x82\xff\xff", b"\x00" * 200, b"HTTP/1.1 400 Bad Request\r\n", b""
    with answering(*garbage) as port:
        own = V2 | {"timeout": 0.3, "repeats": 0}
        drafts, report = collected("snmp", hosts=["127.0.0.1", "a..b"], port=port, **own)

    assert (drafts, report.counts) == ([], {"seen": 2, "failed": 2})
    assert "no answer" in reasons(report)["127.0.0.1"]
    assert "no host of this name" in reasons(report)["a..b"]
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({oids.OBJECT_ID: "1.3.6.1.4.1.8072.3.2.10", oids.SERVICES: 72}, "Server"),
        ({oids.OBJECT_ID: "1.3.6.1.4.1.9.1.1", oids.SERVICES: 78}, "NetworkDevice"),
        ({oids.OBJECT_ID: "1.3.6.1.4.1.99999.1", oids.SERVICES: 2}, "NetworkDevice"),
        ({oids.OBJECT_ID: "1.3.6.1.4.1.99999.1", oids.DESCRIPTION: b"Linux nas 5.10.1 #1"}, "Server"),
        ({oids.OBJECT_ID: "1.3.6.1.4.1.789.2.5"}, "StorageSystem"),
        ({oids.OBJECT_ID: "1.3.6.1.4.1.641.2"}, "Printer"),
        ({(*oids.PRINTER_SERIAL, 1): b""}, "Printer"),
        ({(*oids.DEVICE_TYPE, 7): oids.PRINTER_DEVICE, oids.OBJECT_ID: "1.3.6.1.4.1.11.2"}, "Printer"),
        ({(*oids.DEVICE_TYPE, 7): oids.PRINTER_DEVICE, oids.OBJECT_ID: "1.3.6.1.4.1.8072.3"}, "Server"),
        ({}, "NetworkDevice"),
    ],
)
def test_the_kind_is_told_by_maker_printers_and_layers(told, kind):
    assert kind_of(told) == kind


def test_a_stack_has_no_serial_number_of_its_own():
    told = {oids.NAME: b"stack", oids.OBJECT_ID: "1.3.6.1.4.1.9.1.1"}
    for index in (1, 2):
        told |= {(*oids.CLASS, index): oids.CHASSIS, (*oids.SERIAL, index): f"FOC{index}".encode()}

    assert {scheme for scheme, _ in identifiers(to_draft(told, "10.0.0.1"))} == {"hostname", "ip"}


def test_odd_answers_are_read_as_far_as_they_go():
    told = {
        oids.NAME: b"\xff\x00\x01sw",
        oids.DESCRIPTION: 7,
        oids.OBJECT_ID: b"1.3.6.1.4.1.x",
        oids.SERVICES: "many",
        oids.MEMORY: b"x",
        oids.LOCATION: b"erika@stadt.example",
        oids.BRIDGE: b"short",
        oids.LLDP_SUBTYPE: 4,
        oids.LLDP_CHASSIS: b"\x01\x00\x5e\x00\x00\x01",
        (*oids.IF_TYPE, 1): 6,
        (*oids.IF_MAC, 1): b"",
        (*oids.ADDRESS, 1): b"\x7f\x00\x00\x01",
        (*oids.NEIGHBOUR_SUBTYPE, 0): b"4",
        (*oids.NEIGHBOUR_ADDRESS, 0, 1, 1, 1, 4, 999, 1, 1, 1): 2,
        (*oids.NEIGHBOUR_ABILITIES, 0): 3,
        (*oids.CLASS, 1): oids.CHASSIS,
    }

    draft = to_draft(told, "10.0.0.1")
    assert_in_metamodel(draft)
    assert identifiers(draft) == {("hostname", "ÿ sw"), ("ip", "10.0.0.1")}
    assert "location" not in draft.sections["core"].properties


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"hosts": ["a"]},
        {"hosts": ["a"], "version": "2c"},
        {"hosts": ["a"], "version": "2c", "community": "public"},
        {"hosts": ["10.0.0.1/24"], "user": "x"},
        {"hosts": ["10.0.0.0/8"], "user": "x"},
        {"hosts": ["a b"], "user": "x"},
        {"hosts": ["a"], "user": "x", "privacy_password": "env:A"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(ValidationError):
        SnmpSettings(**settings)


def test_a_password_that_is_too_short_ends_the_run(monkeypatch):
    monkeypatch.setenv("SNMP_A", "short")

    with pytest.raises(SourceUnavailable, match="8 characters") as refused:
        collected("snmp", hosts=["127.0.0.1"], user="x", auth_password="env:SNMP_A")
    assert "'short'" not in str(refused.value)


def told_of(monkeypatch, **answers):
    """What is said of devices that give these answers, by address."""

    async def ask_all(_settings, _secrets, hosts, tell):
        for host in hosts:
            tell(host, answers[f"h{host[-1]}"])

    monkeypatch.setattr(snmp, "ask_all", ask_all)
    hosts = [f"10.0.0.{number[-1]}" for number in answers]
    return collected("snmp", hosts=hosts, **V2)


def device(name, number, mac=b"\x02\x11\x22\x33\x44\x55"):
    part = {(*column, 1): value for column, value in ((oids.CLASS, oids.CHASSIS), (oids.SERIAL, number))}
    return {oids.NAME: name, oids.OBJECT_ID: "1.3.6.1.4.1.12356.1", oids.BRIDGE: mac, **part}


def test_members_of_a_cluster_that_have_one_mac_are_two_devices(monkeypatch):
    drafts, report = told_of(
        monkeypatch, h1=device(b"fw-a", b"FGT1"), h2=device(b"fw-b", b"FGT2"), h3=device(b"fw-a", b"FGT1")
    )

    assert [draft.native_key for draft in drafts] == ["02:11:22:33:44:55", "10.0.0.2"]
    assert reasons(report) == {"10.0.0.3": "the same device as 10.0.0.1"}


@pytest.mark.parametrize("mac", ["00090f090001", "02bf0a000001", "00005e000101"])
def test_an_address_that_wanders_between_devices_names_none(mac):
    assert {scheme for scheme, _ in identifiers(to_draft(device(b"fw-a", b"FGT1", bytes.fromhex(mac)), "fw-a"))} == {
        "hostname",
        "serial",
    }


@pytest.mark.agents
def test_a_device_that_falls_silent_while_it_is_asked_is_named_in_a_network_too(tmp_path, monkeypatch):
    async def silent(self, *_):
        self._judge(RequestTimedOut())

    monkeypatch.setattr(live._Device, "walk", silent)
    with snmpd(tmp_path, SWITCH, *OWN_MODULES) as port:
        own = {"port": port, **V2, "timeout": 0.5, "repeats": 0}
        drafts, report = collected("snmp", hosts=["127.0.0.1/32"], **own)

    assert drafts == []
    assert "it answered, and then no longer" in reasons(report)["127.0.0.1"]
    assert report.counts["failed"] == 1


def test_of_a_huge_value_the_beginning_is_kept():
    assert len(live._value(OctetString(b"x" * 60_000))) == live.LONGEST_VALUE


@pytest.mark.parametrize(
    ("macs", "kind"),
    [
        (["00505600aa01"], "VirtualMachine"),
        (["bc2411000001", "525400000002"], "VirtualMachine"),
        (["00505600aa01", "ac1f6b000001"], "Server"),
        ([], "Server"),
    ],
    ids=["virtual", "virtual ones", "a host's besides", "none"],
)
def test_a_computer_with_virtual_network_cards_alone_is_a_virtual_machine(macs, kind):
    """Else whoever was asked last, the hypervisor or the machine, would say what it is."""
    told = {oids.OBJECT_ID: "1.3.6.1.4.1.8072.3.2.10", oids.SERVICES: 72}
    for number, mac in enumerate(macs):
        told |= {
            (*oids.IF_TYPE, number): 6,
            (*oids.IF_NAME, number): b"eth",
            (*oids.IF_MAC, number): bytes.fromhex(mac),
        }

    assert to_draft(told, "10.0.0.1").kind == kind


@pytest.mark.parametrize("access", [V2 | {"community": "env:ODD"}, V3 | {"auth_password": "env:ODD"}])
def test_a_secret_that_cannot_be_sent_is_told_and_never_shown(monkeypatch, access):
    monkeypatch.setenv("ODD", "geheim€geheim")
    with pytest.raises(SourceUnavailable, match="only Latin-1") as told:
        collected("snmp", hosts=["127.0.0.1"], **access)
    assert "geheim" not in str(told.value)
