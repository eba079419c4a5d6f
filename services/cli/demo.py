"""Command demo: this computer and the sample city, collected, answered, served."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from graph.store import GraphStore, Selection
from inventory.around import owners_of
from inventory.impact_words import in_words
from inventory.lifecycle import SOURCE
from inventory.lifecycle_records import matcher_of
from inventory.obsolescence import Question, obsolete
from inventory.rows import Rows
from inventory.topology import load_topology
from services import bootstrap, logs
from services.cli.ask_obsolete import show_obsolete
from services.cli.output import Format, counted, err, out, say, waiting
from services.cli.service import HIGHEST_PORT, serve_until_stopped
from services.cli.sources import show_report
from services.impacts import Failing, answer_of
from services.lookup import find_sources
from services.running import job_of, run_once
from services.sample_city import Size, write_city
from services.settings import Settings, SourceSettings, load

HERE, CITY = "this-computer", "musterstadt"
FAILS = "ESX-02"
"""The host on which the plan put both domain controllers and the register of residents."""
ROWS = 15


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("demo")(demo)


def demo(
    folder: Annotated[Path, typer.Option("--dir", help="where the demonstration keeps its files")] = Path("var/demo"),
    size: Annotated[Size, typer.Option(help="of the sample city")] = Size.SMALL,
    once: Annotated[bool, typer.Option("--once", help="answer and exit")] = False,
    port: Annotated[int, typer.Option(min=1, max=HIGHEST_PORT, help="port of the API")] = 8421,
) -> None:
    """This computer and the sample city in the graph, answers, and the API; embedded, nothing leaves this computer."""
    logs.set_up()
    settings = load(
        None, log=f"sqlite:///{folder}/log.db", graph=f"sqlite:///{folder}/graph.db", data_dir=folder, sources=[]
    )
    store = bootstrap.open_store(settings)
    _fill(settings, store, folder, size)
    _answer(store)
    if once:
        say(f"`landkarte demo` without --once serves the API too, at http://127.0.0.1:{port}/docs")
        return
    serve_until_stopped(settings, "127.0.0.1", port)


def _fill(settings: Settings, store: GraphStore, folder: Path, size: Size) -> None:
    """Collect through the real collectors, and apply."""
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err, transient=False
    ) as progress:
        task = progress.add_task("writing the sample city's files")
        write_city(folder / "city", size, seed=1)
        for source in _sources(folder / "city"):
            progress.update(task, description=f"collecting {source.name}")
            job = job_of(settings, source)
            show_report(job, run_once(settings, job, waiting, say))
        progress.update(task, description="events become the graph")
        log = bootstrap.open_log(settings)
        consumer = bootstrap.make_consumer(settings, log, store, waiting)
        applied = consumer.catch_up()
        consumer.release()
        log.close()
        progress.update(task, description=f"{counted(applied, 'event')} applied", total=1, completed=1)


def _sources(city: Path) -> list[SourceSettings]:
    files = [{"type": kind, "name": f"{CITY}-{kind}", "paths": [city / kind]} for kind in ("glpi", "fusioninventory")]
    files.append({"type": "spreadsheet", "name": f"{CITY}-tables", "paths": [city / "spreadsheet"]})
    return [
        SourceSettings.model_validate(source)
        for source in ({"type": "endoflife", "name": SOURCE}, {"type": "local", "name": HERE}, *files)
    ]


def _answer(store: GraphStore) -> None:
    """What a CIO asks first; the city's figures never contain this computer."""
    counts = ", ".join(f"{number} {kind}" for kind, number in store.status().counts.items())
    _title(f"In the graph: {counts}")
    matcher, today = matcher_of(store), datetime.now(UTC).date()
    for title, pattern in (("Musterstadt", f"{CITY}-*"), ("This computer", HERE)):
        _title(f"{title}: what is obsolete, or ends within 12 months")
        question = Question(on=today, selection=Selection(sources=find_sources(store, [pattern])))
        answer = obsolete(store, matcher, question)
        show_obsolete(answer, Rows(store, matcher, answer), Format.TABLE, ROWS)
    _title(f"Was ist betroffen, wenn {FAILS} ausfällt? / What is affected if {FAILS} fails?")
    impact = answer_of(store, load_topology(store), Failing([FAILS]), {}, lambda: matcher)
    offices = owners_of(store, [item.node.id for item in impact.services()])
    out.print(in_words(impact, "de", offices), markup=False)
    out.print(in_words(impact, "en", offices), markup=False)


def _title(text: str) -> None:
    out.print(f"\n[bold]{escape(text)}[/bold]")
