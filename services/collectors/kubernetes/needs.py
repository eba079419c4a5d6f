"""What workloads need of one another and of storage: services that they name, volumes that they mount. Pure.

Values of environment variables are looked at for the names of services of the same cluster, and nothing else of them
is kept: neither the value nor the variable's name is said.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from services.collectors.kubernetes.objects import Object, Objects, containers, name, namespace
from services.collectors.kubernetes.workloads import Key, Workload
from services.collectors.sbom import many, part, text

_IN_ADDRESS = re.compile(
    r"(?:^|[/@,=\s(])([a-z0-9][a-z0-9.-]{0,252}):\d{1,5}(?!\d)|://(?:[^/@\s]{0,255}@)?([a-z0-9][a-z0-9.-]{0,252})"
)
_NAMES_A_HOST = re.compile(r"(HOST|HOSTNAME|ADDR|ADDRESS|SERVER|SERVICE|URL|URI|ENDPOINT)S?$", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")
_LONGEST = 4096
"""Characters of a value that are looked at."""
_STORED_AT = ("server", "source", "targetPortal", "monitors", "portals", "share", "dataLIF")
_SERVER = re.compile(r"^(?:/{2}|\\{2})?([A-Za-z0-9][\w.-]*)(?::\d+)?(?:[/\\:].*)?$")


class Needs:
    """What is known of the workloads' surroundings, looked up once for all of them."""

    def __init__(self, found: Iterable[Workload], objects: Objects) -> None:
        self._services = {(namespace(item), name(item)): item for item in objects.all("Service")}
        self._labelled: dict[tuple[str, str, str], list[Workload]] = {}
        for workload in found:
            for label, value in workload.pod_labels.items():
                self._labelled.setdefault((workload.namespace, label, value), []).append(workload)
        self._behind = {key: self._selected(service) for key, service in self._services.items()}
        self._volumes: dict[tuple[str, str], list[Object]] = {}
        for volume in objects.all("PersistentVolume"):
            self._volumes.setdefault(_claimed(volume), []).append(part(volume, "spec"))
        self._hosts: dict[Key, set[str]] = {}
        for ingress in objects.all("Ingress"):
            for host, service in _rules(ingress):
                for workload in self._behind.get((namespace(ingress), service), ()):
                    self._hosts.setdefault(workload.key, set()).add(host)

    def workloads(self, workload: Workload) -> list[Workload]:
        """Those behind the services that a workload's environment names; not itself."""
        behind = {other.key: other for key in self._named(workload) for other in self._behind[key]}
        return [behind[key] for key in sorted(behind) if key != workload.key]

    def outside(self, workload: Workload) -> set[str]:
        """Host names outside the cluster, behind services that stand for them (ExternalName)."""
        return {text(part(self._services[key], "spec"), "externalName") for key in self._named(workload)} - {""}

    def hosts(self, workload: Workload) -> set[str]:
        """The host names of ingresses that lead to a workload."""
        return self._hosts.get(workload.key, set()) - {""}

    def storage(self, workload: Workload) -> set[str]:
        """Hosts and addresses of the servers whose volumes a workload's pods mount."""
        claimed = [volume for claim in set(_claims(workload)) for volume in self._volumes.get(claim, ())]
        inline = [volume for spec in workload.specs for volume in many(spec, "volumes")]
        return {server for volume in (*claimed, *inline) for server in _servers(volume)}

    def _named(self, workload: Workload) -> set[tuple[str, str]]:
        return {key for host in _hosts(workload.specs) if (key := _service(host, workload.namespace)) in self._services}

    def _selected(self, service: Object) -> list[Workload]:
        """The workloads whose pods a service leads to."""
        wanted = part(part(service, "spec"), "selector")
        if not wanted or not all(isinstance(value, str) for value in wanted.values()):
            return []
        each = (self._labelled.get((namespace(service), label, value), []) for label, value in wanted.items())
        fewest = min(each, key=len)
        return [workload for workload in fewest if wanted.items() <= workload.pod_labels.items()]


def _hosts(specs: list[Object]) -> Iterator[str]:
    for spec in specs:
        for container in containers(spec):
            for variable in many(container, "env"):
                value = text(variable, "value")[:_LONGEST].casefold()
                yield from (one or other for one, other in _IN_ADDRESS.findall(value))
                if _NAMES_A_HOST.search(text(variable, "name")) and _HOST.fullmatch(value):
                    yield value


def _service(host: str, own: str) -> tuple[str, str]:
    """(namespace, name) of `name`, `name.space`, `name.space.svc` and `name.space.svc.cluster.local`."""
    parts = host.rstrip(".").split(".")
    return (parts[1], parts[0]) if len(parts) > 1 else (own, parts[0])


def _rules(ingress: Object) -> Iterator[tuple[str, str]]:
    """(host, service) of an ingress; the form of the API before version 1 is read too."""
    for rule in many(part(ingress, "spec"), "rules"):
        for path in many(part(rule, "http"), "paths"):
            backend = part(path, "backend")
            yield text(rule, "host"), text(part(backend, "service"), "name") or text(backend, "serviceName")


def _claims(workload: Workload) -> Iterator[tuple[str, str]]:
    for spec in (*workload.specs, *(part(pod, "spec") for pod in workload.pods)):
        for volume in many(spec, "volumes"):
            if claim := text(part(volume, "persistentVolumeClaim"), "claimName"):
                yield workload.namespace, claim


def _claimed(volume: Object) -> tuple[str, str]:
    claim = part(part(volume, "spec"), "claimRef")
    return text(claim, "namespace"), text(claim, "name")


def _servers(volume: Object) -> Iterator[str]:
    """Servers of a volume, whatever its type: nfs, iscsi, cephfs, and what drivers call the server."""
    csi = part(volume, "csi")
    for place in (*(value for value in volume.values() if isinstance(value, Mapping)), part(csi, "volumeAttributes")):
        for key in _STORED_AT:
            value = place.get(key)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, str) and (server := _SERVER.match(item)):
                    yield server[1]
