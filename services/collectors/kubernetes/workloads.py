"""What runs on a Kubernetes cluster, gathered under what keeps it running at the top of its owners. Pure."""

import re
from dataclasses import dataclass, field

from services.collectors.kubernetes.objects import (
    CONTROLLERS,
    Object,
    Objects,
    labels,
    name,
    namespace,
    owner,
    template,
    template_of,
    uid,
)
from services.collectors.sbom import part, text

_ENDED = {"Succeeded", "Failed"}
Key = tuple[str, str, str]
"""Namespace, kind and name."""


@dataclass
class Workload:
    """`controller`: the kind at the top. `pods`: those that run. `specs`: what its pods are made from.

    `told`: whether its own object was told; else it is known by its pods only.
    """

    controller: str
    namespace: str
    name: str
    uid: str = ""
    told: bool = True
    labels: dict[str, str] = field(default_factory=dict)
    pod_labels: dict[str, str] = field(default_factory=dict)
    specs: list[Object] = field(default_factory=list)
    pods: list[Object] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return self.namespace, self.controller, self.name

    @property
    def moves(self) -> bool:
        """Whether its pods are started elsewhere when a node fails: not those that nothing, or a node, keeps."""
        return self.controller not in {"Pod", "Node"}


def workloads(objects: Objects) -> list[Workload]:
    """In order of namespace, controller and name. Jobs that are done, and pods that have ended, are none."""
    found: dict[Key, Workload] = {}
    for kind in CONTROLLERS:
        for item in objects.all(kind):
            if not (kind == "Job" and (owner(item)[0] == "CronJob" or text(part(item, "status"), "completionTime"))):
                workload = Workload(kind, namespace(item), name(item), uid(item), labels=labels(item))
                workload.pod_labels = labels(template_of(item))
                workload.specs.append(template(item))
                found[workload.key] = workload
    owners = _owners(objects)
    for pod in objects.all("Pod"):
        if text(part(pod, "status"), "phase") not in _ENDED:
            _place(found, pod, owners, jobs_told=objects.known("Job"))
    return [found[key] for key in sorted(found)]


def _place(found: dict[Key, Workload], pod: Object, owners: dict[Key, tuple[str, str]], *, jobs_told: bool) -> None:
    kind, title = _top(pod, owners)
    key = (namespace(pod), kind, title)
    if key not in found:
        if kind == "Job" and jobs_told:
            return  # it is done: its pod is on the way out
        found[key] = Workload(kind, namespace(pod), title, uid(pod) if kind == "Pod" else "", told=False)
    workload = found[key]
    if not workload.told:
        workload.specs.append(template(pod))
        workload.labels |= labels(pod)
        workload.pod_labels |= labels(pod)
    workload.pods.append(pod)


def _owners(objects: Objects) -> dict[Key, tuple[str, str]]:
    """What owns the replica sets and jobs that are told: (namespace, kind, name) -> (kind, name)."""
    return {
        (namespace(item), kind, name(item)): owner(item)[:2]
        for kind in ("ReplicaSet", "Job")
        for item in objects.all(kind)
        if owner(item)[0]
    }


def _top(pod: Object, owners: dict[Key, tuple[str, str]]) -> tuple[str, str]:
    """Kind and name of what keeps a pod running. A mirror pod, which a node keeps by itself, counts as a node's."""
    kind, title, _ = owner(pod)
    if not kind or kind == "Node":
        return (kind or "Pod"), name(pod)
    above = owners.get((namespace(pod), kind, title))
    if above:
        return above
    if kind == "ReplicaSet":  # its name is its deployment's and the hash of the template
        hashed = labels(pod).get("pod-template-hash", "")
        plain = title.removesuffix(f"-{hashed}") if hashed else title
        return ("Deployment" if plain != title else kind), plain
    if kind == "Job" and re.search(r"-\d{8,10}$", title):  # named by a CronJob, for the minute it was due
        return "CronJob", title.rpartition("-")[0]
    return kind, title
