from dataclasses import replace

import pytest

from inventory import impact_words
from inventory.around import owners_of
from inventory.failing import Result
from inventory.impact import impact_of
from inventory.topology import load_topology
from inventory.witnessed import Witness, key_of, witnesses_of
from tests.inventory.feeding import said, to
from tests.inventory.test_batch import Graph, when, withdrawn


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


def asked(graph, *names, **more):
    nodes = graph.store.nodes(ids(graph, *names))
    return impact_of(load_topology(graph.store), [nodes[node] for node in ids(graph, *names)], **more)


def shown(impact):
    return [(item.node.name, item.distance) for item in impact.items()]


def way(impact, item):
    nodes = impact.topology.outline.nodes
    return [nodes[item.links[0].cause].name, *(nodes[link.effect].name for link in item.links)]


def in_words(graph, impact, language):
    offices = owners_of(graph.store, [item.node.id for item in impact.services()])
    return impact_words.in_words(impact, language, offices)


def test_failure_travels_to_the_citizen_service_and_services_come_first(graph):
    graph.feed(CHAIN)

    impact = asked(graph, "ESX-02")

    assert shown(impact) == [("Wohnsitz anmelden", 4), ("srv-meso-01", 1), ("VOIS|MESO", 2), ("Meldewesen", 3)]
    kinds = ("CitizenService", "VirtualMachine", "Application", "BusinessProcess")
    assert impact.counts() == {(kind, Result.STOPS): 1 for kind in kinds}
    (service,) = impact.services()
    assert way(impact, service) == ["ESX-02", "srv-meso-01", "VOIS|MESO", "Meldewesen", "Wohnsitz anmelden"]
    assert impact.topology.journal == graph.store.status().journal


def test_each_step_says_which_relationship_and_who_claims_it(graph):
    graph.feed(CHAIN)

    (service,) = asked(graph, "ESX-02").services()
    witnesses = witnesses_of(graph.store, [link.edge for link in service.links])
    assert [(link.edge.type, witnesses[key_of(link.edge)]) for link in service.links] == [
        ("RUNS_ON", Witness("", ("esx",), when(10), when(10))),
        ("RUNS_ON", Witness("", ("sheet",), when(10), when(10))),
        ("SUPPORTS", Witness("", ("sheet",), when(10), when(10))),
        ("DELIVERS", Witness("", ("sheet",), when(10), when(10))),
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

    assert [way(impact, item) for item in impact.items()] == [["base", "middle"], ["base", "top"]]


def test_an_unknown_or_retired_asset_is_an_error_not_an_empty_answer(graph):
    graph.feed(CHAIN)
    (retired,) = ids(graph, "srv-idle")
    graph.feed([withdrawn("esx/VirtualMachine:srv-idle", 20)])

    for node in (retired, "no such id"):
        with pytest.raises(KeyError):
            impact_of(load_topology(graph.store), [replace(graph.store.assets()[0], id=node)])


def test_empty_and_covered_names_who_would_know(graph):
    graph.feed(CHAIN)

    impact = asked(graph, "srv-idle")

    assert (impact.total, impact.told_by, impact.covered) == (0, ("esx",), True)
    assert in_words(graph, impact, "de") == (
        "Wenn 'srv-idle' ausfällt, ist nichts Bekanntes betroffen: nach den Meldungen von esx hängt nichts davon ab."
    )


def test_empty_and_not_covered_is_no_all_clear(graph):
    graph.feed([*CHAIN, said("rooms", "Server", "lonely", to("LOCATED_IN", "Location", "RZ 9"))])
    graph.feed([said("rooms", "Location", "RZ 9")])

    impact = asked(graph, "lonely")

    assert (impact.total, impact.covered) == (0, False)
    assert in_words(graph, impact, "de").endswith(
        "keine Quelle meldet, was davon abhängt. Das heißt nicht, dass nichts davon abhängt."
    )
    assert in_words(graph, impact, "en") == (
        "If 'lonely' fails, nothing known is affected: "
        "no source reports what depends on it. That does not mean that nothing does."
    )


def test_the_words_name_the_service_its_office_and_the_way(graph):
    graph.feed(CHAIN)
    impact = asked(graph, "ESX-02")

    assert (
        in_words(graph, impact, "de")
        == """\
Wenn 'ESX-02' ausfällt, stehen 4 Objekte still \
(Bürgerdienst: 1, Fachverfahren: 1, Geschäftsprozess: 1, Virtuelle Maschine: 1).
'Wohnsitz anmelden' (Bürgeramt) steht still: über 'Meldewesen', 'VOIS|MESO' auf 'srv-meso-01'."""
    )
    assert (
        in_words(graph, impact, "en")
        == """\
If 'ESX-02' fails, 4 objects stop \
(Application: 1, Business process: 1, Citizen service: 1, Virtual machine: 1).
'Wohnsitz anmelden' (Bürgeramt) stops: through 'Meldewesen', 'VOIS|MESO' on 'srv-meso-01'."""
    )


def test_one_and_several_are_told_apart(graph):
    graph.feed(CHAIN)

    assert in_words(graph, asked(graph, "Meldewesen"), "de").splitlines()[:2] == [
        "Wenn 'Meldewesen' ausfällt, steht 1 Objekt still (Bürgerdienst: 1).",
        "'Wohnsitz anmelden' (Bürgeramt) steht still: unmittelbar.",
    ]
    both = in_words(graph, asked(graph, "ESX-02", "srv-meso-01"), "de")
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

    assert "2 weitere Bürgerdienste sind betroffen." in in_words(graph, asked(graph, "Portal"), "de").splitlines()
    assert "Kein Bürgerdienst ist betroffen, soweit bekannt." in in_words(graph, asked(graph, "srv"), "de").splitlines()
