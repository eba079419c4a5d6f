"""Products by the identifiers that the table has for them, package URLs and CPE names, without their versions."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar
from urllib.parse import unquote

from inventory.lifecycle import LifecycleTable

_K = TypeVar("_K")
_PURL = re.compile(r"pkg:/*(?P<type>[^/]+)/(?P<path>[^@?#]+)(?:@(?P<version>[^?#]*))?(?:\?(?P<more>[^#]*))?")
_SYSTEMS_OWN = frozenset({"deb", "rpm", "apk", "alpm", "swid"})
"""Types of packages that a distribution builds, with a lifecycle of its own; and what names no package."""
IMAGES = frozenset({"docker", "oci"})
_NOT_THE_PRODUCT = frozenset({
    ("apache", "maven_shared_utils"),  # a library
    ("cloudera", "hadoop"),  # versions of its own
    ("linux", "linux_kernel"),  # distributions and devices patch theirs
    ("redhat", "ansible_engine"),
    ("microsoft", "windows"), ("microsoft", "sql_server"), ("google", "chrome"), ("mozilla", "firefox"),
})  # fmt: skip
"""CPE names that the table gives to a product, and that do not tell its cycle by their version."""
_CPE_TOO = {
    ("suse", "linux_enterprise_server"): "sles",
    ("redhat", "enterprise_linux_server"): "rhel",
    ("microsoft", "sharepoint_server"): "sharepoint",
    ("oracle", "database_server"): "oracle-database",
    ("microsoft", ".net_framework"): "dotnetfx",
    ("apache", "tomcat"): "tomcat",
}
"""CPE names of the NVD that the table lacks."""


class Purl(NamedTuple):
    """A package URL in the form in which it is compared, and its version."""

    type: str
    key: str
    version: str


class Cpe(NamedTuple):
    """What a CPE name of either form says; "" for what is any, or not applicable."""

    vendor: str
    product: str
    version: str
    update: str


def read_purl(text: str) -> Purl | None:
    """A package URL, or None where the text is none. Images are compared by their whole repository."""
    found = _PURL.match(text)
    if found is None:
        return None
    kind, path = found["type"].casefold(), unquote(found["path"]).strip("/").casefold()
    repository = _qualifier(found["more"] or "", "repository_url")
    if kind in IMAGES:
        kind, path = "image", _repository(kind, path, repository)
    return Purl(kind, f"{kind}/{path}", unquote(found["version"] or ""))


def read_cpe(text: str) -> Cpe | None:
    """A CPE name of form 2.3 or 2.2, or None where the text is none."""
    if text.startswith("cpe:2.3:"):
        parts = re.split(r"(?<!\\):", text)[3:7]
    elif text.startswith("cpe:/"):
        parts = unquote(text).split(":")[2:6]
    else:
        return None
    values = ["" if part in {"*", "-"} else part.replace("\\", "").casefold() for part in parts]
    vendor, product, version, update = (*values, "", "", "", "")[:4]
    return Cpe(vendor, product, version, update) if vendor and product else None


def products_by_purl(table: LifecycleTable) -> dict[str, str]:
    """Products by their package URLs, without those that a distribution's packages have."""
    return _unique(table, "purl:", _purl_key)


def products_by_cpe(table: LifecycleTable) -> dict[tuple[str, str], str]:
    """Products by vendor and product of their CPE names; not those that two share, or that mean another thing."""
    more = {name: product for name, product in _CPE_TOO.items() if product in table.products}
    return {**_unique(table, "cpe:", _cpe_key), **more}


def _unique(table: LifecycleTable, scheme: str, key_of: Callable[[str], _K | None]) -> dict[_K, str]:
    found: dict[_K, set[str]] = {}
    for product, text in _identifiers(table, scheme):
        if (key := key_of(text)) is not None:
            found.setdefault(key, set()).add(product)
    return {key: next(iter(products)) for key, products in found.items() if len(products) == 1}


def _identifiers(table: LifecycleTable, scheme: str) -> Iterator[tuple[str, str]]:
    for product in table.products.values():
        for identifier in product.identifiers:
            if identifier.startswith(scheme):
                yield product.name, identifier.removeprefix(scheme)


def _purl_key(text: str) -> str | None:
    purl = read_purl(text)
    return None if purl is None or purl.type in _SYSTEMS_OWN else purl.key


def _cpe_key(text: str) -> tuple[str, str] | None:
    cpe = read_cpe(text)
    return None if cpe is None or cpe[:2] in _NOT_THE_PRODUCT else (cpe.vendor, cpe.product)


def _qualifier(more: str, wanted: str) -> str:
    pairs = (pair.partition("=") for pair in more.split("&"))
    return next((unquote(value).casefold() for name, _, value in pairs if name == wanted), "")


def _repository(kind: str, path: str, repository: str) -> str:
    """Host, owner and name. `repository_url` is that of the image in some tools, of its owner in others."""
    where = re.sub(r"^https?://", "", repository).strip("/")
    name = path.rsplit("/", 1)[-1]
    if not where:
        where = "docker.io"
        path = path if "/" in path or kind == "oci" else f"library/{path}"
    return where if where.endswith(f"/{name}") else f"{where}/{path}"
