"""Container images as software. Pure."""

import re
from collections.abc import Iterable, Iterator

from packageurl import PackageURL

from events.models import Relation
from services.collectors.kubernetes.objects import Object, containers
from services.collectors.parts import installed
from services.collectors.sbom import text

_IMAGE = re.compile(
    r"(?P<name>[a-zA-Z0-9][\w.:/-]*?)(:(?P<tag>[A-Za-z0-9_][\w.-]{0,127}))?(@(?P<digest>[a-z0-9+._-]+:[0-9a-fA-F]{32,128}))?"
)
_HUB = {"", "docker.io", "index.docker.io", "registry-1.docker.io"}


def images(specs: Iterable[Object]) -> tuple[Relation, ...]:
    """INSTALLED of every image that containers are started from."""
    found = {text(container, "image") for spec in specs for container in containers(spec)}
    return tuple(relation for image in sorted(found) for relation in _installed(image))


def _installed(image: str) -> Iterator[Relation]:
    read = _IMAGE.fullmatch(image)
    if read:
        registry, path = _split(read["name"])
        tag, digest = read["tag"] or "", (read["digest"] or "").lower()
        yield installed(
            name=path,
            version=tag or digest or "latest",
            package_type="oci",
            purl=_purl(registry, path, tag, digest),
        )


def _split(reference: str) -> tuple[str, str]:
    """Registry and repository: the first part is a registry only if it looks like a host."""
    first, slash, rest = reference.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "", reference


def _purl(registry: str, path: str, tag: str, digest: str) -> str:
    """pkg:docker for what is on Docker Hub, which lifecycle tables know; pkg:oci for the rest."""
    space, _, name = path.rpartition("/")
    if registry in _HUB:
        return PackageURL("docker", space or "library", name, tag or digest or "latest").to_string()
    where = {"repository_url": f"{registry}/{path}"} | ({"tag": tag} if tag else {})
    return PackageURL("oci", None, name, digest or None, where).to_string()
