"""What a record may say: only what the metamodel declares. Checked where it is said, and again where it is read."""

from events.models import CURATION, CatalogueItem, Draft, RecordObserved, Reference, Relation, Section
from graph.metamodel import ASSETS, KINDS, RELATIONS
from inventory.identifiers import CURATED, ORDER, SILENT

SCHEMES = frozenset({*ORDER, *SILENT, "hostname"}) - {CURATED}


def fault(event: RecordObserved) -> str | None:
    """Why this event cannot enter the graph, or None."""
    if event.source == CURATION:
        return None if event.kind in ASSETS else f"kind {event.kind!r} is not in the metamodel"
    return fault_in(event.kind, event.content)


def fault_of(draft: Draft) -> str | None:
    """Why a collector's draft cannot enter the graph, or None."""
    return next((text for section in draft.sections.values() if (text := fault_in(draft.kind, section))), None)


def fault_in(kind: str, section: Section) -> str | None:
    """Why a section of a record of this kind cannot enter the graph, or None.

    Unknown properties are no fault: they stay in the record, and are shown once the metamodel declares them.
    """
    if kind not in ASSETS - {"Endpoint"}:
        return f"kind {kind!r} is not in the metamodel"
    for identifier in section.identifiers:
        if identifier.scheme not in SCHEMES:
            return f"identifier scheme {identifier.scheme!r} is not known; known are {', '.join(sorted(SCHEMES))}"
    return next((text for relation in section.relations if (text := _relation(kind, relation))), None)


def _relation(kind: str, relation: Relation) -> str | None:
    declared = RELATIONS.get(relation.type)
    if declared is None:
        return f"relation {relation.type!r} is not in the metamodel"
    to = relation.to.kind
    if to not in KINDS:
        return f"relation {relation.type}: kind {to!r} is not in the metamodel"
    if isinstance(relation.to, Reference) and relation.to.scheme not in SCHEMES:
        return f"relation {relation.type}: identifier scheme {relation.to.scheme!r} is not known"
    if isinstance(relation.to, CatalogueItem) and relation.direction == "in":
        return f"relation {relation.type}: a catalogue item cannot be where it starts"
    source, target = (kind, to) if relation.direction == "out" else (to, kind)
    if source not in declared.sources or target not in declared.targets:
        return f"relation {relation.type} does not lead from {source} to {target}"
    return None
