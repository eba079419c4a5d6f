import pytest

from graph.topology import load_topology
from inventory.impact import dependants, in_words
from tests.inventory.feeding import said, to
from tests.inventory.test_batch import Graph, withdrawn


@pytest.fixture
def graph(tmp_path):
    graph = Graph(tmp_path)
    yield graph
    graph.close()


CHAIN = [
    said("esx", "Server", "ESX-02", to("RUNS_ON", "VirtualMachine", "srv-meso-01", "in")),
    said("esx", "VirtualMachine", "srv-meso-01"),
    said("esx", "VirtualMachine", "srv-idle"),
    said("sheet", "Application", "VOIS|MESO", to("RUNS_ON", "VirtualMachine", "srv-meso-01")),
    said(
        "sheet",
        "BusinessProcess",
        "Meldewesen",
        to("SUPPORTS", "Application", "VOIS|MESO", "in"),
        to("DELIVERS", "CitizenService", "Wohnsitz anmelden"),
    ),
    said("sheet", "CitizenService", "Wohnsitz anmelden", to("OWNED_BY", "OrganisationUnit", "Bürgeramt")),
    said("sheet", "OrganisationUnit", "Bürgeramt"),
    said("agents", "Client", "pc-1", to("CONNECTS_TO", "VirtualMachine", "srv-meso-01")),
]


def ids(graph, *names):
    return [next(n.id for n in graph.store.assets(text=name) if n.name == name) for name in names]


def asked(graph, *names):
    return dependants(load_topology(graph.store), ids(graph, *names))


def shown(impact):
    return [(item.node.name, item.distance) for item in impact.affected]


def test_failure_travels_to_the_citizen_service_and_services_come_first(graph):
    graph.feed(CHAIN)

    impact = asked(graph, "ESX-02")

    assert shown(impact) == [("Wohnsitz anmelden", 4), ("srv-meso-01", 1), ("VOIS|MESO", 2), ("Meldewesen", 3)]
    assert impact.counts == {"CitizenService": 1, "VirtualMachine": 1, "Application": 1, "BusinessProcess": 1}
    assert [office.name for office in impact.services[0].offices] == ["Bürgeramt"]
    assert impact.way(impact.services[0]) == ["ESX-02", "srv-meso-01", "VOIS|MESO", "Meldewesen", "Wohnsitz anmelden"]
    assert impact.journal == graph.store.status().journal


def test_each_step_says_which_relationship_and_who_claims_it(graph):
    graph.feed(CHAIN)

    steps = asked(graph, "ESX-02").services[0].path

    assert [(step.edge.key.type, step.edge.sources) for step in steps] == [
        ("RUNS_ON", ("esx",)),
        ("RUNS_ON", ("sheet",)),
        ("SUPPORTS", ("sheet",)),
        ("DELIVERS", ("sheet",)),
    ]


def test_failure_does_not_travel_to_what_a_thing_needs_or_merely_talks_to(graph):
    graph.feed(CHAIN)

    assert {name for name, _ in shown(asked(graph, "VOIS|MESO"))} == {"Meldewesen", "Wohnsitz anmelden"}
    assert shown(asked(graph, "Wohnsitz anmelden")) == []


def test_a_cluster_is_affected_by_its_member_and_a_room_affects_what_stands_in_it(graph):
    graph.feed(
        [
            said("sheet", "Server", "node-1", to("MEMBER_OF", "Cluster", "HA"), to("LOCATED_IN", "Location", "RZ 1")),
            said("sheet", "Cluster", "HA"),
            said("sheet", "Location", "RZ 1", to("POWERED_BY", "Utility", "Einspeisung A")),
            said("sheet", "Utility", "Einspeisung A"),
        ]
    )

    assert shown(asked(graph, "Einspeisung A")) == [("RZ 1", 1), ("node-1", 2), ("HA", 3)]
    assert shown(asked(graph, "HA")) == []


def test_a_circle_is_walked_once_and_what_failed_is_not_affected_by_itself(graph):
    graph.feed(
        [
            said("sheet", "Application", "A", to("DEPENDS_ON", "Application", "B")),
            said("sheet", "Application", "B", to("DEPENDS_ON", "Application", "C")),
            said("sheet", "Application", "C", to("DEPENDS_ON", "Application", "A")),
        ]
    )

    assert shown(asked(graph, "A")) == [("C", 1), ("B", 2)]
    assert shown(asked(graph, "A", "B")) == [("C", 1)]


