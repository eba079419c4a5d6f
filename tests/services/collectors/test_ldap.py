"""Computers of a directory: from LDIF, and from a real slapd over TLS."""

import base64
import gc
import time
import tracemalloc
import uuid

import ldap3
import pytest
from pydantic import ValidationError

from events.models import Draft
from services.collectors.base import Report, SourceUnavailable
from services.collectors.ldap import files as ldap_files
from services.collectors.ldap import live as ldap_live
from services.collectors.ldap.collector import COLLECTOR, LdapSettings
from services.collectors.ldap.computer import NoComputer, to_draft
from tests.servers.process import free_port
from tests.services.collectors.checks import collected, identifiers, reasons, related
from tests.services.collectors.hostile import answering, drip, flood
from tests.services.collectors.slapd import BASE, PASSWORD, READER, STRANGER, computer, slapd

GUID = uuid.UUID("12345678-9abc-def0-1122-334455667788")
SERVER = f"""dn: CN=SRV-7,OU=Server,OU=Rathaus,DC=stadt,DC=example
changetype: add
objectClass: top
objectClass: person
objectClass: user
objectClass: computer
cn: SRV-7
objectGUID:: {base64.b64encode(GUID.bytes_le).decode()}
dNSHostName: srv-7.stadt.example
operatingSystem: Windows Server 2022 Standard
operatingSystemVersion: 10.0 (20348)
userAccountControl: 4096
lastLogonTimestamp: 133530000000000000
managedBy: CN=Erika Mustermann,OU=IT,DC=stadt,DC=example
description: Erika Mustermann, Zimmer 12
"""
PERSON = "dn: CN=Erika Mustermann,OU=IT,DC=stadt,DC=example\nobjectClass: user\ncn: Erika Mustermann\n"


def write(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def entry(**values):
    """Attributes as a directory gives them."""
    return {"objectClass": [b"computer"]} | {name: [value.encode()] for name, value in values.items()}


def test_a_computer_becomes_a_record(tmp_path):
    (draft,), report = collected("ldap", write(tmp_path, "a.ldif", f"version: 1\n\n{SERVER}"))

    assert (draft.native_key, draft.kind) == (str(GUID), "Server")
    assert identifiers(draft) == {("fqdn", "srv-7.stadt.example"), ("hostname", "SRV-7")}
    assert draft.sections["core"].properties == {
        "hostname": "SRV-7",
        "fqdn": "srv-7.stadt.example",
        "domain": "stadt.example",
        "directory_path": "Rathaus/Server",
        "directory_account": "enabled",
        "last_logon_month": "2024-02",
    }
    assert related(draft, "HAS_OS")[0].properties == {
        "full_name": "Windows Server 2022 Standard",
        "version": "10.0 (20348)",
        "build": "10.0.20348",
    }
    assert report.counts == {"seen": 2}


def test_no_person_is_taken_or_named(tmp_path):
    bad = PERSON.replace("dn: ", "dn: no name ") + "broken line\n"

    drafts, report = collected("ldap", write(tmp_path, "a.ldif", f"{SERVER}\n{PERSON}\n{bad}"))
    assert len(drafts) == 1
    assert report.counts == {"seen": 4, "skipped": 1, "failed": 1}
    assert reasons(report)["a.ldif"] == "1 entries are no computers and were not read"
    assert "ustermann" not in drafts[0].model_dump_json() + str(report.problems)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"operatingSystem": "Windows 11 Enterprise"}, "Client"),
        ({"operatingSystem": "Windows Server 2019 Standard"}, "Server"),
        ({"operatingSystem": "Samba", "userAccountControl": "532480"}, "Server"),
        ({"operatingSystem": "", "userAccountControl": "67112960"}, "Server"),
        ({"operatingSystem": "NetApp Release 9.11.1"}, "StorageSystem"),
        ({}, "Client"),
    ],
)
def test_the_kind_is_told_by_system_and_account(values, kind):
    assert to_draft("CN=a,DC=b", entry(**values)).kind == kind


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"objectClass": [b"computer", b"msDS-GroupManagedServiceAccount"]}, "service account"),
        ({"servicePrincipalName": [b"HOST/c1", b"MSClusterVirtualServer/c1"]}, "failover cluster"),
    ],
)
def test_what_the_directory_keeps_as_computers_and_is_none_is_named(values, told):
    with pytest.raises(NoComputer, match=told):
        to_draft("CN=a,DC=b", entry(cn="a") | values)


