"""Processes that a test starts, and that end with it."""

import pytest

from tests.whole.processes import Landkarte


@pytest.fixture
def landkarte(tmp_path, kafka, neo4j):
    found = Landkarte(tmp_path, kafka, neo4j)
    yield found
    found.stop()