def test_of_two_ways_the_shortest_is_told(graph):
    graph.feed(
        [
            said("sheet", "Application", "base"),
            said("sheet", "Application", "middle", to("DEPENDS_ON", "Application", "base")),
            said(
                "sheet",
                "Application",
                "top",
                to("DEPENDS_ON", "Application", "middle"),
                to("DEPENDS_ON", "Application", "base"),
            ),
        ]
    )

    impact = asked(graph, "base")

    assert [impact.way(item) for item in impact.affected] == [["base", "middle"], ["base", "top"]]


def test_an_unknown_or_retired_asset_is_an_error_not_an_empty_answer(graph):
    graph.feed(CHAIN)
    (retired,) = ids(graph, "srv-idle")
    graph.feed([withdrawn("esx/VirtualMachine:srv-idle", 20)])

    for node in (retired, "no such id"):
        with pytest.raises(KeyError):
            dependants(load_topology(graph.store), [node])


def test_empty_and_covered_names_who_would_know(graph):
    graph.feed(CHAIN)

    impact = asked(graph, "srv-idle")

    assert (impact.affected, impact.told_by, impact.covered) == ((), ("esx",), True)
    assert in_words(impact, "de") == (
        "Wenn 'srv-idle' ausfällt, ist nichts Bekanntes betroffen: nach den Meldungen von esx hängt nichts davon ab."
    )


def test_empty_and_not_covered_is_no_all_clear(graph):
    graph.feed([*CHAIN, said("rooms", "Server", "lonely", to("LOCATED_IN", "Location", "RZ 9"))])
    graph.feed([said("rooms", "Location", "RZ 9")])

    impact = asked(graph, "lonely")

    assert (impact.affected, impact.covered) == ((), False)
    assert in_words(impact, "de").endswith(
        "keine Quelle meldet, was davon abhängt. Das heißt nicht, dass nichts davon abhängt."
    )
    assert in_words(impact, "en") == (
        "If 'lonely' fails, nothing known is affected: "
        "no source reports what depends on it. That does not mean that nothing does."
    )


def test_the_words_name_the_service_its_office_and_the_way(graph):
    graph.feed(CHAIN)
    impact = asked(graph, "ESX-02")

    assert (
        in_words(impact, "de")
        == """\
Wenn 'ESX-02' ausfällt, sind 4 Objekte betroffen \
(Bürgerdienst: 1, Fachverfahren: 1, Geschäftsprozess: 1, Virtuelle Maschine: 1).
Wenn 'ESX-02' ausfällt, ist 'Wohnsitz anmelden' (Bürgeramt) betroffen: über 'Meldewesen', 'VOIS|MESO' auf 'srv-meso-01'.
Alternativen und Cluster sind noch nicht gewichtet: betroffen heißt nicht, dass es steht."""
    )
    assert (
        in_words(impact, "en")
        == """\
If 'ESX-02' fails, 4 objects are affected \
(Application: 1, Business process: 1, Citizen service: 1, Virtual machine: 1).
If 'ESX-02' fails, 'Wohnsitz anmelden' (Bürgeramt) is affected: through 'Meldewesen', 'VOIS|MESO' on 'srv-meso-01'.
Alternatives and clusters are not weighed yet: affected does not mean stopped."""
    )


def test_one_and_several_are_told_apart(graph):
    graph.feed(CHAIN)

    assert in_words(asked(graph, "Meldewesen"), "de").splitlines()[:2] == [
        "Wenn 'Meldewesen' ausfällt, ist 1 Objekt betroffen (Bürgerdienst: 1).",
        "Wenn 'Meldewesen' ausfällt, ist 'Wohnsitz anmelden' (Bürgeramt) betroffen: unmittelbar.",
    ]
    both = in_words(asked(graph, "ESX-02", "srv-meso-01"), "de")
    assert "Wenn 'ESX-02' und 'srv-meso-01' ausfallen," in both or "Wenn 'srv-meso-01' und 'ESX-02' ausfallen," in both


def test_many_services_are_counted_and_none_is_said_so(graph):
    names = [f"Dienst {n:02}" for n in range(12)]
    graph.feed(
        [
            said("sheet", "Application", "Portal", *(to("DELIVERS", "CitizenService", name) for name in names)),
            *(said("sheet", "CitizenService", name) for name in names),
            said("sheet", "Server", "srv", to("RUNS_ON", "Application", "Werkzeug", "in")),
            said("sheet", "Application", "Werkzeug"),
        ]
    )

    assert "2 weitere Bürgerdienste sind betroffen." in in_words(asked(graph, "Portal"), "de").splitlines()
    assert "Kein Bürgerdienst ist betroffen, soweit bekannt." in in_words(asked(graph, "srv"), "de").splitlines()
