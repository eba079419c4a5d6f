"""Protection needs, worked out by hand for small pictures; and their laws, for whatever landscape."""

from collections import Counter
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.metamodel import KINDS
from graph.outline import Outline
from inventory.failing import Result, fail
from inventory.need_levels import BASE_KINDS, GOALS, Level, level_of
from inventory.protection import Protection, Said
from inventory.protection_rows import Question, Rows, row_of
from inventory.protection_words import in_words
from inventory.wiring import wiring_of
from tests.inventory.pictures import Picture
from tests.inventory.test_failing import LINES

SHORT = {"-": Level.UNKNOWN, "n": Level.NORMAL, "h": Level.HIGH, "s": Level.VERY_HIGH}
LETTERS = {level: letter for letter, level in SHORT.items()}
KIND = {"service": "CitizenService", "process": "BusinessProcess", "app": "Application", "room": "Location"}


class Needing(Picture):
    """A picture, in which names that begin so are of these kinds, and levels are set: `app: shn`, for C, I and A."""

    def __init__(self, text, cumulation=0, kinds=KIND):
        self.said, self._kinds, self._cumulation = {}, kinds, cumulation
        super().__init__(text)
        self.protection = Protection(self.wiring, self.said, cumulation)

    def _line(self, line):
        name, colon, levels = line.partition(":")
        if not colon:
            super()._line(line)
            return
        self._node(name)
        levels = levels.strip() * (3 if len(levels.strip()) == 1 else 1)
        goals = zip(GOALS, levels, strict=True)
        self.said[name] = {goal: Said(SHORT[a], SHORT[a].told, reason="why") for goal, a in goals if a != "-"}

    def _node(self, name, kind="Server", required=0):
        told = next((told for start, told in self._kinds.items() if name.startswith(start)), kind)
        super()._node(name, told if kind == "Server" else kind, required)

    def need(self, name, goal="availability"):
        return self.protection.need(name, goal)

    def levels(self):
        """By name: the levels that count, for C, I and A, as letters."""
        return {node: "".join(LETTERS[self.need(node, goal).level] for goal in GOALS) for node in self.nodes}

    def told(self, name, goal="availability"):
        row = row_of(self.protection, self.need(name, goal))
        return row.level, row.how, row.cause, row.way

    def remarks(self, name, goal="availability"):
        return row_of(self.protection, self.need(name, goal)).remarks


