"""Differences to write, in a few words each."""

from graph.model import Changes, Edge, EdgeKey, Node, RecordRow, ReferenceRow, RunRow, SectionMark
from tests.graph.conftest import START

LOG = "log-1"


def changes(at=0, to=None, **parts):
    """A difference that moves partition 0 of topic t from `at` to `to`."""
    made = Changes(LOG, {("t", 0): at} if at else {}, {("t", 0): at + 1 if to is None else to})
    for name, value in parts.items():
        setattr(made, name, value)
    return made


def node(name, kind="Server", **more):
    return Node(f"id-{name}", kind, name, {"memory_mib": 8}, ("glpi",), START, **more)


def item(name, kind="Software"):
    return Node(f"id-{name}", kind, name, {"name": name, "version": "1"})


def edge(source, relation, target, **claims):
    key = EdgeKey(f"id-{source}", relation, f"id-{target}")
    return Edge(key, {}, {f"glpi/{record}": said for record, said in (claims or {source: {}}).items()}, START)


def record(name, asset="", *, sequence=10, live=True, partition=0, source="glpi"):
    return RecordRow(
        key=f"{source}/{name}",
        source=source,
        native_key=name,
        kind="Server",
        partition=partition,
        rank=50,
        sequence=sequence,
        withdrawn=0,
        live=live,
        run="run-1",
        first_observed=START,
        last_seen=START,
        asset_id=asset or f"id-{name}",
        sections={"core": SectionMark(sequence, sequence, "hash", "event")},
    )


def reference(name, identifier, drawn=None):
    return ReferenceRow(f"glpi/{name}", "CONNECTS_TO", "out", identifier, "Server", {"port": 443}, drawn)


def run_row(name, ended=START):
    return RunRow(name, "glpi", "glpi", "complete", START, ended, 1, 1, 0, 0, "[]")


def put(mapping_of, *values):
    return {mapping_of(value): value for value in values}


def nodes(*values):
    return put(lambda value: value.id, *values)


def edges(*values):
    return put(lambda value: value.key, *values)


def records(*values):
    return put(lambda value: value.key, *values)
