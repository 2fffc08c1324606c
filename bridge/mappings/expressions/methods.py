"""What can be reached from a value with a dot, besides its own keys.

Everything here takes time and memory in proportion to what it is given; formatting and
padding methods, which do not, have filters in their place.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from types import MethodType
from typing import Any

from jinja2 import Environment
from jinja2.runtime import LoopContext

from bridge.mappings.values.arithmetic import equal
from bridge.mappings.values.bounds import ExpressionError, check_characters
from bridge.mappings.values.values import Value, excerpt

TEXT_METHODS = frozenset(
    {
        "upper",
        "lower",
        "strip",
        "lstrip",
        "rstrip",
        "split",
        "rsplit",
        "splitlines",
        "startswith",
        "endswith",
        "title",
        "capitalize",
        "find",
        "rfind",
        "count",
        "isdigit",
        "isalpha",
        "isalnum",
        "isnumeric",
        "isupper",
        "islower",
        "isspace",
        "removeprefix",
        "removesuffix",
        "casefold",
        "swapcase",
        "partition",
        "rpartition",
    }
)
_SLOW_WITH_LONG_WORDS = frozenset({"strip", "lstrip", "rstrip", "rfind", "rsplit", "rpartition"})
"""Methods of texts that may go through what they look for at every character: from the right no faster way is known."""

_MAX_WORD = 100
OBJECT_METHODS = frozenset({"items", "keys", "values", "get"})
TIME_PARTS = frozenset({"year", "month", "day", "hour", "minute", "second", "microsecond"})
TIME_METHODS = frozenset({"weekday", "isoweekday", "isoformat"})
LOOP_PARTS = frozenset(
    {
        "index",
        "index0",
        "revindex",
        "revindex0",
        "first",
        "last",
        "length",
        "previtem",
        "nextitem",
        "depth",
        "depth0",
        "cycle",
        "changed",
    }
)


def _index_of(items: Sequence[Value], wanted: Value) -> int:
    for position, item in enumerate(items):
        if equal(item, wanted):
            return position
    raise ExpressionError(f"{excerpt(wanted)} is not in {excerpt(list(items))}")


def _count_of(items: Sequence[Value], wanted: Value) -> int:
    return sum(equal(item, wanted) for item in items)


LIST_METHODS: dict[str, Callable[..., int]] = {"index": _index_of, "count": _count_of}


def bound_method(value: Any, name: str) -> Any:
    """Give a harmless method, or a part of a time; None where the value has no such thing."""
    if isinstance(value, str):
        return _text_method(value, name)
    if isinstance(value, dict):
        return _object_method(value, name)
    if isinstance(value, list | tuple):
        return MethodType(LIST_METHODS[name], value) if name in LIST_METHODS else None
    if isinstance(value, datetime) and (name in TIME_PARTS or name in TIME_METHODS):
        return getattr(value, name)
    return None


def loop_attribute(environment: Environment, loop: LoopContext, name: str) -> Any:
    """Give what Jinja's `loop` knows; its recursion is not offered."""
    if name in LOOP_PARTS:
        return getattr(loop, name)
    return environment.undefined(f"'loop' has no {name!r}")


def replaced(text: str, old: str, new: str, count: int = -1) -> str:
    """Replace within the bounds, which are checked before the text is made."""
    turns = text.count(old) if count < 0 else min(count, text.count(old))
    check_characters(len(text) + turns * (len(new) - len(old)))
    return text.replace(old, new, count)


def _text_method(text: str, name: str) -> Any:
    if name == "replace":
        return lambda old, new, count=-1: replaced(text, old, new, count)
    if name in _SLOW_WITH_LONG_WORDS:
        return MethodType(_with_short_words(name), text)
    return getattr(text, name) if name in TEXT_METHODS else None


def _with_short_words(name: str) -> Callable[..., Any]:
    """Give a method whose time is that of the text times that of what is looked for in it."""

    def method(text: str, *args: Any, **named: Any) -> Any:
        if any(isinstance(word, str) and len(word) > _MAX_WORD for word in (*args, *named.values())):
            raise ExpressionError(f"{name} takes a text of at most {_MAX_WORD} characters")
        return getattr(text, name)(*args, **named)

    return method


def _object_method(entries: dict[str, Any], name: str) -> Callable[..., Any] | None:
    if name == "get":
        return lambda key, default=None: entries.get(key, default)
    if name in OBJECT_METHODS:
        view = getattr(entries, name)
        return lambda: list(view())
    return None
