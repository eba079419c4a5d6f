"""A vCenter, or a single ESXi: asked in pages, with its certificate verified and a time limit for each answer."""

import ssl
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError

from services.collectors.base import SourceUnavailable
from services.collectors.deadline import WHOLE, cut, too_long, within
from services.collectors.web import WebSettings

VERSION = "vim.version.version11"
"""The API of vSphere 6.5, which every later one speaks: all that is asked for was there."""
_STRANGE = "its answer is not one of vSphere; is it the right address?"
PAGE = 100
"""Objects of an answer: some 10 KB each."""


class NotUnderstood(HTTPException):
    """An answer in a form that is not vSphere's."""


@dataclass(frozen=True)
class Found:
    """One object of the inventory. `unread`: properties that the account may not read."""

    type: str
    id: str
    properties: Mapping[str, Any]
    unread: Collection[str] = ()


@dataclass(frozen=True)
class Server:
    """What answered: its name and version, and its own id ("" of an ESXi)."""

    name: str
    id: str
    _content: Any = field(repr=False)

    def all(self, wanted: Mapping[str, Collection[str]]) -> Iterator[Found]:
        """All objects of these types (and of those derived from them) with these properties, a page at a time."""
        from pyVmomi import vim, vmodl  # noqa: PLC0415 - slow to import

        collector = vmodl.query.PropertyCollector
        types = {getattr(vim, name): list(paths) for name, paths in wanted.items()}
        view = self._content.viewManager.CreateContainerView(self._content.rootFolder, list(types), recursive=True)
        walk = collector.TraversalSpec(path="view", skip=False, type=vim.view.ContainerView)
        asked = collector.FilterSpec(
            objectSet=[collector.ObjectSpec(obj=view, skip=True, selectSet=[walk])],
            propSet=[collector.PropertySpec(type=of_type, pathSet=paths) for of_type, paths in types.items()],
        )
        try:
            yield from _paged(self._content.propertyCollector, asked, collector.RetrieveOptions(maxObjects=PAGE))
        finally:
            view.Destroy()


def _paged(collector: Any, asked: Any, options: Any) -> Iterator[Found]:  # noqa: ANN401 - pyVmomi has no types
    page = _understood(collector.RetrievePropertiesEx, [asked], options)
    while page is not None:
        yield from map(_found, page.objects)
        page = _understood(collector.ContinueRetrievePropertiesEx, page.token) if page.token else None


def _understood(call: Callable[..., Any], *values: Any) -> Any:  # noqa: ANN401 - pyVmomi has no types
    """The call's answer. One of an unknown form makes pyVmomi raise what faults in a program raise, or give nothing."""
    try:
        return call(*values)
    except OSError:
        raise  # a certificate that is not trusted is a ValueError as well
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise NotUnderstood(f"{_STRANGE} ({type(error).__name__}: {error})") from error


def _found(item: Any) -> Found:  # noqa: ANN401 - pyVmomi has no types
    return Found(
        type=type(item.obj).__name__.rpartition(".")[2],
        id=item.obj._moId,  # noqa: SLF001 - pyVmomi's name for a managed object's id
        properties={said.name: said.val for said in item.propSet},
        unread=[missing.path for missing in item.missingSet],
    )


@contextmanager
def connect(settings: WebSettings, user: str, password: str) -> Iterator[Server]:
    """Log in, and out at the end. Raises SourceUnavailable in words for every way in which it does not answer."""
    from pyVmomi import vim, vmodl  # noqa: PLC0415 - slow to import

    address = urlsplit(settings.url)
    stub = _stub(settings.timeout, settings.max_bytes)(
        host=address.hostname,
        port=(address.port or 443) if address.scheme == "https" else -(address.port or 80),  # negative: without TLS
        path="/sdk",
        version=VERSION,
        sslContext=_tls(settings),
        httpConnectionTimeout=settings.timeout,
    )
    try:
        content = _understood(vim.ServiceInstance("ServiceInstance", stub).RetrieveContent)
        if content is None:
            raise NotUnderstood(_STRANGE)
        content.sessionManager.Login(user, password)
        try:
            yield Server(content.about.fullName, content.about.instanceUuid or "", content)
        finally:
            with suppress(OSError, HTTPException, vmodl.MethodFault):  # the session ends by itself in half an hour
                content.sessionManager.Logout()
    except vim.fault.InvalidLogin:
        raise SourceUnavailable(f"{settings.url}: the user or the password is not accepted") from None
    except vmodl.MethodFault as error:
        raise SourceUnavailable(f"{settings.url}: {_words(error)}") from error
    except (OSError, HTTPException, ExpatError) as error:
        raise SourceUnavailable(f"{settings.url}: {_reason(error, settings.timeout)}") from error
    finally:
        stub.DropConnections()


def _stub(timeout: float, most: int) -> Any:  # noqa: ANN401 - pyVmomi has no types
    """A connection of pyVmomi, with a limit for the time and the size of each whole answer, of which it has none."""
    from pyVmomi import SoapStubAdapter  # noqa: PLC0415 - slow to import

    class Stub(SoapStubAdapter):  # type: ignore[misc] # pyVmomi has no types
        def GetConnection(self) -> Any:  # noqa: ANN401, N802 - pyVmomi's name
            connection = super().GetConnection()
            connection.response_class = partial(_Counted, most)
            self.in_use = connection.sock
            return connection

        def InvokeMethod(self, *asked: Any) -> Any:  # noqa: ANN401, N802 - pyVmomi's name
            with within(WHOLE * timeout, lambda: cut(self.in_use)) as over:
                try:
                    return super().InvokeMethod(*asked)
                except (OSError, HTTPException, ExpatError) as error:
                    if over.is_set():
                        raise HTTPException(too_long(timeout)) from error
                    raise

    return Stub


class _Counted(HTTPResponse):
    """An answer that fails where it is larger than `most` bytes."""

    def __init__(self, most: int, *args: Any, **more: Any) -> None:  # noqa: ANN401 - as HTTPResponse has them
        super().__init__(*args, **more)
        self._most, self._size = most, 0

    def read(self, amt: int | None = None) -> bytes:
        part = super().read(amt if amt is not None else self._most)
        self._size += len(part)
        if self._size > self._most:
            self.close()
            raise HTTPException(f"the answer is larger than the {self._most:,} bytes that max_bytes allows")
        return part


def _tls(settings: WebSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise SourceUnavailable(f"ca_file: {settings.ca_file}: {error.strerror or error}") from error
    if not settings.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _words(error: Any) -> str:  # noqa: ANN401 - pyVmomi has no types
    name = type(error).__name__.rpartition(".")[2]
    hint = "; the account needs the role Read-only, see docs/collectors.md" if name == "NoPermission" else ""
    return f"{name}: {error.msg or 'refused'}{hint}"


def _reason(error: Exception, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s; is it the right address, and does a firewall let it through?"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not trusted; name the authority's certificate in ca_file"
    return str(error) or type(error).__name__
