"""What has changed since something was worked out, and whether lifecycle facts may be among it."""

from graph.metamodel import LIFECYCLE
from graph.store import GraphReader

FEW = 2000
"""Where more has changed, it is not looked at one by one."""


def touched_since(reader: GraphReader, since: int, head: int) -> frozenset[str] | None:
    """The nodes that changed behind that entry; None where the journal, whose last is `head`, does not tell."""
    oldest = next((change.number for change in reader.changes(limit=1)), 0)
    return None if since > head or since + 1 < oldest else reader.touched(since)


def may_touch_facts(reader: GraphReader, touched: frozenset[str] | None) -> bool:
    """Whether a lifecycle fact is among what changed, or may be: where that is not told, or much has changed."""
    if touched is None or len(touched) > FEW:
        return True
    return any(node.kind in LIFECYCLE for node in reader.nodes(touched).values())
