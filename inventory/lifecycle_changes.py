"""What a newer table would change, before it is used: facts by fact, and the table as it would then be."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from events.models import Draft, Scalar, record_key
from graph.model import Claim, Node, node_id
from graph.store import GraphReader
from inventory.lifecycle import LifecycleTable
from inventory.lifecycle_records import TABLE, facts, table_from


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact that would change. `what`: new, gone, or the property; `before` and `after` are "" where there is none.

    `name`: of the product or cycle. `counts`: whether the source's word is the one that counts.
    """

    kind: str
    name: str
    what: str
    before: str = ""
    after: str = ""
    counts: bool = True


class Update:
    """A table that a source would say, beside what the graph knows."""

    def __init__(self, reader: GraphReader, source: str, drafts: Iterable[Draft]) -> None:
        self._drafts = {record_key(source, draft.native_key): draft for draft in drafts}
        self._nodes = {node.id: node for kind in TABLE for node in facts(reader, kind)}
        self._said = {
            claim.record: node
            for node in self._nodes.values()
            for claim in node.claims.get("kind", ())
            if claim.record.startswith(f"{source}/")
        }
        self._source = source

    def changes(self) -> Iterator[FactChange]:
        """Each fact that would change, in order of its record."""
        for record in sorted({*self._drafts, *self._said}):
            draft, node = self._drafts.get(record), self._said.get(record)
            if draft is None and node is not None:
                yield FactChange(node.kind, node.name, "gone")
            elif draft is not None and node is None:
                yield FactChange(draft.kind, _name(draft), "new")
            elif draft is not None and node is not None:
                yield from _changed(record, draft, node)

    def table(self) -> LifecycleTable:
        """The table as it would be known, with what others say."""
        nodes = dict(self._nodes)
        for record, node in self._said.items():
            if record not in self._drafts:
                left = _without(record, nodes[node.id])
                nodes.pop(node.id)
                nodes |= {left.id: left} if left else {}
        for record, draft in self._drafts.items():
            known = self._said.get(record)
            new = _with(record, draft, nodes.get(known.id if known else "") or _new(self._source, draft))
            nodes[new.id] = new
        return table_from(nodes.values())


def _changed(record: str, draft: Draft, node: Node) -> Iterator[FactChange]:
    said = {name: claim for name, claims in node.claims.items() for claim in claims if claim.record == record}
    after: Mapping[str, Scalar] = draft.sections["core"].properties
    for name in sorted({*said, *after} - {"kind", "name"}):
        before = said[name].value if name in said else ""
        if before != after.get(name, ""):
            counts = name not in node.claims or node.claims[name][0].record == record
            yield FactChange(node.kind, node.name, name, str(before), str(after.get(name, "")), counts)


def _without(record: str, node: Node) -> Node | None:
    claims = {name: kept for name, said in node.claims.items() if (kept := _others(said, record))}
    return _settled(node, claims) if claims else None


def _with(record: str, draft: Draft, node: Node) -> Node:
    """The node with what the record would say, in the place that its word has now: the last where it has none."""
    said = {**draft.sections["core"].properties, "kind": draft.kind, "name": _name(draft)}
    claims = {}
    for name in {*node.claims, *said}:
        now = node.claims.get(name, ())
        at = next((number for number, claim in enumerate(now) if claim.record == record), len(now))
        own = (Claim(record, said[name]),) if name in said else ()
        claims[name] = (*now[:at], *own, *now[at + 1 :])
    return _settled(node, {name: found for name, found in claims.items() if found})


def _settled(node: Node, claims: Mapping[str, tuple[Claim, ...]]) -> Node:
    properties = {name: said[0].value for name, said in claims.items() if name not in {"kind", "name"}}
    return replace(node, name=str(claims["name"][0].value), properties=properties, claims=claims)


def _new(source: str, draft: Draft) -> Node:
    record = record_key(source, draft.native_key)
    return Node(node_id(record), draft.kind, _name(draft), {}, sources=(source,))


def _others(claims: tuple[Claim, ...], record: str) -> tuple[Claim, ...]:
    return tuple(claim for claim in claims if claim.record != record)


def _name(draft: Draft) -> str:
    return draft.sections["core"].name
