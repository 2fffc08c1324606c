"""An event's own time is read in one way, exactly, and what is none is refused."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bridge.times import read_instant, read_iso8601

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOON_S = 1795348800


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (NOON_S, 0),
        (float(NOON_S), 0),
        (NOON_S * 1000 + 250, 250_000),
        (Decimal("1795348800.000001"), 1),
        (1795348800.25, 250_000),
        (Decimal("1795348800250.5"), 250_500),
        ("1795348800", 0),
        (" 1795348800 ", 0),
        ("1795348800.0000019", 1),
        ("1795348800.99999999999999999999999999", 999_999),
        ("1.7953488e9", 0),
        ("+1795348800", 0),
        ("2026-11-22T12:00:00Z", 0),
        ("2026-11-22 12:00:00Z", 0),
        ("2026-11-22T12:00", 0),
        ("2026-11-22T13:00:00+0100", 0),
        ("2026-11-22T13:00:00+01", 0),
        ("20261122T120000Z", 0),
        ("2026-11-22T12:00:00,5Z", 500_000),
        ("2026-11-22T12:00:00.1234569Z", 123_456),
        (NOON, 0),
        (NOON.replace(tzinfo=None), 0),
        (NOON.astimezone(), 0),
    ],
)
def test_times_come_in_the_usual_forms(value: object, micros: int) -> None:
    """Unix seconds and milliseconds, their texts, and ISO 8601; to the microsecond, what is finer is cut off."""
    found = read_instant(value)
    assert found == NOON + timedelta(microseconds=micros)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, [], {}, b"1795348800"),
        *("", "soon", "nan", "inf", "1e", "0x10", "١٧", "9" * 10_000),
        *("2026-11-22T12:00:00Z junk", "2026-11-22x12:00", "2026-11-22T12.5Z"),
        *("2026-13-01", "2026-11-22T25:00:00Z", "2026-W47-7"),
    ],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    """The message stands behind the value, and does not repeat it."""
    with pytest.raises(ValueError, match=r"^is not a time: neither unix seconds nor ISO 8601$"):
        read_instant(value)


@pytest.mark.parametrize(
    "value",
    [
        *(-1, -0.5, "-1", 7_258_118_400, 99_999_999_999, 7_258_118_400_000, 10**30),
        *(1e300, "1e99", Decimal("1e999999"), float("nan"), float("inf")),
        *("1969-12-31T23:59:59Z", "2200-01-01", "9999-12-31T23:59:59-14:00"),
        *("0001-01-01", "0001-01-01T00:00:00+14:00", datetime(2300, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_outside_the_years_is_a_mistake_of_unit(value: object) -> None:
    """From 1970 and before 2200, however it is written."""
    with pytest.raises(ValueError, match=r"^is not a time between the years 1970 and 2200$"):
        read_instant(value)


def test_the_bounds_are_exact() -> None:
    """The first microsecond and the last."""
    last = datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert read_instant(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert read_instant("7258118399.999999") == read_instant("7258118399999.999") == last
    assert read_instant(99_999_999_999 + 1) == datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)


def test_digits_are_a_date_only_where_iso8601_is_meant() -> None:
    """Of eight digits nobody can tell; a number of seconds is what senders mean."""
    assert read_iso8601("20261122") == datetime(2026, 11, 22, tzinfo=UTC)
    assert read_instant("20261122") == datetime(1970, 8, 23, 12, 5, 22, tzinfo=UTC)
