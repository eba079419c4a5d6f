"""How many live assets of a kind have an item of the catalogue, in table `had`, and how many relationships there are.

Kept while they are written, by one that is not told what changed: what is written is counted before and after. So what
is already drawn, drawn anew, retired, returned or of another kind needs no thought, and nothing is counted twice.
"""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from graph.metamodel import CATALOGUE_RELATIONS
from graph.sqlite_schema import array

_ONE_OF = "IN (SELECT value FROM json_each({}))"
_TO_CATALOGUE = "IN ('{}')".format("', '".join(sorted(CATALOGUE_RELATIONS)))


RELATIONSHIPS = "relationships"
"""The name of their number in `state`."""


class Counts:
    """The counts that one difference changes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._steps = Counter[tuple[str, str, str]]()
        self._relationships = 0

    @contextmanager
    def following(self, ids: Collection[str]) -> Iterator[None]:
        """What is written meanwhile is about these assets, and relationships that start at these, alone."""
        wanted = array(ids)
        self._steps.subtract(self._had(wanted))
        self._relationships -= self._drawn(wanted)
        yield
        self._steps.update(self._had(wanted))
        self._relationships += self._drawn(wanted)

    def write(self) -> None:
        """Put what has changed to what is kept."""
        steps = [(*key, step) for key, step in sorted(self._steps.items()) if step]
        self._connection.executemany(
            "INSERT INTO had VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET assets = assets + excluded.assets", steps
        )
        self._connection.executemany(
            "DELETE FROM had WHERE relation = ? AND item = ? AND kind = ? AND assets = 0",
            (key for *key, step in steps if step < 0),
        )
        self._connection.execute(
            "INSERT INTO state VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
            (RELATIONSHIPS, self._relationships),
        )

    def _drawn(self, ids: str) -> int:
        question = f"SELECT count(*) FROM edges WHERE source_id {_ONE_OF.format('?')}"
        return int(self._connection.execute(question, (ids,)).fetchone()[0])

    def _had(self, ids: str) -> sqlite3.Cursor:
        question = f"""
            SELECT edges.type, target_id, kind FROM json_each(?) AS wanted CROSS JOIN nodes ON nodes.id = wanted.value
            CROSS JOIN edges ON source_id = nodes.id WHERE retired_at IS NULL AND edges.type {_TO_CATALOGUE}
        """
        return self._connection.execute(question, (ids,))


def recount_items(connection: sqlite3.Connection, after: str, limit: int) -> str:
    """Set the counts of the next items behind that one right; the last one's id, "" at the end, where all is right."""
    question = """
        SELECT id FROM catalogue WHERE id > ?1 UNION SELECT item FROM had WHERE item > ?1 ORDER BY 1 LIMIT ?2
    """
    items = [item for (item,) in connection.execute(question, (after, limit))]
    wanted = (array(items),)
    connection.execute(f"DELETE FROM had WHERE relation {_TO_CATALOGUE} AND item {_ONE_OF.format('?')}", wanted)
    counted = f"""
        INSERT INTO had SELECT type, target_id, kind, count(*)
        FROM edges INDEXED BY edges_by_target CROSS JOIN nodes ON id = source_id
        WHERE target_id {_ONE_OF.format("?")} AND type {_TO_CATALOGUE} AND retired_at IS NULL GROUP BY 1, 2, 3
    """
    connection.execute(counted, wanted)
    if not items:
        every = "INSERT OR REPLACE INTO state SELECT ?, count(*) FROM edges"
        connection.execute(every, (RELATIONSHIPS,))
    return items[-1] if items else ""


def spread_of(connection: sqlite3.Connection, relation: str, kinds: Collection[str]) -> Counter[str]:
    """How many assets of these kinds have each item, as it is kept."""
    question = f"SELECT item, sum(assets) FROM had WHERE relation = ? AND kind {_ONE_OF.format('?')} GROUP BY item"
    return Counter(dict(connection.execute(question, (relation, array(sorted(kinds))))))


def spread_among(connection: sqlite3.Connection, relation: str, ids: Collection[str]) -> Counter[str]:
    """How many of these assets have each item."""
    question = f"SELECT target_id, count(*) FROM edges WHERE source_id {_ONE_OF.format('?')} AND type = ? GROUP BY 1"
    return Counter(dict(connection.execute(question, (array(ids), relation))))
