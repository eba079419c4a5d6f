"""An ArchiMate model in the Open Exchange format (3.x, and 2.1), read: elements and relationships. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element as Node

from services.collectors.base import NotOurs

_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_OLD = {"UsedBy": "Serving", "Realisation": "Realization"}
"""Names of relationships before ArchiMate 3."""


@dataclass(frozen=True, slots=True)
class Element:
    """`properties`: by the name of their definition."""

    id: str
    type: str
    name: str
    documentation: str
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Relationship:
    """From one element to another, by their ids. `access`: Read, Write, ReadWrite or Access."""

    type: str
    source: str
    target: str
    access: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    elements: Mapping[str, Element]
    relationships: tuple[Relationship, ...]


def read_model(root: Node, language: str) -> Model:
    """The model below a root. Names in `language` are preferred. Raises NotOurs for other XML, and an empty model."""
    namespace, _, tag = str(root.tag).removeprefix("{").rpartition("}")
    if tag == "model" and "archimatetool.com" in namespace:
        raise NotOurs("a file of Archi itself; export the model as Open Exchange XML (File, Export)")
    if tag != "model" or "opengroup.org/xsd/archimate" not in namespace:
        raise NotOurs(f"XML, but no ArchiMate model in the Open Exchange format: its root is <{tag}>")
    names = {
        definition.get("identifier", ""): _text(definition, ("name", "label"), language) or definition.get("name", "")
        for definition in _inside(root, ("propertyDefinitions", "propertydefs"))
    }
    elements = {
        each.id: each
        for node in _inside(root, ("elements",))
        if ((each := _element(node, names, language)).id and each.name) or each.type.endswith("Junction")
    }
    if not elements:
        raise NotOurs("an ArchiMate model without elements that have a name")
    return Model(elements, tuple(_relationship(node) for node in _inside(root, ("relationships",))))


def _element(node: Node, names: Mapping[str, str], language: str) -> Element:
    return Element(
        id=node.get("identifier", ""),
        type=_type(node),
        name=_text(node, ("name", "label"), language),
        documentation=_text(node, ("documentation",), language),
        properties=dict(_properties(node, names, language)),
    )


def _properties(node: Node, names: Mapping[str, str], language: str) -> Iterator[tuple[str, str]]:
    for item in _inside(node, ("properties",)):
        ref = item.get("propertyDefinitionRef") or item.get("identifierref") or ""
        value = _text(item, ("value",), language)
        if value and names.get(ref):
            yield names[ref], value


def _relationship(node: Node) -> Relationship:
    kind = re.sub("Relationship$", "", _type(node))
    return Relationship(
        _OLD.get(kind, kind), node.get("source", ""), node.get("target", ""), node.get("accessType", "Access")
    )


def _type(node: Node) -> str:
    return node.get(_TYPE, "").rpartition(":")[2]


def _inside(node: Node, names: tuple[str, ...]) -> Iterator[Node]:
    for child in node:
        if _tag(child) in names:
            yield from child


def _text(node: Node, names: tuple[str, ...], language: str) -> str:
    """The text in that language, else the one without, else the first."""
    found = [(child.get(_LANG, ""), " ".join((child.text or "").split())) for child in node if _tag(child) in names]
    found = [(code, text) for code, text in found if text]
    for wanted in (language, ""):
        for code, text in found:
            if code.casefold().partition("-")[0] == wanted:
                return text
    return found[0][1] if found else ""


def _tag(node: Node) -> str:
    return str(node.tag).rpartition("}")[2]
