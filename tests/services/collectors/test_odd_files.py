"""Files that nobody has seen before: real ones, changed at random, are read or named with a reason, and never crash."""

import json
import random
from copy import deepcopy
from xml.etree import ElementTree as ET

import pytest

from services.collecting import Job, preview
from services.collectors import COLLECTORS
from tests.whole.samples import FOUND, SAMPLES, TYPES, needed

pytestmark = needed
WORKBOOKS = {"rvtools", "spreadsheet"}
"""They have odd files of their own making in their tests."""
READ = {".json", ".xml", ".txt", ".facts", ".out"}
ODD = (
    None,
    "",
    "\x00",
    "x" * 5000,
    -1,
    10**30,
    1.5,
    True,
    [],
    {},
    [[[]]],
    [None],
    {"a": []},
    "ÄÖ\ud83d\ude00",
    "NaN",
    "1e999",
)
ROUNDS = 60
KEPT = 4
"""Items of each list that are kept: a change to one of thousands of alike items tells nothing more."""


def samples():
    return [
        (kind, path.relative_to(SAMPLES))
        for folder, kind in TYPES.items()
        if FOUND and kind not in WORKBOOKS
        for path in sorted((SAMPLES / folder).rglob("*"))
        if path.is_file() and path.suffix in READ
    ]


@pytest.mark.parametrize(("kind", "sample"), samples(), ids=str)
def test_a_changed_file_is_read_or_named_with_a_reason(tmp_path, kind, sample):
    original = (SAMPLES / sample).read_bytes()
    chance = random.Random(str(sample))

    for number in range(ROUNDS):
        file = tmp_path / f"{number}{sample.suffix}"
        file.write_bytes(changed(original, sample.suffix, chance))
        settings = COLLECTORS[kind].settings.model_validate({"paths": [str(file)]})
        seen = preview(Job("odd", COLLECTORS[kind], settings, rank=50, complete=False))
        counts = seen.report.counts
        assert seen.records or counts["skipped"] or counts["failed"], file.read_bytes()[:2000]
        assert all(problem.reason for problem in seen.report.problems)


def changed(original, suffix, chance):
    text = original.decode(errors="replace")
    if suffix in {".json", ".facts"} and text.lstrip()[:1] in {"{", "["}:
        return json.dumps(odd_value(shortened(json.loads(text)), chance)).encode()
    if suffix == ".xml":
        return odd_xml(original, chance)
    return odd_text(text, chance)


def shortened(value):
    if isinstance(value, list):
        return [shortened(item) for item in value[:KEPT]]
    return {name: shortened(item) for name, item in value.items()} if isinstance(value, dict) else value


def odd_value(value, chance):
    """The value with up to three of its parts, at any depth, gone or of a type that nobody expects there."""
    holder = [value]
    for _ in range(chance.randint(1, 3)):
        places = list(places_in(holder))
        container, key = chance.choice(places)
        if chance.random() < 0.2 and isinstance(container, dict):
            del container[key]
        else:
            container[key] = deepcopy(chance.choice(ODD))
    return holder[0]


def places_in(container):
    for key, item in enumerate(container) if isinstance(container, list) else container.items():
        yield container, key
        if isinstance(item, list | dict):
            yield from places_in(item)


def odd_xml(original, chance):
    try:
        root = ET.fromstring(original)
    except ET.ParseError:
        return odd_text(original.decode(errors="replace"), chance)
    for _ in range(chance.randint(1, 3)):
        element = chance.choice(list(root.iter()))
        change = chance.randrange(4)
        if change == 0:
            element.text = chance.choice(("", "x" * 5000, "-1", "NaN", "Ä"))
        elif change == 1:
            element.clear()
        elif change == 2 and element.attrib:
            element.set(chance.choice(list(element.attrib)), chance.choice(("", "x" * 5000, "-1", "NaN")))
        else:
            element.append(ET.Element(chance.choice(list(root.iter())).tag))
    return ET.tostring(root)


def odd_text(text, chance):
    lines = text.splitlines()
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        change = chance.randrange(4)
        if change == 0:
            lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
        elif change == 1:
            lines.insert(at, chance.choice(lines))
        elif change == 2:
            lines[at] = "".join(chance.sample(lines[at], len(lines[at])))
        else:
            del lines[at:]
            lines.append("")
    return ("\n".join(lines) + "\n").encode()
