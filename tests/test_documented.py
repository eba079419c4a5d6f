"""What is not documented fails: kinds, relations, event types, settings and collector types stand in the documents."""

import inspect
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from events import models
from graph.metamodel import KINDS, RELATIONS
from services.collectors import COLLECTORS
from services.settings import Settings, SourceSettings
from tests.documents import ROOT, documents

EVENT_TYPE = re.compile(r"landkarte\.[a-z]+\.[a-z]+\.v\d+")


def words_in_code(text: str) -> set[str]:
    """Every word that is set as code, inline or in a block: prose that happens to hold a name does not count."""
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = re.findall(r"^ {4}.*$", text, re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", text)
    return set(re.findall(r"[A-Za-z_][\w.-]*", "\n".join([*blocks, *lines, *inline])))


def everything() -> str:
    return "\n".join(documents().values())


def settings_of(model: type[BaseModel], seen: frozenset[type[BaseModel]] = frozenset()) -> Iterator[str]:
    """The names a person writes: aliases where there are any, and those of models inside models."""
    for name, field in model.model_fields.items():
        yield field.alias or name
        for inner in _models_in(field.annotation):
            if inner not in seen:
                yield from settings_of(inner, seen | {inner})


def _models_in(annotation: object) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)}


def sections_of_types() -> dict[str, str]:
    """The text about each type in docs/collectors.md, in the order it has there."""
    found = re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", documents()["docs/collectors.md"], re.DOTALL | re.MULTILINE)
    return dict(found)


def examples() -> Iterator[str]:
    """Every block that configures a source, in any document."""
    for text in documents().values():
        yield from re.findall(r"^(?: {4})?\[\[sources\]\]\n(?:(?!```).+\n)+", text, re.MULTILINE)


@pytest.mark.parametrize("names", [set(KINDS), set(RELATIONS)], ids=["kinds", "relations"])
def test_metamodel_is_documented(names):
    assert names - words_in_code(everything()) == set()


def test_event_types_are_documented():
    declared = set(EVENT_TYPE.findall(inspect.getsource(models)))

    assert len(declared) > 1
    assert declared - words_in_code(everything()) == set()


def test_collector_types_are_documented():
    assert set(COLLECTORS) - words_in_code(everything()) == set()


def test_settings_are_documented():
    assert set(settings_of(Settings)) - words_in_code(everything()) == set()


@pytest.mark.parametrize("collector", sorted(COLLECTORS))
def test_settings_of_collectors_are_documented(collector):
    own = COLLECTORS[collector].settings

    assert set(settings_of(own)) - words_in_code(everything()) == set()
    assert set(own.model_fields) - words_in_code(sections_of_types()[collector]) == set()


@pytest.mark.parametrize("collector", sorted(COLLECTORS))
def test_each_type_is_described_in_the_same_way(collector):
    told = re.findall(
        r"^\*\*(Rights|Settings|Limits|See that it worked)\.\*\*|^ {4}(\[\[sources\]\])",
        sections_of_types()[collector],
        re.MULTILINE,
    )

    assert [label or example for label, example in told] == [
        "Rights",
        "[[sources]]",
        "Settings",
        "Limits",
        "See that it worked",
    ]


def test_settings_inside_settings_are_found():
    class Inner(BaseModel):
        depth: int

    class Outer(BaseModel):
        width: int
        parts: list[Inner] | None = None

    assert set(settings_of(Outer)) == {"width", "parts", "depth"}


def test_types_have_each_a_section_in_the_order_of_the_alphabet():
    assert list(sections_of_types()) == sorted(COLLECTORS)


def test_examples_of_sources_can_be_used_as_they_stand():
    configured: list[dict[str, Any]] = [
        source for block in examples() for source in tomllib.loads(inspect.cleandoc(block))["sources"]
    ]

    assert len(configured) > 15
    assert {source["name"] for source in configured if not SourceSettings.model_validate(source).own()} == set()


@pytest.mark.parametrize("collector", sorted(COLLECTORS))
def test_settings_of_a_type_can_be_given_in_the_configuration(collector):
    """A name that every source has means the source there, so that the type would never get it."""
    assert set(COLLECTORS[collector].settings.model_fields) & set(SourceSettings.model_fields) == set()


def anchors(text: str) -> set[str]:
    """What a link may name after `#`, made of the headings as the forges make it."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_between_documents_lead_somewhere():
    texts = documents()
    links = {
        (name, target)
        for name, text in texts.items()
        for target in re.findall(r"\]\(([^)\s]+)\)", text)
        if not target.startswith("http")
    }

    def leads(name: str, target: str) -> bool:
        file, _, anchor = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        return path.is_file() and (not anchor or anchor in anchors(path.read_text(encoding="utf-8")))

    assert len(links) > 50
    assert {link for link in links if not leads(*link)} == set()
