"""Asking devices over SNMP, many at once, each within a time."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Any

from services.collectors.snmp import oids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from services.collectors.snmp.collector import SnmpSettings
    from services.collectors.snmp.oids import Answers, Oid, Value

_ROWS = 25
LONGEST_VALUE = 4096
"""Octets that are kept of a value; a datagram holds sixty thousand."""
_RECEIVED = "AbstractTransportDispatcher._callback_function"
"""The library's function that takes each datagram, as asyncio names it."""
_MISSING = {"NoSuchObject", "NoSuchInstance", "EndOfMibView", "Null"}


class NoAnswer(Exception):
    """A device did not answer (`silent`), or not as asked; the text has no secret."""

    def __init__(self, text: str, *, silent: bool = False) -> None:
        super().__init__(text)
        self.silent = silent


async def ask_all(
    settings: SnmpSettings,
    secrets: Any,  # noqa: ANN401 - the library has no types
    hosts: Sequence[str],
    tell: Callable[[str, Answers | NoAnswer], None],
) -> None:
    """Ask all hosts, `parallel` at once, and tell of each as it answers."""
    from pysnmp.hlapi.v3arch.asyncio import SnmpEngine  # noqa: PLC0415 - slow to import

    engine, waiting = SnmpEngine(), iter(hosts)

    async def work() -> None:
        for host in waiting:
            tell(host, await _ask(engine, settings, secrets, host))

    asyncio.get_running_loop().set_exception_handler(_pass_over)
    try:
        await asyncio.gather(*(work() for _ in range(min(settings.parallel, len(hosts)))))
    finally:
        engine.close_dispatcher()


def _pass_over(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What is no SNMP answers no question: its sender fails with "no answer", and needs no traceback besides."""
    if _RECEIVED not in str(context.get("message")):
        loop.default_exception_handler(context)


async def _ask(engine: Any, settings: SnmpSettings, secrets: Any, host: str) -> Answers | NoAnswer:  # noqa: ANN401
    from pyasn1.error import PyAsn1Error  # noqa: PLC0415 - slow to import
    from pysnmp.error import PySnmpError  # noqa: PLC0415 - slow to import

    try:
        async with asyncio.timeout(settings.max_seconds):
            return await _Device(engine, settings, secrets, host).all()
    except NoAnswer as error:
        return error
    except (PySnmpError, PyAsn1Error, OSError, ValueError) as error:
        if not isinstance(error, TimeoutError):
            return NoAnswer(f"it cannot be asked, or its answers are no SNMP: {type(error).__name__}: {error}"[:300])
        return NoAnswer(f"it was not done within the {settings.max_seconds:g} s that max_seconds allows")


class _Device:
    def __init__(self, engine: Any, settings: SnmpSettings, secrets: Any, host: str) -> None:  # noqa: ANN401
        self._engine, self._settings, self._secrets, self._host = engine, settings, secrets, host
        self._answered = False

    async def all(self) -> Answers:
        """Everything that a record is made of. Raises NoAnswer."""
        self._target = await self._resolved()
        told = await self.get(oids.SCALARS)
        self._answered = True
        if not told:
            raise NoAnswer("it answers, and shows nothing: its view must hold the system group (1.3.6.1.2.1.1)")
        for column, most in oids.COLUMNS.items():
            told |= await self.walk(column, most)
        size = len(oids.CLASS)
        chassis = sorted(oid[size:] for oid, v in told.items() if oid[:size] == oids.CLASS and v == oids.CHASSIS)
        for index in chassis[: oids.MAX_CHASSIS]:
            told |= await self.get([(*column, *index) for column in oids.PARTS])
        return told | await self.walk(oids.PROGRAM, oids.MAX_PROGRAMS) if self._settings.software else told

    async def _resolved(self) -> Any:  # noqa: ANN401
        from pysnmp.error import PySnmpError  # noqa: PLC0415 - slow to import
        from pysnmp.hlapi.v3arch.asyncio import Udp6TransportTarget, UdpTransportTarget  # noqa: PLC0415

        kind = Udp6TransportTarget if ":" in self._host else UdpTransportTarget
        own = self._settings
        try:
            return await kind.create((self._host, own.port), timeout=own.timeout, retries=own.repeats)
        except (PySnmpError, OSError, ValueError) as error:  # ValueError: a name that cannot be one
            raise NoAnswer("there is no host of this name") from error

    async def get(self, names: Iterable[Oid]) -> Answers:
        """The values that exist. Raises NoAnswer."""
        from pysnmp.hlapi.v3arch.asyncio import ContextData, get_cmd  # noqa: PLC0415 - slow to import

        failed, status, _, found = await get_cmd(
            self._engine, self._secrets, self._target, ContextData(), *_objects(names), lookupMib=False
        )
        self._judge(failed)
        return {} if status else _values(found)

    async def walk(self, column: Oid, most: int) -> Answers:
        """The rows of a column, the first `most` of them. Raises NoAnswer."""
        from pysnmp.hlapi.v3arch.asyncio import ContextData, bulk_walk_cmd  # noqa: PLC0415 - slow to import

        rows: Answers = {}
        asked = bulk_walk_cmd(
            self._engine,
            self._secrets,
            self._target,
            ContextData(),
            0,
            _ROWS,
            *_objects([column]),
            lexicographicMode=False,
            lookupMib=False,
        )
        async for failed, status, _, found in asked:
            self._judge(failed)
            fresh = {oid: value for oid, value in _values(found).items() if oid[: len(column)] == column}
            if status or not fresh or fresh.keys() <= rows.keys() or len(rows) >= most:
                break
            rows |= fresh
        return dict(islice(rows.items(), most))

    def _judge(self, failed: Any) -> None:  # noqa: ANN401
        from pysnmp.proto.errind import RequestTimedOut  # noqa: PLC0415 - slow to import

        if isinstance(failed, RequestTimedOut) and self._answered:
            raise NoAnswer("it answered, and then no longer; is it overloaded? `timeout` and `repeats` may be raised")
        if isinstance(failed, RequestTimedOut):
            again = f"{self._settings.repeats + 1} tries of {self._settings.timeout:g} s"
            what = "community" if self._settings.version == "2c" else "user or password"
            raise NoAnswer(
                f"no answer after {again}: it is off, has no SNMP, does not let this address ask, or the {what} is "
                "wrong (devices keep silent then)",
                silent=True,
            )
        if failed:
            raise NoAnswer(f"it refuses: {failed}; are user, passwords and protocols those of the device?")


def _objects(names: Iterable[Oid]) -> list[Any]:
    from pysnmp.hlapi.v3arch.asyncio import ObjectIdentity, ObjectType  # noqa: PLC0415 - slow to import

    return [ObjectType(ObjectIdentity(name)) for name in names]


def _values(found: Iterable[Any]) -> Answers:
    return {tuple(name): _value(value) for name, value in found if type(value).__name__ not in _MISSING}


def _value(value: Any) -> Value:  # noqa: ANN401
    if hasattr(value, "asOctets"):
        return bytes(value.asOctets())[:LONGEST_VALUE]
    try:
        return int(value)
    except (TypeError, ValueError):
        return str(value)
