"""A graph into which nobody else has written is what its records say, whatever has happened."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis.stateful import run_state_machine_as_test

from graph.neo4j_store import Neo4jStore
from inventory.deviations import deviations
from tests.inventory.cities import cities, thorough
from tests.inventory.facts import DEBIAN, facts
from tests.inventory.test_batch import START, withdrawn
from tests.inventory.test_laws import Laws, quick
from tests.services.graphs import Landscape, found_in


class Compared(Laws):
    """Joined and parted, retired and come back, corrected, in any order."""

    def check(self):
        super().check()
        assert list(deviations(self.store.look, START)) == []


def test_nothing_is_found_after_any_step_in_sqlite():
    run_state_machine_as_test(Compared, settings=settings(max_examples=60, stateful_step_count=20, **quick))


@pytest.mark.servers
def test_nothing_is_found_after_any_step_in_neo4j(neo4j):
    class InNeo4j(Compared):
        def open_store(self):
            neo4j.wipe()
            return Neo4jStore(neo4j.uri)

    few = settings(max_examples=4, stateful_step_count=10, phases=[Phase.generate], **quick)
    run_state_machine_as_test(InNeo4j, settings=few)


@thorough
@given(cities())
def test_nothing_is_found_in_a_city_with_cycles_and_endpoints(city):
    with tempfile.TemporaryDirectory() as folder:
        landscape = Landscape(Path(folder) / "one")
        landscape.apply(*facts(DEBIAN), *city)
        assert found_in(landscape.store) == []
        landscape.apply(*(withdrawn(f"{item.event.source}/{item.event.native_key}", 900) for item in city[::2]))
        assert found_in(landscape.store) == []
        landscape.close()
