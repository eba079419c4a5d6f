"""NetBox: devices, virtual machines, clusters, places and tenants, asked with a token or from saved lists."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, field_validator

from graph.metamodel import DEVICES, KINDS
from services.collectors.agent_inventory import text
from services.collectors.answers import AnswerSettings, emit_each, nothing_said
from services.collectors.base import Check, CollectorType, NotOurs, Report, Run, SourceUnavailable
from services.collectors.files import check_files, read_files
from services.collectors.formats import parse_json, reported
from services.collectors.netbox.answers import Answers, take
from services.collectors.netbox.records import Mapped, to_drafts
from services.collectors.secret import SecretPlace, read_secret
from services.collectors.web import Refused, Web, connect

SUFFIXES = (".json",)
PAGE = 500
MOST_PAGES = 2000
"""Of one list: a million objects."""
ENDPOINTS = (
    "dcim/sites", "dcim/locations", "dcim/racks", "tenancy/tenants", "dcim/devices", "virtualization/clusters",
    "virtualization/virtual-machines", "ipam/ip-addresses",
)  # fmt: skip
INTERFACES = ("dcim/interfaces", "virtualization/interfaces")
MERGED = {"dcim/devices", "virtualization/virtual-machines"}
"""Their config contexts are put together for each object when asked for, which takes long, and are not read."""
LATER = {"dcim/locations"}
"""Not there before NetBox 2.11."""
NOT_FOUND, FORBIDDEN = 404, 403
KINDS_OF_ROLES = DEVICES | {"Utility"}


class NetboxSettings(AnswerSettings):
    """Settings of a NetBox source: `url` of its start page, or `paths`."""

    token: SecretPlace = Field(default="", description="where the API token is, env:NAME or file:PATH")
    interfaces: bool = Field(default=False, description="whether interfaces are asked for, for their MAC addresses")
    tenants: bool = Field(default=True, description="whether tenants are organisation units")
    roles: dict[str, str] = Field(
        default={}, description="the kind of devices by their role's slug, where it is another"
    )
    custom_fields: dict[str, str] = Field(default={}, description="the property that a custom field is, by its name")

    @field_validator("roles")
    @classmethod
    def _known_kinds(cls, value: dict[str, str]) -> dict[str, str]:
        if wrong := set(value.values()) - KINDS_OF_ROLES:
            raise ValueError(f"{min(wrong)!r} is no kind of device; known are {', '.join(sorted(KINDS_OF_ROLES))}")
        return value

    @field_validator("custom_fields")
    @classmethod
    def _known_properties(cls, value: dict[str, str]) -> dict[str, str]:
        known = {item.name for kind in (*KINDS_OF_ROLES, "Cluster") for item in KINDS[kind].properties}
        if wrong := set(value.values()) - known:
            raise ValueError(f"{min(wrong)!r} is no property; docs/metamodel.md has them")
        return value


def collect(settings: NetboxSettings, run: Run) -> None:
    """All lists, then what they say. Raises SourceUnavailable."""
    answers = Answers()
    if settings.paths:
        _read(settings, answers, run.report)
    else:
        with connect(settings, _login(settings)) as web:
            for endpoint in (*ENDPOINTS, *(INTERFACES if settings.interfaces else ())):
                _ask(web, settings, endpoint, answers, run.report)
        if not answers.lists["devices"] and not answers.lists["virtual-machines"]:
            run.report.failed(
                "devices and virtual machines", "none is visible; does the permission of the token fit any?"
            )
    mapped = Mapped(settings.roles, settings.custom_fields, settings.tenants)
    nothing_said(settings, emit_each(run, to_drafts(answers, mapped)), run.report)


def _read(settings: NetboxSettings, answers: Answers, report: Report) -> None:
    for name, data in read_files(settings, SUFFIXES, report):
        with reported(report, name, "JSON"):
            take(answers, name, parse_json(data))


def _login(settings: NetboxSettings) -> dict[str, str]:
    """Tokens of NetBox 4.5 and later begin with `nbt_`, and are sent in another way."""
    secret = read_secret(settings.token)
    if not secret:
        return {"Accept": "application/json"}
    how = "Bearer" if secret.startswith("nbt_") else "Token"
    return {"Accept": "application/json", "Authorization": f"{how} {secret}"}


def _ask(web: Web, settings: NetboxSettings, endpoint: str, answers: Answers, report: Report) -> None:
    """Pages are counted from the first: where an object goes meanwhile, another is in none of them."""
    number, counts = 0, set[str]()
    for page in _pages(web, settings, endpoint):
        items = page["results"]
        number += len(items)
        counts |= {text(page, "count")} - {""}
        report.seen(len(items))
        if items:
            _take(settings, endpoint, answers, items)
    if counts - {str(number)}:
        report.failed(endpoint, f"it changed while it was read: {number} came, there are {' or '.join(sorted(counts))}")


def _take(settings: NetboxSettings, endpoint: str, answers: Answers, items: list[object]) -> None:
    try:
        take(answers, endpoint, items)
    except NotOurs as error:
        raise SourceUnavailable(f"{settings.url}: the answer to {endpoint} is no list of NetBox: {error}") from error


def _pages(web: Web, settings: NetboxSettings, endpoint: str) -> Iterator[Mapping[str, Any]]:
    """The list's pages. `next` names an address that may be another behind a proxy: only its query is taken."""
    query: dict[str, str | int] = {"limit": PAGE, **({"exclude": "config_context"} if endpoint in MERGED else {})}
    asked = set[str]()
    while len(asked) < MOST_PAGES:
        page = _page(web, settings, endpoint, query)
        if page is None:
            return
        yield page
        following = text(page, "next")
        if not following:
            return
        if following in asked:
            raise SourceUnavailable(f"{settings.url}: the list {endpoint} refers to a page of it that was read already")
        asked.add(following)
        query = dict(parse_qsl(urlsplit(following).query))
    raise SourceUnavailable(f"{settings.url}: the list {endpoint} has more than {MOST_PAGES:,} pages, or no end of it")


