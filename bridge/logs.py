"""Logging: one line per thing that matters, to standard error.

Readable on a terminal, by the local time; JSON elsewhere (a container, a pipe): `timestamp`, `level`, `event`, then
what else is told. An `event` is one of the words of docs/operations.md. The lines of uvicorn and other libraries,
which use the standard library's logging, and Python's warnings are the event `library_message`, with `logger` and
`message`.

    info      how it goes
    warning   a part of the work waits, or somebody else must act
    error     whoever runs the bridge must act
    critical  the process ends

No line holds a secret, or a whole payload. Tracebacks are without the values of variables.
"""

import io
import json
import logging
import sys
from collections.abc import Callable
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger


def configure_logging(stream: TextIO = sys.stderr, *, level: int = logging.INFO) -> None:
    """Send every log line of the process to `stream`."""
    on_terminal = stream.isatty()
    stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S" if on_terminal else "iso", utc=not on_terminal)
    shared: list[Processor] = [structlog.stdlib.add_log_level, structlog.stdlib.ExtraAdder(), stamp]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _of_a_library],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(stream),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(True)
    for chatty in ("httpx", "httpcore", "alembic", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # It warns of each form that it refuses, which is told of as any refusal is, and as sparingly.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


def _rendering(stream: TextIO) -> list[Processor]:
    if stream.isatty():
        return [_visible, structlog.dev.ConsoleRenderer(exception_formatter=_plain_traceback)]
    return [structlog.processors.format_exc_info, _in_order, structlog.processors.JSONRenderer(serializer=_dumps)]


def _of_a_library(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """Say what a library says under one name, whatever its words, and without the coloured copy that uvicorn adds."""
    line.pop("color_message", None)
    return {**line, "event": "library_message", "logger": line["_record"].name, "message": line["event"]}


def _visible(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """Escape what a terminal would obey; senders choose some of the texts, and libraries quote them."""
    return {name: _escaped(value) if isinstance(value, str) else value for name, value in line.items()}


def _plain_traceback(stream: TextIO, exc_info: ExcInfo) -> None:
    """Write a traceback without the values of variables, which may be secrets."""
    written = io.StringIO()
    structlog.dev.plain_traceback(written, exc_info)
    stream.write("\n".join(map(_escaped, written.getvalue().split("\n"))))


def _escaped(text: str) -> str:
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _in_order(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """Put first what every line has, for whoever reads them as they are."""
    return {**{name: line.pop(name) for name in ("timestamp", "level", "event")}, **line}


def _dumps(line: Any, default: Callable[[Any], Any] = repr, **_: Any) -> str:
    try:
        return orjson.dumps(line, default=default, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:
        # Text that is not UTF-8, such as the name of a file: it is escaped, and the line not lost.
        return json.dumps(line, default=default)
