"""The real servers, one of each for the whole test session."""

from collections.abc import Iterator

import pytest

from tests.servers.kafka_server import KafkaServer
from tests.servers.neo4j_server import Neo4jServer
from tests.servers.process import require_tools


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A broker shared by all tests: use topics of your own where that matters, and leave it running."""
    require_tools()
    server = KafkaServer(tmp_path_factory.mktemp("kafka"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def neo4j(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """A database shared by all tests: `wipe` it before use, and leave it running."""
    require_tools()
    server = Neo4jServer(tmp_path_factory.mktemp("neo4j"))
    server.start()
    yield server
    server.stop()