CHAIN = """
service -> process
process -> app
app -> vm
vm -> host
host in room
host -> power
"""
CASES = {
    "a chain to the room, by maximum, each goal for itself": (
        f"{CHAIN}\nprocess: hn-\nservice: n-s",
        {
            "service": "n-s", "process": "hns", "app": "hns", "vm": "hns", "host": "hns", "room": "hns",
            "power": "hns",
        },
    ),
    "what nothing with a need depends on is unknown": (
        "app1 -> db\napp1: h\napp2 -> other",
        {"app1": "hhh", "db": "hhh", "app2": "---", "other": "---"},
    ),
    "a need is inherited downwards alone": (
        "app1 -> db\napp2 -> db\napp1: s\napp2: n",
        {"app1": "sss", "app2": "nnn", "db": "sss"},
    ),
    "a diamond": (
        "app -> left\napp -> right\nleft -> db\nright -> db\napp: nhs",
        {"app": "nhs", "left": "nhs", "right": "nhs", "db": "nhs"},
    ),
    "a circle adds nothing of itself, and all of it has what one of it inherits": (
        "dns -> directory\ndirectory -> dns\napp -> dns\na -> b\nb -> a\napp: h",
        {"app": "hhh", "dns": "hhh", "directory": "hhh", "a": "---", "b": "---"},
    ),
    "a cluster with a spare lowers availability of its members, and only that": (
        "app -> farm\nfarm = 1 of m1 m2\napp: sss",
        {"app": "sss", "farm": "sss", "m1": "ssh", "m2": "ssh"},
    ),
    "below normal nothing is lowered": (
        "app -> farm\nfarm = 1 of m1 m2\nm1 -> host\napp: n",
        {"app": "nnn", "farm": "nnn", "m1": "nnn", "m2": "nnn", "host": "nnn"},
    ),
    "a cluster without a spare lowers nothing": (
        "farm = 2 of m1 m2\napp -> farm\napp: s",
        {"app": "sss", "farm": "sss", "m1": "sss", "m2": "sss"},
    ),
    "alternatives are lowered as members are, two of two are not": (
        "app -> a | b\napp -> 2 of c | d\napp: s",
        {"app": "sss", "a": "ssh", "b": "ssh", "c": "sss", "d": "sss"},
    ),
    "one storage under both members is no redundancy, nor is the room of both": (
        ("app -> farm\nfarm = 1 of m1 m2\nm1 -> storage\nm2 -> storage\nm1 -> disk\nm1 in room\nm2 in room\n"
        "storage -> ups\napp: s"),
        {
            "app": "sss", "farm": "sss", "m1": "ssh", "m2": "ssh", "disk": "ssh", "storage": "sss", "ups": "sss",
            "room": "sss",
        },
    ),
    "of three members two may fail: what takes two of them is lowered, what takes all is not": (
        "app -> farm\nfarm = 1 of m1 m2 m3\nm1 -> two\nm2 -> two\nm1 -> all\nm2 -> all\nm3 -> all\napp: s",
        {"app": "sss", "farm": "sss", "m1": "ssh", "m2": "ssh", "m3": "ssh", "two": "ssh", "all": "sss"},
    ),
    "each cluster in a cluster lowers once more": (
        "app -> site\nsite = 1 of east west\neast = 1 of e1 e2\nwest = 2 of w1 w2\napp: s",
        {"app": "sss", "site": "sss", "east": "ssh", "west": "ssh", "e1": "ssn", "e2": "ssn", "w1": "ssh", "w2": "ssh"},
    ),
    "what stops both clusters of a cluster is not lowered, what stops one of them is lowered once": (
        ("app -> site\nsite = 1 of east west\neast = 1 of e1 e2\nwest = 1 of w1 w2\n"
        "e1 -> one\ne2 -> one\ne1 -> all\ne2 -> all\nw1 -> all\nw2 -> all\napp: s"),
        {
            "app": "sss", "site": "sss", "east": "ssh", "west": "ssh", "e1": "ssn", "e2": "ssn", "w1": "ssn",
            "w2": "ssn", "one": "ssh", "all": "sss",
        },
    ),
    "a member that the other needs is not to spare": (
        "app -> farm\nfarm = 1 of m1 m2\nm2 -> m1\napp: s",
        {"app": "sss", "farm": "sss", "m1": "sss", "m2": "ssh"},
    ),
    "two members that need each other are none to spare": (
        "app -> farm\nfarm = 1 of m1 m2\nm1 -> m2\nm2 -> m1\nm1 -> host\napp: s",
        {"app": "sss", "farm": "sss", "m1": "sss", "m2": "sss", "host": "sss"},
    ),
    "an override on the way on which it stops is no spare, and lets nothing through": (
        "app -> vm\nvm -> low\nlow -> db\nvm -> db | other\napp: s\nlow: --n",
        {"app": "sss", "vm": "sss", "low": "ssn", "db": "ssh", "other": "ssh"},
    ),
    "what only makes it run worse has one level less of availability, however many there are": (
        "app ~> cache\napp ~> a | b\ncache -> host\nmail ~> host\napp: s",
        {"app": "sss", "cache": "ssh", "a": "ssh", "b": "ssh", "host": "ssh", "mail": "---"},
    ),
    "an override wins, also over what it hands down": (
        "app -> vm\nvm -> host\nhost in room\napp: s\nvm: n-h",
        {"app": "sss", "vm": "nsh", "host": "nsh", "room": "nsh"},
    ),
    "an override where nothing is known": ("vm -> host\nvm: h", {"vm": "hhh", "host": "hhh"}),
    "an override that confirms a member changes nothing of what is below both": (
        "app -> farm\nfarm = 1 of m1 m2\nm1 -> storage\nm2 -> storage\napp: s\nm1: --h",
        {"app": "sss", "farm": "sss", "m1": "ssh", "m2": "ssh", "storage": "sss"},
    ),
    "overrides of both members stand between the cluster and what is below both": (
        "app -> farm\nfarm = 1 of m1 m2\nm1 -> storage\nm2 -> storage\napp: s\nm1: --n\nm2: --h",
        {"app": "sss", "farm": "sss", "m1": "ssn", "m2": "ssh", "storage": "ssh"},
    ),
    "an override of the storage stands between the cluster and the room": (
        ("app -> farm\nfarm = 1 of m1 m2\nm1 -> storage\nm2 -> storage\nstorage in room\nother in room\n"
        "storage: --n\napp: s"),
        {"app": "sss", "farm": "sss", "m1": "ssh", "m2": "ssh", "storage": "ssn", "room": "ssn", "other": "---"},
    ),
}  # fmt: skip
"""By what each shows: the picture, and the levels for confidentiality, integrity and availability."""


