"""The difference of one batch as Cypher. Values travel as parameters; labels and types come from the metamodel."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

from neo4j import ManagedTransaction

from graph.metamodel import CATALOGUE, KINDS
from graph.model import Changes, Edge, Part, ReferenceRow, node_id
from graph.neo4j_cypher import ROWS, by_ends, by_relation, declared, ends
from graph.neo4j_linking import Catalogue
from graph.neo4j_schema import catalogue_map, fans, key_of, node_map, place, record_map, reference_map, run_map
from graph.store import PositionsDiffer
from graph.values import moment, pack, pages

_KIND_LABELS = ":".join(sorted(KINDS.keys() - CATALOGUE))
_ITEM_LABELS = ":".join(sorted(CATALOGUE))


class DifferenceWriter:
    """Writes one difference in a transaction that holds the writer's lock.

    A thread sends the statements: the server works on one, and answers when it is done, while the next are made.
    """

    def __init__(self, tx: ManagedTransaction, clock: Callable[[], datetime], changes: Changes) -> None:
        self._tx, self._clock, self._changes = tx, clock, changes
        self._catalogue = Catalogue(tx)
        self._thread = ThreadPoolExecutor(1, "neo4j-writer")
        self._sent: deque[Future[None]] = deque()

    def write(self, parts: Iterable[Part], replaced: Mapping[str, tuple[ReferenceRow, ...]]) -> None:
        """`replaced`: the stored references of the records that get others. Raises PositionsDiffer."""
        self._check_positions()
        counted = self._tx.run("MATCH (w:Writer) RETURN w.journal AS last, w.recorded_at AS latest").single(strict=True)
        try:
            self._put_positions()
            for part in parts:
                self._part(part)
            self._rest(replaced)
            self._journal(counted["last"] or 0, counted["latest"] or "")
            for sent in self._sent:
                sent.result()
        finally:  # the transaction belongs to one thread at a time: it ends only when nothing is sent any more
            self._thread.shutdown(cancel_futures=True)

    def _rest(self, replaced: Mapping[str, tuple[ReferenceRow, ...]]) -> None:
        self._erased()
        self._part(self._changes)
        self._mended()
        self._records()
        self._bodies()
        self._counts(replaced)
        self._holdings()
        self._references(replaced)
        self._runs()

    def _part(self, part: Part) -> None:
        self._nodes(part)
        self._edges(part)

    def _many(self, statement: str, rows: Iterable[object], **more: Any) -> None:  # noqa: ANN401 - query parameters
        for page in pages(rows, ROWS):
            self._submit(self._send, statement, {"rows": page, **more})

    def _submit(self, work: Callable[..., None], *values: object) -> None:
        while self._sent and self._sent[0].done():
            self._sent.popleft().result()  # what failed stops the rest
        self._sent.append(self._thread.submit(work, *values))

    def _send(self, statement: str, values: dict[str, Any]) -> None:
        self._tx.run(statement, **values).consume()

    def _check_positions(self) -> None:
        changes = self._changes
        question = "MATCH (p:Position {log: $log}) RETURN p.topic AS topic, p.partition AS partition, p.next AS next"
        rows = self._tx.run(question, log=changes.log)
        stored = {(row["topic"], row["partition"]): row["next"] for row in rows}
        expected = {at: after for at, after in changes.expected.items() if at in stored or after}
        if stored != expected:
            raise PositionsDiffer(f"positions of log {changes.log}: {stored} are stored, {expected} were expected")

    def _put_positions(self) -> None:
        changes = self._changes
        self._many(
            "UNWIND $rows AS row MERGE (p:Position {key: row.key}) SET p = row",
            [
                {"key": f"{changes.log}|{topic}|{n}", "log": changes.log, "topic": topic, "partition": n, "next": after}
                for (topic, n), after in sorted(changes.positions.items())
            ],
        )
        self._many(
            "UNWIND $rows AS row MERGE (m:Marker {key: row.key}) SET m = row",
            [
                {"key": place(source, part), "source": source, "partition": part, "sequence": sequence}
                for (source, part), sequence in sorted(changes.markers.items())
            ],
        )

    def _erased(self) -> None:
        for found, rows in by_ends(self._changes.erased):
            self._many(f"{found} DELETE e", rows)
        self._many(
            "UNWIND $rows AS id MATCH (n:Asset {id: id}) OPTIONAL MATCH ()-[d:DESCRIBES|FOLLOWS]->(n) DELETE d, n",
            sorted(self._changes.removed),
        )
        self._many("UNWIND $rows AS id MATCH (n:Catalogue {id: id}) DETACH DELETE n", sorted(self._changes.dropped))

    def _nodes(self, part: Part) -> None:
        """Assets that have become one of another kind lose the label of the old one."""
        self._many(
            f"UNWIND $rows AS row MERGE (n:Asset {{id: row.id}}) "
            f"FOREACH (_ IN CASE WHEN n.kind <> row.kind THEN [1] ELSE [] END | REMOVE n:{_KIND_LABELS}) "
            "SET n = row, n:$(row.kind)",
            [node_map(node) for node in declared(part.nodes.values())],
        )
        if part.catalogue:
            self._submit(self._catalogue.put, [catalogue_map(node) for node in declared(part.catalogue.values())])

    def _mended(self) -> None:
        self._many(
            f"UNWIND $rows AS row MATCH (n:Catalogue {{id: row.id}}) REMOVE n:{_ITEM_LABELS} "
            "SET n = row, n:$(row.kind)",
            [catalogue_map(node) for node in declared(self._changes.mended.values())],
        )

    def _edges(self, part: Part) -> None:
        new, known = list[Edge](), list[Edge]()
        for key, edge in part.edges.items():
            (new if key in part.drawn else known).append(edge)
        for verb, edges in (("CREATE", new), ("MERGE", known)):
            for relation, some in by_relation(edges):
                self._put(verb, relation, some)

    def _put(self, verb: str, relation: str, edges: Iterable[Edge]) -> None:
        """Those of one node that say the same go as one row."""
        source, target = ends(relation)
        if target == "Catalogue":
            for page in pages(edges, ROWS):
                self._submit(self._catalogue.link, verb, source, relation, fans(page))
            return
        statement = (
            f"UNWIND $rows AS row MATCH (a:{source} {{id: row[0]}}) "
            f"UNWIND row[1] AS id MATCH (b:{target} {{id: id}}) {verb} (a)-[e:{relation}]->(b) SET e = row[2]"
        )
        for page in pages(edges, ROWS):
            self._many(statement, fans(page))

    def _records(self) -> None:
        """Those that are not live describe nothing, but their asset_id still leads to what went on from them."""
        self._many(
            """
            UNWIND $rows AS row MERGE (r:Record {key: row.key}) SET r = row
            WITH r, row OPTIONAL MATCH (r)-[d:DESCRIBES]->(old:Asset)
            FOREACH (_ IN CASE WHEN old.id <> row.asset_id OR NOT row.live THEN [1] ELSE [] END | DELETE d)
            WITH r, row WHERE row.live MATCH (a:Asset {id: row.asset_id}) MERGE (r)-[:DESCRIBES]->(a)
            """,
            [record_map(row, node_id(key)) for key, row in sorted(self._changes.records.items())],
        )
        self._many(
            "UNWIND $rows AS row MATCH (r:Record {asset_id: row[0]}) WHERE NOT r.live SET r.asset_id = row[1]",
            [list(pair) for pair in sorted(self._changes.continued.items())],
        )

    def _bodies(self) -> None:
        bodies = sorted(self._changes.bodies.items())
        self._many(
            "UNWIND $rows AS key MATCH (b:Body {key: key}) DETACH DELETE b",
            [f"{record}#{section}" for (record, section), body in bodies if body is None],
        )
        self._many(
            """
            UNWIND $rows AS row MATCH (r:Record {key: row.record}) MERGE (b:Body {key: row.key})
            SET b.section = row.section, b.body = row.body MERGE (r)-[:HAS_SECTION]->(b)
            """,
            [
                {"key": f"{record}#{section}", "record": record, "section": section, "body": pack(body)}
                for (record, section), body in bodies
                if body is not None
            ],
        )

    def _counts(self, replaced: Mapping[str, tuple[ReferenceRow, ...]]) -> None:
        """How many hold and refer to an identifier stands on it, so that nobody has to walk them."""
        holders = Counter(identifier for _, identifier in self._changes.held)
        holders.subtract(identifier for _, identifier in self._changes.released)
        referrers = Counter(row.identifier for rows in self._changes.references.values() for row in rows)
        referrers.subtract(row.identifier for rows in replaced.values() for row in rows)
        self._many(
            """
            UNWIND $rows AS row MERGE (i:Identifier {key: row[0]}) ON CREATE SET i.text = row[1]
            SET i.holders = coalesce(i.holders, 0) + row[2], i.referrers = coalesce(i.referrers, 0) + row[3]
            """,
            [
                [key_of(name), name if key_of(name) != name else None, holders[name], referrers[name]]
                for name in sorted(holders.keys() | referrers.keys())
            ],
        )

    def _holdings(self) -> None:
        self._many(
            "UNWIND $rows AS row MATCH (r:Record {key: row[0]}) MATCH (i:Identifier {key: row[1]}) "
            "CALL (r, i) { MATCH (r)-[h:HOLDS]->(i) RETURN h } DELETE h",
            [[record, key_of(identifier)] for record, identifier in sorted(self._changes.released)],
        )
        self._many(
            "UNWIND $rows AS row MATCH (r:Record {key: row[0]}) MATCH (i:Identifier {key: row[1]}) "
            "CREATE (r)-[:HOLDS]->(i)",
            [[record, key_of(identifier)] for record, identifier in sorted(self._changes.held)],
        )

    def _references(self, replaced: Mapping[str, tuple[ReferenceRow, ...]]) -> None:
        self._many("UNWIND $rows AS key MATCH (:Record {key: key})-[f:REFERS]->() DELETE f", sorted(replaced))
        self._many(
            "UNWIND $rows AS row MATCH (r:Record {key: row[0]}) MATCH (i:Identifier {key: row[1]}) "
            "CREATE (r)-[f:REFERS]->(i) SET f = row[2]",
            [
                [record, key_of(row.identifier), reference_map(number, row)]
                for record, rows in sorted(self._changes.references.items())
                for number, row in enumerate(rows)
            ],
        )
        left = {row.identifier for rows in replaced.values() for row in rows}
        left |= {identifier for _, identifier in self._changes.released}
        self._many(
            "UNWIND $rows AS key MATCH (i:Identifier {key: key}) WHERE i.holders = 0 AND i.referrers = 0 DELETE i",
            [key_of(name) for name in sorted(left)],
        )

    def _runs(self) -> None:
        runs = self._changes.runs.values()
        self._many("UNWIND $rows AS row MERGE (r:Run {key: row.key}) SET r = row", [run_map(run) for run in runs])

    def _journal(self, last: int, latest: str) -> None:
        """Numbered by the counter on the writer's node, which is locked: the `last` entry was recorded at `latest`."""
        notes = [{"name": name, "text": text} for name, text in self._changes.notes.items()]
        self._many("UNWIND $rows AS row MERGE (n:Note {name: row.name}) SET n = row", notes)
        if self._changes.forget:
            self._many("UNWIND $rows AS first MATCH (c:Change) WHERE c.number < first DELETE c", [self._changes.forget])
        if not self._changes.journal:
            return
        now = moment(self._clock(), self._changes.recorded_at, latest)
        rows = [
            {
                "number": number,
                "recorded_at": now,
                "asset_id": change.asset_id,
                "what": change.what,
                "event_ids": list(change.event_ids),
                "detail": pack(change.detail.encode()),
            }
            for number, change in enumerate(self._changes.journal, start=last + 1)
        ]
        self._many("UNWIND $rows AS row CREATE (c:Change) SET c = row", rows)
        counted = "UNWIND $rows AS last MATCH (w:Writer) SET w.journal = last, w.recorded_at = $now"
        self._many(counted, [rows[-1]["number"]], now=now)
