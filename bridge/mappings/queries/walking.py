"""Following a path that can match many places: step by step, from values to the values below them.

Filters and `..` too are walked directly. jsonpath-ng, which read the path, would take ten
seconds and more for some of them on a payload of 1 MiB, and could not be stopped; here every
value that is gone over is counted. What matches is what jsonpath-ng finds, in its order: a
property test holds that the two never differ.
"""

import operator
from collections.abc import Callable
from typing import NamedTuple, cast

from jsonpath_ng import Fields, Index, JSONPath, Root, Slice, This
from jsonpath_ng.ext import filter as ext_filter
from jsonpath_ng.jsonpath import Wildcard

from bridge.events import Json
from bridge.mappings.queries.query_syntax import Descend, Step, flattened
from bridge.mappings.values.bounds import Work
from bridge.mappings.values.values import is_number


class Walk(NamedTuple):
    """One look-up: what `$` stands for inside filters, and what may still be gone over."""

    root: Json
    work: Work


Follow = Callable[[list[Json], Walk], list[Json]]
"""Goes from values to those that a step, or several, lead to."""

_FILTER_WORK = 3
"""Units of work of a filter for each candidate, beside those of the paths inside it."""

_Holds = Callable[[Json, Walk], bool]


def compile_steps(steps: list[Step]) -> Follow:
    """Compile the steps after `$` or `@`. What is compiled raises `ExpressionError` for too much work, else nothing."""
    follows = [_compile_step(step) for step in steps]

    def follow(values: list[Json], walk: Walk) -> list[Json]:
        for each in follows:
            walk.work.spend(len(values))
            values = each(values, walk)
        walk.work.spend(len(values))
        return values

    return follow


def _compile_step(step: Step) -> Follow:
    match step:
        case Descend():
            return _descend
        case Wildcard():
            return lambda values, _: [match for value in values for match in _children(value)]
        case Slice():
            part = slice(step.start, step.end, step.step)
            return lambda values, _: [match for value in values if isinstance(value, list) for match in value[part]]
        case Index():
            (position,) = step.indices
            return lambda values, _: [
                value[position] for value in values if isinstance(value, list) and -len(value) <= position < len(value)
            ]
        case Fields():
            (name,) = step.fields
            return lambda values, _: [value[name] for value in values if isinstance(value, dict) and name in value]
    return _compile_filter(cast(ext_filter.Filter, step))


def _children(value: Json) -> list[Json]:
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, dict) else []


def _descend(values: list[Json], walk: Walk) -> list[Json]:
    """Give the lists and objects at and below the values, those above first; a scalar has nothing below it."""
    found: list[Json] = []
    pending = values[::-1]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            below = value
        elif isinstance(value, dict):
            below = list(value.values())
        else:
            continue
        walk.work.spend(len(below))
        found.append(value)
        pending.extend(reversed(below))
    return found


def _compile_filter(step: ext_filter.Filter) -> Follow:
    conditions = [_compile_condition(condition) for condition in step.expressions]

    def follow(values: list[Json], walk: Walk) -> list[Json]:
        found = []
        for value in values:
            candidates = _children(value)
            walk.work.spend(_FILTER_WORK * len(candidates))
            found += [each for each in candidates if all(holds(each, walk) for holds in conditions)]
        return found

    return follow


def _compile_condition(condition: JSONPath) -> _Holds:
    if isinstance(condition, ext_filter.And | ext_filter.Or):
        operands = [_compile_condition(operand) for operand in condition.operands]
        fold = all if isinstance(condition, ext_filter.And) else any
        return lambda candidate, walk: fold(holds(candidate, walk) for holds in operands)
    return _compile_comparison(cast(ext_filter.Expression, condition))


def _compile_comparison(condition: ext_filter.Expression) -> _Holds:
    find = _compile_operand(condition.target)
    if condition.op is None:
        return lambda candidate, walk: bool(find(candidate, walk))
    if condition.op == "!":
        return lambda candidate, walk: not find(candidate, walk)
    if isinstance(condition.value, JSONPath):
        return _compare_paths(find, condition.op, _compile_operand(condition.value))
    return _compare_literal(find, condition.op, condition.value)


def _compile_operand(path: JSONPath) -> Callable[[Json, Walk], list[Json]]:
    """Compile a path inside a filter: from `$`, from `@`, or from the candidate without a word."""
    steps = flattened(path)
    starts_at_root = isinstance(steps[0], Root)
    follow = compile_steps(steps[1:] if isinstance(steps[0], Root | This) else steps)
    return lambda candidate, walk: follow([walk.root if starts_at_root else candidate], walk)


def _compare_literal(find: Callable[[Json, Walk], list[Json]], symbol: str, wanted: Json) -> _Holds:
    """What leads nowhere differs from every literal, and nothing else holds of it."""

    def holds(candidate: Json, walk: Walk) -> bool:
        found = find(candidate, walk)
        if not found:
            return symbol == "!="
        return any(_compares(symbol, value, wanted, walk.work) for value in found)

    return holds


def _compare_paths(
    left: Callable[[Json, Walk], list[Json]], symbol: str, right: Callable[[Json, Walk], list[Json]]
) -> _Holds:
    """Two paths that lead nowhere are equal, and one that does differs from any value."""

    def holds(candidate: Json, walk: Walk) -> bool:
        found, wanted = left(candidate, walk), right(candidate, walk)
        if not found or not wanted:
            return _SAME[symbol](not found and not wanted)
        walk.work.spend(len(found) * len(wanted))
        return any(_compares(symbol, value, other, walk.work) for value in found for other in wanted)

    return holds


_ORDERED: dict[str, Callable[..., bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SAME: dict[str, Callable[[bool], bool]] = {
    "==": bool,
    "=": bool,
    "!=": operator.not_,
    "<": lambda _: False,
    "<=": bool,
    ">": lambda _: False,
    ">=": bool,
}
"""What an operator makes of being the same, where values have no order (RFC 9535, 2.3.5.2.2)."""


def _compares(symbol: str, left: Json, right: Json, work: Work) -> bool:
    """Compare as RFC 9535 does: only two numbers, or two texts, have an order."""
    if (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
        return _ORDERED[symbol](left, right)
    return _SAME[symbol](_is_same(left, right, work))


def _is_same(left: Json, right: Json, work: Work) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        work.spend(len(left))
        return len(left) == len(right) and all(_is_same(*pair, work) for pair in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        work.spend(len(left))
        return left.keys() == right.keys() and all(_is_same(left[key], right[key], work) for key in left)
    return left == right
