"""Filters over lists: folding, sorting, choosing.

None is skipped by what folds and comes last in what sorts. Numbers are exact, whatever
their kind. `attribute` is a name, or several joined by dots.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from bridge.mappings.expressions.dialect import items_of
from bridge.mappings.values import arithmetic
from bridge.mappings.values.arithmetic import Number
from bridge.mappings.values.bounds import ExpressionError, check_characters
from bridge.mappings.values.conversion import parse_number
from bridge.mappings.values.folding import NONE_RANK, rank, total
from bridge.mappings.values.values import Value, excerpt

MAX_PARTS = 16
"""Most names of one attribute: each is looked up in every item."""

Look = Callable[[Any, str], Any]
"""Looks one name up in a value."""


def picked(items: Any, attribute: Value, look: Look) -> list[Any]:
    """List the items, or what each has under the attribute."""
    if attribute is None:
        return list(items_of(items))
    if not isinstance(attribute, str | int):
        raise ExpressionError(f"an attribute is a name, not {excerpt(attribute)}")
    names = str(attribute).split(".", MAX_PARTS)
    if len(names) > MAX_PARTS:
        raise ExpressionError(f"an attribute has at most {MAX_PARTS} names, joined by dots")
    return [_followed(item, names, look) for item in items_of(items)]


def mean(values: Iterable[Value]) -> Value:
    """Give the arithmetic mean; none of nothing."""
    numbers = _numbers(values)
    return arithmetic.binary("/", total(numbers), len(numbers))


def quantile(values: Iterable[Value], q: Value) -> Value:
    """Give the value below which the share `q` of the numbers lies, interpolated; none of nothing."""
    share = parse_number(q)
    if not 0 <= share <= 1:
        raise ExpressionError(f"quantile takes a share from 0 to 1, not {excerpt(q)}")
    numbers = sorted(_numbers(values))
    if not numbers:
        return None
    position = Decimal(share) * (len(numbers) - 1)
    below = int(position)
    if position == below:
        return numbers[below]
    step = arithmetic.binary("*", arithmetic.binary("-", numbers[below + 1], numbers[below]), position - below)
    return arithmetic.binary("+", numbers[below], step)


def median(values: Iterable[Value]) -> Value:
    """Give the middle value, or the mean of the middle two; none of nothing."""
    return quantile(values, Decimal("0.5"))


def ordered(items: list[Any], keys: list[Any], *, reverse: bool, case_sensitive: bool) -> list[Any]:
    """Sort items by their keys; none comes last either way."""
    pairs = [(rank(_folded(key, case_sensitive=case_sensitive)), item) for key, item in zip(keys, items, strict=True)]
    present = [pair for pair in pairs if pair[0] != NONE_RANK]
    present.sort(key=lambda pair: pair[0], reverse=reverse)
    return [item for _, item in present] + [item for key, item in pairs if key == NONE_RANK]


def distinct(items: list[Any], keys: list[Any]) -> list[Any]:
    """Keep the first item of each key, in their order."""
    kept: dict[Hashable, Any] = {}
    for key, item in zip(keys, items, strict=True):
        kept.setdefault(rank(key), item)
    return list(kept.values())


def grouped(items: list[Any], keys: list[Any]) -> list[list[Any]]:
    """List `[key, items]` pairs, ordered by key."""
    groups: dict[Any, list[Any]] = {}
    for key, item in zip(keys, items, strict=True):
        groups.setdefault(rank(key), [key, []])[1].append(item)
    return [groups[key] for key in sorted(groups)]


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


def _numbers(values: Iterable[Value]) -> list[Number]:
    return [parse_number(value) for value in values if value is not None]


def _followed(value: Any, names: list[str], look: Look) -> Any:
    for name in names:
        value = look(value, name)
    return value


def _folded(key: Value, *, case_sensitive: bool) -> Value:
    return key.casefold() if isinstance(key, str) and not case_sensitive else key
