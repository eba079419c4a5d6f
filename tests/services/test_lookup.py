"""What a person names is found, or the answer says why not."""

import pytest

from inventory.topology import load_topology
from services.lookup import Ambiguous, NotFound, find_failing, find_one
from tests.inventory.feeding import program, said
from tests.inventory.test_batch import withdrawn
from tests.services.graphs import Landscape


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "one")
    yield found
    found.close()


def test_a_whole_name_is_found_among_many_that_contain_it(city):
    city.apply(*(said("a", "Application", f"A{n} Fach", at=n + 1) for n in range(1001)))
    city.apply(said("a", "Application", "Fach", at=2000))

    assert find_one(city.store, "fach").name == "Fach"


def test_a_retired_asset_is_found_by_its_name_where_no_live_one_has_it(city):
    city.apply(said("a", "Application", "old", at=10), said("b", "Application", "both", at=10))
    city.apply(withdrawn("a/Application:old", 20), withdrawn("b/Application:both", 20))
    city.apply(said("c", "Server", "both", at=30))

    assert find_one(city.store, "OLD").retired_at is not None
    assert find_one(city.store, "both").kind == "Server"
    city.apply(said("c", "Server", "old", at=40))
    city.apply(withdrawn("c/Server:old", 50))
    with pytest.raises(Ambiguous, match="2 retired assets"):
        find_one(city.store, "old")
    with pytest.raises(NotFound):
        find_one(city.store, "")


def test_what_cannot_fail_is_refused_with_the_reason(city):
    city.apply(said("a", "Server", "x", program("bash"), at=10), said("a", "Application", "old", at=10))
    city.apply(withdrawn("a/Application:old", 20))
    (software,) = city.store.catalogue("Software")
    topology = load_topology(city.store)

    assert [node.name for node in find_failing(city.store, topology, ["x"])] == ["x"]
    with pytest.raises(NotFound, match="is retired"):
        find_failing(city.store, topology, ["x", find_one(city.store, "old").id])
    with pytest.raises(NotFound, match="is Software of the catalogue and no asset"):
        find_failing(city.store, topology, [software.id])
    city.apply(said("a", "Server", "y", at=30))
    with pytest.raises(NotFound, match="ask again"):
        find_failing(city.store, topology, ["y"])