@pytest.mark.parametrize("name", CASES)
def test_worked_out_by_hand(name):
    picture, expected = CASES[name]
    assert Needing(picture).levels() == expected


def resting(number, level="n", more="", **cumulation):
    apps = "\n".join(f"app{n} -> host\napp{n}: {level}" for n in range(number))
    return Needing(f"{apps}\nhost in room\n{more}", **(cumulation or {"cumulation": 3}))


def test_cumulation_raises_from_the_number_on():
    assert resting(2).levels()["host"] == "nnn"
    raised = resting(3)
    assert (raised.levels()["host"], raised.levels()["room"]) == ("hhh", "hhh")
    assert raised.told("host") == ("hoch", "cumulation", "3 or more: Application", ("host",))
    assert raised.told("room") == ("hoch", "cumulation", "3 or more: Application", ("room",))
    assert resting(3, "h").levels()["host"] == "sss"
    assert resting(3, "s").levels()["host"] == "sss"
    assert resting(300, cumulation=0).levels()["host"] == "nnn"


def test_cumulation_counts_across_all_that_rests_on_it_each_once_and_each_goal_apart():
    apart = Needing(
        """
        app1 -> a
        app2 -> b
        app3 -> c
        app3 -> a
        a in room
        b in room
        c in room
        app1: nnn
        app2: n-n
        app3: nhn
        """,
        cumulation=3,
    )
    assert {name: levels for name, levels in apart.levels().items() if not name.startswith("app")} == {
        "a": "nhn", "b": "n-n", "c": "nhn", "room": "hhh",
    }  # fmt: skip


def test_cumulation_is_worked_out_once_and_not_over_what_it_raised():
    hosts = "\n".join(f"app{n}{m} -> host{n}\napp{n}{m}: n\nhost{n} in room" for n in range(3) for m in range(3))
    found = Needing(hosts, cumulation=3).levels()
    assert (found["host0"], found["room"]) == ("hhh", "hhh")


def test_a_service_its_process_and_its_application_are_not_three():
    chain_of_one = "service -> process\nprocess -> app\napp -> host\nservice: n\nprocess: n\napp: n"
    assert Needing(chain_of_one, cumulation=2).levels()["host"] == "nnn"
    two = "process1 -> app\nprocess2 -> app\napp -> host\nprocess1: n\nprocess2: n\napp: n"
    assert Needing(two, cumulation=2).levels()["host"] == "hhh"


def test_an_application_does_not_rest_on_itself():
    circle = "app1 -> app2\napp2 -> app1\napp2 -> host\napp1: n\napp2: n"
    assert Needing(circle, cumulation=2).levels() == {"app1": "nnn", "app2": "nnn", "host": "hhh"}


def test_needs_count_as_they_arrive():
    spread = "\n".join(f"app{n} -> farm\napp{n}: --h" for n in range(3))
    found = Needing(f"{spread}\nfarm = 1 of m1 m2\nm1 -> disk", cumulation=3).levels()
    assert (found["farm"], found["m1"], found["disk"]) == ("--s", "--h", "--h")
    walled = "\n".join(f"app{n} -> vm{n}\napp{n}: h\nvm{n} -> host" for n in range(3))
    assert Needing(walled, cumulation=3).levels()["host"] == "sss"
    assert Needing(f"{walled}\nvm0: n\nvm1: n\nvm2: n", cumulation=4).levels()["host"] == "nnn"
    assert Needing(f"{walled}\nvm0: n", cumulation=3).levels()["host"] == "hhh"


def test_the_cause_is_told_with_the_shortest_way():
    drawn = Needing("app1 -> vm\nvm -> host\napp2 -> host\napp1: h\napp2: n\nhost in room")
    assert drawn.told("room") == ("hoch", "maximum", "app1", ("room", "host", "vm", "app1"))
    assert drawn.told("app1") == ("hoch", "set", "app1", ("app1",))
    near = Needing("app1 -> vm\nvm -> host\napp2 -> host\napp1: h\napp2: h")
    assert near.told("host") == ("hoch", "maximum", "app2", ("host", "app2"))


