"""Logging: one line per thing that matters, to standard error.

Readable on a terminal, JSON elsewhere (a container, a pipe). The lines of uvicorn and other
libraries, which use the standard library's logging, come out in the same form.
"""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger


def configure_logging(stream: TextIO = sys.stderr, *, level: int = logging.INFO) -> None:
    """Send every log line of the process to `stream`."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_colour_copy,
                *_rendering(stream),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("httpx", "httpcore", "alembic", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _rendering(stream: TextIO) -> list[Processor]:
    if stream.isatty():
        # The plain formatter: others show local variables, and those may hold secrets.
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_dumps)]


def _without_colour_copy(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """Drop the coloured second copy that uvicorn attaches to its messages."""
    line.pop("color_message", None)
    return line


def _dumps(line: Any, default: Callable[[Any], Any] = repr, **_: Any) -> str:
    try:
        return orjson.dumps(line, default=default, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:
        # Text that is not UTF-8, such as the name of a file: it is escaped, and the line not lost.
        return json.dumps(line, default=default)
