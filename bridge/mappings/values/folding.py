"""One value of many, and their order: what triggers and templates fold and sort by.

None is skipped by what folds, and comes last in what sorts.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from bridge.mappings.values import arithmetic
from bridge.mappings.values.bounds import ExpressionError
from bridge.mappings.values.conversion import parse_number
from bridge.mappings.values.values import Value, excerpt
from bridge.mappings.values.versions import ranked

NONE_RANK = (9, 0)
"""The rank of none: after all others."""


def total(values: Iterable[Value], start: Value = 0) -> Value:
    """Add numbers up, exactly; none is skipped."""
    result = start
    for value in values:
        if value is not None:
            result = arithmetic.binary("+", result, parse_number(value))
    return result


def extreme(values: Iterable[Value], choose: Callable[..., Value]) -> Value:
    """Give the smallest or the largest, by `min` or `max`; none is skipped, none of nothing."""
    return choose((value for value in values if value is not None), key=rank, default=None)


def rank(value: Value) -> Any:
    """Give a key that sorts any single values, unlike kinds as versions order them; none last.

    Raises `ExpressionError` for lists and objects.
    """
    if value is None:
        return NONE_RANK
    if not isinstance(value, int | float | Decimal | datetime | str):
        raise ExpressionError(f"{excerpt(value)} has no order; name an attribute, as in sort(attribute='name')")
    return ranked(value)
