"""The headers that go with a payload: those that an author writes, and those in a file beside a sample.

Names come out in lower case, so that one given in another spelling replaces and does not repeat.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import orjson

from bridge.errors import ConfigurationError, Problem
from bridge.events import Json

MAX_BYTES = 2**16
_LINE = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*(?P<value>[\t -~]*)", re.ASCII)


def read_header_lines(lines: Iterable[str], *, file: str = "--header") -> dict[str, str]:
    """Read `Name: value` lines; `file` is where they stand. Raises `ConfigurationError`."""
    headers = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            message = f"{line[:80]!r} is not a header; write 'Name: value', in ASCII and on one line"
            raise ConfigurationError([Problem(file=file, message=message)])
        headers[match["name"].lower()] = match["value"].strip()
    return headers


def read_headers_beside(payload: Path) -> dict[str, str]:
    """Read `<name>.headers.json`, which lies beside a sample whose source says something in headers.

    Raises `ConfigurationError` where it is there and is not an object of texts.
    """
    path = payload.with_suffix(".headers.json")
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            headers: Json = orjson.loads(file.read(MAX_BYTES))
    except (OSError, orjson.JSONDecodeError) as error:
        raise ConfigurationError([Problem(file=str(path), message=f"cannot be read: {error}")]) from error
    if not isinstance(headers, dict):
        raise ConfigurationError([Problem(file=str(path), message="must be an object from header to text")])
    return read_header_lines((f"{name}: {value}" for name, value in headers.items()), file=str(path))
