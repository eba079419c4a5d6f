"""What the three clients of kafka-python share: settings, one at a time, made anew after an error, errors in words."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kafka.errors import KafkaError, LogTruncationError, OffsetOutOfRangeError

from events.log import LogUnavailable, PositionLost

PROBE_SECONDS = 3.0
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """How to talk to the brokers. `protocol`: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL; files are PEM."""

    protocol: str = "PLAINTEXT"
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    key_password: str | None = field(default=None, repr=False)
    mechanism: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def settings(self) -> dict[str, object]:
        """In kafka-python's words."""
        return {
            "security_protocol": self.protocol,
            "ssl_cafile": self.ca_file,
            "ssl_certfile": self.certificate_file,
            "ssl_keyfile": self.key_file,
            "ssl_password": self.key_password,
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
        }


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the brokers are (`host:port`, several by comma), and how long to wait for an answer."""

    bootstrap: str
    security: KafkaSecurity
    wait_seconds: float

    def settings(self) -> dict[str, object]:
        wait = int(self.wait_seconds * 1000)
        return {
            "bootstrap_servers": self.bootstrap.split(","),
            "bootstrap_timeout_ms": wait,
            "request_timeout_ms": wait,
            "reconnect_backoff_max_ms": 1000,
            "metrics_enabled": False,
            **self.security.settings(),
        }

    def probe(self) -> None:
        """Raises OSError where no broker accepts a connection.

        kafka-python 3.0 leaves a thread and four files open each time it cannot connect: an outage waited out would
        exhaust them. It is also quicker.
        """
        failure = OSError("no address is given")
        for address in self.bootstrap.split(","):
            host, _, port = address.strip().rpartition(":")
            try:
                socket.create_connection((host.strip("[]"), int(port)), PROBE_SECONDS).close()
            except OSError as error:
                failure = error
            else:
                return
        raise failure


class Client:
    """One client of kafka-python: made on first use, used by one thread at a time, made anew after an error."""

    def __init__(
        self,
        cluster: Cluster,
        make: Callable[[dict[str, object]], Any],
        end: Callable[[Any], None] = lambda client: client.close(),
    ) -> None:
        self._cluster, self._make, self._end = cluster, make, end
        self._lock = threading.RLock()
        self._client: Any = None

    @contextmanager
    def use(self) -> Iterator[Any]:
        """Raises LogUnavailable and PositionLost for what kafka-python raises."""
        with self._lock:
            try:
                if self._client is None:
                    self._cluster.probe()
                    self._client = self._make(self._cluster.settings())
                yield self._client
            except (OffsetOutOfRangeError, LogTruncationError) as error:
                raise PositionLost(f"Kafka at {self._cluster.bootstrap}: {error}") from error
            except (KafkaError, OSError) as error:
                self.close()
                raise self.unavailable(f"{type(error).__name__}: {error}") from error

    def ask(self, question: Callable[[Any], _T]) -> _T:
        """The answer to a question that changes nothing. Raises as `use`.

        A client that idled through an outage has given up its brokers for good: then a new one asks.
        """
        with self._lock:
            if self._client is not None:
                with suppress(LogUnavailable), self.use() as client:
                    return question(client)
            with self.use() as client:
                return question(client)

    def unavailable(self, reason: str) -> LogUnavailable:
        return LogUnavailable(f"Kafka at {self._cluster.bootstrap} gives no answer: {reason}")

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
            if client is not None:
                self._end(client)
