"""The journal: for each asset that a batch changed, what it was and what it is, so that the past can be read back."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from graph.model import Change, Changes, Edge, EdgeKey, Node
from inventory.clusters import Regrouped


def write_journal(
    changes: Changes, before: Mapping[str, Node], old: Mapping[EdgeKey, Edge], regrouped: Regrouped
) -> None:
    """Add an entry for each node that changed, with the relationships that start at it.

    `before` and `old`: the nodes and relationships that `changes` is about, as they were.
    """
    ids = changes.nodes.keys() | changes.removed
    edges: dict[str, list[list[object]]] = {}
    for key in sorted(changes.erased | changes.edges.keys()):
        edges.setdefault(key.source_id, []).append([list(key), _edge(old.get(key)), _edge(changes.edges.get(key))])
    everything = sorted({event for causes in regrouped.causes.values() for event in causes})
    for node in sorted(ids | edges.keys()):
        detail = {"node": [_node(before.get(node)), _node(changes.nodes.get(node))], "edges": edges.get(node, [])}
        if node in changes.removed:
            detail["continued"] = changes.continued.get(node, "")
        causes = sorted(regrouped.causes.get(node, ())) or everything
        text = json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        changes.journal.append(Change(node, _what(changes, before.get(node), node), tuple(causes), text))


def _what(changes: Changes, before: Node | None, node: str) -> str:
    after = changes.nodes.get(node)
    if node in changes.removed:
        return "continued" if node in changes.continued else "removed"
    if after is None:
        return "changed"
    if after.retired_at is not None:
        return "retired"
    if before is None:
        return "created"
    return "returned" if before.retired_at is not None else "changed"


def _node(node: Node | None) -> dict[str, object] | None:
    if node is None:
        return None
    times = {name: value.isoformat() for name in ("first_seen", "retired_at") if (value := getattr(node, name))}
    return {**asdict(node), "first_seen": None, "retired_at": None, **times}


def _edge(edge: Edge | None) -> dict[str, object] | None:
    if edge is None:
        return None
    return {"properties": edge.properties, "claims": dict(edge.claims), "since": edge.since.isoformat()}
