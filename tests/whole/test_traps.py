"""The traps of real inventories, on the sample files: what must join, what must not, what must stay."""

import json
from dataclasses import replace

import pytest

from events.codec import encode
from events.models import Identifier
from events.sqlite_log import SqliteLog
from graph.sqlite_store import SqliteStore
from inventory.explain import explain
from inventory.quality import quality
from services.lookup import find_one
from tests.inventory.test_batch import PARTITIONS, marker
from tests.services.graphs import Landscape
from tests.services.test_curating import thing
from tests.whole.profiles import Clock, apply, job, say
from tests.whole.samples import SAMPLES, reads_samples

UUID = "4c4c4544-0034-3010-8048-b6c04f503732"


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "one")
    yield found
    found.close()


@reads_samples
def test_one_machine_in_two_formats_with_two_serials_is_one_asset_with_a_finding(tmp_path):
    log, store = SqliteLog(tmp_path / "log.db"), SqliteStore(tmp_path / "graph.db")
    folders = {"glpi": "glpi-inventory-json", "fusioninventory": "ocs-fusioninventory-xml"}
    say([job(kind, kind, [SAMPLES / folder]) for kind, folder in folders.items()], tmp_path, log)
    apply(log, store)
    machine = find_one(store, "LF014")

    (finding,) = [f for f in quality(store, {}).findings if f.kind == "contradiction" and f.assets == (machine.id,)]
    assert finding.sources == ("fusioninventory", "glpi")
    assert finding.text.startswith("serial: ")
    joined = {r.scheme for why in explain(store, machine) for r in why.reasons if r.state == "joins"}
    assert joined == {"smbios-uuid", "mac"}
    store.close()
    log.close()


@reads_samples
def test_a_second_full_inventory_changes_only_the_difference(tmp_path):
    """The two full inventories of one device: 3,033 and 3,184 rows of software."""
    log, store, clock = SqliteLog(tmp_path / "log.db"), SqliteStore(tmp_path / "graph.db"), Clock()
    files = [file for file in (SAMPLES / "glpi-inventory-json").rglob("*.json") if rows_of(file) > 3000]
    first, second = sorted(files, key=rows_of)
    say([job("glpi", "glpi", [first])], tmp_path, log, clock)
    apply(log, store)
    before = installed(store)
    journal = store.status().journal
    say([job("glpi", "glpi", [second])], tmp_path, log, clock)
    apply(log, store)

    after, machine = installed(store), find_one(store, "LF014")
    (change,) = store.changes(after=journal, asset_ids=[machine.id])
    rows = [row for row in json.loads(change.detail)["edges"] if row[0] == "INSTALLED"]
    assert {target for _, target, was, now in rows if was is None or now is None} == before ^ after
    assert 0 < len(rows) < len(before | after)  # with those of which something else changed
    store.close()
    log.close()


def rows_of(file):
    content = json.loads(file.read_text()).get("content")
    return len(content.get("softwares") or []) if isinstance(content, dict) else 0


def installed(store):
    return {
        item.other.id for item in store.relationships(find_one(store, "LF014").id, types=["INSTALLED"], limit=10_000)
    }


def ids(*pairs):
    return [Identifier(scheme=scheme, value=value) for scheme, value in pairs]


def test_seven_hosts_with_one_mac_and_one_name_stay_seven(city):
    shared = ids(("mac", "00:15:5d:01:02:03"), ("hostname", "dev"), ("smbios-uuid", "NA"), ("serial", "Dell\tNA"))
    city.apply(*(thing(f"glpi/{n}", 10 + n, *shared, name="dev") for n in range(7)))

    assert len(city.store.assets()) == 7
    found = {finding.kind: finding for finding in quality(city.store, {}).findings}
    assert len(found["shared"].assets) == len(found["near"].assets) == 7


@pytest.mark.parametrize(
    "junk",
    ["NA", "0", "System Serial Number", "Not Specified", "Default string", "To be filled by O.E.M.", ".........",
     "XXXXXXXXXX", "None"],
)  # fmt: skip
def test_junk_serials_join_nothing(city, junk):
    city.apply(thing("a/x", 10, *ids(("serial", f"Dell\t{junk}"))), thing("b/y", 11, *ids(("serial", f"Dell\t{junk}"))))

    assert len(city.store.assets()) == 2
    assert quality(city.store, {}).findings == []


def test_a_dock_that_many_laptops_use_chains_none_of_them(city):
    dock = ids(("mac", "00:50:b6:11:22:33"))
    laptops = [thing(f"a/{n}", 10 + n, *dock, *ids(("serial", f"Dell\tL{n}")), kind="Client") for n in range(25)]
    city.apply(*laptops)

    assert len(city.store.assets()) == 25
    (finding,) = quality(city.store, {}).findings
    assert "25 assets" in finding.text


def test_two_systems_of_one_row_are_kept_with_their_sources_and_the_tools_win(city):
    """RVTools names one system by configuration and another by the guest's tools; the tools know better."""
    configured = thing("rvtools-config/vm1", 10, *ids(("smbios-uuid", UUID)), kind="VirtualMachine", os_name="Debian 7")
    tools = thing("rvtools-tools/vm1", 11, *ids(("smbios-uuid", UUID)), kind="VirtualMachine", os_name="Debian 9")
    higher = tools.event.model_copy(update={"ranks": {"system": 60}})
    city.apply(higher, configured)

    (vm,) = city.store.assets()
    assert [tuple(claim) for claim in vm.claims["os_name"]] == [
        ("rvtools-tools/vm1", "Debian 9"),
        ("rvtools-config/vm1", "Debian 7"),
    ]
    (finding,) = [f for f in quality(city.store, {}).findings if f.text.startswith("os_name")]
    assert finding.kind == "disagreement"


def test_a_dead_letter_does_not_retire_its_asset(city):
    """A record that cannot be read in a complete run was seen all the same."""
    city.apply(thing("a/x", 10), thing("a/y", 11))
    broken = thing("a/x", 20)
    message = encode(broken.event)
    city.log.append([replace(message, value=b"{not json")])
    city.apply(*(marker("a", n, 20) for n in range(PARTITIONS)))

    assert [node.name for node in city.store.assets()] == ["x"]
