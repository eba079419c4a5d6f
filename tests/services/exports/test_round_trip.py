"""What our own reader of bills makes of an exported city, a document for each asset.

What cannot survive: kinds finer than CycloneDX's types, unless the source's setting `kind` says them (a guest is read
as a server); the type of a package that has no package URL; of a system all but one name and its version,
which for a SLES with its service pack is not enough to place it, so that it is unknown; relations
between assets; and an asset's own properties, but vendor and version. A document of a whole city describes one thing,
and is no way to move a graph: copying the log is.
"""

from collections import Counter

import pytest

from events.sqlite_log import SqliteLog
from graph.metamodel import COMPUTERS
from graph.sqlite_store import SqliteStore
from tests.services.exports.bills import TODAY, text_of
from tests.services.exports.test_sample_city import matcher, store
from tests.whole.profiles import apply, job, say

__all__ = ["matcher", "store"]


@pytest.fixture(scope="module")
def second(store, matcher, tmp_path_factory):
    """A second graph that knows the computers by their bills alone."""
    folder = tmp_path_factory.mktemp("second")
    (folder / "bills").mkdir()
    for node in some(store):
        (folder / "bills" / f"{node.id}.cdx.json").write_text(text_of(store, node.id, matcher=matcher))
    log, found = SqliteLog(folder / "log.db"), SqliteStore(folder / "graph.db")
    (report,) = say([job("bills", "cyclonedx", [folder / "bills"])], folder, log)
    assert (report.status, report.failed, report.skipped) == ("complete", 0, 0)
    apply(log, found)
    yield found
    found.close()
    log.close()


def some(store):
    """Every fifth computer."""
    return store.assets(kinds=sorted(COMPUTERS), limit=10_000)[::5]


def had(assets, store, relation, *names):
    """What each of these assets has by this relation, by the asset's name."""
    found = {node.name.casefold(): set() for node in assets}
    names_of = {node.id: node.name.casefold() for node in assets}
    edges = list(store.edges_of(names_of, types=(relation,)))
    items = store.nodes({edge.key.target_id for edge in edges})
    for edge in edges:
        properties = items[edge.key.target_id].properties
        found[names_of[edge.key.source_id]].add(tuple(str(properties.get(name, "")) for name in names))
    return found


def test_the_software_of_every_computer_survives(store, second):
    names = ("name", "version", "vendor", "purl", "cpe")

    before, after = (
        had(some(store), store, "INSTALLED", *names),
        had(second.assets(limit=10_000), second, "INSTALLED", *names),
    )
    assert sum(map(len, before.values())) > 1000
    assert after == before


def test_models_survive_and_systems_keep_their_verdict_or_are_unknown(store, second, matcher):
    models = had(some(store), store, "IS_MODEL", "name", "vendor")
    assert any(models.values())
    assert had(second.assets(limit=10_000), second, "IS_MODEL", "name", "vendor") == models
    systems = ("full_name", "name", "version", "edition", "build")
    before, after = (
        had(some(store), store, "HAS_OS", *systems),
        had(second.assets(limit=10_000), second, "HAS_OS", *systems),
    )
    same = Counter()
    for name, items in before.items():
        for item, other in zip(items, after[name], strict=True):
            one, two = (matcher.system(dict(zip(systems, told, strict=True))).verdict(TODAY) for told in (item, other))
            assert two in {one, "unknown"}
            same[one == two] += 1
    assert same[True] > 20 * same[False]
