"""Names that mean products by themselves: IDs of os-release, and the table's own labels where a vendor is reported.

Aliases of our own are data, see `inventory.aliases`.
"""

import re
from collections.abc import Mapping

from inventory.lifecycle import LifecycleTable, Product

OS_RELEASE = {
    "debian": "debian",
    "ubuntu": "ubuntu",
    "fedora": "fedora",
    "rhel": "rhel",
    "redhat": "rhel",
    "rocky": "rocky-linux",
    "almalinux": "almalinux",
    "ol": "oracle-linux",
    "oraclelinux": "oracle-linux",
    "sles": "sles",
    "opensuse-leap": "opensuse",
    "alpine": "alpine-linux",
    "amzn": "amazon-linux",
    "amazon": "amazon-linux",
    "linuxmint": "linuxmint",
    "photon": "vmware-photon",
    "freebsd": "freebsd",
    "pop": "pop-os",
    "devuan": "devuan",
    "mageia": "mageia",
    "nixos": "nixos",
    "openwrt": "openwrt",
}
"""ID of os-release(5), and what Ansible and Puppet make of it, to product. CentOS and CentOS Stream share theirs."""

KUBERNETES = {"eks": "amazon-eks", "gke": "google-kubernetes-engine"}
"""Services whose mark a kubelet's version carries."""

DISTRIBUTION_PACKAGES = frozenset({"deb", "rpm", "apk"})

_NAMED_OTHERWISE = frozenset({"chrome", "firefox", "msexchange", "mssqlserver", "office", "sharepoint", "jenkins"})
"""Not matched by vendor and name: their version says another thing than their cycle, or extended releases share it."""
_NO_PROGRAMS = frozenset({"os", "device", "service", "standard"})
_VERSION_AND_BITS = re.compile(r"(?: v?\d+(?:\.\d+)*)?(?:[ -]\(?(?:x64|x86|(?:64|32)[- ]bit)\)?)?$", re.IGNORECASE)

Named = dict[str, tuple[Product | None, tuple[str, ...]]]


def by_name(table: LifecycleTable) -> Named:
    """Products by label, name and alias in plain letters, with their CPE vendors; None where two share a name."""
    found: Named = {}
    for product in table.products.values():
        vendors = tuple({letters(i.split(":")[-2]) for i in product.identifiers if i.startswith("cpe:")})
        if not vendors or product.name in _NAMED_OTHERWISE or product.category in _NO_PROGRAMS:
            continue
        for name in names_of(product):
            found[name] = (None, ()) if name in found else (product, vendors)
    return found


def named(products: Named, name: str, vendor: str) -> Product | None:
    """The product with exactly this name whose CPE vendor the reported vendor contains."""
    product, vendors = products.get(letters(_VERSION_AND_BITS.sub("", name)), (None, ()))
    told = letters(vendor)
    return product if product and any(known in told for known in vendors) else None


def own_names(table: LifecycleTable) -> Mapping[str, Product]:
    """Products that no published table has, by name in plain letters: models, Fachverfahren, agreements of the city."""
    return {_plain(product.label): product for product in table.products.values() if not product.category}


def own_named(own: Mapping[str, Product], name: str, vendor: str) -> Product | None:
    """The one of exactly this name, unless both name a vendor and neither contains the other's name."""
    product = own.get(_plain(name))
    said, told = letters(product.vendor if product else ""), letters(vendor)
    return product if not said or not told or said in told or told in said else None


def _plain(text: str) -> str:
    """Letters and digits, and the signs that make another product: S10+ is not S10."""
    return "".join(letter for letter in text.casefold() if letter.isalnum() or letter in "+#")


def names_of(product: Product) -> frozenset[str]:
    """What a person may call a product, in plain letters."""
    return frozenset(map(letters, product.names))


def letters(text: str) -> str:
    """A name in plain letters and digits, to be compared."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())
