"""The table against the snapshot it was made from, and the building itself on a document of our own."""

import json
import os
import runpy
from importlib.resources import files
from pathlib import Path

import pytest

from inventory.lifecycle import read_table
from inventory.milestones import Undated

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "build_lifecycle.py"))
BUNDLED = files("inventory").joinpath("data/lifecycle.jsonl")
SNAPSHOT = os.environ.get("LANDKARTE_LIFECYCLE", "")


@pytest.mark.skipif(not SNAPSHOT, reason="LANDKARTE_LIFECYCLE names no snapshot")
def test_the_snapshot_builds_the_bundled_table_byte_for_byte(tmp_path):
    SCRIPT["main"](SNAPSHOT, tmp_path / "out.jsonl")

    assert (tmp_path / "out.jsonl").read_bytes() == BUNDLED.read_bytes()


def release(name, **more):
    return {
        "name": name,
        "releaseDate": "2020-01-01",
        "isEol": False,
        "eolFrom": None,
        "latest": {"name": "10.0.1"},
    } | more


def product(name, *releases):
    return {
        "name": name,
        "label": name.title(),
        "category": "os",
        "aliases": [],
        "identifiers": [{"type": "cpe", "id": "cpe:/a:b:c"}, {"type": "homebrew", "id": "c"}],
        "releases": list(releases),
    }


def built(*products):
    return SCRIPT["build"]({"generated_at": "2026-08-22T08:52:34+00:00", "result": list(products)})


def test_a_date_wins_over_the_flag_beside_it():
    text = built(product("x", release("1", isEol=True, eolFrom="2030-06-01"), release("2", isEol=True)))

    one, two = read_table(text).products["x"].cycles
    assert (one.security.isoformat(), two.security, two.extended) == ("2030-06-01", Undated.ENDED, None)


def test_products_are_in_order_and_one_a_line():
    text = built(product("zebra", release("1")), product("ant", release("1")))

    assert [json.loads(line).get("name") for line in text.splitlines()] == [None, "ant", "zebra"]


def test_only_identifiers_that_are_used_are_kept_and_only_windows_keeps_its_build():
    text = built(product("x", release("1")), product("windows", release("10-22h2")))

    table = read_table(text)
    assert table.products["x"].identifiers == ("cpe:cpe:/a:b:c",)
    assert table.products["x"].cycles[0].build == ""
    assert table.products["windows"].cycles[0].build == "10.0.1"


def test_the_table_stands_in_the_package_with_its_licence():
    notice = files("inventory").joinpath("data/NOTICE").read_text(encoding="utf-8")

    assert "Copyright 2020 endoflife.date contributors" in notice
    assert "Permission is hereby granted" in notice
    assert json.loads(BUNDLED.read_text(encoding="utf-8").partition("\n")[0]) == {
        "snapshot": "2026-08-22T08:52:34+00:00",
        "source": "https://endoflife.date",
        "licence": "MIT",
    }
