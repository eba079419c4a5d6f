"""`check --graph`: what stands in the graph and does not follow from its records."""

from contextlib import closing
from datetime import UTC, datetime
from itertools import islice

import typer

from services import bootstrap
from services.checking import findings
from services.cli.common import FAILED, patiently
from services.cli.output import Format, counted, fields, print_rows, say
from services.settings import Settings

MOST = 1000
"""How many findings are listed; a graph that differs more is set right as a whole."""
COLUMNS = {
    "what": "WHAT",
    "kind": "KIND",
    "name": "NAME",
    "id": "ID",
    "there": "THE GRAPH HAS",
    "said": "THE RECORDS SAY",
    "do": "WHAT TO DO",
}
REMEDY = "landkarte rebuild"


def check_graph(settings: Settings, form: Format) -> None:
    """List what differs, and end with exit code 1 where anything does. An outage is waited out."""
    with closing(patiently(lambda: bootstrap.open_store(settings))) as store:
        some = findings(store, lambda: datetime.now(UTC), patiently, say)
        found = list(islice(some, MOST + 1))
    print_rows([{**fields(one), "do": REMEDY} for one in found[:MOST]], COLUMNS, form)
    if not found:
        say("the graph is what its records say")
        return
    more = f"the first {MOST:,} of more" if len(found) > MOST else counted(len(found), "finding")
    say(f"{more}; `{REMEDY}` sets the graph right")
    raise typer.Exit(FAILED)
