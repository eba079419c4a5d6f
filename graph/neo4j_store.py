"""The graph in Neo4j: the server profile."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from neo4j import Driver, GraphDatabase, ManagedTransaction, unit_of_work
from neo4j.exceptions import Neo4jError

from graph.model import Positions
from graph.neo4j_errors import FAILURES, out_of_memory, translated
from graph.neo4j_reader import Neo4jReader
from graph.neo4j_schema import schema_statements
from graph.neo4j_transaction import Neo4jTransaction
from graph.store import (
    LEASE,
    SCHEMA_VERSION,
    BatchTooLarge,
    Clock,
    Writer,
    WriterLost,
    check_schema,
    is_free,
    lease_note,
    lease_text,
)
from graph.transaction import Transaction
from graph.values import time_of, time_text

CONNECT_SECONDS = 5.0
RETRY_SECONDS = 3.0
"""How long the driver itself tries again after a conflict or a lost connection; the caller waits outages out."""
TRANSACTION_SECONDS = 60.0
"""After that the server ends a transaction: a writer that froze in the middle must not hold the lock for ever."""
LEASE_SECONDS = 10.0
"""The same for taking, renewing and releasing the lease, which wait for the lock where another one writes."""
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
        with self._errors():
            self._driver: Driver = GraphDatabase.driver(
                uri,
                auth=auth,
                connection_timeout=CONNECT_SECONDS,
                connection_acquisition_timeout=CONNECT_SECONDS,
                max_transaction_retry_time=RETRY_SECONDS,
                notifications_min_severity="OFF",
                telemetry_disabled=True,
            )
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def acquire(self, owner: str, lease: timedelta, *, take_over: bool = False) -> Writer | None:
        def work(tx: ManagedTransaction) -> Writer | None:
            now, state = self._clock(), _locked(tx)
            until = time_of(state.get("lease_until"))
            if state.get("owner", owner) != owner and until is not None and until > now and not take_over:
                return None
            epoch = int(state.get("epoch", 0)) + 1
            _put(tx, owner=owner, epoch=epoch, lease_until=time_text(now + lease))
            return Writer(owner, epoch)

        return self._writing(work, LEASE_SECONDS)

    def renew(self, writer: Writer, lease: timedelta) -> None:
        def work(tx: ManagedTransaction) -> None:
            _check(_locked(tx), writer)
            _put(tx, lease_until=time_text(self._clock() + lease))

        self._writing(work, LEASE_SECONDS)

    def release(self, writer: Writer) -> None:
        def work(tx: ManagedTransaction) -> None:
            if _locked(tx).get("epoch") == writer.epoch:
                _put(tx, lease_until=time_text(self._clock()))

        self._writing(work, LEASE_SECONDS)

    def hold(self, name: str, owner: str, lease: timedelta) -> bool:
        def work(tx: ManagedTransaction) -> bool:
            text, now = _locked_note(tx, lease_note(name)), self._clock()
            if not is_free(text, owner, now):
                return False
            _put_note(tx, lease_note(name), lease_text(owner, now + lease))
            return True

        return self._writing(work, LEASE_SECONDS)

    def let_go(self, name: str, owner: str) -> None:
        def work(tx: ManagedTransaction) -> None:
            if is_free(_locked_note(tx, lease_note(name)), owner, self._clock()):
                _put_note(tx, lease_note(name), "")

        self._writing(work, LEASE_SECONDS)

    def positions(self, log: str) -> Positions:
        question = "MATCH (p:Position {log: $log}) RETURN p.topic AS topic, p.partition AS partition, p.next AS next"
        return {(row["topic"], row["partition"]): row["next"] for row in self._rows(question, log=log)}

    def logs(self) -> Sequence[str]:
        return [row["log"] for row in self._rows("MATCH (p:Position) RETURN DISTINCT p.log AS log ORDER BY log")]

    def transact(self, writer: Writer, work: Callable[[Transaction], _T], lease: timedelta = LEASE) -> _T:
        def checked(tx: ManagedTransaction) -> _T:
            _check(_locked(tx), writer)
            result = work(Neo4jTransaction(tx, self._clock))
            _put(tx, lease_until=time_text(self._clock() + lease))
            return result

        return self._writing(checked, TRANSACTION_SECONDS)

    def look(self, work: Callable[[Transaction], _T]) -> _T:
        return self._reading_still(lambda tx: work(Neo4jTransaction(tx, self._clock)))

    def close(self) -> None:
        self._driver.close()

    def _set_up(self) -> None:
        """The version is written last: where it stands, all constraints and indexes are there."""
        found = self._rows("MATCH (s:Schema) RETURN max(s.version) AS version")[0]["version"]
        check_schema(self._uri, found)
        if found == SCHEMA_VERSION:
            return
        for statement in (*schema_statements(), "CALL db.awaitIndexes(60)"):
            self._run(statement)
        self._run("MERGE (s:Schema {name: 'schema'}) SET s.version = $version", version=SCHEMA_VERSION)

    def _run(self, statement: str, **values: object) -> None:
        self._writing(lambda tx: tx.run(statement, values).consume(), TRANSACTION_SECONDS)

    def _reading(self, work: Callable[[ManagedTransaction], _T]) -> _T:
        with self._errors(), self._driver.session(database=self._database) as session:
            return session.execute_read(unit_of_work(timeout=TRANSACTION_SECONDS)(work))

    def _reading_still(self, work: Callable[[ManagedTransaction], _T]) -> _T:
        def still(tx: ManagedTransaction) -> _T:
            _locked(tx)
            return work(tx)

        return self._writing(still, TRANSACTION_SECONDS)

    def _writing(self, work: Callable[[ManagedTransaction], _T], seconds: float) -> _T:
        def tried(tx: ManagedTransaction) -> _T:
            try:
                return work(tx)
            except Neo4jError as error:
                if out_of_memory(error):  # calls itself retryable, but the same again would fail again
                    raise BatchTooLarge(f"{self._uri}: it needs more memory than the server has") from error
                raise

        with self._errors(), self._driver.session(database=self._database) as session:
            return session.execute_write(unit_of_work(timeout=seconds)(tried))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except FAILURES as error:
            if (told := translated(self._uri, error)) is None:
                raise
            raise told from error


def _locked(tx: ManagedTransaction) -> Mapping[str, Any]:
    """The writer's state. Setting something takes the lock; read after that, it cannot change until the end."""
    tx.run("MERGE (w:Writer {name: 'writer'}) SET w.locked = true").consume()
    return dict(tx.run("MATCH (w:Writer {name: 'writer'}) RETURN w").single(strict=True)["w"])


def _locked_note(tx: ManagedTransaction, name: str) -> str:
    """The note's text, which cannot change until the transaction ends."""
    tx.run("MERGE (n:Note {name: $name}) SET n.locked = true", name=name).consume()
    return str(tx.run("MATCH (n:Note {name: $name}) RETURN coalesce(n.text, '')", name=name).single(strict=True)[0])


def _put_note(tx: ManagedTransaction, name: str, text: str) -> None:
    tx.run("MATCH (n:Note {name: $name}) SET n.text = $text", name=name, text=text).consume()


def _check(state: Mapping[str, Any], writer: Writer) -> None:
    if state.get("epoch") != writer.epoch:
        raise WriterLost(f"another inventory process has taken over from {writer.owner!r}")


def _put(tx: ManagedTransaction, **values: object) -> None:
    tx.run("MATCH (w:Writer {name: 'writer'}) SET w += $values", values=values).consume()