def test_distribution_is_told_and_so_is_the_way_where_there_is_none():
    drawn = Needing("app -> farm\nfarm = 1 of m1 m2\nm1 -> storage\nm2 -> storage\nm1 -> disk\napp: s")
    assert drawn.told("m1") == ("hoch", "distribution", "app", ("m1", "farm", "app"))
    assert drawn.told("disk") == ("hoch", "maximum", "app", ("disk", "m1", "farm", "app"))
    assert drawn.told("storage") == ("sehr hoch", "maximum", "app", ("storage", "m1", "farm", "app"))
    assert drawn.told("m1", "integrity")[:2] == ("sehr hoch", "maximum")


def test_an_override_is_shown_beside_what_is_computed_and_is_a_remark_where_it_is_below():
    drawn = Needing("app -> low\napp -> high\nlow -> host\napp: h\nlow: n\nhigh: s")
    low, high = drawn.need("low"), drawn.need("high")
    assert (low.level.told, low.computed.told, low.way) == ("normal", "hoch", ("low", "app"))
    assert (high.level.told, high.computed.told) == ("sehr hoch", "hoch")
    assert drawn.remarks("low") == ("override below computed",)
    assert drawn.remarks("high") == ()
    assert drawn.told("host") == ("normal", "maximum", "low", ("host", "low"))


def test_an_override_does_not_come_back_as_what_is_computed():
    drawn = Needing("dns -> directory\ndirectory -> dns\napp -> directory\napp: n\ndns: s")
    assert drawn.levels() == {"dns": "sss", "directory": "sss", "app": "nnn"}
    assert drawn.need("dns").computed == Level.NORMAL
    assert drawn.need("dns").way == ("dns", "directory", "app")
    assert Needing("dns -> directory\ndirectory -> dns\ndns: s").need("dns").computed == Level.UNKNOWN


def test_what_is_set_below_what_it_inherits_is_a_remark_and_what_counts_is_the_maximum():
    drawn = Needing("process -> app\nprocess: s\napp: n")
    assert (drawn.levels()["app"], drawn.remarks("app")) == ("sss", ("set below inherited",))
    assert drawn.remarks("process") == ()


def test_what_is_no_level_counts_for_nothing_and_is_a_remark():
    picture = Needing("app -> vm\napp: h")
    said = {**picture.said, "vm": {"availability": Said(level_of("mittel"), "mittel")}}
    found = Protection(picture.wiring, said)
    need = found.need("vm", "availability")
    assert (need.level, need.computed) == (Level.HIGH, Level.HIGH)
    assert row_of(found, need).remarks == ("not a level",)
    assert "Achtung: 'mittel' ist keine Stufe." in in_words(found, need, "de")


def test_levels_are_read_in_both_languages():
    assert [level_of(text) for text in ("normal", "Hoch", "HIGH", " sehr  hoch", "very high", "", "2")] == [
        1, 2, 2, 3, 3, 0, 0,
    ]  # fmt: skip


def test_the_words_say_why():
    drawn = Needing("process -> app\napp -> farm\nfarm = 1 of m1 m2\nprocess: s\nm2: --n\nlonely -> disk")
    words = {node: in_words(drawn.protection, drawn.need(node), "de") for node in drawn.nodes}
    assert words["process"] == "Verfügbarkeit: sehr hoch; so festgelegt."
    assert words["farm"] == "Verfügbarkeit: sehr hoch; vererbt von 'process' über 'app' (Maximumprinzip)."
    assert words["m1"] == (
        "Verfügbarkeit: hoch; vererbt von 'process' über 'app', 'farm', eine Stufe niedriger (Verteilungseffekt)."
    )
    assert words["m2"] == (
        "Verfügbarkeit: normal; von Hand normal statt hoch: why (). "
        "Hoch: vererbt von 'process' über 'app', 'farm', eine Stufe niedriger (Verteilungseffekt). "
        "Achtung: von Hand niedriger als berechnet."
    )
    assert words["disk"] == (
        "Verfügbarkeit: unbekannt; für nichts, was davon abhängt, ist ein Schutzbedarf festgelegt."
    )
    many = resting(3)
    assert in_words(many.protection, many.need("host"), "en") == (
        "Availability: high; 3 or more with the level below depend on it: Application (cumulation)."
    )


