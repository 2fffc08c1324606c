"""The tests of the language: what may follow `is` in an expression, or name a choice in `select`."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

from bridge.mappings.expressions.dialect import compared, work_of
from bridge.mappings.values import arithmetic
from bridge.mappings.values.conversion import parse_number
from bridge.mappings.values.values import is_number


def _comparison(symbol: str) -> Callable[[Context, Any, Any], bool]:
    return lambda context, value, other: compared(context, symbol, value, other)


def _of_value(holds: Callable[..., bool]) -> Callable[..., bool]:
    def of_value(context: Context, value: Any, *operands: Any) -> bool:
        for each in (value, *operands):
            if not isinstance(each, Undefined):
                work_of(context).spend_on(each)
        return holds(value, *operands)

    return of_value


def _divides(value: Any, divisor: Any) -> bool:
    return arithmetic.binary("%", value, divisor) == 0


_KINDS: dict[str, Callable[..., bool]] = {
    "defined": lambda value: not isinstance(value, Undefined),
    "undefined": lambda value: isinstance(value, Undefined),
    "truthy": bool,
    "none": lambda value: value is None,
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "boolean": lambda value: isinstance(value, bool),
    "number": is_number,
    "integer": lambda value: is_number(value) and parse_number(value) == int(value),
    "string": lambda value: isinstance(value, str),
    "mapping": lambda value: isinstance(value, dict),
    "sequence": lambda value: isinstance(value, list | tuple | str),
    "iterable": lambda value: isinstance(value, list | tuple | dict | str),
    "odd": lambda value: value is not None and not _divides(value, 2),
    "even": lambda value: value is not None and _divides(value, 2),
    "divisibleby": _divides,
}
_COMPARISONS: dict[str, Callable[..., bool]] = {"in": _comparison("in")} | {
    name: _comparison(symbol)
    for symbol, names in {
        "eq": ("eq", "equalto", "=="),
        "ne": ("ne", "!="),
        "lt": ("lt", "lessthan", "<"),
        "lteq": ("le", "<="),
        "gt": ("gt", "greaterthan", ">"),
        "gteq": ("ge", ">="),
    }.items()
    for name in names
}

PREDICATES: Mapping[str, Callable[..., bool]] = {
    name: pass_context(holds)
    for name, holds in ({name: _of_value(holds) for name, holds in _KINDS.items()} | _COMPARISONS).items()
}
"""Tests by name; each takes the context of the rendering, a value and its operands."""
