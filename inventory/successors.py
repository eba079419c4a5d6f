"""Where the id of a record leads that is gone: to the asset that has its identifiers now.

A bookmark, a ticket and a spreadsheet name a machine by the id it had. When its record is gone (its agent was installed
anew and reports under another key, say), the id leads to whatever the record would join if it came back now. That is
a function of what the record last said and of what is live, so it does not depend on the order of events or on how they
were batched. Only where nothing has its identifiers does it lead to what it belonged to last.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from events.models import CURATION
from graph.model import Node, RecordRow, node_id
from graph.store import GraphReader
from inventory.identity import COMMON, Ask, heirs
from inventory.kept import NotKept
from inventory.merge import Said, held, sections_of


def heirs_in(reader: GraphReader, said: Said) -> frozenset[str]:
    """The live records that a record which is gone would join if it came back now."""
    ask = Ask(partial(reader.holders, limit=COMMON), reader.identifiers, reader.records)
    return heirs(said.row, held(said), ask)


def leads_to(reader: GraphReader, ident: str) -> Node | None:
    """The node of this id; of a record that is gone, the asset that carries on, if there is one."""
    node = reader.node(ident)
    if node is None or (node.id == ident and node.retired_at is None):
        return node
    try:
        return next(_carrying_on(reader, ident, node), node)
    except NotKept:  # of the past only what was drawn is kept
        return node


def gone_from(reader: GraphReader, asset: str) -> dict[str, Said]:
    """The records that are gone and of which this was the last asset, as they and persons spoke last."""
    rows = {row.key: (row, bodies) for row, bodies in reader.describing(asset)}
    return {
        key: Said(row, sections_of(bodies), _curation(reader, key, rows))
        for key, (row, bodies) in rows.items()
        if not row.live and row.source != CURATION
    }


def _carrying_on(reader: GraphReader, ident: str, node: Node) -> Iterator[Node]:
    """By the record of this id, then, where all of its asset are gone, by the others, in the order of founding."""
    gone = gone_from(reader, node.id)
    for key in sorted(gone, key=lambda key: (node_id(key) != ident, gone[key].row.first_observed, key)):
        if node_id(key) == ident or node.retired_at is not None:
            rows = reader.records(heirs_in(reader, gone[key]))
            if rows and (found := reader.node(rows[first(rows)].asset_id)):
                yield found


def first(rows: Mapping[str, RecordRow]) -> str:
    """The one of these records that was observed first."""
    return min(rows, key=lambda key: (rows[key].first_observed, key))


def _curation(reader: GraphReader, key: str, rows: Mapping[str, tuple[RecordRow, Mapping[str, bytes]]]) -> Said | None:
    """What persons say of a record that is gone: it may still stand where the record was first."""
    name = f"{CURATION}/{key}"
    if name not in rows and (row := reader.records([name]).get(name)):
        rows = {row.key: (row, bodies) for row, bodies in reader.describing(row.asset_id)}
    row, bodies = rows.get(name, (None, {}))
    return Said(row, sections_of(bodies)) if row and row.live else None
