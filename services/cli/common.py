"""What the commands share: options, and how errors end a command."""

import os
import signal
import threading
import traceback
from collections.abc import Callable
from enum import StrEnum
from itertools import chain, repeat
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from events.database import FileDamaged
from events.kafka_log import TopicMisconfigured
from events.log import EventLog, LogUnavailable, PositionLost
from events.outbox_errors import OutboxUnavailable
from graph.store import AccessDenied, GraphStore, SchemaDiffers, StoreUnavailable
from inventory.again import RulesTooNew
from inventory.assuming import Contradiction
from inventory.kept import BeforeThePast, NotKept
from services import bootstrap
from services.checking import NotComparable
from services.cli.output import say, waiting
from services.collecting import BACK_OFF
from services.collectors import BrokenCollector
from services.collectors.base import SourceUnavailable
from services.copying import CopyRefused
from services.curating import Refused
from services.lookup import Ambiguous, NotFound
from services.positions import LogReplaced
from services.settings import ConfigurationError, Settings, load

DONE, FAILED, WRONG_USE = 0, 1, 2
EXPECTED = (
    LogUnavailable,
    StoreUnavailable,
    AccessDenied,
    FileDamaged,
    OutboxUnavailable,
    SourceUnavailable,
    BrokenCollector,
    PositionLost,
    LogReplaced,
    CopyRefused,
    SchemaDiffers,
    RulesTooNew,
    NotComparable,
    TopicMisconfigured,
    NotFound,
    Ambiguous,
    Refused,
    BeforeThePast,
    NotKept,
    Contradiction,
)
"""Errors whose text is for the person: it names the thing, the reason and what to do."""
Config = Annotated[
    Path | None, typer.Option("--config", show_default="./landkarte.toml", help="the configuration file")
]
_T = TypeVar("_T")


class Language(StrEnum):
    """The language of what city staff see."""

    DE = "de"
    EN = "en"


class Failed(Exception):
    """The work failed; the text says why."""


def run(app: Callable[[], object]) -> None:
    """Run the command line; every error becomes one line and an exit code."""
    try:
        app()
    except ConfigurationError as error:
        _end(f"configuration: {error}", WRONG_USE)
    except (Failed, *EXPECTED) as error:
        _end(str(error), FAILED)
    except KeyboardInterrupt:
        _end("stopped", FAILED)
    except BrokenPipeError:
        os._exit(FAILED)  # whoever read stdout has gone; Python would complain once more at its end
    except Exception as error:
        if os.environ.get("LANDKARTE_DEBUG"):
            raise
        _end(f"unexpected error: {type(error).__name__}: {error}; details are in {_write_details()}", FAILED)


def _end(text: str, code: int) -> None:
    say(f"landkarte: {' '.join(text.split())}")
    raise SystemExit(code)


def _write_details() -> Path:
    path = Path(os.environ.get("LANDKARTE_DATA_DIR", "var")) / "errors.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(traceback.format_exc() + "\n")
    return path


def settings_of(config: Path | None) -> Settings:
    return load(config)


def patiently(open_it: Callable[[], _T]) -> _T:
    """What `open_it` gives, waiting out an outage of log or store."""
    stop = threading.Event()
    for seconds in chain(BACK_OFF, repeat(BACK_OFF[-1])):
        try:
            return open_it()
        except (LogUnavailable, StoreUnavailable) as outage:
            waiting(str(outage), seconds)
            stop.wait(seconds)
    raise AssertionError("the tries never end")


def end_when_told() -> None:
    """From now on SIGTERM, as systemd and container engines send it, ends all that was entered; the exit code is 0."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(*_: object) -> None:
    raise SystemExit(DONE)


def until_stopped() -> None:
    """Return when the process is told to stop: Ctrl-C, or SIGTERM as systemd and container engines send it."""
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    told.wait()


def open_both(settings: Settings) -> tuple[EventLog, GraphStore]:
    """Log and graph, waited for."""
    return patiently(lambda: bootstrap.open_log(settings)), patiently(lambda: bootstrap.open_store(settings))
