from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bridge.mappings.values.bounds import ExpressionError
from bridge.mappings.values.folding import extreme, rank, total
from bridge.mappings.values.values import Value

AT = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_total_is_exact_and_skips_none() -> None:
    """Tenths add up to what they are on paper."""
    assert total([Decimal("0.1")] * 3 + [None]) == Decimal("0.3")
    assert total([], 5) == 5


def test_an_extreme_skips_none() -> None:
    """And is none of nothing; text that is a number stays text."""
    assert extreme([3, None, Decimal("1.5")], min) == Decimal("1.5")
    assert extreme([None], max) is None
    assert extreme(["9", "10"], max) == "9"


def test_unlike_values_have_an_order() -> None:
    """Booleans, numbers, times, texts, none; and numbers go by value, whatever their kind."""
    values: list[Value] = [None, "a", AT, 2, Decimal("1.5"), True]
    assert sorted(values, key=rank) == [True, Decimal("1.5"), 2, AT, "a", None]
    assert rank(2) == rank(Decimal("2.0"))
    with pytest.raises(ExpressionError, match="has no order; name an attribute"):
        rank({"a": 1})
