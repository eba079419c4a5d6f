"""What a failure does, worked out by hand for small pictures; and its laws, for whatever landscape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.failing import Result, fail
from inventory.ways import ways_of
from tests.inventory.pictures import Picture, results_of

STOPS, RESERVE, DEGRADED, UNKNOWN = "stops", "reserve", "degraded", "unknown"

CASES = {
    "a chain stops from its end on": (
        """
        service -> process
        process -> app
        app -> vm
        vm -> host
        other -> host2
        """,
        {
            "host": {"vm": STOPS, "app": STOPS, "process": STOPS, "service": STOPS},
            "app": {"process": STOPS, "service": STOPS},
            "service": {},
        },
    ),
    "a diamond needs both its sides": (
        """
        service -> left
        service -> right
        left -> db
        right -> db
        """,
        {"db": {"left": STOPS, "right": STOPS, "service": STOPS}, "left": {"service": STOPS}},
    ),
    "a diamond of alternatives stands on either side, and not without what both need": (
        """
        service -> left | right
        left -> db
        right -> db
        """,
        {"left": {"service": RESERVE}, "db": {"left": STOPS, "right": STOPS, "service": STOPS}},
    ),
    "a circle does not stop of itself, and all of it with what one of it needs": (
        """
        dns -> directory
        directory -> dns
        dns -> switch
        printer -> spooler
        """,
        {"switch": {"dns": STOPS, "directory": STOPS}, "dns": {"directory": STOPS}, "spooler": {"printer": STOPS}},
    ),
    "two of three: one is missed, and none is to spare": (
        """
        app -> farm
        farm = 2 of m1 m2 m3
        """,
        {"m1": {"farm": RESERVE, "app": RESERVE}, "m1 m2": {"farm": STOPS, "app": STOPS}},
    ),
    "one of three: with two left there is still a reserve": (
        """
        app -> farm
        farm = 1 of m1 m2 m3
        """,
        {"m1": {}, "m1 m2": {"farm": RESERVE, "app": RESERVE}, "m1 m2 m3": {"farm": STOPS, "app": STOPS}},
    ),
    "two of three named alternatives": (
        """
        app -> 2 of a | b | c
        app -> licence
        """,
        {"a": {"app": RESERVE}, "a c": {"app": STOPS}, "licence": {"app": STOPS}},
    ),
    "a cluster of clusters": (
        """
        site = 1 of east west
        east = 2 of e1 e2
        west = 1 of w1 w2
        service -> site
        """,
        {
            "e1": {"east": STOPS, "site": RESERVE, "service": RESERVE},
            "w1": {"west": RESERVE},
            "e1 w1": {"east": STOPS, "west": RESERVE, "site": RESERVE, "service": RESERVE},
            "e1 w1 w2": {"east": STOPS, "west": STOPS, "site": STOPS, "service": STOPS},
        },
    ),
    "one storage under both members is no redundancy": (
        """
        app -> farm
        farm = 1 of m1 m2
        m1 -> storage
        m2 -> storage
        """,
        {"storage": {"m1": STOPS, "m2": STOPS, "farm": STOPS, "app": STOPS}, "m2": {"farm": RESERVE, "app": RESERVE}},
    ),
    "what leads through an Endpoint is not known": (
        """
        service -> app
        app -> ?10.0.0.1
        ?10.0.0.1 -> switch
        app -> host
        """,
        {
            "switch": {"?10.0.0.1": UNKNOWN, "app": UNKNOWN, "service": UNKNOWN},
            "switch host": {"?10.0.0.1": UNKNOWN, "app": STOPS, "service": STOPS},
            "?10.0.0.1": {"app": STOPS, "service": STOPS},
        },
    ),
    "what only a silent source says is not known": (
        """
        service -> app
        app ?-> db
        farm = 1 of m1 m2
        m1 ?-> db
        m2 -> db
        """,
        {
            "db": {"app": UNKNOWN, "service": UNKNOWN, "m1": UNKNOWN, "m2": STOPS, "farm": UNKNOWN},
            "app": {"service": STOPS},
        },
    ),
    "what nobody has confirmed stands in for nothing that is sure": (
        """
        app ?-> a
        app -> b
        other -> a | c
        """,
        {"b": {"app": STOPS}, "a": {"app": UNKNOWN, "other": RESERVE}},
    ),
    "what has lost its reserve and runs worse besides makes worse what needs it": (
        """
        db -> m1 | m2
        db ~> x
        x -> m1
        app ~> db
        web -> app
        """,
        {"m1": {"x": STOPS, "db": RESERVE, "app": DEGRADED, "web": DEGRADED}},
    ),
    "several failures at once are more than each of them": (
        """
        app -> a | b
        mail -> b
        """,
        {"a": {"app": RESERVE}, "b": {"app": RESERVE, "mail": STOPS}, "a b": {"app": STOPS, "mail": STOPS}},
    ),
    "a whole room with all that stands in it": (
        """
        rack in room
        m1 in rack
        m2 in room
        m3 in elsewhere
        farm = 1 of m1 m2
        wide = 1 of m1 m3
        app -> farm
        """,
        {
            "room": {"rack": STOPS, "m1": STOPS, "m2": STOPS, "farm": STOPS, "app": STOPS, "wide": RESERVE},
            "rack": {"m1": STOPS, "farm": RESERVE, "app": RESERVE, "wide": RESERVE},
            "elsewhere": {"m3": STOPS, "wide": RESERVE},
        },
    ),
    "without what it only degrades it runs worse, and so does what needs it": (
        """
        service -> app
        app ~> cache
        cache -> host
        """,
        {"host": {"cache": STOPS, "app": DEGRADED, "service": DEGRADED}},
    ),
    "one that runs worse has another beside it": (
        """
        app -> a | b
        a ~> cache
        b ~> other
        """,
        {"cache": {"a": DEGRADED}, "cache other": {"a": DEGRADED, "b": DEGRADED, "app": DEGRADED}},
    ),
    "weak alternatives degrade when all are gone": (
        """
        app ~> a | b
        """,
        {"a": {}, "a b": {"app": DEGRADED}},
    ),
    "to stop is worse than to run worse": (
        """
        app ~> db
        app -> host
        db -> host
        """,
        {"host": {"db": STOPS, "app": STOPS}, "db": {"app": DEGRADED}},
    ),
    "a cluster that wants more members than are known needs each of these": (
        """
        farm = 3 of m1 m2
        """,
        {"m1": {"farm": STOPS}},
    ),
    "where it was seen to run does not undo the alternatives that somebody declared": (
        """
        app -> a | b
        app on a
        app on b
        other on a
        other on b
        """,
        {"a": {"app": RESERVE, "other": STOPS}, "a b": {"app": STOPS, "other": STOPS}},
    ),
    "what is named twice is there once, and nothing stands for itself": (
        """
        app -> a | a
        self -> self | a
        """,
        {"a": {"app": STOPS, "self": STOPS}},
    ),
}
"""By what each shows: the picture; then, by what fails, what becomes of the rest."""


@pytest.mark.parametrize("name", CASES)
def test_worked_out_by_hand(name):
    picture, expected = CASES[name]
    drawn = Picture(picture)
    for failed, results in expected.items():
        assert drawn.after(*failed.split()) == results, failed


def test_a_member_that_nobody_has_confirmed_is_no_sure_reserve():
    """Were it not there, the other's failure would stop the cluster."""
    drawn = Picture("farm = 1 of m1 m2\nwide = 1 of m1 m2 m3\nweb -> farm")
    at = [link.cause == "m2" and link.effect in {"farm", "wide"} for link in drawn.wiring.links]
    found = results_of(fail(drawn.wiring, ["m1"], np.array(at)))

    assert {node: result.name.lower() for node, result in found.items() if result and node != "m1"} == {
        "farm": UNKNOWN, "web": UNKNOWN, "wide": UNKNOWN,
    }  # fmt: skip
    assert fail(drawn.wiring, ["m1"]).of("farm") == Result.RESERVE


