"""The servers that are measured against: as in the tests, with the memory that a data centre would give them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers.kafka_server import KafkaServer
from tests.servers.neo4j_server import Neo4jServer

HEAP = "-Xmx3g"
PAGES = "server.memory.pagecache.size=1g\n"


class LargeNeo4j(Neo4jServer):
    """Neo4j with 3 GiB of heap and 1 GiB of page cache."""

    def prepare(self) -> None:
        super().prepare()
        file = self.home / "conf" / "neo4j.conf"
        lines = [line for line in file.read_text().splitlines() if not line.startswith("server.memory.pagecache")]
        file.write_text("\n".join(lines) + "\n" + PAGES)

    def command(self) -> list[str]:
        return [HEAP if part.startswith("-Xmx") else part for part in super().command()]


@contextmanager
def fresh_neo4j() -> Iterator[LargeNeo4j]:
    """An empty database of its own, which goes afterwards."""
    with TemporaryDirectory(prefix="landkarte-bench-") as folder:
        server = LargeNeo4j(Path(folder) / "neo4j")
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def fresh_kafka() -> Iterator[KafkaServer]:
    """An empty broker of its own, which goes afterwards."""
    with TemporaryDirectory(prefix="landkarte-bench-") as folder:
        server = KafkaServer(Path(folder) / "kafka")
        server.start()
        try:
            yield server
        finally:
            server.stop()
