"""Commands about what is known of assets, and how well: ask asset, ask quality."""

import dataclasses
from collections.abc import Iterator
from typing import Annotated

import typer

from graph.model import Node, Relationship
from graph.store import GraphReader
from inventory.explain import Why, explain
from inventory.quality import FINDINGS, Finding, Quality, chosen, quality
from services.answers import asked_about
from services.cli.common import Config, settings_of
from services.cli.output import Format, cell, fields, print_json, print_rows, say
from services.cli.reading import As, AsOf, Sources, reading
from services.lookup import NotFound, find_one, find_sources
from services.provenance import Witnesses
from services.settings import expectations

PAGE = 1000


def ask_asset(
    name: Annotated[str, typer.Argument(metavar="ASSET", help="id or name")],
    why: Annotated[bool, typer.Option("--why", help="which identifiers join its records, and which do not")] = False,
    limit: Annotated[int, typer.Option(min=1, help="relationships of the table; JSON and CSV have all")] = 100,
    as_of: AsOf = None,
    form: Annotated[
        Format, typer.Option("--format", help="json and table: its properties and relationships; csv: relationships")
    ] = Format.TABLE,
    config: Config = None,
) -> None:
    """One asset: who says what of it, since when, and its relationships."""
    with reading(config, as_of) as reader:
        node = find_one(reader, name)
        if why:
            _show_why(explain(reader, node), form)
        else:
            _show_asset(reader, node, form, limit)


def _related(reader: GraphReader, node: Node) -> Iterator[Relationship]:
    """All of its relationships, a page at a time."""
    after = ""
    while page := reader.relationships(node.id, after=after, limit=PAGE):
        yield from page
        after = f"{page[-1].edge.key.type}\x00{page[-1].direction}\x00{page[-1].other.id}"


def _show_asset(reader: GraphReader, node: Node, form: Format, limit: int) -> None:
    related = list(_related(reader, node))
    witnesses = Witnesses(reader, node, [item.edge for item in related])
    rows = [
        {
            "relation": item.edge.key.type,
            "direction": item.direction,
            "kind": item.other.kind,
            "other": item.other.name,
            "sources": item.edge.sources,
            "since": item.edge.since,
            "confirmed": max((c.confirmed for c in witnesses.claims(item.edge) if c.confirmed), default=None),
        }
        for item in related
    ]
    if form is Format.JSON:
        claims = {item.name: fields(item) for item in witnesses.properties()}
        print_json(fields(node) | {"claims": claims, "relationships": rows})
        return
    if form is Format.TABLE:
        _show_properties(node, witnesses)
    columns = ("relation", "direction", "kind", "other", "sources", "since", "confirmed")
    shown = rows[:limit] if form is Format.TABLE else rows
    print_rows(shown, {column: column.upper() for column in columns}, form)
    if hidden := len(rows) - len(shown):
        say(f"… and {hidden} more relationships; --limit, --format csv")


def _show_properties(node: Node, witnesses: Witnesses) -> None:
    say(f"id {node.id}" + (f"; retired {cell(node.retired_at)}" if node.retired_at else ""))
    rows = [
        {
            "name": item.name,
            "value": item.value,
            "record": item.won.record,
            "since": item.since,
            "confirmed": item.won.confirmed,
            "others": [f"{claim.value} ({claim.record})" for claim in item.lost if claim.value != item.value],
        }
        for item in witnesses.properties()
    ]
    heads = {"name": "PROPERTY", "value": "VALUE", "record": "RECORD", "since": "SINCE", "confirmed": "CONFIRMED"}
    print_rows(rows, {**heads, "others": "OTHERS SAY"}, Format.TABLE)


def _show_why(records: list[Why], form: Format) -> None:
    rows = [
        {"record": item.record, "scheme": r.scheme, "value": r.value, "state": r.state, "why": r.text}
        for item in records
        for r in item.reasons
    ]
    if form is Format.JSON:
        print_json([fields(item) for item in records])
        return
    print_rows(rows, {name: name.upper() for name in ("record", "scheme", "value", "state", "why")}, form)
    for item in records:
        for line in item.curation:
            say(f"{item.record}: a person said {line}")


def ask_quality(
    kind: Annotated[list[str] | None, typer.Option(help=f"only of this kind: {', '.join(FINDINGS)}")] = None,
    limit: Annotated[int, typer.Option(min=1, help="rows of the table; JSON and CSV have all")] = 50,
    source: Sources = None,
    as_of: AsOf = None,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """Where the sources contradict each other, or say nothing; each finding with the records behind it."""
    if wrong := set(kind or []) - set(FINDINGS):
        raise NotFound(f"kind {min(wrong)!r} is not known; known are {', '.join(FINDINGS)}")
    with reading(config, as_of) as reader:
        wanted = find_sources(reader, source or [])
        everything = quality(reader, expectations(settings_of(config), asked_about(reader)))
    answer = chosen(everything, kind or (), wanted)
    rows = [fields(item) for item in answer.findings]
    if form is Format.JSON:  # `asdict` breaks a Counter
        print_json({field.name: getattr(answer, field.name) for field in dataclasses.fields(answer)})
        return
    columns = (
        ("kind", "name", "text", "units")
        if form is Format.TABLE
        else tuple(f.name for f in dataclasses.fields(Finding))
    )
    shown = rows if form is Format.CSV else rows[:limit]
    print_rows(shown, {name: name.upper() for name in columns}, form)
    for line in _counted(answer, len(rows) - len(shown)):
        say(line)


def _counted(answer: Quality, hidden: int) -> Iterator[str]:
    if hidden:
        yield f"… and {hidden} more rows; --limit, --format csv"
    for title, counts in (("by source", answer.by_source), ("by organisation unit", answer.by_unit)):
        for name, kinds in sorted(counts.items()):
            yield f"{title}: {name}: {', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items()))}"
    for name, (listed, both, missing) in answer.coverage.items():
        yield f"coverage of {name}: lists {listed}, of which others saw {both}; others saw {missing} not listed"
    yield from answer.limits
