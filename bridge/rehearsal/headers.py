"""The headers that go with a payload: those that an author writes, and those in a file beside a sample.

Names come out in lower case, so that one given in another spelling replaces and does not repeat.
"""

from collections.abc import Iterable
from pathlib import Path

import orjson

from bridge.errors import ConfigurationError, Problem
from bridge.events import Json
from bridge.existence import is_file
from bridge.mappings.cases import HEADER_NAME, HEADER_VALUE

MAX_BYTES = 2**16
"""The most that a file beside a sample may hold."""

_FORM = {"content-type": "application/x-www-form-urlencoded"}


def read_header_lines(lines: Iterable[str]) -> dict[str, str]:
    """Read the `Name: value` lines of the command line. Raises `ConfigurationError`."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not (colon and _is_header(name.rstrip(" \t"), value)):
            message = f"{line[:80]!r} is not a header; write 'Name: value', in ASCII and on one line"
            raise _unreadable("--header", message)
        headers[name.rstrip(" \t").lower()] = value.strip()
    return headers


def read_headers_beside(payload: Path) -> dict[str, str]:
    """Read `<name>.headers.json`, which lies beside a sample whose source says something in headers.

    A payload that is named `<name>.form` is a form, unless they say otherwise.
    Raises `ConfigurationError` where it is there and is not an object of texts.
    """
    path = payload.with_suffix(".headers.json")
    given = _FORM if payload.suffix == ".form" else {}
    if not is_file(path):
        return dict(given)
    headers = _read_json(path)
    if not isinstance(headers, dict):
        raise _unreadable(path, "must be an object from header to text")
    return given | dict(_read_pair(path, name, value) for name, value in headers.items())


def _read_json(path: Path) -> Json:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise _unreadable(path, f"is larger than {MAX_BYTES:,} bytes")
        headers: Json = orjson.loads(data)
    except (OSError, orjson.JSONDecodeError) as error:
        raise _unreadable(path, f"cannot be read: {error}") from error
    return headers


def _read_pair(path: Path, name: str, value: Json) -> tuple[str, str]:
    if not isinstance(value, str):
        written = orjson.dumps(value).decode()
        raise _unreadable(path, f"the header {name[:80]!r} is a text in quotes, found {written[:80]}")
    if not _is_header(name, value):
        raise _unreadable(path, f"{name[:80]!r} is not a header that can be sent; name and value are ASCII on one line")
    return name.lower(), value.strip()


def _is_header(name: str, value: str) -> bool:
    return HEADER_NAME.fullmatch(name) is not None and HEADER_VALUE.fullmatch(value) is not None


def _unreadable(place: Path | str, message: str) -> ConfigurationError:
    return ConfigurationError([Problem(file=str(place), message=message)])
