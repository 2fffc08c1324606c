"""The events of ruamel's YAML parser, and its errors in an author's words.

What its complaints mean stands in `syntax_advice`.
"""

from collections.abc import Iterator
from typing import Any

from bridge.errors import ConfigurationError, Problem
from bridge.located.syntax_advice import explain
from bridge.located.tree import Place


def read_events(file: str, text: str) -> Iterator[Any]:
    """Give the parser's events. It is lazy, so a text past a bound is not read to its end."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - most files are read without it, and it costs 20 ms of a start
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415 - the same

    last: Any = None
    try:
        for last in YAML(typ="safe", pure=True, plug_ins=[]).parse(text):
            yield last
    except MarkedYAMLError as error:
        raise ConfigurationError([_problem(error, text, _end_of(last, file))]) from error
    except YAMLError as error:
        position = getattr(error, "position", 0)
        where = _place_at(file, text[:position])
        message = f"not valid YAML: the character {text[position : position + 1]!r} is not allowed"
        raise ConfigurationError([where.problem(message)]) from error
    except (ValueError, OverflowError, LookupError, AttributeError, TypeError, NotImplementedError) as error:
        # The parser lets some malformed escapes, directives and anchors through to Python's own errors.
        raise ConfigurationError([_end_of(last, file).problem("not valid YAML after this place")]) from error


def _end_of(event: Any, file: str) -> Place:
    return Place(file, event.end_mark.line + 1, event.end_mark.column + 1) if event else Place(file, 1, 1)


def _problem(error: Any, text: str, place: Place) -> Problem:
    """Tell a syntax error with its place and with what helps."""
    begin, mark = error.context_mark, error.problem_mark or error.context_mark
    complaint = ": ".join(part for part in (error.context, error.problem) if part)
    if mark is None:
        return place.problem(f"not valid YAML: {complaint}")
    line_before = text[mark.index - mark.column : mark.index]
    open_since = begin.line + 1 if begin is not None and begin.line < mark.line else None
    meaning, where = explain(complaint, line_before=line_before, open_since=open_since)
    found = begin if where == "start" and begin is not None else mark
    column = len(line_before) - len(line_before.lstrip(" -")) if where == "line" else found.column
    return Place(place.file, found.line + 1, column + 1).problem(f"not valid YAML: {meaning}")


def decode(file: str, data: bytes) -> str:
    """Read the bytes as UTF-8, with or without a byte order mark; every line ends as on Unix."""
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        problem = _place_at(file, before).problem(
            f"not UTF-8 text: byte 0x{data[error.start]:02x}; save the file as UTF-8"
        )
        raise ConfigurationError([problem]) from error


def _place_at(file: str, before: str) -> Place:
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
