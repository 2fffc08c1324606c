"""Filters that write numbers and times for people, in the mapping's locale and timezone.

Babel knows the locales; rounding is half up, as people round. Each takes the surroundings
and a value that is never none. Mistakes raise `ExpressionError`, values that are no number
or time `ConversionError`.
"""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext

from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.numbers import (
    NumberPattern,
    format_compact_decimal,
    format_currency,
    get_currency_precision,
    is_currency,
    parse_pattern,
)

from bridge.mappings.expressions.dialect import Surroundings
from bridge.mappings.values.arithmetic import Number, floored, seconds_between
from bridge.mappings.values.bounds import MAX_DIGITS, ExpressionError
from bridge.mappings.values.conversion import parse_number, parse_time
from bridge.mappings.values.values import Value, excerpt

MAX_FRACTION_DIGITS = 20
"""Most digits after the point that a filter writes."""

_ROUNDING = Context(prec=3 * MAX_DIGITS, rounding=ROUND_HALF_UP, Emax=MAX_DIGITS, Emin=-2 * MAX_DIGITS)
_PATTERN_CHARACTERS = 100
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_FLOORS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")


def currency(surroundings: Surroundings, value: Value, code: Value, minor: Value = False) -> str:  # noqa: FBT002  # the template's own spelling
    """Write an amount of money; `minor=true` for amounts in cents, or the currency's own small unit."""
    name = code.upper() if isinstance(code, str) else ""
    if not is_currency(name):
        raise ExpressionError(f"{excerpt(code)} is not a currency; write a code such as 'EUR'")
    digits = get_currency_precision(name)
    amount = Decimal(parse_number(value))
    amount = rounded(amount.scaleb(-digits, _ROUNDING) if minor else amount, digits)
    return format_currency(amount, name, locale=surroundings.locale)


def number(surroundings: Surroundings, value: Value, digits: Value = None) -> str:
    """Write a number: with `digits` exactly as many after the point, else at most 2."""
    least, most = (0, 2) if digits is None else (_digits(digits), _digits(digits))
    amount = rounded(parse_number(value), most)
    return _applied(surroundings.locale.decimal_formats[None], amount, (least, most), surroundings.locale)


def compact(surroundings: Surroundings, value: Value, digits: Value = 1) -> str:
    """Write a number shortly: 1.2K, 3M."""
    amount = Decimal(parse_number(value))
    with localcontext(_ROUNDING):  # Babel rounds as the context says
        return format_compact_decimal(amount, locale=surroundings.locale, fraction_digits=_digits(digits))


def percent(surroundings: Surroundings, value: Value, digits: Value = 0) -> str:
    """Write a ratio as a percentage: 0.32 is 32%."""
    places = _digits(digits)
    amount = rounded(parse_number(value), places + 2)
    return _applied(surroundings.locale.percent_formats[None], amount, (places, places), surroundings.locale)


def signed_percent(surroundings: Surroundings, value: Value, digits: Value = 1) -> str:
    """Write a ratio as a percentage with its sign: 0.321 is +32.1%."""
    text = percent(surroundings, value, digits)
    return f"+{text}" if rounded(parse_number(value), _digits(digits) + 2) > 0 else text


def duration(_surroundings: Surroundings, value: Value) -> str:
    """Write seconds in their two largest units: 2h 5m; under a second in milliseconds."""
    seconds = Decimal(parse_number(value))
    sign, size = ("-" if seconds < 0 else ""), abs(seconds)
    if 0 < size < 1:
        return f"{sign}{floored(size * 1000)}ms"
    rest, parts = floored(size), []
    for length, unit in _UNITS:
        count, rest = divmod(rest, length)
        parts.append((count, unit))
    first = next((position for position, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = [f"{count}{unit}" for count, unit in parts[first : first + 2] if count] or ["0s"]
    return sign + " ".join(shown)


def ago(surroundings: Surroundings, value: Value) -> str:
    """Write how long ago a time was, or how far ahead it is: 3 hours ago."""
    seconds = floored(seconds_between(parse_time(value), surroundings.now))
    return format_timedelta(timedelta(seconds=seconds), add_direction=True, locale=surroundings.locale)


def format_time(surroundings: Surroundings, value: Value, pattern: Value = "medium") -> str:
    """Write a time by a Babel pattern such as `HH:mm`, or short, medium, long or full."""
    if not isinstance(pattern, str) or not 0 < len(pattern) <= _PATTERN_CHARACTERS:
        raise ExpressionError(f"a pattern is a text of at most {_PATTERN_CHARACTERS} characters, such as 'd MMM HH:mm'")
    instant = parse_time(value).astimezone(surroundings.timezone)
    try:
        return format_datetime(instant, pattern, tzinfo=surroundings.timezone, locale=surroundings.locale)
    except (KeyError, AttributeError, ValueError) as error:
        raise ExpressionError(f"{excerpt(pattern)} is not a pattern; letters that are no field stand in '…'") from error


def floor(surroundings: Surroundings, value: Value, unit: Value = None) -> Value:
    """Give the start of the unit that a time lies in, in the mapping's timezone; floors a number without one."""
    if unit is None:
        return floored(parse_number(value))
    if unit not in _FLOORS:
        raise ExpressionError(f"floor takes one of {', '.join(_FLOORS)}, not {excerpt(unit)}")
    local = parse_time(value).astimezone(surroundings.timezone).replace(microsecond=0)
    return _start(local, str(unit))


def rounded(value: Number, digits: int) -> Decimal:
    """Round half up to a number of digits after the point."""
    try:
        return Decimal(value).quantize(Decimal(1).scaleb(-digits), context=_ROUNDING)
    except InvalidOperation as error:
        raise ExpressionError(f"the number has more digits than can be written; at most {MAX_DIGITS} are") from error


def _start(local: datetime, unit: str) -> datetime:
    """Cut a local time to the start of its unit; hours and less keep which of two equal hours it is."""
    if unit == "second":
        return local
    if unit in {"minute", "hour"}:
        return local.replace(second=0, minute=local.minute if unit == "minute" else 0)
    start = local.replace(hour=0, minute=0, second=0, fold=0)
    if unit == "week":
        return start - timedelta(days=start.weekday())
    if unit == "quarter":
        return start.replace(month=start.month - (start.month - 1) % 3, day=1)
    if unit == "day":
        return start
    return start.replace(day=1, month=start.month if unit == "month" else 1)


def _digits(value: Value) -> int:
    count = parse_number(value)
    if count != int(count) or not 0 <= count <= MAX_FRACTION_DIGITS:
        raise ExpressionError(f"digits are a whole number from 0 to {MAX_FRACTION_DIGITS}, not {excerpt(value)}")
    return int(count)


def _applied(pattern: NumberPattern, amount: Decimal, digits: tuple[int, int], locale: Locale) -> str:
    own = parse_pattern(pattern.pattern)
    own.frac_prec = digits
    return str(own.apply(amount, locale))
