"""What NetBox lists, made records. Pure. All of it is declared: NetBox says what should be, and observes nothing.

Contacts, and texts in which persons may be named (comments, descriptions), are not read.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from events.models import Draft, Properties, Relation, Section
from graph.metamodel import KINDS
from services.collectors.agent_inventory import part, text
from services.collectors.answers import Item, whole
from services.collectors.base import NotOurs
from services.collectors.netbox.answers import Answers, Owner, label_of
from services.collectors.parts import DECLARED, day_of, given, has_os, identifiers, is_model, related, serial

_ROLES = (
    ("Utility", r"pdu|\bups\b|usv|power|strom|cooling|klima"),
    ("Printer", r"print|drucker|mfp"),
    ("StorageSystem", r"storage|speicher|\bsan\b|\bnas\b|filer|tape"),
    (
        "NetworkDevice",
        r"switch|router|firewall|access.?point|\bw?ap\b|wireless|wlan|gateway|balancer|console|modem|net(work|z)|oob",
    ),
    ("MobileDevice", r"phone|tablet|mobile|handy"),
    ("Client", r"client|workstation|desktop|laptop|notebook|arbeitsplatz"),
    ("Server", r"server|hypervisor|\besxi?\b|\bhost\b|compute|blade|appliance"),
)
"""What a role's name tells, the first that fits."""
Locations = dict[str, Section]


@dataclass(frozen=True)
class Mapped:
    """What the owner maps: roles to kinds, custom fields to properties; whether tenants are organisation units."""

    roles: Mapping[str, str] = field(default_factory=dict)
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    tenants: bool = True


def to_drafts(answers: Answers, mapped: Mapped) -> Iterator[tuple[str, Callable[[], Draft]]]:
    """The name and the draft of each; building one raises NotOurs for a device whose role names no kind."""
    yield from _locations(answers).items()
    if mapped.tenants:
        for number, tenant in answers.lists["tenants"].items():
            yield f"tenant {number}", partial(_tenant, number, tenant)
    for number, cluster in answers.lists["clusters"].items():
        yield f"cluster {number}", partial(_cluster, number, cluster, mapped)
    for number, device in answers.lists["devices"].items():
        yield f"device {number}", partial(device_draft, number, device, answers, mapped)
    for number, machine in answers.lists["virtual-machines"].items():
        yield f"vm {number}", partial(_machine, number, machine, answers, mapped)


def _locations(answers: Answers) -> dict[str, Callable[[], Draft]]:
    """Sites, locations and racks: those that are listed, and those that devices stand in though no list has them."""
    found: dict[str, Callable[[], Draft]] = {}
    for device in answers.lists["devices"].values():
        site, location = part(device, "site"), part(device, "location")
        for level, place in (("site", site), ("location", location), ("rack", part(device, "rack"))):
            brief = {**place, "site": site} | ({"location": location} if level == "rack" else {})
            if text(place, "id") and text(place, "name"):
                found[f"{level} {text(place, 'id')}"] = partial(_location, level, brief)
    for of_type, level in (("sites", "site"), ("locations", "location"), ("racks", "rack")):
        for number, place in answers.lists[of_type].items():
            found[f"{level} {number}"] = partial(_location, level, place)
    return found


def _location(level: str, place: Item) -> Draft:
    """The name of what is in a site begins with the site's: a rack "1" is in many."""
    site = text(part(place, "site"), "name")
    name = text(place, "name") if level == "site" else _inside(site, text(place, "name"))
    outer = "" if level == "site" else _outer(site, place, level)
    section = Section(
        name=name,
        identifiers=identifiers(("name", name)),
        properties=given(
            level="" if level == "location" else level,  # a building, a floor or a room: NetBox does not say
            address=", ".join(text(place, "physical_address").split("\n")).replace("\r", "") if level == "site" else "",
        ),
        relations=related("LOCATED_IN", "Location", {"name": outer}, DECLARED),
    )
    return Draft(native_key=f"{level} {text(place, 'id')}", kind="Location", sections={"core": section})


def _outer(site: str, place: Item, level: str) -> str:
    inner = part(place, "parent") if level == "location" else part(place, "location") or part(place, "group")
    return _inside(site, text(inner, "name")) if text(inner, "name") else site


def _inside(site: str, name: str) -> str:
    return f"{site} / {name}" if site and name else name


def _tenant(number: str, tenant: Item) -> Draft:
    name = text(tenant, "name")
    section = Section(name=name, identifiers=identifiers(("name", name)))
    return Draft(native_key=f"tenant {number}", kind="OrganisationUnit", sections={"core": section})


def _cluster(number: str, cluster: Item, mapped: Mapped) -> Draft:
    name = text(cluster, "name")
    scoped = part(cluster, "scope") if text(cluster, "scope_type") == "dcim.site" else {}
    site = text(part(cluster, "site") or scoped, "name")
    section = Section(
        name=name,
        identifiers=identifiers(("name", name)),
        properties=_custom(cluster, "Cluster", mapped),
        relations=(*related("LOCATED_IN", "Location", {"name": site}, DECLARED), *_owned(cluster, mapped)),
    )
    return Draft(native_key=f"cluster {number}", kind="Cluster", sections={"core": section})


def kind_of(device: Item, roles: Mapping[str, str]) -> str:
    """By the owner's mapping of the role's slug, else by its name, else by its type. Raises NotOurs."""
    role = part(device, "role") or part(device, "device_role")
    slug, name = text(role, "slug"), text(role, "name") or text(role, "slug")
    if slug in roles:
        return roles[slug]
    found = next((kind for kind, pattern in _ROLES if re.search(pattern, name.casefold())), "")
    if not found and part(device, "device_type").get("is_network_device") is True:
        found = "NetworkDevice"
    if not found:
        raise NotOurs(
            f"its role {name or 'is empty,'!r} names no kind; say which in the setting roles: {slug!r} = a kind"
        )
    return found


