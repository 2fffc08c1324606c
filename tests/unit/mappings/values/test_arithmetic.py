from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bridge.mappings.values.arithmetic import binary, compare
from bridge.mappings.values.bounds import ExpressionError
from bridge.mappings.values.values import Value

AT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("symbol", ["+", "-", "*", "/", "//", "%", "**"])
@pytest.mark.parametrize("value", [1, Decimal("1.5"), "text", AT, [1], None])
def test_none_in_arithmetic_gives_none(symbol: str, value: Value) -> None:
    """On either side, whatever is on the other."""
    assert binary(symbol, None, value) is None
    assert binary(symbol, value, None) is None


@pytest.mark.parametrize("symbol", ["/", "//", "%"])
@pytest.mark.parametrize("zero", [0, Decimal(0), 0.0])
def test_division_by_zero_gives_none(symbol: str, zero: Value) -> None:
    """A ratio to nothing is not known; it is no failure."""
    assert binary(symbol, 7, zero) is None
    assert binary("**", 0, -1) is None


@pytest.mark.parametrize(
    ("symbol", "left", "right", "wanted"),
    [
        ("+", 0.1, 0.2, Decimal("0.3")),
        ("+", "a", "b", "ab"),
        ("+", [1], [2], [1, 2]),
        ("+", "5", 3, 8),
        ("/", 10, 5, 2),
        ("/", 10, 4, Decimal("2.5")),
        ("//", Decimal("-7.5"), 2, -4),
        ("%", Decimal("-7.5"), 2, Decimal("0.5")),
        ("**", 2, 10, 1024),
        ("**", 2, -1, Decimal("0.5")),
        ("**", 0, 0, 1),
        ("-", AT, AT.replace(hour=19, microsecond=500), Decimal("3599.9995")),
        ("+", AT, 60, AT.replace(minute=1)),
        ("+", 60, AT, AT.replace(minute=1)),
        ("-", AT, "60", AT.replace(hour=19, minute=59)),
        ("-", AT, "2026-11-22T19:00:00Z", 3600),
    ],
)
def test_results(symbol: str, left: Value, right: Value, wanted: Value) -> None:
    """Exact; whole quotients of integers stay integers; floors go down."""
    assert binary(symbol, left, right) == wanted


def test_hours_across_a_clock_change_are_hours() -> None:
    """Python subtracts times of one zone by the wall clock; an instant has no wall clock."""
    before = datetime(2026, 10, 25, 0, 0, tzinfo=BERLIN)
    after = datetime(2026, 10, 26, 0, 0, tzinfo=BERLIN)
    assert binary("-", after, before) == 25 * 3600
    assert binary("+", before, 25 * 3600) == after


@pytest.mark.parametrize(
    ("symbol", "left", "right", "message"),
    [
        ("+", "5 apples", 3, "'5 apples' is not a number; '~' joins texts"),
        ("+", [1], "a", "'~' joins anything as text"),
        ("+", True, 1, "true is not a number"),
        ("*", "a", 10**9, "'*' needs numbers"),
        ("%", "%99999999d", 1, "'%' needs numbers"),
        ("+", AT, AT, "a time takes '- time'"),
        ("+", AT, 10**30, "is no time"),
        ("-", AT, 10**12, "is no time"),
        ("**", 9, 9**9, "exponents from -1000 to 1000"),
        ("**", 10**300, 900, "more than 400 digits"),
        ("*", 10**399, 10**399, "more than 400 digits"),
        ("*", Decimal("1E+399"), Decimal("1E+399"), "more than 400 digits"),
        ("**", -2, Decimal("0.5"), "**"),
    ],
)
def test_what_cannot_be_computed_is_refused_with_advice(symbol: str, left: Value, right: Value, message: str) -> None:
    """Before anything large is made."""
    with pytest.raises(ExpressionError) as refused:
        binary(symbol, left, right)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("left", "symbol", "right", "holds"),
    [
        (None, "lt", 1, False),
        (None, "gteq", None, False),
        (None, "eq", None, True),
        (1, "eq", Decimal("1.0"), True),
        (0.1, "eq", Decimal("0.1"), True),
        (True, "eq", 1, False),
        ("10", "gt", 9, True),
        ("ten", "gt", 9, False),
        ("b", "gt", "a", True),
        (AT, "gt", "2026-11-22T19:00:00Z", True),
        (AT, "eq", AT.astimezone(BERLIN), True),
        (AT, "lt", 5, False),
        ([1], "lt", [2], False),
        (1, "in", [Decimal("1.0")], True),
        ("a", "in", "cat", True),
        ("a", "in", {"a": 1}, True),
        (1, "in", None, False),
        (1, "notin", [2], True),
    ],
)
def test_comparisons(left: Value, symbol: str, right: Value, *, holds: bool) -> None:
    """Numbers by value, instants by the moment; none and unlike kinds have no order."""
    assert compare(symbol, left, right) is holds
