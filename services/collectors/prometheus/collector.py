"""node_exporter and windows_exporter: what they tell of the machine they run on, live or from saved expositions."""

from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pydantic import Field, model_validator

from services.collectors.base import Check, CollectorType, NotOurs, Run, SourceUnavailable
from services.collectors.files import check_files, read_files
from services.collectors.formats import fault_of
from services.collectors.prometheus.machine import parse, to_draft
from services.collectors.secret import SecretPlace, read_secret
from services.collectors.web import WebSettings, connect

SUFFIXES = (".prom", ".txt", ".metrics")


class PrometheusSettings(WebSettings):
    """Settings of the collector `prometheus`: targets that are asked, or files."""

    paths: list[Path] = Field(default=[], description="saved expositions, or folders that are searched")
    targets: list[str] = Field(default=[], description="exporters: HOST:PORT, or an address; /metrics where no path is")
    token: SecretPlace = Field(default="", description="where the bearer token is")
    user: str = Field(default="", description="user for HTTP basic authentication")
    password: SecretPlace = Field(default="", description="where that user's password is")
    parallel: int = Field(default=16, ge=1, le=256, description="targets that are asked at once")

    @model_validator(mode="after")
    def _one_of(self) -> "PrometheusSettings":
        if not (self.paths or self.addresses()):
            raise ValueError("name the exporters in targets, or files in paths")
        if self.token and self.user:
            raise ValueError("token and user exclude one another")
        return self

    def addresses(self) -> list[str]:
        """The targets' addresses in full, each once. Raises ValueError for what is none."""
        return list(dict.fromkeys(_address(target) for target in [*self.targets, *([self.url] if self.url else [])]))


def _address(target: str) -> str:
    whole = target if "://" in target else f"http://{target}"
    try:
        parts, usable = urlsplit(whole), bool(httpx.URL(whole).host)
        known = parts.port is None or parts.port
    except (ValueError, httpx.InvalidURL):
        usable = known = False
    if not usable or not known or parts.scheme not in {"http", "https"} or parts.username or parts.password:
        raise ValueError(f"targets: {whole.rpartition('@')[2]!r} is no HOST:PORT or https://HOST:PORT/metrics")
    return parts._replace(path="/metrics").geturl() if parts.path in {"", "/"} else whole


def collect(settings: PrometheusSettings, run: Run) -> None:
    """Every file and every target: read, made a record, emitted."""
    if settings.paths:
        for name, data in read_files(settings, SUFFIXES, run.report):
            _emit(name, data, run)
    for address, answer in _asked(settings):
        run.report.seen()
        _emit(address, answer, run)


def _emit(name: str, answer: bytes | SourceUnavailable, run: Run) -> None:
    if isinstance(answer, SourceUnavailable):
        run.report.failed(name, str(answer))
        return
    try:
        run.emit(to_draft(parse(answer), name))
    except NotOurs as error:
        run.report.skipped(name, str(error))
    except ValueError as error:
        run.report.failed(name, fault_of(error, "metrics"))


def _asked(settings: PrometheusSettings) -> Iterator[tuple[str, bytes | SourceUnavailable]]:
    """Each target with its answer, or why there is none; asked side by side, told in a fixed order."""
    headers = _headers(settings)
    with ThreadPoolExecutor(settings.parallel) as pool:
        yield from zip(
            settings.addresses(), pool.map(partial(_ask, settings, headers), settings.addresses()), strict=True
        )


def _ask(settings: PrometheusSettings, headers: dict[str, str], address: str) -> bytes | SourceUnavailable:
    try:
        with connect(settings.model_copy(update={"url": address}), headers) as web:
            return web.get()
    except SourceUnavailable as error:
        return error


def _headers(settings: PrometheusSettings) -> dict[str, str]:
    """Raises SourceUnavailable where a secret cannot be read."""
    accept = {"Accept": "text/plain;version=0.0.4"}
    if settings.token:
        return accept | {"Authorization": f"Bearer {read_secret(settings.token)}"}
    if settings.user:
        pair = f"{settings.user}:{read_secret(settings.password)}".encode()
        return accept | {"Authorization": f"Basic {b64encode(pair).decode()}"}
    return accept


def check(settings: PrometheusSettings) -> Iterator[Check]:
    """Whether each file and target answers, and is an exporter that is read."""
    if settings.paths:
        yield from check_files(settings, SUFFIXES)
    for address, answer in _asked(settings):
        yield Check(address, _fault(answer))


def _fault(answer: bytes | SourceUnavailable) -> str:
    try:
        if isinstance(answer, SourceUnavailable):
            return str(answer)
        parse(answer)
    except ValueError as error:
        return str(error) if isinstance(error, NotOurs) else fault_of(error, "metrics")
    return ""


COLLECTOR = CollectorType(
    "prometheus", "node_exporter and windows_exporter (live or files)", PrometheusSettings, collect, 45, check
)
