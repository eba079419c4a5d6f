"""Signs by which sources that ask over the network tell what a thing is. Pure."""

import re

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
}
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


def kind_by_maker(maker: str) -> str:
    """Printer or NetworkDevice for who makes little else, or ""."""
    if _PRINTERS.search(maker):
        return "Printer"
    return "NetworkDevice" if _NETWORK.search(maker) else ""
