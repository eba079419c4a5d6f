"""What stands in Neo4j and was not written by the store, or not so: labels, types, ends, and the form of values.

Where something is looked for in all nodes, or all relationships of a type, the server gives only what is wrong.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import groupby
from typing import Any

from neo4j import ManagedTransaction

from graph.metamodel import CATALOGUE, KINDS, RELATIONS
from graph.model import EdgeKey
from graph.neo4j_cypher import ends, types
from graph.neo4j_schema import CONSTRAINTS, catalogue_map, edge_map, edge_of, node_map, node_of
from graph.stray import Stray, named
from graph.values import text_of

LABELS, FORM = "labels", "form"
INTERNAL = {
    "DESCRIBES": ("Record", "Asset"),
    "HAS_SECTION": ("Record", "Body"),
    "HOLDS": ("Record", "Identifier"),
    "REFERS": ("Record", "Identifier"),
}
"""Relationships of what the inventory keeps beside the metamodel, with the labels of their ends."""
FEW = 50
"""Nodes whose relationships are looked at together: a computer has some hundred."""
_KEPT = sorted(CONSTRAINTS.keys() - {"Asset", "Catalogue"})
_OWN = {"Asset": KINDS.keys() - CATALOGUE, "Catalogue": CATALOGUE}
_ASSET_LIKE = {"id", "sort", "rules", "claims"}
_Found = tuple[list[Stray], str]
_Row = Mapping[str, Any]
_NODE = "elementId(n) AS place, labels(n) AS labels, properties(n) AS told"
_SHOWN = "coalesce(b.title, b.name, b.key, b.id, '')"


def strays_from(tx: ManagedTransaction, after: str, limit: int) -> tuple[list[Stray], str]:
    """See `Transaction.strays`. The cursor: the number of a step, and how far it came."""
    step, _, rest = after.partition(" ")
    number = int(step or 0)
    found, last = STEPS[number](tx, rest, limit)
    if last:
        return found, f"{number} {last}"
    return found, f"{number + 1} " if number + 1 < len(STEPS) else ""


def right_labels(labels: Iterable[str], told: _Row, founded: Mapping[str, str]) -> list[str]:
    """The labels of a node, by what it has; none for what is not the store's. `founded`: kinds of records by id."""
    kind, node = told.get("kind"), told.get("id")
    kept = [label for label in _KEPT if label in labels and CONSTRAINTS[label] in told]
    if kept and not _ASSET_LIKE.issubset(told):
        return kept[:1]
    for label in (label for label in ("Asset", "Catalogue") if label in labels and isinstance(node, str)):
        there = [name for name in (kind, founded.get(str(node)), *sorted(labels)) if name in _OWN[label]]
        if there and (label == "Catalogue" or kind in _OWN[label] or node in founded):
            return [label, str(there[0])]
    return []


def _labelled(condition: str, tx: ManagedTransaction, rest: str, limit: int) -> _Found:
    """Nodes with labels that do not belong together."""
    question = f"MATCH (n{condition} RETURN {_NODE} SKIP $skip LIMIT $limit"
    own: dict[str, Any] = {label.lower(): sorted(kinds) for label, kinds in _OWN.items()}
    rows = list(tx.run(question, skip=int(rest or 0), limit=limit, **own))
    ids = [row["told"]["id"] for row in rows if isinstance(row["told"].get("id"), str)]
    records = tx.run("UNWIND $ids AS id MATCH (r:Record {id: id}) RETURN id, r.kind AS kind", ids=ids)
    founded = {row["id"]: row["kind"] for row in records}
    found = [_node(row, LABELS, right_labels(row["labels"], row["told"], founded)) for row in rows]
    return found, str(int(rest or 0) + limit) if len(rows) == limit else ""


def _node(row: _Row, what: str, wanted: list[str]) -> Stray:
    told = row["told"]
    there = ", ".join(sorted(row["labels"]))
    if not wanted:
        shown = {name: str(value) for name, value in told.items() if name not in {"claims", "since", "conflicts"}}
        what, there = "node", f"({there}) {text_of(shown)}"
    name = named(told.get("name")) or named(told.get("title"))
    return Stray(row["place"], what, there, ", ".join(wanted), named(told.get("id")), named(told.get("kind")), name)


def _unknown(tx: ManagedTransaction, rest: str, limit: int) -> _Found:
    """Relationships of types that the store does not write."""
    names = {row["name"] for row in tx.run("CALL db.relationshipTypes() YIELD relationshipType AS name RETURN name")}
    unknown = sorted(names - RELATIONS.keys() - INTERNAL.keys())
    if not unknown:
        return [], ""
    return _drawn("$any($unknown)", "true", tx, rest, limit, unknown=unknown)


def _drawn(
    types: str,
    condition: str,
    tx: ManagedTransaction,
    rest: str,
    limit: int,
    **more: Any,  # noqa: ANN401 - query parameters
) -> _Found:
    """Relationships of these types for which the condition holds: they go."""
    question = f"""
        MATCH (a)-[e:{types}]->(b) WHERE {condition}
        RETURN elementId(e) AS place, type(e) AS type, labels(b) AS labels, b.id AS target, {_SHOWN} AS other,
        a.id AS id, a.kind AS kind, coalesce(a.title, a.name, a.key) AS name SKIP $skip LIMIT $limit
    """
    rows = list(tx.run(question, skip=int(rest or 0), limit=limit, **more))
    return [_relationship(row) for row in rows], str(int(rest or 0) + limit) if len(rows) == limit else ""