def _page(
    web: Web, settings: NetboxSettings, endpoint: str, query: Mapping[str, str | int]
) -> Mapping[str, Any] | None:
    """A page; None where this version does not have the list."""
    try:
        page = web.json(_address(settings, endpoint), **query)
    except Refused as error:
        if error.status == NOT_FOUND and endpoint in LATER:
            return None
        raise
    if not isinstance(page, dict) or not isinstance(page.get("results"), list):
        raise SourceUnavailable(f"{settings.url}: the answer to {endpoint} is no list of NetBox")
    return page


def _address(settings: NetboxSettings, endpoint: str) -> str:
    """Below the start page, which may be in a folder."""
    return f"{urlsplit(settings.url).path.rstrip('/')}/api/{endpoint}/"


def check(settings: NetboxSettings) -> Iterator[Check]:
    """Files, or: the answer, the token, and the right to see each list."""
    if settings.paths:
        yield from check_files(settings, SUFFIXES)
        return
    with connect(settings, _login(settings)) as web:
        for endpoint in (*ENDPOINTS, *(INTERFACES if settings.interfaces else ())):
            yield _check_list(web, settings, endpoint)


def _check_list(web: Web, settings: NetboxSettings, endpoint: str) -> Check:
    try:
        page = web.json(_address(settings, endpoint), limit=1)
    except Refused as error:
        if error.status == NOT_FOUND and endpoint in LATER:
            return Check(f"{endpoint}: not in this version of NetBox")
        if error.status != FORBIDDEN:
            raise
        return Check(endpoint, f"the token may not see it; add a permission with the action 'view' for {endpoint}")
    return Check(f"{endpoint}: {whole_count(page)} objects")


def whole_count(page: object) -> str:
    """How many there are, as the list says."""
    return text(page, "count") if isinstance(page, dict) else "?"


COLLECTOR = CollectorType(
    "netbox", "NetBox: devices, virtual machines, clusters, places", NetboxSettings, collect, 55, check
)