def test_what_does_not_exist_cannot_fail():
    with pytest.raises(KeyError):
        Picture("app -> db").after("nothing")


NAMES = [f"n{number}" for number in range(9)]
LINES = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(("->", "->", "~>", "?->")), st.sampled_from([*NAMES, "?e"])),
    st.tuples(
        st.sampled_from(NAMES),
        st.just("->"),
        st.builds(
            lambda wanted, names: f"{wanted} of {' | '.join(names)}",
            st.integers(1, 3), st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True),
        ),
    ),
    st.tuples(
        st.sampled_from(("c1", "c2")),
        st.just("="),
        st.builds(
            lambda wanted, names: f"{wanted} of {' '.join(names)}",
            st.integers(1, 3), st.lists(st.sampled_from([*NAMES, "c1"]), min_size=1, max_size=4, unique=True),
        ),
    ),
    st.tuples(st.just("?e"), st.just("->"), st.sampled_from(NAMES)),
)  # fmt: skip
PICTURES = st.lists(LINES, min_size=1, max_size=16).map(lambda lines: Picture("\n".join(map(" ".join, lines))))
some = settings(max_examples=400, deadline=None)


def failing(draw, picture, least=0):
    return draw(st.sets(st.sampled_from(sorted(picture.nodes)), min_size=least, max_size=4))