@pytest.mark.parametrize("value", ["0", "9223372036854775807", "never", "-1", "99999999999999999999999"])
def test_a_logon_that_never_was_is_not_said(value):
    draft = to_draft("CN=a,DC=b", entry(cn="a", lastLogonTimestamp=value))

    assert "last_logon_month" not in draft.sections["core"].properties


def test_odd_values_are_read_as_far_as_they_go():
    odd = {
        "OBJECTCLASS": [b"Computer"],
        "cn;lang-de": ["Büro".encode("cp1252")],
        "objectGUID": [b"short"],
        "userAccountControl": [b"many"],
        "dNSHostName": [],
        "operatingSystem": [b"x" * 5000],
    }

    draft = to_draft(r"CN=B\C3\BCro\, 1,OU=A,DC=b", odd)
    assert isinstance(draft, Draft)
    assert draft.sections["core"].name == "Büro"
    assert len(draft.sections["system"].properties["os_name"]) == 400


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_of_ldifde_are_read(tmp_path, encoding):
    (draft,), _ = collected("ldap", write(tmp_path, "a.ldf", SERVER.replace("\n", "\r\n").encode(encoding)))

    assert draft.native_key == str(GUID)


def test_output_of_ldapsearch_is_read(tmp_path):
    text = (
        f"# extended LDIF\n#\n\n# SRV-7\n{SERVER}\n# search result\nsearch: 2\nresult: 0 Success\n\n# numEntries: 1\n"
    )

    drafts, report = collected("ldap", write(tmp_path, "a.ldif", text))
    assert (len(drafts), report.counts) == (1, {"seen": 2})


def test_changes_are_no_entries(tmp_path):
    text = f"{SERVER}\ndn: CN=SRV-8,DC=stadt\nchangetype: delete\n"

    drafts, report = collected("ldap", write(tmp_path, "a.ldif", text))
    assert len(drafts) == 1
    assert "1 entries are changes" in reasons(report)["a.ldif"]


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>\n</html>", b"\x00\x01\x02", b'{"dn": 1}', b"\xff\xfe\x41", b"dn:: %%%%\nobjectClass: computer"],
)
def test_a_file_that_is_no_ldif_is_named_and_the_rest_goes_on(tmp_path, data):
    write(tmp_path, "a-bad.ldif", data)
    write(tmp_path, "b-good.ldif", SERVER)

    drafts, report = collected("ldap", tmp_path)
    assert [draft.native_key for draft in drafts] == [str(GUID)]
    assert report.counts["failed"] == 1
    assert {item.split(",")[0] for item in reasons(report)} == {"a-bad.ldif"}


