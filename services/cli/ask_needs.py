"""Commands ask needs and ask single-points: what something stands on, and where one failure is enough."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import typer

from graph.outline import Outline, OutlineNode
from inventory.lifecycle_records import matcher_of
from inventory.needs import Stage, start_order
from inventory.single_points import false_redundancy, single_points
from inventory.topology import load_topology
from inventory.wiring import Wiring, names_on
from services.cli.common import Config, settings_of
from services.cli.output import Format, print_json, print_rows, say
from services.cli.reading import As, AsOf, reading
from services.lookup import find_failing
from services.needed import NeededTold, needed

NEEDS = ("kind", "name", "distance", "way", "alone", "unsupported", "covers", "id")
STAGES = ("stage", "kind", "name", "circle", "id")
POINTS = ("kind", "name", "stops", "services", "id")
SHARED = ("kind", "name", "wanted", "of", "shared", "id")


class Order(StrEnum):
    """In which order."""

    START = "start"
    STOP = "stop"


def add_to(group: typer.Typer) -> None:
    """Register the commands."""
    group.command("needs")(ask_needs)
    group.command("single-points")(ask_single_points)


def ask_needs(
    names: Annotated[list[str], typer.Argument(metavar="ASSET...", help="ids or names of what is asked about")],
    order: Annotated[
        Order | None, typer.Option(help="the stages in which to start these and all that they need, or to stop them")
    ] = None,
    as_of: AsOf = None,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """Everything that something needs, to the room and the contract, with what of it is past its support."""
    with reading(config, as_of) as reader:
        topology = load_topology(reader)
        assets = find_failing(reader, topology, names)
        if order:
            stages = start_order(topology.wiring, [node.id for node in assets])
            _show_stages(stages if order is Order.START else stages[::-1], form)
            return
        found = needed(reader, topology, assets, matcher_of(reader), settings_of(config).support.policy())
        _print((_row(topology.outline, one) for one in found), NEEDS, form)
        if not found:
            say("nothing is known that it needs")


def _row(outline: Outline, one: NeededTold) -> dict[str, object]:
    return {
        **_node(one.needed.node),
        "distance": one.needed.distance,
        "way": names_on(outline, one.needed.links),
        "alone": one.needed.alone,
        "unsupported": one.unsupported,
        "covers": one.covers,
    }


def _show_stages(stages: list[Stage], form: Format) -> None:
    rows = [
        {"stage": number, **_node(node), "circle": _circle(stage, node)}
        for number, stage in enumerate(stages, 1)
        for node in stage.nodes
    ]
    _print(rows, STAGES, form)
    circles = [circle for stage in stages for circle in stage.circles]
    for circle in circles:
        say(f"no order is right for {', '.join(node.name for node in circle)}: they need each other")


def _circle(stage: Stage, node: OutlineNode) -> list[str]:
    """With what it stands in a circle."""
    return [other.name for circle in stage.circles if node in circle for other in circle if other != node]


def ask_single_points(
    limit: Annotated[int, typer.Option(min=1, help="rows of the table; JSON and CSV have all")] = 50,
    shared: Annotated[
        bool, typer.Option("--shared", help="instead: redundancy that is none, with what all of it stands on")
    ] = False,
    as_of: AsOf = None,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """Assets whose failure alone stops a citizen service, those that stop the most first."""
    with reading(config, as_of) as reader:
        topology = load_topology(reader)
    rows = _shared(topology.wiring) if shared else _points(topology.wiring)
    _print(rows if form is not Format.TABLE else rows[:limit], SHARED if shared else POINTS, form)
    if form is Format.TABLE and len(rows) > limit:
        say(f"… and {len(rows) - limit:,} more; --limit, --format csv")
    say(f"as of change {topology.journal} of the journal; what is in doubt counts as if it were sure")


def _points(wiring: Wiring) -> list[dict[str, object]]:
    return [
        {**_node(point.node), "stops": len(point.services), "services": [node.name for node in point.services]}
        for point in single_points(wiring)
    ]


def _shared(wiring: Wiring) -> list[dict[str, object]]:
    return [
        {
            **_node(one.node),
            "wanted": one.wanted,
            "of": [node.name for node in one.causes],
            "shared": [node.name for node in one.shared],
        }
        for one in false_redundancy(wiring)
    ]


def _node(node: OutlineNode) -> dict[str, object]:
    return {"id": node.id, "kind": node.kind, "name": node.name}


def _print(rows: Iterable[dict[str, object]], columns: Iterable[str], form: Format) -> None:
    if form is Format.JSON:
        print_json(list(rows))
        return
    shown = [name for name in columns if form is Format.CSV or name != "id"]
    told = ({**row, **{name: _text(row[name], name) for name in ("way", "alone") if name in row}} for row in rows)
    print_rows(told, {name: name.upper() for name in shown}, form)


def _text(value: object, name: str) -> str:
    if name == "way" and isinstance(value, list):
        return " > ".join(value)
    return "yes" if value else ""
