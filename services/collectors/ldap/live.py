"""A directory server: TLS verified before the password is sent, answers in pages and within a time."""

from __future__ import annotations

import ssl
from contextlib import contextmanager, suppress
from math import ceil
from typing import TYPE_CHECKING, Any, Self

from services.collectors.base import Check, SourceUnavailable
from services.collectors.deadline import WHOLE, cut, too_long, within
from services.collectors.secret import read_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ldap3 import Connection

    from services.collectors.base import Report
    from services.collectors.ldap.collector import LdapSettings

_NO_SUCH_OBJECT, _SIZE, _TIME, _RIGHTS, _LOGIN = 32, 4, 3, 50, 49
_PAGED = "1.2.840.113556.1.4.319"
_PROBE = 50
SPARE_PAGES = 10_000
"""A page may have fewer entries than it was asked for, or none: so many more are asked for than full ones would be."""
LARGEST_PAGE = 64 << 20
"""Bytes of an answer: a server may send more entries than it was asked for, and it need not end."""
_RESULTS = {
    _LOGIN: "the account or its password is not accepted",
    _RIGHTS: "the account may not search here; docs/collectors.md has the rights that it needs",
    _NO_SUCH_OBJECT: "there is no such base, or the account may not see it",
    1: "the server does not answer who has not logged in; set bind_dn and password",
    8: "the server asks for TLS: use ldaps://, or ldap:// with start_tls",
    13: "the server asks for TLS: use ldaps://, or ldap:// with start_tls",
}


