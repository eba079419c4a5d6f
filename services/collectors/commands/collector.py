"""Saved outputs of commands, a folder for each computer: for those that nobody may log in to."""

import codecs
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from services.collectors.base import CollectorType, NotOurs, Report, Run
from services.collectors.commands.forms import Answers, answers_in
from services.collectors.computer import Facts, to_drafts
from services.collectors.computer_connections import MAX_PEERS, MaxPeers
from services.collectors.files import FileSettings, check_files, found_files, read_files
from services.collectors.formats import fault_of
from services.collectors.machine import Command, CommandFailed
from services.collectors.machine_reading import HOSTNAME, read_facts

SUFFIXES = ()
"""A file may be called anything: its name and its beginning tell of which command it is."""


class CommandsSettings(FileSettings):
    """Settings of the collector `commands`."""

    max_peers: MaxPeers = MAX_PEERS


class SavedMachine:
    """A computer that answers from saved outputs alone."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def read(self, path: str) -> str:
        return self._answers.get(path, "")

    def exists(self, path: str) -> bool:
        return path in self._answers

    def run(self, command: Command) -> str:
        if command not in self._answers:
            raise CommandFailed(f"{command[0]}: its output was not saved")
        return self._answers[command]


def collect(settings: CommandsSettings, run: Run) -> None:
    """Each folder: its files read, made records, emitted. A file that is not used is reported; the others go on."""
    said: set[str] = set()
    for folder, answers in _computers(settings, run.report):
        if folder.name in said:
            run.report.failed(str(folder), f"another folder is called {folder.name} too; name each after its computer")
            continue
        said.add(folder.name)
        try:
            drafts = to_drafts(to_facts(folder.name, answers), folder.name, settings.max_peers)
        except ValueError as error:
            run.report.failed(folder.name, fault_of(error, "outputs of a computer"))
            continue
        for draft in drafts:
            run.emit(draft)


def to_facts(host: str, answers: Answers) -> Facts:
    """What the saved outputs of a computer tell; it is called as it calls itself, else as its folder is."""
    return read_facts(SavedMachine({HOSTNAME: host, **answers}))


def _computers(settings: CommandsSettings, report: Report) -> Iterator[tuple[Path, Answers]]:
    """Each folder with what its files answer, as soon as all below it were read: few are in memory at once."""
    open_folders: dict[Path, dict[str | Command, str]] = {}
    for file, answers in _outputs(settings, report):
        for folder in [folder for folder in open_folders if folder not in file.parents]:
            yield folder, open_folders.pop(folder)
        open_folders.setdefault(file.parent, {}).update(answers)
    yield from open_folders.items()


def _outputs(settings: CommandsSettings, report: Report) -> Iterator[tuple[Path, Answers]]:
    """Each file that is used, with what it answers."""
    found_files(settings, SUFFIXES)  # a path that is not there ends the run before anything is said
    for path in settings.paths:
        one = FileSettings(paths=[path], max_bytes=settings.max_bytes)
        for name, data in read_files(one, SUFFIXES, report):
            file = (path / name if path.is_dir() else path).absolute()
            try:
                yield file, answers_in(file.name, _text(data))
            except NotOurs as error:
                report.skipped(name, str(error))
            except ValueError as error:
                report.failed(name, fault_of(error, "a command's output"))


def _text(data: bytes) -> str:
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if utf_16 else "utf-8-sig", errors="replace")


COLLECTOR = CollectorType(
    "commands",
    "saved outputs of commands, a folder for each computer",
    CommandsSettings,
    collect,
    45,
    partial(check_files, suffixes=SUFFIXES),
)
