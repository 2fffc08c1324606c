"""A YAML document becomes a tree; what it may expand to is bounded, and no recursion is ours."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from bridge.errors import ConfigurationError, Problem
from bridge.located.fields import BoundedProblems
from bridge.located.parser_events import decode, read_events
from bridge.located.quick_events import NotQuickError, read_quick_events
from bridge.located.scalars import read_plain, surrogate_in
from bridge.located.tree import Entry, MappingNode, Node, Place, ScalarNode, SequenceNode

MAX_BYTES = 2**20
MAX_DEPTH = 64
MAX_NODES = 100_000

_STANDARD_TAGS = "tag:yaml.org,2002:"


def parse_yaml(file: str, data: bytes) -> Node:
    """Read one YAML document; an empty one is null.

    Raises `ConfigurationError` with every problem that can be told apart: a syntax error ends
    the reading, a duplicate key or a tag does not.
    """
    start = Place(file, 1, 1)
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are allowed"
        raise ConfigurationError([start.problem(message)])
    text = decode(file, data)
    try:
        return _build(file, text, read_quick_events(text))
    except (NotQuickError, ConfigurationError):
        return _build(file, text, read_events(file, text))


def _build(file: str, text: str, events: Iterable[Any]) -> Node:
    builder = _Builder(file, text)
    for event in events:
        builder.take(event)
    if builder.problems:
        raise ConfigurationError(builder.problems)
    return builder.root or ScalarNode(Place(file, 1, 1), None, "")


class _Open:
    """A list or mapping whose end has not come yet."""

    __slots__ = ("anchor", "height", "is_mapping", "keys", "parts", "place", "size")

    def __init__(self, place: Place, *, is_mapping: bool, anchor: str | None) -> None:
        self.place = place
        self.is_mapping = is_mapping
        self.anchor = anchor
        self.parts: list[Node] = []
        self.keys: dict[str, int] = {}
        self.size = 1
        self.height = 1

    @property
    def awaits_key(self) -> bool:
        return self.is_mapping and len(self.parts) % 2 == 0

    def close(self) -> Node:
        if not self.is_mapping:
            return SequenceNode(self.place, tuple(self.parts))
        pairs = zip(self.parts[::2], self.parts[1::2], strict=True)
        return MappingNode(self.place, tuple(Entry(key, value) for key, value in pairs if isinstance(key, ScalarNode)))


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
        self.problems: list[Problem] = BoundedProblems()
        self._file = file
        self._text = text
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Built | None] = {}
        self._end: Place | None = None

    def take(self, event: Any) -> None:
        match type(event).__name__:  # the two parsers name their events alike, and share no class
            case "ScalarEvent":
                self._check_tag(event)
                self._add(self._scalar(event), 1, 0, event.anchor)
            case "MappingStartEvent" | "SequenceStartEvent":
                self._check_tag(event)
                self._open(event)
            case "MappingEndEvent" | "SequenceEndEvent":
                done = self._stack.pop()
                self._add(done.close(), done.size, done.height, done.anchor)
            case "AliasEvent":
                built = self._resolve(event)
                self._add(built.node, built.size, built.height, None)
            case "DocumentStartEvent" if self.root is not None:
                self._refuse(self._place(event), "a second document begins here; one file holds one document")

        self._end = Place(self._file, event.end_mark.line + 1, event.end_mark.column + 1)

    def _place(self, event: Any) -> Place:
        return Place(self._file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refuse(self, place: Place, message: str) -> NoReturn:
        """Stop reading: what follows would be noise, or too much."""
        raise ConfigurationError([*self.problems, place.problem(message)])

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None:
            written = event.tag.replace(_STANDARD_TAGS, "!!")[:80]
            message = f"the tag {written!r} is not allowed; leave it out, or quote a text that begins with '!'"
            self.problems.append(self._place(event).problem(message))

    def _open(self, event: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._refuse(self._place(event), f"nested deeper than {MAX_DEPTH} levels")
        is_mapping = type(event).__name__ == "MappingStartEvent"
        self._stack.append(_Open(self._place(event), is_mapping=is_mapping, anchor=event.anchor))
        if event.anchor is not None:
            self._anchors[event.anchor] = None

    def _resolve(self, event: Any) -> _Built:
        place = self._place(event)
        built = self._anchors.get(event.anchor)
        if built is None:
            inside = event.anchor in self._anchors
            fault = (
                "stands inside what it names"
                if inside
                else "is not defined above; a text that begins with '*' stands in quotes"
            )
            self._refuse(place, f"the alias '*{event.anchor}' {fault}")
        return built

    def _add(self, node: Node, size: int, height: int, anchor: str | None) -> None:
        """Put a finished node where it belongs, counting what aliases expand to."""
        if anchor is not None:
            self._anchors[anchor] = _Built(node, size, height)
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        top.size += size
        top.height = max(top.height, height + 1)
        if top.size > MAX_NODES:
            self._refuse(top.place, f"more than {MAX_NODES:,} values, aliases expanded")
        if len(self._stack) + height > MAX_DEPTH:
            self._refuse(top.place, f"nested deeper than {MAX_DEPTH} levels, aliases expanded")
        if top.awaits_key:
            self._check_key(top, node)
        top.parts.append(node)

    def _check_key(self, top: _Open, key: Node) -> None:
        if not isinstance(key, ScalarNode):
            message = "a key is a single word or text, not a list or an object; a text with '{{' in it stands in quotes"
            self.problems.append(key.place.problem(message))
        elif key.text in top.keys:
            message = f"the key {key.text[:80]!r} stands in line {top.keys[key.text]} already"
            self.problems.append(key.place.problem(message))
        elif key.text == "<<" and key.is_plain:
            message = "'<<' merges nothing: YAML 1.2 has no merge keys; write the keys out"
            self.problems.append(key.place.problem(message))
        else:
            top.keys[key.text] = key.place.line

    def _scalar(self, event: Any) -> ScalarNode:
        text: str = event.value
        is_plain = not event.style
        # Nothing has no place of its own: it is missing behind the key before it.
        place = self._end if is_plain and not text and self._end is not None else self._place(event)
        value: bool | int | Decimal | str | None = text
        if is_plain:
            try:
                value = read_plain(text)
            except ValueError as error:
                self.problems.append(place.problem(str(error)))
        elif (half := surrogate_in(text)) is not None:
            message = f"{half} is half of a surrogate pair and no character; write the character itself"
            self.problems.append(place.problem(message))
        written = self._text[event.start_mark.index : event.end_mark.index]
        return ScalarNode(place, value, text, is_plain, written)
