"""The command about what runs and belongs to no application: ask unassigned."""

import dataclasses
from collections.abc import Iterator
from typing import Annotated

import typer

from inventory.unassigned import Row, Unassigned, unassigned
from services.cli.common import Config, settings_of
from services.cli.output import Format, cell, fields, print_json, print_rows, say
from services.cli.reading import As, AsOf, reading
from services.mappings import rules_of

COLUMNS = {field.name: field.name.upper() for field in dataclasses.fields(Row)}


def ask_unassigned(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="how many, the biggest first")] = 50,
    as_of: AsOf = None,
    form: As = Format.TABLE,
    config: Config = None,
) -> None:
    """What runs on servers and belongs to no application, by the mappings that are configured; biggest first."""
    rules, faults = rules_of(settings_of(config))
    with reading(config, as_of) as reader:
        answer = unassigned(reader, rules, limit)
    rows = [fields(row) for row in answer.rows]
    if form is Format.JSON:
        told = {name.name: getattr(answer, name.name) for name in dataclasses.fields(answer)}
        print_json(told | {"rows": rows, "faults": faults})
        return
    print_rows(rows, COLUMNS, form)
    for line in (*faults, *_summary(answer)):
        say(line)


def _summary(answer: Unassigned) -> Iterator[str]:
    if hidden := answer.total - len(answer.rows):
        yield f"… and {hidden} more rows; --limit"
    yield (
        f"coverage: {answer.hosts} servers, virtual machines and workloads, of which {answer.with_ports} report their "
        f"ports; {answer.rules} entries of mappings; {answer.left_out} installed packages of distributions left out"
    )
    yield from answer.limits
    if answer.as_of:
        yield f"oldest source heard of {cell(min(answer.as_of.values()))}"
