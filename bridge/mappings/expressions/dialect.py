"""The Jinja dialect of the language: one immutable sandbox in which data is only data.

What differs from plain Jinja: arithmetic and comparison are exact (`arithmetic`), decimal
literals are decimals, every operation is counted (`bounds.Work`), only data and a list of
harmless methods can be reached from a value, and none shows as a dash. Templates cannot load,
include or define anything; no clock, no randomness.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

import orjson
from babel import Locale
from jinja2 import Undefined, pass_context
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from bridge.mappings.expressions.kinds import IF_EMPTY, NothingThere, kind_of
from bridge.mappings.expressions.methods import bound_method, loop_attribute
from bridge.mappings.values import arithmetic
from bridge.mappings.values.bounds import (
    ExpressionError,
    NothingFound,
    Work,
    check_characters,
    check_items,
    measured,
    not_shown,
    refuse_views,
)
from bridge.mappings.values.conversion import convert
from bridge.mappings.values.values import Value, excerpt, plain
from bridge.mappings.values.views import ListView, View

NONE_TEXT = "\u2013"
"""What none shows as: a dash."""

SURROUNDINGS, WORK = "$surroundings", "$work"
"""Where a rendering keeps them among its variables; no author can write such a name."""

_OPERATION_WORK: Mapping[str, int] = {"**": 64, "%": 6, "//": 4}
"""Units of work of one operation on the longest numbers, where that is much: a root takes 25 µs or more."""

_JINJA_ARGUMENTS = frozenset({"_loop_vars", "_block_vars"})

TURNS = "$turns"
"""The hidden filter that counts the turns of a loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What formatting depends on: the mapping's locale and timezone, and the moment that is now."""

    now: datetime
    locale: Locale = Locale("en", "US")  # noqa: RUF009  # a Locale is a value that nobody changes
    timezone: tzinfo = UTC


class Dialect(ImmutableSandboxedEnvironment):
    """The environment in which every expression and template is compiled and run."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})
    decimal = Decimal

    def __init__(self) -> None:
        super().__init__(
            undefined=NothingThere,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=finalize,
            autoescape=False,
            cache_size=0,
        )
        self.globals.clear()
        self.filters = {TURNS: count_turns}
        self.tests = {}

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Value:
        """Compute exactly, within the bounds."""
        work = work_of(context)
        for operand in (defined(left), defined(right)):
            work.spend_on(operand)
        if operator in _OPERATION_WORK:
            work.spend(_OPERATION_WORK[operator])
        result = arithmetic.binary(operator, left, right)
        return self.admitted(context, result) if isinstance(result, list) else result

    def call_unop(self, context: Context, operator: str, arg: Any) -> Value:
        """Compute exactly, within the bounds."""
        work_of(context).spend_on(defined(arg))
        return (arithmetic.negative if operator == "-" else arithmetic.positive)(defined(arg))

    def compare(self, context: Context, left: Any, *steps: tuple[str, Any]) -> bool:
        """Compare as in `a < b <= c`: each neighbouring pair must hold."""
        for symbol, right in steps:
            if not compared(context, symbol, left, right):
                return False
            left = right
        return True

    def admitted(self, context: Context, made: Any) -> Any:
        """Give a list or object back that was put together of other values, measured."""
        work_of(context).admit(made)
        return made

    def concatenate(self, context: Context, parts: Iterable[Any]) -> str:
        """Join anything as text: Jinja's `~`."""
        texts, characters = [], 0
        for part in parts:
            text = text_of(context, defined(part))
            characters += len(text)
            check_characters(characters)
            texts.append(text)
        work_of(context).spend(1 + (characters >> 4))
        return "".join(texts)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give what `obj.attribute` means: a key of an object, part of a time, a harmless method."""
        return self._found(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Give what `obj[argument]` means: a key, an index or a slice."""
        if isinstance(obj, View) and not (isinstance(obj, ListView) and isinstance(argument, int | Decimal)):
            return self._item(obj, defined(argument))
        if isinstance(argument, str):
            return self._found(obj, argument)
        if isinstance(argument, Decimal) and argument == argument.to_integral_value():
            argument = int(argument)
        if obj is None or argument is None:
            return None
        if isinstance(obj, list | tuple | str) and isinstance(argument, int):
            try:
                return obj[argument]
            except IndexError:
                return self.undefined(f"there is no item {argument} in {len(obj)} items{'' if obj else IF_EMPTY}")
        return obj if isinstance(obj, Undefined) else self.undefined(f"{kind_of(obj)} has no item {excerpt(argument)}")

    def cut(self, context: Context, obj: Any, *bounds: Any) -> Any:
        """Give what `obj[start:stop:step]` means: part of a text or list; none has none."""
        value = defined(obj)
        if value is None:
            return None
        if not isinstance(value, list | tuple | str):
            raise ExpressionError(f"{kind_of(value)} has no part [:]; a text or a list has")
        part = value[slice(*(None if bound is None else _whole(bound) for bound in bounds))]
        work_of(context).spend_on(part)
        return part

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a method or function; only those that the dialect hands out can be called."""
        work = work_of(context)
        if isinstance(defined(obj), LoopContext) or not callable(obj):
            raise ExpressionError(f"{kind_of(obj)} cannot be called; leave out the parentheses")
        named = {name: defined(value) for name, value in kwargs.items() if name not in _JINJA_ARGUMENTS}
        for handled in (getattr(obj, "__self__", None), *args):
            work.spend_on_all(handled)
        result = obj(*map(defined, args), **named)
        work.spend_on(result)
        return result

    def _item(self, view: View, key: Any) -> Any:
        try:
            return view.item(key)
        except LookupError:
            return self.undefined(f"{kind_of(view)} has no item {excerpt(key)}")

    def _found(self, obj: Any, name: str) -> Any:
        if isinstance(obj, Mapping) and name in obj:
            return obj[name]
        if obj is None:
            return None
        if isinstance(obj, View) and name in obj.FIELDS:
            return obj.field(name)
        return self._part(obj, name)

    def _part(self, obj: Any, name: str) -> Any:
        if isinstance(obj, LoopContext):
            return loop_attribute(self, obj, name)
        if isinstance(obj, Namespace):
            return self.undefined(name=name) if name.startswith("_") else getattr(obj, name, self.undefined(name=name))
        if (method := bound_method(obj, name)) is not None:
            return method
        return obj if isinstance(obj, Undefined) else self.undefined(obj=obj, name=name)


def defined(value: Any) -> Any:
    """Give the value back; raises `NothingFound` for what is not there."""
    if isinstance(value, Undefined):
        raise NothingFound(value._undefined_message)  # noqa: SLF001  # the one place that says what was missing
    return value


def compared(context: Context, symbol: str, left: Any, right: Any) -> bool:
    """Compare two values, counting the work by what stands in them."""
    work = work_of(context)
    work.spend_on(defined(left))
    work.spend_on_all(defined(right))
    if symbol in arithmetic.MEMBERSHIPS and isinstance(right, list | tuple):
        work.spend(len(right))
    return arithmetic.compare(symbol, left, right)


def text_of(context: Context, value: Any) -> str:
    """Write a value as text: none as a dash, decimals in full, times in the mapping's timezone."""
    if value is None:
        return NONE_TEXT
    if isinstance(value, datetime):
        return value.astimezone(surroundings_of(context).timezone).isoformat()
    if isinstance(value, list | tuple | dict):
        return json_text(context, value)
    if isinstance(value, View):
        raise ExpressionError(not_shown(value))
    if isinstance(value, str | bool | int | float | Decimal):
        return str(convert(value, ("string",)))
    raise ExpressionError(f"{kind_of(value)} cannot be shown")


