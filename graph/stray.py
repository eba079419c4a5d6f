"""What stands in the graph and was not written by the store, or not so."""

from dataclasses import dataclass

from graph.model import EdgeKey


@dataclass(frozen=True, slots=True)
class Stray:
    """A node or relationship that the store would not have written, or not in this form.

    `place`: where `Transaction.sweep` finds it. `what`: what it is, in a few words; `there`: what stands there.
    `wanted`: what belongs there instead; "" for nothing, it goes.
    `id`, `kind` and `name` are those of the node, or of the one at which the relationship `edge` starts, as far as it
    has them.
    """

    place: str
    what: str
    there: str
    wanted: str = ""
    id: str = ""
    kind: str = ""
    name: str = ""
    edge: EdgeKey | None = None


def named(found: object) -> str:
    """A name or id as it stands there; "" for what is none."""
    return found if isinstance(found, str) else ""
