"""A failure as a layered picture: what failed at the left, what it affects to the right, step by step."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from graph.metamodel import KINDS
from graph.outline import OutlineNode
from inventory.failing import Result
from inventory.impact import Affected, Impact
from inventory.impact_words import Language

COLUMN, ROW, WIDTH, HEIGHT, MARGIN, TOP = 250, 54, 200, 40, 16, 92
NAME, NAMED = 23, 3
"""Characters of a name that fit into a box; the whole name is its title."""
SIGNS: Mapping[Result, str] = {
    Result.STOPS: "✕",
    Result.UNKNOWN: "?",
    Result.RESERVE: "!",
    Result.DEGRADED: "~",
}
Word = Result | Literal["title", "shown", "failed"]
WORDS: Mapping[Language, Mapping[Word, str]] = {
    "de": {
        "title": "Was betroffen ist, wenn {failed} ausfällt",
        "shown": "{shown} von {total} betroffenen Objekten, auf dem jeweils kürzesten Weg",
        "failed": "fällt aus",
        Result.STOPS: "steht still",
        Result.UNKNOWN: "ungewiss",
        Result.RESERVE: "ohne Reserve",
        Result.DEGRADED: "eingeschränkt",
    },
    "en": {
        "title": "What is affected when {failed} fails",
        "shown": "{shown} of {total} affected objects, each by its shortest way",
        "failed": "fails",
        Result.STOPS: "stops",
        Result.UNKNOWN: "uncertain",
        Result.RESERVE: "without reserve",
        Result.DEGRADED: "runs worse",
    },
}
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML does not allow, whatever a device calls itself (XML 1.0, section 2.2)."""


@dataclass(frozen=True, slots=True)
class Box:
    """An asset in the picture. `look`: failed, or its result, which decides colour, line and sign."""

    x: int
    y: int
    name: str
    title: str
    kind: str
    look: str
    sign: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """From a cause to its effect, as the relation says. `dashed`: it is in doubt, or the effect is."""

    x1: int
    y1: int
    x2: int
    y2: int
    title: str
    dashed: bool


def draw(impact: Impact, language: Language, limit: int = 60) -> str:
    """The picture as SVG text, which loads and runs nothing: the first so many affected, and the ways to them."""
    items = list(impact.items(0, limit))
    columns = _columns(impact, items)
    failed = {node.id for node in impact.failed}
    places = {node.id: (column, row) for column, nodes in enumerate(columns) for row, node in enumerate(nodes)}
    words = WORDS[language]
    names = ", ".join(node.name for node in impact.failed[:NAMED]) + (" …" if len(impact.failed) > NAMED else "")
    shown = len(places.keys() - failed)
    text = _template().render(
        language=language,
        title=words["title"].format(failed=names),
        shown=words["shown"].format(shown=shown, total=impact.total),
        described=list(_described(impact, items, words)),
        legend=[("failed", "", words["failed"]), *((r.name.lower(), SIGNS[r], words[r]) for r in SIGNS)],
        boxes=[
            _box(impact, node, places[node.id], language, failed=node.id in failed)
            for nodes in columns
            for node in nodes
        ],
        arrows=list(_arrows(impact, items, places)),
        width=MARGIN + COLUMN * len(columns),
        height=TOP + ROW * max(map(len, columns), default=0) + MARGIN,
        box=(WIDTH, HEIGHT),
    )
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def _columns(impact: Impact, items: Iterable[Affected]) -> list[list[OutlineNode]]:
    """What failed, as far as a way begins there; then what is one step away, and so on, in the order of the answer."""
    nodes, ways = impact.topology.outline.nodes, impact.ways
    number = impact.topology.wiring.number
    found: dict[str, OutlineNode] = {node.id: nodes[node.id] for node in impact.failed[:NAMED]}
    for item in items:
        found |= {end: nodes[end] for link in item.links for end in (link.cause, link.effect)}
    columns: list[list[OutlineNode]] = []
    for node in sorted(found.values(), key=lambda node: int(ways.length[number[node.id]])):
        steps = int(ways.length[number[node.id]])
        columns += [[] for _ in range(steps + 1 - len(columns))]
        columns[steps].append(node)
    return columns


def _box(impact: Impact, node: OutlineNode, place: tuple[int, int], language: Language, *, failed: bool) -> Box:
    result = impact.outcome.of(node.id)
    kind = KINDS[node.kind].german if language == "de" else KINDS[node.kind].english
    state = WORDS[language]["failed" if failed else result]
    short = node.name if len(node.name) <= NAME else f"{node.name[: NAME - 1]}…"
    x, y = MARGIN + place[0] * COLUMN, TOP + place[1] * ROW
    look = "failed" if failed else result.name.lower()
    return Box(x, y, short, f"{node.name} ({kind}): {state}", kind, look, "" if failed else SIGNS[result])


def _arrows(impact: Impact, items: Iterable[Affected], places: Mapping[str, tuple[int, int]]) -> Iterator[Arrow]:
    for link in dict.fromkeys(link for item in items for link in item.links):
        (column, row), (after, below) = places[link.cause], places[link.effect]
        x1, x2 = MARGIN + column * COLUMN + WIDTH, MARGIN + after * COLUMN
        y1, y2 = (TOP + at * ROW + HEIGHT // 2 for at in (row, below))
        yield Arrow(x1, y1, x2, y2, link.edge.type, impact.outcome.of(link.effect) is Result.UNKNOWN)


def _described(impact: Impact, items: Sequence[Affected], words: Mapping[Word, str]) -> Iterator[str]:
    """The same as text, for who does not see it."""
    nodes = impact.topology.outline.nodes
    for item in items:
        way = [nodes[link.cause].name for link in item.links]
        yield f"{' > '.join([*way, item.node.name])}: {words[item.result]}"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("services.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("impact.svg.jinja")
