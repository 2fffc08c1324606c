"""The metrics: one class for each, with the same parts. Empty, fold, merge, read.

What a metric holds is a value of its own kind, written as JSON; None is one that nothing was folded into. A value is
checked by `admit` before anything is folded, so that folding cannot fail.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any, ClassVar, cast

import orjson

from bridge.events import Json
from bridge.mappings.entries.definitions import MetricKind
from bridge.mappings.values.arithmetic import divide
from bridge.mappings.values.conversion import ConversionError, parse_number
from bridge.mappings.values.values import UnusableValue, Value, excerpt, is_number, tagged, untagged
from bridge.mappings.values.versions import ranked
from bridge.state.marks import Mark, read_mark, write_mark

Number = int | Decimal

MAX_DIGITS = 100
"""Digits before the decimal point, and decimals, of a number that is folded."""

MAX_VALUE_BYTES = 4096
"""Most bytes of a value that is remembered as it is, written as JSON."""

_EXACT = Context(prec=4 * MAX_DIGITS)
"""Enough for the sum of as many numbers as a journal can have."""

_BOUND = 10**MAX_DIGITS
_SHORT = MAX_VALUE_BYTES // 8
"""Characters that take fewer bytes than are allowed, however they are written."""


class Metric(ABC):
    """How one metric folds. `absent` is its value where nothing was folded."""

    absent: ClassVar[Value] = None

    def admit(self, value: Value) -> Value:
        """Give the value in the form in which it is folded, None for one that is skipped.

        Raises `UnusableValue` for one that cannot be folded.
        """
        return None if value is None else self._checked(value)

    def takes(self, admitted: Value) -> bool:
        """Say whether an admitted value is folded at all."""
        return admitted is not None

    @abstractmethod
    def fold(self, held: Any, value: Value, mark: Mark) -> Any:
        """Add an admitted value to what is held, which may be changed in place."""

    def fold_all(self, told: Sequence[tuple[Value, Mark]]) -> Any:
        """Fold admitted values into nothing; what they come to does not depend on their order."""
        held = None
        for value, mark in told:
            held = self.fold(held, value, mark)
        return held

    @abstractmethod
    def merge(self, one: Any, other: Any) -> Any:
        """Put together what two hold; neither is changed."""

    @abstractmethod
    def read(self, held: Any) -> Value:
        """Give the value of what is held."""

    def set_at(self, held: Any) -> int | None:  # noqa: ARG002 - most have no such moment
        """Say when the value was set (microseconds), for metrics that are one event's value."""
        return None

    def write(self, held: Any) -> Json:
        """Write what is held as JSON."""
        return cast(Json, held)

    def restore(self, written: Json) -> Any:
        """Read what `write` wrote."""
        return written

    def _checked(self, value: Value) -> Value:
        return value


class Count(Metric):
    """How many."""

    absent = 0

    def admit(self, value: Value) -> Value:  # noqa: ARG002 - whatever there is counts
        """Count anything, none as well."""
        return 1

    def fold(self, held: int | None, value: Value, mark: Mark) -> int:  # noqa: ARG002
        """Add one."""
        return (held or 0) + 1

    def fold_all(self, told: Sequence[tuple[Value, Mark]]) -> int:
        """Count them."""
        return len(told)

    def merge(self, one: int, other: int) -> int:
        """Add."""
        return one + other

    def read(self, held: int) -> Value:
        """Give the number."""
        return held


class Sum(Metric):
    """The exact sum."""

    absent = 0

    def fold(self, held: Number | None, value: Value, mark: Mark) -> Number:  # noqa: ARG002
        """Add."""
        return add(held or 0, value)  # type: ignore[arg-type]  # it was admitted

    def fold_all(self, told: Sequence[tuple[Value, Mark]]) -> Number:
        """Add them up."""
        values: list[Any] = [value for value, _ in told]
        return sum(values) if set(map(type, values)) == {int} else cast(Number, super().fold_all(told))

    def merge(self, one: Number, other: Number) -> Number:
        """Add."""
        return add(one, other)

    def read(self, held: Number) -> Value:
        """Give the sum."""
        return shortest(held)

    def write(self, held: Number) -> Json:
        """Write the number."""
        return tagged(held)

    def restore(self, written: Json) -> Number:
        """Read the number."""
        return cast(Number, untagged(written))

    def _checked(self, value: Value) -> Value:
        return number_of(value)


class Mean(Metric):
    """Sum by count, to 28 digits."""

    def fold(self, held: tuple[int, Number] | None, value: Value, mark: Mark) -> tuple[int, Number]:  # noqa: ARG002
        """Add one more."""
        count, total = held or (0, 0)
        return count + 1, add(total, cast(Number, value))

    def merge(self, one: tuple[int, Number], other: tuple[int, Number]) -> tuple[int, Number]:
        """Add counts and sums."""
        return one[0] + other[0], add(one[1], other[1])

    def read(self, held: tuple[int, Number]) -> Value:
        """Divide."""
        return divide(shortest(held[1]), held[0])

    def write(self, held: tuple[int, Number]) -> Json:
        """Write count and sum."""
        return [held[0], tagged(held[1])]

    def restore(self, written: Json) -> tuple[int, Number]:
        """Read count and sum."""
        count, total = cast(list[Json], written)
        return cast(int, count), cast(Number, untagged(total))

    def _checked(self, value: Value) -> Value:
        return number_of(value)


