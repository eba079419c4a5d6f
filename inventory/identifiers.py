"""Identifiers: what a tool reports, made comparable; and what is not an identifier at all.

Key of an identifier: `scope|scheme|value`. The scope of a joining scheme is the family of the record's kind (a phone's
serial joins no server); schemes that never join are one name space, since a reference by address knows no family.
"""

import ipaddress
import re
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Iterator

from events.models import Identifier, Reference
from graph.metamodel import KINDS

CURATED = "curation"
"""The scheme of what a person joined or parted; only records of curation give it."""
EXCLUSIVE = (CURATED, "cloud-id", "smbios-uuid", "serial", "leika")
"""An asset has one value of each. In order of rank, highest first."""
MEDIUM = ("machine-id", "mac", "fqdn", "name")
"""An asset may have several values of each; they rank below all exclusive ones."""
ORDER = EXCLUSIVE + MEDIUM
SILENT = ("host", "ip", "socket")
"""They find what is referred to, and never join."""

# Values that makers, firmware and virtualisation leave behind. Serials: seen in the wild, and in the default refused
# values of GLPI and OCS; compared without case, blanks and punctuation.
_JUNK_SERIALS = frozenset(
    "0 1 123456789 0123456789 1234567890 na none null unknown default defaultstring notspecified notavailable "
    "notapplicable nosuchinstance systemserialnumber chassisserialnumber baseboardserialnumber serialnumber "
    "tobefilledbyoem tobefilledbyoemobyem oem invalid empty xxxxxxxxxx xxxxxxxx pleaseset vmware standard "
    "systemversion sernum0".split()
)
_JUNK_UUIDS = frozenset(
    {
        "03000200-0400-0500-0006-000700080009",  # AMI's template, left in by board makers
        "00020003-0004-0005-0006-000700080009",  # the same, byte-swapped
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "ffffff00-ffff-ffff-ffff-ffffffffffff",
    }
)
_JUNK_MACS = frozenset(
    {
        "444553540000",  # "DEST": Windows PPP adapter
        "445345000000",
        "005345000000",  # "SE": Windows RAS adapter
        "505054503030",  # "PPTP00": WAN miniport
        "33506f453030",  # "3PoE00": WAN miniport
        "204153594eff",  # " ASYN": RAS async adapter
        "0a0027000000",  # VirtualBox host-only adapter
        "005056c00001",  # VMware's adapters on the host
        "005056c00008",
        "feffffffffff",  # Xen's default bridge
        "020054554e01",  # a TUN adapter
        "02004c4f4f50",  # "LOOP": Microsoft's loopback adapter
    }
)
_SHARED_MACS = ("0242", "02bf", "00005e0001", "00005e0002", "00000c07ac", "00000c9ff")
"""What these begin with is made up or shared: Docker; Windows load balancing; VRRP (RFC 9568); HSRP 1 and 2 (Cisco)."""
_JUNK_HOSTS = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "unknown", "none", "(none)"})
_LAST_PORT = 65_535
_LEGAL_FORMS = re.compile(r"\b(incorporated|inc|corporation|corp|company|co|ltd|limited|gmbh|ag|se|llc|sa|spa)\b\.?")
_VENDORS = {
    "arubahewlettpackardenterprise": "hp",
    "aruba": "hp",
    "arubanetworks": "hp",
    "ciscosystems": "cisco",
    "dellcomputer": "dell",
    "dellemc": "dell",
    "fujitsuclientcomputing": "fujitsu",
    "fujitsusiemens": "fujitsu",
    "fujitsutechnologysolutions": "fujitsu",
    "hewlettpackard": "hp",
    "hewlettpackardenterprise": "hp",
    "hpe": "hp",
    "huaweitechnologies": "huawei",
    "junipernetworks": "juniper",
    "lancomsystems": "lancom",
    "paloaltonetworks": "paloalto",
    "supermicrocomputer": "supermicro",
}
"""Makers that tools spell in several ways, without their legal form: one serial number, and not two that contradict."""


def identifiers_of(kind: str, reported: Iterable[Identifier]) -> frozenset[str]:
    """The usable names of a record of this kind; junk, and schemes that are not known, are left out."""
    return frozenset(key for item in reported for key in _keys(kind, item.scheme, item.value))


def curated_key(kind: str, group: str) -> str:
    """The identifier by which a person puts a record of this kind into a group."""
    return _key(kind, CURATED, group)


def reference_key(reference: Reference) -> str | None:
    """The identifier a reference asks for, or None where its value is junk: then it can find nothing, ever."""
    scheme = "host" if reference.scheme in {"hostname", "fqdn"} else reference.scheme
    reader = _READERS.get(scheme)
    value = reader(reference.value) if reader else ""
    return _key(reference.kind, scheme, value) if value else None


