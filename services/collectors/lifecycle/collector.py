"""Lifecycle facts, of two types of sources: endoflife.date's table, and tables of the city's own.

A table with a fault is not used at all, for half a table is a wrong answer; every fault is told.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

from pydantic import Field, ValidationError

from events.models import Draft
from inventory.aliases import AliasesInvalid, is_of_aliases, read_aliases
from inventory.lifecycle import Edition, Product, load_table
from inventory.lifecycle_records import alias_drafts, cycle_draft, drafts_of, edition_draft
from inventory.products import letters, names_of
from services.collectors.base import Check, CollectorType, Report, Run
from services.collectors.files import FileSettings, read_files
from services.collectors.formats import parse_json
from services.collectors.lifecycle.city import read_city
from services.collectors.lifecycle.endoflife import read_api
from services.collectors.lifecycle.faults import Fault, Told
from services.collectors.sheets import SheetSettings
from services.collectors.web import WebSettings, connect

OWN = (".csv", ".xlsx", ".toml")
"""Suffixes of tables of the city's own."""


class EndoflifeSettings(WebSettings):
    """Settings of the collector of endoflife.date's table; with neither file nor address it says the bundled one."""

    paths: list[Path] = Field(
        default=[], description="files with answers of its API v1: products/full, or of a product"
    )


def collect_endoflife(settings: EndoflifeSettings, run: Run) -> None:
    """All that the table says. Raises SourceUnavailable."""
    if not settings.paths and not settings.url:
        run.report.seen()
        for draft in bundled():
            run.emit(draft)
        return
    _collect([_read_api(name, data) for name, data in _answers(settings, run)], run)


def collect_own(settings: SheetSettings, run: Run) -> None:
    """All that the tables say. Raises SourceUnavailable."""
    files = read_files(settings, OWN, run.report)
    _collect([_read_own(name, data, settings.max_unpacked_bytes) for name, data in files], run)


def bundled() -> list[Draft]:
    """What the table says that comes with the program."""
    table = load_table()
    (edition,) = table.editions.values()
    return list(drafts_of(table, edition))


def _answers(settings: EndoflifeSettings, run: Run) -> Iterator[tuple[str, bytes]]:
    if settings.paths:
        yield from read_files(FileSettings(paths=settings.paths, max_bytes=settings.max_bytes), (".json",), run.report)
    if settings.url:
        run.report.seen()
        with connect(settings) as web:
            yield settings.url, web.get()


def _collect(tables: Iterable[tuple[list[Draft], list[Fault]]], run: Run) -> None:
    drafts = dict[str, Draft]()
    for found, faults in tables:
        twice = [draft for draft in found if draft.native_key in drafts and draft.kind != "LifecycleTable"]
        for fault in (*faults, *(Fault(_name(draft), "another of the tables says this too") for draft in twice)):
            run.report.failed(fault.where, f"{fault.reason} (nothing of the table is used)")
        drafts |= {draft.native_key: draft for draft in found}
    if not run.report.counts["failed"]:
        for draft in drafts.values():
            run.emit(draft)


def _read_api(name: str, data: bytes) -> tuple[list[Draft], list[Fault]]:
    try:
        table, faults = read_api(parse_json(data))
    except (ValueError, RecursionError) as error:
        return [], [Fault(name, f"this is no JSON: {error}")]
    named = [Fault(f"{name}, {fault.where}", fault.reason) for fault in faults]
    return _drafted(name, (draft for edition in table.editions.values() for draft in drafts_of(table, edition)), named)


def _read_own(name: str, data: bytes, max_unpacked: int) -> tuple[list[Draft], list[Fault]]:
    if name.casefold().endswith(".toml") and is_of_aliases(data):
        return _read_aliases(name, data)
    told, faults = read_city(name, data, max_unpacked)
    return _drafted(name, chain([edition_draft(Edition(name, None))], map(_draft, told)), faults)


def _read_aliases(name: str, data: bytes) -> tuple[list[Draft], list[Fault]]:
    try:
        return list(alias_drafts(read_aliases(data.decode("utf-8-sig"), name))), []
    except AliasesInvalid as error:
        return [], [Fault(*line.split(": ", 1)) for line in str(error).splitlines()]


def _drafted(name: str, drafts: Iterable[Draft], faults: list[Fault]) -> tuple[list[Draft], list[Fault]]:
    """What is said, and nothing where there are faults; a name that no record can have is one."""
    if faults:
        return [], faults
    try:
        return list(drafts), []
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        return [], [Fault(name, f"{str(wrong['input'])[:80]!r} cannot be said: {wrong['msg']}")]


def _draft(told: Told) -> Draft:
    """By its own name and, where it says the product, by the names that the published table has for the cycle."""
    cycle, product = told.cycle, _published(told.cycle.product)
    if product:
        cycle = replace(cycle, product=product.name)
    called = (product.label, product.name) if product else (cycle.product,) if cycle.product else ()
    names = dict.fromkeys((told.name, *(f"{name} {cycle.name}".strip() for name in called)))
    return cycle_draft(cycle, tuple(names), told.citation, told.comment)


def _published(told: str) -> Product | None:
    """The product of the bundled table that has this name, in any spelling."""
    wanted = letters(told)
    found = (p for p in load_table().products.values() if wanted in names_of(p))
    return next(found, None) if wanted else None


def _name(draft: Draft) -> str:
    return draft.sections["core"].name


def check_endoflife(settings: EndoflifeSettings) -> Iterator[Check]:
    """Whether the table can be read, and has no fault. Raises SourceUnavailable."""
    where = settings.url or ", ".join(str(path) for path in settings.paths) or "the bundled table"
    yield _checked(where, partial(collect_endoflife, settings))


def check_own(settings: SheetSettings) -> Iterator[Check]:
    """Whether the tables can be read, and have no fault. Raises SourceUnavailable."""
    yield _checked(", ".join(str(path) for path in settings.paths), partial(collect_own, settings))


def _checked(where: str, collect: "partial[None]") -> Check:
    report = Report()
    collect(Run(lambda _: None, report))
    return Check(where, next((f"{problem.item}: {problem.reason}" for problem in report.problems), ""))


ENDOFLIFE = CollectorType(
    "endoflife",
    "lifecycles of products from endoflife.date: the bundled table, a newer file, or its address",
    EndoflifeSettings,
    collect_endoflife,
    40,
    check_endoflife,
)
LIFECYCLE = CollectorType(
    "lifecycle",
    "lifecycles from tables of the city's own: models, Fachverfahren, agreements; CSV, xlsx, TOML",
    SheetSettings,
    collect_own,
    80,
    check_own,
)
