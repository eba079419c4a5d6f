"""Signs by which collectors tell what a thing is. Pure."""

import re
from collections.abc import Iterable

_HYPERVISORS = {
    "kvm": "kvm",
    "qemu": "kvm",
    "vmware": "vmware",
    "virtualbox": "virtualbox",
    "innotek": "virtualbox",
    "microsoft corporation virtual": "hyper-v",
    "xen": "xen",
    "bochs": "bochs",
    "amazon ec2": "amazon",
    "google compute": "google",
    "openstack": "openstack",
    "firecracker": "firecracker",
    "hyperv": "hyper-v",
    "virtualpc": "hyper-v",
    "ovirt": "kvm",
    "rhev": "kvm",
    "hetzner vserver": "kvm",
    "nutanix ahv": "ahv",
    "bhyve": "bhyve",
    "parallels": "parallels",
}
_VIRTUAL_CARDS = (
    "000569", "000c29", "001c14", "005056", "00155d", "080027", "525400", "bc2411", "00163e", "001a4a", "506b8d",
    "001c42",
)  # fmt: skip
"""How MACs begin that hypervisors give: VMware, Hyper-V, VirtualBox, QEMU, Proxmox, Xen, oVirt, Nutanix, Parallels."""
_SERVER_CHASSIS = re.compile(r"^(17|23|25|28|29)$|rack|blade|server|multi-system", re.IGNORECASE)
"""A chassis in words, or by its number (SMBIOS 3.7, table 17): main, rack mount, multi-system, blade, its enclosure."""
_CLIENT_CHASSIS = re.compile(
    r"^([3-9]|1[0-6]|24|3[01256])$|laptop|notebook|portable|convertible|detachable|tablet|desktop|tower|all.in.one|"
    r"pizza|mini pc|stick pc|lunch",
    re.IGNORECASE,
)
_SERVER_SYSTEM = re.compile(r"server|esxi?\b|proxmox|hyper-v", re.IGNORECASE)
_CLIENT_SYSTEM = re.compile(r"windows|mac ?os|os x", re.IGNORECASE)
_PRINTERS = re.compile(
    r"kyocera|lexmark|brother|xerox|ricoh|konica|epson|\boki\b|toshiba tec|laserjet|officejet|jetdirect|zebra tech",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    r"cisco|juniper|aruba|arista|extreme networks|lancom|fortinet|palo alto|sophos|ubiquiti|mikrotik|netgear|zyxel|"
    r"huawei technologies|check point|ruckus|procurve|brocade|allied telesis|d-link|tp-link|avm gmbh",
    re.IGNORECASE,
)


def hypervisor(*told: str) -> str:
    """The hypervisor that firmware's vendor and product name, or ""."""
    text = " ".join(told).casefold()
    return next((name for sign, name in _HYPERVISORS.items() if sign in text), "")


def virtualisation(said: str) -> str:
    """What a tool calls that in which a computer runs, by the name that all sources use."""
    return hypervisor(said) or said.casefold()


def virtual_cards(macs: Iterable[str]) -> bool:
    """Whether a computer with these network cards is a virtual machine: a host has some of its own besides."""
    plain = [re.sub(r"[^0-9a-f]", "", mac.casefold()) for mac in macs]
    return any(plain) and all(mac.startswith(_VIRTUAL_CARDS) for mac in plain if mac)


def computer_kind(chassis: str, system: str) -> str:
    """Server or Client, by the chassis and what the operating system is called; "" where neither tells."""
    if _SERVER_CHASSIS.search(chassis) or _SERVER_SYSTEM.search(system):
        return "Server"
    return "Client" if _CLIENT_CHASSIS.search(chassis) or _CLIENT_SYSTEM.search(system) else ""


def kind_by_maker(maker: str) -> str:
    """Printer or NetworkDevice for who makes little else, or ""."""
    if _PRINTERS.search(maker):
        return "Printer"
    return "NetworkDevice" if _NETWORK.search(maker) else ""
