"""What NetBox lists, put together: objects by type and id, whatever files or pages they came in.

Nested objects are brief in every version; those of version 2 have other names (`device_role`, `interface`).
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from services.collectors.agent_inventory import part, text
from services.collectors.answers import Item, objects
from services.collectors.base import NotOurs

TYPES = (
    "sites", "locations", "racks", "tenants", "devices", "clusters", "virtual-machines", "ip-addresses", "interfaces",
    "device-types",
)  # fmt: skip
_OF_NO_USE = ("platforms", "device-roles", "manufacturers", "regions", "cluster-types", "cluster-groups")
"""What nested objects say already."""
_OTHER_NAMES = {"rack-groups": "locations"}
_NOT_ITS_OWN = {"vip", "vrrp", "hsrp", "glbp", "carp", "anycast"}
"""Roles of addresses that several devices have."""
_NO_CARDS = re.compile(r"virtual|bridge|lag|loopback", re.IGNORECASE)
Owner = tuple[str, str]
"""The type and the id of the device or machine that an interface or an address belongs to."""


@dataclass(frozen=True)
class Address:
    """An address of a device, and its name in DNS."""

    id: str
    ip: str
    dns_name: str


@dataclass
class Answers:
    """All objects: `lists` by type and id."""

    lists: dict[str, dict[str, Item]] = field(default_factory=lambda: defaultdict(dict))
    addresses: dict[Owner, list[Address]] = field(default_factory=lambda: defaultdict(list))
    macs: dict[Owner, list[str]] = field(default_factory=lambda: defaultdict(list))


def take(answers: Answers, path: str, value: object) -> None:
    """Add a list, whole, or a page of it, or one object. Raises NotOurs."""
    items = list(_items(value))
    named = _type_of_path(path)
    types = {_add(answers, named, item) for item in items}
    if not items:
        raise NotOurs("an empty list: NetBox has none of these")
    if types == {""}:
        raise NotOurs(f"JSON, but no list of NetBox that is read; read are {', '.join(TYPES)}")


def _items(value: object) -> Iterator[Item]:
    if isinstance(value, Mapping) and "results" in value:
        value = value["results"]
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        raise NotOurs("JSON, but no list of NetBox")
    yield from objects(value)


def _type_of_path(path: str) -> str:
    stem = PurePosixPath(path).stem.casefold().replace("_", "-")
    return _known(stem)


def _known(name: str) -> str:
    name = _OTHER_NAMES.get(name, name)
    return name if name in TYPES or name in _OF_NO_USE else ""


def _add(answers: Answers, named: str, item: Item) -> str:
    """The type that it was taken for; "" for none."""
    of_type = _type_of_url(text(item, "url")) or named or _type_of_shape(item)
    number = text(item, "id")
    if not of_type or not number:
        return ""
    if of_type == "ip-addresses":
        _add_address(answers, item, number)
    elif of_type == "interfaces":
        _add_interface(answers, item)
    elif of_type not in _OF_NO_USE:
        answers.lists[of_type][number] = item
    return of_type


def _type_of_url(url: str) -> str:
    found = re.search(r"/api/[a-z]+/([a-z-]+)/\d+/?$", url)
    return _known(found[1]) if found else ""


def _type_of_shape(item: Item) -> str:
    """By the fields that only this type has, in every version."""
    shapes = (
        ("devices", {"device_type"}),
        ("virtual-machines", {"vcpus"}),
        ("device-types", {"model", "manufacturer"}),
        ("ip-addresses", {"address", "family"}),
        ("ip-addresses", {"address", "assigned_object"}),
        ("sites", {"physical_address"}),
        ("racks", {"u_height", "site"}),
        ("interfaces", {"mac_address", "device"}),
        ("interfaces", {"mac_address", "virtual_machine"}),
        ("clusters", {"name", "type", "group"}),
        ("locations", {"slug", "site"}),
    )
    return next((of_type for of_type, names in shapes if names <= item.keys()), "")


def _owner(item: Item) -> Owner | None:
    for of_type, name in (("devices", "device"), ("virtual-machines", "virtual_machine")):
        if number := text(part(item, name), "id"):
            return of_type, number
    return None


def _add_address(answers: Answers, item: Item, number: str) -> None:
    owner = _owner(part(item, "assigned_object")) or _owner(part(item, "interface"))
    if owner and label_of(item, "role") not in _NOT_ITS_OWN:
        address = Address(number, text(item, "address").split("/")[0], text(item, "dns_name"))
        answers.addresses[owner].append(address)


def _add_interface(answers: Answers, item: Item) -> None:
    owner, kind = _owner(item), label_of(item, "type") or label_of(item, "form_factor")
    mac = text(item, "mac_address") or text(part(item, "primary_mac_address"), "mac_address")
    if owner and mac and not (owner[0] == "devices" and _NO_CARDS.search(kind)):
        answers.macs[owner].append(mac)


def label_of(item: Item, name: str) -> str:
    """The word for a choice: NetBox 2 has numbers for values and words for labels, later ones words for both."""
    choice = item.get(name)
    if isinstance(choice, Mapping):
        value = choice.get("value")
        return (value if isinstance(value, str) else text(choice, "label")).strip().casefold()
    return choice.strip().casefold() if isinstance(choice, str) else ""
