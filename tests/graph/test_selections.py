"""What every graph store answers about a selection of assets: how many there are, and which have something."""

import dataclasses
from datetime import timedelta

import pytest

from graph.store import Selection
from tests.graph.changes import changes, edge, edges, item, node, nodes
from tests.graph.conftest import START

KINDS, SOURCES = ("Server", "Client"), (("glpi",), ("ad",), ("ad", "glpi"))


@pytest.fixture
def write(store):
    """Write a difference that follows the one before."""
    writer, at = store.acquire("one", timedelta(seconds=15)), 0

    def one(**parts):
        nonlocal at
        store.transact(writer, lambda tx: tx.write(changes(at, **parts)))
        at += 1

    return one


@pytest.fixture(params=["few", "many"])
def having(request, monkeypatch):
    """How a store looks for those that have an item depends on how many they are."""
    for few in ("sqlite_selection.FEW", "neo4j_selection.FEW", "neo4j_selection.FEW_OF_KIND"):
        monkeypatch.setattr(f"graph.{few}", 0 if request.param == "many" else 1000)


@pytest.fixture
def filled(store, write):
    """Six assets of two kinds from two sources, a retired one and an Endpoint, each with one program; two are had."""
    assets = [dataclasses.replace(node(f"a{n}", KINDS[n % 2]), sources=SOURCES[n % 3]) for n in range(6)]
    gone, endpoint = node("a6", retired_at=START), node("a7", "Endpoint")
    write(
        nodes=nodes(*assets, gone, endpoint),
        catalogue=nodes(*(item(f"s{n}") for n in range(4)), item("deb", "OperatingSystem")),
        edges=edges(*(edge(f"a{n}", "INSTALLED", f"s{n // 3}") for n in range(8)), edge("a0", "HAS_OS", "deb")),
    )
    return store


SELECTED = {
    "all of the landscape": (Selection(), "012345"),
    "of a kind": (Selection(frozenset({"Server"})), "024"),
    "of a kind that no list shows": (Selection(frozenset({"Endpoint", "Client"})), "1357"),
    "of a source": (Selection(sources=frozenset({"glpi", "none"})), "0235"),
    "of two sources": (Selection(sources=frozenset({"glpi", "ad"})), "012345"),
    "of a kind and a source": (Selection(frozenset({"Server"}), frozenset({"glpi"})), "02"),
    "among some": (Selection(among=frozenset({"id-a1", "id-a2", "id-a6", "id-nobody"})), "12"),
    "among none": (Selection(among=frozenset()), ""),
    "without some": (Selection(without=frozenset({"id-a1", "id-a2", "id-nobody"})), "0345"),
    "all of it": (
        Selection(
            frozenset({"Server"}), frozenset({"glpi"}), frozenset({"id-a0", "id-a2", "id-a4"}), frozenset({"id-a0"})
        ),
        "2",
    ),
}


@pytest.mark.usefixtures("having")
@pytest.mark.parametrize(("selection", "chosen"), SELECTED.values(), ids=SELECTED)
def test_a_selection_means_the_same_in_every_question(filled, selection, chosen):
    had = {f"id-s{s}": sum(1 for n in chosen if int(n) // 3 == s) for s in range(3)}

    assert filled.spread("INSTALLED", selection) == {found: count for found, count in had.items() if count}
    assert filled.spread("HAS_OS", selection) == ({"id-deb": 1} if "0" in chosen else {})
    assert filled.spread("IS_MODEL", selection) == {}
    assert sum(filled.tally([], selection).values()) == len(chosen)
    assert [one.name for one in filled.valued({}, selection)] == [f"a{n}" for n in chosen]
    for s in range(3):
        assert [one.name for one in filled.holding("INSTALLED", f"id-s{s}", selection)] == [
            f"a{n}" for n in chosen if int(n) // 3 == s
        ]


def of(name, kind="Server", **properties):
    return dataclasses.replace(node(name, kind), properties=properties)


ODD = 'Büro "Mitte"\\\n\t\x7f'
VALUED = [
    of("a", vendor="Dell", model="R640"),
    of("b", vendor="Dell", model="R640", cores=8),
    of("c", vendor="Dell", virtual=True, load=0.5),
    of("d", "Client", vendor="Dell", model="R640"),
    of("e", vendor=ODD, cores="8", virtual="true", load="0.5"),
    of("f", vendor="", model="1" * 40),
    of("g", model=74),
    of("h", model="74"),
]
TALLIED = [
    ([], {("Server",): 7, ("Client",): 1}),
    (["vendor"], {("Server", "Dell"): 3, ("Client", "Dell"): 1, ("Server", ODD): 1, ("Server", ""): 3}),
    (["cores"], {("Server", "8"): 2, ("Server", ""): 5, ("Client", ""): 1}),
    (["virtual", "load"], {("Server", "true", "0.5"): 2, ("Server", "", ""): 5, ("Client", "", ""): 1}),
    (
        ["model", "vendor"],
        {
            ("Server", "R640", "Dell"): 2,
            ("Server", "", "Dell"): 1,
            ("Client", "R640", "Dell"): 1,
            ("Server", "", ODD): 1,
            ("Server", "1" * 40, ""): 1,
            ("Server", "74", ""): 2,
        },
    ),
]


@pytest.mark.parametrize(("properties", "counts"), TALLIED)
def test_assets_are_counted_by_kind_and_values_and_found_by_them(store, write, properties, counts):
    write(nodes=nodes(*VALUED, node("old", retired_at=START), node("1", "Endpoint")))

    assert store.tally(properties) == counts
    for (kind, *values), count in counts.items():
        found = store.valued(dict(zip(properties, values, strict=True)), Selection(frozenset({kind})))
        assert {one.kind for one in found} == {kind}
        assert len(found) == count


def test_what_nothing_has_is_found_nowhere(store, write):
    write(nodes=nodes(*VALUED))

    assert [one.name for one in store.valued({"vendor": "Dell", "model": ""})] == ["c"]
    assert store.valued({"vendor": "dell"}) == []
    assert store.valued({"model": "9" * 40}) == []
    assert store.holding("INSTALLED", "id-none") == []


@pytest.mark.usefixtures("having")
@pytest.mark.parametrize("question", ["holding", "valued"])
def test_assets_of_a_selection_are_paged_in_order_of_name_and_id(store, write, question):
    names = ["b", "a", "Z", "ä", "\uff21", "\U0001f600", "a"]
    some = [dataclasses.replace(node(f"{n}"), name=name) for n, name in enumerate(names)]
    ids = {"holding": ("INSTALLED", "id-s"), "valued": ({"memory_mib": "8"},)}[question]
    drawn = (edge(f"{n}", "INSTALLED", "s") for n in range(len(names)))
    write(nodes=nodes(*some, node("x", "Client")), catalogue=nodes(item("s")), edges=edges(*drawn))

    found, after = [], ""
    while page := getattr(store, question)(*ids, Selection(frozenset({"Server"})), after=after, limit=2):
        found += [(one.name, one.id) for one in page]
        after = f"{page[-1].name}\x00{page[-1].id}"
    assert found == sorted((one.name, one.id) for one in some)
