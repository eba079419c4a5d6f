"""What one page of the graph differs by from what its records say, in findings for a person."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graph.model import Change, Changes, Edge, EdgeKey, Node, Part, node_id
from graph.stray import Stray
from graph.transaction import Transaction
from graph.values import text_of

MISSING, UNCLAIMED, OTHER = "relationship missing", "relationship without record", "relationship differs"
WHAT = {"created": "node missing", "removed": "node without record", "retired": "not retired"}
"""What a whole node's entry of the journal would be about."""
_ONCE = frozenset({"sources", "retired_at"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One deviation. `kind`, `name`, `id`: of the node, or of the one at which the relationship starts.

    `there`: what the graph has; `said`: what the records say; "" for nothing.
    """

    what: str
    kind: str
    name: str
    id: str
    there: str
    said: str


class About(NamedTuple):
    """What a finding is about: a node, a part of it, or a relationship that starts at it."""

    node: str
    part: str | EdgeKey = ""


Told = tuple[About, Finding]


def finding_of(stray: Stray) -> Finding:
    what = f"{stray.what} unknown" if not stray.wanted else stray.what
    return Finding(what, stray.kind, stray.name, stray.id, stray.there, stray.wanted)


def findings_of(tx: Transaction, changes: Changes, parts: Iterable[Part], alien: Mapping[str, Node]) -> list[Told]:
    """What a page would write; `alien` catalogue nodes would be dropped if nobody had them."""
    put = dict(changes.edges)
    for part in parts:  # all are worked out before the journal is complete
        put |= part.edges
    entries = [(change, json.loads(change.detail)) for change in changes.journal]
    others = {target for _, detail in entries for _, target, *_ in detail["edges"]}
    names = tx.nodes(others) | tx.items(others)
    found: list[Told] = []
    for change, detail in entries:
        found += _of_node(change, detail)
        found += _of_edges(change.asset_id, detail, put, names)
    return [*found, *_of_items(tx, changes, alien), *_of_records(changes)]


def _of_node(change: Change, detail: Mapping[str, Any]) -> Iterator[Told]:
    node, kind, name = change.asset_id, detail["kind"], detail["name"]
    fields: dict[str, list[Any]] = detail["fields"]
    if change.what in WHAT:
        there = "" if change.what == "created" else f"{kind} {name}"
        said = f"{kind} {name}" if change.what == "created" else ""
        yield About(node), Finding(WHAT[change.what], kind, name, node, there, said)
        if change.what != "retired":
            return
        fields = {path: pair for path, pair in fields.items() if path not in _ONCE}
    for path, (there, said) in sorted(fields.items()):
        part, _, field = path.partition("/")
        if part != "since" or not fields.keys() & {field, f"properties/{field}"}:  # since when follows from what
            what = f"property {field}" if part == "properties" else path.replace("/", " of ")
            yield About(node, path), Finding(what, kind, name, node, _text(there), _text(said))


def _of_edges(
    node: str, detail: Mapping[str, Any], put: Mapping[EdgeKey, Edge], names: Mapping[str, Node]
) -> Iterator[Told]:
    for relation, target, before, _ in detail["edges"]:
        key = EdgeKey(node, relation, target)
        after, other = put.get(key), names.get(target)
        way = f"{relation} to {f'{other.kind} {other.name}' if other else target}"
        there = way if before else ""
        said = way if after else ""
        if before and after:
            there += f" {_text([before['properties'], before['claims']])}"
            said += f" {_text([after.properties, dict(after.claims)])}"
        what = OTHER if before and after else MISSING if after else UNCLAIMED
        yield About(node, key), Finding(what, detail["kind"], detail["name"], node, there, said)


def _of_items(tx: Transaction, changes: Changes, alien: Mapping[str, Node]) -> Iterator[Told]:
    there = tx.items(changes.mended.keys())
    for item, right in changes.mended.items():
        old = there.get(item)
        if old is None:
            yield About(item), Finding("node missing", right.kind, right.name, item, "", _item(right))
        elif old != right:
            yield About(item), Finding("catalogue node differs", right.kind, right.name, item, _item(old), _item(right))
    for item, node in alien.items():
        yield About(item), Finding("node without record", node.kind, node.name, item, _item(node), "")


def _of_records(changes: Changes) -> Iterator[Told]:
    """What the inventory keeps of a record itself."""
    names = {record for record, _ in changes.held | changes.released}
    for key in sorted(names | changes.records.keys() | changes.references.keys()):
        told = "what it describes, holds or refers to"
        yield About(node_id(key), "record"), Finding("record kept otherwise", "", key, node_id(key), told, "")


def _item(node: Node) -> str:
    return f"{node.kind} {node.name} {_text(node.properties)}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else text_of(value)
