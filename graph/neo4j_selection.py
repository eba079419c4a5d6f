"""Questions to the graph in Neo4j about a selection of assets: how many there are, and which have something."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from graph.metamodel import ASSETS, SOUGHT
from graph.model import Node
from graph.neo4j_cypher import types as types_of
from graph.neo4j_schema import node_of, sort_of
from graph.store import EVERY_ASSET, Selection
from graph.values import value_text, values_of

_SELECTED = """n.retired_at IS NULL AND n.kind IN $kinds
    AND ($sources = [] OR any(source IN n.sources WHERE source IN $sources))
    AND ($among IS NULL OR n.id IN $among) AND NOT n.id IN $without"""
"""The condition on an asset n; see `_parameters`."""
_BEHIND = "n.sort >= $sort AND (n.sort > $sort OR n.id > $last)"
THROUGH_ALL = f"MATCH (n:Asset) WHERE {_BEHIND} WITH n ORDER BY n.sort, n.id"
"""In the order of the index: what follows ends as soon as there are enough."""
_NAMED = "UNWIND $among AS id MATCH (n:Asset {id: id})"
FEW, FEW_OF_KIND = 2000, 20_000
"""Assets that are rather read and put in order than found by going through all."""
PAIRS = 20_000
"""Who has what, read at once: two ids each, and each asset once."""


class Neo4jSelecting:
    """See `GraphReader`."""

    def _rows(self, question: str, **values: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - query parameters
        """The rows of a question in a read transaction."""
        raise NotImplementedError

    def havers(self, relation: str, catalogue_ids: Collection[str]) -> Iterator[tuple[str, Node]]:
        """Items that few have are asked for together, one that many have a page at a time."""
        pattern, some, count = types_of([relation]), list[str](), 0
        asked = f"UNWIND $ids AS id MATCH (c:Catalogue {{id: id}}) RETURN id, COUNT {{ (c)<-[:{pattern}]-() }} AS count"
        for row in self._rows(asked, ids=sorted(catalogue_ids)):
            if some and count + row["count"] > PAIRS:
                yield from self._havers(pattern, some)
                some, count = [], 0
            some.append(row["id"])
            count += row["count"]
        yield from self._havers(pattern, some)

    def _havers(self, pattern: str, ids: list[str]) -> Iterator[tuple[str, Node]]:
        question = f"""
            UNWIND $ids AS id MATCH (:Catalogue {{id: id}})<-[:{pattern}]-(a:Asset)
            WHERE id > $item OR (id = $item AND a.id > $last)
            WITH id, a ORDER BY id, a.id LIMIT $page
            RETURN collect([id, a.id]) AS pairs, collect(DISTINCT a) AS nodes
        """
        pairs = [["", ""]]
        while pairs:
            item, last = pairs[-1]
            (found,) = self._rows(question, ids=ids, item=item, last=last, page=PAIRS)
            pairs, nodes = found["pairs"], {node["id"]: node_of(node) for node in found["nodes"]}
            yield from ((item, nodes[asset]) for item, asset in pairs)

    def spread(self, relation: str, selection: Selection = EVERY_ASSET) -> dict[str, int]:
        """Each item counts its relationships itself: those of assets not asked for are taken off, where they are less.

        So it costs little to ask for nearly all. Several statements; what is written between them counts or does not.
        """
        having = types_of([relation])
        if _are_named(selection):
            return dict(self._walked(having, _SELECTED, selection))
        question = f"""
            MATCH (n:Asset) WHERE EXISTS {{ (n)-[:{having}]->() }}
            RETURN count(CASE WHEN {_SELECTED} THEN 1 END) AS chosen, count(*) AS all
        """
        (found,) = self._rows(question, **_parameters(selection))
        if 2 * found["chosen"] <= found["all"]:
            return dict(self._walked(having, _SELECTED, selection))
        everything = f"MATCH (c:Catalogue) WITH c.id AS id, COUNT {{ (c)<-[:{having}]-() }} AS count WHERE count > 0"
        others = self._walked(having, f"NOT ({_SELECTED})", selection) if found["chosen"] < found["all"] else Counter()
        return dict(self._counted(everything) - others)

    def _walked(self, having: str, condition: str, selection: Selection) -> Counter[str]:
        """How many relationships each item has with assets of which that is true."""
        question = f"{_start(selection)} WHERE {condition} MATCH (n)-[:{having}]->(c) WITH c, count(*) AS count"
        return self._counted(f"{question} WITH c.id AS id, count", **_parameters(selection))

    def _counted(self, question: str, **values: object) -> Counter[str]:
        (found,) = self._rows(f"{question} RETURN collect([id, count]) AS counts", **values)
        return Counter(dict(found["counts"]))

    def tally(self, properties: Sequence[str], selection: Selection = EVERY_ASSET) -> dict[tuple[str, ...], int]:
        question = f"""
            {_start(selection)} WHERE {_SELECTED}
            WITH n.kind AS kind, [name IN $names | n[name]] AS values RETURN kind, values, count(*) AS count
        """
        found = Counter[tuple[str, ...]]()
        for row in self._rows(question, names=list(properties), **_parameters(selection)):
            found[row["kind"], *map(value_text, row["values"])] += row["count"]
        return dict(found)

    def holding(
        self,
        relation: str,
        catalogue_id: str,
        selection: Selection = EVERY_ASSET,
        *,
        after: str = "",
        limit: int = 1000,
    ) -> list[Node]:
        """Few that have it are put in order; else all assets are gone through in order, until there are enough."""
        having = types_of([relation])
        counted = f"MATCH (c:Catalogue {{id: $item}}) RETURN COUNT {{ (c)<-[:{having}]-() }} AS count"
        if sum(row["count"] for row in self._rows(counted, item=catalogue_id)) <= FEW:
            # without the label: or the server begins with all assets, and asks of each whether it has the item
            start = f"MATCH (:Catalogue {{id: $item}})<-[:{having}]-(n) WHERE {_BEHIND}"
        else:
            start = f"""{THROUGH_ALL} CALL (n) {{
                MATCH (c:Catalogue {{id: $item}}) MATCH (n)-[:{having}]->(c) RETURN c
            }}"""
        return self._page(start, selection, after, limit, item=catalogue_id)

    def valued(
        self, values: Mapping[str, str], selection: Selection = EVERY_ASSET, *, after: str = "", limit: int = 1000
    ) -> list[Node]:
        """By an index of texts, where one is of a value that is asked for, and is no number."""
        wanted = {name: values_of(text) for name, text in values.items()}
        best = next((name for name in SOUGHT if values.get(name) and len(wanted[name]) == 1), "")
        if best:
            start = f"MATCH (n:Asset) WHERE n.{best} = $best WITH n WHERE {_BEHIND}"
        else:
            start = f"{_NAMED} WHERE {_BEHIND}" if _are_named(selection) else self._in_order(selection.asked)
        asked = "all(name IN keys($values) WHERE coalesce(n[name], '') IN $values[name])"
        more = {"values": wanted, "best": values.get(best)}
        return self._page(f"{start} WITH n WHERE {asked}", selection, after, limit, **more)

    def _in_order(self, kinds: Collection[str]) -> str:
        """From where one comes first to assets of these kinds: those of few are put in order, many gone through."""
        labels = sorted(ASSETS & set(kinds))
        counted = " + ".join(f"COUNT {{ (:{label}) }}" for label in labels) or "0"
        if sum(row["count"] for row in self._rows(f"RETURN {counted} AS count")) > FEW_OF_KIND:
            return THROUGH_ALL
        return f"MATCH (n:{'|'.join(labels)}) WHERE {_BEHIND}" if labels else "MATCH (n:Asset) WHERE false"

    def _page(self, start: str, selection: Selection, after: str, limit: int, **more: object) -> list[Node]:
        """Of the assets that `start` finds behind the cursor."""
        question = f"{start} WITH n WHERE {_SELECTED} RETURN n ORDER BY n.sort, n.id LIMIT $limit"
        name, _, last = after.partition("\x00")
        cursor = {"sort": sort_of(name), "last": last, "limit": limit}
        return [node_of(row["n"]) for row in self._rows(question, **_parameters(selection), **cursor, **more)]


def _are_named(selection: Selection) -> bool:
    """Whether it costs less to look each one up."""
    return selection.among is not None and len(selection.among) <= FEW


def _start(selection: Selection) -> str:
    return _NAMED if _are_named(selection) else "MATCH (n:Asset)"


def _parameters(selection: Selection) -> dict[str, Any]:
    return {
        "kinds": sorted(selection.asked),
        "sources": sorted(selection.sources),
        "among": None if selection.among is None else sorted(selection.among),
        "without": sorted(selection.without),
    }
