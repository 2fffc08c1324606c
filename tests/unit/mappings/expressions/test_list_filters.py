from decimal import Decimal

import pytest

from bridge.mappings.expressions.list_filters import (
    batched,
    distinct,
    grouped,
    joined,
    mean,
    median,
    ordered,
    pairs_of,
    picked,
    quantile,
)
from bridge.mappings.values.bounds import MAX_CHARACTERS, ExpressionError
from bridge.mappings.values.values import Value


def test_an_attribute_is_followed_through_dots() -> None:
    """By names, and by positions in lists; without one the items are what they are."""
    items = [{"a": {"b": [1, 2]}}, {"a": {"b": [3, 4]}}]
    assert picked(items, "a.b.1") == [2, 4]
    assert picked(items, None) == items


def test_folds_are_exact_and_skip_none() -> None:
    """The mean and the median of nothing are none."""
    assert mean([1, None, 2]) == Decimal("1.5")
    assert mean([None]) is None
    assert median([5, 1, None, 3]) == 3


@pytest.mark.parametrize(
    ("share", "value"), [(0, 1), (1, 4), ("0.5", Decimal("2.5")), (Decimal("0.9"), Decimal("3.7"))]
)
def test_a_quantile_lies_between_its_neighbours(share: Value, value: Value) -> None:
    """Interpolated, as most tools do."""
    assert quantile([4, 1, 3, 2], share) == value


def test_a_quantile_takes_a_share() -> None:
    """Not a percentage."""
    with pytest.raises(ExpressionError, match="quantile takes a share from 0 to 1, not 95"):
        quantile([1], 95)


def test_none_sorts_last_either_way() -> None:
    """And case counts only where it is asked for."""
    keys: list[Value] = ["b", None, "A", "a"]
    assert ordered(keys) == ["A", "a", "b", None]
    assert ordered(keys, reverse=True, case_sensitive=True) == ["b", "a", "A", None]


def test_items_are_told_apart_and_grouped_by_key() -> None:
    """The first of each key stays; groups come in the order of their keys."""
    x, y, z = {"n": 1, "at": "b"}, {"n": Decimal("1.0"), "at": "a"}, {"n": 2, "at": "b"}
    assert distinct([x, y, z], "n") == [x, z]
    assert grouped([x, y, z], "at") == [["a", [y]], ["b", [x, z]]]


def test_a_list_is_cut_into_batches() -> None:
    """The last may be shorter; a batch has at least one item."""
    assert batched([1, 2, 3], 2) == [[1, 2], [3]]
    with pytest.raises(ExpressionError, match="batch takes a size from 1, not 0"):
        batched([1], 0)


def test_a_text_is_measured_before_it_is_joined() -> None:
    """Separators count."""
    assert joined(["a", "b"], ", ") == "a, b"
    with pytest.raises(ExpressionError, match="at most"):
        joined([""] * 3, "x" * MAX_CHARACTERS)


def test_only_an_object_has_pairs() -> None:
    """In their order."""
    assert pairs_of({"b": 1, "a": 2}) == [["b", 1], ["a", 2]]
    with pytest.raises(ExpressionError, match="items needs an object, not 'x'"):
        pairs_of("x")
