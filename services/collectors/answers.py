"""Sources whose answers are saved as files or asked for live, and things of an answer that cost no other where odd."""

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from events.models import LARGEST, Draft
from services.collectors.base import Report, Run
from services.collectors.files import MIB
from services.collectors.formats import reported
from services.collectors.web import WebSettings

Item = Mapping[str, Any]
LONGEST_ITEM = 200


class AnswerSettings(WebSettings):
    """Settings of a source that is asked over HTTP, or read from files with its saved answers."""

    paths: list[Path] = Field(default=[], description="saved answers instead of `url`: files, or folders with them")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.url) == bool(self.paths):
            raise ValueError("name either url (to ask) or paths (saved answers)")
        return self


def objects(value: object) -> list[Item]:
    """The objects in a list; whatever else stands in it is left out."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def whole(value: object) -> int | None:
    """A number as a whole one that a store takes, or None."""
    if (
        isinstance(value, str)
        and value.strip().isascii()
        and value.strip().isdigit()
        and len(value) < len(str(LARGEST))
    ):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value < LARGEST else None


def mebibytes(value: object) -> int | None:
    """Bytes as MiB, or None."""
    size = whole(value)
    return None if size is None else size // MIB


def nothing_said(settings: AnswerSettings, said: int, report: Report) -> None:
    """Report saved answers that hold nothing that is a thing of its own, so that no file goes by unnoticed."""
    if settings.paths and not (said or report.counts["skipped"] or report.counts["failed"]):
        where = ", ".join(path.name for path in settings.paths)
        report.skipped(shown(where), "it only adds to things that other files list; name the folder with all of them")


def emit_each(run: Run, things: Iterable[tuple[str, Callable[[], Draft | None]]]) -> int:
    """Build and emit the draft of each thing, by the name that its owner knows; one that cannot be built is reported.

    `build` raises NotOurs for what is not taken, and gives None where there is nothing to say. Gives how many were
    emitted.
    """
    emitted = 0
    for name, build in things:
        draft = None
        with reported(run.report, shown(name), "a record"):
            draft = build()
        if draft:
            run.emit(draft)
            emitted += 1
    return emitted


def shown(name: str) -> str:
    """A name from elsewhere as a report can say it: without half characters, and not endless."""
    return name.encode(errors="replace").decode()[:LONGEST_ITEM]
