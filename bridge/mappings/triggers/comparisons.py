"""The operators of conditions, compiled to closures over their literal right side.

A comparison between unlike types is false, never an error; numbers compare by value, whether
they came as integers, doubles or exact decimals. A text that is an ISO 8601 time compares to
a variable that is a time as that time.
"""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import re2

from bridge.errors import AuthorError
from bridge.located import Plain
from bridge.mappings.triggers.facts import Found
from bridge.mappings.values.conversion import ConversionError, parse_time

Test = Callable[[Any], bool]
"""Says whether a value that was found satisfies an operator."""


class WrongOperand(AuthorError):
    """The right side of an operator is of no use to it; the message says what is wanted there."""


MAX_PATTERN_BYTES = 2**19
"""Memory that a regular expression may take compiled, and again while it is matched."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def equals(wanted: Plain) -> Test:
    """Compile `eq`."""
    if wanted is None or isinstance(wanted, bool):
        return lambda found: found is wanted
    if isinstance(wanted, int | Decimal):
        return lambda found: number_of(found) == wanted
    if isinstance(wanted, str):
        return _equals_text(wanted)
    return lambda found: same(found, wanted)


def _equals_text(wanted: str) -> Test:
    instant = _instant(wanted)
    if instant is None:
        return lambda found: found == wanted
    return lambda found: found == wanted or (isinstance(found, datetime) and found == instant)


def one_of(wanted: list[Plain]) -> Test:
    """Compile `in`."""
    if all(isinstance(each, str) and _instant(each) is None for each in wanted):
        texts = frozenset(wanted)
        return lambda found: isinstance(found, str) and found in texts
    tests = [equals(each) for each in wanted]
    return lambda found: any(test(found) for test in tests)


def same(found: Any, wanted: Plain) -> bool:
    """Compare whole values, lists and objects by their parts."""
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and found.keys() == wanted.keys()
            and all(same(found[name], value) for name, value in wanted.items())
        )
    return equals(wanted)(found)


def number_of(found: object) -> int | Decimal | None:
    """Give a number that compares exactly, None for what is no number."""
    if isinstance(found, float):
        return Decimal(repr(found))
    return found if isinstance(found, int | Decimal) and not isinstance(found, bool) else None


def _instant(text: str) -> datetime | None:
    if not _DATE.match(text):
        return None
    try:
        return parse_time(text)
    except ConversionError:
        return None


def _ordered(compare: Callable[[Any, Any], bool], wanted: Plain) -> Test:
    if isinstance(wanted, str):
        return _ordered_text(compare, wanted)
    if not isinstance(wanted, int | Decimal) or isinstance(wanted, bool):
        raise WrongOperand("a number, a text or a time in ISO 8601")

    def test(found: Any) -> bool:
        number = found if type(found) is int else number_of(found)
        return number is not None and compare(number, wanted)

    return test


def _ordered_text(compare: Callable[[Any, Any], bool], wanted: str) -> Test:
    instant = _instant(wanted)

    def test(found: Any) -> bool:
        if isinstance(found, str):
            return compare(found, wanted)
        return isinstance(found, datetime) and instant is not None and compare(found, instant)

    return test


def _in(wanted: Plain) -> Test:
    if not isinstance(wanted, list):
        raise WrongOperand("a list")
    return one_of(wanted)


def compile_pattern(text: str) -> "re2._Regexp":
    """Compile a regular expression; the last hundred are remembered. Raises `WrongOperand` for what is none."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PATTERN_BYTES
    try:
        return re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        if "too large" in reason:
            reason = "this one takes too much memory; repeat what stands for many characters fewer times"
        raise WrongOperand(f"a regular expression in RE2's syntax ({reason})") from error


def _matches(wanted: Plain) -> Test:
    pattern = compile_pattern(_as_text(wanted))
    return lambda found: isinstance(found, str) and pattern.search(found) is not None


def _contains(wanted: Plain) -> Test:
    if isinstance(wanted, list | dict):
        raise WrongOperand("a single value")
    item = equals(wanted)

    def test(found: Any) -> bool:
        if isinstance(found, list):
            return any(item(each) for each in found)
        return isinstance(found, str | dict) and isinstance(wanted, str) and wanted in found

    return test


def _starts_with(wanted: Plain) -> Test:
    prefix = _as_text(wanted)
    return lambda found: isinstance(found, str) and found.startswith(prefix)


def _ends_with(wanted: Plain) -> Test:
    suffix = _as_text(wanted)
    return lambda found: isinstance(found, str) and found.endswith(suffix)


def _as_text(wanted: Plain) -> str:
    if not isinstance(wanted, str):
        raise WrongOperand("a text")
    return wanted


def _negated(make: Callable[[Any], Test]) -> Callable[[Plain], Test]:
    def negated(wanted: Plain) -> Test:
        test = make(wanted)
        return lambda found: not test(found)

    return negated


OPERATORS: Mapping[str, Callable[[Plain], Test]] = MappingProxyType(
    {
        "eq": equals,
        "ne": _negated(equals),
        "in": _in,
        "not_in": _negated(_in),
        "gt": lambda wanted: _ordered(operator.gt, wanted),
        "gte": lambda wanted: _ordered(operator.ge, wanted),
        "lt": lambda wanted: _ordered(operator.lt, wanted),
        "lte": lambda wanted: _ordered(operator.le, wanted),
        "matches": _matches,
        "contains": _contains,
        "starts_with": _starts_with,
        "ends_with": _ends_with,
    }
)
"""Each compiles its right side to a test, or raises `WrongOperand` saying what it wants there."""


def index_key(value: Found) -> object | None:
    """Give what an equality looks up in the dispatch index; equal values have equal keys.

    None for what no index holds: lists, objects, instants.
    """
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return (value,)
    return number_of(value)
