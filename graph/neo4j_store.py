"""The graph in Neo4j: the server profile."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from neo4j import Driver, GraphDatabase, ManagedTransaction
from neo4j.exceptions import AuthError, ConfigurationError, DriverError, Neo4jError, TransientError

from graph.model import Positions
from graph.neo4j_reader import Neo4jReader
from graph.neo4j_schema import schema_statements, time_of, time_text
from graph.neo4j_transaction import Neo4jTransaction
from graph.store import (
    SCHEMA_VERSION,
    AccessDenied,
    BatchTooLarge,
    Clock,
    SchemaTooNew,
    StoreUnavailable,
    Transaction,
    Writer,
    WriterLost,
)

CONNECT_SECONDS = 5.0
RETRY_SECONDS = 10.0
"""How long the driver itself tries again after a conflict or a lost connection."""
_OUT_OF_MEMORY = "MemoryPoolOutOfMemoryError"
_T = TypeVar("_T")


class Neo4jStore(Neo4jReader):
    """See `GraphStore`. Threads may share it. Raises AccessDenied where the server refuses the user."""

    def __init__(
        self,
        uri: str,
        *,
        auth: tuple[str, str] | None = None,
        database: str = "neo4j",
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._uri, self._database, self._clock = uri, database, clock
        self._driver: Driver = GraphDatabase.driver(
            uri,
            auth=auth,
            connection_timeout=CONNECT_SECONDS,
            connection_acquisition_timeout=CONNECT_SECONDS,
            max_transaction_retry_time=RETRY_SECONDS,
            notifications_min_severity="OFF",
        )
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def acquire(self, owner: str, lease: timedelta) -> Writer | None:
        def work(tx: ManagedTransaction) -> Writer | None:
            now = self._clock()
            found = tx.run("MERGE (w:Writer {name: 'writer'}) SET w.touched = $now RETURN w", now=time_text(now))
            state = found.single(strict=True)["w"]
            until = time_of(state.get("lease_until"))
            if state.get("owner", owner) != owner and until is not None and until > now:
                return None
            epoch = int(state.get("epoch", 0)) + 1
            _put(tx, owner=owner, epoch=epoch, lease_until=time_text(now + lease))
            return Writer(owner, epoch)

        return self._writing(work)

    def renew(self, writer: Writer, lease: timedelta) -> None:
        def work(tx: ManagedTransaction) -> None:
            self._check(tx, writer)
            _put(tx, lease_until=time_text(self._clock() + lease))

        self._writing(work)

    def release(self, writer: Writer) -> None:
        def work(tx: ManagedTransaction) -> None:
            question = "MATCH (w:Writer) WHERE w.epoch = $epoch SET w.lease_until = $now"
            tx.run(question, epoch=writer.epoch, now=time_text(self._clock()))

        self._writing(work)

    def positions(self, log: str) -> Positions:
        question = "MATCH (p:Position {log: $log}) RETURN p.topic AS topic, p.partition AS partition, p.next AS next"
        return {(row["topic"], row["partition"]): row["next"] for row in self._rows(question, log=log)}

    def logs(self) -> Sequence[str]:
        return [row["log"] for row in self._rows("MATCH (p:Position) RETURN DISTINCT p.log AS log ORDER BY log")]

    def transact(self, writer: Writer, work: Callable[[Transaction], _T]) -> _T:
        def checked(tx: ManagedTransaction) -> _T:
            self._check(tx, writer)
            return work(Neo4jTransaction(tx, self._clock))

        return self._writing(checked)

    def close(self) -> None:
        self._driver.close()

    def _set_up(self) -> None:
        """Constraints and indexes first, so that what follows finds what it looks for."""
        with self._errors(), self._driver.session(database=self._database) as session:
            found = session.run("MATCH (s:Schema) RETURN max(s.version) AS version").single(strict=True)["version"]
            if found is not None and found > SCHEMA_VERSION:
                raise SchemaTooNew(
                    f"{self._uri}: made by a newer version of landkarte (schema {found}, this one knows "
                    f"{SCHEMA_VERSION}); update landkarte, or name another database"
                )
            for statement in schema_statements():
                session.run(statement).consume()
            session.run("CALL db.awaitIndexes(60)").consume()
            session.run("MERGE (s:Schema {name: 'schema'}) SET s.version = $version", version=SCHEMA_VERSION).consume()

    def _check(self, tx: ManagedTransaction, writer: Writer) -> None:
        """Setting something takes the lock; only then is the epoch read, so that it cannot change before the end."""
        question = "MATCH (w:Writer {name: 'writer'}) SET w.touched = $now RETURN w.epoch AS epoch"
        found = tx.run(question, now=time_text(self._clock())).single()
        if found is None or found["epoch"] != writer.epoch:
            raise WriterLost(f"another inventory process has taken over from {writer.owner!r}")

    def _reading(self, work: Callable[[ManagedTransaction], _T]) -> _T:
        with self._errors(), self._driver.session(database=self._database) as session:
            return session.execute_read(work)

    def _writing(self, work: Callable[[ManagedTransaction], _T]) -> _T:
        with self._errors(), self._driver.session(database=self._database) as session:
            return session.execute_write(work)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """The driver's errors in the port's words. A conflict that outlasts its retries may succeed later too."""
        try:
            yield
        except AuthError as error:
            raise AccessDenied(f"{self._uri}: the server refuses the user or password; set graph_user and "
                               "LANDKARTE_GRAPH_PASSWORD") from error  # fmt: skip
        except ConfigurationError as error:
            raise AccessDenied(f"{self._uri}: {error}") from error
        except Neo4jError as error:
            if _OUT_OF_MEMORY in str(error.code):
                raise BatchTooLarge(f"{self._uri}: the transaction needs more memory than the server has") from error
            if isinstance(error, TransientError) or error.is_retryable() or "ConstraintValidation" in str(error.code):
                raise StoreUnavailable(f"{self._uri}: {error.message}") from error
            raise
        except (DriverError, OSError) as error:
            raise StoreUnavailable(f"{self._uri}: the graph database does not answer ({_first_line(error)})") from error


def _put(tx: ManagedTransaction, **values: object) -> None:
    tx.run("MATCH (w:Writer {name: 'writer'}) SET w += $values", values=values)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
