"""The table of endoflife.date: its public API v1, `/products/full`, or `/products/NAME` of a single product."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from inventory.lifecycle import Cycle, Edition, LifecycleTable, Product, told_milestone
from services.collectors.lifecycle.faults import Fault, Told, faults_in

SITE = "https://endoflife.date"
BUILDS = frozenset({"windows", "windows-server"})
"""Products of which systems report a build number instead of a version."""
USED = frozenset({"cpe", "purl", "repology"})


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=False)


class _Latest(_Told):
    name: str


class _Release(_Told):
    name: str
    releaseDate: date | None = None  # noqa: N815 - as the API writes it
    isEoas: bool | None = None  # noqa: N815
    eoasFrom: date | None = None  # noqa: N815
    isEol: bool | None = None  # noqa: N815
    eolFrom: date | None = None  # noqa: N815
    isEoes: bool | None = None  # noqa: N815
    eoesFrom: date | None = None  # noqa: N815
    latest: _Latest | None = None


class _Identifier(_Told):
    type: str
    id: str


class _Product(_Told):
    name: str
    label: str
    category: str = ""
    aliases: tuple[str, ...] = ()
    identifiers: tuple[_Identifier, ...] = ()
    releases: tuple[_Release, ...]


def read_api(document: Any) -> tuple[LifecycleTable, list[Fault]]:  # noqa: ANN401 - whatever the file holds
    """The table of an answer of the API, in order of name; and what is wrong in it."""
    rows, day = _rows_of(document), _day_of(document)
    if not rows:
        return LifecycleTable({}), [Fault("the file", "it holds no products of the API v1 of endoflife.date")]
    products, faults = dict[str, Product](), list[Fault]()
    for number, row in enumerate(rows, 1):
        try:
            told = _Product.model_validate(row)
        except ValidationError as error:
            faults += _wrong(row, number, error)
            continue
        if told.name in products:
            faults.append(Fault(told.name, "the product stands twice"))
        products[told.name] = _product(told)
    cycles = [Told(product.name, cycle) for product in products.values() for cycle in product.cycles]
    edition = Edition("endoflife.date", day, SITE, "MIT")
    return LifecycleTable(dict(sorted(products.items())), {"": edition}), [*faults, *faults_in(cycles)]


def _rows_of(document: Any) -> list[Any]:  # noqa: ANN401
    found = document.get("result") if isinstance(document, dict) else None
    return found if isinstance(found, list) else [found] if isinstance(found, dict) else []


def _day_of(document: Any) -> date | None:  # noqa: ANN401
    """The day on which the answer was made."""
    told = document.get("generated_at") or document.get("last_modified") if isinstance(document, dict) else None
    try:
        return datetime.fromisoformat(str(told)).date()
    except ValueError:
        return None


def _wrong(row: Any, number: int, error: ValidationError) -> Iterator[Fault]:  # noqa: ANN401
    name = row.get("name") if isinstance(row, dict) else None
    for fault in error.errors(include_url=False):
        where = ".".join(str(part) for part in fault["loc"])
        release = _release(row, fault["loc"])
        yield Fault(f"product {name or number}{release}", f"{where}: {fault['msg']}")


def _release(row: Any, place: tuple[int | str, ...]) -> str:  # noqa: ANN401
    match place:
        case ("releases", int(number), *_):
            told = row["releases"][number]
            return f", release {told.get('name', number)}" if isinstance(told, dict) else ""
    return ""


def _product(told: _Product) -> Product:
    identifiers = sorted(f"{item.type}:{item.id}" for item in told.identifiers if item.type in USED)
    return Product(
        name=told.name,
        label=told.label,
        category=told.category,
        aliases=told.aliases,
        identifiers=tuple(identifiers),
        cycles=tuple(_cycle(told.name, release) for release in told.releases),
        link=f"{SITE}/{told.name}",
    )


def _cycle(product: str, told: _Release) -> Cycle:
    return Cycle(
        product,
        told.name,
        told.releaseDate,
        active=_milestone(told.eoasFrom, told.isEoas),
        security=_milestone(told.eolFrom, told.isEol),
        extended=_milestone(told.eoesFrom, told.isEoes),
        build=told.latest.name if told.latest and product in BUILDS else "",
    )


def _milestone(day: date | None, ended: bool | None) -> Any:  # noqa: ANN401 - one of a Milestone's kinds
    return day or told_milestone(ended)