class Extreme(Metric):
    """The smallest or the largest value, of equal ones the one that was there first."""

    def __init__(self, sign: int) -> None:
        """Look for the smallest (-1) or the largest (1)."""
        self._sign = sign

    def fold(self, held: tuple[Value, Mark] | None, value: Value, mark: Mark) -> tuple[Value, Mark]:
        """Keep the more extreme."""
        return (value, mark) if held is None else self.merge(held, (value, mark))

    def merge(self, one: tuple[Value, Mark], other: tuple[Value, Mark]) -> tuple[Value, Mark]:
        """Keep the more extreme."""
        ours, theirs = ranked(one[0]), ranked(other[0])
        if ours == theirs:
            return min(one, other, key=lambda held: (held[1].at, held[1].number, held[1].item))
        return one if (ours > theirs) == (self._sign > 0) else other

    def read(self, held: tuple[Value, Mark]) -> Value:
        """Give the value."""
        return held[0]

    def set_at(self, held: tuple[Value, Mark]) -> int:
        """Say when it was there first."""
        return held[1].at

    def write(self, held: tuple[Value, Mark]) -> Json:
        """Write the value and where it came from."""
        return [tagged(held[0]), write_mark(held[1])]

    def restore(self, written: Json) -> tuple[Value, Mark]:
        """Read the value and where it came from."""
        value, mark = cast(list[Json], written)
        return untagged(value), read_mark(mark)

    def _checked(self, value: Value) -> Value:
        if isinstance(value, list | tuple | dict):
            raise UnusableValue(f"{excerpt(value)} has no order")
        return bounded(value)


class Utmost(Extreme):
    """What the newest or the oldest event said; none counts, too."""

    def takes(self, admitted: Value) -> bool:  # noqa: ARG002 - none is a value
        """Take anything."""
        return True

    def merge(self, one: tuple[Value, Mark], other: tuple[Value, Mark]) -> tuple[Value, Mark]:
        """Keep the newer, or the older."""
        return one if (one[1].order > other[1].order) == (self._sign > 0) else other

    def _checked(self, value: Value) -> Value:
        return bounded(value)


def metric_of(kind: MetricKind, q: Decimal | None = None) -> Metric:
    """Give the metric of a kind; `q` is a quantile's."""
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    # The libraries behind these are large, and few mappings need them.
    from bridge.state import sketches  # noqa: PLC0415

    return sketches.Distinct() if kind == "distinct" else sketches.Quantile(q or Decimal("0.5"))


_SIMPLE: dict[MetricKind, Metric] = {
    "count": Count(),
    "sum": Sum(),
    "mean": Mean(),
    "min": Extreme(-1),
    "max": Extreme(1),
    "first": Utmost(-1),
    "last": Utmost(1),
}


def add(one: Number, other: Number) -> Number:
    """Add two numbers exactly."""
    if type(one) is int and type(other) is int:
        return one + other
    return _EXACT.add(Decimal(one), Decimal(other))


def negative(number: Number) -> Number:
    """Change the sign, exactly: the minus of a decimal would round it."""
    return number.copy_negate() if isinstance(number, Decimal) else -number


def shortest(number: Number) -> Number:
    """Give the one form of a number, however it came about: 2.0 and 2 are both 2."""
    if isinstance(number, int):
        return number
    whole = number.to_integral_value()
    return int(whole) if number == whole else number.normalize(_EXACT)


def number_of(value: Value) -> Number:
    """Read a number, or a text that is one; raises `UnusableValue` for what is none, or one of too many digits."""
    if type(value) is int and -_BOUND < value < _BOUND:
        return value
    try:
        number = parse_number(value)
    except ConversionError as error:
        raise UnusableValue(str(error)) from error
    if isinstance(number, Decimal) and cast(int, number.as_tuple().exponent) < -MAX_DIGITS:
        raise UnusableValue(f"{excerpt(value)} has more than {MAX_DIGITS} decimals")
    if not -_BOUND < number < _BOUND:
        raise UnusableValue(f"{excerpt(value)} has more than {MAX_DIGITS} digits")
    return number


def bounded(value: Value) -> Value:
    """Give back a value that is short enough to be remembered; raises `UnusableValue` for another."""
    if isinstance(value, str) and len(value) < _SHORT:
        return value
    if is_number(value):
        return number_of(value)
    if isinstance(value, str | list | tuple | dict):
        size = len(orjson.dumps(tagged(value)))
        if size > MAX_VALUE_BYTES:
            raise UnusableValue(f"{excerpt(value)} takes {size:,} bytes; at most {MAX_VALUE_BYTES:,} are remembered")
    return value
