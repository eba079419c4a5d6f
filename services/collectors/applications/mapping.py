"""The mapping of what runs to applications, as TOML: read, and each entry checked on its own."""

import tomllib
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from events.models import LONGEST_NAME
from inventory.applications import Rule
from services.collectors.answers import shown
from services.collectors.base import NotOurs, Report


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


_Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, strip_whitespace=True)]
_Patterns = Annotated[tuple[_Name, ...], BeforeValidator(_listed)]
_Port = Annotated[int, Field(ge=1, le=65535, strict=True)]
_TABLES = ("applications", "ignored")


class Entry(BaseModel):
    """One `[[applications]]` or `[[ignored]]`; one value may stand without a list."""

    model_config = ConfigDict(extra="forbid")

    name: _Name = ""
    process: _Patterns = ()
    package: _Patterns = ()
    image: _Patterns = ()
    port: Annotated[tuple[_Port, ...], BeforeValidator(_listed)] = ()
    host: _Patterns = ()
    unit: _Patterns = ()
    location: _Patterns = ()


def read_mapping(name: str, data: bytes, report: Report) -> list[Rule]:
    """The rules of one file; entries that cannot be used are reported. Raises ValueError, RecursionError, NotOurs."""
    found = tomllib.loads(data.decode().replace("\r\n", "\n"))
    for other in sorted(found.keys() - set(_TABLES)):
        report.failed(shown(f"{name}, {other}"), "there is no such table; there are [[applications]] and [[ignored]]")
    rules = [rule for table in _TABLES for rule in _rules(name, table, found.get(table, []), report)]
    if not found:
        raise NotOurs("no mapping: it has no [[applications]]")
    return rules


def _rules(name: str, table: str, entries: object, report: Report) -> list[Rule]:
    if not isinstance(entries, list):
        report.failed(name, f"{table} must be a list of tables: [[{table}]]")
        return []
    rules = []
    for number, entry in enumerate(entries, 1):
        try:
            rules.append(_rule(table, entry))
        except ValueError as error:
            reason = _fault(error) if isinstance(error, ValidationError) else str(error)
            report.failed(f"{name}, [[{table}]] number {number}", f"{reason} (entry not used)")
    return rules


def _rule(table: str, entry: Any) -> Rule:  # noqa: ANN401 - whatever stands there
    read = Entry.model_validate(entry)
    matchers = read.model_dump(exclude={"name"})
    if not any(matchers.values()):
        raise ValueError(f"it says of nothing that it belongs to it; name one of {', '.join(matchers)}")
    if (table == "applications") != bool(read.name):
        raise ValueError("name is missing" if table == "applications" else "what is ignored has no name")
    return Rule(application=read.name, **matchers)


def _fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in fault['loc']) or 'the entry'}: {fault['msg']}"
