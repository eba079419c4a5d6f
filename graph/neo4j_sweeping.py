"""Takes away what the store has not written, and brings the rest into its form: see `graph.neo4j_strays`."""

from collections.abc import Iterable
from typing import Any

from neo4j import ManagedTransaction

from graph.neo4j_strays import FORM, LABELS, edge_form, node_form
from graph.stray import Stray

_NODE = "UNWIND $rows AS row MATCH (n) WHERE elementId(n) = row.place"
_EDGE = "UNWIND $rows AS row MATCH ()-[e]->() WHERE elementId(e) = row.place"


def sweep(tx: ManagedTransaction, strays: Iterable[Stray]) -> None:
    """See `Transaction.sweep`. Each is found by its element id, one at a time: a list of them may become a scan."""
    strays = list(strays)
    _relabel(tx, [stray for stray in strays if stray.what == LABELS and stray.wanted])
    misformed = [stray for stray in strays if stray.what == FORM]
    _reform_nodes(tx, [stray for stray in misformed if not stray.edge])
    _reform_edges(tx, [stray for stray in misformed if stray.edge])
    gone = [stray for stray in strays if not stray.wanted]
    _write(tx, f"{_EDGE} DELETE e", [{"place": stray.place} for stray in gone if stray.edge])
    _write(tx, f"{_NODE} DETACH DELETE n", [{"place": stray.place} for stray in gone if not stray.edge])


def _relabel(tx: ManagedTransaction, strays: list[Stray]) -> None:
    """The kind goes with the label."""
    rows = [{"place": stray.place, "labels": stray.wanted.split(", ")} for stray in strays]
    _write(
        tx,
        f"{_NODE} WITH n, row, labels(n) AS old REMOVE n:$(old) SET n:$(row.labels) "
        "FOREACH (kind IN row.labels[1..] | SET n.kind = kind)",
        rows,
    )


def _reform_nodes(tx: ManagedTransaction, strays: list[Stray]) -> None:
    question = f"{_NODE} RETURN row.place AS place, labels(n) AS labels, properties(n) AS told"
    rows = list(tx.run(question, rows=[{"place": stray.place} for stray in strays]))
    right = [{"place": row["place"], "told": node_form(row["labels"], row["told"])} for row in rows]
    _write(tx, f"{_NODE} SET n = row.told", right)


def _reform_edges(tx: ManagedTransaction, strays: list[Stray]) -> None:
    keys = {stray.place: stray.edge for stray in strays if stray.edge}
    rows = list(
        tx.run(f"{_EDGE} RETURN row.place AS place, properties(e) AS told", rows=[{"place": at} for at in keys])
    )
    right = [{"place": row["place"], "told": edge_form(*keys[row["place"]], row["told"])} for row in rows]
    _write(tx, f"{_EDGE} SET e = row.told", right)


def _write(tx: ManagedTransaction, statement: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        tx.run(statement, rows=rows).consume()
