"""publiccode.yml holds what the standard, version 0.4, makes mandatory, within its limits."""

import re
import tomllib

import yaml

from tests.documents import ROOT

PUBLICCODE = yaml.safe_load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MANDATORY = {
    "publiccodeYmlVersion",
    "name",
    "url",
    "releaseDate",
    "platforms",
    "categories",
    "developmentStatus",
    "softwareType",
    "description",
    "legal",
    "maintenance",
    "localisation",
}


def test_mandatory_keys_are_there():
    assert set(PUBLICCODE) >= MANDATORY
    assert {name for name in MANDATORY if not PUBLICCODE[name]} == set()


def test_texts_keep_to_the_limits():
    described = PUBLICCODE["description"]

    assert set(described) == {"de", "en"}
    assert {code for code, text in described.items() if len(text["shortDescription"]) > 150} == set()
    assert {code for code, text in described.items() if not 150 <= len(text["longDescription"]) <= 10_000} == set()
    assert {line for text in described.values() for line in text["features"] if len(line) > 100} == set()


def test_it_agrees_with_the_project():
    assert PUBLICCODE["softwareVersion"] == PROJECT["version"]
    assert PUBLICCODE["legal"]["license"] == PROJECT["license"]
    assert {contact["name"] for contact in PUBLICCODE["maintenance"]["contacts"]} == {PROJECT["authors"][0]["name"]}


def test_values_have_the_form_the_standard_asks_for():
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", PUBLICCODE["releaseDate"])
    assert PUBLICCODE["developmentStatus"] in {"concept", "development", "beta", "stable", "obsolete"}
    assert PUBLICCODE["maintenance"]["type"] in {"internal", "contract", "community", "none"}
    assert isinstance(PUBLICCODE["localisation"]["localisationReady"], bool)