class Directory:
    """A bound connection, as a context. Raises SourceUnavailable, without the password."""

    def __init__(self, settings: LdapSettings) -> None:
        self._settings = settings

    def __enter__(self) -> Self:
        self._connection = _connected(self._settings)
        self._connection.socket = self._counted = _Counted(self._connection.socket)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):  # it has said all it had to say
            self._connection.unbind()

    def entries(self, attributes: Sequence[str], report: Report) -> Iterator[tuple[str, str, dict[str, list[bytes]]]]:
        """(where, DN, attributes) of all that the filter finds. An end before the last is a failure in the report."""
        number, cookie, own = 0, b"", self._settings
        for _ in range(SPARE_PAGES + own.max_entries // own.page_size):
            answer, found, cookie = self._page(attributes, own.page_size, cookie)
            for item in found:
                number += 1
                yield f"entry {number}", str(item["dn"]), dict(item["raw_attributes"])
            if answer["result"]:
                report.failed(own.url, f"the search ended after {number:,} entries: {_reason(answer)}")
            if number >= own.max_entries and cookie:
                report.failed(own.url, f"more than the {number:,} entries that max_entries allows")
            if answer["result"] or not cookie or number >= own.max_entries:
                if not number and not answer["result"]:
                    report.failed(own.url, _nothing(own))
                return
        report.failed(own.url, f"{number:,} entries in many small pages, and no end of them")

    def check(self, attributes: Sequence[str]) -> Iterator[Check]:
        """Whether computers are found below the base, and which attributes the account may read of them."""
        _, found, _ = self._page(attributes, _PROBE, b"")
        what = f"{self._settings.base}: {len(found)}{'+' if len(found) == _PROBE else ''} entries"
        yield Check(what, "" if found else _nothing(self._settings))
        told = {name.casefold() for item in found for name, values in item["raw_attributes"].items() if values}
        for name in ("objectGUID", "dNSHostName", "operatingSystem", "userAccountControl") if found else ():
            fault = "" if name.casefold() in told else "none shows it; grant the account Read on computer objects"
            yield Check(f"attribute {name}", fault)

    def _page(
        self, attributes: Sequence[str], size: int, cookie: bytes
    ) -> tuple[dict[str, Any], list[dict[str, Any]], bytes]:
        """(result, entries, where to go on). Raises SourceUnavailable where nothing may be searched at all."""
        own = self._settings
        self._counted.left = LARGEST_PAGE
        with _speaking(own, self._connection, "the search failed"):
            self._connection.search(
                own.base, own.filter, attributes=list(attributes), paged_size=size, paged_cookie=cookie or None
            )
        answer: dict[str, Any] = dict(self._connection.result or {})
        found = [item for item in self._connection.response or [] if item.get("type") == "searchResEntry"]
        if answer.get("result") and not found and not cookie:
            raise SourceUnavailable(f"{own.url}: {own.base}: {_reason(answer)}")
        page = (answer.get("controls") or {}).get(_PAGED) or {}
        return answer, found, (page.get("value") or {}).get("cookie") or b""


class _Counted:
    """A socket that fails where an answer is larger than what is `left` for it."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 - a socket, or one with TLS
        self._inner, self.left = inner, LARGEST_PAGE

    def recv(self, size: int) -> bytes:
        data: bytes = self._inner.recv(size)
        self.left -= len(data)
        if self.left < 0:
            raise OSError(f"the answer is larger than {LARGEST_PAGE:,} bytes; a smaller page_size may help")
        return data

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the socket has
        return getattr(self._inner, name)


@contextmanager
def _speaking(settings: LdapSettings, connection: Connection, otherwise: str) -> Iterator[None]:
    """Ask something within a time. Raises SourceUnavailable for what is no answer, without the password.

    ldap3 raises what faults in a program raise where the answer is none of LDAP.
    """
    from ldap3.core.exceptions import LDAPException  # noqa: PLC0415 - slow to import

    with within(WHOLE * settings.timeout, lambda: cut(connection.socket)) as over:
        try:
            yield
        except (LDAPException, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            if over.is_set():
                reason = too_long(settings.timeout)
            elif isinstance(error, LookupError | TypeError | AttributeError):
                reason = "what it answers is no LDAP; is it the right address?"
            else:
                reason = _fault(error, otherwise)
            raise SourceUnavailable(f"{settings.url}: {reason}") from None


def _connected(settings: LdapSettings) -> Connection:
    connection = _connection(settings)
    try:
        with _speaking(settings, connection, "no answer"):
            _log_in(connection, settings)
    except SourceUnavailable:
        _abandon(connection)
        raise
    return connection


def _connection(settings: LdapSettings) -> Connection:
    from ldap3 import NONE, Connection, Server, Tls  # noqa: PLC0415 - slow to import

    password = read_secret(settings.password)
    if settings.ca_file and not settings.ca_file.is_file():
        raise SourceUnavailable(f"ca_file: {settings.ca_file}: there is no such file")
    tls = Tls(
        validate=ssl.CERT_REQUIRED if settings.verify_tls else ssl.CERT_NONE,
        ca_certs_file=str(settings.ca_file) if settings.ca_file else None,
    )
    return Connection(
        Server(settings.url, tls=tls, get_info=NONE, connect_timeout=settings.timeout),
        settings.bind_dn or None,
        password or None,
        receive_timeout=ceil(settings.timeout),
        auto_referrals=False,
        check_names=False,
    )


def _log_in(connection: Connection, settings: LdapSettings) -> None:
    """TLS comes before the password. Raises SourceUnavailable, and what the library raises."""
    connection.open()
    if settings.start_tls and not connection.server.ssl and not connection.start_tls():
        raise SourceUnavailable(f"{settings.url}: it does not offer StartTLS; use ldaps://")
    if not connection.bind():
        raise SourceUnavailable(f"{settings.url}: {_reason(dict(connection.result))}")


def _abandon(connection: Connection) -> None:
    """The library leaves the socket open where TLS fails."""
    if connection.socket is not None:
        connection.socket.close()


def _nothing(settings: LdapSettings) -> str:
    return f"nothing fits {settings.filter}, or the account may read none of it"


def _reason(answer: dict[str, Any]) -> str:
    code = answer.get("result")
    own = {_SIZE: "the server sends no more; raise its limit", _TIME: "the server's time limit is over"}
    return (own | _RESULTS).get(code if isinstance(code, int) else -1, f"{answer.get('description')} ({code})")


def _fault(error: Exception, otherwise: str) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text.casefold():
        return f"its certificate is not trusted; name the authority's certificate in ca_file ({_short(error)})"
    return f"{otherwise}: {_short(error)}"


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
