"""The order of versions: which of two changes is the newer.

Numbers compare by value, times by instant, texts by code point. Unlike types compare by rank,
so that the order is total and every replica and every restart agrees on it.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import cast

import orjson

from bridge.mappings.values.values import Value, decode_values, encode_values, plain

_NULL, _BOOLEAN, _NUMBER, _TIME, _TEXT, _COMPOUND = range(6)

_Ranked = tuple[int, bool | int | float | Decimal | datetime | str | bytes]

VersionOrder = tuple[_Ranked, ...]
"""A version in a form whose own order is that of versions."""


def version_order(version: tuple[Value, ...]) -> VersionOrder:
    """Give what stands for a version in comparisons: `<`, `>` and `==` of two say which is the newer.

    Parts are compared in order; where one version runs out first, it is the older.
    Raises `UnusableValue` for a part that nests too deeply.
    """
    return tuple([ranked(part) for part in version])


def ranked(value: Value) -> _Ranked:
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


def encode_version(version: Sequence[Value]) -> str:
    """Write a version as it is stored."""
    return encode_values({"version": list(version)})


def decode_version(text: str) -> tuple[Value, ...]:
    """Read a version as it is stored."""
    return tuple(cast(list[Value], decode_values(text)["version"]))
