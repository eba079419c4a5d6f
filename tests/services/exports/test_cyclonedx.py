"""Bills of materials of graphs of our own: what they have, and how that is told."""

from datetime import date, timedelta

import pytest

from events.models import Identifier, Section
from graph.metamodel import KINDS, LISTED
from graph.sqlite_store import SqliteStore
from inventory.past import open_past
from services.exports.components import TOLD, TYPES
from services.lookup import Ambiguous, NotFound
from tests.inventory.feeding import program, said, system, to
from tests.inventory.test_batch import START, observed, withdrawn
from tests.services.exports.bills import bill, by_ref, components, lifecycle, needs, text_of, told
from tests.services.graphs import Landscape, later

W2012 = system("Microsoft Windows Server 2012 R2 Standard", name="Windows")
DEBIAN = system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12")
BASH = program("bash", "5.2.15-2+b7", package_type="deb")
SQL = program("Microsoft SQL Server 2016 (64-bit)", "13.3.6300.2", package_type="windows", vendor="Microsoft")


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "city")
    yield found
    found.close()


@pytest.fixture
def town(city):
    """An application on a guest on a host, and another server that it does not need."""
    city.apply(
        said("a", "Location", "cellar"),
        said("a", "Server", "esx", W2012, to("LOCATED_IN", "Location", "cellar")),
        said("a", "VirtualMachine", "vm", DEBIAN, BASH, SQL, to("RUNS_ON", "Server", "esx")),
        said("a", "Application", "Wohngeld", to("RUNS_ON", "VirtualMachine", "vm")),
        said("a", "Server", "other", DEBIAN, BASH),
        said("a", "Contract", "care"),
    )
    return city


def test_the_city_has_every_asset_and_what_they_have_once(town):
    found = bill(town.store)

    names = [item["name"] for item in found["components"]]
    assert sorted(names) == [
        "Microsoft SQL Server 2016 (64-bit)", "Microsoft Windows Server 2012 R2 Standard", "Wohngeld", "bash",
        "cellar", "debian", "esx", "other", "vm",
    ]  # fmt: skip
    assert found["metadata"]["component"]["name"] == "IT landscape"
    assert needs(found, "IT landscape") == {"Wohngeld", "cellar", "esx", "other", "vm"}
    assert needs(found, "vm") == {"debian", "bash", "Microsoft SQL Server 2016 (64-bit)", "esx"}
    assert needs(found, "esx") == {"Microsoft Windows Server 2012 R2 Standard", "cellar"}
    assert found["compositions"] == []


def test_an_asset_has_what_is_its_own_and_says_that_it_needs_more(town):
    found = bill(town.store, "VM")

    assert set(components(found)) == {"vm", "debian", "bash", "Microsoft SQL Server 2016 (64-bit)"}
    assert found["metadata"]["component"]["type"] == "device"
    assert needs(found, "vm") == set(components(found)) - {"vm"}
    (composition,) = found["compositions"]
    assert composition == {"aggregate": "incomplete", "dependencies": [found["metadata"]["component"]["bom-ref"]]}


def test_an_application_has_all_that_it_needs(town):
    found = bill(town.store, "Wohngeld")

    assert found["metadata"]["component"]["name"] == "Wohngeld"
    assert set(components(found)) >= {"vm", "esx", "bash"}
    assert "other" not in components(found)
    assert needs(found, "Wohngeld") == {"vm"}


def test_several_names_are_one_document(town):
    found = bill(town.store, "esx", "other", "esx")

    assert needs(found, "esx, other") == {"esx", "other"}
    assert needs(found, "other") == {"debian", "bash"}


def test_an_empty_graph_is_a_valid_document(city):
    found = bill(city.store)

    assert (found["components"], found["dependencies"]) == ([], [{"ref": "landkarte:city", "dependsOn": []}])


def test_an_asset_of_which_nothing_is_known_claims_no_lack_of_dependencies(city):
    city.apply(said("a", "Server", "bare"))

    assert needs(bill(city.store, "bare"), "bare") is None


