"""What organisation units, locations, applications and citizen services have or need, each as a set of assets."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from graph.model import Node
from graph.paging import node_pages
from graph.store import EVERY_ASSET, GraphReader, Selection
from inventory.around import Drawn, Edges, located_in, needed_by, owned_by
from inventory.obsolescence import NONE, Question

ScopeName = Literal["application", "service", "unit", "location"]
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Scope:
    """`kind`: of the things it is asked of. `of`: the assets that some of these have or need; those of many overlap."""

    kind: str
    of: Callable[[Edges, Collection[str]], frozenset[str]]


def _needed_by_unit(edges: Edges, units: Collection[str]) -> frozenset[str]:
    return needed_by(edges, owned_by(edges, units))


SCOPES: Mapping[ScopeName, Scope] = {
    "application": Scope("Application", needed_by),
    "service": Scope("CitizenService", needed_by),
    "unit": Scope("OrganisationUnit", _needed_by_unit),
    "location": Scope("Location", located_in),
}


def nodes_of(reader: GraphReader, name: ScopeName) -> list[Node]:
    """All units, locations, applications or citizen services, in order of (name, id). Raises StoreUnavailable."""
    kinds = (SCOPES[name].kind,)
    found = node_pages(lambda after: reader.assets(kinds=kinds, after=after, limit=PAGE))
    return [node for page in found for node in page]


def all_of(reader: GraphReader, name: ScopeName) -> frozenset[str]:
    """The assets that are in any unit, location, ...; what is in none is without these. Raises StoreUnavailable."""
    return SCOPES[name].of(reader, [node.id for node in nodes_of(reader, name)])


def narrowed(selection: Selection, by: Selection) -> Selection:
    """What both of them leave, of the kinds and sources of the first."""
    if selection.among is None or by.among is None:
        among = selection.among if by.among is None else by.among
    else:
        among = selection.among & by.among
    return replace(selection, among=among, without=selection.without | by.without)


def _lies_within(assets: frozenset[str], within: Selection) -> bool:
    """Whether a selection by ids leaves all of these; what has no assets lies in the whole alone."""
    if within.among is None and not within.without:
        return True
    return bool(assets) and (within.among is None or assets <= within.among) and assets.isdisjoint(within.without)


@dataclass(frozen=True, slots=True)
class Scoped:
    """The question narrowed to one unit, location, ..., `-` and no id: to what is in none. `opens`: see `Group`."""

    name: str
    id: str
    question: Question
    opens: Mapping[str, str]


def scoped(reader: GraphReader, question: Question, by: ScopeName, within: Selection = EVERY_ASSET) -> Iterator[Scoped]:
    """The question for each of them that lies within, in order of (name, id), then for what is in none."""
    edges, nodes = Drawn(reader), nodes_of(reader, by)
    for node in nodes:
        assets = SCOPES[by].of(edges, [node.id])
        if _lies_within(assets, within):
            yield Scoped(node.name, node.id, _of(question, Selection(among=assets)), {by: _told(edges, node)})
    if within.among is None:
        every = SCOPES[by].of(edges, [node.id for node in nodes])
        yield Scoped(NONE, "", _of(question, Selection(without=every)), {by: NONE})


def _of(question: Question, by: Selection) -> Question:
    return replace(question, selection=narrowed(question.selection, by))


def _told(edges: Drawn, node: Node) -> str:
    """What a person may say for it: its name where nothing else has that, else its id."""
    return node.name if node.name != NONE and edges.names[node.name.casefold()] == 1 else node.id
