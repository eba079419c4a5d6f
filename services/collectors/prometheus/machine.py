"""What an exporter tells of its machine, as a record. Pure. Of thousands of metrics only those are parsed that last."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from events.models import Draft, Section
from services.collectors.base import NotOurs
from services.collectors.files import MIB
from services.collectors.machine_network import is_virtual
from services.collectors.parts import FIRMWARE, day_of, given, has_os, identifiers, is_model, key_of, serial
from services.collectors.signs import computer_kind, hypervisor, virtual_cards

MAX_LINES = 20_000
"""Of the metrics that are read; a host with a thousand network cards has five thousand."""
_LINE = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)")
_NODE = {"node_uname_info", "node_os_info", "node_dmi_info", "node_network_info"}
_WINDOWS = {"windows_os_info", "windows_cs_hostname", "windows_os_hostname"}
_READ = (
    _NODE
    | _WINDOWS
    | {
        "node_network_address_info",
        "node_cpu_info",
        "node_memory_MemTotal_bytes",
        "windows_cpu_info",
        "windows_cs_physical_memory_bytes",
        "windows_memory_physical_total_bytes",
        "windows_net_nic_info",
        "windows_net_nic_address_info",
    }
)
_PRODUCT = "product_name"
_NICS = ("windows_net_nic_info", "windows_net_nic_address_info")
_ABSENT = {"(none)", "none", "localhost"}


class Sample(NamedTuple):
    """One line: labels and value."""

    labels: Mapping[str, str]
    value: float


Metrics = Mapping[str, list[Sample]]


def parse(data: bytes) -> Metrics:
    """The metrics that are read, by name. Raises ValueError (no exposition), NotOurs (another exporter's)."""
    text = data.decode("utf-8-sig")
    metrics: dict[str, list[Sample]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        found = _LINE.match(line)
        if found and found.group(1) in _READ:
            metrics.setdefault(found.group(1), []).extend(_samples(line, number))
    if not metrics.keys() & (_NODE | _WINDOWS):
        raise NotOurs(f"metrics, but not of a machine: {_other(text)}")
    if sum(map(len, metrics.values())) > MAX_LINES:
        raise ValueError(f"more than {MAX_LINES:,} lines about one machine")
    return metrics


def _samples(line: str, number: int) -> Iterator[Sample]:
    try:
        for family in text_string_to_metric_families(line.strip()):
            yield from (Sample(sample.labels, float(sample.value)) for sample in family.samples)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"line {number}: {error}") from error


def _other(text: str) -> str:
    """What an exposition without our metrics holds. Raises ValueError where it is none."""
    first = next((line.strip() for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")), "")
    if not first:
        return "it holds no metric"
    name = next((family.name for family in text_string_to_metric_families(first)), "")
    return f"it begins with {name[:80]!r}; node_exporter tells node_uname_info, windows_exporter windows_os_info"


def to_draft(metrics: Metrics, key: str) -> Draft:
    """The record of the machine that was told of; `key`: the target's address or the file's name."""
    names, system = _names(metrics), _system(metrics)
    virtual = hypervisor(_label(metrics, "node_dmi_info", "system_vendor"), _label(metrics, "node_dmi_info", _PRODUCT))
    sections = {"core": _core(metrics, names, virtual, key), "system": system, "processor": _processor(metrics)}
    if metrics.keys() & {"node_network_info", "node_network_address_info", *_NICS}:
        sections["network"] = _network(metrics, key)
    return Draft(native_key=key_of(key), kind=_kind(metrics, virtual), sections=sections)


def _kind(metrics: Metrics, virtual: str) -> str:
    if virtual or (not metrics.get("node_dmi_info") and virtual_cards(_macs(metrics))):
        return "VirtualMachine"
    return computer_kind("", _label(metrics, "windows_os_info", "product")) or "Server"


def _names(metrics: Metrics) -> tuple[str, str]:
    """(host name, fully qualified name or "")."""
    for metric in ("windows_os_hostname", "windows_cs_hostname"):
        if host := _label(metrics, metric, "hostname"):
            fqdn = _label(metrics, metric, "fqdn")
            return host, fqdn if "." in fqdn else ""
    host, domain = _label(metrics, "node_uname_info", "nodename"), _label(metrics, "node_uname_info", "domainname")
    if "." in host:
        return host, host
    return host, f"{host}.{domain}" if host and "." in domain else ""


def _core(metrics: Metrics, names: tuple[str, str], virtual: str, key: str) -> Section:
    dmi = metrics.get("node_dmi_info", [Sample({}, 1)])[0].labels
    vendor, model, number = (_told(dmi, name) for name in ("system_vendor", _PRODUCT, "product_serial"))
    host, fqdn = names
    about = given(
        vendor=vendor,
        model=model,
        serial=number,
        asset_tag=_told(dmi, "chassis_asset_tag"),
        bios_version=_told(dmi, "bios_version"),
        bios_date=day_of(_told(dmi, "bios_date"), FIRMWARE),
        virtualisation=virtual,
        hostname=host,
        fqdn=fqdn,
        memory_mib=_memory(metrics),
    )
    return Section(
        name=host or key,
        identifiers=identifiers(
            ("smbios-uuid", _told(dmi, "product_uuid")),
            ("serial", serial(vendor, number)),
            ("hostname", host),
            ("fqdn", fqdn),
        ),
        properties=about,
        relations=is_model(vendor, model),
    )


def _system(metrics: Metrics) -> Section:
    if "windows_os_info" in metrics:
        name, version = (_label(metrics, "windows_os_info", label) for label in ("product", "version"))
        relations = has_os(full_name=name, version=version, build=version) if name else ()
        return Section(properties=given(os_name=name, os_version=version), relations=relations)
    release = {label: _label(metrics, "node_os_info", label) for label in ("id", "version_id", "pretty_name", "name")}
    full_name = release["pretty_name"] or release["name"]
    return Section(
        properties=given(
            os_name=full_name or _label(metrics, "node_uname_info", "sysname"),
            os_version=release["version_id"],
            kernel=_label(metrics, "node_uname_info", "release"),
            architecture=_label(metrics, "node_uname_info", "machine"),
        ),
        relations=has_os(name=release["id"], version=release["version_id"], full_name=full_name),
    )


def _processor(metrics: Metrics) -> Section:
    """Cores, not threads: node_exporter tells them where it runs with --collector.cpu.info."""
    cpus = [sample.labels for sample in metrics.get("node_cpu_info", [])]
    model = next((cpu.get("model_name", "") for cpu in cpus), "") or _label(metrics, "windows_cpu_info", "name")
    cores = {(cpu.get("package", ""), cpu.get("core", "")) for cpu in cpus if cpu.get("core")}
    return Section(properties=given(processor=model, cores=len(cores)))


def _network(metrics: Metrics, key: str) -> Section:
    ips = [address for metric in ("node_network_address_info", _NICS[1]) for address in _ips(metrics, metric)]
    own = urlsplit(key).hostname if "://" in key else ""
    return Section(
        identifiers=identifiers(
            *(("mac", mac) for mac in _macs(metrics)), *(("ip", ip) for ip in [*ips, _literal(own or "")])
        )
    )


def _macs(metrics: Metrics) -> list[str]:
    ports = [s.labels for s in metrics.get("node_network_info", []) if not is_virtual(s.labels.get("device", ""))]
    windows = [s.labels for s in metrics.get(_NICS[0], []) if not is_virtual(s.labels.get("nic", ""))]
    return [port.get("address", "") for port in ports] + [port.get("mac", "") for port in windows]


def _ips(metrics: Metrics, metric: str) -> Iterator[str]:
    for sample in metrics.get(metric, []):
        port = sample.labels.get("device", "") or sample.labels.get("nic", "")
        if not is_virtual(port):
            yield sample.labels.get("address", "")


def _literal(host: str) -> str:
    """The host of the target's address where that is an IP address, else ""."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ""


def _memory(metrics: Metrics) -> int:
    names = (
        "node_memory_MemTotal_bytes",
        "windows_cs_physical_memory_bytes",
        "windows_memory_physical_total_bytes",
    )
    found = next((metrics[name][0].value for name in names if metrics.get(name)), 0.0)
    return int(found) // MIB if 0 < found < 2**60 else 0  # false for NaN and infinity


def _label(metrics: Metrics, metric: str, label: str) -> str:
    found = metrics.get(metric)
    return _told(found[0].labels, label) if found else ""


def _told(labels: Mapping[str, str], label: str) -> str:
    value = labels.get(label, "").strip()
    return "" if value.casefold() in _ABSENT else value
