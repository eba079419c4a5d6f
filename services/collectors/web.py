"""Live sources over HTTP: TLS verified, answers within a time and a size, errors that name the address."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.collectors.base import SourceUnavailable
from services.collectors.deadline import WHOLE, cut, too_long, within
from services.collectors.files import MIB
from services.collectors.formats import parse_json


class WebSettings(BaseModel):
    """Settings of a source that is asked over HTTP."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(default="", description="address, https://HOST:PORT/...")
    timeout: float = Field(
        default=30.0, gt=0, description="how long to wait for an answer, and for each part of it, seconds"
    )
    verify_tls: bool = Field(default=True, description="whether the server's certificate is verified")
    ca_file: Path | None = Field(default=None, description="certificates of the city's own authority, PEM")
    max_bytes: int = Field(default=50 * MIB, gt=0, description="larger files and answers are not read, bytes")

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("no address: https://HOST:PORT/...")
        if parts.username or parts.password:
            raise ValueError("no user or password here; secrets have settings of their own")
        return value


class Refused(SourceUnavailable):
    """The server answered, and not with what was asked for; `status` is HTTP's."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class Web:
    """A server that is asked with GET; every error names its address, never a header."""

    def __init__(self, settings: WebSettings, client: httpx.Client) -> None:
        self._settings, self._client = settings, client
        self._connection: Any = None

    def get(self, path: str = "", **params: str | int) -> bytes:
        """The answer's body. `path`: below `url`, or a whole address on the same server.

        Raises SourceUnavailable: no answer, one that is too large, or (Refused) one with an error's status.
        """
        own = httpx.URL(self._settings.url)
        address = own.join(path) if path else own
        if (address.scheme, address.host, address.port) != (own.scheme, own.host, own.port):
            raise SourceUnavailable(f"{own}: it refers to another server, {address}, which is not told our secret")
        timeout = self._settings.timeout
        try:
            with within(WHOLE * timeout, self._hang_up) as over:
                return self._whole(address, params, over)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = too_long(timeout) if over.is_set() else _reason(error, timeout)
            raise SourceUnavailable(f"{address}: {reason}") from error

    def _whole(self, address: httpx.URL, params: dict[str, str | int], over: threading.Event) -> bytes:
        watched = {"trace": self._note}
        with self._client.stream("GET", address, params=params or None, extensions=watched) as answer:
            if answer.is_error or answer.is_redirect:
                raise Refused(_refusal(str(address), answer.status_code), answer.status_code)
            body = self._body(str(address), answer)
        if over.is_set():  # where no length was said, an answer that was cut looks like a whole one
            raise SourceUnavailable(f"{address}: {too_long(self._settings.timeout)}")
        return body

    def _note(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember the connection, which the library does not give before an answer has begun."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._connection = info["return_value"]

    def _hang_up(self) -> None:
        if self._connection is not None:
            cut(self._connection.get_extra_info("socket"))

    def json(self, path: str = "", **params: str | int) -> Any:  # noqa: ANN401 - whatever it answers
        """The answer as JSON. Raises SourceUnavailable."""
        try:
            return parse_json(self.get(path, **params))
        except (ValueError, RecursionError) as error:
            raise SourceUnavailable(f"{self._settings.url}{path}: the answer is no JSON: {error}") from error

    def _body(self, address: str, answer: httpx.Response) -> bytes:
        parts, size = [], 0
        for part in answer.iter_bytes():  # unpacked: what counts is what it becomes in memory
            size += len(part)
            if size > self._settings.max_bytes:
                raise SourceUnavailable(
                    f"{address}: the answer is larger than the {self._settings.max_bytes:,} bytes that max_bytes allows"
                )
            parts.append(part)
        return b"".join(parts)


@contextmanager
def connect(settings: WebSettings, headers: Mapping[str, str] | None = None) -> Iterator[Web]:
    """A server to ask. Raises SourceUnavailable where `ca_file`, or a secret in a header, cannot be used."""
    for name, value in (headers or {}).items():
        if not value.isascii() or not value.isprintable():  # the library's own error would print the secret
            raise SourceUnavailable(f"{settings.url}: the secret for {name} holds characters that HTTP does not allow")
    with httpx.Client(
        headers=dict(headers or {}), timeout=settings.timeout, verify=_tls(settings), follow_redirects=False
    ) as client:
        yield Web(settings, client)


def _tls(settings: WebSettings) -> ssl.SSLContext | bool:
    if not settings.verify_tls:
        return False
    try:
        return ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else True
    except OSError as error:
        raise SourceUnavailable(f"ca_file: {settings.ca_file}: {error.strerror or error}") from error


def _reason(error: Exception, timeout: float) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {timeout:g} s; is it the right address, and does a firewall let it through?"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "its certificate is not trusted; name the authority's certificate in ca_file"
    return str(error) or type(error).__name__


def _refusal(address: str, status: int) -> str:
    what = {
        401: "the secret is not accepted",
        403: "the account may not read this; docs/collectors.md has the rights that it needs",
        404: "there is nothing at this address",
        429: "it is asked too often",
    }
    return f"{address}: HTTP {status}: {what.get(status, 'the server did not answer as asked')}"
