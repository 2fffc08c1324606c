"""Reading a payload from a file or from standard input, within a bound."""

import re
import sys
from contextlib import nullcontext
from pathlib import Path

from bridge.errors import ConfigurationError, Problem, SenderError
from bridge.events import Json
from bridge.inbound.bodies import FORM_FORMAT, JSON_FORMAT
from bridge.inbound.bodies import read_payload as decode_payload
from bridge.rehearsal import read_body

STANDARD_INPUT = "standard input"
_FORM = re.compile(rb"[A-Za-z0-9_.%+-]+=")


def read_payload(path: Path) -> bytes:
    """Give a file's bytes, or those of standard input for `-`. Raises `ConfigurationError`."""
    if str(path) == "-":
        return read_body(lambda: nullcontext(sys.stdin.buffer), name=STANDARD_INPUT)
    return read_body(lambda: path.open("rb"), name=str(path))


def read_json(path: Path) -> Json:
    """Give what a payload says: JSON, or a form, of which the field `payload` is read as JSON where it has one.

    Raises `ConfigurationError`.
    """
    body = read_payload(path)
    try:
        return decode_payload(body, FORM_FORMAT if _FORM.match(body) else JSON_FORMAT, form_json="payload")
    except SenderError as error:
        name = STANDARD_INPUT if str(path) == "-" else str(path)
        raise ConfigurationError([Problem(file=name, message=error.message)]) from error