def test_rows_are_the_highest_first_and_paged_without_loss():
    drawn = Needing("app1 -> b\napp2 -> a\napp1: hns\napp2: n")
    rows = Rows(drawn.protection, Question(goals=frozenset({"availability", "integrity"})))
    assert [(row.level, row.asset, row.goal[0]) for row in rows] == [
        ("sehr hoch", "app1", "a"), ("sehr hoch", "b", "a"),
        ("normal", "a", "i"), ("normal", "a", "a"), ("normal", "app1", "i"), ("normal", "app2", "i"),
        ("normal", "app2", "a"), ("normal", "b", "i"),
    ]  # fmt: skip
    found, after = [], ""
    while page := rows.after(after, 3):
        found += page
        after = "\x00".join(page[-1].cursor)
    assert found == list(rows)
    high = Rows(drawn.protection, Question(levels=frozenset({"hoch"}), named=frozenset({"b"})))
    assert [(row.asset, row.goal) for row in high] == [("b", "confidentiality")]
    assert (high.assets, high.totals["availability"]) == (1, {"sehr hoch": 1})


NAMES = [f"n{number}" for number in range(9)]
LEVELS = st.sampled_from((Level.NORMAL, Level.HIGH, Level.VERY_HIGH))
MIXED = {"n0": "Application", "n1": "Application", "n2": "BusinessProcess", "n3": "CitizenService"}
PICTURES = st.lists(LINES, min_size=1, max_size=16).map(
    lambda lines: Needing("\n".join(map(" ".join, lines)), kinds=MIXED)
)
NUMBERS = st.sampled_from((0, 2, 3))
some = settings(max_examples=400, deadline=None)


def saying(draw, picture, kinds, most=5):
    nodes = sorted(node for node, told in picture.nodes.items() if (told.kind in BASE_KINDS) == (kinds == "base"))
    chosen = draw(st.dictionaries(st.sampled_from(nodes), LEVELS, max_size=most)) if nodes else {}
    return {node: dict.fromkeys(GOALS, Said(level, level.told)) for node, level in chosen.items()}


def stopping(wiring, node):
    """What stops with it; an Endpoint, of which nobody knows whether it does, like all others."""
    sure = replace(wiring, endpoint=np.zeros_like(wiring.endpoint))
    return set(fail(sure, [node]).with_result(Result.STOPS))


def effective(protection):
    return {(node, goal): protection.need(node, goal).level for node in protection.wiring.ids for goal in GOALS}


@some
@given(PICTURES, NUMBERS, st.data())
def test_more_needs_that_are_set_lower_none(picture, number, data):
    overrides, few = saying(data.draw, picture, "override", 2), saying(data.draw, picture, "base")
    more = few | {node: said for node, said in saying(data.draw, picture, "base").items() if node not in few}
    before = effective(Protection(picture.wiring, overrides | few, number))
    after = effective(Protection(picture.wiring, overrides | more, number))
    assert all(after[key] >= level for key, level in before.items())


@some
@given(PICTURES, st.data())
def test_of_what_is_not_distributed_it_is_the_maximum_over_all_that_depends_on_it(picture, data):
    said = saying(data.draw, picture, "base")
    found = Protection(picture.wiring, said, 0)
    plain = not picture.wiring.spare.any() and not picture.wiring.weak.any()
    for node in picture.nodes:
        above, more = {node}, {node}
        while more:
            more = {link.effect for link in picture.wiring.links if link.cause in more} - above
            above |= more
        for goal in GOALS if plain else GOALS[:2]:
            levels = [said[other][goal].level for other in above if other in said]
            assert found.need(node, goal).level == max(levels, default=Level.UNKNOWN)


@some
@given(PICTURES, st.data())
def test_availability_is_lowered_as_a_failure_of_it_alone_tells(picture, data):
    """Against the rule as it is written: failures are tried one by one."""
    said = saying(data.draw, picture, "base")
    wiring = picture.wiring
    stopped = {node: stopping(wiring, node) for node in wiring.ids}
    levels = {node: said[node]["availability"].level if node in said else 0 for node in wiring.ids}
    for _ in range(3 * len(levels)):
        for link, need in zip(wiring.links, wiring.need, strict=True):
            level = levels[link.effect]
            lowered = max(level - 1, min(level, 1)) if wiring.weak[need] or wiring.spare[need] else level
            levels[link.cause] = max(levels[link.cause], lowered)
        for node, others in stopped.items():
            levels[node] = max(levels[node], *(levels[other] for other in others))
    found = Protection(wiring, said, 0)
    assert {node: found.need(node, "availability").level for node in wiring.ids} == levels


