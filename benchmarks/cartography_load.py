"""The same data by Cartography: its own `load()` and clean-up, with schemas written the way it wants them.

Runs in an environment of its own: `python cartography_load.py URI FOLDER TAG FORM`, where FOLDER has the files of
`bare.dump`, and prints its seconds as JSON; reading the files is not counted. TAG is the number of the run: from the
second on, the clean-up follows. FORM is how relationships are given to it, both as its own modules do: `machine`, a row
for those of a node that say the same, with a list of targets (`one_to_many`); or `row`, a row each.
"""

import json
import logging
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import neo4j
from cartography.client.core.tx import ensure_indexes, load
from cartography.graph.job import GraphJob
from cartography.models.core.common import PropertyRef
from cartography.models.core.nodes import CartographyNodeProperties, CartographyNodeSchema
from cartography.models.core.relationships import (
    CartographyRelProperties,
    CartographyRelSchema,
    LinkDirection,
    OtherRelationships,
    make_target_node_matcher,
)

MACHINES, OWN = 500, 10_000
"""Rows a transaction: its own default, but where a row stands for the 400 packages of a machine: for 10,000 of those
the server has not memory enough."""
UPDATED = PropertyRef("lastupdated", set_in_kwargs=True)


def main(uri: str, folder: Path, tag: int, form: str) -> None:
    logging.disable(logging.CRITICAL)
    loads = [*nodes_of(folder), *relationships_of(folder, form)]
    with neo4j.GraphDatabase.driver(uri) as driver, driver.session(database="neo4j") as session:
        for schema, _, _ in loads:
            ensure_indexes(session, schema)
        session.run("CALL db.awaitIndexes(60)").consume()
        loaded = sum(seconds_of(session, *one, tag) for one in loads)
        start = time.perf_counter()
        for schema, _, _ in loads if tag > 1 else []:
            GraphJob.from_node_schema(schema, {"UPDATE_TAG": tag}).run(session)
        cleaned = time.perf_counter() - start
        found = session.run("MATCH ()-[r]->() RETURN count(r) AS relationships").single()["relationships"]
    print(json.dumps({"load": loaded, "cleanup": cleaned, "relationships": found}))


def seconds_of(session: neo4j.Session, schema: CartographyNodeSchema, rows: "Rows", batch: int, tag: int) -> float:
    start = time.perf_counter()
    load(session, schema, rows, batch_size=batch, lastupdated=tag)
    return time.perf_counter() - start - rows.seconds


class Rows:
    """Rows as they are needed; `seconds` is what reading them took."""

    def __init__(self, rows: Iterable[dict]) -> None:
        self._rows, self.seconds = iter(rows), 0.0

    def __iter__(self) -> "Rows":
        return self

    def __next__(self) -> dict:
        start = time.perf_counter()
        try:
            return next(self._rows)
        finally:
            self.seconds += time.perf_counter() - start


def nodes_of(folder: Path) -> Iterator[tuple[CartographyNodeSchema, Rows, int]]:
    for file in sorted(folder.glob("node-*")):
        _, _, kind = file.stem.split("-")
        names = {name for row in lines(file) for name in row} - {"id"}
        yield schema_of(kind, names), Rows(lines(file)), OWN


def relationships_of(folder: Path, form: str) -> Iterator[tuple[CartographyNodeSchema, Rows, int]]:
    for file in sorted(folder.glob("edge-*")):
        _, relation, source, target = file.stem.split("-")
        names = {name for _, _, told in lines(file) for name in told}
        many = form == "machine"
        rows = together(lines(file)) if many else ({"id": a, "to": b, **told} for a, b, told in lines(file))
        schema = schema_of(source, set(), link(source, relation, target, names, many=many))
        yield schema, Rows(rows), MACHINES if many else OWN


def together(rows: Iterable[list]) -> Iterator[dict]:
    """One row for the neighbouring relationships of a node that say the same."""
    for (source, _), some in groupby(rows, key=lambda row: (row[0], json.dumps(row[2]))):
        same = list(some)
        yield {"id": source, "to": [target for _, target, _ in same], **same[0][2]}


def lines(file: Path) -> Iterator:
    with file.open(encoding="utf-8") as text:
        yield from map(json.loads, text)


def schema_of(kind: str, names: set[str], *links: CartographyRelSchema) -> CartographyNodeSchema:
    kept = [(name, PropertyRef, PropertyRef(name)) for name in ["id", *sorted(names)]]
    properties = frozen(f"{kind}Properties", CartographyNodeProperties, [*kept, ("lastupdated", PropertyRef, UPDATED)])
    parts = [
        ("label", str, kind),
        ("properties", CartographyNodeProperties, properties()),
        ("scoped_cleanup", bool, False),
    ]
    if links:
        parts.append(("other_relationships", OtherRelationships, OtherRelationships(list(links))))
    return frozen(f"{kind}Schema", CartographyNodeSchema, parts)()


def link(source: str, relation: str, target: str, names: set[str], *, many: bool) -> CartographyRelSchema:
    kept = [(name, PropertyRef, PropertyRef(name)) for name in sorted(names)]
    own = [*kept, ("lastupdated", PropertyRef, UPDATED)]
    properties = frozen(f"{source}{relation}{target}Properties", CartographyRelProperties, own)
    parts = [
        ("target_node_label", str, target),
        ("target_node_matcher", object, make_target_node_matcher({"id": PropertyRef("to", one_to_many=many)})),
        ("direction", LinkDirection, LinkDirection.OUTWARD),
        ("rel_label", str, relation),
        ("properties", CartographyRelProperties, properties()),
    ]
    return frozen(f"{source}{relation}{target}", CartographyRelSchema, parts)()


def frozen(name: str, base: type, parts: list[tuple[str, object, object]]) -> type:
    """A dataclass as Cartography's schemas are, with these values as defaults."""
    body = {"__annotations__": {part: kind for part, kind, _ in parts}, **{part: value for part, _, value in parts}}
    return dataclass(frozen=True)(type(name, (base,), body))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
