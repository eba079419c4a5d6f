"""Database servers, named the same way by every collector that sees one, so that their records are one asset. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from events.models import Draft, Properties, Reference, Relation, Section
from inventory.identifiers import reference_key
from services.collectors.parts import OBSERVED, given, identifiers, key_of

_BEST = ("smbios-uuid", "serial", "machine-id", "mac", "fqdn", "hostname", "ip")
"""By which scheme a host is referred to, where it has several: what is least often mistaken comes first."""


@dataclass(frozen=True)
class Engine:
    """A database product: the processes that serve it, its usual port, and what else tools call it."""

    name: str
    port: int
    processes: frozenset[str] = frozenset()
    aliases: frozenset[str] = field(default=frozenset())


def _engine(name: str, port: int, processes: str = "", *aliases: str) -> Engine:
    return Engine(name, port, frozenset(processes.split()), frozenset(aliases))


ENGINES = (
    _engine("PostgreSQL", 5432, "postgres postmaster"),
    _engine("MariaDB", 3306, "mariadbd"),
    _engine("MySQL", 3306, "mysqld"),
    _engine("MongoDB", 27017, "mongod"),
    _engine("Oracle Database", 1521, "tnslsnr", "oracle"),
    _engine("Microsoft SQL Server", 1433, "sqlservr sqlservr.exe", "sql server", "mssql"),
    _engine("Redis", 6379, "redis-server"),
    _engine("Valkey", 6379, "valkey-server"),
    _engine("IBM Db2", 50000, "db2sysc", "db2"),
    _engine("Firebird", 3050, "firebird fbserver fb_smp_server"),
    _engine("Informix", 9088, "oninit"),
    _engine("InfluxDB", 8086, "influxd"),
    _engine("Apache Cassandra", 9042, "", "cassandra"),
    _engine("Neo4j", 7687),
    _engine("CouchDB", 5984),
)
_SIDE_PORTS = frozenset({1434, 5022, 16379, 33060, 33062})
"""Ports at which the same instance serves something else: administration, mirroring, a cluster's bus, MySQL's X."""
_SPEAKS_FOR_OTHERS = frozenset({"", "java", "beam.smp", "dockerd", "docker-proxy", "rootlessport", "conmon", "systemd"})
"""Processes that do not tell what they serve: unknown ones, run times, and what forwards a container's port."""


def engine_of(process: str, port: int) -> str:
    """The database product that this process serves at this port, or ""; where the process does not tell, by port.

    MySQL and MariaDB, and Redis and Valkey, share a port: a port alone is taken for the one that is met more often.
    """
    if port in _SIDE_PORTS:
        return ""
    named = next((engine.name for engine in ENGINES if process in engine.processes), "")
    return named or (engine_at(port) if process in _SPEAKS_FOR_OTHERS else "")


def engine_at(port: int) -> str:
    """The database product whose usual port this is, or ""."""
    return next((engine.name for engine in ENGINES if engine.port == port), "")


def engine_named(*words: str) -> str:
    """The product's usual name in what a tool calls it (name, type, ...), or "" where it is none that is known here."""
    told = " ".join(words).casefold()
    return next(
        (e.name for e in ENGINES if any(alias in told for alias in (e.name.casefold(), *e.aliases))),
        "",
    )


def instance_name(engine: str, host: str, port: int = 0) -> str:
    """`PostgreSQL on srv-db1:5432`; the host by its first label, since one tool reports that and another all of it."""
    return f"{engine} on {host.strip().split('.')[0].casefold()}" + (f":{port}" if port else "")


def database_instance(  # noqa: PLR0913 - each is a part of what is known
    host_key: str,
    host: str,
    host_names: Iterable[tuple[str, str]],
    engine: str,
    port: int = 0,
    *,
    addresses: Iterable[str] = (),
    version: str = "",
    clients: tuple[Relation, ...] = (),
    evidence: Properties = OBSERVED,
) -> Draft:
    """The record of a database server on a host.

    `host_key`: the native key of the host's record in this source. `host`: its host name, by which the instance is
    named. `host_names`: (scheme, value) of its identifiers; the best of them is what RUNS_ON refers to. `port`: 0 where
    it is not known. `addresses`: at which others reach it, which are none where it listens on loopback alone.
    """
    name = instance_name(engine, host, port)
    known_host = reference_key(Reference(scheme="hostname", value=host, kind="Server")) if host else None
    sockets = (("socket", socket_of(address, port)) for address in addresses if port)
    core = Section(
        name=name,
        identifiers=identifiers(("name", name if known_host else ""), *sockets),
        properties=given(engine=engine, version=version),
        relations=_runs_on(host_names, evidence),
    )
    connections = {"connections": Section(relations=clients)} if clients else {}
    native_key = key_of(host_key, engine, str(port or ""))
    return Draft(native_key=native_key, kind="DatabaseInstance", sections={"core": core, **connections})


def socket_of(address: str, port: int) -> str:
    """The value of the scheme `socket`: an address and a port."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def best_reference(names: Iterable[tuple[str, str]], kind: str = "Server") -> Reference | None:
    """A reference to what has these identifiers, by the surest that is usable, or None where none is."""
    ranked = sorted((pair for pair in names if pair[0] in _BEST and pair[1]), key=lambda p: (_BEST.index(p[0]), p[1]))
    found = (Reference(scheme=scheme, value=value, kind=kind) for scheme, value in ranked)
    return next((reference for reference in found if reference_key(reference)), None)


def _runs_on(host_names: Iterable[tuple[str, str]], evidence: Properties) -> tuple[Relation, ...]:
    to = best_reference(host_names)
    return (Relation(type="RUNS_ON", to=to, properties=evidence),) if to else ()
