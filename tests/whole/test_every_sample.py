"""Every file of every folder of samples is read by the type that reads its kind, or named with a reason."""

import pytest

from services.collecting import preview
from tests.whole.profiles import job
from tests.whole.samples import FOUND, SAMPLES, TYPES, needed

pytestmark = needed
NOT_READ = {
    "LICENSE", "LICENCE", "LICENSE.md", "License.txt",
    "inventory.schema.json",  # the form of inventories, and none itself
    "target_object_categories.csv",  # kinds of things, and none of them
    "defused_et_included.xml", "defused_et_local_includer.xml",  # hostile, and what it would include
}  # fmt: skip
"""Files that no type should read; each must be named all the same."""


def files():
    return sorted(path.relative_to(SAMPLES) for path in SAMPLES.rglob("*") if path.is_file()) if FOUND else []


def test_every_folder_has_its_type():
    assert {path.name for path in SAMPLES.iterdir()} == set(TYPES)


@pytest.mark.parametrize("file", files(), ids=str)
def test_a_sample_is_read_or_named_with_a_reason(file):
    seen = preview(job("all", TYPES[file.parts[0]], [SAMPLES / file]))

    assert bool(seen.records) == (file.name not in NOT_READ and not beside(file))
    if not seen.records:
        assert any(file.name in problem.item and problem.reason for problem in seen.report.problems)


def beside(file):
    """Lists that say something of the things of other lists only, and alone of nothing."""
    return file.name in {"platforms.json", "device_types.json", "ip_addresses.json", "version.json"}
