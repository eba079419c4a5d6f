"""Command ask impact: what stops, loses its reserve or runs worse when something fails, and how that is known."""

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from graph.model import Node
from inventory.around import owners_of
from inventory.impact import Impact
from inventory.impact_words import in_words
from inventory.lifecycle_records import matcher_of
from inventory.topology import load_topology
from inventory.ways import Met
from inventory.wiring import Link, names_on
from inventory.witnessed import Witness, key_of
from services.answers import asked_about
from services.cli.common import Config, Language, settings_of
from services.cli.output import Format, cell, out, print_json, print_rows, say
from services.cli.reading import As, AsOf, reading
from services.cli.report import save_text
from services.impacts import Failing, Told, answer_of, told, told_of
from services.lookup import find_failing
from services.picture import draw
from services.settings import expectations

COLUMNS = ("result", "kind", "name", "distance", "way", "offices", "mailboxes", "id")
TABLE = {"result": "RESULT", "kind": "KIND", "name": "NAME", "way": "WAY", "offices": "OFFICE"}

Names = list[str] | None


def ask_impact(  # noqa: PLR0913, PLR0917 - a command's options are its arguments
    names: Annotated[Names, typer.Argument(metavar="[ASSET]...", help="ids or names of what fails")] = None,
    product: Annotated[str, typer.Option(help="all that has this product fails")] = "",
    cycle: Annotated[str, typer.Option(help="of the product only this cycle")] = "",
    vendor: Annotated[str, typer.Option(help="all that has something of this vendor fails")] = "",
    depth: Annotated[int, typer.Option(min=0, help="at most so many steps away; 0 for any")] = 0,
    assume: Annotated[
        Names,
        typer.Option(
            metavar="CHANGE",
            help='as if it were so: "add SOURCE RELATION TARGET", "remove ...", "move ASSET HOST", '
            '"repair ASSET"; names with blanks in quotes; repeatable',
        ),
    ] = None,
    explain: Annotated[str, typer.Option(metavar="ASSET", help="of this one: each step, and how it is known")] = "",
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="draw it into this file, as SVG")] = None,
    limit: Annotated[int, typer.Option(min=0, help="rows of the table; JSON and CSV have all")] = 20,
    language: Annotated[Language, typer.Option(help="language of the words")] = Language.EN,
    as_of: AsOf = None,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """What stops, loses its reserve or runs worse when something fails, with the way to each and how it is known."""
    asked = Failing(names or (), product, cycle, vendor, **_assumed(assume or ()), depth=depth)
    settings = settings_of(config)
    with reading(config, as_of) as reader:
        topology = load_topology(reader)
        impact = answer_of(
            reader, topology, asked, expectations(settings, asked_about(reader)), lambda: matcher_of(reader)
        )
        if svg:
            save_text(svg, draw(impact, language.value))
            say(f"{svg}: written")
            return
        if explain:
            (asset,) = find_failing(reader, topology, [explain])
            _explain(impact, asset, told_of(reader, impact, asset.id), form)
            return
        shown = told(reader, impact, limit=limit if form is Format.TABLE else None)
        if form is Format.TABLE:
            offices = owners_of(reader, [item.node.id for item in impact.services()])
            out.print(in_words(impact, language.value, offices), markup=False)
        _show(impact, shown, form)
        say(f"as of change {impact.topology.journal} of the journal")


class _Changes(TypedDict):
    added: list[tuple[str, str, str]]
    removed: list[tuple[str, str, str]]
    moved: list[tuple[str, str]]
    repaired: list[str]


def _assumed(told: Iterable[str]) -> _Changes:
    found = _Changes(added=[], removed=[], moved=[], repaired=[])
    for text in told:
        match _words(text):
            case ["add", source, relation, target]:
                found["added"].append((source, relation, target))
            case ["remove", source, relation, target]:
                found["removed"].append((source, relation, target))
            case ["move", asset, host]:
                found["moved"].append((asset, host))
            case ["repair", asset]:
                found["repaired"].append(asset)
            case _:
                raise typer.BadParameter(
                    f'{text!r} is no change; as in "move \'SRV 1\' ESX-03", "add MESO DEPENDS_ON SQL-2", '
                    '"remove MESO RUNS_ON SRV-1", "repair SAN-1"',
                    param_hint="--assume",
                )
    return found


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quotation mark without its other half
        return []


