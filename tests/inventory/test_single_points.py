"""Single points of failure, by hand for small pictures, and against trying every asset alone."""

import pytest
from hypothesis import given, settings

from graph.outline import Outline
from inventory.failing import Result, fail
from inventory.single_points import TOLD, false_redundancy, single_points
from inventory.wiring import wiring_of
from tests.inventory.pictures import Picture
from tests.inventory.test_failing import PICTURES

CASES = {
    "a chain is made of nothing else": (
        """
        service* -> app
        app -> host
        host in room
        """,
        {"app": 1, "host": 1, "room": 1},
        {},
    ),
    "a cluster is one, and its members are none": (
        """
        service* -> farm
        farm = 1 of m1 m2
        """,
        {"farm": 1},
        {},
    ),
    "both members in one room are no redundancy, and the site of the room is not told beside it": (
        """
        service* -> farm
        farm = 1 of m1 m2
        m1 in room
        m2 in room
        room in site
        """,
        {"farm": 1, "room": 1, "site": 1},
        {"farm": "room"},
    ),
    "two of three with two on one host": (
        """
        service* -> 2 of a | b | c
        a -> h1
        b -> h1
        c -> h2
        """,
        {"h1": 1},
        {"service*": "h1"},
    ),
    "what breaks a cluster takes what needs that, and another cluster with it": (
        """
        one* -> farm
        two* -> wide
        farm = 1 of m1 m2
        m1 -> san
        m2 -> san
        wide = 1 of farm x
        x -> san
        """,
        {"san": 2, "farm": 1, "wide": 1},
        {"farm": "san", "wide": "san"},
    ),
    "a circle stops together": (
        """
        service* -> dns
        dns -> directory
        directory -> dns
        """,
        {"dns": 1, "directory": 1},
        {},
    ),
    "what only degrades is none, nor what leads through an Endpoint": (
        """
        service* ~> cache
        service* -> ?10.0.0.1
        ?10.0.0.1 -> switch
        """,
        {"?10.0.0.1": 1},
        {},
    ),
}
"""A name with a star is a citizen service. How many services each single point stops; what is shared by what."""


class City(Picture):
    """A picture in which what has a star is a citizen service."""

    def __init__(self, text):
        super().__init__(text)
        self.nodes = {name: self._starred(node) for name, node in self.nodes.items()}
        self.wiring = wiring_of(Outline(self.nodes, self.edges))

    @staticmethod
    def _starred(node):
        return node._replace(kind="CitizenService") if node.name.endswith("*") or node.name in {"n0", "n1"} else node


@pytest.mark.parametrize("name", CASES)
def test_worked_out_by_hand(name):
    picture, points, shared = CASES[name]
    wiring = City(picture).wiring

    assert {point.node.name: len(point.services) for point in single_points(wiring)} == points
    found = {one.node.name: " ".join(node.name for node in one.shared) for one in false_redundancy(wiring)}
    assert found == shared


def test_what_stops_the_most_comes_first():
    found = single_points(City("a* -> x\nb* -> x\nb* -> y\nc* -> y\na* -> y").wiring)
    assert [(point.node.name, [node.name for node in point.services]) for point in found] == [
        ("y", ["a*", "b*", "c*"]),
        ("x", ["a*", "b*"]),
    ]


@settings(max_examples=400, deadline=None)
@given(PICTURES)
def test_they_are_what_trying_each_alone_finds(picture):
    city = City("\n".join(picture.text))
    wiring = city.wiring
    services = {name for name, node in city.nodes.items() if node.kind == "CitizenService"}
    tried = {}
    for name, node in city.nodes.items():
        stopped = services & set(fail(wiring, [name]).with_result(Result.STOPS))
        if stopped and node.kind in TOLD:
            tried[name] = stopped
    assert {point.node.id: {node.id for node in point.services} for point in single_points(wiring)} == tried


@settings(max_examples=200, deadline=None)
@given(PICTURES)
def test_what_is_shared_alone_stops_what_has_more_than_it_needs(picture):
    for one in false_redundancy(picture.wiring):
        assert len(one.causes) > one.wanted
        for shared in one.shared:
            found = fail(picture.wiring, [shared.id])
            assert found.of(one.node.id) in {Result.STOPS, Result.UNKNOWN}
