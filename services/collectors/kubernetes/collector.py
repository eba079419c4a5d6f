"""Kubernetes: a cluster, its nodes and its workloads, from the files of `kubectl get -o json` or its API.

All files of a source, or all answers, are one cluster and are looked at together: pods, services and volumes mean
something only beside what owns them.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from services.collectors.base import Check, CollectorType, Run, SourceUnavailable
from services.collectors.files import check_files, read_files
from services.collectors.formats import parse_json, reported
from services.collectors.kubernetes.api import PATHS, Cluster, Refused, connect
from services.collectors.kubernetes.objects import Objects, sort_into
from services.collectors.kubernetes.records import to_drafts
from services.collectors.kubernetes.settings import KubernetesSettings

SUFFIXES = (".json",)


def collect(settings: KubernetesSettings, run: Run) -> None:
    """Everything that is told of one cluster, made records. Raises SourceUnavailable where nothing is."""
    objects, version = Objects(), ""
    if settings.paths:
        _read(settings, objects, run)
    else:
        with connect(settings) as cluster:
            version = cluster.version()
            _ask(cluster, objects, run)
    if objects.by_kind:
        for draft in to_drafts(objects, name_of(settings), version):
            run.emit(draft)


def check(settings: KubernetesSettings) -> Iterator[Check]:
    """The files; or the API, and each list that is needed of it."""
    if settings.paths:
        yield from check_files(settings, SUFFIXES)
        return
    with connect(settings) as cluster:
        yield Check(f"{cluster.address}: Kubernetes {cluster.version()}")
        for kind, path in PATHS.items():
            try:
                cluster.first(kind)
            except SourceUnavailable as error:
                yield Check(f"list {path}", str(error))
            else:
                yield Check(f"list {path}")


def name_of(settings: KubernetesSettings) -> str:
    """What the cluster is called: clusters have no name of their own."""
    if settings.cluster:
        return settings.cluster
    if settings.paths:
        return min(settings.paths).resolve().stem or "kubernetes"
    return (
        settings.context or (_context(settings) if settings.kubeconfig else "") or urlsplit(settings.url).hostname or ""
    )


def _context(settings: KubernetesSettings) -> str:
    from kubernetes import config  # noqa: PLC0415 - slow to import

    contexts: Callable[[str], Any] = config.list_kube_config_contexts
    return str(contexts(str(settings.kubeconfig))[1].get("name", ""))


def _read(settings: KubernetesSettings, objects: Objects, run: Run) -> None:
    for name, data in read_files(settings, SUFFIXES, run.report):
        with reported(run.report, name, "JSON"):
            for kind, count in sorted(sort_into(objects, parse_json(data)).items()):
                run.report.seen()
                run.report.skipped(f"{name}: {kind}", f"{count} not taken: this kind is not read")


def _ask(cluster: Cluster, objects: Objects, run: Run) -> None:
    """Each list. One that may not be read, or fails, is reported; the others go on."""
    for kind in PATHS:
        run.report.seen()
        try:
            found = list(cluster.list(kind))
        except Refused as error:
            run.report.failed(kind, str(error))
        else:
            objects.add(kind, iter(found))
    if not objects.by_kind:
        raise SourceUnavailable(run.report.problems[-1].reason)


COLLECTOR = CollectorType(
    "kubernetes", "a Kubernetes cluster (kubectl's JSON files, or its API)", KubernetesSettings, collect, 60, check
)