def json_text(context: Context, value: Any) -> str:
    """Write a value as JSON, within the bounds."""
    work_of(context).spend_on_all(value)
    measured(value)
    refuse_views(value)
    return orjson.dumps(plain(value)).decode()


def localized(value: Value, zone: tzinfo) -> Value:
    """Bring a time, or all times in a list or object, to the mapping's timezone; in a view they are."""
    if isinstance(value, datetime):
        return value.astimezone(zone)
    if isinstance(value, dict):
        return {key: localized(item, zone) for key, item in value.items()}
    if isinstance(value, list) and not isinstance(value, ListView):
        return [localized(item, zone) for item in value]
    return value


def work_of(context: Context) -> Work:
    """Give what the running rendering may still do."""
    work: Work = context.parent[WORK]
    return work


def surroundings_of(context: Context) -> Surroundings:
    """Give the locale, timezone and moment of the running rendering."""
    surroundings: Surroundings = context.parent[SURROUNDINGS]
    return surroundings


@pass_context
def finalize(context: Context, value: Any) -> str:
    """Write what stands between `{{` and `}}` in a longer text."""
    text = text_of(context, defined(value))
    check_characters(len(text))
    work_of(context).spend_on(text)
    return text


@pass_context
def count_turns(context: Context, items: Any, units: int) -> Iterator[Any]:
    """Hand a loop its items one by one, counting units of work for each; none has no items."""
    work = work_of(context)
    for item in items_of(items):
        work.spend(units)
        yield item


def items_of(value: Any) -> Iterable[Any]:
    """Give the items that a loop or a list filter goes over; none has no items."""
    value = defined(value)
    if value is None:
        return ()
    if isinstance(value, Mapping | list | tuple | str | range) or hasattr(value, "mapping"):
        check_items(len(value))
        return list(value)
    raise ExpressionError(f"{kind_of(value)} has no items to go over; a list or an object has")


def safe_range(*bounds: Any) -> list[int]:
    """Give the numbers of a range as a list, within the bounds."""
    numbers = range(*map(_whole, bounds))
    check_items(len(numbers))
    return list(numbers)


def _whole(bound: Any) -> int:
    """Give a bound of a range or a slice as Python wants it; raises `ExpressionError` for what is no number."""
    return int(arithmetic.positive(defined(bound)) or 0)  # type: ignore[arg-type]  # a number


FUNCTIONS: Mapping[str, Callable[..., Any]] = {"range": safe_range, "namespace": Namespace}
"""The functions that an expression may call by name."""


DIALECT = Dialect()
"""Where every expression and template of the language is compiled; its filters and tests come with `filters`."""
