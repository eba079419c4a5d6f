"""A Kubernetes cluster's objects made records: the cluster, its nodes, and the workloads on it. Pure.

What stops when a node fails: nothing at once, for its pods start on other nodes. So a workload RUNS_ON the cluster,
which stands while as many of its members do as it requires; and it DEPENDS_ON the nodes where its pods are, `degrades`:
it is short of a replica, or away until it has started elsewhere. RUNS_ON several nodes would say that it stops with any
one of them. Only pods that are not started elsewhere (those without a controller, and a node's own) RUNS_ON their node.
A daemon set has a pod on each node for that node, and loses nothing that matters elsewhere: its nodes are not told.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from events.models import LONGEST_NAME, Draft, Properties, Reference, Relation, Section
from services.collectors.kubernetes.images import images
from services.collectors.kubernetes.needs import Needs
from services.collectors.kubernetes.objects import Object, Objects, name
from services.collectors.kubernetes.workloads import Workload, workloads
from services.collectors.parts import DECLARED, OBSERVED, given, has_os, identifiers, installed, key_of, related
from services.collectors.sbom import many, part, text

_DEGRADES: Properties = {**OBSERVED, "strength": "degrades"}
_CLOUDS = {"aws", "azure", "gce", "digitalocean", "openstack", "vsphere", "hcloud", "ionos", "stackit", "kubevirt"}
_CLOUDS |= {"proxmox", "oci", "ibm", "ovirt", "nutanix", "otc", "linode", "vultr", "scaleway"}
"""Providers whose machines are virtual, as a node's providerID names them."""
_MEMORY = {"Ki": 1 / 1024, "Mi": 1, "Gi": 1024, "": 1 / 1024 / 1024}


def to_drafts(objects: Objects, cluster: str, version: str = "") -> Iterator[Draft]:
    """The cluster, its nodes and its workloads. `version`: of the cluster, where it was asked for."""
    sections = {"core": Section(name=cluster, identifiers=identifiers(("name", cluster)))}
    if version:
        sections["software"] = Section(relations=(installed(name="Kubernetes", version=version.removeprefix("v")),))
    yield Draft(native_key=key_of("cluster", cluster), kind="Cluster", sections=sections)
    nodes = _own_names({name(item): item for item in objects.all("Node")})
    for title in sorted(nodes):
        yield node(nodes[title], cluster)
    found = workloads(objects)
    needs = Needs(found, objects)
    for item in found:
        yield workload(item, cluster, objects, needs, nodes)


def _own_names(nodes: dict[str, Object]) -> dict[str, Object]:
    """The nodes without what several share: containers have their host's UUID, clones the machine-id of the first."""
    told = Counter(value for item in nodes.values() for value in _firmware(item))
    common = {value for value, number in told.items() if number > 1}
    return {title: _without(item, common) for title, item in nodes.items()}


def _firmware(item: Object) -> list[str]:
    info = part(part(item, "status"), "nodeInfo")
    return [text(info, field).casefold() for field in ("systemUUID", "machineID")]


def _without(item: Object, common: set[str]) -> Object:
    if not common.intersection(_firmware(item)):
        return item
    status = part(item, "status")
    info = {
        field: value
        for field, value in part(status, "nodeInfo").items()
        if field not in {"systemUUID", "machineID"} or str(value).strip().casefold() not in common
    }
    return {**item, "status": {**status, "nodeInfo": info}}


def node(item: Object, cluster: str) -> Draft:
    """A node, with what names the machine itself."""
    info = part(part(item, "status"), "nodeInfo")
    runtime, _, runtime_version = text(info, "containerRuntimeVersion").partition("://")
    software = (("kubelet", text(info, "kubeletVersion")), (runtime, runtime_version))
    return Draft(
        native_key=key_of("node", cluster, name(item)),
        kind=_kind(item),
        sections={
            "core": _machine(item, info),
            "software": Section(
                relations=tuple(installed(name=what, version=version) for what, version in software if what and version)
            ),
            "cluster": Section(relations=related("MEMBER_OF", "Cluster", [("name", cluster)])),
        },
    )


