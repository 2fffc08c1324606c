"""Single values as bytes that are equal where the values are: what tells items, rows and groups apart. Pure."""

from collections.abc import Iterable
from decimal import Decimal

import orjson

from bridge.events import Json
from bridge.mappings.values.values import UnusableValue, Value, excerpt, plain


def canonical(values: Iterable[Value]) -> bytes:
    """Write single values so that equal ones are equal bytes: 1 and 1.0 are.

    Raises `UnusableValue` for lists and objects.
    """
    return orjson.dumps([_written(value) for value in values])


def _written(value: Value) -> Json:
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, Decimal) and value == value.to_integral_value() and value.adjusted() < 30:
        value = int(value)
    if isinstance(value, list | dict):
        raise UnusableValue(f"{excerpt(value)} cannot tell one from another; name a part of it")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return {"number": str(value)}
    return {"number": str(value.normalize())} if isinstance(value, Decimal) else plain(value)
