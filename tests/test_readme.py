"""What the documents tell a reader to type exists, and what can be typed stands in the documents."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from services.cli import app
from tests.documents import ROOT, Command, commands, documents

Program = TyperCommand | TyperGroup
PLACEHOLDER = re.compile(r"[A-Z_]{3,}(\.\.\.)?|\.\.\.|…")


def program(cli: typer.Typer) -> Program:
    return get_command(cli)


def leaves(command: Program, path: Command = ()) -> Iterator[Command]:
    """Every command that can be called, as the words that call it."""
    if not isinstance(command, TyperGroup):
        yield path
        return
    for name, inner in command.commands.items():
        if not inner.hidden:
            yield from leaves(inner, (*path, name))


def follow(command: Program, words: Command, path: Command = ()) -> tuple[set[Command], str | None]:
    """The commands these arguments call (`a|b` stands for both), and what is wrong with them by the program's help."""
    options = {
        option: parameter for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    rest = iter([word.strip("[]") for word in words])
    for word in rest:
        if word.startswith("-"):
            option, has_value, _ = word.partition("=")
            if option not in options and option != "--help":
                return set(), f"unknown option {option}"
            if not has_value and not getattr(options.get(option), "is_flag", True):
                next(rest, None)
        elif isinstance(command, TyperGroup):
            return (set(), None) if PLACEHOLDER.fullmatch(word) else _follow_each(command, word, tuple(rest), path)
    return (set() if isinstance(command, TyperGroup) else {path}), None


def _follow_each(group: TyperGroup, word: str, rest: Command, path: Command) -> tuple[set[Command], str | None]:
    called: set[Command] = set()
    for name in word.split("|"):
        if name not in group.commands:
            return set(), f"unknown command {name}"
        more, fault = follow(group.commands[name], rest, (*path, name))
        if fault:
            return set(), fault
        called |= more
    return called, None


def sample_program() -> Program:
    cli, ask = typer.Typer(), typer.Typer()

    @cli.callback()
    def options(config: str = "") -> None: ...

    @cli.command()
    def demo(*, once: bool = False) -> None: ...

    @ask.command()
    def impact(name: str) -> None: ...

    @ask.command()
    def asset(name: str) -> None: ...

    cli.add_typer(ask, name="ask")
    return program(cli)


def test_check_finds_wrong_commands_and_options():
    sample = sample_program()
    text = """Run `landkarte demo --once`, or:
```sh
$ landkarte ask impact ESX-02 | less
landkarte demmo
```
    .venv/bin/landkarte ask assets X   # indented

`landkarte demo --twice` `landkarte ask impact|asset NAME`
"""

    found = {words: follow(sample, words)[1] for words in commands(text, "landkarte")}

    assert found == {
        ("demo", "--once"): None,
        ("ask", "impact", "ESX-02"): None,
        ("demmo",): "unknown command demmo",
        ("ask", "assets", "X"): "unknown command assets",
        ("demo", "--twice"): "unknown option --twice",
        ("ask", "impact|asset", "NAME"): None,
    }


def test_check_finds_commands_that_no_document_shows():
    sample = sample_program()
    calls = commands("`landkarte --config x.toml ask asset impact` and `landkarte ask`", "landkarte")

    assert set(leaves(sample)) - {path for words in calls for path in follow(sample, words)[0]} == {
        ("demo",),
        ("ask", "impact"),
    }


def test_documented_commands_exist():
    landkarte = program(app)

    faults = {
        (name, " ".join(words), fault)
        for name, text in documents().items()
        for words in commands(text, "landkarte")
        if (fault := follow(landkarte, words)[1])
    }

    assert faults == set()


def test_existing_commands_are_documented():
    landkarte = program(app)
    calls = [words for text in documents().values() for words in commands(text, "landkarte")]

    assert set(leaves(landkarte)) - {path for words in calls for path in follow(landkarte, words)[0]} == set()


def test_documented_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    typed = {
        (name, word)
        for name, text in documents().items()
        for words in commands(text, "make")
        for word in words
        if "=" not in word and not word.startswith("-")
    }

    assert {word for _, word in typed} >= {"demo", "test"}
    assert {(name, word) for name, word in typed if word not in targets} == set()


def test_what_the_readme_tells_to_use_can_be_copied(tmp_path):
    """All of it but the service, which goes on."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^## Use it$.*?^```sh\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    *lines, last = block.splitlines()
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)

    done = subprocess.run(
        ["sh", "-e"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("LANDKARTE_")},
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert (done.returncode, last.split()[:2]) == (0, [".venv/bin/landkarte", "serve"]), done.stderr
    assert "'Wohnsitz anmelden'" in done.stdout
    assert (tmp_path / "workbook.xlsx").is_file()
