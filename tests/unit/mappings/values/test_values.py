from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bridge.mappings.values.values import (
    MAX_DEPTH,
    InexactNumber,
    UnusableValue,
    Value,
    decimal_text,
    decode_values,
    encode_values,
    exact,
    plain,
)


def test_doubles_become_the_shortest_decimal_that_stands_for_them() -> None:
    """All else stays as it is, also inside lists and objects."""
    assert exact(0.1) == Decimal("0.1")
    assert repr(exact([1, True, None, "x", {"a": 2.5}])) == "[1, True, None, 'x', {'a': Decimal('2.5')}]"
    assert exact(2**64 - 1) == 2**64 - 1
    assert exact(2.0**60) == Decimal("1.152921504606847E+18")


@pytest.mark.parametrize("number", [2.0**64, -(2.0**64), 1e300])
def test_a_whole_number_beyond_64_bits_is_inexact(number: float) -> None:
    """JSON decoding rounded it before we saw it."""
    with pytest.raises(InexactNumber, match="beyond 64 bits"):
        exact({"deep": [number]})


def test_too_deep_a_value_is_refused() -> None:
    """Not with a RecursionError from the depths."""
    deep: Value = "x"
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    for refuse in (exact, plain, lambda value: encode_values({"deep": value})):
        with pytest.raises(UnusableValue, match="deeper than 100"):
            refuse(deep)


def test_plain_values_are_what_a_json_reader_expects() -> None:
    """Whole decimals are integers, others doubles, instants ISO 8601 with their zone."""
    at = datetime(2026, 11, 22, 20, 0, tzinfo=timezone(timedelta(hours=1)))
    values: Value = [Decimal("20.00"), Decimal("2.50"), Decimal("1E+30"), 2**70, at]
    assert repr(plain(values)) == "[20, 2.5, 1e+30, 1.1805916207174113e+21, '2026-11-22T20:00:00+01:00']"


def test_a_decimal_is_written_without_exponent() -> None:
    """People read 0.0000001, not 1E-7."""
    assert [decimal_text(Decimal(text)) for text in ("1E-7", "1E+3", "2.50")] == ["0.0000001", "1000", "2.50"]


def test_variables_come_back_from_the_store_as_they_went() -> None:
    """Also objects that look like our own tags, and instants of any zone, in UTC."""
    at = datetime(2026, 11, 22, 20, 0, 0, 7, tzinfo=timezone(timedelta(hours=1)))
    values: dict[str, Value] = {
        "sum": Decimal("0.10"),
        "at": at,
        "big": 2**200,
        "tag": {"$decimal": "x"},
        "nested": {"$object": {"$time": [Decimal(1)]}},
    }
    decoded = decode_values(encode_values(values))
    assert list(decoded) == list(values)
    assert repr(decoded) == repr(values | {"at": at.astimezone(UTC)})