def _show(impact: Impact, shown: Iterable[Told], form: Format) -> None:
    if form is Format.JSON:
        print_json({**summary(impact), "items": [detailed(impact, one) for one in shown]})
        return
    if form is Format.CSV:
        print_rows((row_of(impact, one) for one in shown), {name: name for name in COLUMNS}, form)
        return
    rows = [row_of(impact, one) for one in shown]
    if rows:
        out.print()
        print_rows(rows, TABLE, form)
    if impact.total > len(rows):
        say(f"… and {impact.total - len(rows):,} more; --limit, --format csv")
    if impact.beyond:
        say(f"{impact.beyond:,} more are further away than --depth {impact.depth}")


def summary(impact: Impact) -> dict[str, object]:
    """The answer without its rows, as other programs read it."""
    counts = sorted(impact.counts().items())
    return {
        "failed": [{"id": node.id, "kind": node.kind, "name": node.name} for node in impact.failed],
        "total": impact.total,
        "counts": [{"kind": kind, "result": result.name.lower(), "count": count} for (kind, result), count in counts],
        "beyond": impact.beyond,
        "covered": impact.covered,
        "told_by": impact.told_by,
        "journal": impact.topology.journal,
    }


def row_of(impact: Impact, one: Told) -> dict[str, object]:
    """An affected asset as plain values, its way as names."""
    item = one.item
    return {
        "result": item.result.name.lower(),
        "kind": item.node.kind,
        "name": item.node.name,
        "distance": item.distance,
        "way": " > ".join(names_on(impact.topology.outline, item.links)),
        "offices": [office.name for office in one.offices],
        "mailboxes": [box for office in one.offices if (box := office.properties.get("mailbox"))],
        "id": item.node.id,
    }


def detailed(impact: Impact, one: Told) -> dict[str, object]:
    """The same with each step of the way, and how it is known."""
    steps = [_step(impact, one.witnesses[key_of(link.edge)], link) for link in one.item.links]
    needs = one.item.met
    return row_of(impact, one) | {
        "way": names_on(impact.topology.outline, one.item.links),
        "steps": steps,
        "needs": {"of": needs.size, "wanted": needs.wanted, "stopped": len(needs.stopped)},
        "doubt": impact.doubt_text(one.item),
    }


def _step(impact: Impact, witness: Witness, link: Link) -> dict[str, object]:
    nodes = impact.topology.outline.nodes
    return {
        "cause": nodes[link.cause].name,
        "effect": nodes[link.effect].name,
        "relation": link.edge.type,
        "evidence": witness.evidence,
        "sources": witness.sources,
        "since": witness.since,
        "confirmed": witness.confirmed,
    }


def _explain(impact: Impact, asset: Node, one: Told | None, form: Format) -> None:
    if one is None:
        failed = asset.id in {node.id for node in impact.failed}
        say(f"{asset.name!r} {'is what fails' if failed else 'is not affected, as far as is known'}")
        return
    if form is Format.JSON:
        print_json(detailed(impact, one))
        return
    out.print(f"{one.item.node.name} ({one.item.node.kind}): {one.item.result.name.lower()}", markup=False)
    for line in _steps(impact, one):
        out.print(f"  {line}", markup=False)
    if doubt := impact.doubt_text(one.item):
        out.print(f"  unknown, for {doubt}", markup=False)


def _steps(impact: Impact, one: Told) -> Iterator[str]:
    for link in one.item.links:
        step = _step(impact, one.witnesses[key_of(link.edge)], link)
        known = ", ".join(
            filter(None, (str(step["evidence"]), f"by {cell(step['sources'])}" if step["sources"] else ""))
        )
        when = f"since {cell(step['since'])}, last confirmed {cell(step['confirmed']) or 'not told'}"
        yield f"{step['cause']} -> {step['effect']}: {step['relation']} ({known}; {when})"
    yield _needs(one.item.met)


def _needs(needs: Met) -> str:
    if needs.size == 1:
        return "it needs this, and nothing stands in for it"
    return f"it needs {needs.wanted} of {needs.size}; {len(needs.stopped)} stopped"
