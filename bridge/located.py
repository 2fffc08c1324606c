"""YAML 1.2 text becomes a tree in which every node knows its place.

Everything that authors write passes through here, so that every mistake can be reported with
file, line and column. Only the core schema of YAML 1.2 is read (`on`, `off`, `yes`, `no` and
dates are text), without tags; what a small text may blow up to is bounded, and nesting costs
no recursion of ours. See https://yaml.org/spec/1.2.2/#103-core-schema.
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml import events as yaml_events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bridge.errors import ConfigurationError, Problem

MAX_BYTES = 2**20
MAX_DEPTH = 64
MAX_NODES = 100_000
_MOST_WORDS = 2_000

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BASES = {"0o": 8, "0x": 16}

Plain = bool | int | Decimal | str | list["Plain"] | dict[str, "Plain"] | None
"""What a tree says, without places: numbers are integers or exact decimals."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def problem(self, message: str) -> Problem:
        """Make the problem that stands here."""
        return Problem(file=self.file, line=self.line, column=self.column, message=message)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value. `text` is it less quotes and folds; `is_plain` says that it had no quotes.

    `is_literal` tells a text after `|`, which has the lines of the file, the first one below
    its place. `written` is all of it as it stands in the file, from its place on.
    """

    place: Place
    value: bool | int | Decimal | str | None
    text: str
    is_plain: bool = True
    is_literal: bool = False
    written: str = field(default="", repr=False, compare=False)

    def place_at(self, index: int) -> Place:
        """Give the place of a character of `written`."""
        before = self.written[:index]
        line = before.count("\n")
        column = index - before.rfind("\n") if line else self.place.column + index
        return Place(self.place.file, self.place.line + line, column)

    def plain(self) -> Plain:
        """Give the value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    place: Place
    items: tuple["Node", ...]

    def plain(self) -> list[Plain]:
        """Give the list of the items' plain values."""
        return [item.plain() for item in self.items]


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping, with its value."""

    key: Scalar
    value: "Node"

    @property
    def name(self) -> str:
        """The key as it is written; keys are always text, as in JSON."""
        return self.key.text


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with values, in the order of the file; no key stands twice."""

    place: Place
    entries: tuple[Entry, ...]

    def get(self, name: str) -> "Node | None":
        """Give the value of a key, None where it is missing."""
        return next((entry.value for entry in self.entries if entry.name == name), None)

    def plain(self) -> dict[str, Plain]:
        """Give the dictionary of the values' plain values."""
        return {entry.name: entry.value.plain() for entry in self.entries}


Node = Scalar | Sequence | Mapping


def parse_yaml(file: str, data: bytes, *, max_bytes: int = MAX_BYTES) -> Node:
    """Read one YAML document; an empty one is null.

    Raises `ConfigurationError` with every problem that can be told apart: a syntax error ends
    the reading, a duplicate key or a tag does not.
    """
    start = Place(file, 1, 1)
    if len(data) > max_bytes:
        message = f"the file has {len(data):,} bytes; at most {max_bytes:,} are allowed"
        raise ConfigurationError([start.problem(message)])
    text = _decode(file, data)
    builder = _Builder(file, text)
    for event in _read_events(file, text):
        builder.take(event)
    if builder.problems:
        raise ConfigurationError(builder.problems)
    return builder.root or Scalar(start, None, "")


