"""Conversions of values: `as: number` in a trigger, `| number`-like wishes in templates.

A conversion gives a value of the wished kind or fails with the value in the message; null
stays null, because the language computes with it. Instants are read from unix seconds or
milliseconds and from ISO 8601, always between 1970 and 2200.
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

import orjson

from bridge.errors import PinbridgeError
from bridge.mappings.values.values import UnusableValue, Value, decimal_text, exact, excerpt
from bridge.times import read_instant

_NUMBER = re.compile(r"\s*[-+]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][-+]?[0-9]{1,3})?\s*", re.ASCII)
_INTEGER = re.compile(r"\s*[-+]?[0-9]{1,400}\s*", re.ASCII)
_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class ConversionError(PinbridgeError):
    """A value is not of the wished kind and does not stand for one either."""


def convert(value: Value, kinds: Sequence[str]) -> Value:
    """Convert a value to each of the kinds in turn; null stays null.

    Args:
        value: what was extracted.
        kinds: names from `KINDS`, applied from left to right (`("base64", "json")`).

    Raises:
        ConversionError: with the value, shortened to 80 characters.
    """
    for kind in kinds:
        if value is not None:
            value = _CONVERSIONS[kind](value)
    return value


def parse_number(value: Value) -> int | Decimal:
    """Read a number, or a text that is one."""
    if isinstance(value, float):
        value = exact(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        if _INTEGER.fullmatch(value):
            return int(value)
        if _NUMBER.fullmatch(value):
            return Decimal(value.strip())
    raise ConversionError(f"{excerpt(value)} is not a number")


def parse_time(value: Value) -> datetime:
    """Read an instant, in UTC: unix seconds or milliseconds, ISO 8601, or a text with either.

    A number from 100,000,000,000 on counts as milliseconds. ISO 8601 without a zone is UTC.
    Years before 1970 and from 2200 on are refused: they are mistakes of unit.
    """
    try:
        return read_instant(value)
    except ValueError as error:
        raise ConversionError(f"{excerpt(value)} {error}") from error


def _to_string(value: Value) -> Value:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return value
    raise ConversionError(f"{excerpt(value)} is not a string")


def _to_integer(value: Value) -> Value:
    number = parse_number(value)
    if isinstance(number, Decimal):
        if number.adjusted() > 400 or number != number.to_integral_value():
            raise ConversionError(f"{excerpt(value)} is not an integer")
        return int(number)
    return number


def _to_boolean(value: Value) -> Value:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower() if isinstance(value, str | int) else ""
    if text not in _TRUTHS:
        raise ConversionError(f"{excerpt(value)} is not a boolean; true, yes, on, 1, false, no, off and 0 are")
    return _TRUTHS[text]


def _to_json(value: Value) -> Value:
    if not isinstance(value, str):
        raise ConversionError(f"{excerpt(value)} is not a text with JSON in it")
    try:
        return exact(orjson.loads(value))
    except (orjson.JSONDecodeError, UnusableValue) as error:
        raise ConversionError(f"{excerpt(value)} is not JSON: {error}") from error


def _to_decoded(value: Value) -> Value:
    if not isinstance(value, str):
        raise ConversionError(f"{excerpt(value)} is not a text in base64")
    try:
        encoded = value.strip().rstrip("=").replace("-", "+").replace("_", "/")
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise ConversionError(f"{excerpt(value)} is not UTF-8 text in base64") from error


_CONVERSIONS: dict[str, Callable[[Value], Value]] = {
    "string": _to_string,
    "integer": _to_integer,
    "number": parse_number,
    "boolean": _to_boolean,
    "time": parse_time,
    "json": _to_json,
    "base64": _to_decoded,
}

KINDS: tuple[str, ...] = tuple(_CONVERSIONS)
"""The kinds that `as` may name."""
