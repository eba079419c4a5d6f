"""The picture of a failure: what is affected stands in it in layers, with its state in words, sign and look."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from graph.model import Node
from inventory.failing import Result
from inventory.impact import impact_of
from inventory.topology import topology_of
from services.picture import WORDS, draw
from tests.inventory.pictures import Picture

SVG = "{http://www.w3.org/2000/svg}"
CITY = """
    service -> app
    app -> db
    db on host
    farm = 1 of host m2
    web -> farm
    mail ~> db
    fax ?-> db
    <b>&"x -> db
"""


def drawn(text, *failed, limit=60, language="en"):
    picture = Picture(text)
    nodes = [Node(name, "Server", name, {}) for name in failed]
    impact = impact_of(topology_of(picture.outline), nodes, picture.doubted if np.any(picture.doubted) else None)
    return ET.fromstring(draw(impact, language, limit))


def boxes(root):
    """What each box says, by the name in it: its place, its title, its sign."""
    found = {}
    for group in root.iter(f"{SVG}g"):
        rect, texts = group.find(f"{SVG}rect"), [text.text or "" for text in group.iter(f"{SVG}text")]
        found[texts[0]] = (int(rect.get("x")), rect.get("class"), texts[2], group.find(f"{SVG}title").text)
    return found


def test_layers_run_from_what_failed_and_each_box_says_its_state_thrice():
    found = boxes(drawn(CITY, "host"))

    order = sorted(found, key=lambda name: found[name][0])
    assert [order[0], order[-1]] == ["host", "service"]
    assert {name: (look, sign) for name, (_, look, sign, _) in found.items()} == {
        "host": ("failed", ""),
        "db": ("stops", "✕"),
        "app": ("stops", "✕"),
        "service": ("stops", "✕"),
        '<b>&"x': ("stops", "✕"),
        "farm": ("reserve", "!"),
        "web": ("reserve", "!"),
        "mail": ("degraded", "~"),
        "fax": ("unknown", "?"),
    }
    assert found["db"][3] == "db (Server): stops"


@pytest.mark.parametrize("language", ["de", "en"])
def test_who_does_not_see_it_reads_it(language):
    root = drawn(CITY, "host", language=language)

    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    told = root.find(f"{SVG}desc").text
    assert f"host > db > app > service: {WORDS[language][Result.STOPS]}" in told
    assert "host" in root.find(f"{SVG}title").text
    assert all(line.find(f"{SVG}title").text for line in root.iter(f"{SVG}line"))


def test_an_arrow_in_doubt_is_dashed_and_nothing_is_loaded():
    root = drawn(CITY, "host")
    assert [line.get("class") for line in root.iter(f"{SVG}line")].count("dashed") == 1
    names = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert not names & {"script", "image", "use", "foreignObject", "a"}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in attributes if name.startswith("on") or name.endswith("href")}


def test_whatever_a_device_calls_itself_it_is_xml_and_of_many_that_failed_a_few_are_drawn():
    assert "bad" in " ".join(boxes(drawn("bad\x07name -> x\nbad\x07name -> y", "x")))
    failed = [f"f{number:03}" for number in range(200)]
    root = drawn("\n".join(f"app -> {name}" for name in failed), *failed)
    assert len(boxes(root)) < 6


def test_of_many_it_says_how_many_are_left_out():
    many = "\n".join(f"n{number:02} -> x" for number in range(40))
    root = drawn(many, "x", limit=10)
    assert len(boxes(root)) == 11
    assert "10 of 40 affected objects" in root.find(f"{SVG}desc").text
    assert len(boxes(drawn("a -> b", "a"))) == 1
