"""Which protection needs are set, on which assets, by whom and why, as a graph tells it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from events.models import CURATION, Properties
from graph.model import Node
from graph.paging import node_pages
from graph.store import GraphReader, Selection
from inventory.corrections import AUTHOR, EXPIRES, section_of
from inventory.corrections import REASON as CORRECTION_REASON
from inventory.kept import NotKept
from inventory.merge import sections_of
from inventory.need_levels import GOALS, REASON, Goal, level_of, property_of
from inventory.protection import Said

PAGE = 1000


def set_needs(reader: GraphReader) -> dict[str, dict[Goal, Said]]:
    """By asset and goal. Raises StoreUnavailable.

    Of the past, who said it and until when it was to hold is not kept: then `by` is the source, and the reason is that
    of the asset.
    """
    found: dict[str, dict[Goal, Said]] = {}
    for node in _nodes(reader):
        goals: tuple[Goal, ...] = tuple(goal for goal in GOALS if node.properties.get(property_of(goal)))
        found[node.id] = {goal: _said(reader, node, goal) for goal in goals}
    return found


def _nodes(reader: GraphReader) -> Iterator[Node]:
    """Each asset on which anything is set, once."""
    seen = set[str]()
    for name, value, kind in sorted(_values(reader)):
        for page in node_pages(lambda after, n=name, v=value, k=kind: _page(reader, n, v, k, after)):  # type: ignore[misc]
            new = [node for node in page if node.id not in seen]
            seen.update(node.id for node in new)
            yield from new


def _values(reader: GraphReader) -> set[tuple[str, str, str]]:
    """The values that there are: property, value, kind."""
    names = [property_of(goal) for goal in GOALS]
    tally = reader.tally(names)
    return {(name, value, kind) for kind, *values in tally for name, value in zip(names, values, strict=True) if value}


def _page(reader: GraphReader, name: str, value: str, kind: str, after: str) -> list[Node]:
    return reader.valued({name: value}, Selection(kinds=frozenset({kind})), after=after, limit=PAGE)


def _said(reader: GraphReader, node: Node, goal: Goal) -> Said:
    name = property_of(goal)
    text, since = str(node.properties[name]), node.since.get(name)
    reason = str(node.properties.get(REASON, ""))
    claims = node.claims.get(name, ())
    record = claims[0].record if claims else ""
    source = record.partition("/")[0]
    note = _note(reader, node, record, name) if source == CURATION else _Note()
    return Said(level_of(text), text, note.author or source, note.reason or reason, since, note.until)


@dataclass(frozen=True, slots=True)
class _Note:
    author: str = ""
    reason: str = ""
    until: date | None = None


def _note(reader: GraphReader, node: Node, record: str, name: str) -> _Note:
    """What a person said with it."""
    with suppress(NotKept):
        for row, bodies in reader.describing(node.id):
            if row.key == record:
                section = sections_of(bodies).get(section_of(name))
                return _note_of(section.properties) if section else _Note()
    return _Note()


def _note_of(told: Properties) -> _Note:
    until = str(told.get(EXPIRES, ""))
    return _Note(
        str(told.get(AUTHOR, "")),
        str(told.get(CORRECTION_REASON, "")),
        date.fromisoformat(until) if until else None,
    )
