"""What the oracle of the state knows: events as plain records, and how an entry reads them.

Written from docs/state.md and the mapping language alone, apart from what it judges.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from support.oracle_calendar import Calendar

Entry = Mapping[str, Any]
"""One entry under `state`, as YAML gives it."""

Group = tuple[Any, ...]

_LENGTHS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DIGITS_28 = Context(prec=28)
_COMPUTED = re.compile(r"\{\{ (\S+) ([-+*]) (\S+) \}\}")


class Told(NamedTuple):
    """One item of one event, in the order of the journal; `variables` has all that its trigger defines."""

    number: int
    item: int
    trigger: str
    at: datetime
    received_at: datetime
    version: tuple[Any, ...]
    variables: Mapping[str, Any]

    @property
    def place(self) -> tuple[Any, ...]:
        """Say how new it is: by version, then by the journal."""
        return self.version, self.number, self.item


class Moment(NamedTuple):
    """When the state is looked at, in which timezone, and since when no event is missing."""

    now: datetime
    zone: ZoneInfo
    complete_since: datetime | None = None


def duration(text: str) -> timedelta:
    """Read `24h`."""
    return timedelta(seconds=int(text[:-1]) * _LENGTHS_S[text[-1]])


def calendar_of(entry: Entry, zone: ZoneInfo) -> Calendar | None:
    """Give the calendar of an entry; None where all time is one bucket."""
    if "every" not in entry:
        return None
    return Calendar(entry["every"], zone, entry.get("week_start", "monday"), duration(entry.get("offset", "0s")))


def listed(value: Any) -> list[Any]:
    """Give what may be written as one thing or as a list of them."""
    return value if isinstance(value, list) else [value]


def names_in(values: Iterable[Any]) -> set[str]:
    """Name the variables that these read."""
    found: set[str] = set()
    for value in values:
        computed = _COMPUTED.fullmatch(value)
        operands = (computed[1], computed[3]) if computed else (value,)
        found.update(name for name in operands if not name.isdigit())
    return found


def read(value: str, names: Mapping[str, Any]) -> Any:
    """Read a variable, or `{{ left - right }}` of two; none in arithmetic gives none."""
    computed = _COMPUTED.fullmatch(value)
    if computed is None:
        return names[value]
    left, right = (int(part) if part.isdigit() else names[part] for part in (computed[1], computed[3]))
    if left is None or right is None:
        return None
    first, second = number_of(left), number_of(right)
    return {"+": first + second, "-": first - second, "*": first * second}[computed[2]]


def holds(conditions: Mapping[str, Any], variables: Mapping[str, Any]) -> bool:
    """Say whether conditions on variables all hold: a value, a list of them, or `gt` and `lt` of a number."""
    return all(name in variables and _holds(wanted, variables[name]) for name, wanted in conditions.items())


def _holds(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, list):
        return value in wanted
    if not isinstance(wanted, dict):
        return bool(value == wanted)
    if not is_number(value):
        return False
    bounds = {"gt": lambda bound: value > bound, "lt": lambda bound: value < bound}
    return all(bounds[operator](bound) for operator, bound in wanted.items())


def is_number(value: Any) -> bool:
    """Tell a number from text and from true."""
    return isinstance(value, int | Decimal | Fraction) and not isinstance(value, bool)


def is_numeric(value: Any) -> bool:
    """Tell what counts as a number where one is wanted, which text may; whatever is beyond the bounds does not."""
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except InvalidOperation:
            return False
    if isinstance(value, Fraction) or not is_number(value):
        return isinstance(value, Fraction)
    exact = Decimal(value)
    return exact.is_finite() and abs(exact) < Decimal(10) ** 100 and -exact.as_tuple().exponent <= 100  # type: ignore[operator]  # it is finite


def number_of(value: Any) -> Fraction:
    """Give what counts as a number, exactly."""
    return Fraction(Decimal(value)) if isinstance(value, str) else Fraction(value)


def quotient(left: Fraction, right: Fraction) -> Fraction:
    """Divide to 28 digits, but exactly where whole numbers give one."""
    exact = left / right
    if left.denominator == right.denominator == exact.denominator == 1:
        return exact
    return Fraction(_DIGITS_28.divide(Decimal(exact.numerator), Decimal(exact.denominator)))


def same(value: Any) -> tuple[str, Any]:
    """Give what is equal for equal values only: true is not 1, and 1 is 1.0."""
    if is_number(value):
        return "number", Fraction(value)
    if isinstance(value, datetime):
        return "time", value.astimezone(UTC)
    return type(value).__name__, value
