"""Reading a payload from a file or from standard input, within a bound."""

import re
import sys
from pathlib import Path

from bridge.errors import ConfigurationError, Problem, SenderError
from bridge.events import Json
from bridge.inbound.bodies import read_payload

MAX_BYTES = 16 * 2**20
_FORM = re.compile(rb"[A-Za-z0-9_.%+-]+=")


def read_body(path: Path) -> bytes:
    """Give a file's bytes, or those of standard input for `-`. Raises `ConfigurationError`."""
    try:
        if str(path) == "-":
            body = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                body = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror}") from error
    if len(body) > MAX_BYTES:
        raise _unreadable(path, f"has more than {MAX_BYTES // 2**20} MiB; a bridge takes no body as large as that")
    return body


def read_json(path: Path) -> Json:
    """Give what a payload says: JSON, or a form, of which the field `payload` is read as JSON where it has one.

    Raises `ConfigurationError`.
    """
    body = read_body(path)
    try:
        return read_payload(body, is_form=_FORM.match(body) is not None, form_json="payload")
    except SenderError as error:
        raise _unreadable(path, error.message) from error


def _unreadable(path: Path, message: str) -> ConfigurationError:
    return ConfigurationError([Problem(file="standard input" if str(path) == "-" else str(path), message=message)])
