"""Who may push, how much, and how often: asked before anything of a body is kept."""

import asyncio
import hmac
import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.requests import ClientDisconnect

from services.collectors.base import tellable
from services.collectors.pushed import PushedSettings
from services.collectors.secret import read_secret

ADDRESSES = 10_000
"""Addresses whose rate is kept; the one that was silent longest is forgotten first."""
AT_ONCE = 2
"""Bodies that are read at the same time: each may take much memory, and there is one interpreter."""
BODY_SECONDS = 60.0
IN_FLIGHT_BYTES = 256 * 1024 * 1024
"""Of bodies that are being received or read, all together."""


class Refusal(Exception):
    """Why a request is not accepted, and its HTTP status; `retry_after`: seconds until it is worth another try.

    `by_anybody`: of whoever it was, no credentials were checked, or none were right.
    """

    def __init__(self, status: int, reason: str, retry_after: int = 0, *, by_anybody: bool = False) -> None:
        self.status, self.reason, self.by_anybody = status, tellable(reason), by_anybody
        super().__init__(self.reason)
        self.headers = {"Retry-After": str(retry_after)} if retry_after else {}
        if status == 401:  # noqa: PLR2004 - HTTP's
            self.headers["WWW-Authenticate"] = 'Basic realm="landkarte"'


class Challenge(Refusal):
    """Credentials are wanted and none were given: agents ask so first, and come again with them."""

    def __init__(self) -> None:
        super().__init__(401, "user and password are wanted", by_anybody=True)


class Guard:
    """The limits of one source. All of it runs in the event loop's thread."""

    def __init__(self, settings: PushedSettings) -> None:
        self._settings = settings
        self._password = read_secret(settings.password)
        self._allowed: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._in_flight = 0

    @property
    def asks(self) -> bool:
        """Whether it asks who somebody is."""
        return bool(self._settings.user)

    def admit(self, request: Request) -> None:
        """Raises Refusal: 429 for too many requests from one address, 401 for a wrong password.

        In this order, and without a look at the password of who comes too often: else it could be guessed.
        """
        address = request.client.host if request.client else ""
        if not self._in_time(address):
            reason = f"more than {self._settings.per_minute} requests a minute from {address}"
            raise Refusal(429, reason, 60, by_anybody=True)
        if not self.asks:
            return
        if "authorization" not in request.headers:
            raise Challenge
        if not self._knows(request.headers["authorization"]):
            raise Refusal(401, "user or password is wrong", by_anybody=True)

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """The body, while it is needed.

        Raises Refusal: 413 too large, 503 too much at once, 408 too slow, 400 for who went away meanwhile.
        """
        body = bytearray()
        try:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    async for part in request.stream():
                        self._take(part, body)
            except TimeoutError:
                raise Refusal(408, f"the body did not arrive within {BODY_SECONDS:g} s") from None
            except ClientDisconnect:
                raise Refusal(400, f"who sent it went away after {len(body):,} bytes of the body") from None
            yield bytes(body)
        finally:
            self._in_flight -= len(body)

    def _take(self, part: bytes, body: bytearray) -> None:
        limit = self._settings.max_bytes
        if len(body) + len(part) > limit:
            raise Refusal(413, f"the body is larger than the {limit:,} bytes that max_bytes allows")
        if self._in_flight + len(part) > IN_FLIGHT_BYTES:
            raise Refusal(503, "too many are reporting at once", 30)
        self._in_flight += len(part)
        body += part

    def _knows(self, header: str) -> bool:
        kind, _, told = header.partition(" ")
        try:
            given = b64decode(told, validate=True) if kind.lower() == "basic" else b""
        except (NotBase64, ValueError):
            given = b""
        return hmac.compare_digest(given, f"{self._settings.user}:{self._password}".encode())

    def _in_time(self, address: str) -> bool:
        """A bucket that holds a minute's worth and fills evenly."""
        now, most = time.monotonic(), float(self._settings.per_minute)
        left, at = self._allowed.pop(address, (most, now))
        left = min(most, left + (now - at) * most / 60)
        self._allowed[address] = (left - 1 if left >= 1 else left, now)
        if len(self._allowed) > ADDRESSES:
            self._allowed.popitem(last=False)
        return left >= 1