def test_what_is_judged_is_told_with_what_it_rests_on(town):
    found = components(bill(town.store))

    windows, bash = found["Microsoft Windows Server 2012 R2 Standard"], found["bash"]
    assert told(windows)["cdx:lifecycle:milestone:endOfSupport"] == "2023-10-10"
    assert lifecycle(windows).items() >= {
        ("verdict", "unsupported"), ("milestone", "security"), ("end", "2023-10-10"), ("on", "2026-11-23"),
        ("method", "name and build"), ("confidence", "1"), ("product", "Microsoft Windows Server"),
    }  # fmt: skip
    assert lifecycle(found["Microsoft SQL Server 2016 (64-bit)"])["verdict"] == "unsupported"
    assert lifecycle(bash) == {"judged_with": "operating-system", "method": "follows its distribution"}


def test_what_is_unknown_has_no_date_that_a_reader_could_take_for_support(city):
    city.apply(said("a", "Server", "x", system("Plan 9"), program("VOIS|MESO", "9.2", package_type="windows")))

    for name in ("Plan 9", "VOIS|MESO"):
        item = components(bill(city.store))[name]
        assert (lifecycle(item)["verdict"], lifecycle(item)["end"]) == ("unknown", "unknown")
        assert not [key for key in told(item) if key.startswith("cdx:")]


def test_a_paid_extension_is_told_of_the_asset_that_has_it_and_of_no_other(city):
    city.apply(
        observed(
            "a/care", 10, Section(name="care", properties={"extended_support_of": "*"},
            identifiers=(Identifier(scheme="name", value="care"),)), kind="Contract", first=0,
        ),
        said("a", "Server", "paid", W2012, to("COVERED_BY", "Contract", "care")),
        said("a", "Server", "unpaid", W2012),
    )  # fmt: skip

    soon = date(2026, 1, 10)
    found = components(bill(city.store, on=soon))
    windows = found["Microsoft Windows Server 2012 R2 Standard"]
    prefix = f"landkarte:lifecycle:system:{windows['bom-ref']}:"
    assert lifecycle(windows)["verdict"] == "unsupported"
    assert told(windows)["cdx:lifecycle:milestone:endOfSupport"] == "2023-10-10"
    assert (lifecycle(found["paid"], prefix)["verdict"], lifecycle(found["paid"], prefix)["paid"]) == ("ending", "care")
    assert lifecycle(found["unpaid"], prefix) == {}
    hardware = "landkarte:lifecycle:hardware:"
    assert lifecycle(found["paid"], hardware) == lifecycle(found["unpaid"], hardware)
    assert lifecycle(found["paid"], hardware)["verdict"] == "unknown"
    assert components(bill(city.store, "unpaid", on=soon))["unpaid"] == found["unpaid"]
    assert lifecycle(components(bill(city.store, "paid"))["paid"], prefix)["verdict"] == "unsupported"  # a year later


def test_hardware_is_judged_asset_by_asset_and_an_age_is_no_official_date(city):
    def server(name, **properties):
        names = (Identifier(scheme="hostname", value=name),)
        return observed(f"a/{name}", 10, Section(name=name, identifiers=names, properties=properties), first=0)

    city.apply(
        server("old", vendor="Dell", model="R1", purchase_date="2012-01-01"),
        server("new", vendor="Dell", model="R1", purchase_date="2026-01-01"),
        server("own", vendor="Dell", model="R1", end_of_support="2030-01-01"),
        server("silent", vendor="Dell", model="R1"),
    )

    found = components(bill(city.store))
    assets = ("old", "new", "own", "silent")
    verdicts = {name: lifecycle(found[name], "landkarte:lifecycle:hardware:")["verdict"] for name in assets}
    assert verdicts == {"old": "unsupported", "new": "supported", "own": "supported", "silent": "unknown"}
    dated = {name for name in verdicts if "cdx:lifecycle:milestone:endOfSupport" in told(found[name])}
    assert dated == {"own"}


def test_only_declared_properties_leave_the_house_and_none_of_a_person(city):
    declared = {item.name for kind in KINDS.values() for item in kind.properties}
    secret = dict.fromkeys(("last_user", "serial", "comment", "fqdn", "listening"), "SECRET")
    everything = {item.name: "1" for item in KINDS["Server"].properties} | secret
    names = (Identifier(scheme="hostname", value="x"),)
    city.apply(observed("a/1", 10, Section(name="x", identifiers=names, properties=everything), first=0))

    text = text_of(city.store)
    assert set(TOLD) <= declared
    assert "last_user" not in TOLD
    assert "SECRET" not in text
    own = {name.removeprefix("landkarte:") for name in told(components(bill(city.store))["x"])}
    own = {name for name in own if not name.startswith(("lifecycle:", "cdx:"))}
    assert own - {"kind", "source"} <= set(TOLD)
    assert "model" in own


