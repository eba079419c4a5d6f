"""Kubernetes objects as `kubectl get -o json` and the API give them: sorted by kind, read carefully. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.collectors.base import NotOurs
from services.collectors.sbom import many, part, text

Object = Mapping[str, Any]
CONTROLLERS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job")
KINDS = ("Node", "Pod", *CONTROLLERS, "ReplicaSet", "Service", "Ingress", "PersistentVolume")
"""What is read. Secrets and configuration maps are not."""


@dataclass
class Objects:
    """Objects by kind; a kind that no file or answer told of has no entry, which is not the same as none of it."""

    by_kind: dict[str, list[Object]] = field(default_factory=dict)

    def known(self, kind: str) -> bool:
        return kind in self.by_kind

    def all(self, *kinds: str) -> Iterator[Object]:
        for kind in kinds:
            yield from self.by_kind.get(kind, ())

    def add(self, kind: str, found: Iterator[Object]) -> None:
        self.by_kind.setdefault(kind, []).extend(trimmed(item) for item in found if name(item))


def sort_into(objects: Objects, document: object) -> dict[str, int]:
    """Add what a file holds: a list, or one object. Counts of the kinds that are not read. Raises NotOurs."""
    if not isinstance(document, Mapping):
        raise NotOurs("JSON, but no object: not what kubectl writes")
    listed = text(document, "kind").removesuffix("List") if isinstance(document.get("items"), list) else ""
    items = many(document, "items") if isinstance(document.get("items"), list) else [document]
    if not items and listed not in KINDS:
        raise NotOurs("a list of nothing, or of a kind that is not read")
    left: dict[str, int] = {}
    if listed in KINDS:
        objects.by_kind.setdefault(listed, [])
    for item in items:
        kind = text(item, "kind") or listed or _by_shape(item)
        if kind in KINDS:
            objects.add(kind, iter([item]))
        else:
            left[kind or "objects without a kind"] = left.get(kind or "objects without a kind", 0) + 1
    if left and sum(left.values()) == len(items):
        raise NotOurs(f"no Kubernetes objects that are read, but {', '.join(sorted(left))[:200]}")
    return left


def name(item: Object) -> str:
    return text(part(item, "metadata"), "name")


def namespace(item: Object) -> str:
    return text(part(item, "metadata"), "namespace")


def uid(item: Object) -> str:
    return text(part(item, "metadata"), "uid")


def labels(item: Object) -> dict[str, str]:
    found = part(part(item, "metadata"), "labels")
    return {key: value for key, value in found.items() if isinstance(value, str)}


def template(item: Object) -> Object:
    """The pod's specification in a controller, or a pod's own."""
    return part(template_of(item), "spec") if "containers" not in part(item, "spec") else part(item, "spec")


def template_of(item: Object) -> Object:
    """The pod's template in a controller (labels and specification), or the pod."""
    spec = part(item, "spec")
    if "containers" in spec:
        return item
    return part(part(part(spec, "jobTemplate"), "spec") or spec, "template")


def containers(spec: Object) -> list[Object]:
    """Those that start before the others, too."""
    return [*many(spec, "initContainers"), *many(spec, "containers")]


def owner(item: Object) -> tuple[str, str, str]:
    """Kind, name and uid of what controls it, or empty."""
    owners = many(part(item, "metadata"), "ownerReferences")
    first = next((one for one in owners if one.get("controller") is True), owners[0] if owners else {})
    return text(first, "kind"), text(first, "name"), text(first, "uid")


def trimmed(item: Object) -> Object:
    """Without what is never read and may be large, or secret: annotations hold whole objects, environment and all."""
    about = {key: value for key, value in part(item, "metadata").items() if key not in {"annotations", "managedFields"}}
    status = {key: value for key, value in part(item, "status").items() if key not in {"images", "conditions"}}
    return {**item, "metadata": about, "status": status}


def _by_shape(item: Object) -> str:
    """The kind of an object that does not say it: kubectl leaves it out in lists of some versions."""
    spec = part(item, "spec")
    shapes = {
        "Node": "nodeInfo" in part(item, "status"),
        "Pod": "containers" in spec,
        "CronJob": "jobTemplate" in spec,
        _controller(spec): "template" in spec,
        "PersistentVolume": "accessModes" in spec and "capacity" in spec,
        "Service": "clusterIP" in spec or ("selector" in spec and "ports" in spec),
        "Ingress": isinstance(spec.get("rules"), list),
    }
    return next((kind for kind, fits in shapes.items() if fits), "")


def _controller(spec: Object) -> str:
    if "serviceName" in spec or "volumeClaimTemplates" in spec:
        return "StatefulSet"
    if "completions" in spec or "backoffLimit" in spec:
        return "Job"
    if "strategy" in spec:
        return "Deployment"
    return "DaemonSet" if "updateStrategy" in spec else "ReplicaSet"