def test_a_large_file_is_read_within_a_bounded_memory(tmp_path):
    path = tmp_path / "a.ldif"
    with path.open("w") as file:
        file.writelines(
            f"dn: CN=c{n},DC=b\nobjectClass: computer\ncn: c{n}\ninfo: {'x' * 4000}\n\n" for n in range(10_000)
        )
        file.write(f"dn: CN=huge,DC=b\nobjectClass: computer\ncn: {'x' * 20_000_000}\n")

    report = Report()
    tracemalloc.start()
    try:
        with path.open("rb") as file:
            count = sum(1 for _ in ldap_files.read_entries(file, "a.ldif", report))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 10_000
    assert "more than 4,194,304 bytes" in str(report.problems)
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"url": "ldaps://x"},
        {"url": "http://x", "base": "DC=a"},
        {"url": "ldaps://me:pw@x", "base": "DC=a"},
        {"url": "ldaps://x", "base": "DC=a", "bind_dn": "CN=a"},
        {"url": "ldaps://x", "base": "DC=a", "password": "Le$er"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(ValidationError):
        LdapSettings(**settings)


COMPUTERS = "".join(
    computer(f"pc-{n}", dNSHostName=f"pc-{n}.stadt.example", operatingSystem="Windows 11 Pro", userAccountControl=4098)
    for n in range(25)
)
SRV = "objectGUID:: " + base64.b64encode(GUID.bytes_le).decode() + "\n"


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv("DIRECTORY_PASSWORD", PASSWORD)
    return {"base": BASE, "bind_dn": READER, "password": "env:DIRECTORY_PASSWORD", "timeout": 10}


@pytest.mark.agents
def test_a_real_directory_is_read_in_pages_over_tls(tmp_path, password):
    computers = COMPUTERS + computer("srv-7", operatingSystem="Windows Server 2019").rstrip() + "\n" + SRV
    with slapd(tmp_path, computers) as (plain, secure, authority):
        over_tls, report = collected("ldap", url=secure, ca_file=authority, page_size=10, **password)
        over_start_tls, _ = collected("ldap", url=plain, ca_file=authority, **password)

    assert report.counts == {"seen": 26}
    assert {d.sections["core"].name for d in over_tls} == {"srv-7", *(f"pc-{n}" for n in range(25))}
    assert str(GUID) in {draft.native_key for draft in over_tls}
    assert {d.sections["core"].properties["directory_path"] for d in over_tls} == {"Rechner"}
    assert sorted(over_tls, key=lambda d: d.native_key) == sorted(over_start_tls, key=lambda d: d.native_key)


@pytest.mark.agents
def test_persons_are_not_named_where_the_filter_finds_them(tmp_path, password):
    with slapd(tmp_path, COMPUTERS) as (_, secure, authority):
        drafts, report = collected("ldap", url=secure, ca_file=authority, filter="(objectClass=*)", **password)

    assert len(drafts) == 25
    assert set(reasons(report)) == {secure}
    assert "ustermann" not in str(report.problems)


@pytest.mark.agents
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")  # ldap3's, of a name that does not fit
def test_a_directory_that_is_not_trusted_gets_no_password(tmp_path, password):
    with slapd(tmp_path, COMPUTERS) as (plain, secure, authority):
        for url in (plain, secure):
            with pytest.raises(SourceUnavailable, match="certificate is not trusted"):
                collected("ldap", url=url, **password)
        with pytest.raises(SourceUnavailable, match="certificate is not trusted"):
            collected("ldap", url=secure.replace("localhost", "127.0.0.1"), ca_file=authority, **password)
        drafts, _ = collected("ldap", url=secure, verify_tls=False, **password)

    assert len(drafts) == 25
    gc.collect()  # while its warning is not an error


@pytest.mark.agents
def test_what_is_missing_is_told_without_the_password(tmp_path, password, monkeypatch):
    with slapd(tmp_path, COMPUTERS) as (_, secure, authority):
        own = {"url": secure, "ca_file": authority}
        good = list(COLLECTOR.check(LdapSettings(**own, **password)))
        stranger = list(COLLECTOR.check(LdapSettings(**own, **(password | {"bind_dn": STRANGER}))))
        with pytest.raises(SourceUnavailable, match="no such base"):
            collected("ldap", **own, **(password | {"base": "dc=other"}))
        monkeypatch.setenv("DIRECTORY_PASSWORD", "wr0ng-one")
        with pytest.raises(SourceUnavailable, match="not accepted") as refused:
            collected("ldap", **own, **password)

    assert {check.what: check.fault for check in good if check.fault} == {
        "attribute objectGUID": "none shows it; grant the account Read on computer objects"
    }
    assert "nothing fits (objectClass=computer)" in stranger[-1].fault
    assert "wr0ng-one" not in str(refused.value)


@pytest.mark.agents
def test_a_server_that_ends_early_makes_the_run_partial(tmp_path, password):
    with slapd(tmp_path, COMPUTERS, "sizelimit size.pr=10 size.prtotal=10") as (_, secure, authority):
        drafts, report = collected("ldap", url=secure, ca_file=authority, page_size=10, **password)

    assert 0 < len(drafts) < 25
    assert report.counts["failed"] == 1


@pytest.mark.agents
def test_more_entries_than_allowed_make_the_run_partial(tmp_path, password):
    with slapd(tmp_path, COMPUTERS) as (_, secure, authority):
        drafts, report = collected("ldap", url=secure, ca_file=authority, page_size=10, max_entries=20, **password)

    assert len(drafts) == 20
    assert "max_entries" in reasons(report)[secure]


def test_a_directory_that_does_not_answer_ends_the_run(password):
    with pytest.raises(SourceUnavailable, match="no answer"):
        collected("ldap", url=f"ldaps://127.0.0.1:{free_port()}", **(password | {"timeout": 2}))


BOUND = bytes.fromhex("300c02010161070a010004000400")
"""The answer to the first request: logged in."""
ENTRY = bytes.fromhex("300c020102640704036f3d783000")
"""An answer to the second: the entry o=x."""


def endless(part, pause=0.0):
    def talk():
        yield BOUND
        time.sleep(0.3)  # so long that the search was asked for
        while True:
            yield part
            time.sleep(pause)

    return talk


def ended(_part):
    def talk():
        yield BOUND
        time.sleep(0.3)
        yield ENTRY

    return talk


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        (endless(ENTRY * 1000), "larger than"),
        (endless(ENTRY, 0.02), "not complete after"),
        (drip(BOUND[:3], b"", 0.02), "no answer|not complete after"),
        (drip(b"\x30\x84\x7f\xff\xff\xff", b"x", 0.02), "not complete after"),
        (endless(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "no LDAP|failed"),
        (flood(b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x" * 65_536), "no LDAP|no answer|failed"),
        (ended(ENTRY), "failed"),
    ],
    ids=[
        "entries",
        "slow entries",
        "half an answer",
        "slow login",
        "another protocol",
        "another from the start",
        "end",
    ],
)
def test_a_directory_that_never_ends_or_is_none_is_given_up(monkeypatch, talk, reason):
    monkeypatch.setattr(ldap3.Server, "_message_counter", 0)  # answers name the number of what they answer
    monkeypatch.setattr(ldap_live, "WHOLE", 2)
    monkeypatch.setattr(ldap_live, "LARGEST_PAGE", 100_000)
    own = {"base": BASE, "start_tls": False, "timeout": 1}
    with answering(talk) as port, pytest.raises(SourceUnavailable, match=reason):
        collected("ldap", url=f"ldap://127.0.0.1:{port}", **own)


@pytest.mark.agents
def test_a_directory_that_shows_no_computer_makes_no_complete_run(tmp_path, password):
    """An account that may read nothing finds nothing, and no error."""
    with slapd(tmp_path, COMPUTERS) as (_, secure, authority):
        drafts, report = collected("ldap", url=secure, ca_file=authority, **(password | {"bind_dn": STRANGER}))

    assert drafts == []
    assert "the account may read none of it" in reasons(report)[secure]
    assert report.counts["failed"] == 1


def test_pages_that_are_empty_and_never_end_make_no_complete_run(monkeypatch):
    monkeypatch.setattr(ldap_live, "SPARE_PAGES", 20)
    directory = ldap_live.Directory(LdapSettings(url="ldap://127.0.0.1", base=BASE, max_entries=1000, page_size=500))
    directory._page = lambda *_: ({"result": 0}, [], b"more")
    report = Report()

    assert list(directory.entries(("cn",), report)) == []
    assert "no end of them" in reasons(report)["ldap://127.0.0.1"]
