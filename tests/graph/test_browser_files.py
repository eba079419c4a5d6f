"""What Neo4j Browser is given: the style, which follows from the metamodel, and the questions of its document."""

import io
import re
from itertools import combinations, product
from math import dist
from zipfile import ZipFile

import pytest

from graph.browser_questions import DOCUMENT, packed, questions
from graph.browser_questions import FILE as QUESTIONS
from graph.browser_style import FILE as STYLE
from graph.browser_style import GROUPS, LOOKS, READABLE, channels, contrast, style, text
from graph.metamodel import KINDS, RELATIONS

TEXT = DOCUMENT.read_text(encoding="utf-8")
# Roughly what those see who lack the receptors for red, green or blue: Machado, Oliveira, Fernandes (2009), severity 1.
SIGHTS = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def seen(colour, sight):
    return [sum(part * factor for part, factor in zip(channels(colour), row, strict=True)) for row in SIGHTS[sight]]


def test_the_style_is_what_the_metamodel_says():
    assert STYLE.read_text(encoding="utf-8") == text(), "stale: run python -m graph.browser_style"


def test_the_favourites_are_the_documents_questions():
    assert QUESTIONS.read_bytes() == packed(questions(TEXT)), "stale: run python -m graph.browser_questions"


def test_every_kind_has_a_look_and_a_caption():
    assert set(LOOKS) == set(KINDS)
    assert {rule["caption"] for rule in style().values()} <= {
        '"{name}"',
        '"{title}"',
        '"{name} {end_of_security_support}"',
        '"{source} {native_key}"',
        '"{key}"',
        '"<id>"',
        '"<type>"',
    }


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_caption_can_be_read(kind):
    rule = style()[f"node.{kind}"]

    assert contrast(rule["text-color-internal"], rule["color"]) >= READABLE


@pytest.mark.parametrize("sight", SIGHTS)
def test_groups_are_told_apart_with_every_kind_of_colour_vision(sight):
    strongest = {group: next(iter(looks.values())).colour for group, looks in GROUPS.items()}

    near = {
        (one, other)
        for one, other in combinations(strongest, 2)
        if dist(seen(strongest[one], sight), seen(strongest[other], sight)) < 40
    }

    assert near == set()


def test_relations_that_carry_failure_are_stronger():
    def strength(name):
        rule = style()[f"relationship.{name}"]
        return float(rule["shaft-width"].removesuffix("px")), contrast(rule["color"], "#FFFFFF")

    carrying = [strength(name) for name, relation in RELATIONS.items() if relation.failure != "none"]
    others = [strength(name) for name, relation in RELATIONS.items() if relation.failure == "none"]

    assert all(one[0] > two[0] and one[1] > two[1] for one, two in product(carrying, others))


def test_the_document_says_the_hue_of_every_kind():
    table = re.search(r"^\| hue \| kinds \|\n(.*?)\n\n", TEXT, re.MULTILINE | re.DOTALL).group(1)

    rows = [set(re.findall(r"`(\w+)`", line)) for line in table.splitlines()[1:]]

    assert rows == [set(looks) for looks in GROUPS.values()]


def test_favourites_are_named_and_ordered_as_the_document_does():
    titles = re.findall(r"^### (\d+\. .*)$", TEXT, re.MULTILINE)

    with ZipFile(io.BytesIO(QUESTIONS.read_bytes())) as file:
        first = [file.read(name).decode().splitlines()[0] for name in sorted(file.namelist())]

    assert first == [f"// {title.zfill(len(title) + (title[1] == '.'))}" for title in titles]
    assert [int(title.split(".")[0]) for title in titles] == list(range(1, len(titles) + 1))
