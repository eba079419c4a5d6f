"""What an asset needs, and the order to start it up in: by hand, and for whatever landscape."""

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.failing import Result, fail
from inventory.needs import STARTED, needs_of, start_order
from tests.inventory.pictures import Picture
from tests.inventory.test_failing import PICTURES

CITY = """
    app -> db
    app ~> cache
    app -> dns
    db on host
    cache on host
    host in room
    dns -> directory
    directory -> dns
    directory on vm
    vm on host
    farm = 1 of m1 m2
    web -> farm
    m1 in room
"""


def told(stages):
    return [" ".join(sorted(node.name for node in stage.nodes)) for stage in stages]


def test_it_is_all_that_is_needed_nearest_first_with_the_way():
    found = needs_of(Picture(CITY).wiring, ["app"])

    assert [(one.node.name, one.distance) for one in found] == [
        ("cache", 1), ("db", 1), ("dns", 1), ("directory", 2), ("host", 2), ("room", 3), ("vm", 3),
    ]  # fmt: skip
    room = found[5]
    assert [(link.cause, link.effect) for link in room.links] == [("room", "host"), ("host", "cache"), ("cache", "app")]
    assert {one.node.name: one.alone for one in needs_of(Picture(CITY).wiring, ["web"])} == {
        "farm": True, "m1": False, "m2": False, "room": False,
    }  # fmt: skip
    assert needs_of(Picture(CITY).wiring, ["room"]) == []


def test_it_starts_from_the_ground_up_and_circles_are_named():
    stages = start_order(Picture(CITY).wiring, ["app"])

    assert told(stages) == ["host", "cache db vm", "directory dns", "app"]
    assert [[node.name for node in circle] for stage in stages for circle in stage.circles] == [["directory", "dns"]]
    assert told(start_order(Picture(CITY).wiring, ["app", "web"]))[0] == "host m1 m2"


@settings(max_examples=200, deadline=None)
@given(PICTURES, st.data())
def test_what_is_needed_is_what_can_affect_it(picture, data):
    asked = data.draw(st.sampled_from(sorted(picture.nodes)))
    needed = {one.node.id: one for one in needs_of(picture.wiring, [asked])}

    for node in set(picture.nodes) - {asked}:
        result = fail(picture.wiring, [node]).of(asked)
        assert node in needed or not result
        assert (node in needed and needed[node].alone) == (result == Result.STOPS)


@settings(max_examples=200, deadline=None)
@given(PICTURES, st.data())
def test_nothing_starts_before_what_it_needs_but_in_a_circle(picture, data):
    asked = data.draw(st.sets(st.sampled_from(sorted(picture.nodes)), min_size=1, max_size=3))
    stages = start_order(picture.wiring, asked)
    at = {node.id: number for number, stage in enumerate(stages) for node in stage.nodes}
    circles = [{node.id for node in circle} for stage in stages for circle in stage.circles]

    wanted = {*asked, *(one.node.id for one in needs_of(picture.wiring, asked))}
    assert at.keys() == {node for node in wanted if picture.nodes[node].kind in STARTED}
    for link in picture.wiring.links:
        if link.cause in at and link.effect in at:
            together = any({link.cause, link.effect} <= circle for circle in circles)
            assert together or at[link.cause] < at[link.effect]
