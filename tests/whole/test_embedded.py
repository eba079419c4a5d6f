"""The whole path, embedded: what the second run does, what retires, what stays."""

import pytest

from events.sqlite_log import SqliteLog
from graph.model import EdgeKey
from graph.sqlite_store import SqliteStore
from inventory.impact import impact_of
from inventory.topology import load_topology
from services.lookup import find_one
from tests.whole.profiles import Clock, apply, city, city_jobs, job, say, shown


@pytest.fixture
def log(tmp_path):
    log = SqliteLog(tmp_path / "log.db")
    yield log
    log.close()


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "graph.db")
    yield store
    store.close()


class Watched:
    """Passes everything on to a store, and keeps the differences that were written."""

    def __init__(self, store):
        self._store, self.written = store, []

    def __getattr__(self, name):
        return getattr(self._store, name)

    def transact(self, writer, work):
        def watched(tx):
            write = tx.write
            tx.write = lambda changes, parts=(): (self.written.append(changes), write(changes, self.noted(parts)))[1]
            return work(tx)

        return self._store.transact(writer, watched)

    def noted(self, parts):
        for part in parts:
            self.parts.append(part)
            yield part


def test_the_second_run_writes_no_asset_and_no_relationship(tmp_path, log, store):
    jobs, clock = city_jobs(city(tmp_path / "city")), Clock()
    say(jobs, tmp_path, log, clock)
    apply(log, store)
    first, journal, watched = shown(store), store.status().journal, Watched(store)

    say(jobs, tmp_path, log, clock)
    applied = apply(log, watched)

    assert applied > 0
    assert watched.written
    for changes in watched.written:
        assert not any(
            (
                changes.nodes,
                changes.edges,
                changes.erased,
                changes.removed,
                changes.catalogue,
                changes.bodies,
                changes.references,
                changes.held,
                changes.released,
                changes.journal,
            )
        )
    assert shown(store) == first
    assert store.status().journal == journal


def test_a_run_that_misses_a_machine_retires_it_and_a_later_one_brings_it_back(tmp_path, log, store):
    folder, clock = city(tmp_path / "city"), Clock()
    say(city_jobs(folder), tmp_path, log, clock)
    apply(log, store)
    before = shown(store)
    gone = folder / "glpi" / "ESX-02.json"
    text = gone.read_bytes()

    gone.unlink()
    say([job("city-glpi", "glpi", [folder / "glpi"])], tmp_path, log, clock)
    apply(log, store)
    assert store.assets(text="ESX-02") == []
    (retired,) = store.assets(text="ESX-02", retired=True)
    assert store.relationships(retired.id) == []

    gone.write_bytes(text)
    say([job("city-glpi", "glpi", [folder / "glpi"])], tmp_path, log, clock)
    apply(log, store)
    assert shown(store) == before
    assert store.assets(text="ESX-02")[0].id == retired.id


def test_a_run_in_which_a_file_failed_retires_nothing(tmp_path, log, store):
    folder, clock = city(tmp_path / "city"), Clock()
    say(city_jobs(folder), tmp_path, log, clock)
    apply(log, store)
    before = shown(store)

    (folder / "glpi" / "ESX-02.json").write_text('{"deviceid": "cut off')
    (report,) = say([job("city-glpi", "glpi", [folder / "glpi"])], tmp_path, log, clock)
    apply(log, store)

    assert (report.status, report.failed) == ("partial", 1)
    assert shown(store) == before


def test_one_laptop_in_three_sources_is_one_asset(tmp_path, log, store):
    say(city_jobs(city(tmp_path / "city")), tmp_path, log)
    apply(log, store)

    in_three = [node for node in store.assets(kinds=["Client"], limit=1000) if len(node.sources) == 3]
    assert [node.sources for node in in_three] == [("city-fusioninventory", "city-glpi", "city-spreadsheet")]
    assert len(store.assets(text=in_three[0].name)) == 1
    assert in_three[0].properties["asset_tag"] == "A-4711"


def test_the_hypervisor_carries_both_domain_controllers_down_to_the_citizen(tmp_path, log, store):
    say(city_jobs(city(tmp_path / "city")), tmp_path, log)
    apply(log, store)

    impact = impact_of(load_topology(store), [find_one(store, "ESX-02")])
    names = {node.id: node.name for node in impact.topology.outline.nodes.values()}
    found = {item.node.name: [names[link.cause] for link in item.links] for item in impact.items()}
    assert {"DC01", "DC02", "SRV-APP-01", "VOIS|MESO", "Wohnsitz anmelden"} <= found.keys()
    assert found["SRV-APP-01"] == ["ESX-02"]
    assert found["Wohnsitz anmelden"][2:] == ["VOIS|MESO", "Meldewesen"]


def test_an_application_on_a_server_nobody_reports_depends_on_an_endpoint_until_it_appears(tmp_path, log, store):
    (tmp_path / "apps.csv").write_text("Fachverfahren;Server\nAutiSta;DC01\n", encoding="utf-8")
    clock = Clock()
    say([job("apps", "spreadsheet", [tmp_path / "apps.csv"])], tmp_path, log, clock)
    apply(log, store)
    (endpoint,) = store.assets(kinds=["Endpoint"])
    application = find_one(store, "AutiSta")
    assert [item.other for item in store.relationships(application.id)] == [endpoint]

    say(city_jobs(city(tmp_path / "city")), tmp_path, log, clock)
    apply(log, store)
    assert store.node(endpoint.id) is None
    server = find_one(store, "DC01")
    application = find_one(store, "AutiSta")
    drawn = [item.edge.key for item in store.relationships(application.id, types=["RUNS_ON"])]
    assert EdgeKey(application.id, "RUNS_ON", server.id) in drawn
