"""Files as sources: found in order, read one at a time, within a limit."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from services.collectors.base import Report, SourceUnavailable

MIB = 1024 * 1024


class FileSettings(BaseModel):
    """Settings of a collector that reads files."""

    model_config = ConfigDict(extra="forbid")

    paths: list[Path] = Field(min_length=1, description="files, or folders that are searched with all below them")
    max_bytes: int = Field(default=50 * MIB, gt=0, description="larger files are not read, bytes")


def found_files(settings: FileSettings, suffixes: tuple[str, ...]) -> list[tuple[Path, Path]]:
    """Files under the settings' paths in a fixed order, each with the path it was found below.

    A file that is named itself is taken whatever its suffix. Raises SourceUnavailable for a path that is not there: a
    source that has moved must not look like one that is empty.
    """
    missing = [path for path in settings.paths if not path.exists()]
    if missing:
        raise SourceUnavailable(f"{missing[0]}: there is no such file or folder; name one that exists")
    found = {path: path for path in settings.paths if path.is_file()}
    for folder in (path for path in settings.paths if path.is_dir()):
        inside = (path for path in folder.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
        found.update({path: folder for path in inside if path not in found})
    return sorted(found.items())


def read_files(settings: FileSettings, suffixes: tuple[str, ...], report: Report) -> Iterator[tuple[str, bytes]]:
    """(name, content) of each file that can be read; the others are reported as failed, with the reason."""
    for path, below in found_files(settings, suffixes):
        report.seen()
        name = path.name if path == below else str(path.relative_to(below))
        try:
            size = path.stat().st_size
            if size > settings.max_bytes:
                report.failed(name, f"{size:,} bytes, more than the {settings.max_bytes:,} that max_bytes allows")
            elif size == 0:
                report.failed(name, "the file is empty")
            else:
                yield name, path.read_bytes()
        except OSError as error:
            report.failed(name, f"cannot be read: {error.strerror or error}")
