"""The same data by Cartography: its own `load()` and clean-up, with schemas written the way it wants them.

Runs in an environment of its own: `python cartography_load.py URI FOLDER RUN`, where FOLDER has the files of
`bare.dump`. Prints its seconds as JSON. RUN 1 is a first load; 2 a second one, with the clean-up that follows it.
"""

import json
import logging
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
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

BATCH = 500
"""Nodes a transaction: with its own 10,000 the server's 3 GiB do not suffice for machines of 400 packages."""
UPDATED = PropertyRef("lastupdated", set_in_kwargs=True)


def main(uri: str, folder: Path, run: int) -> None:
    logging.disable(logging.CRITICAL)
    nodes, relations = read(folder)
    schemas = [(schema(kind, rows, relations.get(kind, set())), rows) for kind, rows in nodes]
    with neo4j.GraphDatabase.driver(uri) as driver, driver.session(database="neo4j") as session:
        for known, _ in schemas:
            ensure_indexes(session, known)
        start = time.perf_counter()
        for known, rows in schemas:
            load(session, known, rows, batch_size=BATCH, lastupdated=run)
        loaded = time.perf_counter()
        if run > 1:
            for known, _ in schemas:
                GraphJob.from_node_schema(known, {"UPDATE_TAG": run}).run(session)
        done = time.perf_counter()
    print(json.dumps({"load": loaded - start, "cleanup": done - loaded}))


def read(folder: Path) -> tuple[list[tuple[str, list[dict]]], dict[str, set[tuple[str, str]]]]:
    """Rows of each kind, targets before what refers to them, with the ids of their targets by relation and kind."""
    kind_of, rows = {}, {}
    for file in sorted(folder.glob("node-*"), key=lambda file: "Catalogue" not in file.name):
        kind = file.stem.split("-", 2)[2]
        rows[kind] = [json.loads(line) for line in file.open(encoding="utf-8")]
        kind_of.update({row["id"]: kind for row in rows[kind]})
    by_id = {row["id"]: row for many in rows.values() for row in many}
    relations = defaultdict(set)
    for file in folder.glob("edge-*"):
        relation = file.stem.split("-", 1)[1]
        for line in file.open(encoding="utf-8"):
            source, target, kept = json.loads(line)
            key = (relation, kind_of[target])
            relations[kind_of[source]].add(key)
            row = by_id[source]
            row.setdefault("to_" + "_".join(key), []).append(target)
            row.setdefault(f"{relation}_sources", kept["sources"])
            row.setdefault(f"{relation}_since", kept["since"])
            row.setdefault(f"{relation}_records", kept.get("records"))
    return list(rows.items()), relations


def schema(kind: str, rows: list[dict], relations: set[tuple[str, str]]) -> CartographyNodeSchema:
    names = sorted({name for row in rows for name in row if not name.startswith("to_")} - {"id"})
    names = [name for name in names if name.rpartition("_")[0] not in {relation for relation, _ in relations}]
    kept = [("id", PropertyRef, PropertyRef("id")), ("lastupdated", PropertyRef, UPDATED)]
    kept += [(name, PropertyRef, PropertyRef(name)) for name in names]
    properties = frozen(f"{kind}Properties", CartographyNodeProperties, kept)
    links = [link(kind, relation, target) for relation, target in sorted(relations)]
    parts = [("label", str, kind), ("properties", CartographyNodeProperties, properties())]
    parts += [("scoped_cleanup", bool, False)]
    parts += [("other_relationships", OtherRelationships, OtherRelationships(links))] if links else []
    return frozen(f"{kind}Schema", CartographyNodeSchema, parts)()


def link(kind: str, relation: str, target: str) -> CartographyRelSchema:
    told = [("lastupdated", PropertyRef, UPDATED)]
    told += [(name, PropertyRef, PropertyRef(f"{relation}_{name}")) for name in ("sources", "since", "records")]
    properties = frozen(f"{kind}{relation}{target}Properties", CartographyRelProperties, told)()
    ids = PropertyRef(f"to_{relation}_{target}", one_to_many=True)
    parts = [
        ("target_node_label", str, target),
        ("target_node_matcher", object, make_target_node_matcher({"id": ids})),
        ("direction", LinkDirection, LinkDirection.OUTWARD),
        ("rel_label", str, relation),
        ("properties", CartographyRelProperties, properties),
    ]
    return frozen(f"{kind}{relation}{target}", CartographyRelSchema, parts)()


def frozen(name: str, base: type, parts: list[tuple[str, object, object]]) -> type:
    """A dataclass as Cartography's schemas are, with these values as defaults."""
    body = {"__annotations__": {part: kind for part, kind, _ in parts}, **{part: value for part, _, value in parts}}
    return dataclass(frozen=True)(type(name, (base,), body))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