def test_every_kind_is_told_or_left_out_on_purpose():
    assert LISTED - TYPES.keys() == {"OrganisationUnit", "Vendor", "Contract", "Project"}


ODD = ['"quoted"\\', "Bürgerbüro 💶", "line\nbreak\ttab", "</script>", "\u202eright to left", "n" * 400, "\x01"]


def test_names_with_odd_characters_are_told_as_they_are(city):
    city.apply(
        *(
            observed(f"a/{n}", 10, Section(name=name, relations=(program(name, name),)), first=n)
            for n, name in enumerate(ODD)
        )
    )

    found = bill(city.store)
    assert set(ODD) <= {item["name"] for item in found["components"] if item["type"] == "device"}
    assert set(ODD) <= {item["name"] for item in found["components"] if item["type"] == "application"}


def test_coordinates_that_are_none_are_told_as_reported_and_a_password_never(city):
    long = "9" * 3000
    url, cpe = "pkg:pypi/right@1?vcs_url=git+https://u:SECRET@host/x", "cpe:2.3:a:v:right:1:*:*:*:*:*:*:*"
    wrong = program("wrong", long, purl="https://u:SECRET@host", cpe="no cpe")
    persons = program("persons", "1", vendor="A Person <a.person@host.example>")
    city.apply(said("a", "Server", "x", wrong, program("right", "1", purl=url, cpe=cpe), persons))

    text = text_of(city.store)
    found = components(bill(city.store))
    assert told(found["wrong"])["landkarte:cpe"] == "no cpe"
    assert not {"purl", "cpe"} & found["wrong"].keys()
    assert len(found["wrong"]["version"]) == 1024
    assert (found["right"]["purl"], found["right"]["cpe"]) == ("pkg:pypi/right@1", cpe)
    assert ("SECRET" in text, "a.person" in text) == (False, False)


def test_what_is_retired_is_not_there(town):
    town.apply(withdrawn("a/Server:other", 20))

    assert "other" not in components(bill(town.store))
    with pytest.raises(NotFound, match=r"'other' .* is retired: a bill of materials has what is there"):
        bill(town.store, "other")


def test_what_is_no_part_of_a_bill_is_refused_with_the_reason(town):
    sql = components(bill(town.store, "vm"))["Microsoft SQL Server 2016 (64-bit)"]["bom-ref"]
    for name, reason in (("nobody", "no asset has"), ("care", "is a Contract, and no part"), (sql, "of the catalogue")):
        with pytest.raises(NotFound, match=reason):
            bill(town.store, name)
    town.apply(said("b", "Application", "esx"))
    with pytest.raises(Ambiguous, match="'esx' is the name of 2 assets"):
        bill(town.store, "esx")


def test_the_past_is_told_as_it_was(city, tmp_path):
    city.apply(later(said("a", "Server", "x", W2012, at=10), days=0))
    city.apply(later(said("a", "Server", "x", DEBIAN, at=11), days=1), later(said("a", "Server", "y", at=12), days=1))

    scratch = SqliteStore(tmp_path / "past.db")
    moment = START + timedelta(hours=5)
    found = bill(open_past(city.store, scratch, moment), as_of=moment)
    assert set(components(found)) == {"IT landscape", "x", "Microsoft Windows Server 2012 R2 Standard"}
    assert {"name": "landkarte:as_of", "value": moment.isoformat()} in found["metadata"]["properties"]
    assert set(components(bill(city.store))) == {"IT landscape", "x", "y", "debian"}
    scratch.close()


def test_what_comes_while_it_is_written_leaves_no_dangling_reference(town):
    class Growing:
        """Packages come when the components are written already."""

        def __init__(self, store):
            self._store = store

        def __getattr__(self, name):
            return getattr(self._store, name)

        def spread(self, relation, selection):
            return {} if relation == "INSTALLED" else self._store.spread(relation, selection)

    found = bill(Growing(town.store))
    assert needs(found, "vm") == {"debian", "esx"}
    assert {by_ref(found)[ref]["name"] for ref in found["compositions"][0]["dependencies"]} == {"vm", "other"}
