"""The servers that are measured against: as in the tests, with the memory that a data centre would give them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import neo4j
from kafka.admin import KafkaAdminClient

from events.log import CHANGES
from tests.servers.kafka_server import KafkaServer
from tests.servers.neo4j_server import Neo4jServer
from tests.servers.process import await_condition

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


def empty(uri: str) -> None:
    """Take everything out but the schema: the server has compiled what it needs."""
    with neo4j.GraphDatabase.driver(uri) as driver, driver.session(database="neo4j") as session:
        session.run("MATCH (n) WHERE NOT n:Schema CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 200 ROWS").consume()


def forget_changes(bootstrap: str) -> None:
    """Nothing of the journal was published: the next who opens the log makes the topic anew."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.delete_topics([CHANGES])
    await_condition(lambda: CHANGES not in admin.list_topics(), seconds=30, what=f"the end of {CHANGES}")
    admin.close()
