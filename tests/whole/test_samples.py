"""Every sample file of the agents ends in the graph, or in the run's report with its reason."""

import json

import pytest

from events.sqlite_log import SqliteLog
from graph.sqlite_store import SqliteStore
from services.lookup import find_one
from tests.whole.profiles import apply, job, say
from tests.whole.samples import SAMPLES, needed

pytestmark = needed


@pytest.fixture
def graph(tmp_path):
    log, store = SqliteLog(tmp_path / "log.db"), SqliteStore(tmp_path / "graph.db")
    folders = {"glpi": "glpi-inventory-json", "fusioninventory": "ocs-fusioninventory-xml"}
    say([job(kind, kind, [SAMPLES / folder]) for kind, folder in folders.items()], tmp_path, log)
    apply(log, store)
    yield store
    store.close()
    log.close()


def test_the_samples_devices_are_in_the_graph(graph):
    found = {(node.kind, node.name, node.sources) for node in graph.assets()}

    assert found == {
        ("Client", "glpixps", ("glpi",)),
        ("Client", "LF014", ("fusioninventory", "glpi")),
        ("NetworkDevice", "HP-2530-48G", ("glpi",)),
        ("NetworkDevice", "WR21", ("fusioninventory",)),
    }


def test_what_is_not_is_in_the_report_with_its_reason(graph):
    told = {run.source: (run.seen, run.skipped, run.failed, json.loads(run.problems)) for run in graph.runs()}

    no_inventory = "JSON, but no inventory of a GLPI agent: it has no 'content'"
    not_json, not_xml = (f"not read: its name does not end in {ends}" for ends in (".json", ".xml or .ocs"))
    problems = [
        {"item": "LICENSE", "reason": not_json},
        {"item": "inventory.schema.json", "reason": no_inventory},
    ]
    assert told == {
        "glpi": (11, 2, 0, problems),
        "fusioninventory": (4, 1, 0, [{"item": "LICENSE", "reason": not_xml}]),
    }


def test_one_machine_with_two_serials_is_one_asset_with_the_software_of_both(graph):
    machine = find_one(graph, "LF014")

    assert [row.source for row, _ in graph.describing(machine.id)] == ["fusioninventory", "glpi"]
    installed = graph.relationships(machine.id, types=["INSTALLED"], limit=10_000)
    by_source = {source: sum(source in item.edge.sources for item in installed) for source in machine.sources}
    # the later full inventory, of 3,184 rows, has replaced the first; 29 of them differ in their architecture alone
    assert by_source == {"fusioninventory": 42, "glpi": 3155}
    assert len(graph.relationships(machine.id, types=["HAS_OS"])) == 1


def test_partial_inventories_have_deleted_nothing(graph):
    machine = find_one(graph, "glpixps")

    assert len(graph.relationships(machine.id, types=["INSTALLED"])) == 6
    assert machine.properties["cores"] == 2
    assert machine.properties["os_name"] == "Fedora 31 (Workstation Edition)"
