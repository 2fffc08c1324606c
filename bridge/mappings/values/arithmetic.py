"""Arithmetic and comparison as the language means them: exact, and without surprises.

Numbers are integers and exact decimals; sums, differences and products are exact, quotients
have 28 digits. None in arithmetic gives none, and so does division by zero; none compared
by order is false, and so are unlike types. Text that is a number counts as one where a
number is wanted. Time minus time is seconds, time plus or minus seconds a time.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from bridge.mappings.values.bounds import MAX_DIGITS, ExpressionError, check_characters, check_items
from bridge.mappings.values.conversion import ConversionError, parse_number, parse_time
from bridge.mappings.values.values import Value, excerpt, is_number

Number = int | Decimal

_TRAPS = [InvalidOperation, DivisionByZero, Overflow]
_EXACT = Context(prec=3 * MAX_DIGITS, Emax=MAX_DIGITS, Emin=-2 * MAX_DIGITS, traps=_TRAPS)
_ROUNDED = Context(prec=28, Emax=MAX_DIGITS, Emin=-2 * MAX_DIGITS, traps=_TRAPS)
_SHORTENED = Context(prec=60, Emax=MAX_DIGITS, Emin=-2 * MAX_DIGITS, traps=_TRAPS)
"""Twice the digits of what comes out: a power of numbers of 400 digits would take forty times as long, to no use."""

_MAX_BITS = MAX_DIGITS * 10 // 3
_MAX_EXPONENT = 1000


def binary(symbol: str, left: Value, right: Value) -> Value:
    """Apply `+ - * / // % **` to two values.

    Raises:
        ExpressionError: for kinds that the operation does not take, and for results beyond
            the bounds, before they are computed.
    """
    if left is None or right is None:
        return None
    if symbol in "+-" and (isinstance(left, datetime) or isinstance(right, datetime)):
        return _with_time(symbol, left, right)
    if symbol == "+" and not (is_number(left) or is_number(right)):
        return _joined(left, right)
    first, second = _operand(symbol, left), _operand(symbol, right)
    try:
        return _bounded(_NUMERIC[symbol](first, second))
    except ArithmeticError as error:
        raise _too_large(symbol) from error


def negative(value: Value) -> Value:
    """Change the sign of a number; none stays none."""
    return None if value is None else binary("-", 0, value)


def positive(value: Value) -> Value:
    """Give a number, or the number that a text is; none stays none."""
    return None if value is None else binary("+", 0, value)


def compare(symbol: str, left: Value, right: Value) -> bool:
    """Compare by `eq ne lt lteq gt gteq`, and `in`, `notin` for membership.

    Numbers compare by value whatever their kind, instants by the moment. By order, none and
    unlike kinds are false; a text that is a number or a time compares as one with one.
    """
    if symbol in _EQUALITIES:
        return equal(left, right) is (symbol == "eq")
    if symbol in MEMBERSHIPS:
        return _contains(right, left) is (symbol == "in")
    pair = _comparable(left, right)
    return pair is not None and _ORDERS[symbol](*pair)


def equal(left: Value, right: Value) -> bool:
    """Tell whether two values are the same; true is not 1, and 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, datetime) or isinstance(right, datetime):
        pair = _comparable(left, right)
        return pair is not None and bool(pair[0] == pair[1])
    if isinstance(left, float | Decimal) and isinstance(right, float | Decimal):
        return parse_number(left) == parse_number(right)
    return bool(left == right)


def seconds_between(later: datetime, earlier: datetime) -> Number:
    """Give the seconds from one instant to the other, exact to the microsecond."""
    microseconds = (later.astimezone(UTC) - earlier.astimezone(UTC)) // timedelta(microseconds=1)
    whole, rest = divmod(microseconds, 1_000_000)
    return Decimal(microseconds).scaleb(-6).normalize() if rest else whole


def divide(left: Number, right: Number) -> Number | None:
    """Divide to 28 digits; whole results of integers stay integers, by zero gives none."""
    if not right:
        return None
    if isinstance(left, int) and isinstance(right, int) and not left % right:
        return left // right
    return _ROUNDED.divide(Decimal(left), Decimal(right))


def _with_time(symbol: str, left: Value, right: Value) -> Value:
    """Compute with instants in UTC, because Python subtracts equal zones by the wall clock."""
    try:
        if symbol == "-" and isinstance(left, datetime):
            if isinstance(right, datetime) or (isinstance(right, str) and not _is_numeric_text(right)):
                return seconds_between(left, parse_time(right))
            return _moved(left, -parse_number(right))
        if symbol == "+" and not (isinstance(left, datetime) and isinstance(right, datetime)):
            return _moved(left, parse_number(right)) if isinstance(left, datetime) else _with_time("+", right, left)
    except (ConversionError, OverflowError, ArithmeticError) as error:
        raise ExpressionError(f"{excerpt(left)} {symbol} {excerpt(right)} is no time: {error}") from error
    raise ExpressionError(
        f"{excerpt(left)} {symbol} {excerpt(right)}: a time takes '- time' and '+' or '-' seconds only"
    )


