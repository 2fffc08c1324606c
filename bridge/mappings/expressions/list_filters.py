"""Filters over lists: folding, sorting, choosing.

None is skipped by what folds and comes last in what sorts. Numbers are exact, whatever
their kind. `attribute` is a name, or several joined by dots.
"""

from collections.abc import Hashable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from bridge.mappings.expressions.dialect import DIALECT, defined, items_of
from bridge.mappings.values import arithmetic
from bridge.mappings.values.arithmetic import Number
from bridge.mappings.values.bounds import ExpressionError, check_characters
from bridge.mappings.values.conversion import parse_number
from bridge.mappings.values.folding import NONE_RANK, extreme, rank, total
from bridge.mappings.values.values import Value, excerpt

MAX_PARTS = 16
"""Most names of one attribute: each is looked up in every item."""


def sum_of(items: Any, attribute: Value = None, start: Value = 0) -> Value:
    """Add up."""
    return total(picked(items, attribute), start)


def smallest(items: Any, attribute: Value = None) -> Value:
    """Give the smallest value; none of nothing."""
    return extreme(picked(items, attribute), min)


def largest(items: Any, attribute: Value = None) -> Value:
    """Give the largest value; none of nothing."""
    return extreme(picked(items, attribute), max)


def mean(items: Any, attribute: Value = None) -> Value:
    """Give the arithmetic mean; none of nothing."""
    numbers = _numbers(picked(items, attribute))
    return arithmetic.binary("/", total(numbers), len(numbers))


def quantile(items: Any, q: Value, attribute: Value = None) -> Value:
    """Give the value below which the share `q` of the numbers lies, interpolated; none of nothing."""
    share = parse_number(q)
    if not 0 <= share <= 1:
        raise ExpressionError(f"quantile takes a share from 0 to 1, not {excerpt(q)}")
    numbers = sorted(_numbers(picked(items, attribute)))
    if not numbers:
        return None
    position = Decimal(share) * (len(numbers) - 1)
    below = int(position)
    if position == below:
        return numbers[below]
    step = arithmetic.binary("*", arithmetic.binary("-", numbers[below + 1], numbers[below]), position - below)
    return arithmetic.binary("+", numbers[below], step)


def median(items: Any, attribute: Value = None) -> Value:
    """Give the middle value, or the mean of the middle two; none of nothing."""
    return quantile(items, Decimal("0.5"), attribute)


def ordered(
    items: Any,
    reverse: bool = False,  # noqa: FBT001, FBT002  # Jinja's own order of arguments
    case_sensitive: bool = False,  # noqa: FBT001, FBT002  # the same
    attribute: Value = None,
) -> list[Any]:
    """Sort items by themselves or by what they have under the attribute; none comes last either way."""
    keys = [rank(_folded(key, case_sensitive=bool(case_sensitive))) for key in picked(items, attribute)]
    pairs = list(zip(keys, items_of(items), strict=True))
    present = [pair for pair in pairs if pair[0] != NONE_RANK]
    present.sort(key=lambda pair: pair[0], reverse=bool(reverse))
    return [item for _, item in present] + [item for key, item in pairs if key == NONE_RANK]


def distinct(items: Any, attribute: Value = None) -> list[Any]:
    """Keep the first item of each key, in their order."""
    kept: dict[Hashable, Any] = {}
    for key, item in zip(picked(items, attribute), items_of(items), strict=True):
        kept.setdefault(rank(key), item)
    return list(kept.values())


def grouped(items: Any, attribute: Value) -> list[list[Any]]:
    """List `[key, items]` pairs, ordered by key."""
    groups: dict[Any, list[Any]] = {}
    for key, item in zip(picked(items, attribute), items_of(items), strict=True):
        groups.setdefault(rank(key), [key, []])[1].append(item)
    return [groups[key] for key in sorted(groups)]


def first(items: Any) -> Any:
    """Give the first item; none of no items."""
    return next(iter(items_of(items)), None)


def last(items: Any) -> Any:
    """Give the last item; none of no items."""
    return next(iter(list(items_of(items))[::-1]), None)


def length(value: Any) -> int:
    """Count letters, keys or items."""
    return len(value) if isinstance(value, str | dict) else len(list(items_of(value)))


def turned(value: Any) -> Any:
    """Give a text or a list back to front."""
    return value[::-1] if isinstance(value, str) else list(items_of(value))[::-1]


def batched(items: Any, size: Value) -> list[list[Any]]:
    """Cut a list into lists of a size; the last may be shorter."""
    length = int(parse_number(size))
    if length < 1:
        raise ExpressionError(f"batch takes a size from 1, not {excerpt(size)}")
    whole = list(items_of(items))
    return [whole[start : start + length] for start in range(0, len(whole), length)]


def joined(texts: list[str], separator: str) -> str:
    """Join texts, within the bounds."""
    check_characters(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def pairs_of(value: Value) -> list[list[Value]]:
    """List an object's `[key, value]` pairs."""
    if not isinstance(value, Mapping):
        raise ExpressionError(f"items needs an object, not {excerpt(value)}")
    return [[key, item] for key, item in value.items()]


def picked(items: Any, attribute: Value) -> list[Any]:
    """List the items, or what each has under the attribute."""
    if attribute is None:
        return list(items_of(items))
    if not isinstance(attribute, str | int):
        raise ExpressionError(f"an attribute is a name, not {excerpt(attribute)}")
    names = str(attribute).split(".", MAX_PARTS)
    if len(names) > MAX_PARTS:
        raise ExpressionError(f"an attribute has at most {MAX_PARTS} names, joined by dots")
    return [_followed(item, names) for item in items_of(items)]


def _numbers(values: Iterable[Value]) -> list[Number]:
    return [parse_number(value) for value in values if value is not None]


def _followed(value: Any, names: list[str]) -> Any:
    for name in names:
        if name.isdecimal() and isinstance(value, list):
            value = defined(DIALECT.getitem(value, int(name)))
        else:
            value = defined(DIALECT.getattr(value, name))
    return value


def _folded(key: Value, *, case_sensitive: bool) -> Value:
    return key.casefold() if isinstance(key, str) and not case_sensitive else key
