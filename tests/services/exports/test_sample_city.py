"""Bills of materials of the sample city: whole, valid, and with the verdicts that the question gives."""

from collections import Counter
from datetime import date

import pytest

from events.sqlite_log import SqliteLog
from graph.metamodel import THINGS
from graph.sqlite_store import SqliteStore
from graph.store import Selection
from inventory.around import needed_by
from inventory.lifecycle_records import table_of
from inventory.matching import Matcher
from inventory.milestones import VERDICTS, milestone_text
from inventory.obsolescence import Question, obsolete
from inventory.rows import Rows
from services.exports.components import TYPES
from services.exports.few import Few
from services.exports.verdicts import OWN
from tests.services.exports.bills import TODAY, bill, by_ref, lifecycle, told
from tests.whole.profiles import apply, city, city_jobs, job, say

MILESTONE = "cdx:lifecycle:milestone:"
MILESTONES = {"endOfSupport", "endOfGuaranteedSupport", "endOfLife"}
"""Of the official names those that are used."""
SHARED = {"OperatingSystem": "system", "Software": "program"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bom")
    log, store = SqliteLog(folder / "log.db"), SqliteStore(folder / "graph.db")
    say([*city_jobs(city(folder / "city")), job("endoflife", "endoflife")], folder, log)
    apply(log, store)
    yield store
    store.close()
    log.close()


@pytest.fixture(scope="module")
def matcher(store):
    return Matcher(table_of(store))


@pytest.fixture(scope="module")
def document(store, matcher):
    return bill(store, matcher=matcher)


def test_the_city_has_every_asset_and_every_item_that_one_has(store, document):
    kinds = Counter(told(item)["landkarte:kind"] for item in document["components"])

    counts = store.status().counts
    assert kinds == {
        kind: counts[kind] for kind in (*TYPES, "OperatingSystem", "HardwareModel", "Software") if kind in counts
    }
    assert kinds["Software"] > 1000
    assert THINGS - {"Endpoint"} <= TYPES.keys()


def test_verdicts_are_those_that_the_question_gives(store, matcher, document):
    """Each row of what is obsolete, and no other, can be read from the document."""
    question = Question(on=TODAY, verdicts=frozenset(VERDICTS))
    rows = Rows(store, matcher, obsolete(store, matcher, question))
    asked = Counter(
        (row.asset_id, row.part, row.verdict, row.milestone, milestone_text(row.end) or "unknown", row.product,
         ", ".join(row.cycles), row.method, f"{row.confidence:g}", row.source, str(row.snapshot or ""))
        for row in rows
    )  # fmt: skip

    assert len({row[2] for row in asked}) == len(VERDICTS)
    assert Counter(in_document(document)) == asked


def in_document(document):
    found = by_ref(document)
    for ref, item in found.items():
        for part in OWN:
            if said := lifecycle(item, f"landkarte:lifecycle:{part}:"):
                yield ref, part, *values(said)
    for entry in document["dependencies"]:
        for other in entry["dependsOn"]:
            said = lifecycle(found[other])
            part = SHARED.get(told(found[other])["landkarte:kind"])
            if part and "verdict" in said:
                yield entry["ref"], part, *values(said)


def values(said):
    names = ("verdict", "milestone", "end", "product", "cycle", "method", "confidence", "source", "snapshot")
    return tuple(said.get(name, "") for name in names)


def test_official_dates_agree_with_the_verdict_and_are_never_of_what_is_unknown(document):
    dated = [item for item in by_ref(document).values() if any(name.startswith("cdx:") for name in told(item))]

    assert len(dated) > 20
    for item in dated:
        dates = {name.removeprefix(MILESTONE): day for name, day in told(item).items() if name.startswith("cdx:")}
        assert dates.keys() <= MILESTONES
        own = [said for part in OWN if (said := lifecycle(item, f"landkarte:lifecycle:{part}:"))]
        (verdict,) = {said["verdict"] for said in own or [lifecycle(item)]}
        assert verdict != "unknown"
        if "endOfSupport" in dates:
            assert (verdict == "unsupported") == (date.fromisoformat(dates["endOfSupport"]) < TODAY)


def test_everything_judged_says_its_verdict_or_with_what_it_is_judged(document):
    items = [item for item in document["components"] if told(item)["landkarte:kind"] in {*SHARED, "HardwareModel"}]

    assert {"verdict" in lifecycle(item) or "judged_with" in lifecycle(item) for item in items} == {True}
    assert {lifecycle(item).get("on", "2026-11-23") for item in items} == {TODAY.isoformat()}


def test_each_application_and_each_kind_of_asset_is_valid_and_has_what_it_needs(store, matcher):
    nodes = store.assets(kinds=("Application", "CitizenService"), limit=12)
    nodes += [store.assets(kinds=(kind,), limit=1)[0] for kind in TYPES if store.status().counts.get(kind)]

    for node in nodes:
        assets = by_ref(bill(store, node.id, matcher=matcher)).keys()
        needed = {node.id for node in store.nodes(needed_by(store, [node.id])).values() if node.kind in TYPES}
        assert assets >= (needed if node.kind in {"Application", "CitizenService"} else {node.id})


def test_a_few_assets_answer_as_the_store_does(store):
    nodes = store.assets(kinds=tuple(TYPES), limit=10_000)
    few, all_of = Few(reversed(nodes)), Selection(kinds=frozenset(TYPES))

    for names in (("vendor", "model", "purchase_date"), ("engine", "version"), ("memory_mib",), ()):
        groups = store.tally(names, all_of)
        assert few.tally(names, all_of) == groups
        for kind, *values in groups:
            one, wanted = Selection(kinds=frozenset({kind})), dict(zip(names, values, strict=True))
            page = store.valued(wanted, one, limit=3)
            assert few.valued(wanted, one, limit=3) == page
            after = f"{page[-1].name}\x00{page[-1].id}"
            assert few.valued(wanted, one, after=after, limit=2) == store.valued(wanted, one, after=after, limit=2)
