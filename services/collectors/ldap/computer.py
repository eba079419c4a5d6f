"""A computer object of Active Directory as a record. Pure. No attribute that may hold a person is read."""

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from events.models import Draft, Section
from services.collectors.parts import given, has_os, identifiers, key_of

ATTRIBUTES = (
    "objectClass",
    "objectGUID",
    "cn",
    "dNSHostName",
    "operatingSystem",
    "operatingSystemVersion",
    "userAccountControl",
    "lastLogonTimestamp",
    "servicePrincipalName",
)
_DISABLED, _CONTROLLERS = 0x2, 0x2000 | 0x4000000
"""userAccountControl (MS-ADTS 2.2.16): ACCOUNTDISABLE; SERVER_TRUST_ACCOUNT, PARTIAL_SECRETS_ACCOUNT."""
_STORAGE = re.compile(r"netapp|ontap|isilon|onefs|data domain|emc |vnx|unity", re.IGNORECASE)
_SERVER = re.compile(r"server|samba|esx", re.IGNORECASE)
_BUILD = re.compile(r"(\d+\.\d+) \((\d+)\)")
_MANAGED = {"msds-groupmanagedserviceaccount", "msds-managedserviceaccount", "msds-delegatedmanagedserviceaccount"}
_ESCAPED = re.compile(r"\\([0-9a-fA-F]{2})")
_1601 = datetime(1601, 1, 1, tzinfo=UTC)
LONGEST = 400
Entry = Mapping[str, Sequence[bytes]]


class NoComputer(ValueError):
    """An entry that is no computer. `named`: whether the report may say which; else it may be a person."""

    def __init__(self, text: str, *, named: bool = False) -> None:
        super().__init__(text)
        self.named = named


def to_draft(dn: str, entry: Entry) -> Draft:
    """The record of an entry; attributes in any case. Raises NoComputer, ValueError."""
    told = {name.casefold().split(";")[0]: values for name, values in entry.items()}
    _must_be_computer(told)
    fqdn, name = _text(told, "dnshostname").rstrip("."), _text(told, "cn") or _first_rdn(dn)
    core = Section(
        name=name,
        identifiers=identifiers(("fqdn" if "." in fqdn else "hostname", fqdn), ("hostname", name)),
        properties=given(
            hostname=name,
            fqdn=fqdn,
            domain=_domain(dn),
            directory_path=_path(dn)[:LONGEST],
            directory_account=_account(told),
            last_logon_month=_month(_text(told, "lastlogontimestamp")),
        ),
    )
    key = _guid(told) or dn.casefold()
    if not key:
        raise ValueError("it has neither an objectGUID nor a name")
    return Draft(native_key=key_of(key), kind=_kind(told), sections={"core": core, "system": _system(told)})


def _must_be_computer(told: Entry) -> None:
    classes = {_decoded(value).casefold() for value in told.get("objectclass", [])}
    if "computer" not in classes:
        raise NoComputer("no computer")
    if classes & _MANAGED:
        raise NoComputer("a managed service account, which the directory keeps as a computer", named=True)
    services = {_decoded(value).partition("/")[0].casefold() for value in told.get("serviceprincipalname", [])}
    if services & {"msclustervirtualserver", "msservercluster"}:
        raise NoComputer("the name of a failover cluster, which is no computer", named=True)


def _system(told: Entry) -> Section:
    name, version = _text(told, "operatingsystem"), _text(told, "operatingsystemversion")
    found = _BUILD.search(version)
    build = f"{found.group(1)}.{found.group(2)}" if found else ""
    relations = has_os(full_name=name, version=version, build=build) if name else ()
    return Section(properties=given(os_name=name, os_version=version), relations=relations)


def _kind(told: Entry) -> str:
    system = _text(told, "operatingsystem")
    if _STORAGE.search(system):
        return "StorageSystem"
    return "Server" if _control(told) & _CONTROLLERS or _SERVER.search(system) else "Client"


def _account(told: Entry) -> str:
    if "useraccountcontrol" not in told:
        return ""
    return "disabled" if _control(told) & _DISABLED else "enabled"


def _control(told: Entry) -> int:
    text = _text(told, "useraccountcontrol")
    return int(text) if re.fullmatch(r"-?[0-9]{1,10}", text) else 0


def _month(text: str) -> str:
    """The month of a FILETIME (100 ns since 1601), which the directory renews every 9 to 14 days; "" for never."""
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) == 0:
        return ""
    return f"{_1601 + timedelta(microseconds=int(text) // 10):%Y-%m}"


def _guid(told: Entry) -> str:
    value = next(iter(told.get("objectguid", [])), b"")
    if len(value) == 16:  # noqa: PLR2004 - a GUID's bytes
        return str(uuid.UUID(bytes_le=bytes(value)))
    try:
        return str(uuid.UUID(_decoded(value)))
    except ValueError:
        return ""


def _parts(dn: str) -> list[str]:
    """The names a DN is made of; a comma after a backslash is part of one."""
    return [part.strip() for part in re.split(r"(?<!\\),", dn)] if dn else []


def _plain(part: str) -> str:
    return re.sub(r"\\(.)", r"\1", _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), part.partition("=")[2]))


def _first_rdn(dn: str) -> str:
    return next((_plain(part) for part in _parts(dn)), "")


def _domain(dn: str) -> str:
    return ".".join(_plain(part) for part in _parts(dn) if part[:3].casefold() == "dc=").casefold()


def _path(dn: str) -> str:
    """Where the computer hangs, from the domain down: `Rathaus/Buergeramt`."""
    above = [part for part in _parts(dn)[1:] if part[:3].casefold() != "dc="]
    return "/".join(_plain(part) for part in reversed(above))


def _text(told: Entry, name: str) -> str:
    return _decoded(next(iter(told.get(name, [])), b""))[:LONGEST]


def _decoded(value: bytes) -> str:
    """UTF-8, as LDAP has it; what is none is an old export's, in the code page of Western Windows."""
    try:
        text = bytes(value).decode()
    except UnicodeDecodeError:
        text = bytes(value).decode("cp1252", "replace")
    return text.replace("\0", "").strip()
