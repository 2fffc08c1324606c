"""What a YAML text says, as a tree in which every node knows its place."""

from dataclasses import dataclass, field
from decimal import Decimal

from bridge.errors import Problem
from bridge.located.alignment import written_index

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
class ScalarNode:
    """A single value. `text` is it less quotes and folds; `is_plain` says that it had no quotes.

    `written` is all of it as it stands in the file, from its place on.
    """

    place: Place
    value: bool | int | Decimal | str | None
    text: str
    is_plain: bool = True
    written: str = field(default="", repr=False, compare=False)

    def place_at(self, index: int) -> Place:
        """Give the place of a character of `written`."""
        before = self.written[:index]
        line = before.count("\n")
        column = index - before.rfind("\n") if line else self.place.column + index
        return Place(self.place.file, self.place.line + line, column)

    def place_of(self, index: int) -> Place:
        """Give the place of a character of `text`; raises `LookupError` where the environment filled it in."""
        return self.place_at(written_index(self.written, self.text, index, is_plain=self.is_plain))

    def plain(self) -> Plain:
        """Give the value."""
        return self.value


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    place: Place
    items: tuple["Node", ...]

    def plain(self) -> list[Plain]:
        """Give the list of the items' plain values."""
        return [item.plain() for item in self.items]


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping, with its value."""

    key: ScalarNode
    value: "Node"

    @property
    def name(self) -> str:
        """The key as it is written; keys are always text, as in JSON."""
        return self.key.text


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys with values, in the order of the file; no key stands twice."""

    place: Place
    entries: tuple[Entry, ...]

    def get(self, name: str) -> "Node | None":
        """Give the value of a key, None where it is missing."""
        return next((entry.value for entry in self.entries if entry.name == name), None)

    def plain(self) -> dict[str, Plain]:
        """Give the dictionary of the values' plain values."""
        return {entry.name: entry.value.plain() for entry in self.entries}


Node = ScalarNode | SequenceNode | MappingNode
