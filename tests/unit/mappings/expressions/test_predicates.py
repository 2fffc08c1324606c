from decimal import Decimal

import pytest
from jinja2.runtime import Context

from bridge.mappings.expressions.dialect import WORK
from bridge.mappings.expressions.filters import DIALECT
from bridge.mappings.expressions.kinds import NothingThere
from bridge.mappings.expressions.predicates import PREDICATES
from bridge.mappings.values.bounds import ExpressionError, Work


def told(name: str, *operands: object, work: Work | None = None) -> bool:
    """Say what a test says of a value."""
    return PREDICATES[name](Context(DIALECT, {WORK: work or Work()}, None, {}), *operands)


@pytest.mark.parametrize(
    ("name", "holds", "fails"),
    [
        ("defined", [None, 0, ""], [NothingThere()]),
        ("undefined", [NothingThere()], [None]),
        ("truthy", [1, "a", [0]], [0, "", None, []]),
        ("none", [None], [0, ""]),
        ("true", [True], [1, "true"]),
        ("false", [False], [0, None]),
        ("boolean", [True, False], [1, None]),
        ("number", [1, Decimal("1.5"), 2.5], [True, "1", None]),
        ("integer", [1, Decimal("2.0")], [Decimal("2.5"), True, "1"]),
        ("string", ["", "a"], [1, None]),
        ("mapping", [{}], [[], None]),
        ("sequence", [[], (), "a"], [{}, 1]),
        ("iterable", [[], {}, "a"], [1, None]),
        ("odd", [1, Decimal(3), -1], [2, 0, None]),
        ("even", [2, 0, Decimal("4.0")], [1, None, Decimal("2.5")]),
    ],
)
def test_a_kind_is_told(name: str, holds: list[object], fails: list[object]) -> None:
    """A boolean is no number, and none is neither odd nor even."""
    assert [told(name, value) for value in holds] == [True] * len(holds)
    assert [told(name, value) for value in fails] == [False] * len(fails)


@pytest.mark.parametrize(
    ("name", "value", "other", "expected"),
    [
        ("eq", 1, Decimal("1.0"), True),
        ("equalto", "a", "A", False),
        ("ne", None, 0, True),
        ("lt", 1, 2, True),
        ("lessthan", None, 2, False),
        ("le", 2, 2, True),
        ("gt", Decimal("0.3"), Decimal("0.1"), True),
        ("greaterthan", 1, None, False),
        (">=", 2, 3, False),
        ("in", 1, [Decimal("1.0")], True),
        ("in", "b", "abc", True),
        ("divisibleby", 9, 3, True),
        ("divisibleby", 9, 0, False),
    ],
)
def test_a_comparison_is_exact(name: str, value: object, other: object, expected: object) -> None:
    """As the operators of an expression are; with none nothing is larger or smaller."""
    assert told(name, value, other) is expected


def test_a_text_is_neither_odd_nor_even() -> None:
    """It is a mistake to ask."""
    with pytest.raises(ExpressionError, match="'a' is not a number"):
        told("odd", "a")


def test_a_comparison_counts_what_it_goes_through() -> None:
    """Twice a list of ten thousand is more than one of ten."""
    short, long = Work(), Work()
    told("eq", [1], [[1] * 10], work=short)
    told("eq", [1], [[1] * 10_000], work=long)
    assert short.left - long.left > 500