def device_draft(number: str, device: Item, answers: Answers, mapped: Mapped) -> Draft:
    """A device. Raises NotOurs."""
    kind = kind_of(device, mapped.roles)
    listed = answers.lists["device-types"].get(text(part(device, "device_type"), "id"), {})
    of_type = {**listed, **part(device, "device_type")}
    vendor, model = text(part(of_type, "manufacturer"), "name"), text(of_type, "model", "display", "display_name")
    member = related("MEMBER_OF", "Cluster", {"name": text(part(device, "cluster"), "name")}, DECLARED)
    hardware = given(vendor=vendor, model=model, serial=text(device, "serial"), asset_tag=text(device, "asset_tag"))
    core = _core(number, device, kind, mapped, hardware)
    own = identifiers(("serial", serial(vendor, text(device, "serial"))))
    core = core.model_copy(
        update={
            "identifiers": (*core.identifiers, *own),
            "relations": (*core.relations, *is_model(vendor, model), *_located(device), *member),
        }
    )
    return _draft(f"device {number}", kind, core, _network(device, ("devices", number), answers))


def _machine(number: str, machine: Item, answers: Answers, mapped: Mapped) -> Draft:
    sizes = given(cores=whole(_number(machine.get("vcpus"))), memory_mib=whole(machine.get("memory")))
    core = _core(number, machine, "VirtualMachine", mapped, sizes)
    cluster = related("RUNS_ON", "Cluster", {"name": text(part(machine, "cluster"), "name")}, DECLARED)
    host = related("RUNS_ON", "Server", {"host": text(part(machine, "device"), "name")}, DECLARED)
    core = core.model_copy(update={"relations": (*core.relations, *cluster, *host)})
    return _draft(f"vm {number}", "VirtualMachine", core, _network(machine, ("virtual-machines", number), answers))


def _number(value: object) -> object:
    """Later versions write `2.0`, some `"2.00"`."""
    found = re.fullmatch(r"(\d{1,6})(\.\d+)?", value) if isinstance(value, str) else None
    return found[1] if found else value


def _draft(key: str, kind: str, core: Section, network: Section) -> Draft:
    sections = {"core": Section(**core.model_dump()), "network": network}
    return Draft(native_key=key, kind=kind, sections=sections)


def _core(number: str, item: Item, kind: str, mapped: Mapped, more: Properties) -> Section:
    """What devices and machines have in common; only properties that the kind has."""
    name = text(item, "name") or text(item, "display", "display_name") or f"NetBox {number}"
    platform = text(part(item, "platform"), "name")
    told = more | given(hostname=text(item, "name"), os_name=platform, hardware_status=label_of(item, "status"))
    declared = {declared.name for declared in KINDS[kind].properties}
    return Section(
        name=name,
        identifiers=identifiers(("name" if KINDS[kind].named else "hostname", text(item, "name") or name)),
        properties={name: value for name, value in told.items() if name in declared} | _custom(item, kind, mapped),
        relations=(*(has_os(full_name=platform) if platform else ()), *_owned(item, mapped)),
    )


def _network(item: Item, owner: Owner, answers: Answers) -> Section:
    """Its addresses; the name in DNS of the primary one alone, since others may be of a service that moves."""
    primaries = [part(item, name) for name in ("primary_ip", "primary_ip4", "primary_ip6")]
    told = [text(primary, "address").split("/")[0] for primary in primaries]
    own = {text(primary, "id") for primary in primaries} - {""}
    known = answers.addresses.get(owner, [])
    names = [text(primary, "dns_name") for primary in primaries]
    names += [address.dns_name for address in known if address.id in own]
    ips = sorted({*told, *(address.ip for address in known)} - {""})
    return Section(
        identifiers=identifiers(
            *(("ip", ip) for ip in ips),
            *(("fqdn", name) for name in sorted(set(names)) if "." in name),
            *(("mac", mac) for mac in answers.macs.get(owner, [])),
        )
    )


def _located(item: Item) -> tuple[Relation, ...]:
    """The innermost place that is known: the rack, the location, the site."""
    site = text(part(item, "site"), "name")
    inner = text(part(item, "rack"), "name") or text(part(item, "location"), "name")
    return related("LOCATED_IN", "Location", {"name": _inside(site, inner) if inner else site}, DECLARED)


def _owned(item: Item, mapped: Mapped) -> tuple[Relation, ...]:
    tenant = text(part(item, "tenant"), "name") if mapped.tenants else ""
    return related("OWNED_BY", "OrganisationUnit", {"name": tenant}, DECLARED)


def _custom(item: Item, kind: str, mapped: Mapped) -> Properties:
    """Custom fields that are mapped to a property that the kind has, in its type; what does not fit is left out."""
    types = {declared.name: declared.type for declared in KINDS[kind].properties}
    fields = part(item, "custom_fields")
    return given(
        **{
            name: _in_type(fields[field], types[name])
            for field, name in mapped.custom_fields.items()
            if field in fields and name in types
        }
    )


def _in_type(value: object, of_type: str) -> str | int | None:
    """A chosen value has a label; of several chosen, all."""
    told = ", ".join(_words(value))
    if of_type == "integer":
        return whole(_number(told))
    return day_of(told) if of_type == "date" else told


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    if isinstance(value, Mapping):
        return [word for word in [text(value, "label", "name", "display", "value")] if word]
    return [word for word in [text({"value": value}, "value")] if word]