@some
@given(PICTURES, st.data())
def test_overrides_stand_between_as_ways_of_stopped_assets_tell(picture, data):
    """The same with overrides, which let no level through: by ways from what failed through what stops with it."""
    said = saying(data.draw, picture, "base") | saying(data.draw, picture, "override", 3)
    wiring = picture.wiring
    base = {node for node in said if picture.nodes[node].kind in BASE_KINDS}
    walls = {node: told["availability"].level for node, told in said.items() if node not in base}
    own = {node: said[node]["availability"].level if node in base else 0 for node in wiring.ids}
    levels, seen = {node: walls.get(node, own[node]) for node in wiring.ids}, {}
    for node in wiring.ids:
        stopped = stopping(wiring, node)
        lost = Counter(
            need
            for need, cause in {*zip(wiring.need.tolist(), wiring.cause.tolist(), strict=True)}
            if wiring.ids[cause] in stopped
        )
        seen[node], more = {node}, {node}
        while more:
            ways = {
                link.effect
                for link, need in zip(wiring.links, wiring.need.tolist(), strict=True)
                if link.cause in more
                and (link.cause == node or link.cause not in walls)
                and not wiring.weak[need]
                and lost[need] > wiring.spare[need]
            }
            more = ways - seen[node]
            seen[node] |= more
    for _ in range(3 * len(levels)):
        for link, need in zip(wiring.links, wiring.need, strict=True):
            level = levels[link.effect]
            lowered = max(level - 1, min(level, 1)) if wiring.weak[need] or wiring.spare[need] else level
            levels[link.cause] = walls.get(link.cause, max(levels[link.cause], lowered))
        for node, others in seen.items():
            levels[node] = walls.get(node, max(levels[node], *(levels[other] for other in others)))
    found = Protection(wiring, said, 0)
    assert {node: found.need(node, "availability").level for node in wiring.ids} == levels


@some
@given(PICTURES, st.sampled_from((2, 3)), st.data())
def test_cumulation_is_as_counting_by_hand_tells(picture, number, data):
    said = saying(data.draw, picture, "base", 9)
    plain = Protection(picture.wiring, said, 0)
    first = {node: plain.need(node, "integrity").level for node in picture.nodes}
    above = {}
    for node in picture.nodes:
        above[node], more = set(), {node}
        while more:
            more = {link.effect for link in picture.wiring.links if link.cause in more} - above[node]
            above[node] |= more
    own = dict(first)
    for node in picture.nodes:
        for level in (1, 2):
            kinds = [
                picture.nodes[other].kind for other in above[node] - {node} if other in said and first[other] >= level
            ]
            if first[node] == level and any(kinds.count(kind) >= number for kind in kinds):
                own[node] = level + 1
    expected = {node: max(own[node], *(own[other] for other in above[node]), 0) for node in picture.nodes}
    found = Protection(picture.wiring, said, number)
    assert {node: found.need(node, "integrity").level for node in picture.nodes} == expected


@some
@given(PICTURES, NUMBERS, st.data())
def test_in_whatever_order_it_is_said_it_is_the_same(picture, number, data):
    said = saying(data.draw, picture, "base") | saying(data.draw, picture, "override", 2)
    nodes = data.draw(st.permutations(sorted(picture.nodes)))
    edges = {node: data.draw(st.permutations(picture.edges[node])) for node in nodes if node in picture.edges}
    other = wiring_of(Outline({node: picture.nodes[node] for node in nodes}, edges))
    mixed = {node: said[node] for node in data.draw(st.permutations(sorted(said)))}
    one, two = Protection(picture.wiring, said, number), Protection(other, mixed, number)
    keys = list(chain.from_iterable(((node, goal) for goal in GOALS) for node in sorted(nodes)))
    assert [one.need(*key) for key in keys] == [two.need(*key) for key in keys]


@some
@given(PICTURES, NUMBERS, st.data())
def test_every_need_has_a_way_to_what_it_is_from(picture, number, data):
    said = saying(data.draw, picture, "base") | saying(data.draw, picture, "override", 2)
    found = Protection(picture.wiring, said, number)
    needed = {(link.cause, link.effect) for link in picture.wiring.links}
    for node in picture.nodes:
        for goal in GOALS:
            need = found.need(node, goal)
            assert need.way[0] == node
            assert set(zip(need.way, need.way[1:], strict=False)) <= needed
            assert bool(need.how) == bool(need.computed)
            if need.how in {"maximum", "distribution"}:
                assert len(need.way) > 1
                assert need.computed <= found.need(need.root, goal).level
            for language in ("de", "en"):
                assert "{" not in in_words(found, need, language)


def test_base_kinds_are_declared():
    assert set(KINDS) >= BASE_KINDS