def suggest(word: str, allowed: Iterable[str]) -> str:
    """Give `; did you mean 'x'?` for the nearest allowed word, or nothing where none is near.

    Of more words than an author can have in mind, the first are looked at: each costs some
    10 microseconds.
    """
    near = difflib.get_close_matches(word[:100], list(islice(allowed, _MOST_WORDS)), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _decode(file: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        problem = _place_at(file, before).problem(f"not UTF-8 text: byte 0x{data[error.start]:02x}")
        raise ConfigurationError([problem]) from error


def _place_at(file: str, before: str) -> Place:
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _read_events(file: str, text: str) -> Iterator[Any]:
    """Give the parser's events. It is lazy, so a text past a bound is not read to its end."""
    place = Place(file, 1, 1)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            place = Place(file, event.end_mark.line + 1, event.end_mark.column + 1)
            yield event
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Place(file, mark.line + 1, mark.column + 1) if mark else place
        context = f" {error.context}" if error.context else ""
        raise ConfigurationError([where.problem(f"not valid YAML{context}: {error.problem}")]) from error
    except YAMLError as error:
        position = getattr(error, "position", 0)
        where = _place_at(file, text[:position])
        message = f"not valid YAML: the character {text[position : position + 1]!r} is not allowed"
        raise ConfigurationError([where.problem(message)]) from error
    except (ValueError, OverflowError, LookupError, AttributeError, TypeError, NotImplementedError) as error:
        # The parser lets some malformed escapes, directives and anchors through to Python's own errors.
        raise ConfigurationError([place.problem("not valid YAML after this place")]) from error


class _Open:
    """A list or mapping whose end has not come yet."""

    __slots__ = ("anchor", "height", "is_mapping", "keys", "parts", "place", "size")

    def __init__(self, place: Place, *, is_mapping: bool, anchor: str | None) -> None:
        self.place = place
        self.is_mapping = is_mapping
        self.anchor = anchor
        self.parts: list[Node] = []
        self.keys: set[str] = set()
        self.size = 1
        self.height = 1

    @property
    def awaits_key(self) -> bool:
        return self.is_mapping and len(self.parts) % 2 == 0

    def close(self) -> Node:
        if not self.is_mapping:
            return Sequence(self.place, tuple(self.parts))
        pairs = zip(self.parts[::2], self.parts[1::2], strict=True)
        return Mapping(self.place, tuple(Entry(key, value) for key, value in pairs if isinstance(key, Scalar)))


@dataclass(frozen=True, slots=True)
class _Built:
    """A finished node with its number of nodes and its nesting, aliases expanded."""

    node: Node
    size: int
    height: int


class _Builder:
    """Builds the tree from the parser's events, with a stack of its own."""

    def __init__(self, file: str, text: str) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._file = file
        self._text = text
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Built | None] = {}
        self._nodes = 0

    def take(self, event: Any) -> None:
        match event:
            case yaml_events.ScalarEvent():
                self._check_tag(event)
                self._add(_Built(self._scalar(event), 1, 0), event.anchor)
            case yaml_events.CollectionStartEvent():
                self._check_tag(event)
                self._open(event)
            case yaml_events.CollectionEndEvent():
                done = self._stack.pop()
                self._add(_Built(done.close(), done.size, done.height), done.anchor)
            case yaml_events.AliasEvent():
                self._add(self._resolve(event), None)
            case yaml_events.DocumentStartEvent() if self.root is not None:
                self._refuse(self._place(event), "a second document begins here; one file holds one document")

    def _place(self, event: Any) -> Place:
        return Place(self._file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refuse(self, place: Place, message: str) -> NoReturn:
        """Stop reading: what follows would be noise, or too much."""
        raise ConfigurationError([*self.problems, place.problem(message)])

    def _check_tag(self, event: Any) -> None:
        if event.ctag is not None:
            self.problems.append(self._place(event).problem(f"the tag {str(event.ctag)[:80]!r} is not allowed"))

    def _open(self, event: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._refuse(self._place(event), f"nested deeper than {MAX_DEPTH} levels")
        is_mapping = isinstance(event, yaml_events.MappingStartEvent)
        self._stack.append(_Open(self._place(event), is_mapping=is_mapping, anchor=event.anchor))
        if event.anchor is not None:
            self._anchors[event.anchor] = None

    def _resolve(self, event: Any) -> _Built:
        place = self._place(event)
        built = self._anchors.get(event.anchor)
        if built is None:
            inside = event.anchor in self._anchors
            fault = "stands inside what it names" if inside else "is not defined above"
            self._refuse(place, f"the alias '*{event.anchor}' {fault}")
        return built

    def _add(self, built: _Built, anchor: str | None) -> None:
        """Put a finished node where it belongs, counting what aliases expand to."""
        if anchor is not None:
            self._anchors[anchor] = built
        if not self._stack:
            self.root = built.node
            return
        top = self._stack[-1]
        top.size += built.size
        top.height = max(top.height, built.height + 1)
        if top.size > MAX_NODES:
            self._refuse(top.place, f"more than {MAX_NODES:,} values, aliases expanded")
        if len(self._stack) + built.height > MAX_DEPTH:
            self._refuse(top.place, f"nested deeper than {MAX_DEPTH} levels, aliases expanded")
        if top.awaits_key:
            self._check_key(top, built.node)
        top.parts.append(built.node)

    def _check_key(self, top: _Open, key: Node) -> None:
        if not isinstance(key, Scalar):
            self.problems.append(key.place.problem("a key must be a single word or text, not a list or mapping"))
        elif key.text in top.keys:
            self.problems.append(key.place.problem(f"the key {key.text[:80]!r} stands here twice"))
        else:
            top.keys.add(key.text)

    def _scalar(self, event: Any) -> Scalar:
        place = self._place(event)
        text: str = event.value
        is_plain = not event.style
        value: bool | int | Decimal | str | None = text
        if is_plain:
            try:
                value = read_plain(text)
            except ValueError as error:
                self.problems.append(place.problem(str(error)))
        written = self._text[event.start_mark.index : event.end_mark.index]
        return Scalar(place, value, text, is_plain, event.style == "|", written)


def read_plain(text: str) -> bool | int | Decimal | str | None:
    """Read an unquoted scalar by the core schema. Raises `ValueError` for a number that JSON cannot carry."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[:1] not in "-+.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        whole = int(text, _BASES.get(text[:2], 10)) if len(text) <= 40 else 2**64
        if -(2**63) <= whole < 2**64:
            return whole
        raise ValueError(f"the whole number {text[:40]} is beyond 64 bits; quote it to make it text")
    if _DECIMAL.fullmatch(text):
        if abs(float(text)) == float("inf"):
            raise ValueError(f"the number {text[:40]} is too large; quote it to make it text")
        return Decimal(text)
    if _NO_NUMBER.fullmatch(text):
        raise ValueError(f"{text} is no number that JSON can carry; quote it to make it text")
    return text
