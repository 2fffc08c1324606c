"""What an expression or template may cost, and the error when it asks for more.

Sizes bound each value; `Work` bounds their sum over one rendering, so that no nesting of
loops and filters runs for ever. The figures are far above what a pin can show.
"""

from collections.abc import Sized
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from bridge.errors import AuthorError
from bridge.located import surrogate_in
from bridge.mappings.values.values import MAX_DEPTH, Value, excerpt
from bridge.mappings.values.views import View

MAX_CHARACTERS = 2**18
"""Longest text that an expression may make, and longest whole rendering."""

MAX_SIZE = 2**22
"""Most characters, and values that are no text, in a list or object with all of its parts."""

MAX_ITEMS = 10_000
"""Longest list that an expression may make."""

MAX_DIGITS = 400
"""Most digits of a number before the decimal point."""

MAX_WORK = 200_000
"""Units of work of one rendering, about a microsecond each: one for each operation and turn of
a loop, more for what it handles and for what formats."""

EVALUATION_WORK = 8
"""Units of work of one expression, beside those of its operations."""

_SCALARS = int | float | Decimal | datetime


class ExpressionError(AuthorError):
    """An expression failed on the values it met, or asked for too much."""


class NotAtOnce(Exception):
    """What should take a moment takes longer; nothing has come of it."""


class NothingFound(ExpressionError):
    """A name or key that the values do not have, such as a look-up in a table of constants."""


@dataclass(slots=True)
class Work:
    """Counts down what one rendering may still do."""

    left: int = MAX_WORK
    _sizes: dict[int, tuple[object, int, int]] | None = field(default=None, repr=False)

    def spend(self, units: int = 1) -> None:
        """Take units of work; raises `ExpressionError` when none are left."""
        self.left -= units
        if self.left < 0:
            raise self.exhausted()

    def exhausted(self) -> Exception:
        """Give what is raised when no work is left."""
        return ExpressionError("this takes too long: too many turns of its loops, or too long texts and lists")

    def spend_on(self, value: object) -> None:
        """Take what one operation on this value costs."""
        units = 1
        if isinstance(value, str):
            units += len(value) >> 4
        elif isinstance(value, Sized):
            units += len(value) >> 2
        self.spend(units)

    def spend_on_all(self, value: object) -> None:
        """Take what it costs to go through a value with all of its parts, as a comparison or a copy may."""
        if isinstance(value, list | tuple | dict):
            size = self._measure(value)[0]
            if size > MAX_SIZE:
                raise ExpressionError(
                    f"the value has a size of {size:,} with all of its parts; at most {MAX_SIZE:,} is allowed"
                )
            self.spend(1 + (size >> 2))
        else:
            self.spend_on(value)

    def admit(self, value: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> None:
        """Check a list or object that was put together of others, and take what that costs.

        The parts may be one and the same value, whose own parts are one and the same: a few
        bytes that no comparison gets to the end of. Raises `ExpressionError` for such a one.
        """
        size, depth = self._measure(value)
        check_characters(size)
        _check_depth(depth)
        check_items(len(value))
        self.spend_on(value)

    def _measure(self, value: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> tuple[int, int]:
        """Give characters and levels; each list and object is gone through once in a rendering."""
        if self._sizes is None:
            self._sizes = {}  # not before: few events have anything to measure
        if (known := self._sizes.get(id(value))) is not None:
            return known[1:]
        parts = [*value.values(), *value] if isinstance(value, dict) else value
        size, depth = 1, 0
        for part in parts:
            if isinstance(part, list | tuple | dict):
                part_size, part_depth = self._measure(part)
                size, depth = size + part_size, max(depth, part_depth + 1)
            else:
                size += len(part) if isinstance(part, str) else 1
        self._sizes[id(value)] = value, size, depth  # the value is kept, so that its id stays its own
        return size, depth


class Moment(Work):
    """Counts down what may be done on the spot; raises `NotAtOnce` when nothing is left."""

    __slots__ = ()

    def exhausted(self) -> Exception:
        """Give what is raised when no work is left."""
        return NotAtOnce()


def check_characters(count: int) -> None:
    """Refuse a text before it is made, or a list or object that holds more."""
    if count > MAX_CHARACTERS:
        raise ExpressionError(f"this would have {count:,} characters; at most {MAX_CHARACTERS:,} are allowed")


def check_items(count: int) -> None:
    """Refuse a list before it is made."""
    if count > MAX_ITEMS:
        raise ExpressionError(f"the list would have {count:,} items; at most {MAX_ITEMS:,} are allowed")


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ExpressionError(f"the value nests deeper than {MAX_DEPTH} levels")


def check_text(text: str) -> None:
    """Refuse half of a surrogate pair, which neither JSON nor UTF-8 can carry."""
    if (half := surrogate_in(text)) is not None:
        raise ExpressionError(f"the text has {half} in it, half of a surrogate pair and no character")


def check_scalar(value: object) -> None:
    """Refuse what no payload, pin or store can hold: what expressions only work with, and half characters.

    A view may be worked with further; `refuse_views` refuses it.
    """
    if isinstance(value, str):
        check_text(value)
    elif value is not None and not isinstance(value, _SCALARS | View):
        raise ExpressionError("this is no value, but something that expressions work with; name a part of it")


def not_shown(view: View) -> str:
    """Say that a view cannot be shown, and what of it can."""
    return f"{view.KIND} cannot be shown; write one of its fields, such as .{view.FIELDS[0]}"


def refuse_views(value: object) -> None:
    """Refuse a value that is a view, or holds one; raises `ExpressionError`."""
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            pending.extend(part.values())
        elif isinstance(part, list | tuple):
            pending.extend(part)
        elif isinstance(part, View):
            raise ExpressionError(not_shown(part))


def measured(value: Value) -> int:
    """Count roughly the characters that a value takes when it is written.

    A list may hold another twice, and that one a third twice, and so on; so the walk ends
    where the value is too large anyway.

    Raises:
        ExpressionError: for a value that nests too deeply or is too large, and for what is no value.
    """
    pending, count = [(value, 0)], 0
    while pending:
        part, depth = pending.pop()
        count += len(part) if isinstance(part, str) else 1
        check_characters(count)
        _check_depth(depth)
        if isinstance(part, dict):
            check_items(len(part))
            count += sum(map(_key_length, part))
            pending.extend((item, depth + 1) for item in part.values())
        elif isinstance(part, list | tuple):
            check_items(len(part))
            pending.extend((item, depth + 1) for item in part)
        else:
            check_scalar(part)
    return count


def _key_length(key: object) -> int:
    if not isinstance(key, str):
        raise ExpressionError(f"the keys of an object are texts, found {excerpt(key)}")
    check_text(key)
    return len(key)
