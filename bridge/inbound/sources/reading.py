"""Reading single values out of a YAML tree: each gives the value or says what is wrong, and where.

Every function raises `ConfigurationError` with what it found wrong; a `Collector` gathers the
mistakes of many, so that one hides no other.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from bridge.errors import ConfigurationError, Problem
from bridge.located import Node, Place, ScalarNode
from bridge.located.fields import NO_OTHERS, BoundedProblems, Fields, describe
from bridge.spelling import suggest
from bridge.units import parse_duration_s

_Value = TypeVar("_Value")


class Collector:
    """Runs readers and keeps what they complain about."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def read(self, reader: Callable[[Node], _Value], node: Node | None, default: _Value) -> _Value:
        """Give what the reader gives; the default where there is no node, or where it complains."""
        if node is None:
            return default
        try:
            return reader(node)
        except ConfigurationError as error:
            self.problems.extend(error.problems)
            return default

    def fields(
        self, node: Node, what: str, allowed: Collection[str], others: Mapping[str, str] = NO_OTHERS
    ) -> dict[str, Node]:
        """Give a mapping's values by key; what is not allowed is told and left out."""
        read = Fields(node, what, allowed, self.problems, others)
        return {name: found for name in allowed if (found := read.node(name)) is not None}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Give a collector whose problems, and one that ends the block, are raised together."""
    collect = Collector(BoundedProblems())
    try:
        yield collect
    except ConfigurationError as error:
        collect.problems.extend(error.problems)
    if collect.problems:
        raise ConfigurationError(collect.problems)


def refuse(place: Place, message: str) -> ConfigurationError:
    """Make the error of one problem."""
    return ConfigurationError([place.problem(message)])


def fields(node: Node, what: str, allowed: Collection[str]) -> dict[str, Node]:
    """Give a mapping's values by key, where all keys are allowed."""
    with collecting() as collect:
        return collect.fields(node, what, allowed)


def text(node: Node) -> str:
    """Give a text; a number or a boolean is none unless it is quoted."""
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        hint = "; quote it to make it text" if isinstance(node, ScalarNode) and node.text else ""
        raise refuse(node.place, f"a text is wanted here, found {describe(node)}{hint}")
    return node.value


def choice(allowed: Collection[str]) -> Callable[[Node], str]:
    """Give a reader of one word out of some."""

    def read(node: Node) -> str:
        word = text(node)
        if word not in allowed:
            raise refuse(node.place, f"{word[:80]!r} is not one of {', '.join(allowed)}{suggest(word, allowed)}")
        return word

    return read


def boolean(node: Node) -> bool:
    """Give true or false."""
    if not isinstance(node, ScalarNode) or not isinstance(node.value, bool):
        raise refuse(node.place, f"true or false is wanted here, found {describe(node)}")
    return node.value


def success(what: str) -> Callable[[Node], int]:
    """Give a reader of a status that says success: of an answer, named as in "an ack"."""

    def read(node: Node) -> int:
        status = node.plain()
        if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 299:
            raise refuse(node.place, f"the status of {what} is a number from 200 to 299, found {describe(node)}")
        return status

    return read


def duration_s(node: Node) -> int:
    """Give a length of time in seconds: at least one, at most a day."""
    return parsed(_bounded_duration, node, read=duration_text)


def duration_text(node: Node) -> str:
    """Give the text of a length of time; a number is one too, whose unit is missing."""
    if isinstance(node, ScalarNode) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.text
    return text(node)


def parsed(parse: Callable[[str], _Value], node: Node, *, read: Callable[[Node], str] = text) -> _Value:
    """Give what a parser makes of a text; its `ValueError` gets the place."""
    try:
        return parse(read(node))
    except ValueError as error:
        raise refuse(node.place, str(error)) from error


def _bounded_duration(word: str) -> int:
    seconds = parse_duration_s(word)
    if not 1 <= seconds <= 86_400:
        raise ValueError(f"{word!r} is out of range; at least 1s and at most 1d are allowed")
    return seconds
