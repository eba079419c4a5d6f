"""The journal: for each node that a batch changed, what it was and what it is, so that the past can be read back.

An entry's detail is JSON text: `kind` and `name`; `was` and `is`, whether the node was and is there; `fields`, for each
part of the node that changed ("properties/cores") what it was and what it is; `edges`, for each relationship that
starts at it and changed [type, target, before, after]. What is new needs no "before" to be undone and what is gone no
"after", so these are left out; and of a new node's relationships to the catalogue, `began` has how many of each type.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from graph.metamodel import CATALOGUE_RELATIONS
from graph.model import Change, Changes, Claim, Edge, EdgeKey, Node, Part
from graph.values import time_text, when
from inventory.clusters import Regrouped

_MAPPINGS = ("properties", "claims", "since", "conflicts")
_TIMES = ("first_seen", "retired_at")
Detail = dict[str, Any]


def write_journal(
    changes: Changes, put: Part, before: Mapping[str, Node], old: Mapping[EdgeKey, Edge], regrouped: Regrouped
) -> None:
    """Add an entry for each node that changed, with the relationships that start at it.

    `put`: all that is written. `before` and `old`: the nodes and relationships that this is about, as they were.
    """
    edges, began = _differing(put.edges, changes.erased, old, put.nodes.keys() - before.keys())
    everything = sorted({event for causes in regrouped.causes.values() for event in causes})
    for node in sorted(put.nodes.keys() | changes.removed | edges.keys()):
        was, now = before.get(node), put.nodes.get(node)
        if now is None and node not in changes.removed:
            now = was
        detail = _detail(was, now) | {"edges": edges.get(node, [])}
        if node in began:
            detail["began"] = dict(began[node])
        if node in changes.continued:
            detail["continued"] = changes.continued[node]
        causes = tuple(sorted(regrouped.causes.get(node, ())) or everything)
        text = json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        changes.journal.append(Change(node, _what(was, now, detail), causes, text))


def _differing(
    put: Mapping[EdgeKey, Edge], erased: AbstractSet[EdgeKey], old: Mapping[EdgeKey, Edge], created: AbstractSet[str]
) -> tuple[dict[str, list[list[object]]], dict[str, Counter[str]]]:
    """The relationships that changed, by where they start; of those `created` how many of a type lead to the catalogue.

    A new machine has hundreds of these, and to undo it none needs to be known.
    """
    edges: dict[str, list[list[object]]] = defaultdict(list)
    began: dict[str, Counter[str]] = defaultdict(Counter)
    told = []
    for key in erased | put.keys():
        if key.source_id in created and key.type in CATALOGUE_RELATIONS:
            began[key.source_id][key.type] += 1
        else:
            told.append(key)
    for key in sorted(told):
        edges[key.source_id].append([*key[1:], *_edge(old.get(key), put.get(key))])
    return edges, began


def undo(change: Change, node: Node | None, edges: dict[EdgeKey, Edge]) -> Node | None:
    """The node as it was before this change; the relationships that start at it are set back in `edges`."""
    detail: Detail = json.loads(change.detail)
    for kind, target, before, _ in detail["edges"]:
        key = EdgeKey(change.asset_id, kind, target)
        if before is None:
            edges.pop(key, None)
        else:
            edges[key] = Edge(key, before["properties"], before["claims"], when(before["since"]))
    if not detail["was"]:
        edges.clear()
        return None
    flat = _flat(node) if node else {}
    for path, (before, _) in detail["fields"].items():
        flat[path] = before
    return _node(change.asset_id, {path: value for path, value in flat.items() if value is not None})


def _what(was: Node | None, now: Node | None, detail: Detail) -> str:
    if now is None:
        return "continued" if "continued" in detail else "removed"
    if was is None:
        return "created"
    if now.retired_at is not None:
        return "retired" if was.retired_at is None else "changed"
    return "returned" if was.retired_at is not None else "changed"


def _detail(was: Node | None, now: Node | None) -> Detail:
    shown = now or was
    assert shown is not None  # an entry is about a node that was there, or is now
    fields: dict[str, list[object]] = {}
    if was is not None:
        old, new = _flat(was), _flat(now) if now else {}
        fields = {p: [old.get(p), new.get(p)] for p in old.keys() | new.keys() if old.get(p) != new.get(p)}
    return {
        "kind": shown.kind, "name": shown.name, "was": was is not None, "is": now is not None, "fields": fields,
    }  # fmt: skip


def _edge(old: Edge | None, new: Edge | None) -> list[object]:
    before = old and {"properties": old.properties, "claims": dict(old.claims), "since": time_text(old.since)}
    return [before, new and (new.properties or {})]


def _flat(node: Node) -> dict[str, Any]:
    """All of a node but its id, as JSON's values by path."""
    flat: dict[str, Any] = {"kind": node.kind, "name": node.name, "sources": list(node.sources), "rules": node.rules}
    flat |= {name: text for name in _TIMES if (text := time_text(getattr(node, name)))}
    for part in _MAPPINGS:
        flat |= {f"{part}/{name}": _plain(value) for name, value in getattr(node, part).items()}
    return flat


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return time_text(value)
    return [list(claim) for claim in value] if isinstance(value, tuple) else value


def _node(node_id: str, flat: dict[str, Any]) -> Node:
    parts: dict[str, dict[str, Any]] = {part: {} for part in _MAPPINGS}
    for path, value in flat.items():
        part, slash, name = path.partition("/")
        if slash:
            parts[part][name] = value
    return Node(
        id=node_id,
        kind=flat["kind"],
        name=flat["name"],
        properties=parts["properties"],
        sources=tuple(flat["sources"]),
        first_seen=when(flat["first_seen"]) if "first_seen" in flat else None,
        retired_at=when(flat["retired_at"]) if "retired_at" in flat else None,
        rules=flat["rules"],
        claims=_read_claims(parts["claims"]),
        since={name: when(at) for name, at in parts["since"].items()},
        conflicts=_read_claims(parts["conflicts"]),
    )


def _read_claims(found: dict[str, list[list[Any]]]) -> dict[str, tuple[Claim, ...]]:
    return {name: tuple(Claim(*claim) for claim in many) for name, many in found.items()}
