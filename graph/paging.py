"""Walking through what a reader gives a page at a time, in order of (name, id)."""

from collections.abc import Callable, Iterator

from graph.model import Node


def cursor_of(node: Node) -> str:
    """The cursor behind that node."""
    return f"{node.name}\x00{node.id}"


def node_pages(read: Callable[[str], list[Node]], after: str = "") -> Iterator[list[Node]]:
    """All pages behind that cursor, one at a time; `read` gives the page behind a cursor, empty at the end."""
    while page := read(after):
        yield page
        after = cursor_of(page[-1])