def _relationship(row: _Row) -> Stray:
    labels = ", ".join(sorted(row["labels"]))
    there = f"{row['type']} to ({labels}) {row['other']}"
    key = EdgeKey(named(row["id"]), row["type"], named(row["target"]))
    return Stray(row["place"], "relationship", there, "", key.source_id, named(row["kind"]), named(row["name"]), key)


def _formed(label: str, tx: ManagedTransaction, rest: str, limit: int) -> _Found:
    """Nodes that are not what the store makes of them."""
    question = f"MATCH (n:{label}) WHERE n.id > $after RETURN {_NODE} ORDER BY n.id LIMIT $limit"
    rows = list(tx.run(question, after=rest, limit=limit))
    found = []
    for row in rows:
        right = node_form(row["labels"], row["told"])
        if other := _differing(row["told"], right):
            stray = _node(row, FORM, ["the store's own form"])
            found.append(Stray(**{**_fields(stray), "there": other}))
    return found, rows[-1]["told"]["id"] if len(rows) == limit else ""


def node_form(labels: Iterable[str], told: _Row) -> dict[str, Any]:
    """A node's properties as the store keeps them."""
    if "Catalogue" in labels:
        return catalogue_map(node_of({"title": told.get("name") or "?", **told}))
    node = node_of({name: value for name, value in told.items() if name != "title"})
    return {name: value for name, value in node_map(node).items() if value is not None}


def _differing(told: _Row, right: _Row) -> str:
    wrong = {name: told.get(name) for name in sorted(told.keys() | right.keys()) if told.get(name) != right.get(name)}
    return ", ".join(f"{name}: {value}" for name, value in wrong.items())


def _fields(stray: Stray) -> dict[str, Any]:
    return {name: getattr(stray, name) for name in Stray.__slots__}


def _claimed(label: str, tx: ManagedTransaction, rest: str, limit: int) -> _Found:
    """Relationships that stand twice, or that say who claims them in another way than the store does."""
    few = min(limit, FEW)
    some = f"MATCH (n:{label}) WHERE n.id > $after RETURN n.id AS id ORDER BY n.id LIMIT $limit"
    ids = [row["id"] for row in tx.run(some, after=rest, limit=few)]
    question = f"""
        UNWIND $ids AS id MATCH (a:{label} {{id: id}})-[e:{types()}]->(b) WHERE b.id IS NOT NULL
        WITH id, a.kind AS kind, coalesce(a.title, a.name) AS name, type(e) AS type, b.id AS target,
        {_SHOWN} AS other, labels(b) AS labels, elementId(e) AS place, properties(e) AS told ORDER BY id, type, target
        RETURN id, kind, name, type, target, other, labels, place, told
    """
    found: list[Stray] = []
    for _, some_rows in groupby(tx.run(question, ids=ids), key=lambda row: (row["id"], row["type"], row["target"])):
        found += _of_one_key(list(some_rows))
    return found, ids[-1] if len(ids) == few else ""


def _of_one_key(rows: list[_Row]) -> Iterator[Stray]:
    """Of several between the same ends one stays: one that somebody claims."""
    rows.sort(key=lambda row: (not row["told"].get("records"), row["place"]))
    for row in rows[1:]:
        yield _relationship({**row, "type": row["type"], "other": f"{row['other']}, drawn twice"})
    first = rows[0]
    right = edge_form(first["id"], first["type"], first["target"], first["told"])
    if right["records"] and (other := _differing(first["told"], right)):
        told = {**_fields(_relationship(first)), "what": FORM, "there": other, "wanted": "the store's own form"}
        yield Stray(**told)


def edge_form(source: str, kind: str, target: str, told: _Row) -> dict[str, Any]:
    """A relationship's properties as the store keeps them."""
    return edge_map(edge_of(source, kind, target, told))


def _between() -> Iterator[tuple[str, str, str]]:
    """Types by the labels of their ends."""
    for pair in sorted({ends(relation) for relation in RELATIONS}):
        yield "|".join(relation for relation in sorted(RELATIONS) if ends(relation) == pair), *pair
    for relation, (source, target) in INTERNAL.items():
        yield relation, source, target


def _steps() -> Iterator[Callable[[ManagedTransaction, str, int], _Found]]:
    yield partial(_labelled, f") WHERE NOT n:{'|'.join(CONSTRAINTS)}")
    yield partial(_labelled, f":{'|'.join(_KEPT)}) WHERE size(labels(n)) > 1")
    for label in _OWN:
        kinds = f"size(labels(n)) <> 2 OR NOT coalesce(n.kind, '') IN ${label.lower()} OR NOT n.kind IN labels(n)"
        yield partial(_labelled, f":{label}) WHERE NOT n.id IS :: STRING NOT NULL OR {kinds}")
    yield _unknown
    for names, source, target in _between():
        yield partial(_drawn, names, f"NOT a:{source} OR NOT b:{target}")
    yield partial(_drawn, "DESCRIBES", "NOT a.live OR coalesce(a.asset_id, '') <> coalesce(b.id, '')")
    for walk in (_formed, _claimed):
        for label in _OWN:
            yield partial(walk, label)


STEPS = tuple(_steps())
