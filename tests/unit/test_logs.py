"""What a line of the log looks like."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bridge.logs import configure_logging


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the logging of the test run as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers.copy(), root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    """Read the lines back."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(words: str) -> None:
    """Raise."""
    raise ValueError(words)


def test_elsewhere_than_on_a_terminal_a_line_is_json() -> None:
    """With what every line has first; whatever a text holds, it stays one line."""
    stream = io.StringIO()
    configure_logging(stream)
    structlog.get_logger().warning("webhook_refused", source="a\nb", status=404)

    (line,) = written(stream)
    assert list(line) == ["timestamp", "level", "event", "source", "status"]
    assert (line["level"], line["event"], line["source"], line["status"]) == ("warning", "webhook_refused", "a\nb", 404)


def test_a_traceback_is_one_line_without_the_values_of_variables() -> None:
    """Those may be secrets."""
    for stream in (io.StringIO(), Terminal()):
        configure_logging(stream)
        secret = "hunter2-of-a-variable"
        try:
            fail(f"of {len(secret)} characters")
        except ValueError:
            structlog.get_logger().exception("pin_failed")
        assert "ValueError: of 21 characters" in stream.getvalue()
        assert "hunter2-of" not in stream.getvalue()
    assert stream.getvalue().count("pin_failed") == 1


def test_what_libraries_say_has_one_name() -> None:
    """So that lines can be counted by their event; the words, whoever chose them, are a value beside it."""
    stream = io.StringIO()
    configure_logging(stream)
    logging.getLogger("uvicorn.error").warning("Oops: %s", "odd", extra={"color_message": "Oops"})
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(True)
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)

    said, warned = written(stream)
    assert (said["event"], said["logger"], said["message"]) == ("library_message", "uvicorn.error", "Oops: odd")
    assert "color_message" not in said
    assert (warned["event"], warned["logger"]) == ("library_message", "py.warnings")
    assert "old ways" in warned["message"]


def test_a_terminal_gets_words_and_obeys_nobody_elses() -> None:
    """What senders choose is shown escaped, in a traceback too."""
    stream = Terminal()
    configure_logging(stream)
    try:
        fail("\x1b[2J")
    except ValueError:
        structlog.get_logger().exception("pin_failed")
    structlog.get_logger().warning("webhook_refused", source="a\x1b[2Jb")
    logging.getLogger("uvicorn.error").warning("Oops \x1b[2J")

    assert "webhook_refused" in stream.getvalue()
    assert "\x1b[2J" not in stream.getvalue()
    assert r"a\x1b[2Jb" in stream.getvalue()
