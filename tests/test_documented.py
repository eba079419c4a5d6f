"""What is not documented fails: kinds, relations, event types, settings and collector types stand in the documents."""

import inspect
import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from events import models
from graph.metamodel import KINDS, RELATIONS
from services.collectors import COLLECTORS
from services.settings import Settings
from tests.documents import documents

EVENT_TYPE = re.compile(r"landkarte\.[a-z]+\.[a-z]+\.v\d+")


def words_in_code() -> set[str]:
    """Every word the documents set as code, inline or in a block: prose that happens to hold a name does not count."""
    text = "\n".join(documents().values())
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = re.findall(r"^ {4}.*$", text, re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", text)
    return set(re.findall(r"[A-Za-z_][\w.-]*", "\n".join([*blocks, *lines, *inline])))


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


@pytest.mark.parametrize("names", [set(KINDS), set(RELATIONS)], ids=["kinds", "relations"])
def test_metamodel_is_documented(names):
    assert names - words_in_code() == set()


def test_event_types_are_documented():
    declared = set(EVENT_TYPE.findall(inspect.getsource(models)))

    assert len(declared) > 1
    assert declared - words_in_code() == set()


def test_collector_types_are_documented():
    assert set(COLLECTORS) - words_in_code() == set()


def test_settings_are_documented():
    assert set(settings_of(Settings)) - words_in_code() == set()


@pytest.mark.parametrize("collector", sorted(COLLECTORS))
def test_settings_of_collectors_are_documented(collector):
    assert set(settings_of(COLLECTORS[collector].settings)) - words_in_code() == set()


def test_settings_inside_settings_are_found():
    class Inner(BaseModel):
        depth: int

    class Outer(BaseModel):
        width: int
        parts: list[Inner] | None = None

    assert set(settings_of(Outer)) == {"width", "parts", "depth"}
