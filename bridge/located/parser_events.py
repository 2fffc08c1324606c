"""The events of ruamel's YAML parser, and its errors in an author's words.

The parser tells what its grammar missed; an author needs to know what to write instead, and
where the text begins that went wrong.
"""

from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bridge.errors import ConfigurationError, Problem
from bridge.located.tree import Place

_ADVICE = {
    "cannot start any token": "a text that begins with this character is quoted",
    "could not find expected ':'": "a key is followed by ':' and a space",
    "mapping values are not allowed here": "a text with ': ' in it is quoted, and the keys of one object begin in"
    " one column",
    "found unexpected end of stream": "the quote that opens this text is never closed",
    "while scanning an alias": "a text that begins with '*' is quoted",
    "while parsing a flow": "in one line, '[' needs its ']' and '{' its '}', and a text with one of []{}, in it is"
    " quoted",
    "expected <block end>, but found '<scalar>'": "a text with quotes in it stands in quotes of the other kind",
    "expected <block end>": "what belongs together begins in one column",
}
"""What the parser says, and what helps; the first that fits."""

_TAB = "YAML is indented with spaces, not with tabs"
_BEGINNINGS = ("could not find expected ':'", "found unexpected end of stream")
"""What is noticed long after it went wrong: told where the text in question begins."""


def read_events(file: str, text: str) -> Iterator[Any]:
    """Give the parser's events. It is lazy, so a text past a bound is not read to its end."""
    last: Any = None
    try:
        for last in YAML(typ="safe", pure=True).parse(text):
            yield last
    except MarkedYAMLError as error:
        raise ConfigurationError([_problem(error, _end_of(last, file))]) from error
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


def _problem(error: MarkedYAMLError, place: Place) -> Problem:
    """Tell a syntax error with its place and with what helps."""
    told, context = error.problem or "", error.context or ""
    mark, begin = error.problem_mark or error.context_mark, error.context_mark
    if begin is not None and told in _BEGINNINGS:
        mark = begin
    if begin is not None and mark is not None and begin.line < mark.line:
        context = f"{context} from line {begin.line + 1} on"
    where = Place(place.file, mark.line + 1, mark.column + 1) if mark else place
    advice = _TAB if "'\\t'" in told else next((_ADVICE[key] for key in _ADVICE if key in f"{context}: {told}"), "")
    shown = f"not valid YAML {context}".rstrip()
    return where.problem(f"{shown}: {told}{'; ' if advice else ''}{advice}")


def decode(file: str, data: bytes) -> str:
    """Read the bytes as UTF-8, with or without a byte order mark; every line ends as on Unix."""
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        problem = _place_at(file, before).problem(f"not UTF-8 text: byte 0x{data[error.start]:02x}")
        raise ConfigurationError([problem]) from error


def _place_at(file: str, before: str) -> Place:
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
