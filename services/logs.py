"""Logs: JSON lines for services, key and value on a terminal; to stderr, newlines escaped by both."""

import logging
import sys

import structlog
from structlog.typing import Processor


def set_up(*, verbose: bool = False) -> None:
    """Configure structlog for this process."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=True)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    quiet()
    level = logging.DEBUG if verbose else logging.INFO
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def quiet() -> None:
    """Drivers say nothing: what becomes of an outage or of a run is told once, in our words."""
    for name in ("kafka", "neo4j", "apscheduler"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
