"""Values as bytes whose order is that of the values, so that a database can sort rows by a column of any kind.

The order is that of versions (`versions.py`): booleans, numbers, times, texts. None stands last, whichever way the
rows stand.
"""

from datetime import datetime
from decimal import Decimal

import orjson

from bridge.instants import to_micros
from bridge.mappings.values.values import Value, plain

MAX_RANK_BYTES = 256
"""Texts that are equal to here stand as if they were the same."""

_NONE_FIRST, _BOOLEAN, _NUMBER, _TIME, _TEXT, _COMPOUND, _NONE_LAST = (bytes([kind]) for kind in range(7))
_BIAS = 1 << 15
_LONG_AGO = 1 << 63
"""Added to microseconds, which lie before 1970 where an expression counts back."""


def rank_of(value: Value, at: int, *, descending: bool) -> bytes:
    """Give what a row is sorted by: its column's value, and among equals the row that was fed last first."""
    newest = at if descending else -at
    tail = (newest + _LONG_AGO).to_bytes(8, "big")
    return _value_bytes(value, descending=descending)[:MAX_RANK_BYTES] + b"\0" + tail


def _value_bytes(value: Value, *, descending: bool) -> bytes:
    match value:
        case None:
            return _NONE_FIRST if descending else _NONE_LAST
        case bool():
            return _BOOLEAN + bytes([value])
        case int() | float() | Decimal():
            return _NUMBER + _number_bytes(Decimal(value))
        case datetime():
            return _TIME + (to_micros(value) + _LONG_AGO).to_bytes(8, "big")
        case str():
            return _TEXT + value.encode().replace(b"\0", b"\0\1")
        case _:
            return _COMPOUND + orjson.dumps(plain(value), option=orjson.OPT_SORT_KEYS)


def _number_bytes(number: Decimal) -> bytes:
    """Write sign, exponent and digits; of a negative number each byte is turned round."""
    if not number:
        return b"\1"
    digits = bytes(digit + 1 for digit in number.normalize().as_tuple().digits)
    written = (number.adjusted() + _BIAS).to_bytes(2, "big") + digits
    return b"\2" + written if number > 0 else b"\0" + bytes(255 - byte for byte in written) + b"\xff"
