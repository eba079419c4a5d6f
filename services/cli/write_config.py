"""Command init: a few questions, a commented configuration."""

import json
from pathlib import Path
from typing import Annotated

import tomlkit
import typer

from inventory.lifecycle import SOURCE
from services.cli.output import counted, say
from services.collectors import COLLECTORS
from services.protecting_settings import Protecting
from services.settings import DEFAULT_FILE, ConfigurationError, Settings, load
from services.support import Support

SERVERS = ("kafka://localhost:9092", "neo4j://localhost:7687")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("init")(init)


def init(
    out: Annotated[Path, typer.Option(help="the file to write")] = DEFAULT_FILE,
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing: embedded, with this computer as a source")] = False,
    force: Annotated[bool, typer.Option("--force", help="overwrite the file")] = False,
) -> None:
    """Ask a few questions and write a commented landkarte.toml."""
    if out.exists() and not force:
        raise ConfigurationError(f"{out} is there already; --force overwrites it, --out writes another")
    log, graph = _ask_profile(yes=yes)
    folders = {} if yes else _ask_folders()
    out.write_text(document(log, graph, folders), encoding="utf-8")
    settings = load(out)
    this = "" if out == DEFAULT_FILE else f" --config {out}"
    say(f"{out}: written, with {counted(len(settings.sources), 'source')}; its keys and values are allowed ones")
    say(f"next: `landkarte check{this}`: whether log and graph answer and paths are there was not tried")
    then = ("lifecycle update", "collect this-computer", "inventory --once", "ask obsolete")
    say(f"then: {', '.join(f'`landkarte {command}{this}`' for command in then)}")


def document(log: str, graph: str, folders: dict[str, str]) -> str:
    """The configuration's text: every setting with its meaning, the usual ones commented out."""
    doc = tomlkit.document()
    doc.add(
        tomlkit.comment("Landkarte's configuration. Every key can be set by the environment too: LANDKARTE_LOG, ...")
    )
    values = {"log": log, "graph": graph}
    for name, field in Settings.model_fields.items():
        if name in {"sources", "support", "protection"} or "password" in name:
            continue
        doc.add(tomlkit.nl())
        doc.add(tomlkit.comment(str(field.description)))
        doc.add(name, values[name]) if name in values else doc.add(tomlkit.comment(f"{name} = {_toml(field.default)}"))
    doc.add(tomlkit.nl())
    doc.add(tomlkit.comment('Neo4j\'s password: LANDKARTE_GRAPH_PASSWORD, or a file: graph_password_file = "..."'))
    doc.add(tomlkit.nl())
    doc.add(tomlkit.comment(f"{Settings.model_fields['support'].description}:"))
    for line in ("[support]", f"milestone = {_toml(Support().milestone)}", 'milestones = { debian = "extended" }'):
        doc.add(tomlkit.comment(line))
    doc.add(tomlkit.nl())
    doc.add(tomlkit.comment(f"{Settings.model_fields['protection'].description}:"))
    for line in ("[protection]", f"cumulation = {_toml(Protecting().cumulation)}"):
        doc.add(tomlkit.comment(line))
    doc.add("sources", _sources(folders))
    return tomlkit.dumps(doc)


def _sources(folders: dict[str, str]) -> tomlkit.items.AoT:
    sources = tomlkit.aot()
    entries = [{"type": "endoflife", "name": SOURCE}, {"type": "local", "name": "this-computer"}]
    entries += [{"type": kind, "name": kind, "paths": [folder]} for kind, folder in folders.items()]  # type: ignore[dict-item]
    for entry in entries:
        item = tomlkit.table()
        item.add(tomlkit.comment(COLLECTORS[entry["type"]].summary))
        for name, value in entry.items():
            item.add(name, value)
        item.add(tomlkit.comment('schedule = "every 24 hours"  # or cron, in UTC: "15 2 * * *"'))
        sources.append(item)
    return sources


def _ask_profile(*, yes: bool) -> tuple[str, str]:
    default = Settings.model_fields["log"].default, Settings.model_fields["graph"].default
    if yes or not typer.confirm("Use Kafka and Neo4j servers? (no: files on this computer)", default=False, err=True):
        return default
    log = typer.prompt("Kafka's address", default=SERVERS[0], err=True)
    return log, typer.prompt("Neo4j's address", default=SERVERS[1], err=True)


def _ask_folders() -> dict[str, str]:
    """Folders of files for the types that read files; empty for none."""
    known = [kind for kind, collector in sorted(COLLECTORS.items()) if "paths" in collector.settings.model_fields]
    say(f"types of files: {', '.join(known)}; `landkarte collectors` says what they are")
    folders = {}
    for kind in _ask_types(known):
        folders[kind] = typer.prompt(f"Folder with {COLLECTORS[kind].summary}", err=True).strip()
    return folders


def _ask_types(known: list[str]) -> list[str]:
    while True:
        answer: str = typer.prompt("Which of them are there? (empty: none)", default="", show_default=False, err=True)
        kinds = answer.replace(",", " ").split()
        wrong = [kind for kind in kinds if kind not in known]
        if not wrong:
            return kinds
        say(f"{wrong[0]!r} is none of them")


def _toml(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)  # TOML writes texts, numbers and booleans as JSON does