def _moved(instant: datetime, seconds: Number) -> datetime:
    moved = instant.astimezone(UTC) + timedelta(microseconds=int(Decimal(seconds).scaleb(6)))
    return moved.astimezone(instant.tzinfo)


def _joined(left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str):
        check_characters(len(left) + len(right))
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        check_items(len(left) + len(right))
        return left + right
    raise ExpressionError(f"{excerpt(left)} + {excerpt(right)}: these cannot be added; '~' joins anything as text")


def _operand(symbol: str, value: Value) -> Number:
    try:
        return parse_number(value)
    except ConversionError as error:
        advice = "; '~' joins texts" if symbol == "+" else ""
        raise ExpressionError(f"'{symbol}' needs numbers, and {error}{advice}") from error


def _bounded(number: Number | None) -> Number | None:
    if isinstance(number, int) and number.bit_length() > _MAX_BITS:
        raise _too_large("the result")
    return number


def _too_large(what: str) -> ExpressionError:
    return ExpressionError(f"{what}: the number would have more than {MAX_DIGITS} digits")


def _exactly(integers: Callable[[int, int], int], decimals: Callable[[Decimal, Decimal], Decimal]) -> "_Operation":
    def operation(left: Number, right: Number) -> Number | None:
        if isinstance(left, int) and isinstance(right, int):
            if left.bit_length() + right.bit_length() > 2 * _MAX_BITS:
                raise _too_large("an operand")
            return integers(left, right)
        return decimals(Decimal(left), Decimal(right))

    return operation


def _floor_divide(left: Number, right: Number) -> Number | None:
    if not right:
        return None
    if isinstance(left, int) and isinstance(right, int):
        return left // right
    whole, rest = _EXACT.divmod(Decimal(left), Decimal(right))
    return int(whole) - (1 if rest and (rest < 0) != (right < 0) else 0)


def _remainder(left: Number, right: Number) -> Number | None:
    """Give what floor division leaves, with the sign of the divisor, as Python's integers do."""
    quotient = _floor_divide(left, right)
    if quotient is None:
        return None
    if isinstance(left, int) and isinstance(right, int):
        return left % right
    return _EXACT.subtract(Decimal(left), _EXACT.multiply(Decimal(quotient), Decimal(right)))


def _power(base: Number, exponent: Number) -> Number | None:
    if not -_MAX_EXPONENT <= exponent <= _MAX_EXPONENT:
        raise ExpressionError(f"'**' takes exponents from -{_MAX_EXPONENT} to {_MAX_EXPONENT}")
    if not base and exponent < 0:
        return None
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        if base.bit_length() * exponent > 2 * _MAX_BITS:
            raise _too_large("'**'")
        return int(base**exponent)
    if not base and not exponent:
        return 1
    return _ROUNDED.power(_SHORTENED.plus(Decimal(base)), _SHORTENED.plus(Decimal(exponent)))


_Operation = Callable[[Number, Number], Number | None]
_NUMERIC: dict[str, _Operation] = {
    "+": _exactly(operator.add, _EXACT.add),
    "-": _exactly(operator.sub, _EXACT.subtract),
    "*": _exactly(operator.mul, _EXACT.multiply),
    "/": divide,
    "//": _floor_divide,
    "%": _remainder,
    "**": _power,
}
_ORDERS: dict[str, Callable[..., bool]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}
_EQUALITIES = ("eq", "ne")
MEMBERSHIPS = ("in", "notin")
"""The symbols that compare with each item of a list."""


def _is_numeric_text(text: str) -> bool:
    try:
        parse_number(text)
    except ConversionError:
        return False
    return True


def _comparable(
    left: Value, right: Value
) -> tuple[Number, Number] | tuple[str, str] | tuple[datetime, datetime] | None:
    """Bring two values to one kind that has an order; None where there is none."""
    if isinstance(left, str) and isinstance(right, str):
        return left, right
    try:
        if is_number(left) or is_number(right):
            return parse_number(left), parse_number(right)
        if isinstance(left, datetime) or isinstance(right, datetime):
            return parse_time(left), parse_time(right)
    except ConversionError:
        return None
    return None


def _contains(container: Value, value: Value) -> bool:
    if container is None:
        return False
    if isinstance(container, str):
        return isinstance(value, str) and value in container
    if isinstance(container, Mapping):
        return isinstance(value, str) and value in container
    if isinstance(container, Sequence):
        return any(equal(item, value) for item in container)
    raise ExpressionError(f"'in' needs a text, a list or an object on its right, and {excerpt(container)} is none")


def floored(number: Number) -> int:
    """Give the largest integer that is not above a number."""
    return int(Decimal(number).to_integral_value(ROUND_FLOOR))
