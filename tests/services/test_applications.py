"""Applications from what runs: from hosts and a mapping to relations, on both stores; and what belongs to none."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from events.models import Identifier, Section
from graph.neo4j_store import Neo4jStore
from graph.store import StoreUnavailable
from inventory.applications import Rule, Rules, assigned
from inventory.unassigned import unassigned
from services.api.state import State
from services.collectors import COLLECTORS
from services.collectors.applications.collector import read_rules
from services.collectors.base import Report, Run, SourceUnavailable
from services.isolation import _told, collect_in_worker
from services.settings import load
from tests.inventory.feeding import program, said, to
from tests.inventory.test_batch import PARTITIONS, marker, observed
from tests.services.collectors.checks import assert_in_metamodel, reasons
from tests.services.graphs import Landscape
from tests.services.test_api import Api

MAPPING = """
[[applications]]
name = "MESO"
process = ["meso-*", "mesod"]
package = "meso-server"
port = 4711

[[applications]]
name = "GIS"
host = ["srv-gis-*"]

[[applications]]
name = "Wohngeld"
process = "java"
host = "srv-wg-*"
unit = "Sozialamt"

[[applications]]
name = "Ratsinfo"
image = "registry.example:5000/rat/*"

[[applications]]
name = "Nirgends"
process = "nobody-runs-this"

