"""Lifecycle facts as records: what a source says of a table, and the table as the graph knows it.

So facts are ranked, dated, corrected and kept for the past like everything else. A cycle is found by its name: `Debian
12` and `debian 12` are one, whoever says it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from events.models import LONGEST_NAME, Draft, Identifier, Properties, Section
from graph.model import Node, node_id
from graph.paging import node_pages
from graph.store import GraphReader
from inventory.aliases import SECTIONS, Alias, Aliases
from inventory.decisions import KIND, Decision, decision_of
from inventory.lifecycle import Cycle, Edition, LifecycleTable, Product
from inventory.matching import Matcher
from inventory.milestones import MILESTONES, MilestoneName, day_of, known_milestone, milestone_text
from inventory.products import letters, names_of

PAGE = 5000
ALIAS = "ProductAlias"
TABLE = ("LifecycleTable", "Product", "LifecycleCycle")
"""The kinds of facts that a table has."""
_ENDS: dict[MilestoneName, str] = {
    name: f"end_of_{name}{'_support' if name in ('active', 'security', 'extended') else ''}"
    for name in MILESTONES
    if name != "warranty"
}
"""The property of a cycle that holds each milestone."""


def end_property(milestone: MilestoneName) -> str:
    """The property of a LifecycleCycle that holds this milestone."""
    return _ENDS[milestone]


def drafts_of(table: LifecycleTable, edition: Edition) -> Iterator[Draft]:
    """What a source says that gives this table: of the table, of each product and each cycle."""
    yield edition_draft(edition)
    named = Counter(name.casefold() for product in table.products.values() for name in product.names)
    for product in table.products.values():
        own = tuple(name for name in product.names if named[name.casefold()] == 1)
        yield _draft(f"product:{product.name}", "Product", product.label, own, _product_properties(product))
        for cycle in product.cycles:
            names = tuple(f"{name} {cycle.name}".strip() for name in dict.fromkeys((product.label, product.name)))
            yield cycle_draft(cycle, names, product.link)


def edition_draft(edition: Edition) -> Draft:
    """What is said of a table."""
    day = edition.as_of.isoformat() if edition.as_of else ""
    said = _given({"as_of": day, "link": edition.link, "licence": edition.licence})
    return _draft(f"table:{edition.title}", "LifecycleTable", edition.title, (), said)  # each source's own


def cycle_draft(cycle: Cycle, names: Sequence[str], citation: str, comment: str = "") -> Draft:
    """What is said of a cycle that has these names, the first being shown."""
    said = _cycle_properties(cycle) | _given({"citation": citation, "comment": comment})
    return _draft(
        f"cycle:{cycle.product or names[0]}/{cycle.name}".replace("#", "_"), "LifecycleCycle", names[0], names, said
    )


def _cycle_properties(cycle: Cycle) -> Properties:
    ends = {_ENDS[name]: milestone_text(getattr(cycle, name)) for name in _ENDS}
    told = {
        "vendor": cycle.vendor,
        "product": cycle.product,
        "cycle": cycle.name,
        "build": cycle.build,
        "released": cycle.released.isoformat() if cycle.released else "",
        **ends,
        "successor": cycle.successor,
    }
    return _given(told)


def read_cycle(product: str, text: Mapping[str, str]) -> Cycle:
    """A cycle from the properties of a LifecycleCycle, as text; a day that is none is unknown."""
    ends = {name: known_milestone(text.get(stored, "")) for name, stored in _ENDS.items()}
    return Cycle(
        product,
        text.get("cycle", ""),
        day_of(text.get("released", "")),
        active=ends["active"],
        security=ends["security"],
        extended=ends["extended"],
        maintenance=ends["maintenance"],
        sale=ends["sale"],
        build=text.get("build", ""),
        successor=text.get("successor", ""),
        vendor=text.get("vendor", ""),
    )


def table_of(reader: GraphReader) -> LifecycleTable:
    """The table as the graph knows it: of each date what the source says that is trusted most."""
    return table_from(node for kind in TABLE for node in facts(reader, kind))


def matcher_of(reader: GraphReader) -> Matcher:
    """What strings mean by the facts and the decisions that the graph knows."""
    return Matcher(table_of(reader), aliases_of(reader), decisions_of(reader))


def aliases_of(reader: GraphReader) -> Aliases:
    """The city's own aliases, of each source in the order of its file."""
    nodes = sorted(facts(reader, ALIAS), key=lambda node: (node.sources, _number(node), node.id))
    sections: dict[str, list[Alias]] = {}
    for node in nodes:
        text = {name: str(value) for name, value in node.properties.items()}
        alias = Alias.of(
            text.get("pattern", ""), text.get("product", ""), text.get("cycle", ""), text.get("vendor", "")
        )
        sections.setdefault(text.get("section", ""), []).append(alias)
    return Aliases(sections)


