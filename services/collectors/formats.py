"""Files as data: JSON and XML read safely, and one wording for what cannot be read."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException
from pydantic import ValidationError

from events.models import Draft
from services.collectors.base import NotOurs, Report, Run
from services.collectors.files import FileSettings, read_files

MAX_DEPTH = 50
"""Elements inside one another; what tools write has about ten."""


def parse_json(data: bytes) -> Any:  # noqa: ANN401 - whatever stands there
    """The value in a file: UTF-8, -16 or -32, with or without a byte order mark. Raises ValueError, RecursionError."""
    text = data.decode(json.detect_encoding(data))
    return json.loads(text.removeprefix("\ufeff"))


def parse_xml(data: bytes) -> Element:
    """The root element. Raises ParseError, ValueError, LookupError (an encoding nobody knows), DefusedXmlException."""
    root: Element = defusedxml.ElementTree.fromstring(data, forbid_dtd=True)
    return root


def fault_of(error: Exception, form: str) -> str:
    """Why a file in that form was not used, in words of one kind for all collectors."""
    if isinstance(error, DefusedXmlException):
        return "refused: it declares entities or a DTD, which nothing that is read here does"
    if isinstance(error, ValidationError):
        return f"not usable: {error.errors()[0]['msg']}"
    return f"not readable as {form}: {error}"


UNREADABLE = (DefusedXmlException, ParseError, ValueError, LookupError, RecursionError)
"""What parsing raises for bad input; ValidationError and UnicodeError are ValueErrors."""


@contextmanager
def reported(report: Report, item: str, form: str) -> Iterator[None]:
    """What is read inside, in that form, is reported where it cannot be used, and ends; what comes after goes on.

    Inside, NotOurs is for what is readable and of a kind that is not taken; else what parsing raises.
    """
    try:
        yield
    except NotOurs as error:
        report.skipped(item, str(error))
    except UNREADABLE as error:
        report.failed(item, fault_of(error, form))


def emit_files(
    settings: FileSettings,
    suffixes: tuple[str, ...],
    form: str,
    run: Run,
    to_drafts: Callable[[bytes], Iterable[Draft]],
) -> None:
    """Every file with one of the suffixes: read, made records, emitted. A file that raises is reported; others go on.

    `to_drafts` raises NotOurs for what is readable and of a kind that is not taken, and what parsing raises.
    """
    for name, data in read_files(settings, suffixes, run.report):
        with reported(run.report, name, form):
            for draft in to_drafts(data):
                run.emit(draft)
