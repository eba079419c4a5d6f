"""The form of the metamodel: what a kind, a property and a relation declare."""

from dataclasses import dataclass
from typing import Literal

Group = Literal["thing", "catalogue", "city", "lifecycle"]
Failure = Literal["none", "to_source", "to_target"]


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a kind. `type` is what a value is stored as; dates are ISO 8601 text.

    A milestone is the last day (ISO 8601), `ended` where no day is known, or `open` where none is announced.

    `group`: what belongs together when a source is trusted more, or less, in one matter than in others.
    """

    name: str
    type: Literal["string", "integer", "number", "boolean", "date", "milestone"]
    description: str
    unit: str = ""
    group: str = "core"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of node. `family`: kinds that can be one asset; `named`: its name, within the family, is an identifier."""

    label: str
    english: str
    german: str
    group: Group
    description: str
    family: str
    named: bool = False
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class RelationType:
    """A kind of relationship. `failure`: which end is affected when the other fails. `single`: one per source node."""

    type: str
    sources: frozenset[str]
    targets: frozenset[str]
    english: str
    german: str
    failure: Failure = "none"
    single: bool = False
    properties: tuple[Property, ...] = ()