def alias_drafts(aliases: Aliases) -> Iterator[Draft]:
    """What is said of a file's aliases."""
    for section in sorted(SECTIONS):
        for number, alias in enumerate(aliases.of(section)):
            vendor = alias.vendor.pattern if alias.vendor else ""
            told = {"section": section, "pattern": alias.pattern.pattern, "product": alias.product,
                    "cycle": alias.cycle, "vendor": vendor}  # fmt: skip
            key = f"alias:{section}:{node_id(alias.pattern.pattern)}"
            name = f"{section}: {alias.pattern.pattern}"[:LONGEST_NAME]
            yield _draft(key, ALIAS, name, (key,), _given(told) | {"number": number})


def _number(node: Node) -> int:
    number = node.properties.get("number", 0)
    return number if isinstance(number, int) else 0


def decisions_of(reader: GraphReader) -> dict[tuple[str, str], Decision]:
    """What persons decided of matches."""
    found = map(decision_of, facts(reader, KIND))
    return {(decision.part, decision.reported): decision for decision in found}


def table_from(nodes: Iterable[Node]) -> LifecycleTable:
    """The table that nodes of these kinds are."""
    found: dict[str, list[Node]] = {}
    for node in nodes:
        found.setdefault(node.kind, []).append(node)
    editions = {source: _edition(node) for node in found.get("LifecycleTable", ()) for source in node.sources}
    products = {product.name: product for node in found.get("Product", ()) if (product := _product(node)).name}
    return _with_cycles(products, found.get("LifecycleCycle", ()), editions)


def _with_cycles(
    products: dict[str, Product], nodes: Iterable[Node], editions: Mapping[str, Edition]
) -> LifecycleTable:
    """Cycles with their products; a product of which only cycles are said is made from these."""
    known = {name: product.name for product in products.values() for name in names_of(product)}
    cycles: dict[str, list[Cycle]] = {name: [] for name in products}
    for node in nodes:
        told = str(node.properties.get("product") or node.name)
        name = told if told in products else known.get(letters(told), told)
        if name not in products:
            products[name] = Product(name, told, vendor=str(node.properties.get("vendor", "")))
            known[letters(told)] = name
        cycles.setdefault(name, []).append(_cycle(node, name))
    newest = lambda cycle: (cycle.released or date.min, cycle.name)  # noqa: E731 - the order of both
    complete = {
        name: replace(product, cycles=tuple(sorted(cycles.get(name, ()), key=newest, reverse=True)))
        for name, product in products.items()
    }
    return LifecycleTable(complete, editions)


def facts(reader: GraphReader, kind: str) -> Iterator[Node]:
    """The nodes of one of the kinds of lifecycle facts, in order of name and id."""
    for page in node_pages(lambda after: reader.assets(kinds=(kind,), after=after, limit=PAGE)):
        yield from page


def _cycle(node: Node, product: str) -> Cycle:
    text = {name: str(value) for name, value in node.properties.items()}
    return replace(read_cycle(product, text), id=node.id)


def _product(node: Node) -> Product:
    text = {name: str(value) for name, value in node.properties.items()}
    return Product(
        name=text.get("product", ""),
        label=node.name,
        category=text.get("category", ""),
        aliases=tuple(filter(None, text.get("also_called", "").split(", "))),
        identifiers=tuple(text.get("identifiers", "").split()),
        vendor=text.get("vendor", ""),
        link=text.get("link", ""),
    )


def _product_properties(product: Product) -> Properties:
    return _given({
        "product": product.name,
        "vendor": product.vendor,
        "category": product.category,
        "also_called": ", ".join(product.aliases),
        "identifiers": " ".join(product.identifiers),
        "link": product.link,
    })  # fmt: skip


def _edition(node: Node) -> Edition:
    text = {name: str(value) for name, value in node.properties.items()}
    return Edition(node.name, day_of(text.get("as_of", "")), text.get("link", ""), text.get("licence", ""))


def _draft(key: str, kind: str, name: str, names: Iterable[str], properties: Properties) -> Draft:
    identifiers = tuple(Identifier(scheme="name", value=value) for value in names)
    section = Section(name=name, identifiers=identifiers, properties=properties)
    return Draft(native_key=key, kind=kind, sections={"core": section})


def _given(told: Mapping[str, str]) -> Properties:
    return {name: value for name, value in told.items() if value}
