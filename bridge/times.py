"""An event's own time, as senders write it: one way of reading it for all rooms. Pure.

Unix seconds or milliseconds, as a number or as its text, or ISO 8601. Reading is exact to the
microsecond; what is finer is cut off. Times without a zone count as UTC.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Context, Decimal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(2200, 1, 1, tzinfo=UTC)
_END_S = 7_258_118_400
_FIRST_MS = 10**11
"""From here on a number counts milliseconds: in seconds this is the year 5138, in milliseconds 1973."""

_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
_NUMBER = re.compile(r"[-+]?([0-9]{1,20}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][-+]?[0-9]{1,2})?", re.ASCII)
_ISO = re.compile(
    r"[0-9]{4}(-[0-9]{2}-[0-9]{2}|[0-9]{4})"
    r"([T ][0-9]{2}(:?[0-9]{2}(:?[0-9]{2}([.,][0-9]{1,30})?)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?",
    re.ASCII,
)
_EXACT = Context(prec=100, rounding=ROUND_DOWN)
_MAX_EXPONENT = 40

_UNREADABLE = "is not a time: neither unix seconds nor ISO 8601"
_OUT_OF_RANGE = "is not a time between the years 1970 and 2200"


def read_instant(value: object) -> datetime:
    """Read an instant, in UTC, from a number, a text or a datetime.

    A number from 100,000,000,000 on counts milliseconds. Raises `ValueError` for what is no time, and
    for years before 1970 and from 2200 on: those are mistakes of unit. Its message goes behind the value.
    """
    if type(value) is int:
        return _from_unix(value)
    if isinstance(value, str):
        return _from_text(value.strip())
    if isinstance(value, datetime):
        return _in_range(value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return _from_decimal(value)
    raise ValueError(_UNREADABLE)


def read_iso8601(text: str) -> datetime:
    """Read an instant, in UTC: `2026-11-22T12:00:00.5Z`, with a space for the T, or without the dashes and colons.

    Raises `ValueError` as `read_instant` does.
    """
    if _ISO.fullmatch(text) is None:
        raise ValueError(_UNREADABLE)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(_UNREADABLE) from error
    return _in_range(found)


def _from_text(text: str) -> datetime:
    if _DIGITS.fullmatch(text):
        return _from_unix(int(text))
    return _from_decimal(Decimal(text)) if _NUMBER.fullmatch(text) else read_iso8601(text)


def _from_unix(number: int) -> datetime:
    if 0 <= number < _END_S:
        return datetime.fromtimestamp(number, UTC)
    if _FIRST_MS <= number < _END_S * 1000:
        return _EPOCH + timedelta(milliseconds=number)
    raise ValueError(_OUT_OF_RANGE)


def _from_decimal(number: Decimal) -> datetime:
    """Read a number with decimals, digit by digit: through a double it could be a microsecond off."""
    if not number.is_finite() or number.adjusted() > _MAX_EXPONENT:
        raise ValueError(_OUT_OF_RANGE)
    micros = int(_EXACT.multiply(number, 1000 if number >= _FIRST_MS else 1_000_000))
    if number < 0 or micros >= _END_S * 1_000_000:
        raise ValueError(_OUT_OF_RANGE)
    return _EPOCH + timedelta(microseconds=micros)


def _in_range(found: datetime) -> datetime:
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    if not _EPOCH <= found < _END:
        raise ValueError(_OUT_OF_RANGE)
    return found.astimezone(UTC)