def outcome(picture, failed):
    return fail(picture.wiring, failed, picture.doubted)


def stopped(picture, failed):
    return set(outcome(picture, failed).with_result(Result.STOPS))


@some
@given(PICTURES, st.data())
def test_more_failures_never_stop_fewer(picture, data):
    few = failing(data.draw, picture)
    assert stopped(picture, few) <= stopped(picture, few | failing(data.draw, picture))


@some
@given(PICTURES, st.data())
def test_nothing_stops_of_itself_and_what_failed_stops(picture, data):
    assert not outcome(picture, ()).result.any()
    failed = failing(data.draw, picture)
    assert failed <= stopped(picture, failed)


@some
@given(PICTURES, st.data())
def test_what_follows_changes_nothing_when_it_fails_too(picture, data):
    failed = failing(data.draw, picture, least=1)
    assert stopped(picture, failed) == stopped(picture, stopped(picture, failed))


@some
@given(PICTURES, st.data())
def test_what_stops_misses_what_it_needs_and_what_runs_has_it(picture, data):
    """Against the rule as it is written, need by need, in the world without doubt."""
    failed = failing(data.draw, picture, least=1)
    found = fail(picture.wiring, failed)
    wiring, down = found.wiring, {n for n, r in results_of(found).items() if r == Result.STOPS}
    for need, effect in enumerate(wiring.of.tolist()):
        causes = {wiring.ids[c] for c in wiring.cause[wiring.need == need].tolist()}
        unmet = len(causes & down) > wiring.spare[need] and not wiring.weak[need]
        assert not unmet or wiring.ids[effect] in down or wiring.endpoint[effect]
    for node in down - failed:
        mine = [need for need, effect in enumerate(wiring.of.tolist()) if wiring.ids[effect] == node]
        lost = [len({*wiring.cause[wiring.need == n].tolist()} & {wiring.number[d] for d in down}) for n in mine]
        assert any(count > wiring.spare[n] and not wiring.weak[n] for n, count in zip(mine, lost, strict=True))


@some
@given(PICTURES, st.data())
def test_what_has_lost_its_reserve_is_stopped_by_one_more_failure(picture, data):
    failed = failing(data.draw, picture, least=1)
    found = outcome(picture, failed)
    for node in found.with_result(Result.RESERVE):
        assert any(node in stopped(picture, failed | {more}) for more in set(picture.nodes) - {node} - failed)


@some
@given(PICTURES, st.data())
def test_doubt_only_makes_unknown_what_it_may_change(picture, data):
    failed = failing(data.draw, picture, least=1)
    sure, doubtful = results_of(fail(picture.wiring, failed)), results_of(outcome(picture, failed))
    for node, result in doubtful.items():
        assert result in {sure[node], Result.UNKNOWN}


@some
@given(PICTURES, st.data())
def test_all_that_is_affected_has_a_way_to_it_by_links_that_carry(picture, data):
    failed = failing(data.draw, picture, least=1)
    found = outcome(picture, failed)
    ways = ways_of(found)
    for node, result in results_of(found).items():
        links = [picture.wiring.links[number] for number in ways.to(node)]
        affected = result != Result.UNAFFECTED
        assert bool(links) == (affected and node not in failed)
        for before, link in zip([*[None] * bool(links), *links], links, strict=False):
            assert link.cause == before.effect if before else link.cause in failed
        assert not links or links[-1].effect == node


@some
@given(PICTURES, st.data())
def test_without_redundancy_all_that_can_be_reached_is_affected(picture, data):
    failed = failing(data.draw, picture, least=1)
    reached, more = set(failed), set(failed)
    while more:
        more = {link.effect for link in picture.wiring.links if link.cause in more} - reached
        reached |= more
    affected = {node for node, result in results_of(outcome(picture, failed)).items() if result}
    assert affected <= reached
    if not picture.wiring.spare.any():
        assert affected == reached
