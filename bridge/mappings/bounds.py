"""What an expression or template may cost, and the error when it asks for more.

Sizes bound each value; `Work` bounds their sum over one rendering, so that no nesting of
loops and filters runs for ever. The figures are far above what a pin can show.
"""

from collections.abc import Sized
from dataclasses import dataclass

from bridge.errors import AuthorError
from bridge.mappings.values import MAX_DEPTH, Value

MAX_CHARACTERS = 2**18
"""Longest text that an expression may make, and longest whole rendering."""

MAX_ITEMS = 10_000
"""Longest list that an expression may make."""

MAX_DIGITS = 400
"""Most digits of a number before the decimal point."""

MAX_WORK = 200_000
"""Units of work of one rendering, about a microsecond each: one for each operation and turn of
a loop, more for what it handles and for what formats."""


class ExpressionError(AuthorError):
    """An expression failed on the values it met, or asked for too much."""


class NothingFound(ExpressionError):
    """A name or key that the values do not have, such as a look-up in a table of constants."""


@dataclass(slots=True)
class Work:
    """Counts down what one rendering may still do."""

    left: int = MAX_WORK

    def spend(self, units: int = 1) -> None:
        """Take units of work; raises `ExpressionError` when none are left."""
        self.left -= units
        if self.left < 0:
            raise ExpressionError("this takes too long: too many turns of its loops, or too long texts and lists")

    def spend_on(self, value: object) -> None:
        """Take what one operation on this value costs."""
        units = 1
        if isinstance(value, str):
            units += len(value) >> 4
        elif isinstance(value, Sized):
            units += len(value) >> 2
        self.spend(units)


def check_characters(count: int) -> None:
    """Refuse a text before it is made."""
    if count > MAX_CHARACTERS:
        raise ExpressionError(f"the text would have {count:,} characters; at most {MAX_CHARACTERS:,} are allowed")


def check_items(count: int) -> None:
    """Refuse a list before it is made."""
    if count > MAX_ITEMS:
        raise ExpressionError(f"the list would have {count:,} items; at most {MAX_ITEMS:,} are allowed")


def measured(value: Value) -> int:
    """Count roughly the characters that a value takes when it is written.

    A list may hold another twice, and that one a third twice, and so on; so the walk ends
    where the value is too large anyway.

    Raises:
        ExpressionError: for a value that nests too deeply or is too large.
    """
    pending, count = [(value, 0)], 0
    while pending:
        part, depth = pending.pop()
        count += len(part) if isinstance(part, str) else 1
        check_characters(count)
        if depth > MAX_DEPTH:
            raise ExpressionError(f"the value nests deeper than {MAX_DEPTH} levels")
        if isinstance(part, dict):
            check_items(len(part))
            count += sum(map(len, part))
            pending.extend((item, depth + 1) for item in part.values())
        elif isinstance(part, list | tuple):
            check_items(len(part))
            pending.extend((item, depth + 1) for item in part)
    return count
