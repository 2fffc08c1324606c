"""The order of versions: which of two changes is the newer.

Numbers compare by value, times by instant, texts by code point. Unlike types compare by rank,
so that the order is total and every replica and every restart agrees on it.
"""

from datetime import datetime
from decimal import Decimal

import orjson

from bridge.mappings.values import Value, plain

_NULL, _BOOLEAN, _NUMBER, _TIME, _TEXT, _COMPOUND = range(6)


def compare_versions(a: tuple[Value, ...], b: tuple[Value, ...]) -> int:
    """Give -1 where `a` is the older, 1 where it is the newer, 0 where neither is.

    Parts are compared in order; where one version runs out first, it is the older.
    """
    for left, right in zip(a, b, strict=False):
        order = _compare(left, right)
        if order:
            return order
    return (len(a) > len(b)) - (len(a) < len(b))


def _compare(a: Value, b: Value) -> int:
    rank_a, left = _ranked(a)
    rank_b, right = _ranked(b)
    if rank_a != rank_b:
        return 1 if rank_a > rank_b else -1
    # Values of one rank are of one comparable type.
    return (left > right) - (left < right)  # type: ignore[operator]


def _ranked(value: Value) -> tuple[int, bool | int | float | Decimal | datetime | str | bytes]:
    """Give a value's rank, and what compares it to others of that rank."""
    match value:
        case None:
            return _NULL, 0
        case bool():
            return _BOOLEAN, value
        case int() | Decimal() | float():
            return _NUMBER, value
        case datetime():
            return _TIME, value
        case str():
            return _TEXT, value
        case _:
            return _COMPOUND, orjson.dumps(plain(value), option=orjson.OPT_SORT_KEYS)