def scheme_of(key: str) -> str:
    """The scheme of an identifier's key."""
    return key.split("|", 2)[1]


def joins(key: str) -> bool:
    """Whether two records with this identifier may be one asset."""
    return scheme_of(key) not in SILENT


def own(keys: frozenset[str]) -> frozenset[str]:
    """A record naming two values of an exclusive scheme contradicts itself: it uses neither (design, Identity)."""
    counts: dict[str, int] = {}
    for key in keys:
        counts[scheme_of(key)] = counts.get(scheme_of(key), 0) + 1
    return frozenset(key for key in keys if scheme_of(key) not in EXCLUSIVE or counts[scheme_of(key)] == 1)


def _keys(kind: str, scheme: str, value: str) -> Iterator[str]:
    if scheme in {"hostname", "fqdn", "host"}:
        host = _host(value)
        if not host:
            return
        yield from {_key(kind, "host", host), _key(kind, "host", host.split(".")[0])}
        if scheme == "fqdn" and "." in host:
            yield _key(kind, "fqdn", host)
    elif scheme == "name" and not KINDS[kind].named:
        return
    elif scheme in _READERS and (text := _READERS[scheme](value)):
        yield _key(kind, scheme, text)


def _key(kind: str, scheme: str, value: str) -> str:
    scope = "" if scheme in SILENT else KINDS[kind].family
    return f"{scope}|{scheme}|{value}"


def _squeeze(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.casefold())


def _serial(text: str) -> str:
    """`vendor<TAB>serial`; a serial alone names nothing, since makers number from the same small numbers."""
    vendor, tab, number = text.partition("\t")
    maker = _squeeze(_LEGAL_FORMS.sub(" ", vendor.casefold()))
    plain = _squeeze(number)
    if not tab or not maker or maker in _JUNK_SERIALS or plain in _JUNK_SERIALS or len(set(plain)) == 1 or not plain:
        return ""
    return f"{_VENDORS.get(maker, maker)}:{plain}"


def _smbios_uuid(text: str) -> str:
    """The smaller of the value and its byte-swapped form: SMBIOS before 2.6 and some hypervisors swap the fields."""
    try:
        value = uuid.UUID(text.strip())
    except ValueError:
        return ""
    if str(value) in _JUNK_UUIDS or len(set(value.hex)) < 4:  # noqa: PLR2004 - 000..., fff..., 0123-like fillers
        return ""
    return min(str(value), str(uuid.UUID(bytes_le=value.bytes)))


def _mac(text: str) -> str:
    plain = _squeeze("".join(part.strip().zfill(2) for part in re.split("[:-]", text)))  # Solaris: 0:14:4f:f8:1:2
    if not re.fullmatch(r"[0-9a-f]{12}", plain) or plain in _JUNK_MACS or len(set(plain)) == 1:
        return ""
    if int(plain[1], 16) & 1 or plain.startswith(_SHARED_MACS):  # group addresses are nobody's own either
        return ""
    return plain


def _host(text: str) -> str:
    host = text.strip().rstrip(".").casefold()
    if host in _JUNK_HOSTS or not re.fullmatch(r"[\w-]{1,63}(\.[\w-]{1,63})*", host) or _ip(host):
        return ""
    return host


def _ip(text: str) -> str:
    try:
        address = ipaddress.ip_address(text.strip().split("%")[0])
    except ValueError:
        return ""
    if address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast:
        return ""
    return str(address)


def _socket(text: str) -> str:
    """`address:port`, where something is served; an IPv6 address stands in brackets."""
    address, _, port = text.strip().rpartition(":")
    bare = _ip(address.removeprefix("[").removesuffix("]"))
    number = int(port) if re.fullmatch(r"[0-9]{1,5}", port) else 0
    if not bare or not 0 < number <= _LAST_PORT:
        return ""
    return f"[{bare}]:{number}" if ":" in bare else f"{bare}:{number}"


def _machine_id(text: str) -> str:
    plain = _squeeze(text)
    return plain if re.fullmatch(r"[0-9a-f]{32}", plain) and len(set(plain)) > 1 else ""


def _name(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _leika(text: str) -> str:
    """14 digits beginning with 99 (LeiKa, the German catalogue of public services)."""
    return text.strip() if re.fullmatch(r"99\d{12}", text.strip()) else ""


_READERS: dict[str, Callable[[str], str]] = {
    "cloud-id": lambda text: text.strip().casefold(),
    "smbios-uuid": _smbios_uuid,
    "serial": _serial,
    "leika": _leika,
    "machine-id": _machine_id,
    "mac": _mac,
    "host": _host,
    "ip": _ip,
    "socket": _socket,
    "name": _name,
}
