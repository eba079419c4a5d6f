"""Files as sources: found in order, read one at a time, within a limit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from services.collectors.base import Check, Report, SourceUnavailable

MIB = 1024 * 1024


class Files(Protocol):
    """Settings that name files; those of a live source may name some instead of an address."""

    paths: list[Path]
    max_bytes: int


class FileSettings(BaseModel):
    """Settings of a collector that reads files."""

    model_config = ConfigDict(extra="forbid")

    paths: list[Path] = Field(min_length=1, description="files, or folders that are searched with all below them")
    max_bytes: int = Field(default=50 * MIB, gt=0, description="larger files are not read, bytes")


def found_files(settings: Files, suffixes: tuple[str, ...]) -> list[tuple[Path, Path]]:
    """Files under the settings' paths in a fixed order, each with the path it was found below. No suffixes: all files.

    A file that is named itself is taken whatever its suffix. Raises SourceUnavailable for a path that is not there: a
    source that has moved must not look like one that is empty.
    """
    return sorted((path, below) for path, (below, taken) in _files(settings, suffixes).items() if taken)


def _files(settings: Files, suffixes: tuple[str, ...]) -> dict[Path, tuple[Path, bool]]:
    """Every file, where it was found, and whether it is to be read. Raises SourceUnavailable."""
    missing = [path for path in settings.paths if not path.exists()]
    if missing:
        raise SourceUnavailable(f"{missing[0]}: there is no such file or folder; name one that exists")
    found = {path: (path, True) for path in settings.paths if path.is_file()}
    for folder in (path for path in settings.paths if path.is_dir()):
        for path in folder.rglob("*"):
            if path not in found and path.is_file():
                found[path] = (folder, not suffixes or path.suffix.lower() in suffixes)
    return found


def read_files(settings: Files, suffixes: tuple[str, ...], report: Report) -> Iterator[tuple[str, bytes]]:
    """(name, content) of each file that can be read; the others are reported, with the reason."""
    for name, path in usable_files(settings, suffixes, report):
        try:
            data = path.read_bytes()
        except OSError as error:
            report.failed(name, f"cannot be read: {error.strerror or error}")
        else:
            yield name, data


def usable_files(settings: Files, suffixes: tuple[str, ...], report: Report) -> Iterator[tuple[str, Path]]:
    """(name, path) of each file of a fitting name and size, for who reads it in parts; the others are reported."""
    for path, (below, taken) in sorted(_files(settings, suffixes).items()):
        report.seen()
        name = path.name if path == below else str(path.relative_to(below))
        if not taken:
            report.skipped(name, f"not read: its name does not end in {' or '.join(suffixes)}")
            continue
        try:
            size = path.stat().st_size
        except OSError as error:
            report.failed(name, f"cannot be read: {error.strerror or error}")
            continue
        if size > settings.max_bytes:
            report.failed(name, f"{size:,} bytes, more than the {settings.max_bytes:,} that max_bytes allows")
        elif size == 0:
            report.failed(name, "the file is empty")
        else:
            yield name, path


def check_files(settings: Files, suffixes: tuple[str, ...]) -> Iterator[Check]:
    """Whether there are files, and whether they may be read. Raises SourceUnavailable for a path that is not there."""
    found = found_files(settings, suffixes)
    where = ", ".join(str(path) for path in settings.paths)
    none = f"none of them ends in {' or '.join(suffixes)}" if suffixes else "there is none"
    yield Check(f"{len(found)} files in {where}", "" if found else none)
    for path, _ in found:
        try:
            path.open("rb").close()
        except OSError as error:
            yield Check(str(path), f"cannot be read: {error.strerror or error}")
