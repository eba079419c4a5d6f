"""ArchiMate models in the Open Exchange format, as architects export them: applications, processes, platforms.

Relationships that lead through elements which are no things here (application and technology services, interfaces,
functions, artifacts, junctions) are derived: what realizes, holds or is assigned to such an element stands for it. So
`component -Realization-> service -Serving-> process` says that the application supports the process.
"""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Literal

from pydantic import Field, field_validator

from events.models import Draft, Identifier, Properties, Relation, Section
from services.collectors.archimate.mapping import DATA, JUNCTIONS, PASSED_THROUGH, STRUCTURAL, legal, relation_of
from services.collectors.archimate.model import Model, read_model
from services.collectors.archimate.things import Thing, Things
from services.collectors.base import CollectorType, Report, Run
from services.collectors.files import FileSettings, check_files, read_files
from services.collectors.formats import parse_xml, reported
from services.collectors.parts import DECLARED, identifiers

SUFFIXES = (".xml",)
MOST = 500_000
"""Relations that one model may say, derived ones included; architects' largest have some ten thousand."""


class ArchimateSettings(FileSettings):
    """Settings of a source of ArchiMate models."""

    kinds: dict[str, str] = Field(
        default={}, description='kinds by ArchiMate type where the city models otherwise; "" leaves a type out'
    )
    language: str = Field(default="de", description="language of names and texts where there are several, de or en")
    host_records: bool = Field(
        default=False, description="whether nodes with a bare host name become records, and are not only referred to"
    )

    @field_validator("kinds")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        for fault in legal(value):
            raise ValueError(fault)
        return value


def collect(settings: ArchimateSettings, run: Run) -> None:
    """Every model: its elements that are things, with what the relationships between them say."""
    for name, data in read_files(settings, SUFFIXES, run.report):
        drafts: list[Draft] = []
        with reported(run.report, name, "XML"):
            model = read_model(parse_xml(data), settings.language)
            things = Things(model, settings.kinds, host_records=settings.host_records)
            drafts = list(to_drafts(model, things, _Notes(name, run.report)))
        for draft in drafts:
            run.emit(draft)


class _Notes:
    """What of a model is not taken, counted and said once each."""

    def __init__(self, file: str, report: Report) -> None:
        self._file, self._report = file, report
        self.counts: Counter[tuple[str, str]] = Counter()

    def say(self) -> None:
        for (what, reason), count in sorted(self.counts.items()):
            self._report.seen()
            self._report.skipped(f"{self._file}: {what}", f"{count} not taken: {reason}")


def to_drafts(model: Model, things: Things, notes: _Notes) -> Iterator[Draft]:
    """A record of each thing that is not known by a host's name only."""
    relations = _relations(model, things, notes)
    for thing in things.all():
        properties, faults = thing.properties()
        for fault in faults:
            notes.counts[(fault, "a value that cannot be read")] += 1
        if not thing.referred:
            yield Draft(
                native_key=thing.key,
                kind=thing.kind,
                sections={
                    "core": Section(name=thing.name, identifiers=_names(thing, properties), properties=properties),
                    "dependencies": Section(relations=tuple(relations.get(thing.key, ()))),
                },
            )
    for element in model.elements.values():
        if element.id not in things.by_element and element.type not in PASSED_THROUGH and element.type not in DATA:
            notes.counts[(element.type or "elements without a type", "this type has no counterpart here")] += 1
    notes.say()


def _names(thing: Thing, properties: Properties) -> tuple[Identifier, ...]:
    return (*thing.identity(), *identifiers(("leika", str(properties.get("leika", "")))))


def _relations(model: Model, things: Things, notes: _Notes) -> dict[str, list[Relation]]:
    """Relations by the key of the thing in whose record they stand."""
    found: dict[str, list[Relation]] = {}
    for number, (kind, source, target) in enumerate(_pairs(model, things, notes)):
        if number >= MOST:
            raise ValueError(f"its relationships say more than {MOST:,} relations, derived ones included")
        said = relation_of(kind, source.kind, target.kind)
        if said is None:
            what = f"{kind} from {source.kind} to {target.kind}"
            notes.counts[(what, "this relationship says nothing that the landscape has")] += 1
            continue
        relation, start = said
        one, other = (source, target) if start == "from" else (target, source)
        if one.referred and other.referred:
            notes.counts[(f"{relation} between computers", "both are known by their host names only")] += 1
        elif one.referred:
            found.setdefault(other.key, []).append(_relation(relation, one, "in"))
        else:
            found.setdefault(one.key, []).append(_relation(relation, other, "out"))
    return found


def _relation(relation: str, to: Thing, direction: Literal["out", "in"]) -> Relation:
    return Relation(type=relation, to=to.reference(), direction=direction, properties=DECLARED)


def _pairs(model: Model, things: Things, notes: _Notes) -> Iterator[tuple[str, Thing, Thing]]:
    """(relationship, from, to) between things: as drawn, or derived through what is none."""
    for item in model.relationships:
        if item.source not in model.elements or item.target not in model.elements:
            notes.counts[(item.type or "relationships", "an end is no element of the model")] += 1
        elif item.type == "Access" or (things.passed(item.target) and _only_stands_for(model, item.type, item.target)):
            continue
        else:
            for source in things.standing_for(item.source):
                for target in things.standing_for(item.target):
                    if source is not target:
                        yield item.type, source, target
    yield from _over_data(model, things)


def _only_stands_for(model: Model, kind: str, target: str) -> bool:
    """Whether a relationship says no more than who stands for its target."""
    return kind in STRUCTURAL or model.elements[target].type in JUNCTIONS


def _over_data(model: Model, things: Things) -> Iterator[tuple[str, Thing, Thing]]:
    """Who writes what another reads exchanges data with it."""
    writers: dict[str, list[Thing]] = {}
    readers: dict[str, list[Thing]] = {}
    for item in model.relationships:
        target = model.elements.get(item.target)
        if item.type == "Access" and target is not None and target.type in DATA:
            found = [thing for thing in things.standing_for(item.source) if thing.kind == "Application"]
            if item.access in {"Write", "ReadWrite"}:
                writers.setdefault(item.target, []).extend(found)
            if item.access in {"Read", "ReadWrite"}:
                readers.setdefault(item.target, []).extend(found)
    for data, sources in writers.items():
        for source in sources:
            yield from (("Flow", source, target) for target in readers.get(data, ()) if target is not source)


COLLECTOR = CollectorType(
    "archimate",
    "ArchiMate models (Open Exchange XML)",
    ArchimateSettings,
    collect,
    50,
    partial(check_files, suffixes=SUFFIXES),
)
