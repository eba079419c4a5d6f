"""A column mapping: what the sheets and columns of any spreadsheet say, as a TOML file that is checked before use."""

import difflib
import re
import tomllib
from collections.abc import Collection, Iterable
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from graph.metamodel import ASSETS, CATALOGUE_RELATIONS, KINDS, RELATIONS
from inventory.reading import SCHEMES
from services.collectors.base import SourceUnavailable

BUNDLED = "services.collectors.spreadsheet.mappings"
ADDRESS = "address"
"""A scheme of mappings alone: an IP address or a host name, whichever the cell holds."""
_MAX_BYTES = 1024 * 1024


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from None
    return value


Names = Annotated[list[str], BeforeValidator(_one_or_many)]
Pattern = Annotated[str, AfterValidator(_pattern)]


def nearest(what: str, name: str, known: Collection[str]) -> str:
    """That there is no such thing, and which name is nearest."""
    near = difflib.get_close_matches(name, known, 1)
    hint = f"nearest is {near[0]!r}" if near else f"known are {', '.join(sorted(known))}"
    return f"{what} {name!r} is not known; {hint}"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Skip(_Part):
    """Rows that are left out: those whose cell is one of `values`, in any case."""

    column: Names
    values: list[str] = Field(min_length=1)


class KindOf(_Part):
    """The kind of a row by a cell: `values` say which text means which kind, `otherwise` all others."""

    column: Names
    values: dict[str, str]
    otherwise: str = ""


class MappedColumn(_Part):
    """What the cells of a column say. `source`: its headers; of several columns the first whose cell is not empty."""

    source: Names = Field(alias="from", min_length=1)
    property: str = ""
    identifier: str = ""
    vendor: Names = Field(default=[], description="of a serial number")
    relation: str = ""
    kind: str = Field(default="", description="what a relation leads to")
    scheme: str = "name"
    direction: Literal["out", "in"] = "out"
    field: str = Field(default="name", description="of the catalogue item: name, version, full_name, ...")
    evidence: Literal["declared", "observed"] = "declared"
    form: Literal["text", "number", "date"] = "text"
    values: dict[str, str] = Field(default={}, description="what texts of the cell mean")
    only: Pattern = Field(default="", description="cells that hold no match say nothing")
    unless: Pattern = Field(default="", description="cells that hold a match say nothing")
    separator: str = Field(default="", description="between several values in a cell")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if not self.property and not self.identifier and not self.relation:
            raise ValueError("a column says a property, an identifier or a relation")
        if self.identifier and self.identifier not in SCHEMES | {ADDRESS}:
            raise ValueError(nearest("identifier", self.identifier, SCHEMES | {ADDRESS}))
        if self.identifier == "serial" and not self.vendor:
            raise ValueError("the identifier 'serial' needs `vendor`, the column that says whose number it is")
        if self.relation:
            self._check_relation()
        return self

    def _check_relation(self) -> None:
        if self.relation not in RELATIONS:
            raise ValueError(nearest("relation", self.relation, RELATIONS))
        targets = RELATIONS[self.relation].targets
        if self.relation in CATALOGUE_RELATIONS:
            item = KINDS[next(iter(targets))]
            fields = {declared.name for declared in item.properties}
            if self.field not in fields:
                raise ValueError(nearest(f"field of {item.label}", self.field, fields))
        elif self.kind not in KINDS:
            raise ValueError(nearest("kind", self.kind, ASSETS))
        elif self.scheme not in SCHEMES | {ADDRESS}:
            raise ValueError(nearest("scheme", self.scheme, SCHEMES | {ADDRESS}))


class MappedSheet(_Part):
    """What the rows of a sheet are. `adds`: they only add to things of other sheets that have the same key."""

    sheet: Names = Field(
        default=[], description="names of the sheet, or ends of the name of a CSV file; none: every one"
    )
    kind: str | KindOf = ""
    key: list[Names] = Field(min_length=1, description="columns that tell the rows apart; the first that is not empty")
    name: Names = Field(default=[], description="columns of the thing's name; the first that is not empty")
    section: str = Field(default="core", pattern=r"^[a-z][a-z-]{0,31}$")
    adds: bool = False
    skip: list[Skip] = []
    date_formats: list[str] = ["%d.%m.%Y", "%Y-%m-%d"]
    columns: list[MappedColumn] = Field(min_length=1)

    @property
    def kinds(self) -> list[str]:
        """Every kind a row may be; none where it adds to what another sheet says."""
        if isinstance(self.kind, str):
            return [self.kind] if self.kind else []
        return [*self.kind.values.values(), *([self.kind.otherwise] if self.kind.otherwise else [])]

    @model_validator(mode="after")
    def _known(self) -> Self:
        if not self.kinds and not self.adds:
            raise ValueError("kind is missing; only a sheet that `adds` to others has none")
        for kind in self.kinds:
            if kind not in ASSETS - {"Endpoint"}:
                raise ValueError(nearest("kind", kind, ASSETS - {"Endpoint"}))
        for column in self.columns:
            _check_for(self.kinds, column)
        return self


def _check_for(kinds: Iterable[str], column: MappedColumn) -> None:
    for kind in kinds:
        declared = {item.name for item in KINDS[kind].properties}
        if column.property and column.property not in declared:
            raise ValueError(nearest(f"property of {kind}", column.property, declared))
        if column.relation and column.relation not in CATALOGUE_RELATIONS:
            ends = (kind, column.kind) if column.direction == "out" else (column.kind, kind)
            relation = RELATIONS[column.relation]
            if ends[0] not in relation.sources or ends[1] not in relation.targets:
                raise ValueError(f"relation {column.relation} does not lead from {ends[0]} to {ends[1]}")


class Mapping(_Part):
    """The mapping of a kind of spreadsheet, sheet by sheet."""

    sheets: list[MappedSheet] = Field(min_length=1)


def bundled() -> list[str]:
    """The names of the mappings that come with the program."""
    return sorted(item.name.removesuffix(".toml") for item in files(BUNDLED).iterdir() if item.name.endswith(".toml"))


def load_mapping(name: str) -> Mapping:
    """A mapping of ours by its name, or a file. Raises SourceUnavailable, with what is wrong and where."""
    try:
        if name in bundled():
            text = files(BUNDLED).joinpath(f"{name}.toml").read_text(encoding="utf-8")
        else:
            text = _text_of(Path(name))
        return Mapping.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise SourceUnavailable(f"mapping {name}: {_fault(error)}") from None
    except (ValueError, RecursionError) as error:
        raise SourceUnavailable(f"mapping {name}: no TOML: {error}") from None


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SourceUnavailable(f"mapping {path}: {path.stat().st_size:,} bytes; this is no mapping")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceUnavailable(
            f"mapping {path}: cannot be read: {error.strerror}; name a TOML file or one of ours: {', '.join(bundled())}"
        ) from None


def _fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    place = ""
    for part in (part for part in fault["loc"] if part not in {"str", "KindOf"}):
        place += f" {part + 1}" if isinstance(part, int) else f"{', ' if place else ''}{part}"
    if fault["type"] == "extra_forbidden":
        return f"{place}: there is no such key; {_near_key(str(fault['loc'][-1]))}"
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}"


def _near_key(name: str) -> str:
    models: list[type[BaseModel]] = [Mapping, MappedSheet, MappedColumn, Skip, KindOf]
    known = {field.alias or key for model in models for key, field in model.model_fields.items()}
    near: list[Any] = difflib.get_close_matches(name, known, 1)
    return f"nearest is {near[0]!r}" if near else f"known are {', '.join(sorted(known))}"
