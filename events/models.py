"""The events: what one source says of one thing, and of its own runs.

A *record* is everything one source says of one thing, key `source/native-key`. It is sent in *sections*, one event
each, so that a partial inventory replaces only what it mentions (law 3). The data of an event is the section's content;
everything else (who, when, which sequence) travels in the CloudEvents attributes, see `events.codec`.

What a section holds hundreds of is a dataclass, which is read in a third of a model's time.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
)
from pydantic.dataclasses import dataclass
from pydantic_core import to_jsonable_python

LARGEST = 2**63
"""Integers lie below it, and not below its negative: no store keeps larger ones."""
LONGEST_KEY, LONGEST_NAME = 512, 512
"""Characters of a native key, and of a thing's name."""
Scalar = str | Annotated[int, Field(ge=-LARGEST, lt=LARGEST)] | float | bool
Properties = dict[str, Scalar]
SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
NativeKey = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_KEY, pattern=r"^[^#\x00-\x1f]+$")]
SectionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{0,31}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Rank = Annotated[int, Field(ge=0, le=100)]
CURATION = "curation"
"""The source of what a person corrects; its record about a record has that one's key as native key."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # unknown fields of a known version are ignored, not refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A name of the thing itself, as its tool reports it; the inventory normalises it.

    Schemes: `inventory.identifiers`.
    """

    scheme: Text
    value: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A name of another thing; `kind`, what the source takes it for, decides which family is searched."""

    scheme: Text
    value: Text
    kind: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueItem:
    """Something that exists once however many have it: a Software version, a HardwareModel, an OperatingSystem release.

    Its raw properties are its identity; reading them (which product, which cycle) is the inventory's work.
    """

    kind: Literal["Software", "HardwareModel", "OperatingSystem"]
    properties: Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """`direction` out: this thing -type-> to; in: to -type-> this thing (a host naming its guests says RUNS_ON, in)."""

    type: Text
    to: Annotated[Reference | CatalogueItem, Field(union_mode="left_to_right")]
    direction: Literal["out", "in"] = "out"
    properties: Properties = Field(default_factory=dict)


_Item = TypeVar("_Item", Identifier, Relation)


def _canonical(items: tuple[_Item, ...], info: ValidationInfo) -> tuple[_Item, ...]:
    """Sorted and without repetition: the same content has the same bytes, whatever order a tool reported it in.

    What was sent is so already, and is left as it stands in the log.
    """
    if info.mode == "json":
        return items
    unique = {json.dumps(to_jsonable_python(item), sort_keys=True): item for item in items}
    return tuple(unique[text] for text in sorted(unique))


class Section(_Model):
    """One part of a record. An empty section is a statement too: it replaces what the section said before."""

    name: Annotated[str, StringConstraints(max_length=LONGEST_NAME)] = ""
    identifiers: Annotated[tuple[Identifier, ...], AfterValidator(_canonical)] = ()
    properties: Properties = {}
    relations: Annotated[tuple[Relation, ...], AfterValidator(_canonical)] = ()


class Draft(_Model):
    """What a collector emits: one thing as its source sees it, before the outbox gives it a sequence."""

    native_key: NativeKey
    kind: Text
    sections: dict[SectionName, Section]


class _Sequenced(_Model):
    source: SourceName
    sequence: int = Field(
        ge=0, lt=LARGEST, description="µs since 1970 or one more than the source's last, whichever is higher"
    )
    time: datetime = Field(description="when the source said it")


def _read_ranks(value: object) -> object:
    return dict(item.partition("=")[::2] for item in value.split()) if isinstance(value, str) else value


def write_ranks(ranks: Mapping[str, int]) -> str:
    """As an attribute carries them: `care=90 hardware=20`."""
    return " ".join(f"{group}={rank}" for group, rank in sorted(ranks.items()))


class RecordObserved(_Sequenced):
    """`landkarte.record.observed.v1`: the source saw the thing; this section replaces its earlier one."""

    native_key: NativeKey
    section: SectionName
    kind: Text
    run: str
    rank: Rank = Field(description="trust in the source; the higher rank wins a disagreement")
    ranks: Annotated[dict[str, Rank], BeforeValidator(_read_ranks), PlainSerializer(write_ranks)] = Field(
        default={}, description="trust in groups of properties where it is another, `group=rank`, separated by blanks"
    )
    first_observed: datetime = Field(description="when this source first reported this record; never falls back")
    changed: int = Field(
        ge=0, lt=LARGEST, description="sequence at which this section's content last became what it is"
    )
    content: Section


class RecordConfirmed(_Sequenced):
    """`landkarte.record.confirmed.v1`: the source saw the thing again, and all it says of it is as it said last.

    It stands for saying it all again, which is nearly all that a run does. Its key is its own, so that compaction keeps
    what it confirms.
    """

    native_key: NativeKey
    run: str


class RecordWithdrawn(_Sequenced):
    """`landkarte.record.withdrawn.v1`: the source takes back all it said of the thing up to this sequence."""

    native_key: NativeKey
    reason: str = ""


class RunCompleted(_Sequenced):
    """`landkarte.run.completed.v1`, the marker: what the source said in this partition below `sequence` is gone.

    Written to every partition after all records of a complete run are durable (law 4); `sequence` is the run's first.
    """

    run: str
    partition: int = Field(ge=0)


class Problem(_Model):
    """One thing a run could not use: which, and why, in words its owner can act on."""

    item: str
    reason: str


class RunReport(_Sequenced):
    """`landkarte.run.report.v1`: how one run of a source went, for people."""

    run: str
    collector: str
    started: datetime
    status: Literal["complete", "partial", "failed", "held"] = Field(
        description="held: complete, but so much smaller than the last that nothing is retired until a person agrees"
    )
    seen: int = Field(ge=0)
    emitted: int = Field(ge=0)
    skipped: int = Field(ge=0)
    failed: int = Field(ge=0)
    problems: tuple[Problem, ...] = Field(default=(), description="at most `MAX_PROBLEMS`; the counts are complete")


class GraphChanged(_Sequenced):
    """`landkarte.graph.changed.v1`: an entry of the journal, for others; `sequence` is its number, once each.

    `fields`: what of the asset changed, [before, after]; `edges`: relationships that start at it and changed, [type,
    target's id, before, after]. None where there is nothing; both are left out where they would exceed a message.
    `began`: with how many relationships of a type to the catalogue a new asset begins; these are not in `edges`.
    """

    asset_id: str
    kind: str
    name: str
    what: str
    event_ids: tuple[str, ...]
    fields: dict[str, Any] = {}
    edges: tuple[Any, ...] = ()
    began: dict[str, int] = {}


class LogCopied(_Sequenced):
    """`landkarte.log.copied.v1`: this log is a copy, and shows no more where compaction has taken something before.

    What other logs show by gaps in their offsets. `log`: the identity of the one it was copied from, one more key each.
    """

    log: str
    exact_from: datetime = Field(description="before, something is missing that was said, so that no past is told")


MAX_PROBLEMS = 1000
Spoken = RecordObserved | RecordConfirmed | RecordWithdrawn
"""What is said of one record."""
Event = Spoken | RunCompleted | RunReport | GraphChanged | LogCopied


def record_key(source: str, native_key: str) -> str:
    """The key of a record; a source's name holds no slash, so it can be read back."""
    return f"{source}/{native_key}"
