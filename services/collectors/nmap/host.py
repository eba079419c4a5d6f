"""A host of a scan as a record. Pure. nmap's device types and systems are guesses: two equally good ones are none."""

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from events.models import Draft, Relation, Section
from services.collectors.parts import given, identifiers, installed, key_of
from services.collectors.signs import kind_by_maker

_KINDS = {
    "general purpose": "Server",
    "specialized": "",
    "printer": "Printer",
    "print server": "Printer",
    "router": "NetworkDevice",
    "broadband router": "NetworkDevice",
    "switch": "NetworkDevice",
    "hub": "NetworkDevice",
    "bridge": "NetworkDevice",
    "firewall": "NetworkDevice",
    "wap": "NetworkDevice",
    "load balancer": "NetworkDevice",
    "phone": "MobileDevice",
    "pda": "MobileDevice",
    "storage-misc": "StorageSystem",
}
_CLIENT = re.compile(r"windows (xp|vista|7|8|8\.1|10|11)\b|mac ?os|os x", re.IGNORECASE)
_JETDIRECT = "9100"
_PRINTING = {"515", "631"}
ASSUMED = "device type not known to nmap, taken for a server"
GUESSED = "system guessed by nmap"


def to_draft(host: Element, key: str, min_accuracy: int) -> Draft:
    """The record of one host. A scan without ports says nothing of services, and so keeps what was said before."""
    system = _system(host, min_accuracy)
    kind = _kind(host, system, min_accuracy)
    sections = {"core": _core(host, system, assumed=not kind), "network": _network(host)}
    if host.find("ports") is not None:
        sections["services"] = _services(host)
    return Draft(native_key=key_of(key), kind=kind or "Server", sections=sections)


def address(host: Element, *types: str) -> str:
    """Its first address of one of these types (mac, ipv4, ipv6), or ""."""
    return next(_addresses(host, types), "")


def _addresses(host: Element, types: Iterable[str]) -> Iterator[str]:
    for item in host.findall("address"):
        if item.get("addrtype", "") in types and item.get("addr"):
            yield item.get("addr", "")


def _core(host: Element, system: str, *, assumed: bool) -> Section:
    ptr = [name for name, origin in _names(host) if origin == "PTR"]
    fqdn = next((name for name in ptr if "." in name), "")
    names = [name for name, _ in _names(host)]
    return Section(
        name=next(iter([*ptr, *names]), address(host, "ipv4", "ipv6")),
        identifiers=identifiers(("fqdn", fqdn), *(("hostname", name) for name in names if name != fqdn)),
        properties=given(
            fqdn=fqdn,
            hostname=next(iter([*ptr, *names]), ""),
            os_name=system,
            coverage=", ".join(text for text, said in ((ASSUMED, assumed), (GUESSED, bool(system))) if said),
        ),
    )


def _names(host: Element) -> list[tuple[str, str]]:
    """(name, type): PTR is the address's own name, `user` is what the scan was called with."""
    found = host.iterfind("hostnames/hostname")
    return [(name, item.get("type", "")) for item in found if (name := item.get("name", "").strip().rstrip("."))]


def _network(host: Element) -> Section:
    ips = (("ip", ip) for ip in _addresses(host, ("ipv4", "ipv6")))
    return Section(identifiers=identifiers(("mac", address(host, "mac")), *ips))


def _services(host: Element) -> Section:
    ports = sorted(_open_ports(host), key=lambda port: (_number(port.get("portid")), port.get("protocol", "")))
    served = (f"{_number(port.get('portid'))}/{port.get('protocol', 'tcp')}{_process(port)}" for port in ports)
    return Section(
        properties=given(listening=", ".join(served)),
        relations=tuple(item for port in ports for item in _product(port)),
    )


def _open_ports(host: Element) -> Iterator[Element]:
    for port in host.iterfind("ports/port"):
        state = port.find("state")
        if state is not None and state.get("state") == "open":
            yield port


def _process(port: Element) -> str:
    service = port.find("service")
    name = "" if service is None else service.get("name", "")
    return f" {name}" if name else ""


def _product(port: Element) -> Iterator[Relation]:
    """What answered as a product; the table of well-known ports names none."""
    service = port.find("service")
    if service is not None and service.get("product"):
        cpes = ((item.text or "").strip() for item in service.findall("cpe"))
        yield installed(
            name=service.get("product", ""),
            version=service.get("version", ""),
            cpe=next((cpe for cpe in cpes if cpe.startswith("cpe:/a:")), ""),
        )


def _system(host: Element, min_accuracy: int) -> str:
    return _best([(_accuracy(item), item.get("name", "")) for item in host.iter("osmatch")], min_accuracy)


def _kind(host: Element, system: str, min_accuracy: int) -> str:
    """By the class of its system, what its services say of the device, the printer's ports, the card's maker."""
    types = [(_accuracy(item), _KINDS.get(item.get("type", "").casefold(), "")) for item in host.iter("osclass")]
    guessed = _best(types, min_accuracy)
    if guessed:
        return "Client" if guessed == "Server" and _CLIENT.search(system) else guessed
    services = (item.get("devicetype", "").casefold() for item in host.iterfind("ports/port/service"))
    said = {kind for kind in (_KINDS.get(name, "") for name in services) if kind}
    if len(said) == 1:
        return said.pop()
    ports = {port.get("portid") for port in _open_ports(host)}
    if _JETDIRECT in ports and ports & _PRINTING:
        return "Printer"
    makers = (item.get("vendor", "") for item in host.findall("address") if item.get("addrtype") == "mac")
    return kind_by_maker(next(makers, ""))


def _best(found: list[tuple[int, str]], least: int) -> str:
    top = max((accuracy for accuracy, _ in found), default=0)
    best = {text for accuracy, text in found if accuracy == top}
    return best.pop() if top >= least and len(best) == 1 else ""


def _accuracy(item: Element) -> int:
    return _number(item.get("accuracy"))


def _number(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else 0