def workload(item: Workload, cluster: str, objects: Objects, needs: Needs, nodes: dict[str, Object]) -> Draft:
    """A workload. What no object was told of that would say it has no section, so that what was known is kept."""
    sections = {
        "core": Section(
            name=_name(item),
            identifiers=identifiers(("name", _full_name(item, cluster)), ("cloud-id", _uid(item))),
            properties=given(
                namespace=item.namespace,
                controller=item.controller,
                part_of=item.labels.get("app.kubernetes.io/part-of", ""),
            ),
        ),
        "software": Section(relations=images(item.specs)),
        "cluster": Section(relations=related("RUNS_ON", "Cluster", [("name", cluster)], DECLARED)),
    }
    if objects.known("Pod"):
        sections["placement"] = Section(relations=tuple(_placement(item, nodes)))
    if objects.known("Service"):
        sections["dependencies"] = Section(relations=tuple(_dependencies(item, cluster, needs)))
    if objects.known("PersistentVolume") or needs.storage(item):
        sections["storage"] = Section(relations=tuple(_storage(needs.storage(item))))
    if objects.known("Ingress") and objects.known("Service"):
        sections["exposure"] = Section(properties=given(hosts=", ".join(sorted(needs.hosts(item)))[:4096]))
    return Draft(
        native_key=key_of("workload", cluster, item.namespace, f"{item.controller}/{item.name}"),
        kind="Workload",
        sections=sections,
    )


def _machine(item: Object, info: Object) -> Section:
    addresses = [(text(one, "type"), text(one, "address")) for one in many(part(item, "status"), "addresses")]
    ips = [("ip", address) for kind, address in addresses if kind in {"InternalIP", "ExternalIP"}]
    hosts = {name(item), *(address for kind, address in addresses if kind in {"Hostname", "InternalDNS"})}
    return Section(
        name=name(item)[:LONGEST_NAME],
        identifiers=identifiers(
            ("machine-id", text(info, "machineID")),
            ("smbios-uuid", text(info, "systemUUID")),
            *(("fqdn" if "." in host else "hostname", host[:255]) for host in sorted(hosts)),
            *ips,
        ),
        properties=given(
            hostname=name(item),
            architecture=text(info, "architecture"),
            os_name=text(info, "osImage"),
            kernel=text(info, "kernelVersion"),
            cores=_cores(item),
            memory_mib=_memory(item),
        ),
        relations=has_os(full_name=text(info, "osImage")),
    )


def _kind(item: Object) -> str:
    provider = text(part(item, "spec"), "providerID").partition(":")[0].casefold()
    return "VirtualMachine" if provider in _CLOUDS else "Server"


def _cores(item: Object) -> int | None:
    found = text(part(part(item, "status"), "capacity"), "cpu")
    return int(found) if re.fullmatch(r"[0-9]{1,5}", found) else None


def _memory(item: Object) -> int | None:
    found = re.fullmatch(r"([0-9]{1,18})(Ki|Mi|Gi|)", text(part(part(item, "status"), "capacity"), "memory"))
    return int(int(found[1]) * _MEMORY[found[2]]) if found else None


def _placement(item: Workload, nodes: dict[str, Object]) -> Iterator[Relation]:
    names = {text(part(pod, "spec"), "nodeName") for pod in item.pods} - {""}
    for title in sorted(names if item.controller != "DaemonSet" else ()):
        to = _node(title, nodes)
        if item.moves:
            yield Relation(type="DEPENDS_ON", to=to, properties=_DEGRADES)
        else:
            yield Relation(type="RUNS_ON", to=to, properties=OBSERVED)


def _node(title: str, nodes: dict[str, Object]) -> Reference:
    """A node by what names it best: another machine may have its name."""
    known = nodes.get(title, {})
    identity = text(part(part(known, "status"), "nodeInfo"), "systemUUID")
    kind = _kind(known)
    if identity:
        return Reference(scheme="smbios-uuid", value=identity, kind=kind)
    return Reference(scheme="host", value=title[:255], kind=kind)


def _dependencies(item: Workload, cluster: str, needs: Needs) -> Iterator[Relation]:
    for other in needs.workloads(item):
        scheme, value = ("cloud-id", _uid(other)) if _uid(other) else ("name", _full_name(other, cluster))
        yield from related("DEPENDS_ON", "Workload", [(scheme, value)], DECLARED)
    hosts = [("host", host[:255]) for host in sorted(needs.outside(item))]
    yield from related("DEPENDS_ON", "ExternalService", hosts, DECLARED)


def _storage(servers: Iterable[str]) -> Iterator[Relation]:
    for server in sorted(servers):
        scheme = "ip" if re.fullmatch(r"[0-9.]+", server) else "host"
        yield from related("DEPENDS_ON", "StorageSystem", [(scheme, server[:255])], DECLARED)


def _name(item: Workload) -> str:
    return f"{item.namespace}/{item.name}"[:LONGEST_NAME]


def _full_name(item: Workload, cluster: str) -> str:
    return f"{cluster}/{item.namespace}/{item.name}"[:LONGEST_NAME]


def _uid(item: Workload) -> str:
    return f"kubernetes:{item.uid}" if item.uid else ""