[[ignored]]
process = ["sshd"]
"""


def host(name, listening="", *relations, kind="Server", at=10, **properties):
    """A host with a UUID of its own, as an agent reports it."""
    number = sum(name.encode()) * 7919
    uuid = f"4203a5c1-7e0f-6b0a-3b70-{number:012d}"
    own = {"hostname": name} | ({"listening": listening} if listening else {}) | properties
    names = (Identifier(scheme="hostname", value=name), Identifier(scheme="smbios-uuid", value=uuid))
    content = Section(name=name, identifiers=names, properties=own, relations=relations)
    return observed(f"agent/{name}", at, content, kind=kind, first=0)


def connects(process):
    """A connection to some other host, held by that process."""
    plain = to("CONNECTS_TO", "Server", "srv-db")
    plain.properties.update({"evidence": "observed", "process": process, "port": 5432})
    return plain


CITY = (
    host("srv-meso-1", "22 sshd, 443 nginx, 8443 meso-web"),
    host("srv-meso-2", "22 sshd, 4711", connects("mesod")),
    host("srv-pkg", "22 sshd", program("meso-server", "4.1", package_type="deb"), program("tar", package_type="deb")),
    host("srv-gis-1", "80 arcgis, 443 nginx", program("ArcGIS Server", package_type="windows")),
    host("srv-wg-1", "8080 java", to("OWNED_BY", "OrganisationUnit", "Sozialamt")),
    host("srv-wg-2", "8080 java", to("OWNED_BY", "OrganisationUnit", "Bauamt")),
    host("srv-other", "443 nginx, 9999", program("Altsoft", "1", package_type="windows"), program("Altsoft", "2")),
    host("pc-1", "8443 meso-web", program("Altsoft", "1", package_type="windows"), kind="Client"),
    said("k8s", "Workload", "rat", program("registry.example:5000/rat/web:1.2", package_type="oci"), at=10),
    said("k8s", "Workload", "shop", program("nginx:1.25", package_type="oci"), at=10),
    said("org", "OrganisationUnit", "Sozialamt", at=10),
    said("org", "OrganisationUnit", "Bauamt", at=10),
    said("table", "Application", "meso", to("SUPPORTS", "BusinessProcess", "Melden"), at=10),
)


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=pytest.mark.servers)])
def city(request, tmp_path):
    """The graph of a small city, in each store."""
    found = Landscape(tmp_path / "city")
    if request.param == "neo4j":
        server = request.getfixturevalue("neo4j")
        server.wipe()
        found.store.close()
        found.store = Neo4jStore(server.uri)
    found.apply(*CITY)
    yield found
    found.close()


@contextmanager
def no_graph():
    raise StoreUnavailable("neo4j://x: no answer")
    yield


def collect(folder, graph, mapping=MAPPING):
    """What the collector says, and its report."""
    (folder / "applications.toml").write_text(mapping)
    collector = COLLECTORS["applications"]
    drafts, report = [], Report()
    settings = collector.settings.model_validate({"paths": [folder / "applications.toml"]})
    collector.collect(settings, Run(drafts.append, report, graph=graph))
    for draft in drafts:
        assert_in_metamodel(draft)
    return drafts, report


def graph_of(city):
    @contextmanager
    def opened():
        yield city.store

    return opened


def say(city, drafts, at):
    """A complete run of the source `apps`."""
    told = [observed(f"apps/{d.native_key}", at, d.sections["core"], kind=d.kind, first=0) for d in drafts]
    city.apply(*told, *(marker("apps", number, at) for number in range(PARTITIONS)))


def runs_on(city, name):
    """The hosts of the application of that name, with what was found there."""
    (application,) = city.store.assets(kinds=["Application"], name=name)
    found = city.store.relationships(application.id, types=["RUNS_ON"])
    return {item.other.name: item.edge.properties for item in found}


def test_what_is_observed_is_put_under_its_application(city, tmp_path):
    drafts, report = collect(tmp_path, graph_of(city))
    say(city, drafts, 20)

    assert {name: set(runs_on(city, name)) for name in ("meso", "gis", "wohngeld", "ratsinfo")} == {
        "meso": {"srv-meso-1", "srv-meso-2", "srv-pkg"},
        "gis": {"srv-gis-1"},
        "wohngeld": {"srv-wg-1"},  # the other java is not the Sozialamt's
        "ratsinfo": {"rat"},
    }
    assert reasons(report) == {"application Nirgends": "nothing that is observed belongs to it"}


def test_each_relation_says_what_was_found_and_how_that_is_known(city, tmp_path):
    say(city, collect(tmp_path, graph_of(city))[0], 20)

    assert runs_on(city, "meso") == {
        "srv-meso-1": {"evidence": "observed", "matched": "process meso-web (port 8443)"},
        "srv-meso-2": {"evidence": "observed", "matched": "port 4711, process mesod"},
        "srv-pkg": {"evidence": "observed", "matched": "package meso-server"},
    }
    assert runs_on(city, "gis") == {"srv-gis-1": {"evidence": "declared", "matched": "host srv-gis-1"}}


def test_the_application_of_a_table_and_of_the_mapping_is_one(city, tmp_path):
    say(city, collect(tmp_path, graph_of(city))[0], 20)

    (application,) = city.store.assets(kinds=["Application"], name="meso")
    assert application.sources == ("apps", "table")
    types = {item.edge.key.type for item in city.store.relationships(application.id)}
    assert types == {"RUNS_ON", "SUPPORTS"}


def test_what_no_longer_runs_is_taken_back_by_a_complete_run(city, tmp_path):
    say(city, collect(tmp_path, graph_of(city))[0], 20)
    city.apply(host("srv-gis-1", at=30), host("srv-meso-1", "22 sshd", at=30))

    say(city, collect(tmp_path, graph_of(city), MAPPING.replace("srv-gis-*", "srv-map-*"))[0], 40)
    assert set(runs_on(city, "meso")) == {"srv-meso-2", "srv-pkg"}
    assert city.store.assets(kinds=["Application"], name="gis") == []


def test_an_application_has_several_entries_in_any_case(city, tmp_path):
    mapping = "[[applications]]\nname = 'Meso  2'\nhost = 'srv-gis-1'\n[[applications]]\nname = 'MESO 2'\nport = 4711\n"

    (draft,), _ = collect(tmp_path, graph_of(city), mapping)
    assert (draft.sections["core"].name, len(draft.sections["core"].relations)) == ("Meso  2", 2)


def test_an_unchanged_graph_is_told_alike(city, tmp_path):
    first = collect(tmp_path, graph_of(city))[0]
    say(city, first, 20)

    assert collect(tmp_path, graph_of(city))[0] == first


def test_what_belongs_to_nothing_is_listed_biggest_first(city, tmp_path):
    found = unassigned(city.store, rules(tmp_path), limit=10)

    assert [(row.what, row.name, row.hosts, row.ports, row.examples) for row in found.rows] == [
        ("process", "nginx", 2, (443,), ("srv-meso-1", "srv-other")),
        ("program", "Altsoft", 2, (), ("srv-other",)),
        ("image", "nginx:1.25", 1, (), ("shop",)),
        ("port", "9999", 1, (9999,), ("srv-other",)),
        ("process", "java", 1, (8080,), ("srv-wg-2",)),
    ]
    assert (found.hosts, found.with_ports, found.left_out, found.rules, found.total) == (9, 7, 2, 6, 5)
    assert set(found.as_of) == {"agent", "k8s", "org", "table"}


def test_the_list_is_limited_and_says_how_many_there_are(city, tmp_path):
    found = unassigned(city.store, rules(tmp_path), limit=1)

    assert ([row.name for row in found.rows], found.total) == (["nginx"], 5)


@pytest.mark.parametrize(
    ("rule", "hosts"),
    [
        (Rule("a", package=("altsoft",)), 0),
        (Rule("a", package=("altsoft",), host=("srv-other",)), 0),
        (Rule("a", package=("altsoft",), host=("srv-gis-1",)), 2),
        (Rule("a", host=("srv-other",)), 0),
    ],
)
def test_a_program_is_listed_where_no_rule_takes_it(city, rule, hosts):
    found = unassigned(city.store, Rules([rule]), limit=100)

    assert sum(row.hosts for row in found.rows if row.name == "Altsoft") == hosts


def rules(folder):
    (folder / "m.toml").write_text(MAPPING)
    settings = COLLECTORS["applications"].settings.model_validate({"paths": [folder / "m.toml"]})
    return Rules(read_rules(settings, Report()))


def test_without_a_mapping_everything_is_unassigned(city):
    found = unassigned(city.store, Rules([]), limit=100)

    assert {row.name for row in found.rows} >= {"sshd", "meso-web", "arcgis", "ArcGIS Server"}
    assert found.rules == 0


def test_the_api_tells_what_belongs_to_nothing(city, tmp_path):
    (tmp_path / "m.toml").write_text(MAPPING)
    (tmp_path / "wrong.toml").write_text("[[applications]]\nname = 'x'\n")
    source = {"type": "applications", "name": "apps", "paths": [tmp_path / "m.toml", tmp_path / "wrong.toml"]}
    state = State(load(None, data_dir=tmp_path, sources=[source]), city.log, city.store)

    found = Api(state).get("/api/v1/unassigned", params={"limit": 2}).json()
    assert [(row["name"], row["hosts"]) for row in found["items"]] == [("nginx", 2), ("Altsoft", 2)]
    assert (found["total"], found["rules"]) == (5, 6)
    assert "says of nothing that it belongs to it" in found["faults"][0]
    state.close()


def test_the_command_tells_it_as_table_json_and_csv(tmp_path, landkarte):
    found = Landscape(tmp_path / "city")
    found.apply(*CITY)
    (tmp_path / "m.toml").write_text(MAPPING)
    (tmp_path / "landkarte.toml").write_text(
        f'graph = "sqlite:///{found.folder}/graph.db"\n'
        f'[[sources]]\ntype = "applications"\nname = "apps"\npaths = ["{tmp_path}/m.toml"]\n'
    )
    ask = ("ask", "unassigned", "--config", str(tmp_path / "landkarte.toml"), "--limit", "2")

    code, table, err = landkarte(*ask)
    assert (code, "nginx" in table, "and 3 more rows" in err) == (0, True, True)
    assert "coverage: 9 servers, virtual machines and workloads, of which 7 report their ports" in err
    assert json.loads(landkarte(*ask, "--format", "json")[1])["rows"][0]["name"] == "nginx"
    assert landkarte(*ask, "--format", "csv")[1].splitlines()[1].startswith("process,nginx,2,443,")
    found.close()


def test_a_configured_source_is_given_the_graph(tmp_path, landkarte):
    found = Landscape(tmp_path / "city")
    found.apply(*CITY)
    found.close()
    (tmp_path / "m.toml").write_text(MAPPING)
    (tmp_path / "landkarte.toml").write_text(
        f'data_dir = "{tmp_path}"\nlog = "sqlite:///{found.folder}/log.db"\ngraph = "sqlite:///{found.folder}/graph.db"\n'
        f'[[sources]]\ntype = "applications"\nname = "apps"\npaths = ["{tmp_path}/m.toml"]\n'
    )

    code, _, err = landkarte("collect", "apps", "--config", str(tmp_path / "landkarte.toml"))
    assert (code, "apps: complete; seen 1, emitted 4, skipped 1, failed 0" in err) == (0, True)


def test_a_scheduled_run_is_given_the_graph_in_its_own_process(tmp_path):
    found = Landscape(tmp_path / "city")
    found.apply(*CITY)
    found.close()
    (tmp_path / "m.toml").write_text(MAPPING)
    source = {"type": "applications", "name": "apps", "paths": [str(tmp_path / "m.toml")]}
    settings = load(None, data_dir=tmp_path, graph=f"sqlite:///{found.folder}/graph.db", sources=[source])

    ended = collect_in_worker(settings, settings.source("apps"), datetime.now(UTC), threading.Event())
    assert (ended.why, ended.report.status, ended.report.emitted) == ("", "complete", 4)


def test_the_process_of_a_scheduled_run_knows_how_to_log_in_at_the_graph(tmp_path):
    more = {"graph": "neo4j://db:7687", "graph_user": "landkarte", "graph_password": "only-for-this-test"}
    settings = load(None, data_dir=tmp_path, sources=[{"type": "local", "name": "here"}], **more)

    told = json.loads(_told(settings, settings.source("here"), datetime.now(UTC)))["settings"]
    assert {name: told[name] for name in more} == more


def test_a_graph_that_does_not_answer_ends_the_run(tmp_path):
    with pytest.raises(SourceUnavailable, match="neo4j://x: no answer"):
        collect(tmp_path, no_graph)
    with pytest.raises(SourceUnavailable, match="use `landkarte collect`"):
        collect(tmp_path, None)


def test_an_empty_graph_retires_nothing(tmp_path):
    empty = Landscape(tmp_path / "empty")

    with pytest.raises(SourceUnavailable, match="run the other sources first"):
        collect(tmp_path, graph_of(empty))
    empty.close()


def test_a_host_that_nothing_can_refer_to_is_named(tmp_path):
    twins = Landscape(tmp_path / "twins")
    twins.apply(said("a", "Server", "srv-gis-1", at=10), said("b", "Server", "srv-gis-1", at=10))

    drafts, report = collect(tmp_path, graph_of(twins))
    assert [draft.sections["core"].relations for draft in drafts] == [()]
    assert reasons(report)["srv-gis-1"] == "no identifier is its own, so that nothing can refer to it"
    twins.close()


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ("[[applications]]\nname = 'x'\n", "it says of nothing that it belongs to it"),
        ("[[applications]]\nprocess = 'x'\n", "name is missing"),
        ("[[ignored]]\nname = 'x'\nprocess = 'x'\n", "what is ignored has no name"),
        ("[[applications]]\nname = 'x'\nproces = 'x'\n", "proces: Extra inputs are not permitted"),
        ("[[applications]]\nname = 'x'\nport = 70000\n", "port.0: Input should be less than or equal to 65535"),
        ("[[applications]]\nname = 'x'\nport = ['http']\n", "port.0: Input should be a valid integer"),
        ("applications = 5\n", "must be a list of tables"),
        ("[[aplications]]\nname = 'x'\n", "there is no such table"),
        ("[[applications]\n", "not readable as TOML"),
        ("", "the file is empty"),
        ("# nothing\n", "no mapping"),
    ],
)
def test_a_wrong_entry_is_named_and_the_others_are_used(tmp_path, mapping, reason):
    (tmp_path / "a.toml").write_text(mapping)
    (tmp_path / "b.toml").write_text("[[applications]]\nname = 'good'\nprocess = 'x'\n")
    collector = COLLECTORS["applications"]
    settings = collector.settings.model_validate({"paths": [tmp_path]})

    found = list(collector.check(settings))
    assert "1 entries" in [check.what for check in found]
    assert [check.fault for check in found if reason in check.fault]


@pytest.mark.parametrize("pattern", ["harbor.example:5000/rat/*", "rat/web", "RAT/*", "*/web"])
def test_an_image_is_named_with_its_registry_or_without(tmp_path, pattern):
    purl = "pkg:oci/web?repository_url=harbor.example:5000%2Frat%2Fweb&tag=1.2"
    one = Landscape(tmp_path / "one")
    one.apply(said("k8s", "Workload", "rat", program("rat/web", "1.2", package_type="oci", purl=purl), at=10))

    _, found = assigned(one.store, Rules([Rule("a", image=(pattern,)), Rule("b", image=("web",))]))
    one.close()
    assert {name: [set(what) for what in places.values()] for name, places in found.items()} == {
        "a": [{"image harbor.example:5000/rat/web"}]
    }


@pytest.mark.parametrize(
    ("rule", "listening", "takes"),
    [
        (Rule("a", process=("MESO-*",)), "1 meso-web", True),
        (Rule("a", process=("meso",)), "1 meso-web", False),
        (Rule("a", process=("meso-[wd]eb",)), "1 meso-web", True),
        (Rule("a", port=(443,)), "443", True),
        (Rule("a", port=(443,)), "4430 x", False),
        (Rule("a", process=("x",), host=("other-*",)), "1 x", False),
        (Rule("a", host=("SRV-*",)), "", True),
        (Rule("a", host=("srv-1.stadt.example",)), "", True),
    ],
)
def test_patterns_are_those_of_file_names_without_regard_to_case(tmp_path, rule, listening, takes):
    one = Landscape(tmp_path / "one")
    one.apply(host("srv-1", listening, fqdn="srv-1.stadt.example"))
    _, found = assigned(one.store, Rules([rule]))
    assert bool(found.get("a")) == takes
    one.close()
