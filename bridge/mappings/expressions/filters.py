"""The filters and tests of the language, by name, and the one environment that has them.

A new filter is one function here or in `format_filters`, `list_filters`, `text_filters`,
and one line in a table. None passes every filter but `default` as none; what is missing
is an error in all but `default`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from inspect import Signature, signature
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

from bridge.mappings.expressions import format_filters, list_filters, text_filters
from bridge.mappings.expressions.dialect import (
    DIALECT,
    defined,
    items_of,
    json_text,
    localized,
    surroundings_of,
    text_of,
    work_of,
)
from bridge.mappings.expressions.methods import replaced
from bridge.mappings.expressions.predicates import PREDICATES
from bridge.mappings.values import arithmetic
from bridge.mappings.values.bounds import ExpressionError, check_characters
from bridge.mappings.values.conversion import ConversionError, convert, parse_number
from bridge.mappings.values.values import Value, excerpt

# The environment is handed on from here: who imports it here has it with its filters and tests.
__all__ = ["DIALECT", "LIST_FILTERS", "PARAMETERS"]

_LOCATED: dict[str, Callable[..., Any]] = {
    "currency": format_filters.currency,
    "number": format_filters.number,
    "compact": format_filters.compact,
    "percent": format_filters.percent,
    "signed_percent": format_filters.signed_percent,
    "duration": format_filters.duration,
    "ago": format_filters.ago,
    "datetime": format_filters.format_time,
    "floor": format_filters.floor,
}


def _round(value: Value, digits: Value = 0, method: Value = "common") -> Value:
    places = parse_number(digits)
    if places != int(places) or not -20 <= places <= format_filters.MAX_FRACTION_DIGITS:
        raise ExpressionError(f"round takes from -20 to 20 digits, not {excerpt(digits)}")
    if method not in {"common", "ceil", "floor"}:
        raise ExpressionError(f"round takes 'common', 'ceil' or 'floor', not {excerpt(method)}")
    scale = Decimal(1).scaleb(-int(places))
    ratio = Decimal(str(arithmetic.binary("/", parse_number(value), scale)))
    if method == "common":
        result = format_filters.rounded(parse_number(value), int(places))
    else:
        whole = arithmetic.floored(ratio) if method == "floor" else -arithmetic.floored(-ratio)
        result = whole * scale
    return int(result) if places <= 0 else result


def _absolute(value: Value) -> Value:
    number = parse_number(value)
    return arithmetic.negative(number) if number < 0 else number


_LISTS: dict[str, Callable[..., Any]] = {
    "sum": list_filters.sum_of,
    "min": list_filters.smallest,
    "max": list_filters.largest,
    "mean": list_filters.mean,
    "median": list_filters.median,
    "quantile": list_filters.quantile,
    "first": list_filters.first,
    "last": list_filters.last,
    "length": list_filters.length,
    "count": list_filters.length,
    "list": lambda value: list(items_of(value)),
    "items": list_filters.pairs_of,
    "dictsort": lambda value: sorted(list_filters.pairs_of(value)),
    "sort": list_filters.ordered,
    "unique": list_filters.distinct,
    "groupby": list_filters.grouped,
    "batch": list_filters.batched,
    "reverse": list_filters.turned,
}
_NUMBERS: dict[str, Callable[..., Any]] = {
    "round": _round,
    "abs": _absolute,
    "int": lambda value: arithmetic.floored(parse_number(value)),
    "float": parse_number,
}
_TEXTS: dict[str, Callable[..., Any]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "capitalize": str.capitalize,
    "trim": lambda text: text.strip(),
    "replace": replaced,
    "slug": text_filters.slug,
    "truncate": text_filters.truncate,
    "markdown": text_filters.markdown,
    "urlencode": text_filters.urlencode,
}
_CONVERSIONS = ("string", "integer", "boolean", "time", "json", "base64")


_OWN_WORK: Mapping[str, int] = {
    **dict.fromkeys(_LOCATED, 24),
    **dict.fromkeys(("compact", "ago"), 48),
    **dict.fromkeys(_NUMBERS, 6),
    **dict.fromkeys(("slug", "markdown"), 4),
}
"""Units of work of one use of a filter, where that is more than one."""

_ITEM_WORK: Mapping[str, int] = {
    **dict.fromkeys(("sort", "dictsort", "unique", "groupby", "batch"), 4),
    **dict.fromkeys(("sum", "min", "max", "mean", "median", "quantile"), 2),
}
"""Units of work for each item, or character of a text, that a filter goes over, where that is more than one."""

_PATTERN_WORK = 4
"""Units of work for each character of what a formatting filter is given: a pattern has a field for nearly each."""

_GOING_OVER = (_LISTS.keys() | {"join", "map", "select", "reject"}) - {"first", "last", "length", "count", "items"}
"""Filters that do something with each key of an object, and each character of a text."""

_LOOKING_INSIDE = frozenset(
    {"sum", "min", "max", "mean", "median", "quantile", "dictsort", "sort", "unique", "groupby"}
)
"""Filters over lists whose cost is that of all that stands in the items."""


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a filter of a function: count its work, pass none, and name the filter in errors."""
    own_work, item_work = _OWN_WORK.get(name, 1), _ITEM_WORK.get(name, 1)
    counted = (list, dict, str) if name in _GOING_OVER else (list,)

    @pass_context
    def apply(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        if defined(value) is None:
            return None
        work = work_of(context)
        work.spend(own_work + (item_work * len(value) if isinstance(value, counted) else 0))
        (work.spend_on_all if name in _LOOKING_INSIDE else work.spend_on)(value)
        if name in _LOCATED:
            work.spend(_PATTERN_WORK * sum(len(arg) for arg in (*args, *kwargs.values()) if isinstance(arg, str)))
        try:
            result = function(context, value, *map(defined, args), **kwargs)
        except ConversionError as error:
            raise ExpressionError(f"{name}: {error}") from error
        except TypeError as error:
            raise ExpressionError(f"{name} does not take these arguments: {error}") from error
        if isinstance(result, list):
            work.admit(result)
        elif isinstance(result, str):
            work.spend(len(result) >> 4)
        return result

    return apply


def _plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _context, value, *args, **kwargs: function(value, *args, **kwargs)


def _with_surroundings(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda context, value, *args, **kwargs: function(surroundings_of(context), value, *args, **kwargs)


def _on_text(function: Callable[..., Any]) -> Callable[..., Any]:
    def apply(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = text_of(context, value)
        check_characters(len(text))
        work_of(context).spend_on(text)
        return function(text, *args, **kwargs)

    return apply


def _conversion(kind: str) -> Callable[..., Any]:
    return lambda context, value: localized(convert(value, (kind,)), surroundings_of(context).timezone)


@pass_context
def _default(_context: Context, value: Any, fallback: Any = "", also_falsy: Any = False) -> Any:  # noqa: FBT002  # the template's own spelling
    missing = isinstance(value, Undefined) or value is None
    return fallback if missing or (also_falsy and not value) else value


def _join(context: Context, value: Any, separator: Value = "", attribute: Value = None) -> str:
    texts = [text_of(context, item) for item in list_filters.picked(value, attribute)]
    joined = list_filters.joined(texts, text_of(context, separator))
    work_of(context).spend(len(texts))
    work_of(context).spend_on(joined)
    return joined


def _map(context: Context, value: Any, name: Value = None, *args: Any, **kwargs: Any) -> list[Any]:
    if name is None:
        attribute, fallback = kwargs.get("attribute"), kwargs.get("default")
        return [fallback if item is None else item for item in list_filters.picked(value, attribute)]
    function = DIALECT.filters.get(name) if isinstance(name, str) else None
    if function is None:
        raise ExpressionError(f"map: unknown filter {excerpt(name)}")
    return [function(context, item, *args, **kwargs) for item in items_of(value)]


def _predicate(name: object) -> Callable[..., bool]:
    if not isinstance(name, str) or name not in PREDICATES:
        raise ExpressionError(f"unknown test {excerpt(name)}")
    return PREDICATES[name]


def _choose(*, by_attribute: bool, keep: bool) -> Callable[..., list[Any]]:
    def choose(context: Context, value: Any, *args: Any) -> list[Any]:
        attribute, tests = (args[0], args[1:]) if by_attribute else (None, args)
        name, *operands = tests or ("truthy",)
        holds = _predicate(name)
        items = list(items_of(value))
        work_of(context).spend(len(items))
        keys = list_filters.picked(value, attribute)
        return [item for key, item in zip(keys, items, strict=True) if bool(holds(context, key, *operands)) is keep]

    return choose


_WITH_CONTEXT: dict[str, Callable[..., Any]] = {
    "join": _join,
    "map": _map,
    "select": _choose(by_attribute=False, keep=True),
    "reject": _choose(by_attribute=False, keep=False),
    "selectattr": _choose(by_attribute=True, keep=True),
    "rejectattr": _choose(by_attribute=True, keep=False),
}

DIALECT.filters |= {name: _guarded(name, _with_surroundings(function)) for name, function in _LOCATED.items()}
DIALECT.filters |= {name: _guarded(name, _plainly(function)) for name, function in {**_LISTS, **_NUMBERS}.items()}
DIALECT.filters |= {name: _guarded(name, _on_text(function)) for name, function in _TEXTS.items()}
DIALECT.filters |= {kind: _guarded(kind, _conversion(kind)) for kind in _CONVERSIONS}
DIALECT.filters |= {
    "default": _default,
    "d": _default,
    "tojson": _guarded("tojson", json_text),
}
DIALECT.filters |= {name: _guarded(name, function) for name, function in _WITH_CONTEXT.items()}
DIALECT.tests |= PREDICATES

LIST_FILTERS = frozenset(_LISTS) | frozenset(_WITH_CONTEXT)
"""The filters that go over the items of a list."""


def _arguments(function: Callable[..., Any], leading: int) -> Signature:
    return Signature([*signature(function).parameters.values()][leading:])


PARAMETERS: Mapping[str, Signature] = {
    **{name: _arguments(function, 2) for name, function in {**_LOCATED, **_WITH_CONTEXT}.items()},
    **{name: _arguments(function, 1) for name, function in {**_LISTS, **_NUMBERS, **_TEXTS}.items()},
    **dict.fromkeys((*_CONVERSIONS, "tojson"), Signature()),
    **dict.fromkeys(("default", "d"), _arguments(_default, 2)),
}
"""What each filter takes behind its name."""
