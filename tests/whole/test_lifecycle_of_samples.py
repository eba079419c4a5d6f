"""What becomes of every operating system and every program of the samples; the rates are those of docs/lifecycle.md.

`python -m tests.whole.test_lifecycle_of_samples` prints the rates.
"""

import sys
from collections import Counter
from pathlib import Path

import pytest

from inventory.lifecycle import load_table
from inventory.matching import Matcher
from services.collectors.base import Report, Run
from tests.inventory.test_acceptance import WINDOWS_SERVERS, read
from tests.inventory.test_lifecycle_cases import TODAY
from tests.whole.profiles import job
from tests.whole.samples import SAMPLES, TYPES, reads_samples

EXPECTED = {
    "Amazon Linux 2 (64-bit)": "amazon-linux/2 unsupported",
    "Debian GNU/Linux 10 (buster)": "debian/10 unsupported",
    "Debian GNU/Linux 12 (bookworm)": "debian/12 unsupported",
    "Debian GNU/Linux 7 (64-bit)": "debian/7 unsupported",
    "Debian GNU/Linux 9 (64-bit)": "debian/9 unsupported",
    "Fedora 31 (Workstation Edition)": "fedora/31 unsupported",
    "Fedora release 25 (Twenty Five)": "fedora/25 unsupported",
    "Proxmox VE 9.1.6": "proxmox-ve/9 supported",
    "Red Hat Enterprise Linux 8.0": "rhel/8 supported",
    "Red Hat Enterprise Linux 8 (64-bit)": "rhel/8 supported",
    "Red Hat Enterprise Linux 9 (64-bit)": "rhel/9 supported",
    "Ubuntu 18.04.2 LTS": "ubuntu/18.04 unsupported",
    "Ubuntu 20.04.2 LTS": "ubuntu/20.04 unsupported",
    "Ubuntu 22.04.4 LTS": "ubuntu/22.04 supported",
    "Ubuntu 22.04.5 LTS": "ubuntu/22.04 supported",
    "Windows Server 2019 Datacenter": "windows-server/2019 supported",
}
"""By hand: what each system that the samples name is, and its verdict on TODAY."""
UNMATCHED = {
    "Juniper Junos": "no version, and no product of the table",
    "Opengear": "a vendor's name",
    "Red Hat Fedora (32-bit)": "no version",
}
"""Systems that stay unknown: none of them names a release."""
SOFTWARE = {"deb": "distribution", "rpm": "distribution", "apk": "distribution", "oci": "image", "": "node"}


def named_in_samples(relation):
    """The catalogue items that collectors read from the samples, each once."""
    found = {}
    for folder, kind in TYPES.items():
        one = job("all", kind, [SAMPLES / folder])
        drafts = []
        one.collector.collect(one.settings, Run(drafts.append, Report()))
        for draft in drafts:
            for section in draft.sections.values():
                for said in section.relations:
                    if said.type == relation:
                        found[str(sorted(said.to.properties.items()))] = dict(said.to.properties)
    return list(found.values())


def rates():
    """How many distinct programs are matched, follow their distribution, or are unknown, by kind."""
    matcher, counted = Matcher(load_table()), {}
    servers = [read(line) for line in WINDOWS_SERVERS]
    windows = [{"name": name, "package_type": "windows", **item} for name, item, _, _ in servers]
    for item in [*named_in_samples("INSTALLED"), *windows]:
        kind = item.get("package_type", "")
        kind = "windows" if kind == "windows" else SOFTWARE.get(kind, "language")
        match = matcher.software(item)
        answer = "inherits" if match.inherits else "matched" if match.cycles else "unknown"
        counted.setdefault(kind, Counter())[answer] += 1
    return counted


@pytest.fixture(scope="module")
def systems():
    return named_in_samples("HAS_OS")


@reads_samples
def test_every_system_of_the_samples_is_what_it_must_be(systems):
    matcher, named = Matcher(load_table()), set()

    for item in systems:
        told = item.get("full_name") or f"{item['name']} {item['version']}"
        named.add(told)
        match = matcher.system(item)
        seen = " ".join([*(f"{cycle.product}/{cycle.name}" for cycle in match.cycles), match.verdict(TODAY)])
        assert seen == ("unknown" if told in UNMATCHED else EXPECTED[told]), told
    assert named == EXPECTED.keys() | UNMATCHED.keys()


@reads_samples
def test_nine_in_ten_of_the_systems_that_name_a_release_are_matched(systems):
    matcher = Matcher(load_table())
    naming = [item for item in systems if item.get("full_name") not in UNMATCHED]

    assert len(systems) - len(naming) == len(UNMATCHED)
    assert sum(bool(matcher.system(item).cycles) for item in naming) >= 0.9 * len(naming)


@reads_samples
def test_the_rates_are_those_of_the_documentation():
    page = (Path(__file__).parent.parent.parent / "docs/lifecycle.md").read_text(encoding="utf-8")

    for kind, counted in rates().items():
        numbers = [sum(counted.values()), counted["matched"], counted["inherits"], counted["unknown"]]
        assert " | ".join(f"{number:,}" for number in numbers) + " |" in page, (kind, numbers)


if __name__ == "__main__":
    sys.stdout.writelines(f"{kind}: {dict(counted)}\n" for kind, counted in rates().items())
