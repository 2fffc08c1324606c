"""Arithmetic is held against Python's fractions, which are exact by another road."""

import math
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bridge.mappings.values.arithmetic import binary, compare
from bridge.mappings.values.values import Value

NUMBERS = st.integers(-(10**30), 10**30) | st.decimals(-(10**15), 10**15, allow_nan=False, places=6)


def exactly(value: Value) -> Fraction:
    """Read a result as a fraction."""
    assert isinstance(value, int | Decimal)
    return Fraction(value)


@given(NUMBERS, NUMBERS)
def test_sums_differences_and_products_are_exact(left: Decimal, right: Decimal) -> None:
    """To the last digit."""
    assert exactly(binary("+", left, right)) == Fraction(left) + Fraction(right)
    assert exactly(binary("-", left, right)) == Fraction(left) - Fraction(right)
    assert exactly(binary("*", left, right)) == Fraction(left) * Fraction(right)


@given(NUMBERS, NUMBERS.filter(bool))
def test_a_quotient_is_right_to_28_digits(left: Decimal, right: Decimal) -> None:
    """And exact where it ends earlier."""
    true = Fraction(left) / Fraction(right)
    assert abs(exactly(binary("/", left, right)) - true) <= abs(true) / 10**27


@given(NUMBERS, NUMBERS.filter(bool))
def test_floor_division_and_remainder_fit_together(left: Decimal, right: Decimal) -> None:
    """As Python has them for integers: the remainder has the divisor's sign."""
    floor = math.floor(Fraction(left) / Fraction(right))
    assert binary("//", left, right) == floor
    assert exactly(binary("%", left, right)) == Fraction(left) - floor * Fraction(right)


@given(NUMBERS, NUMBERS)
def test_the_order_of_numbers_is_that_of_their_values(left: Decimal, right: Decimal) -> None:
    """Whatever their kind."""
    assert compare("lt", left, right) is (Fraction(left) < Fraction(right))
    assert compare("eq", left, right) is (Fraction(left) == Fraction(right))
    assert compare("gteq", left, right) is (Fraction(left) >= Fraction(right))


@given(st.lists(st.floats(-1e9, 1e9)))
def test_a_sum_of_doubles_does_not_depend_on_their_order(numbers: list[float]) -> None:
    """Doubles enter as decimals, so that no sum drifts."""
    there: Value = 0
    back: Value = 0
    for number in numbers:
        there = binary("+", there, number)
    for number in reversed(numbers):
        back = binary("+", back, number)
    assert there == back
    assert exactly(there) == sum(Fraction(repr(number)) for number in numbers)
