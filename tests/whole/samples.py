"""The sample files of real tools, and the type of source that reads each folder of them."""

import os
from pathlib import Path

import pytest

FOUND = os.environ.get("LANDKARTE_SAMPLES")
SAMPLES = Path(FOUND or "samples")
needed = [
    pytest.mark.samples,
    pytest.mark.skipif(not FOUND, reason="LANDKARTE_SAMPLES is not set: the sample files are elsewhere"),
]


def reads_samples(test):
    """Mark one test, or a class of them."""
    for mark in needed:
        test = mark(test)
    return test


TYPES = {
    "archimate": "archimate",
    "bsi-grundschutzpp": "spreadsheet",
    "cmd-outputs": "commands",
    "cyclonedx": "cyclonedx",
    "glpi-inventory-json": "glpi",
    "kubernetes-list": "kubernetes",
    "netbox-api": "netbox",
    "nmap-xml": "nmap",
    "ocs-fusioninventory-xml": "fusioninventory",
    "prometheus": "prometheus",
    "proxmox": "proxmox",
    "puppet-facts": "puppet",
    "rvtools": "rvtools",
}
